"""What the frames of OCPP 2.0.1 say of a charger: two tables, requests and answers, by action.

As `ocpp16_frames`; a connector here is an EVSE, as everywhere on the screens. The five words of
ConnectorStatusEnumType tell less than those of 1.6: whether an occupied one charges is said by
TransactionEvent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sim_core.bedside.exchanges import Answered, Call, Payload
from sim_core.bedside.observed import LONGEST_WORD, Connector, Observed, Session, session_ended
from sim_core.bedside.readings import reading_of
from sim_core.snapshot import ConnectorState, FaultSnapshot, Registration
from sim_core.traces.frames import Side

SUBPROTOCOL = "ocpp2.0.1"
STATES = {
    "Available": ConnectorState.FREE,
    "Occupied": ConnectorState.PREPARING,
    "Reserved": ConnectorState.RESERVED,
    "Unavailable": ConnectorState.OUT_OF_SERVICE,
    "Faulted": ConnectorState.FAULTED,
}
"""ConnectorStatusEnumType -> what viewers see in it outside of a transaction."""
CHARGING_STATES = {
    "Charging": ConnectorState.CHARGING,
    "EVConnected": ConnectorState.PREPARING,
    "SuspendedEV": ConnectorState.PAUSED_BY_VEHICLE,
    "SuspendedEVSE": ConnectorState.PAUSED_BY_CHARGER,
    "Idle": ConnectorState.PREPARING,
}
"""ChargingStateEnumType, in one."""
LONGEST_INTERVAL_S = 10_000_000


def _boot(seen: Observed, call: Call) -> None:
    station = _object(call.payload, "chargingStation")
    seen.vendor, seen.model = _word(station, "vendorName"), _word(station, "model")
    seen.firmware_version = _word(station, "firmwareVersion")
    seen.registration = Registration.NONE
    name = " ".join(part for part in (seen.vendor, seen.model) if part)
    seen.tell("boot", f"the charger boots: {name or 'it does not say what it is'}", None)


def _heartbeat(seen: Observed, call: Call) -> None:
    seen.heartbeat_seen = call.at


def _status(seen: Observed, call: Call) -> None:
    status = _word(call.payload, "connectorStatus")
    connector = seen.connector(call.payload.get("evseId"))
    if not status or connector is None:
        return
    was, connector.status = connector.status, status
    connector.plugged = {"Available": False, "Reserved": False}.get(status, connector.plugged)
    if status != "Occupied" or connector.session is None:
        connector.state = STATES.get(status, ConnectorState.UNKNOWN)
    before = connector.fault
    connector.fault = None
    if status == "Faulted":
        connector.fault = before or FaultSnapshot("Faulted", "", "", call.at)
    if was != status:
        seen.tell("status", f"connector {connector.number} is {status}", connector.number)


def _meter_values(seen: Observed, call: Call) -> None:
    connector = seen.connector(call.payload.get("evseId"))
    if connector is not None:
        connector.measured(reading_of(call.payload.get("meterValue")), call.at)


def _transaction(seen: Observed, call: Call) -> None:
    info = _object(call.payload, "transactionInfo")
    transaction_id = _word(info, "transactionId")
    if not transaction_id:
        return
    known = seen.running(transaction_id)
    connector = known or seen.connector(_object(call.payload, "evse").get("id"))
    if connector is None:
        return
    token = _word(_object(call.payload, "idToken"), "idToken")
    kind = _word(call.payload, "eventType")
    if known is None and kind != "Ended":
        _begin(seen, connector, call, transaction_id, kind == "Started")
    session = connector.session
    if session is not None and token and not session.token:
        session.token = connector.token = token
    connector.measured(reading_of(call.payload.get("meterValue")), call.at)
    _measure_session(connector, kind)
    state = CHARGING_STATES.get(_word(info, "chargingState"))
    if state is not None and connector.session is not None:
        connector.state = state
        connector.plugged = _word(info, "chargingState") != "Idle"
    if kind == "Ended" and connector.session is not None:
        reason = _word(info, "stoppedReason") or "Local"  # 2.0.1: without one, Local
        session_ended(seen, connector, connector.reading.register_wh, reason, call.at)
        connector.state = STATES.get(connector.status, ConnectorState.UNKNOWN)
        if connector.state is ConnectorState.PREPARING:
            connector.state = ConnectorState.ENDED


def _begin(
    seen: Observed, connector: Connector, call: Call, transaction_id: str, started: bool
) -> None:
    connector.session = Session(transaction_id, "", call.at if started else None, None)
    number = connector.number
    if started:
        seen.tell("transaction", f"connector {number} starts transaction {transaction_id}", number)
    else:
        words = f"connector {number} is in transaction {transaction_id}"
        seen.tell("transaction", f"{words}, whose begin nobody here has seen", number)


def _measure_session(connector: Connector, kind: str) -> None:
    session, reading = connector.session, connector.reading
    if session is None:
        return
    if kind == "Started" and session.meter_start_wh is None and reading.register_wh is not None:
        session.meter_start_wh = int(reading.register_wh)
    if session.soc_begin_percent is None:
        session.soc_begin_percent = reading.soc_percent


REQUESTS: dict[str, Callable[[Observed, Call], None]] = {
    "BootNotification": _boot,
    "Heartbeat": _heartbeat,
    "MeterValues": _meter_values,
    "StatusNotification": _status,
    "TransactionEvent": _transaction,
}
"""Of the charger's, by action."""


def _booted(seen: Observed, answer: Payload, at: datetime) -> None:
    words = {one.value: one for one in Registration}
    seen.registration = words.get(_word(answer, "status"), Registration.NONE)
    interval = answer.get("interval")
    usable = isinstance(interval, int) and 0 < interval <= LONGEST_INTERVAL_S
    seen.boot_retry_at = None
    if seen.registration is Registration.ACCEPTED:
        seen.heartbeat_s = interval if usable else seen.heartbeat_s
        seen.heartbeat_seen = at
    elif usable and isinstance(interval, int):
        seen.boot_retry_at = at + timedelta(seconds=interval)
    seen.tell("boot", f"the CSMS answers {_word(answer, 'status') or 'without a status'}", None)


def heard_request(seen: Observed, call: Call) -> None:
    """Learn from a request."""
    if call.asked_by is Side.CHARGER and (learn := REQUESTS.get(call.action)) is not None:
        learn(seen, call)


def heard_answer(seen: Observed, answered: Answered) -> None:
    """Learn from an answer."""
    call = answered.call
    if answered.payload is None or call.asked_by is not Side.CHARGER:
        return
    if call.action == "BootNotification":
        _booted(seen, answered.payload, answered.at)
    elif seen.registration is Registration.NONE:
        seen.registration = Registration.ACCEPTED


def _object(payload: Payload, name: str) -> Payload:
    value = payload.get(name)
    return value if isinstance(value, dict) else {}


def _word(payload: Any, name: str) -> str:
    value = payload.get(name)
    return value[:LONGEST_WORD] if isinstance(value, str) else ""
