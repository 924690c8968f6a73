"""A limit over the hours to come as bars on a fixed scale: a staircase, with its axis below.

Each column stands for as long as any other; it shows what holds at its beginning, so an edge is
drawn where it falls. Nothing allowed is a thin line, for that is the news.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from tui import text
from tui.look import Look
from tui.widgets.line_widget import Line, Span

SPANS_S = (600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
"""How much time a chart may show: the least of these that has every step."""
TICK_CELLS = 16
"""A time of day stands below every so many columns."""

Steps = Sequence[tuple[datetime, float]]


def span_s(steps: Steps, now: datetime, until: datetime) -> int:
    """How far a chart of these should reach, in seconds."""
    last = steps[-1][0] if len(steps) > 1 else now
    wanted = min((last - now).total_seconds() * 1.25, (until - now).total_seconds())
    return next((one for one in SPANS_S if one >= wanted), SPANS_S[-1])


def limit_at(steps: Steps, moment: datetime) -> float:
    """What is allowed at a moment."""
    held = steps[0][1] if steps else 0.0
    for begins, limit_w in steps:
        if begins > moment:
            break
        held = limit_w
    return held


def steps_chart(
    steps: Steps, until: datetime, now: datetime, cells: int, height: int, look: Look
) -> list[Line]:
    """`height` lines of bars and one with times, each of at most `cells` cells."""
    if not steps or height < 1:
        return []
    top_w = max(limit_w for _, limit_w in steps) or 1.0
    scale = text.kilowatts(top_w)
    room = max(1, cells - len(scale) - 3)
    reach = span_s(steps, now, until)
    column = timedelta(seconds=reach / room)
    marks = len(look.bars) - 1
    full = marks * height
    limits_w = [limit_at(steps, now + column * place) for place in range(room)]
    levels = [max(1, math.ceil(one / top_w * full)) if one > 0 else 0 for one in limits_w]
    rows: list[Line] = []
    for row in range(height):
        floor = (height - 1 - row) * marks
        bars = "".join(
            look.symbol("empty")
            if not (level or floor)
            else look.bars[min(max(level - floor, 0), marks)]
            for level in levels
        )
        label = scale if row == 0 else "0 kW" if row == height - 1 else ""
        rows.append((Span(" "), Span(bars, "trace"), Span(f" {label:>{len(scale)}}", "muted")))
    return [*rows, (Span(" "), Span(_axis(now, column, room, reach), "muted"))]


def _axis(now: datetime, column: timedelta, room: int, reach: int) -> str:
    axis = ""
    while len(axis) + 5 <= room:
        at = (now + column * len(axis)).astimezone()
        word = "now" if not axis else at.strftime("%H:%M:%S" if reach <= 600 else "%H:%M")
        axis += word.ljust(TICK_CELLS)
    return axis.rstrip()[:room]
