"""The transactions of a trace, and the times in which there was no link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sim_core.traces.exchanges import Conversation, Exchange, TransactionId
from sim_core.traces.moments import S

FAILED_WITHIN = 0.5 * S
"""A transaction that is over so soon never was one."""
TRIGGERED_WITHIN = 6 * S
"""A BootNotification so soon after a TriggerMessage for it is the answer to it."""
REPORTED_WITHIN = 4 * S
"""So long after a boot the charger tells of what it found."""


@dataclass(frozen=True, eq=False)
class Session:
    """A transaction that begins in a trace."""

    connector: int
    start: Exchange
    stop: Exchange | None
    samples: tuple[Exchange, ...]
    """Its MeterValues, without those that were taken before it began."""

    @property
    def transaction(self) -> TransactionId | None:
        """Its id, as the CSMS has given it."""
        return self.start.given

    @property
    def began(self) -> datetime:
        """When it began."""
        return self.start.stamp or self.start.at

    @property
    def ended(self) -> datetime | None:
        """When it ended; None: not in the trace."""
        return (self.stop.stamp or self.stop.at) if self.stop else None

    @property
    def failed(self) -> bool:
        """Whether it was over as soon as it had begun."""
        return self.ended is not None and self.ended - self.began < FAILED_WITHIN

    def age_s(self, at: datetime) -> float:
        """Seconds since it began."""
        return (at - self.began) / S


def sessions(told: Conversation, connector: int | None = None) -> list[Session]:
    """The transactions that begin in a trace, each once, however often its start was sent."""
    return [s for s in _sessions(told) if connector in (None, s.connector)]


@lru_cache(maxsize=16)
def _sessions(told: Conversation) -> tuple[Session, ...]:
    found: list[Session] = []
    seen: set[tuple[int, object]] = set()
    for number in told.numbers:
        starts = told.of("StartTransaction", number)
        for i, start in enumerate(starts):
            if (number, start.payload.get("timestamp")) in seen:
                continue
            seen.add((number, start.payload.get("timestamp")))
            following = [other.at for other in starts[i + 1 :] if other.stamp != start.stamp]
            until = following[0] if following else None
            found.append(_session(told, number, start, until))
    return tuple(sorted(found, key=lambda session: session.start.at))


def _session(
    told: Conversation, connector: int, start: Exchange, until: datetime | None
) -> Session:
    given = start.given
    stop = None
    if given is not None:
        stops = told.of("StopTransaction")
        stop = next((s for s in stops if s.transaction == given and s.at >= start.at), None)
    samples = tuple(
        sample
        for sample in told.of("MeterValues", connector)
        if sample.at >= start.at
        and (until is None or sample.at < until)
        and (sample.transaction == given or (given == -1 and sample.transaction is None))
        and sample.context in ("Transaction.Begin", "Sample.Periodic", "Transaction.End")
    )
    return Session(connector, start, stop, samples)


@dataclass(frozen=True, eq=False)
class Outage:
    """A time in which nothing passed, and the boot that ended it."""

    began: datetime
    """What was said last."""
    boot: Exchange

    @property
    def over(self) -> datetime:
        """When the charger was heard again."""
        return self.boot.at

    def has(self, at: datetime | None) -> bool:
        """Whether a moment lies in it."""
        return at is not None and self.began - S < at < self.over - S

    @property
    def middle(self) -> datetime:
        """Where nothing tells of the moment."""
        return self.began + (self.over - self.began) / 2


def reconnects(told: Conversation) -> list[Exchange]:
    """BootNotifications that begin a connection: those that nobody has asked for."""
    triggers = [
        asked.at
        for asked in told.asked
        if asked.action == "TriggerMessage"
        and asked.payload.get("requestedMessage") == "BootNotification"
    ]
    return [
        boot
        for boot in told.boots
        if not any(timedelta(0) <= boot.at - at < TRIGGERED_WITHIN for at in triggers)
    ]


def heard_at(boot: Exchange) -> datetime:
    """When a charger knew that it may speak: a CSMS may take its time for that."""
    return boot.answered_at or boot.at


def outages(told: Conversation) -> list[Outage]:
    """The outages that lie in a trace; a boot that a trace begins with ends one from before it."""
    found = []
    for boot in reconnects(told):
        before = [e.answered_at or e.at for e in told.exchanges if e.at < boot.at]
        before = [at for at in before if at < boot.at]
        if before:
            found.append(Outage(max(before), boot))
    return found


def reported(told: Conversation, report: Exchange) -> Exchange | None:
    """The boot after which a status is said anew, whether or not it has changed; what a connector
    says a second time so soon has happened since."""
    for boot in reconnects(told):
        if boot.at <= report.at and report.at - heard_at(boot) < REPORTED_WITHIN:
            again = any(
                other.status and boot.at <= other.at < report.at and other is not report
                for other in told.of("StatusNotification", report.connector)
            )
            return None if again else boot
    return None


def offline_starts(told: Conversation) -> list[Session]:
    """Transactions that had begun while there was no link: stamped before the boot they follow."""
    boots = [boot.at for boot in reconnects(told)]
    return [
        session
        for session in sessions(told)
        if session.start.stamp is not None
        and any(session.began < boot - 2 * S and boot < session.start.at for boot in boots)
    ]
