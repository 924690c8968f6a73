"""Whether two samples may come from one distribution, and two rates from one chance.

A single frame cannot tell: where chance decides, a true twin differs from the record now and then,
and a wrong one is right now and then. So a kind of thing is judged over all frames and all seeds:
lengths of time by the two-sample figure of Kolmogorov and Smirnov, rates by Fisher's exact test.

A run asks some thirty such questions. At `SURE` a true twin is wronged in three runs of a hundred,
and then by few frames: not the whole kind is charged with a difference, but as many frames as would
have to be otherwise for the figure to pass. So a small offence costs little, a large one nearly all
frames of its kind, and no seed can buy it back. Where the record is too small to tell even the
worst twin from a true one, that is said.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

SURE = 0.001
"""A figure that a true twin reaches less often tells of a difference."""
LIMIT = 1.9495
"""Where the tail of Kolmogorov's distribution has that size."""
SEVERAL = 6
"""Of fewer values nobody can say which is out of the ordinary."""
FAR, FAR_S = 2.2, 1.0
"""What is so many times the middle, or so small a part of it, and so far off, had another cause."""
MAD_TO_SIGMA = 1.4826
FAR_DEVIATIONS = 6.0
DEVIATIONS = 4.0
"""A span reaches so many standard deviations to each side: a true draw leaves it once in 16,000."""
FEW = 5
"""Of fewer values the range tells little of the deviation; of less than `HARDLY_ANY` nothing."""
HARDLY_ANY = 3
FEW_RANGES, FEW_S, FEW_LONG = 3.0, 1.5, 0.03
ANY_S, ANY_SHARE = 2.5, 0.15
TAIL = 0.5
"""By this part of its range a delay that turns of a loop are part of may be longer: where several
wait for the same turn, they take several."""
FINE_S, FINE_LONG, FINE_LEAST = 0.05, 0.01, 0.001
LEAST_SHARE, LEAST_S = 0.03, 0.02


@dataclass(frozen=True)
class Figure:
    """What came of comparing two samples."""

    size: float
    """The largest distance between both distribution functions."""
    limit: float
    """How large it may be."""
    where: float
    """At which value that is."""
    other_is_lower: bool
    """There the second sample has too many values at or below."""

    @property
    def differs(self) -> bool:
        """Whether both have different distributions."""
        return self.size > self.limit

    def charged(self, count: int) -> int:
        """How many of the second sample's values would have to move."""
        return math.ceil((self.size - self.limit) * count) if self.differs else 0


def two_samples(one: Sequence[float], other: Sequence[float]) -> Figure:
    """The two-sample figure of Kolmogorov and Smirnov; neither may be empty.

    The limit is that of the asymptotic distribution with Stephens' correction for small samples.
    """
    first, second = sorted(one), sorted(other)
    size, where, lower = 0.0, first[0], False
    for value in (*first, *second):
        here = bisect_right(first, value) / len(first)
        there = bisect_right(second, value) / len(second)
        if abs(there - here) > size:
            size, where, lower = abs(there - here), value, there > here
    root = math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    return Figure(size, LIMIT / (root + 0.12 + 0.11 / root), where, lower)


def span_of(values: Sequence[float], *, fine: bool = False) -> tuple[float, float] | None:
    """Where another draw from the same distribution lies, as far as a sample can tell.

    The range of n draws is so many standard deviations on the average; what is missing from it to
    `DEVIATIONS` on each side is added, and more the fewer they are. None where there is no draw.
    `fine` is what no turn of a firmware's loop is part of: there a few draws tell more.
    """
    usual = without_outliers(values)
    if not usual:
        return None
    low, high, middle, n = min(usual), max(usual), abs(median(usual)), len(usual)
    if n < FEW and fine:
        more = max(FINE_S + FINE_LONG * middle, FEW_RANGES * (high - low))
    elif n < HARDLY_ANY:
        more = ANY_S + ANY_SHARE * middle
    elif n < FEW:
        more = max(FEW_S + FEW_LONG * middle, FEW_RANGES * (high - low))
    else:
        average_range = 2 * NormalDist().inv_cdf((n - 0.375) / (n + 0.25))
        wanted = DEVIATIONS * (1 + 1 / math.sqrt(n))
        more = (wanted / average_range - 0.5) * (high - low)
        more = max(more, LEAST_S, (FINE_LEAST if fine else LEAST_SHARE) * middle)
        more = more if fine else max(more, TAIL * (high - low))
    return low - more, high + more


def without_outliers(values: Sequence[float]) -> list[float]:
    """Values without those that must have had another cause: of few, all are kept."""
    if len(values) < SEVERAL:
        return list(values)
    middle = median(values)
    deviation = median(abs(value - middle) for value in values) * MAD_TO_SIGMA
    far = max(FAR_DEVIATIONS * deviation, FAR_S)
    return [
        value
        for value in values
        if abs(value - middle) <= far or abs(middle) / FAR <= abs(value) <= FAR * abs(middle)
    ]


# -- rates -----------------------------------------------------------------------------------------


def same_rate(hits: int, of: int, other_hits: int, other_of: int) -> float:
    """How likely two rates are at least so far apart when one chance has made both: Fisher's exact
    test, two-sided."""
    if not of or not other_of:
        return 1.0
    both = hits + other_hits
    least, most = max(0, both - other_of), min(of, both)

    def weight(k: int) -> float:
        return _log_choose(of, k) + _log_choose(other_of, both - k)

    whole = _log_choose(of + other_of, both)
    own = weight(hits)
    total = sum(
        math.exp(weight(k) - whole) for k in range(least, most + 1) if weight(k) <= own + 1e-9
    )
    return min(1.0, total)


def charged_hits(hits: int, of: int, other_hits: int, other_of: int) -> int:
    """How many of the other's hits are too many (or, below 0, too few)."""
    if same_rate(hits, of, other_hits, other_of) >= SURE:
        return 0
    step = -1 if other_hits * of > hits * other_of else 1
    now = other_hits
    while 0 <= now + step <= other_of and same_rate(hits, of, now, other_of) < SURE:
        now += step
    return other_hits - now


def can_tell(hits: int, of: int, other_of: int) -> bool:
    """Whether the record is large enough to tell the worst twin from a true one."""
    return any(same_rate(hits, of, worst, other_of) < SURE for worst in (0, other_of))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
