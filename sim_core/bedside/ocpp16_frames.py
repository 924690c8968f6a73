"""What the frames of OCPP 1.6 say of a charger: two tables, requests and answers, by action.

A row changes facts (`observed`) by one frame. Frames are hostile: every field may be missing, of
another type, or absurd, and then it says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from sim_core.bedside.exchanges import Answered, Call, Payload
from sim_core.bedside.observed import LONGEST_WORD, Connector, Observed, Session, session_ended
from sim_core.bedside.readings import reading_of
from sim_core.snapshot import (
    ConnectorState,
    FaultSnapshot,
    FirmwareSnapshot,
    Registration,
    ReservationSnapshot,
    UploadSnapshot,
)
from sim_core.traces.frames import Side

SUBPROTOCOL = "ocpp1.6"
STATES = {
    "Available": ConnectorState.FREE,
    "Preparing": ConnectorState.PREPARING,
    "Charging": ConnectorState.CHARGING,
    "SuspendedEV": ConnectorState.PAUSED_BY_VEHICLE,
    "SuspendedEVSE": ConnectorState.PAUSED_BY_CHARGER,
    "Finishing": ConnectorState.ENDED,
    "Reserved": ConnectorState.RESERVED,
    "Unavailable": ConnectorState.OUT_OF_SERVICE,
    "Faulted": ConnectorState.FAULTED,
}
"""ChargePointStatus (§7.7) -> what viewers see in it."""
PLUGGED = {
    "Available": False,
    "Reserved": False,
    "Charging": True,
    "SuspendedEV": True,
    "SuspendedEVSE": True,
    "Finishing": True,
}
"""Whether a vehicle is there; of the other words it cannot be told."""
FIRMWARE_ENDS = {"Installed": False, "DownloadFailed": True, "InstallationFailed": True}
UPLOAD_ENDS = {"Uploaded": False, "UploadFailed": True}
"""Last words of an update and an upload, and whether they are bad ones."""
LONGEST_INTERVAL_S = 10_000_000


# -- what a charger says ---------------------------------------------------------------------------


def _boot(seen: Observed, call: Call) -> None:
    seen.vendor = _word(call.payload, "chargePointVendor")
    seen.model = _word(call.payload, "chargePointModel")
    seen.firmware_version = _word(call.payload, "firmwareVersion")
    seen.registration = Registration.NONE
    name = " ".join(part for part in (seen.vendor, seen.model) if part)
    version = f", firmware {seen.firmware_version}" if seen.firmware_version else ""
    seen.tell("boot", f"the charger boots: {name or 'it does not say what it is'}{version}", None)


def _heartbeat(seen: Observed, call: Call) -> None:
    seen.heartbeat_seen = call.at


def _status(seen: Observed, call: Call) -> None:
    status = _word(call.payload, "status")
    if not status:
        return
    if call.payload.get("connectorId") == 0:
        if status != seen.status:
            seen.tell("status", f"the charger is {status}", None)
        seen.status = status
        return
    connector = seen.connector(call.payload.get("connectorId"))
    if connector is None:
        return
    was, connector.status = connector.status, status
    connector.state = STATES.get(status, ConnectorState.UNKNOWN)
    connector.plugged = PLUGGED.get(status, connector.plugged if was else None)
    if status == "Available":
        connector.plugged, connector.token = False, None
    if connector.scheduled_availability and status in ("Available", "Unavailable"):
        connector.scheduled_availability = None
    if was == "Reserved" and status != "Reserved":
        connector.reservation = None
    _fault(connector, call, status)
    if was != status:
        because = connector.fault
        words = f" ({because.error_code})" if because and status == "Faulted" else ""
        seen.tell("status", f"connector {connector.number} is {status}{words}", connector.number)


def _fault(connector: Connector, call: Call, status: str) -> None:
    code = _word(call.payload, "errorCode")
    vendor, info = _word(call.payload, "vendorErrorCode"), _word(call.payload, "info")
    if status != "Faulted" and code in ("", "NoError"):
        connector.fault = None
        return
    before = connector.fault
    same = before is not None and before.error_code == code
    since = before.since if before is not None and same else call.at
    connector.fault = FaultSnapshot(
        code or "Faulted", vendor if vendor != "NoError" else "", info, since
    )


def _meter_values(seen: Observed, call: Call) -> None:
    connector = seen.connector(call.payload.get("connectorId"))
    if connector is None:
        return
    connector.measured(reading_of(call.payload.get("meterValue")), call.at)
    if connector.session is not None and connector.session.soc_begin_percent is None:
        connector.session.soc_begin_percent = connector.reading.soc_percent
    transaction_id = _id(call.payload)
    if transaction_id is None:
        return
    session = connector.session
    if session is None or session.transaction_id not in (None, transaction_id):
        connector.session = Session(transaction_id, "", None, None)
        words = f"connector {connector.number} is in transaction {transaction_id}"
        seen.tell("transaction", f"{words}, whose begin nobody here has seen", connector.number)


def _start(seen: Observed, call: Call) -> None:
    connector = seen.connector(call.payload.get("connectorId"))
    if connector is None:
        return
    token, meter_wh = _word(call.payload, "idTag"), _number(call.payload, "meterStart")
    connector.session = Session(None, token, call.at, meter_wh)
    connector.token = token or None
    if meter_wh is not None:
        connector.reading = replace(connector.reading, register_wh=float(meter_wh))
    held = call.payload.get("reservationId")
    if connector.reservation and held == connector.reservation.reservation_id:
        connector.reservation = None
    who = f" for {token}" if token else ""
    seen.tell(
        "transaction", f"connector {connector.number} starts a transaction{who}", connector.number
    )


def _stop(seen: Observed, call: Call) -> None:
    connector = seen.running(_id(call.payload))
    if connector is None:
        return
    meter_wh = _number(call.payload, "meterStop")
    connector.measured(reading_of(call.payload.get("transactionData")), call.at)
    if meter_wh is not None:
        connector.reading = replace(connector.reading, register_wh=float(meter_wh))
    reason = _word(call.payload, "reason") or "Local"  # §6.49: without one, Local
    session_ended(seen, connector, meter_wh, reason, call.at)


def _firmware(seen: Observed, call: Call) -> None:
    status = _word(call.payload, "status")
    if status and status != seen.firmware.status:
        active = status != "Idle" and status not in FIRMWARE_ENDS
        failed = FIRMWARE_ENDS.get(status, False)
        seen.firmware = FirmwareSnapshot(status, active, since=call.at, failed=failed)
        seen.tell("firmware", f"the firmware update is {status}", None)


def _diagnostics(seen: Observed, call: Call) -> None:
    status = _word(call.payload, "status")
    if status and status != seen.upload.status:
        active = status != "Idle" and status not in UPLOAD_ENDS
        seen.upload = UploadSnapshot(
            status, active, since=call.at, failed=UPLOAD_ENDS.get(status, False)
        )
        seen.tell("upload", f"the upload of diagnostics is {status}", None)


REQUESTS: dict[str, Callable[[Observed, Call], None]] = {
    "BootNotification": _boot,
    "DiagnosticsStatusNotification": _diagnostics,
    "FirmwareStatusNotification": _firmware,
    "Heartbeat": _heartbeat,
    "MeterValues": _meter_values,
    "StartTransaction": _start,
    "StatusNotification": _status,
    "StopTransaction": _stop,
}
"""Of the charger's, by action."""


