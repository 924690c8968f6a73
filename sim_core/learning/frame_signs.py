"""Signs of habits in frames and connections: spelling, order, clock, answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from statistics import median

from sim_core.learning.heard import Log
from sim_core.learning.manners import keys_before, status_before
from sim_core.traces.exchanges import Exchange

S = timedelta(seconds=1)
STATUS = "StatusNotification"
AT_ONCE = 0.3 * S
"""A firmware without a loop answers sooner."""
BOOTED = 20 * S
TURN = (0.5 * S, 2.5 * S)
"""A firmware's turn."""
ROWS = ("StartTransaction", "MeterValues", "StopTransaction")
CAUSES = {
    "ChangeAvailability": ("Unavailable", "Available"),
    "ReserveNow": ("Reserved",),
    "CancelReservation": ("Available",),
}
"""The statuses that a request causes."""


def _json_c(log: Log) -> Iterator[bool]:
    for frame in log.calls if log.keeps_spelling else ():
        if "/" in frame.text:
            yield "\\/" in frame.text


def _pipelining(log: Log) -> Iterator[bool]:
    """Two calls are open at a time. A log of the CSMS may write an answer late, so they must be
    open for longer than a moment."""
    if not log.told.timed:
        return
    for place, one in enumerate(log.told.said[1:]):
        before = log.told.said[place]
        if before.answered_at is not None and one.answered_at is not None:
            yield before.answered_at - one.at > 5 * S / 1000


def _forgets_unanswered(log: Log) -> Iterator[bool]:
    samples = log.told.of("MeterValues")
    for one in samples:
        behind = log.after(one, 12)
        later = [other for other in behind if other.from_charger and other.answer is not None]
        if one.answer is None and len(later) > 2 and later[-1].at - one.at > 30 * S:
            yield not any(o is not one and o.payload == one.payload for o in samples)


def _send_tick(log: Log) -> Iterator[bool]:
    """A log whose clock has whole seconds does not tell."""
    fine = log.told.timed and any(one.at.microsecond for one in log.told.exchanges)
    for one in log.told.asked:
        if fine and one.answered_at is not None:
            yield TURN[0] <= one.answered_at - one.at <= TURN[1]


def _whole_second_clock(log: Log) -> Iterator[bool]:
    """The first stamp after a boot is 11 to 69 ms behind a whole second."""
    for boot in log.told.boots:
        for other in log.after(boot, 12):
            if other.action == STATUS and other.stamp is not None:
                if log.told.timed and other.at - boot.at > BOOTED:
                    break
                thousandths = other.stamp.microsecond // 1000
                yield 10 <= thousandths <= 75
                break


def _repeated_preparing(log: Log) -> Iterator[bool]:
    """While an accepted card waits for the plug."""
    for one in log.told.of(STATUS):
        if one.status == "Preparing" and one.connector:
            before = _status_frame_before(log, one)
            if before is not None and before.status == "Preparing":
                yield True


def _status_frame_before(log: Log, one: Exchange) -> Exchange | None:
    for other in log.before(one, 60):
        if other.action == "BootNotification":
            return None
        if other.action == STATUS and other.connector == one.connector:
            return other
    return None


def _vendor_faults(log: Log) -> Iterator[bool]:
    for one in log.told.of(STATUS):
        if one.text("errorCode") not in ("", "NoError") and one.vendor_code:
            yield one.text("errorCode") == "InternalError"


def _status_before_answer(log: Log) -> Iterator[bool]:
    for one in log.told.asked:
        if one.action not in CAUSES or one.answered_at is None:
            continue
        if one.result.get("status") != "Accepted":
            continue
        for other in log.after(one, 6):
            if other.action == STATUS and other.status in CAUSES[one.action]:
                yield other.at <= one.answered_at
                break


def _late_connector_0(log: Log) -> Iterator[bool]:
    for boot in log.told.boots:
        said = _first_statuses(log, boot)
        zero = [one for one in said if one.connector == 0]
        others = [one for one in said if one.connector]
        if log.told.timed and zero and others and zero[0].at > others[-1].at:
            yield timedelta() < zero[0].at - others[-1].at < 0.3 * S


def _first_statuses(log: Log, boot: Exchange) -> list[Exchange]:
    found: list[Exchange] = []
    for other in log.after(boot, 16):
        if other.action == "BootNotification" or other.at - boot.at > BOOTED:
            break
        if other.action == STATUS and other.connector not in [one.connector for one in found]:
            found.append(other)
    return found


def _connectors_after_reconnect(log: Log) -> Iterator[bool]:
    """Of a charger that else says connector 0 last."""
    for boot in log.told.boots:
        said = _first_statuses(log, boot)
        if len(said) > 1 and any(one.status == "Charging" for one in said):
            yield said[0].connector == 0


