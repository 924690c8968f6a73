"""A cell for each charge point of a fleet, the worst first, in the widest form in which all fit.

Few have room for their id, a bar and their power; of many there is a glyph each. What does not fit
at all is at the end, where all is well, and its number is told. A click opens the charge point.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from sim_core.fleet.snapshot import Point, PointState
from sim_core.snapshot import ConnectorState
from tui import text
from tui.look import FACES, Look
from tui.widgets.line_widget import Line, Span, fitted

OPEN = "open"
"""What a click on a cell does, followed by the number."""
WORDS: dict[PointState, str] = {
    PointState.CRASHED: "ended",
    PointState.OFFLINE: "offline",
    PointState.FAULTED: "Faulted",
    PointState.WAITING: "waits",
    PointState.PAUSED: "paused",
    PointState.CHARGING: "charging",
    PointState.FREE: "free",
    PointState.OFF: "off",
}
"""Each state in a word, for cells and for the line above them."""
SYMBOLS: dict[PointState, tuple[str, str]] = {
    PointState.CRASHED: ("noise", "error"),
    PointState.OFFLINE: ("away", "warning"),
    PointState.WAITING: ("pending", "secondary"),
    PointState.OFF: ("dot", "faint"),
}
"""(symbol, role) of what no connector can be."""
STATES: dict[PointState, ConnectorState] = {
    PointState.FAULTED: ConnectorState.FAULTED,
    PointState.PAUSED: ConnectorState.PAUSED_BY_VEHICLE,
    PointState.CHARGING: ConnectorState.CHARGING,
    PointState.FREE: ConnectorState.FREE,
}
INDENT = 2
LEAST_BAR, MOST_BAR = 6, 60
FIGURE_CELLS = 9
"""Of a power, or of a word in its place."""


def worst_first(points: Sequence[Point]) -> list[Point]:
    """What needs somebody comes first; what is alike stands by its number."""
    return sorted(points, key=lambda point: (point.state, point.number))


def cell_lines(
    points: Sequence[Point],
    id_of: Callable[[int], str],
    look: Look,
    cells: int,
    rows: int,
) -> list[Line]:
    """A line that counts them and the cells, in at most `rows` lines of exactly `cells` cells."""
    if rows < 2 or not points:
        return []
    ordered = worst_first(points)
    head = fitted(_head(ordered, look), cells, look.symbol("ellipsis"))
    room, wide = rows - 1, cells - INDENT
    across = -(-len(ordered) // room)
    width = wide // across
    if width >= 1:
        digits = len(str(max(point.number for point in ordered)))
        if width < digits + 3:
            width = min(width, 2)
        draw = _widest(ordered, id_of, look, width)
        return [head, *_grid(ordered, draw, width, cells, look)]
    shown = ordered[: wide * (room - 1)]
    left = len(ordered) - len(shown)
    more = fitted([Span(f"  and {left:,} more, none of them worse", "muted")], cells)
    return [head, *_grid(shown, lambda point: _glyph(point, look), 1, cells, look), more]


def _widest(
    points: Sequence[Point], id_of: Callable[[int], str], look: Look, width: int
) -> Callable[[Point], Line]:
    """How to draw one where each has `width` cells."""
    longest = max(text.width(id_of(point.number)) for point in (points[0], points[-1]))
    most_w = 1000.0 * text.scale_above(max(point.power_w for point in points) / 1000)
    digits = len(str(max(point.number for point in points)))
    named, told = longest + 4, longest + FIGURE_CELLS + 5
    bar = min(MOST_BAR, width - told - 1)

    def draw(point: Point) -> Line:
        line = _glyph(point, look)
        if digits + 3 <= width < named:
            line = (*line, Span(f" {point.number}"))
        if width >= named:
            name = text.fit(text.plain(id_of(point.number), look.ascii), longest)
            line = (*line, Span(f" {name} "))
        if bar >= LEAST_BAR:
            line = (*line, _bar(point, most_w, look, bar))
        if width >= told:
            line = (*line, _figure(point))
        return line

    return draw


def _head(points: Sequence[Point], look: Look) -> Line:
    counts = Counter(point.state for point in points)
    spans = [Span(" Each, worst first ", "accent")]
    for state in sorted(counts):
        glyph, role = _face(state, look)
        spans += [Span(f" {glyph} ", role), Span(f"{counts[state]:,} {WORDS[state]} ")]
    return tuple(spans)


def _grid(
    points: Sequence[Point], draw: Callable[[Point], Line], width: int, cells: int, look: Look
) -> list[Line]:
    across = max(1, (cells - INDENT) // width)
    lines: list[Line] = []
    for first in range(0, len(points), across):
        spans: list[Span] = [Span(" " * INDENT)]
        for point in points[first : first + across]:
            press = f"{OPEN} {point.number}"
            cell = fitted(draw(point), width, look.symbol("ellipsis"))
            spans += [span._replace(press=press) for span in cell]
        lines.append(fitted(spans, cells))
    return lines


def _face(state: PointState, look: Look) -> tuple[str, str]:
    known = STATES.get(state)
    if known is not None:
        return look.glyph(known), FACES[known].role
    symbol, role = SYMBOLS[state]
    return look.symbol(symbol), role


def _glyph(point: Point, look: Look) -> Line:
    glyph, role = _face(point.state, look)
    return (Span(glyph, role),)


def _figure(point: Point) -> Span:
    if point.state is PointState.CHARGING:
        return Span(f"{text.kilo(point.power_w, 1)} kW".rjust(FIGURE_CELLS), "strong")
    _, role = SYMBOLS.get(point.state, ("", "muted"))
    role = FACES[STATES[point.state]].role if point.state in STATES else role
    return Span(WORDS[point.state].rjust(FIGURE_CELLS), role)


def _bar(point: Point, most_w: float, look: Look, cells: int) -> Span:
    filled = max(int(point.power_w > 0), round(min(1.0, point.power_w / most_w) * cells))
    bar = look.symbol("full") * filled + look.symbol("empty") * (cells - filled)
    return Span(bar, "trace" if filled else "faint")
