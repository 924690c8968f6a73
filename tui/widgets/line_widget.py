"""A widget that keeps its lines as plain data and repaints only the cells that changed.

`lines_for(width, height)` says what should be there as spans of (text, role, press); `sync`
compares with what is there and marks only the differing stretch of each line as dirty. Nothing
here ever asks for a layout, which is what makes a busy dashboard cheap over SSH. A span with
`press` is a thing to click: the word is posted as `Pressed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.look import Look
from tui.text import cut, width
from tui.themes import palette


class Span(NamedTuple):
    """Text of one role; `press` names what a click on it does."""

    text: str
    role: str = "text"
    press: str = ""


Line = tuple[Span, ...]


def line_width(line: Iterable[Span]) -> int:
    """Cells that the spans take."""
    return sum(width(span.text) for span in line)


def fitted(
    spans: Iterable[Span], cells: int, ellipsis: str = "…", fill: str = "text", blank: str = " "
) -> Line:
    """The spans in exactly `cells` cells, cut or filled up at the end."""
    out: list[Span] = []
    left = cells
    for span in spans:
        text = cut(span.text, left, ellipsis)
        if text:
            out.append(span._replace(text=text))
            left -= width(text)
        if left <= 0:
            break
    if left > 0:
        out.append(Span(blank * left, fill))
    return tuple(out)


def justified(left: Sequence[Span], right: Sequence[Span], cells: int, ellipsis: str = "…") -> Line:
    """Two groups at the two ends of a line; the left one gives way."""
    right_cells = line_width(right)
    if right_cells >= cells:
        return fitted(right, cells, ellipsis)
    return (*fitted(left, cells - right_cells, ellipsis), *right)


def framed_edge(
    corners: tuple[str, str, str],
    left: Sequence[Span],
    right: Sequence[Span],
    cells: int,
    role: str,
    ellipsis: str = "…",
) -> Line:
    """A border line with titles in it, one at each end."""
    start, dash, end = corners
    inner = cells - 4
    right_cells = line_width(right)
    if right_cells + 4 > inner:
        right, right_cells = (), 0
    title: list[Span] = []
    room = inner - right_cells
    for span in left:
        text = cut(span.text, room, ellipsis)
        if text:
            title.append(span._replace(text=text))
            room -= width(text)
    return (
        Span(start + dash, role),
        *title,
        Span(dash * room, role),
        *right,
        Span(dash + end, role),
    )


Stretch = tuple[int, int]
"""Cells from, to (exclusive)."""


def differences(old: Line, new: Line) -> list[Stretch]:
    """The stretches of cells in which two lines of equal width differ."""
    if len(old) == len(new) and all(
        width(before.text) == width(after.text) for before, after in zip(old, new, strict=True)
    ):
        return _changed_spans(old, new)
    start = ahead = 0
    for before, after in zip(old, new, strict=False):
        if before != after:
            break
        start += width(after.text)
        ahead += 1
    end = line_width(new)
    for before, after in zip(reversed(old[ahead:]), reversed(new[ahead:]), strict=False):
        if before != after:
            break
        end -= width(after.text)
    return [(start, end)] if end > start else []


def _changed_spans(old: Line, new: Line) -> list[Stretch]:
    stretches: list[Stretch] = []
    place = 0
    for before, after in zip(old, new, strict=True):
        cells = width(after.text)
        if before != after:
            if stretches and stretches[-1][1] == place:
                stretches[-1] = (stretches[-1][0], place + cells)
            else:
                stretches.append((place, place + cells))
        place += cells
    return stretches


class LineWidget(Widget):
    """Base of what is drawn line by line. Subclasses override `lines_for`."""

    DEFAULT_CSS = "LineWidget { height: 1; }"
    ALLOW_SELECT = False

    class Pressed(Message):
        """A span with `press` was clicked."""

        def __init__(self, sender: LineWidget, press: str) -> None:
            self.sender = sender
            self.press = press
            super().__init__()

        @property
        def control(self) -> LineWidget:
            return self.sender

    def __init__(self, look: Look, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.look = look
        self._lines: list[Line] = []
        self._drawn_size = (-1, -1)
        self._roles: dict[str, Style] = {}

    def lines_for(self, width: int, height: int) -> list[Line]:
        """What should be there now; each line exactly `width` cells."""
        raise NotImplementedError

    @property
    def said(self) -> str:
        """What is drawn now, as text."""
        return "\n".join("".join(span.text for span in line) for line in self._lines)

    def sync(self) -> None:
        """Compare what should be there with what is, and mark the difference for repainting."""
        size = (self.size.width, self.size.height)
        if not all(size) or not self.is_attached:
            return
        lines = self.lines_for(*size)
        if size != self._drawn_size or len(lines) != len(self._lines):
            self._lines, self._drawn_size = lines, size
            self.refresh()
            return
        regions: list[Region] = []
        for y, (old, new) in enumerate(zip(self._lines, lines, strict=False)):
            if old != new:
                regions += [
                    Region(start, y, end - start, 1) for start, end in differences(old, new)
                ]
        self._lines = lines
        if regions:
            self.refresh(*regions)

    def role_style(self, role: str) -> Style:
        """The style of a role under the theme of now."""
        if not self._roles:
            self._roles = palette(
                self.app.theme_variables, self.app.native_ansi_color, self.app.no_color
            )
        return self._roles[role]

    def render_line(self, y: int) -> Strip:
        size = (self.size.width, self.size.height)
        if size != self._drawn_size:
            self._lines, self._drawn_size = self.lines_for(*size), size
        if y >= len(self._lines):
            return Strip.blank(size[0], self.role_style("text"))
        segments: list[Segment] = []
        for (role, press), spans in groupby(self._lines[y], key=attrgetter("role", "press")):
            style = self.role_style(role)
            if press:
                style = style + Style(meta={"press": press})
            segments.append(Segment("".join(span.text for span in spans), style))
        return Strip(segments)

    def notify_style_update(self) -> None:
        self._roles = {}
        super().notify_style_update()

    def on_resize(self) -> None:
        self.sync()

    def press_at(self, event: events.MouseEvent) -> str:
        """What the span under the mouse does when pressed; empty for nothing."""
        press = event.style.meta.get("press", "")
        return str(press)

    def on_click(self, event: events.Click) -> None:
        press = self.press_at(event)
        if press:
            event.stop()
            self.pressed(press)

    def pressed(self, press: str) -> None:
        """Do what a click on a span with `press` does.

        This is what a subclass overrides: Textual calls the `on_click` of every class in turn.
        """
        self.post_message(self.Pressed(self, press))
