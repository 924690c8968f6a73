"""OCPP 2.0.1 as the screens read it: its status words, and what its frames say.

A connector's status has five words; what a transaction is doing is told by TransactionEvent
(chargingState). While one runs, the cards show that word, and both where there is room.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim_core.commands import Command, Plug, Start, Stop, SuspendEV, SuspendEVSE, Unplug
from sim_core.snapshot import ConnectorState
from tui.protocols.payload import Payload, field, joined, number, objects
from tui.protocols.samples import ENERGY, place_of, value_words
from tui.protocols.wording import ALWAYS, FrameNote, Kind, Wording
from tui.text import count

MOST_POWER = 12
"""A multiplier beyond that is nobody's."""
SHORT_ID = 8
"""Characters of a transaction's id in a row: enough to tell two apart."""


def sample_words(sample: Payload) -> tuple[int, str]:
    """A SampledValueType with its place among others and its unit."""
    measurand = str(sample.get("measurand", ENERGY))
    place = place_of(measurand)
    measure = sample.get("unitOfMeasure")
    unit = str(measure.get("unit", "Wh")) if isinstance(measure, dict) else "Wh"
    power = number(measure.get("multiplier", 0)) if isinstance(measure, dict) else 0
    figure = number(sample.get("value"))
    if figure is None:
        return place, f"{sample.get('value')} {unit}".strip()
    scale = 10.0 ** max(-MOST_POWER, min(MOST_POWER, int(power or 0)))
    return place, value_words(measurand, figure * scale, unit)


def _transaction(payload: Payload) -> str:
    info = payload.get("transactionInfo")
    text = field(info, "transactionId") if isinstance(info, dict) else ""
    return f"tx {text[:SHORT_ID]}" if text else ""


def _token(payload: Payload, name: str = "idToken") -> str:
    token = payload.get(name)
    return field(token, "idToken") if isinstance(token, dict) else ""


def _samples(payload: Payload) -> str:
    values = objects(payload.get("meterValue"))
    last = list(values)[-1:]
    samples = [sample_words(one) for value in last for one in objects(value.get("sampledValue"))]
    return " ".join(shown for _, shown in sorted(samples, key=lambda one: one[0]))


# -- in one line -----------------------------------------------------------------------------------


def _boot(payload: Payload) -> str:
    station = payload.get("chargingStation")
    station = station if isinstance(station, dict) else {}
    return joined(
        field(payload, "reason"),
        field(station, "vendorName"),
        field(station, "model"),
        field(station, "firmwareVersion", "fw "),
    )


def _event(payload: Payload) -> str:
    info = payload.get("transactionInfo")
    info = info if isinstance(info, dict) else {}
    return joined(
        field(payload, "eventType"),
        field(payload, "triggerReason"),
        field(info, "stoppedReason") or field(info, "chargingState"),
        _token(payload),
        _samples(payload) if payload.get("eventType") == "Updated" else "",
        "offline" * bool(payload.get("offline")),
    )


def _kind_of_event(payload: Payload) -> Kind:
    if payload.get("eventType") == "Started":
        return Kind.BEGIN
    sampled = payload.get("triggerReason") in ("MeterValuePeriodic", "MeterValueClock")
    return Kind.ROUTINE if sampled else Kind.PLAIN


def _kind_of_status(payload: Payload) -> Kind:
    return Kind.ALARM if payload.get("connectorStatus") == "Faulted" else Kind.PLAIN


def _variables(payload: Payload, name: str, value: str) -> str:
    asked = list(objects(payload.get(name)))
    first = asked[0] if asked else {}
    component, variable = first.get("component"), first.get("variable")
    where = field(component, "name") if isinstance(component, dict) else ""
    which = field(variable, "name") if isinstance(variable, dict) else ""
    said = field(first, value, "= ") if value else ""
    more = f"+{len(asked) - 1}" if len(asked) > 1 else ""
    return joined(f"{where}.{which}".strip("."), said, more)


def _results(payload: Payload, name: str, value: str) -> str:
    results = list(objects(payload.get(name)))
    if len(results) == 1:
        return joined(field(results[0], value), field(results[0], "attributeValue"))
    refused = sum(result.get(value) != "Accepted" for result in results)
    return joined(count(len(results), "result"), f"{refused} refused" if refused else "")


def _profile(payload: Payload) -> str:
    profile = payload.get("chargingProfile")
    if not isinstance(profile, dict):
        return ""
    return joined(field(profile, "chargingProfilePurpose"), _limits(profile))