# -- what it is answered ---------------------------------------------------------------------------


def _booted(seen: Observed, call: Call, answer: Payload, at: datetime) -> None:
    words = {one.value: one for one in Registration}
    seen.registration = words.get(_word(answer, "status"), Registration.NONE)
    interval = _number(answer, "interval")
    usable = interval is not None and 0 < interval <= LONGEST_INTERVAL_S
    seen.boot_retry_at = None
    if seen.registration is Registration.ACCEPTED:
        seen.heartbeat_s = interval if usable else seen.heartbeat_s
        seen.heartbeat_seen = at
    elif usable and interval is not None:
        seen.boot_retry_at = at + timedelta(seconds=interval)
    seen.tell("boot", f"the CSMS answers {_word(answer, 'status') or 'without a status'}", None)


def _started(seen: Observed, call: Call, answer: Payload, at: datetime) -> None:
    connector = seen.connector(call.payload.get("connectorId"))
    session = connector.session if connector else None
    if connector is None or session is None or session.began_at != call.at:
        return
    session.transaction_id = _id(answer)
    info = answer.get("idTagInfo")
    status = _word(info, "status") if isinstance(info, dict) else ""
    if status not in ("", "Accepted"):
        number = connector.number
        seen.tell("transaction", f"the CSMS answers {status} for {session.token}", number)


def _stopped(seen: Observed, call: Call, answer: Payload, at: datetime) -> None:
    for place, one in enumerate(seen.sessions):
        if one.transaction_id == _id(call.payload) and one.ended_at == call.at:
            seen.sessions[place] = replace(one, told="told")


# -- what a CSMS asks, once the charger has answered -----------------------------------------------


