"""Lines over the dashboard, to read and to scroll: help, journal.

It is as wide as its longest sentence and as high as its lines, as far as the screen allows. A live
dialog asks for its lines again every second; only the cells that differ are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from tui import text
from tui.dialogs.room import make_fit, most_within
from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified, line_width

REFRESH_S = 1.0
MOST_CELLS = 90
"""The widest one: longer lines are hard to read."""
BESIDE_NAME = 4
"""Cells that a border has beside the words in it."""


class DialogText(LineWidget):
    """Lines that scroll."""

    def __init__(self, look: Look, lines: Sequence[Line]) -> None:
        super().__init__(look, id="dialog-text")
        self._content = lines
        self._top = 0

    def move(self, rows: int) -> None:
        """Scroll."""
        self._top = max(0, min(self._top + rows, len(self._content) - self.size.height))
        self.sync()

    def show(self, lines: Sequence[Line]) -> None:
        """Show other lines, from where the reader is."""
        self._content = lines
        self.move(0)

    def lines_for(self, width: int, height: int) -> list[Line]:
        shown = self._content[self._top : self._top + height]
        lines = [fitted(line, width, self.look.symbol("ellipsis")) for line in shown]
        if len(self._content) > self._top + height and lines:
            more = [Span(" more below: down ", "accent")]
            last = self._content[self._top + height - 1]
            lines[-1] = justified(last, more, width, self.look.symbol("ellipsis"))
        return lines + [fitted([], width)] * (height - len(lines))


class TextDialog(ModalScreen[None]):
    """See the module."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "close", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown,space", "move(10)", show=False),
        Binding("home,g", "move(-1000)", show=False),
        Binding("end,G", "move(1000)", show=False),
    ]
    HOW: ClassVar[str] = "esc goes back"

    def __init__(
        self, look: Look, title: str, lines: Callable[[int], Sequence[Line]], *, live: bool = False
    ) -> None:
        """`lines` makes all of them, of at most so many cells where they can be wrapped."""
        super().__init__()
        self.look = look
        self._title = title
        self._lines = lines
        self._live = live

    def compose(self) -> ComposeResult:
        box = Vertical(id="text-dialog", classes="-ascii" if self.look.ascii else "")
        with box:
            yield DialogText(self.look, self._make_room(box))

    def on_mount(self) -> None:
        self.query_one("#text-dialog").border_title = Content(self._title)
        self.query_one("#text-dialog").border_subtitle = Content(self.HOW)
        if self._live:
            self.set_interval(REFRESH_S, self._refresh_text)

    def on_resize(self) -> None:
        self._refresh_text()
        self.call_after_refresh(lambda: self.query_one(DialogText).move(0))

    def _refresh_text(self) -> None:
        """Take in what there is now."""
        lines = self._make_room(self.query_one("#text-dialog", Vertical))
        self.query_one(DialogText).show(lines)

    def _make_room(self, box: Vertical) -> Sequence[Line]:
        """Make the lines, and the box as large as they need."""
        screen = self.app.size
        most = most_within(screen, MOST_CELLS)
        lines = self._lines(most)
        named = max(text.width(self._title), text.width(self.HOW)) + BESIDE_NAME
        cells = min(most, max([named, *(line_width(line) + 1 for line in lines)]))
        make_fit(box, screen, len(lines), cells)
        return lines

    def action_move(self, rows: int) -> None:
        self.query_one(DialogText).move(rows)

    def on_mouse_scroll_down(self) -> None:
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-3)

    def action_close(self) -> None:
        self.dismiss(None)