def _backlog_behind_status(log: Log) -> Iterator[bool]:
    for boot in log.told.boots:
        for other in log.after(boot, 16):
            queued = other.action in ROWS and other.stamp and boot.at - other.stamp > 5 * S
            if queued and other.at - boot.at < BOOTED:
                said = [one.connector for one in _first_statuses(log, boot) if one.at <= other.at]
                yield 0 in said
                break


def _late_finishing(log: Log) -> Iterator[bool]:
    for one in log.told.of(STATUS):
        if one.status != "Finishing" or one.stamp is None:
            continue
        for other in log.before(one, 12) + log.after(one, 8):
            at = other.stamp
            ends = other.context == "Transaction.End" and other.connector == one.connector
            if ends and at is not None and abs((one.stamp - at) / S) < 5:
                yield 0.2 <= (one.stamp - at) / S <= 1.2
                break


def _never_suspended(log: Log) -> Iterator[bool]:
    """A pause in mid-session: nothing flows, and what is said of the connector."""
    for one in log.told.of("MeterValues"):
        if one.context != "Sample.Periodic" or one.connector is None:
            continue
        watts, amperes = one.number("Power.Active.Import"), one.number("Current.Import")
        status = status_before(log, one, one.connector)
        if watts == 0 and amperes in (None, 0) and status in ("Charging", "SuspendedEV"):
            yield status == "Charging"
    for one in log.told.of(STATUS):
        if one.status.startswith("Suspended"):
            yield False


def _heartbeats(log: Log, low: float, high: float) -> Iterator[float]:
    """The lengths between heartbeats, as parts of the interval that was set."""

    beats = log.told.of("Heartbeat")
    for one, other in pairwise(beats):
        set_s = keys_before(log, one).get("HeartbeatInterval", "")
        if set_s.isdigit() and low <= int(set_s) <= high and log.told.timed:
            yield (other.at - one.at) / S / int(set_s)


def _late_heartbeats(log: Log) -> Iterator[bool]:
    """Of a long interval; a single one that is far off was cut short or stretched by a cut."""
    parts = [part for part in _heartbeats(log, 600, 10**6) if 0.98 < part < 1.02]
    if parts:
        yield median(parts) > 1.003


def _heartbeats_from_last(log: Log) -> Iterator[bool]:
    """The first heartbeat behind a new interval comes sooner than that."""
    for one in log.told.asked:
        value = one.text("value")
        if one.text("key") != "HeartbeatInterval" or not value.isdigit():
            continue
        if one.result.get("status") != "Accepted" or one.answered_at is None:
            continue
        for other in log.after(one, 200):
            if other.text("key") == "HeartbeatInterval" or other.action == "BootNotification":
                break
            if other.action == "Heartbeat":
                yield (other.at - one.answered_at) / S < int(value) - 2
                break


def _mute_transfers(log: Log) -> Iterator[bool]:
    told = {"GetDiagnostics": "Diagnostics", "UpdateFirmware": "Firmware"}
    for one in log.told.asked:
        if one.action in told and one.answer is not None and one.answer[0] == 3:
            later = log.after(one, 400)
            if later and later[-1].at - one.at > 120 * S:
                name = f"{told[one.action]}StatusNotification"
                yield not any(other.action == name for other in later)


def _hard_reset_speaks(log: Log) -> Iterator[bool]:
    for one in log.told.asked:
        if one.action == "Reset" and one.text("type") == "Hard":
            for other in log.after(one, 12):
                if other.action == "BootNotification":
                    break
                if other.action == "StopTransaction":
                    yield other.reason == "HardReset"
                    break


SIGNS: Mapping[str, Callable[[Log], Iterable[bool]]] = {
    "json_c": _json_c,
    "pipelining": _pipelining,
    "forgets_unanswered": _forgets_unanswered,
    "send_tick": _send_tick,
    "whole_second_clock": _whole_second_clock,
    "repeated_preparing": _repeated_preparing,
    "vendor_faults": _vendor_faults,
    "status_before_answer": _status_before_answer,
    "late_connector_0": _late_connector_0,
    "connectors_after_reconnect": _connectors_after_reconnect,
    "backlog_behind_status": _backlog_behind_status,
    "late_finishing": _late_finishing,
    "never_suspended": _never_suspended,
    "late_heartbeats": _late_heartbeats,
    "heartbeats_from_last": _heartbeats_from_last,
    "mute_transfers": _mute_transfers,
    "hard_reset_speaks": _hard_reset_speaks,
}
"""By the name of a habit: for each occasion in a log whether it showed."""
