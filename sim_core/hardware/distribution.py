"""A number that differs from one occasion to the next, told as people measure it.

Its median, the p10 and p90 beside it, and the bounds that it never leaves: between each two of
them every value is as likely as the next. So what was measured comes out, and nothing else does.
"""

from __future__ import annotations

from typing import Protocol

POINTS = (0.0, 0.1, 0.5, 0.9, 1.0)
"""The shares of all occasions that lie below the least, p10, the median, p90 and the most."""
TAIL = 0.5
"""How far a bound that is not given lies behind p10 or p90: by this part of the way from the
median to there."""


class Chance(Protocol):
    """What a number is drawn with."""

    def random(self) -> float: ...


class Distribution(float):
    """See the module. Where a number is wanted and no occasion is meant, it is its median."""

    __slots__ = ("least", "most", "p10", "p90")

    least: float
    p10: float
    p90: float
    most: float

    def __new__(
        cls,
        median: float,
        p10: float,
        p90: float,
        least: float | None = None,
        most: float | None = None,
    ) -> Distribution:
        """Raises ValueError where `least` <= `p10` <= `median` <= `p90` <= `most` does not hold.

        A bound that is not given lies half as far again from the median as p10 or p90, and not
        below 0 where p10 is not.
        """
        self = super().__new__(cls, median)
        self.p10, self.p90 = float(p10), float(p90)
        if least is None:
            least = p10 - TAIL * (median - p10)
            least = max(0.0, least) if p10 >= 0 else least
        self.least = float(least)
        self.most = float(p90 + TAIL * (p90 - median) if most is None else most)
        points = self.points
        if list(points) != sorted(points):
            raise ValueError("least, p10, median, p90 and most must rise in this order")
        return self

    def __getnewargs__(self) -> tuple[float, ...]:  # type: ignore[override]
        return self.median, self.p10, self.p90, self.least, self.most

    def __repr__(self) -> str:
        least, p10, median, p90, most = self.points
        return f"Distribution({median!r}, {p10!r}, {p90!r}, {least!r}, {most!r})"

    @property
    def median(self) -> float:
        """Half of all occasions lie below it."""
        return float(self)

    @property
    def points(self) -> tuple[float, float, float, float, float]:
        """Least, p10, median, p90, most."""
        return self.least, self.p10, self.median, self.p90, self.most

    def at(self, share: float) -> float:
        """The number below which this share of all occasions lies; `share` is 0 to 1."""
        points = self.points
        for i in range(len(POINTS) - 1):
            if share <= POINTS[i + 1]:
                part = (share - POINTS[i]) / (POINTS[i + 1] - POINTS[i])
                return points[i] + (points[i + 1] - points[i]) * part
        return self.most

    def drawn(self, chance: Chance) -> float:
        """The number on one occasion."""
        return self.at(chance.random())


def drawn(number: float, chance: Chance) -> float:
    """A number on one occasion: one that is no distribution is always the same, and draws none."""
    return number.drawn(chance) if isinstance(number, Distribution) else number


def at(number: float, share: float) -> float:
    """What `Distribution.at` says, or the number itself."""
    return number.at(share) if isinstance(number, Distribution) else number
