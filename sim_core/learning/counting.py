"""How often something was seen, and where: what evidence is made of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from sim_core.hardware.distribution import Distribution
from sim_core.learning.draft import Evidence

K = TypeVar("K", bound=Hashable)


class Votes(Generic[K]):
    """Who says what; the most frequent counts, of equals the one that came first."""

    def __init__(self) -> None:
        self.counts: Counter[K] = Counter()
        self._logs: defaultdict[K, list[str]] = defaultdict(list)

    def add(self, what: K, log: str) -> None:
        """One more."""
        self.counts[what] += 1
        self._logs[what].append(log)

    def __bool__(self) -> bool:
        return bool(self.counts)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    @property
    def most(self) -> K:
        """What most say."""
        return self.counts.most_common(1)[0][0]

    def evidence(self, what: K | None = None, note: str = "") -> Evidence:
        """How often that was, of all."""
        what = self.most if what is None else what
        return Evidence(self.counts[what], self.total, tuple(self._logs[what]), note)


def order_of(rows: Iterable[Sequence[K]]) -> list[K]:
    """One order for the names in these rows, as most of them have it."""
    ahead: Counter[tuple[K, K]] = Counter()
    names: dict[K, int] = {}
    for row in rows:
        for place, one in enumerate(row):
            names.setdefault(one, len(names))
            for other in row[place + 1 :]:
                ahead[one, other] += 1
    left = list(names)
    found: list[K] = []
    while left:
        # Whoever has the fewest before it comes next, of equals the one that was met first.
        first = min(
            left,
            key=lambda one: (
                sum(ahead[other, one] > ahead[one, other] for other in left if other != one),
                names[one],
            ),
        )
        left.remove(first)
        found.append(first)
    return found


FEW = 5
"""Of fewer times no tenth can be told: their least and most stand for p10 and p90."""


def spread_of(seconds: Iterable[float]) -> float | Distribution:
    """How long something takes, of the times that were seen: a number, or how it differs."""
    known = sorted(max(0.0, round(one, 3)) for one in seconds)
    median = _at(known, 0.5)
    if known[-1] - known[0] < 0.005:
        return median
    p10, p90 = (_at(known, 0.1), _at(known, 0.9)) if len(known) >= FEW else (known[0], known[-1])
    return Distribution(median, p10, p90, known[0], known[-1])


def _at(known: Sequence[float], share: float) -> float:
    place = share * (len(known) - 1)
    low = int(place)
    high = min(low + 1, len(known) - 1)
    return round(known[low] + (known[high] - known[low]) * (place - low), 3)
