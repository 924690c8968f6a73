"""Power over time as bars on a fixed scale from nothing to what the connector is rated for.

A scale that followed the data would draw a steady 7 kW like zero. Here the newest value is at the
right, each column is the mean of `SECONDS_A_COLUMN`, a value above zero never draws as nothing, and
columns are bounded by the clock rather than by the newest value, so that bars stand still and move
one column at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sim_core.snapshot import TRACE_LENGTH

SECONDS_A_COLUMN = 5


def columns(trace_w: Sequence[float], phase: int, count: int) -> list[float]:
    """The means of the last `count` columns, oldest first; `phase` is the second of the newest."""
    out: list[float] = []
    end = len(trace_w)
    size = phase % SECONDS_A_COLUMN + 1
    while end > 0 and len(out) < count:
        part = trace_w[max(0, end - size) : end]
        out.append(sum(part) / len(part))
        end -= size
        size = SECONDS_A_COLUMN
    out.reverse()
    return out


@lru_cache(256)
def trace_rows(
    trace_w: tuple[float, ...], rated_w: float, phase: int, cells: int, height: int, bars: str
) -> tuple[str, ...]:
    """The trace as `height` rows of `cells` characters, top row first."""
    cells = max(0, cells)
    values = columns(trace_w, phase, min(cells, TRACE_LENGTH // SECONDS_A_COLUMN))
    steps = len(bars) - 1
    full = steps * height
    levels = [_level(value, rated_w, full) for value in values]
    rows = []
    for row in range(height):
        floor = (height - 1 - row) * steps
        text = "".join(bars[min(max(level - floor, 0), steps)] for level in levels)
        rows.append(text.rjust(cells))
    return tuple(rows)


def _level(value: float, rated_w: float, full: int) -> int:
    if not value > 0:
        return 0
    if not rated_w > 0:
        return full
    return max(1, min(full, round(value / rated_w * full)))


def covered_s(cells: int) -> int:
    """How many seconds a trace of so many cells shows."""
    return min(cells * SECONDS_A_COLUMN, TRACE_LENGTH)
