"""OCPP 1.6 as the screens read it: its status words, and what its frames say.

Three tables read a frame, by its action: in one line for a row of the messages, part by part for
the inspector, and as the command behind it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim_core.commands import (
    Command,
    EVStop,
    InjectFault,
    Plug,
    PowerOff,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    Unlock,
    Unplug,
)
from sim_core.hardware.faults import ERROR_CODES
from sim_core.snapshot import ConnectorState
from tui.protocols.payload import Payload, field, joined, number, objects
from tui.protocols.samples import ENERGY, place_of, value_words
from tui.protocols.wording import ALWAYS, FrameNote, Kind, Wording
from tui.text import count, kilo

_DEFAULT_UNITS = {
    ENERGY: "Wh",
    "Power.Active.Import": "W",
    "SoC": "Percent",
    "Voltage": "V",
    "Current.Import": "A",
}


def sample_words(sample: Payload) -> tuple[int, str]:
    """A sampled value (§7.43) with its place among others and its unit."""
    measurand = str(sample.get("measurand", ENERGY))
    value, unit = sample.get("value"), str(sample.get("unit", _DEFAULT_UNITS.get(measurand, "")))
    figure = number(value)
    told = None if figure is None else value_words(measurand, figure, unit)
    shown = told or f"{value} {unit}".strip()
    if sample.get("phase"):
        shown = f"{sample['phase']} {shown}"
    return place_of(measurand), shown


# -- in one line -----------------------------------------------------------------------------------


def _boot(payload: Payload) -> str:
    return joined(
        field(payload, "chargePointVendor"),
        field(payload, "chargePointModel"),
        field(payload, "firmwareVersion", "fw "),
    )


def _status(payload: Payload) -> str:
    words = [field(payload, key) for key in ("errorCode", "vendorErrorCode", "info")]
    return joined(field(payload, "status"), *(word for word in words if word != "NoError"))


def _meter_values(payload: Payload) -> str:
    values = payload.get("meterValue")
    if not isinstance(values, list) or not values:
        return ""
    samples = [
        sample_words(sample)
        for value in values[-1:]
        if isinstance(value, dict)
        for sample in value.get("sampledValue") or ()
        if isinstance(sample, dict)
    ]
    text = " ".join(shown for _, shown in sorted(samples, key=lambda one: one[0]))
    return f"{text} (+{len(values) - 1})" if len(values) > 1 else text


def _register(payload: Payload, name: str) -> str:
    """A meter's register, which these messages tell in Wh."""
    figure = number(payload.get(name))
    return field(payload, name, "meter ") if figure is None else f"meter {kilo(figure, 3)} kWh"


def _profile(payload: Payload) -> str:
    profile = payload.get("csChargingProfiles") or payload.get("chargingProfile") or {}
    if not isinstance(profile, dict):
        return ""
    schedule = profile.get("chargingSchedule") or {}
    schedule = schedule if isinstance(schedule, dict) else {}
    periods = schedule.get("chargingSchedulePeriod") or []
    first = periods[0] if isinstance(periods, list) and periods else {}
    limit = field(first, "limit") if isinstance(first, dict) else ""
    more = f"+{len(periods) - 1}" if isinstance(periods, list) and len(periods) > 1 else ""
    return joined(
        field(profile, "chargingProfilePurpose"),
        joined(limit, field(schedule, "chargingRateUnit"), more),
    )


def _kind_of_status(payload: Payload) -> Kind:
    return Kind.ALARM if payload.get("status") == "Faulted" else Kind.PLAIN


def _keys(payload: Payload) -> str:
    keys = payload.get("key")
    return ", ".join(str(key) for key in keys) if isinstance(keys, list) and keys else "all keys"


def _tag_status(payload: Payload) -> str:
    info = payload.get("idTagInfo")
    return field(info, "status") if isinstance(info, dict) else "ok"


def _started(payload: Payload) -> str:
    status = _tag_status(payload)
    transaction = field(payload, "transactionId", "tx ")
    return transaction if status in ("Accepted", "ok") else joined(status, transaction)


