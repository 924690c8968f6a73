"""Connections that end without a Reset: a cut, a restart of the process, or the mains.

Which of them it was is seen afterwards. After a loss of the mains its end is PowerLoss.
A process that restarts takes a sample at once and counts anew from there; a network that was away
leaves the rhythm of the samples alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sim_core.traces.causes.scene import Act, Scene, Stimulus
from sim_core.traces.causes.sessions import Outage, offline_starts, outages
from sim_core.traces.causes.vehicles import mac_after_restart
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.traces.moments import S

BOOT_AFTER = 1.06 * S
"""From the open socket to BootNotification."""
RESET_TAKES = 130 * S
RESTART_TAKES = 28.7 * S
"""From the end of the link to the next dial, when the process restarts."""
MAINS_TAKE = 90 * S
LAST_WORD = 0.3 * S
"""So long after the last word the link has gone, where nothing else says when."""
SHORTEST_RESTART = 25 * S
FIRST_SAMPLE = (-3.2 * S, 0.2 * S)
"""When, before a boot, a process that has restarted takes its first sample."""
OUT_OF_STEP_S = 0.35


def links(told: Conversation, scene: Scene) -> None:
    """Add what has ended connections that no Reset has."""
    for outage in outages(told):
        if _was_asked(told, outage):
            continue
        scene.stimuli += _how(told, outage)


def _was_asked(told: Conversation, outage: Outage) -> bool:
    return any(
        asked.action == "Reset"
        and asked.answer is not None
        and asked.result.get("status") != "Rejected"
        and timedelta(0) < outage.over - asked.at < RESET_TAKES
        for asked in told.asked
    )


def _how(told: Conversation, outage: Outage) -> Sequence[Stimulus]:
    gone, back = outage.began + LAST_WORD, outage.over - BOOT_AFTER
    if _lost_power(told, outage):
        gone = max(gone, outage.over - MAINS_TAKE)
        return Stimulus(gone, Act.POWER_OFF), Stimulus(back, Act.POWER_ON)
    if restarted(told, outage):
        return (Stimulus(max(gone, back - RESTART_TAKES), Act.RESTART),)
    if not _something_happened(told, outage):
        gone = max(gone, back - RESTART_TAKES)
    return Stimulus(gone, Act.LINK_DOWN), Stimulus(back, Act.LINK_UP)


def _lost_power(told: Conversation, outage: Outage) -> bool:
    return any(
        stop.reason == "PowerLoss" and timedelta(0) < stop.at - outage.over < 60 * S
        for stop in told.of("StopTransaction")
    )


def _something_happened(told: Conversation, outage: Outage) -> bool:
    """Whether people did something at the charger meanwhile: then all of the time is needed."""
    if any(outage.has(run.began) for run in offline_starts(told)):
        return True
    return any(
        outage.has(exchange.stamp)
        for exchange in told.said
        if exchange.action in ("StartTransaction", "StopTransaction", "MeterValues")
        and exchange.at > outage.over
    )


def restarted(told: Conversation, outage: Outage) -> bool:
    """Whether the charger's process has restarted, and not only the network was away."""
    for connector in told.numbers:
        stamps = [
            sample.stamp
            for sample in told.of("MeterValues", connector)
            if sample.context == "Sample.Periodic" and sample.stamp is not None
        ]
        before = [at for at in stamps if at < outage.began]
        while_away = [at for at in stamps if outage.has(at)]
        first = [at for at in stamps if FIRST_SAMPLE[0] <= at - outage.over <= FIRST_SAMPLE[1]]
        if first and before and _is_out_of_step(before, first[-1]):
            return True
        if while_away and not first:
            return False  # it went on all the time
    return _waiting_cars_again(told, outage) or _waiting_cars_at_last(told, outage)


def _is_out_of_step(before: Sequence[datetime], at: datetime) -> bool:
    """Whether a sample does not fit into the rhythm of those before it."""
    if len(before) < 2:
        return True
    interval_s = (before[-1] - before[-2]) / S
    if interval_s <= 0:
        return True
    off_s = ((at - before[-1]) / S) % interval_s
    return min(off_s, interval_s - off_s) > OUT_OF_STEP_S


def _waiting_cars_again(told: Conversation, outage: Outage) -> bool:
    """Whether a vehicle's id was told a second time for the same plug."""
    macs = [m for m in told.of("DataTransfer") if m.text("messageId") == "MacID"]
    again = [m for m in macs if timedelta(0) < m.at - outage.over < 12 * S]
    return any(
        before.payload.get("data") == mac.payload.get("data") and _still_there(told, before, outage)
        for mac in again
        for before in macs
        if before.at < outage.began
    )


def _waiting_cars_at_last(told: Conversation, outage: Outage) -> bool:
    """Whether a vehicle's id is told that would have been told meanwhile."""
    return any(
        report.status == "Preparing"
        and (report.stamp or report.at) < outage.began
        and report.connector is not None
        and mac_after_restart(told, report.connector, report.stamp or report.at) is not None
        for report in told.of("StatusNotification")
    )


def _still_there(told: Conversation, mac: Exchange, outage: Outage) -> bool:
    """Whether no connector became free between a vehicle's id and an outage."""
    return not any(
        report.status == "Available" and mac.at < report.at < outage.began
        for report in told.of("StatusNotification")
    )
