"""Lines over the dashboard, to read and to scroll: help, journal.

A live dialog asks for its lines again every second; only the cells that differ are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified

REFRESH_S = 1.0


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
            lines[-1] = justified(self._content[self._top + height - 1], more, width)
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

    def __init__(
        self, look: Look, title: str, lines: Callable[[], Sequence[Line]], *, live: bool = False
    ) -> None:
        super().__init__()
        self.look = look
        self._title = title
        self._lines = lines
        self._live = live

    def compose(self) -> ComposeResult:
        with Vertical(id="text-dialog", classes="-ascii" if self.look.ascii else ""):
            yield DialogText(self.look, self._lines())

    def on_mount(self) -> None:
        self.query_one("#text-dialog").border_title = Content(self._title)
        self.query_one("#text-dialog").border_subtitle = Content("esc goes back")
        if self._live:
            self.set_interval(REFRESH_S, self._refresh_text)

    def _refresh_text(self) -> None:
        self.query_one(DialogText).show(self._lines())

    def action_move(self, rows: int) -> None:
        self.query_one(DialogText).move(rows)

    def on_mouse_scroll_down(self) -> None:
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-3)

    def action_close(self) -> None:
        self.dismiss(None)