def _reserved(seen: Observed, call: Call, answer: Payload, at: datetime) -> None:
    number, token = _number(call.payload, "reservationId"), _word(call.payload, "idTag")
    until = moment(call.payload.get("expiryDate"))
    if _word(answer, "status") != "Accepted" or number is None or until is None:
        return
    group = _word(call.payload, "parentIdTag") or None
    reservation = ReservationSnapshot(number, token, group, until)
    if call.payload.get("connectorId") == 0:
        seen.reservation = reservation
    elif (connector := seen.connector(call.payload.get("connectorId"))) is not None:
        connector.reservation = reservation


def _cancelled(seen: Observed, call: Call, answer: Payload, at: datetime) -> None:
    number = call.payload.get("reservationId")
    if _word(answer, "status") != "Accepted":
        return
    if seen.reservation and seen.reservation.reservation_id == number:
        seen.reservation = None
    for one in seen.connectors.values():
        if one.reservation and one.reservation.reservation_id == number:
            one.reservation = None


def _availability(seen: Observed, call: Call, answer: Payload, at: datetime) -> None:
    if _word(answer, "status") != "Scheduled":
        return
    wanted = _word(call.payload, "type")
    if wanted not in ("Operative", "Inoperative"):
        return
    number = call.payload.get("connectorId")
    one = seen.connector(number)
    concerned = list(seen.connectors.values()) if number == 0 else [one] if one else []
    for connector in concerned:
        connector.scheduled_availability = wanted


def _configuration(seen: Observed, call: Call, answer: Payload, at: datetime) -> None:
    rows = answer.get("configurationKey")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            _key(seen, _word(row, "key"), row.get("value"))


def _changed(seen: Observed, call: Call, answer: Payload, at: datetime) -> None:
    if _word(answer, "status") == "Accepted":
        _key(seen, _word(call.payload, "key"), call.payload.get("value"))


def _key(seen: Observed, key: str, value: object) -> None:
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 9 else None
    if number is None:
        return
    if key.casefold() == "heartbeatinterval":
        seen.heartbeat_s = number or None
    elif key.casefold() == "numberofconnectors":
        for one in range(1, number + 1):
            if seen.connector(one) is None:
                return


Answer = Callable[[Observed, Call, Payload, datetime], None]
ANSWERS: dict[str, Answer] = {
    "BootNotification": _booted,
    "CancelReservation": _cancelled,
    "ChangeAvailability": _availability,
    "ChangeConfiguration": _changed,
    "GetConfiguration": _configuration,
    "ReserveNow": _reserved,
    "StartTransaction": _started,
    "StopTransaction": _stopped,
}
"""By action; whose it is follows from it."""


def heard_request(seen: Observed, call: Call) -> None:
    """Learn from a request."""
    if call.asked_by is Side.CHARGER and (learn := REQUESTS.get(call.action)) is not None:
        learn(seen, call)


def heard_answer(seen: Observed, answered: Answered) -> None:
    """Learn from an answer."""
    call = answered.call
    if answered.payload is None:
        return
    booting = call.action == "BootNotification"
    if call.asked_by is Side.CHARGER and not booting and seen.registration is Registration.NONE:
        # A charger that has not booted on this connection was accepted on an earlier one: a CSMS
        # answers nothing else before (§4.2).
        seen.registration = Registration.ACCEPTED
    if (learn := ANSWERS.get(call.action)) is not None:
        learn(seen, call, answered.payload, answered.at)


def moment(value: object) -> datetime | None:
    """A time in a payload (RFC 3339), in UTC where it names no zone; None where it is none."""
    if not isinstance(value, str) or not 10 <= len(value) <= 40:
        return None
    try:
        return _aware(value.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    except (ValueError, OverflowError):
        return None


def _aware(text: str) -> datetime:
    whole, dot, rest = text.partition(".")
    if dot:  # Python 3.10 reads three or six decimals and no others
        digits = len(rest) - len(rest.lstrip("0123456789"))
        text = f"{whole}.{rest[:digits][:6].ljust(6, '0')}{rest[digits:]}"
    found = datetime.fromisoformat(text)
    zoned = found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    return zoned.astimezone(timezone.utc)


def _word(payload: Any, name: str) -> str:
    value = payload.get(name)
    return value[:LONGEST_WORD] if isinstance(value, str) else ""


def _number(payload: Payload, name: str) -> int | None:
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if abs(value) < 2**53 else None


def _id(payload: Payload) -> int | str | None:
    value = payload.get("transactionId")
    if isinstance(value, str):
        return value[:LONGEST_WORD]
    return value if isinstance(value, int) and not isinstance(value, bool) else None
