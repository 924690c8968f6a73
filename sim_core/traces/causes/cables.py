"""Plug and unplug, read off what a connector says.

A status that is said anew after a boot is what the charger found, not when it happened: what has
changed since the last word before the outage happened meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sim_core.traces.causes.cards import is_shown_by_card
from sim_core.traces.causes.scene import Act, Car, Scene, Stimulus
from sim_core.traces.causes.sessions import (
    Outage,
    Session,
    offline_starts,
    outages,
    reported,
    sessions,
)
from sim_core.traces.causes.vehicles import LATE_MAC_S, MAC_S, car_of
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.traces.moments import S

START_AFTER_PLUG = 29.5 * S
"""From the plug to a start that nobody has seen, where nothing says more."""
FAILED_START_SHOWS = 5 * S
"""So near to a failed start a status tells of it, and of no cable."""
GONE_BEFORE = 3 * S
"""So long before the end of a fault a cable was pulled that is out when it ends."""
COMMAND_SHOWS = 4 * S
"""So soon after a request a status may be its effect."""
TELLS_AGAIN = ("ChangeAvailability", "CancelReservation", "TriggerMessage")
"""Requests after which a connector is said to be Available that no vehicle has just left."""


def cables(told: Conversation, scene: Scene) -> None:
    """Add who came and went."""
    for connector in told.numbers:
        _Cable(told, scene, connector).follow()


@dataclass
class _Cable:
    """One connector's cable, followed through a trace."""

    told: Conversation
    scene: Scene
    connector: int
    plugged: bool = False
    word: str = ""
    failed: list[datetime] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    offline: list[Session] = field(default_factory=list)

    def follow(self) -> None:
        told, connector = self.told, self.connector
        self.failed = [run.began for run in sessions(told, connector) if run.failed]
        self.outages = outages(told)
        self.offline = [run for run in offline_starts(told) if run.connector == connector]
        self.plugged = any(earlier.connector == connector for earlier in self.scene.earlier)
        lane = [e for e in told.said if told.connector_of(e) == connector]
        self._begin(lane[0])
        for exchange in lane:
            if exchange.action == "StatusNotification":
                self._report(exchange)
            elif exchange.action == "StartTransaction":
                self._start(exchange)

    def _begin(self, first: Exchange) -> None:
        """Who was there before the trace."""
        if self.plugged or any(run.start is first for run in self.offline):
            return
        if self.scene.boots and reported(self.told, first) is not None:
            return  # what is found at the boot is dealt with as a report
        there = first.action == "StartTransaction" or first.status in ("Charging", "Finishing")
        there |= first.status == "Available" and not self._is_asked_for(first)
        there |= first.action == "MeterValues" and first.transaction is not None
        if there:
            self.plugged = True
            self._add(Act.PLUG, self.scene.begins - 30 * S, self._car(first.stamp or first.at))

    def _is_asked_for(self, report: Exchange) -> bool:
        """Whether a request has made it Available, or asked what it is."""
        return any(
            asked.action in TELLS_AGAIN and timedelta(0) <= report.at - asked.at < COMMAND_SHOWS
            for asked in self.told.asked
        )

    def _report(self, report: Exchange) -> None:
        word, at = report.status, report.stamp or report.at
        boot = reported(self.told, report)
        outage = next((o for o in self.outages if o.boot is boot), None) if boot else None
        if boot is not None:
            self._found(report, outage)
        elif any(abs(at - start) < FAILED_START_SHOWS for start in self.failed):
            if word != "Faulted":
                # What has broken down by itself has let go of the line.
                self.plugged = self.plugged and self.word != "Faulted"
        elif word == "Preparing" and not self.plugged and self.word != "Preparing":
            if not is_shown_by_card(self.told, self.connector, report):
                self.plugged = True
                self._add(Act.PLUG, at, self._car(at))
        elif word == "Available" and self.plugged:
            self.plugged = False
            self._add(Act.UNPLUG, self._pulled_at(report))
        self.word = word

    def _found(self, report: Exchange, outage: Outage | None) -> None:
        """What the charger found at a boot has changed meanwhile, or before the trace."""
        word = report.status
        there = word in ("Preparing", "Charging", "Finishing", "SuspendedEV", "SuspendedEVSE")
        if there and not self.plugged:
            self.plugged = True
            at = self._was_there(report) if outage is None else self._came_in(outage)
            start = next((run for run in self.offline if outage and outage.has(run.began)), None)
            if start is not None or (outage is None and self.offline):
                return  # `_start` tells of it
            self._add(Act.PLUG, at, self._car(at if outage else report.at))
        elif word == "Available" and self.plugged and outage is not None:
            self.plugged = False
            self._add(Act.UNPLUG, self._pulled_in(outage))

    def _start(self, start: Exchange) -> None:
        """A transaction has a cable."""
        run = next((run for run in self.offline if run.start is start), None)
        if run is not None:
            self._offline(run)
        elif not self.plugged and not any(
            abs((start.stamp or start.at) - at) < S for at in self.failed
        ):
            began = start.stamp or start.at
            self.plugged = True
            self._add(Act.PLUG, began - START_AFTER_PLUG, self._car(began - START_AFTER_PLUG))

    def _offline(self, run: Session) -> None:
        """Who came while there was no link, read off what is told of it afterwards."""
        outage = next((outage for outage in self.outages if outage.has(run.began)), None)
        since = outage.began + S if outage else None
        came = run.began - START_AFTER_PLUG
        self.plugged = True
        at = max(came, since) if since else came
        self._add(Act.PLUG, at, self._car(at))
        boot = outage.boot if outage else self.told.boots[0]
        found = [
            report
            for report in self.told.of("StatusNotification", self.connector)
            if reported(self.told, report) is boot
        ]
        if found and found[0].status == "Available":
            self.plugged = False
            self._add(Act.UNPLUG, boot.at - 3 * S)

    def _was_there(self, report: Exchange) -> datetime:
        """When a vehicle came that is there when a trace begins with a boot: before that, unless
        the boot was answered late, and what follows tells that it came meanwhile."""
        early = self.scene.begins - 2 * S
        lasts: list[tuple[datetime, tuple[timedelta, ...]]] = [
            (mac.at, (MAC_S * S, LATE_MAC_S * S))
            for mac in self.told.of("DataTransfer")
            if mac.text("messageId") == "MacID"
        ]
        lasts += [
            (start.stamp, (START_AFTER_PLUG,))
            for start in self.told.of("StartTransaction", self.connector)
            if start.stamp
        ]
        for at, usual in lasts:
            for came in (at - took for took in usual):
                if early < came < report.at < at:
                    return came
        return early

    def _came_in(self, outage: Outage) -> datetime:
        """When a vehicle came that is there when the charger comes back: its id tells it, or the
        start of its transaction."""
        for mac in self.told.of("DataTransfer"):
            if mac.text("messageId") != "MacID" or mac.at < outage.over:
                continue
            for usual in (MAC_S, LATE_MAC_S):
                if outage.has(mac.at - usual * S):
                    return mac.at - usual * S
        for start in self.told.of("StartTransaction", self.connector):
            if start.stamp and outage.has(start.stamp - START_AFTER_PLUG):
                return start.stamp - START_AFTER_PLUG
        return outage.middle

    def _pulled_at(self, report: Exchange) -> datetime:
        """The cable leaves at the stamp of Available, or earlier where that is only its effect."""
        at = report.stamp or report.at
        for stop in self.told.of("StopTransaction"):
            ended = stop.stamp
            if (
                stop.reason == "EVDisconnected"
                and ended is not None
                and timedelta(0) <= at - ended < 3 * S
                and self.told.connector_of(stop) == self.connector
            ):
                return ended
        return at - GONE_BEFORE if self.word == "Faulted" else at

    def _pulled_in(self, outage: Outage) -> datetime:
        """When a cable was pulled that is out when the charger comes back."""
        ended = None
        for exchange in self.told.said:
            tells = exchange.action == "StopTransaction" or exchange.context == "Transaction.End"
            if tells and self.told.connector_of(exchange) == self.connector:
                ended = exchange.stamp if outage.has(exchange.stamp) else ended
        if ended is None:
            return outage.middle
        by_cable = any(
            stop.reason == "EVDisconnected" and stop.stamp == ended
            for stop in self.told.of("StopTransaction")
        )
        return ended if by_cable else min(ended + 3 * S, outage.over - 2 * S)

    def _car(self, plugged: datetime) -> Car:
        return car_of(self.told, self.connector, plugged)

    def _add(self, act: Act, at: datetime, car: Car | None = None) -> None:
        where = self.scene.before if at < self.scene.begins else self.scene.stimuli
        where.append(Stimulus(at, act, self.connector, car=car))
