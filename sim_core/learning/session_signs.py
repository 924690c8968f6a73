"""Signs of habits in sessions: cards, starts, stops, limits, reservations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise

from sim_core.learning.answers import charging
from sim_core.learning.heard import Log
from sim_core.learning.identity import power_of
from sim_core.learning.manners import status_before
from sim_core.traces.exchanges import Exchange, as_number

S = timedelta(seconds=1)
STATUS, START, STOP = "StatusNotification", "StartTransaction", "StopTransaction"
MAC = "MacID"


def _macs(log: Log) -> list[Exchange]:
    return [one for one in log.told.of("DataTransfer") if one.text("messageId") == MAC]


def _autocharge_mac(log: Log) -> Iterator[bool]:
    for _ in _macs(log):
        yield True


def _macs_after_restart(log: Log) -> Iterator[bool]:
    """Who waits at a boot says who it is once more."""
    known: set[str] = set()
    for one in log.told.said:
        if one.action == "DataTransfer" and one.text("messageId") == MAC:
            known.add(one.text("data"))
        if one.action == "BootNotification" and known:
            later = [o for o in log.after(one, 30) if o in _macs(log) and o.at - one.at < 20 * S]
            if any(other.text("data") in known for other in later):
                yield True


def _stops(log: Log) -> Iterator[tuple[Exchange, Exchange]]:
    """(start, stop) of each transaction that has both in the log."""
    for start in log.told.of(START):
        for other in log.after(start, 500):
            if other.action == STOP and other.transaction == start.given:
                yield start, other
                break


def _ev_gives_up(log: Log) -> Iterator[bool]:
    """A start without energy, of a vehicle that has waited for long."""
    for start, stop in _stops(log):
        begin, end = start.register_wh, stop.register_wh
        ends_soon = start.stamp and stop.stamp and stop.stamp - start.stamp < 10 * S
        yield bool(
            begin is not None
            and begin == end
            and ends_soon
            and stop.reason in ("EVDisconnected", "Other")
        )


def _slow_second_gun(log: Log) -> Iterator[bool]:
    for one in log.told.asked:
        if one.action != "RemoteStartTransaction" or one.result.get("status") != "Accepted":
            continue
        if not charging(log, one):
            continue
        for other in log.after(one, 300):
            if other.action == START and other.connector == one.connector:
                yield other.at - one.at > 90 * S
                break


def _asks_for_any_card(log: Log) -> Iterator[bool]:
    """During a transaction another card is asked about."""
    running: set[str] = set()
    whole = free = len(log.told.numbers)
    for one in log.told.said:
        if one.action == START:
            running.add(one.id_tag)
            free -= 1
        elif one.action == STOP:
            running.clear()
            free = whole
        elif one.action == "Authorize" and running and free <= 0:
            yield one.id_tag not in running


def _remote_start_twice(log: Log) -> Iterator[bool]:
    asked = [one for one in log.told.asked if one.action == "RemoteStartTransaction"]
    for one, other in pairwise(asked):
        near = other.at - one.at < 20 * S and one.result.get("status") == "Accepted"
        if near and other.connector == one.connector and other.result.get("status"):
            yield other.result["status"] == "Accepted"


def _stops_unheard(log: Log) -> Iterator[bool]:
    for one in log.told.asked:
        if one.action == "RemoteStopTransaction" and one.answer is None:
            for other in log.after(one, 40):
                if other.action == STOP and other.transaction == one.transaction:
                    yield other.reason == "Other"
                    break


def _late_power_loss(log: Log) -> Iterator[bool]:
    """Behind a boot it is Charging for a moment, and then the loss is told."""
    for stop in log.told.of(STOP):
        if stop.reason != "PowerLoss":
            continue
        number = log.told.connector_of(stop)
        for other in log.before(stop, 30):
            own = other.action == STATUS and other.connector == number
            if own and other.status == "Charging":
                yield True
                break
            if other.action == "BootNotification":
                yield False
                break


def _offline_duplicate(log: Log) -> Iterator[bool]:
    starts = log.told.of(START)
    for place, one in enumerate(starts):
        if one.given == -1 and place + 1 < len(starts):
            yield any(other.payload == one.payload for other in starts[place + 1 :])


def _below_profile(log: Log) -> Iterator[bool]:
    """The power beside the limit of a profile in W that holds."""
    limit: float | None = None
    at = None
    for one in log.told.exchanges:
        if one.action == "SetChargingProfile" and one.result.get("status") == "Accepted":
            limit, at = _limit_w(one), one.at
        elif one.action in ("ClearChargingProfile", STOP):
            limit = None
        elif one.action == "MeterValues" and limit and at and one.at - at > 30 * S:
            watts = power_of(one)
            if watts is not None and one.context == "Sample.Periodic" and watts > limit * 0.85:
                yield 0.92 < watts / limit < 0.98


def _limit_w(one: Exchange) -> float | None:
    profile = one.payload.get("csChargingProfiles")
    schedule = profile.get("chargingSchedule") if isinstance(profile, dict) else None
    if not isinstance(schedule, dict) or schedule.get("chargingRateUnit") != "W":
        return None
    periods = schedule.get("chargingSchedulePeriod")
    if not isinstance(periods, list) or len(periods) != 1 or not isinstance(periods[0], dict):
        return None
    return as_number(periods[0].get("limit"))


def _plug_ends_reserved(log: Log) -> Iterator[bool]:
    """A vehicle at a reserved connector."""
    for one in log.told.of(STATUS):
        plugs = one.status == "Preparing" and one.connector
        if plugs and status_before(log, one, one.connector or 0) == "Reserved":
            asked = {other.action for other in log.before(one, 6)}
            yield not {"Authorize", "RemoteStartTransaction", "CancelReservation"} & asked


SIGNS: Mapping[str, Callable[[Log], Iterable[bool]]] = {
    "autocharge_mac": _autocharge_mac,
    "macs_after_restart": _macs_after_restart,
    "ev_gives_up": _ev_gives_up,
    "slow_second_gun": _slow_second_gun,
    "asks_for_any_card": _asks_for_any_card,
    "remote_start_twice": _remote_start_twice,
    "stops_unheard": _stops_unheard,
    "late_power_loss": _late_power_loss,
    "offline_duplicate": _offline_duplicate,
    "below_profile": _below_profile,
    "plug_ends_reserved": _plug_ends_reserved,
}
"""By the name of a habit: for each occasion in a log whether it showed."""