def _configuration(payload: Payload) -> str:
    known, unknown = payload.get("configurationKey"), payload.get("unknownKey")
    parts = [count(len(known), "key") if isinstance(known, list) else ""]
    parts.append(f"{len(unknown)} unknown" if isinstance(unknown, list) and unknown else "")
    return joined(*parts) or "ok"


# -- part by part ----------------------------------------------------------------------------------


def _sample_notes(meter_values: object) -> Iterator[FrameNote]:
    for meter_value in objects(meter_values):
        for sample in objects(meter_value.get("sampledValue")):
            asides = [str(sample[name]) for name in ("context", "location") if name in sample]
            aside = f"  ({', '.join(asides)})" if asides else ""
            yield FrameNote(sample_words(sample)[1], str(sample.get("measurand", ENERGY)) + aside)


def _period_notes(schedule: object) -> Iterator[FrameNote]:
    if not isinstance(schedule, dict):
        return
    unit = str(schedule.get("chargingRateUnit", ""))
    for period in objects(schedule.get("chargingSchedulePeriod")):
        begins = period.get("startPeriod")
        phases = f", {period['numberPhases']} phases" if "numberPhases" in period else ""
        yield FrameNote(f"from {begins} s", f"{period.get('limit')} {unit}{phases}")


def _profile_notes(profile: object) -> Iterator[FrameNote]:
    if isinstance(profile, dict):
        words = [str(profile.get(name, "")) for name in ("chargingProfilePurpose", "stackLevel")]
        yield FrameNote("profile", f"{words[0]}, stack level {words[1]}")
        yield from _period_notes(profile.get("chargingSchedule"))


def _key_notes(payload: Payload) -> Iterator[FrameNote]:
    for key in objects(payload.get("configurationKey")):
        fixed = "  (read only)" if key.get("readonly") else ""
        yield FrameNote(str(key.get("key", "")), f"{key.get('value', '')}{fixed}")
    unknown = payload.get("unknownKey")
    if isinstance(unknown, list) and unknown:
        yield FrameNote("unknown", ", ".join(str(key) for key in unknown), "warning")


# -- the command behind it -------------------------------------------------------------------------


def _text(payload: Payload, name: str) -> str | None:
    value = payload.get(name)
    return value if isinstance(value, str) and value else None


def _behind_start(connector_id: int, payload: Payload) -> Command | None:
    return Start(connector_id, _text(payload, "idTag"))


def _behind_stop(connector_id: int, payload: Payload) -> Command | None:
    tag = _text(payload, "idTag")
    reasons: dict[str, Command] = {
        "Local": Swipe(connector_id, tag) if tag else Stop(connector_id),
        "EVDisconnected": Unplug(connector_id),
        "Other": EVStop(connector_id),
        "UnlockCommand": Unlock(connector_id),
        "PowerLoss": PowerOff(),
    }
    return reasons.get(str(payload.get("reason", "Local")))  # §6.49: without one, Local


def _behind_status(connector_id: int, payload: Payload) -> Command | None:
    code = _text(payload, "errorCode")
    if payload.get("status") == "Faulted" and code in ERROR_CODES:
        vendor, info = _text(payload, "vendorErrorCode"), _text(payload, "info")
        return InjectFault(connector_id, code, vendor, info)
    became: dict[object, Command] = {
        "Preparing": Plug(connector_id),
        "SuspendedEV": SuspendEV(connector_id),
        "SuspendedEVSE": SuspendEVSE(connector_id),
    }
    return became.get(_text(payload, "status"))