def _limits(payload: Payload) -> str:
    schedules = list(objects(payload.get("chargingSchedule")))
    schedule = schedules[0] if schedules else {}
    periods = list(objects(schedule.get("chargingSchedulePeriod")))
    limit = field(periods[0], "limit") if periods else ""
    more = f"+{len(periods) - 1}" if len(periods) > 1 else ""
    return joined(limit, field(schedule, "chargingRateUnit"), more)


def _external_limit(payload: Payload) -> str:
    limit = payload.get("chargingLimit")
    if not isinstance(limit, dict):
        return ""
    critical = "critical for the grid" if limit.get("isGridCritical") is True else ""
    return joined(field(limit, "chargingLimitSource"), critical, _limits(payload))


def _token_status(payload: Payload) -> str:
    info = payload.get("idTokenInfo")
    status = field(info, "status") if isinstance(info, dict) else ""
    return joined(status, field(payload, "totalCost", "cost ")) or "ok"


def _notified(payload: Payload) -> str:
    events = list(objects(payload.get("eventData")))
    first = events[0] if events else {}
    component, variable = first.get("component"), first.get("variable")
    where = field(component, "name") if isinstance(component, dict) else ""
    which = field(variable, "name") if isinstance(variable, dict) else ""
    return joined(field(first, "trigger"), f"{where}.{which}", field(first, "actualValue", "= "))


def _report(payload: Payload, name: str) -> str:
    entries = payload.get(name)
    shown = count(len(entries), "entry") if isinstance(entries, list) else ""
    return joined(field(payload, "seqNo", "part "), shown)


def _message(payload: Payload) -> str:
    message = payload.get("message")
    content = message.get("message") if isinstance(message, dict) else None
    return field(content, "content") if isinstance(content, dict) else ""


def _log(payload: Payload) -> str:
    log = payload.get("log")
    where = field(log, "remoteLocation") if isinstance(log, dict) else ""
    return joined(field(payload, "logType"), where)


# -- part by part ----------------------------------------------------------------------------------


def _sample_notes(payload: Payload) -> Iterator[FrameNote]:
    for meter_value in objects(payload.get("meterValue")):
        for sample in objects(meter_value.get("sampledValue")):
            asides = [str(sample[name]) for name in ("context", "location") if name in sample]
            aside = f"  ({', '.join(asides)})" if asides else ""
            yield FrameNote(sample_words(sample)[1], str(sample.get("measurand", ENERGY)) + aside)


def _event_notes(payload: Payload) -> Iterator[FrameNote]:
    info = payload.get("transactionInfo")
    for name in ("transactionId", "chargingState", "stoppedReason", "remoteStartId"):
        if isinstance(info, dict) and name in info:
            yield FrameNote(name, str(info[name]))
    yield from _sample_notes(payload)


def _variable_notes(payload: Payload, name: str) -> Iterator[FrameNote]:
    for one in objects(payload.get(name)):
        component, variable = one.get("component"), one.get("variable")
        where = field(component, "name") if isinstance(component, dict) else ""
        which = field(variable, "name") if isinstance(variable, dict) else ""
        status = str(one.get("attributeStatus", ""))
        words = joined(status, str(one.get("attributeValue", "")))
        role = "text" if status in ("", "Accepted", "RebootRequired") else "warning"
        yield FrameNote(f"{where}.{which}".strip("."), words, role)


# -- the command behind it -------------------------------------------------------------------------


def _behind_event(evse_id: int, payload: Payload) -> Command | None:
    info = payload.get("transactionInfo")
    state = info.get("chargingState") if isinstance(info, dict) else None
    token = _token(payload) or None
    became: dict[object, Command] = {
        "CablePluggedIn": Plug(evse_id),
        "EVCommunicationLost": Unplug(evse_id),
        "Authorized": Start(evse_id, token),
        "StopAuthorized": Stop(evse_id),
    }
    paused: dict[object, Command] = {
        "SuspendedEV": SuspendEV(evse_id),
        "SuspendedEVSE": SuspendEVSE(evse_id),
    }
    return became.get(payload.get("triggerReason")) or paused.get(state)


def _behind_status(evse_id: int, payload: Payload) -> Command | None:
    return Plug(evse_id) if payload.get("connectorStatus") == "Occupied" else None


