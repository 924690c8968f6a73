"""Power over time as bars on a fixed scale from nothing to what the connector is rated for.

A scale that followed the data would draw a steady 7 kW like zero. Here the newest value is at the
right, each column is the mean of `SECONDS_A_COLUMN`, or of less where there is room for all that is
known and more, a value above zero never draws as zero, and columns are bounded by how many values
there have been rather than by the newest one, so that bars stand still and move one column at a
time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sim_core.snapshot import TRACE_LENGTH

SECONDS_A_COLUMN = 5


def seconds_a_column(cells: int) -> int:
    """How many values become one column where there are so many cells."""
    return max(1, min(SECONDS_A_COLUMN, -(-TRACE_LENGTH // max(1, cells))))


class SampleCount:
    """How many samples a trace has had, also after its old end began to be cut off."""

    def __init__(self) -> None:
        self._known: tuple[float, ...] = ()
        self.total = 0

    def see(self, trace_w: tuple[float, ...]) -> int:
        """Take in the trace of now and return the count."""
        known = self._known
        if trace_w is known or trace_w == known:
            return self.total
        grown = len(trace_w) - len(known)
        if grown < 0:
            self.total = len(trace_w)
        else:
            self.total += grown or _shift(known, trace_w)
        self._known = trace_w
        return self.total


def _shift(old: tuple[float, ...], new: tuple[float, ...]) -> int:
    """By how many values a trace of constant length has moved on."""
    for shift in range(1, min(len(new), 2 * SECONDS_A_COLUMN)):
        if old[shift:] == new[:-shift]:
            return shift
    return 1


def columns(
    trace_w: Sequence[float], total: int, count: int, seconds: int = SECONDS_A_COLUMN
) -> list[float]:
    """The means of the last `count` columns of so many seconds, oldest first; there were `total`
    values."""
    out: list[float] = []
    end = len(trace_w)
    size = (total - 1) % seconds + 1
    while end > 0 and len(out) < count:
        part = trace_w[max(0, end - size) : end]
        out.append(sum(part) / len(part))
        end -= size
        size = seconds
    out.reverse()
    return out


@lru_cache(256)
def chart_rows(
    trace_w: tuple[float, ...],
    rated_w: float,
    total: int,
    cells: int,
    height: int,
    bars: str,
    zero: str = " ",
) -> tuple[str, ...]:
    """The trace as `height` rows of `cells` characters, top row first.

    `zero` marks on the lowest row where there was no power; where there was no value is blank.
    """
    cells = max(0, cells)
    seconds = seconds_a_column(cells)
    values = columns(trace_w, total, min(cells, TRACE_LENGTH // seconds), seconds)
    steps = len(bars) - 1
    full = steps * height
    levels = [_level(value, rated_w, full) for value in values]
    rows = []
    for row in range(height):
        floor = (height - 1 - row) * steps
        text = "".join(
            zero if not (level or floor) else bars[min(max(level - floor, 0), steps)]
            for level in levels
        )
        rows.append(text.rjust(cells))
    return tuple(rows)


def _level(value: float, rated_w: float, full: int) -> int:
    if not value > 0:
        return 0
    if not rated_w > 0:
        return full
    return max(1, min(full, round(value / rated_w * full)))


def covered_s(cells: int, known: int) -> int:
    """How many seconds a trace shows in so many cells; those of a column that is not full yet count
    only once there is no room for more."""
    seconds = seconds_a_column(cells)
    room = min(cells * seconds, TRACE_LENGTH)
    return room if known >= room else known // seconds * seconds