OCPP_16_WORDING = Wording(
    name="OCPP 1.6",
    subprotocol="ocpp1.6",
    statuses={
        ConnectorState.FREE: "Available",
        ConnectorState.PREPARING: "Preparing",
        ConnectorState.CHARGING: "Charging",
        ConnectorState.PAUSED_BY_VEHICLE: "SuspendedEV",
        ConnectorState.PAUSED_BY_CHARGER: "SuspendedEVSE",
        ConnectorState.ENDED: "Finishing",
        ConnectorState.RESERVED: "Reserved",
        ConnectorState.OUT_OF_SERVICE: "Unavailable",
        ConnectorState.FAULTED: "Faulted",
    },
    statuses_in="section 4.9",
    token="idTag",
    refusals=("Rejected", "Invalid", "Blocked", "Expired", "NotSupported"),
    requests={
        "Authorize": lambda p: field(p, "idTag"),
        "BootNotification": _boot,
        "CancelReservation": lambda p: field(p, "reservationId", "reservation "),
        "ChangeAvailability": lambda p: field(p, "type"),
        "ChangeConfiguration": lambda p: f"{field(p, 'key')} = {field(p, 'value')}",
        "ClearCache": lambda _: "",
        "ClearChargingProfile": lambda p: joined(
            field(p, "id", "profile "), field(p, "chargingProfilePurpose")
        ),
        "DataTransfer": lambda p: joined(
            field(p, "vendorId"), field(p, "messageId"), field(p, "data")
        ),
        "DiagnosticsStatusNotification": lambda p: field(p, "status"),
        "FirmwareStatusNotification": lambda p: field(p, "status"),
        "GetCompositeSchedule": lambda p: joined(field(p, "duration"), "s" * ("duration" in p)),
        "GetConfiguration": _keys,
        "GetDiagnostics": lambda p: field(p, "location"),
        "Heartbeat": lambda _: "",
        "MeterValues": _meter_values,
        "RemoteStartTransaction": lambda p: joined(field(p, "idTag"), _profile(p)),
        "RemoteStopTransaction": lambda p: field(p, "transactionId", "tx "),
        "ReserveNow": lambda p: field(p, "idTag"),
        "Reset": lambda p: field(p, "type"),
        "SendLocalList": lambda p: joined(
            field(p, "updateType"), field(p, "listVersion", "version ")
        ),
        "SetChargingProfile": _profile,
        "StartTransaction": lambda p: joined(field(p, "idTag"), _register(p, "meterStart")),
        "StatusNotification": _status,
        "StopTransaction": lambda p: joined(
            field(p, "transactionId", "tx "),
            field(p, "reason") or "Local",
            _register(p, "meterStop"),
        ),
        "TriggerMessage": lambda p: field(p, "requestedMessage"),
        "UpdateFirmware": lambda p: field(p, "location"),
    },
    until={"ReserveNow": "expiryDate"},
    answers={
        "Authorize": _tag_status,
        "BootNotification": lambda p: joined(field(p, "status"), field(p, "interval"), "s"),
        "GetConfiguration": _configuration,
        "GetDiagnostics": lambda p: field(p, "fileName") or "no file",
        "GetLocalListVersion": lambda p: field(p, "listVersion", "version "),
        "StartTransaction": _started,
        "StopTransaction": _tag_status,
    },
    kinds={
        "Heartbeat": ALWAYS[Kind.ROUTINE],
        "MeterValues": ALWAYS[Kind.ROUTINE],
        "StartTransaction": ALWAYS[Kind.BEGIN],
        "StatusNotification": _kind_of_status,
    },
    request_notes={
        "MeterValues": lambda p: _sample_notes(p.get("meterValue")),
        "StopTransaction": lambda p: _sample_notes(p.get("transactionData")),
        "SetChargingProfile": lambda p: _profile_notes(p.get("csChargingProfiles")),
        "RemoteStartTransaction": lambda p: _profile_notes(p.get("chargingProfile")),
    },
    answer_notes={
        "GetConfiguration": _key_notes,
        "GetCompositeSchedule": lambda p: _period_notes(p.get("chargingSchedule")),
    },
    commands={
        "StartTransaction": _behind_start,
        "StopTransaction": _behind_stop,
        "StatusNotification": _behind_status,
    },
)
