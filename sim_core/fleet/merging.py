"""The figures of a fleet in several processes, as one snapshot.

What is counted is added; the percentiles come of the answers of all, for percentiles cannot be
added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from sim_core.fleet.snapshot import (
    MOST_REASONS,
    FleetSnapshot,
    Latency,
    Phase,
)

ADDED = (
    "total",
    "booted",
    "connected",
    "registered",
    "connectors",
    "transactions",
    "charging",
    "faulted",
    "power_w",
    "queued",
    "visits_begun",
    "visits_ended",
    "messages",
    "messages_per_s",
    "crashed",
)
SINCE_THE_BEGINNING = ("visits_begun", "visits_ended", "messages", "errors", "refused", "crashed")
"""What has been does not go with the process in which it was."""
FARTHEST = (Phase.STOPPING, Phase.BOOTING, Phase.RUNNING)
"""The phase of all is the first of these that one of them is in."""


def merged(parts: Sequence[FleetSnapshot], latency: Latency | None) -> FleetSnapshot:
    """One snapshot of them all; `latency` is that of the answers of all of them."""
    phases = {part.phase for part in parts}
    return FleetSnapshot(
        **{name: sum(getattr(part, name) for part in parts) for name in ADDED},
        phase=next((phase for phase in FARTHEST if phase in phases), Phase.BOOTING),
        latency=latency,
        errors=_counted(part.errors.items() for part in parts),
        offline_because=_most(part.offline_because for part in parts),
        refused=_most(part.refused for part in parts),
        lag_s=max((part.lag_s for part in parts), default=0.0),
        warnings=_once(part.warnings for part in parts),
        standing=_once(part.standing for part in parts),
        rate_trace=_added([part.rate_trace for part in parts]),
        points=tuple(sorted(point for part in parts for point in part.points)),
    )


def what_has_been(seen: FleetSnapshot) -> FleetSnapshot:
    """Of the figures of a process that is no more: what counts since the beginning."""
    return replace(
        FleetSnapshot(phase=Phase.RUNNING),
        **{name: getattr(seen, name) for name in SINCE_THE_BEGINNING},
    )


def _counted(parts: Iterable[Iterable[tuple[str, int]]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for part in parts:
        for reason, count in part:
            counts[reason] += count
    return counts


def _most(parts: Iterable[Iterable[tuple[str, int]]]) -> tuple[tuple[str, int], ...]:
    return tuple(_counted(parts).most_common(MOST_REASONS))


def _once(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentence for part in parts for sentence in part))


def _added(traces: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Their sums, second by second, from the newest back."""
    seconds = zip_longest(*(reversed(trace) for trace in traces), fillvalue=0.0)
    return tuple(sum(second) for second in seconds)[::-1]