OCPP_201_WORDING = Wording(
    name="OCPP 2.0.1",
    subprotocol="ocpp2.0.1",
    statuses={
        ConnectorState.FREE: "Available",
        ConnectorState.PREPARING: "Occupied",
        ConnectorState.CHARGING: "Occupied",
        ConnectorState.PAUSED_BY_VEHICLE: "Occupied",
        ConnectorState.PAUSED_BY_CHARGER: "Occupied",
        ConnectorState.ENDED: "Occupied",
        ConnectorState.RESERVED: "Reserved",
        ConnectorState.OUT_OF_SERVICE: "Unavailable",
        ConnectorState.FAULTED: "Faulted",
    },
    place="EVSE",
    doing={
        ConnectorState.CHARGING: "Charging",
        ConnectorState.PAUSED_BY_VEHICLE: "SuspendedEV",
        ConnectorState.PAUSED_BY_CHARGER: "SuspendedEVSE",
    },
    setting="variable",
    statuses_in="Part 2, block G",
    token="idToken",
    refusals=(
        "Rejected",
        "Invalid",
        "Blocked",
        "Expired",
        "NotSupported",
        "Unknown",
        "NoCredit",
        "NotAllowed",
        "NotAt",
        "Failed",
        "Unavailable",
        "VersionMismatch",
    ),
    requests={
        "Authorize": _token,
        "BootNotification": _boot,
        "CancelReservation": lambda p: field(p, "reservationId", "reservation "),
        "ChangeAvailability": lambda p: field(p, "operationalStatus"),
        "ClearCache": lambda _: "",
        "ClearChargingProfile": lambda p: (
            field(p, "chargingProfileId", "profile ") or "by criteria"
        ),
        "ClearedChargingLimit": lambda p: field(p, "chargingLimitSource"),
        "ClearDisplayMessage": lambda p: field(p, "id", "message "),
        "CostUpdated": lambda p: field(p, "totalCost", "cost "),
        "DataTransfer": lambda p: joined(field(p, "vendorId"), field(p, "messageId")),
        "FirmwareStatusNotification": lambda p: field(p, "status"),
        "GetBaseReport": lambda p: field(p, "reportBase"),
        "GetCompositeSchedule": lambda p: f"{field(p, 'duration')} s",
        "GetLog": _log,
        "GetTransactionStatus": lambda p: field(p, "transactionId")[:SHORT_ID],
        "GetVariables": lambda p: _variables(p, "getVariableData", ""),
        "Heartbeat": lambda _: "",
        "LogStatusNotification": lambda p: field(p, "status"),
        "MeterValues": _samples,
        "NotifyChargingLimit": _external_limit,
        "NotifyEvent": _notified,
        "NotifyMonitoringReport": lambda p: _report(p, "monitor"),
        "NotifyReport": lambda p: _report(p, "reportData"),
        "RequestStartTransaction": lambda p: joined(_token(p), _profile(p)),
        "RequestStopTransaction": lambda p: f"tx {field(p, 'transactionId')[:SHORT_ID]}",
        "ReservationStatusUpdate": lambda p: joined(
            field(p, "reservationId", "reservation "), field(p, "reservationUpdateStatus")
        ),
        "ReserveNow": _token,
        "Reset": lambda p: field(p, "type"),
        "SecurityEventNotification": lambda p: joined(field(p, "type"), field(p, "techInfo")),
        "SendLocalList": lambda p: joined(
            field(p, "updateType"), field(p, "versionNumber", "version ")
        ),
        "SetChargingProfile": _profile,
        "SetDisplayMessage": _message,
        "SetVariables": lambda p: _variables(p, "setVariableData", "attributeValue"),
        "StatusNotification": lambda p: field(p, "connectorStatus"),
        "TransactionEvent": _event,
        "TriggerMessage": lambda p: field(p, "requestedMessage"),
        "UnlockConnector": lambda _: "",
    },
    until={"ReserveNow": "expiryDateTime"},
    answers={
        "Authorize": _token_status,
        "BootNotification": lambda p: joined(field(p, "status"), field(p, "interval"), "s"),
        "GetLocalListVersion": lambda p: field(p, "versionNumber", "version "),
        "GetLog": lambda p: joined(field(p, "status"), field(p, "filename")),
        "GetVariables": lambda p: _results(p, "getVariableResult", "attributeStatus"),
        "SetVariables": lambda p: _results(p, "setVariableResult", "attributeStatus"),
        "TransactionEvent": _token_status,
    },
    kinds={
        "Heartbeat": ALWAYS[Kind.ROUTINE],
        "MeterValues": ALWAYS[Kind.ROUTINE],
        "StatusNotification": _kind_of_status,
        "TransactionEvent": _kind_of_event,
    },
    request_notes={
        "MeterValues": _sample_notes,
        "SetVariables": lambda p: _variable_notes(p, "setVariableData"),
        "TransactionEvent": _event_notes,
    },
    answer_notes={
        "GetVariables": lambda p: _variable_notes(p, "getVariableResult"),
        "SetVariables": lambda p: _variable_notes(p, "setVariableResult"),
    },
    commands={
        "StatusNotification": _behind_status,
        "TransactionEvent": _behind_event,
    },
)
