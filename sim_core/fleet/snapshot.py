"""What may be seen of a fleet: one frozen snapshot a second, however many there are in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

SHARES = (0.5, 0.95, 0.99)
MOST_REASONS = 5


class Phase(str, Enum):
    """What the fleet as a whole is doing."""

    BOOTING = "booting"
    RUNNING = "running"
    STOPPING = "stopping"


class PointState(int, Enum):
    """How it stands with one charge point, the worst first."""

    CRASHED = 0
    """It ended by a fault of the program."""
    OFFLINE = 1
    FAULTED = 2
    WAITING = 3
    """Connected, but the CSMS has not accepted it (BootNotification)."""
    PAUSED = 4
    """There is a transaction, and no energy flows."""
    CHARGING = 5
    FREE = 6
    OFF = 7
    """Not switched on yet."""


class Point(NamedTuple):
    """One charge point of the fleet."""

    number: int
    state: PointState
    power_w: float = 0.0


@dataclass(frozen=True)
class Latency:
    """How long the CSMS took to answer, in seconds: half of the answers were within `p50_s`."""

    p50_s: float
    p95_s: float
    p99_s: float


@dataclass(frozen=True)
class FleetSnapshot:
    """The whole fleet at one moment."""

    phase: Phase = Phase.BOOTING
    total: int = 0
    """Charge points of this process."""
    booted: int = 0
    """Switched on so far."""
    connected: int = 0
    registered: int = 0
    connectors: int = 0
    transactions: int = 0
    charging: int = 0
    """Connectors to which energy flows."""
    faulted: int = 0
    power_w: float = 0.0
    queued: int = 0
    """Transaction messages that the CSMS has not answered yet."""
    visits_begun: int = 0
    """Visits of drivers that charge or have charged, since the beginning."""
    visits_ended: int = 0
    messages: int = 0
    """Requests in both directions since the beginning."""
    messages_per_s: float = 0.0
    latency: Latency | None = None
    """Of the last answers; None before the first."""
    errors: Mapping[str, int] = field(default_factory=dict)
    """By kind; only kinds that there were."""
    offline_because: tuple[tuple[str, int], ...] = ()
    """The most frequent reasons of charge points that are not connected now, with their counts."""
    refused: tuple[tuple[str, int], ...] = ()
    """The most frequent reasons why visits came to nothing, with their counts."""
    crashed: int = 0
    """Charge points that ended by a fault of the program; the log has why."""
    lag_s: float = 0.0
    """How much later than due this process has come to look: it is busier than it can bear."""
    warnings: tuple[str, ...] = ()
    """Standing warnings, as sentences."""
    standing: tuple[str, ...] = ()
    """What the CSMS does not take, as long as that lasts."""
    rate_trace: tuple[float, ...] = ()
    """Messages a second, one value a second, newest last."""

    points: tuple[Point, ...] = ()
    """Each charge point, in the order of their numbers; empty where nobody looks at each."""

    @property
    def trouble(self) -> int:
        """How many errors there were, of whatever kind."""
        return sum(self.errors.values()) + self.crashed


def latency_of(seconds: Sequence[float]) -> Latency | None:
    """The percentiles of these, by nearest rank."""
    if not seconds:
        return None
    ranked = sorted(seconds)
    return Latency(*(ranked[min(len(ranked) - 1, int(share * len(ranked)))] for share in SHARES))


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural where that is due."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def summary(seen: FleetSnapshot) -> str:
    """What the whole run came to, in one line."""
    return (
        f"{counted(seen.messages, 'message')}, {counted(seen.visits_begun, 'session')} begun and "
        f"{seen.visits_ended} ended, {counted(seen.trouble, 'error')}, "
        f"{counted(seen.queued, 'message')} not answered"
    )


def sentence(seen: FleetSnapshot) -> str:
    """The snapshot in one line."""
    words = [
        f"{seen.registered} of {seen.total} registered",
        f"{seen.charging} of {counted(seen.connectors, 'connector')} charging",
        f"{seen.power_w / 1000:.0f} kW",
        f"{seen.messages_per_s:.1f} messages/s",
    ]
    if seen.latency:
        p50, p95, p99 = (
            f"{seconds * 1000:.0f}"
            for seconds in (seen.latency.p50_s, seen.latency.p95_s, seen.latency.p99_s)
        )
        words.append(f"answers p50 {p50} p95 {p95} p99 {p99} ms")
    words.append(counted(seen.trouble, "error"))
    if seen.queued:
        words.append(f"{seen.queued} queued")
    if seen.offline_because:
        reason, count = seen.offline_because[0]
        words.append(f"{count} not connected: {reason}")
    return f"{seen.phase.value}: " + ", ".join(words)
