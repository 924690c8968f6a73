"""A text of several lines, to be written or mended: a payload, a whole frame.

Nothing is checked away: what is wrong with it is said below while it is written, and it can be
taken all the same by whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import TextArea

from tui import text
from tui.dialogs.room import make_fit
from tui.look import Look

LEAST_ROWS = 6
HOW = "ctrl+s takes it, esc goes back"


class TextEditor(ModalScreen["str | None"]):
    """The text, or None where somebody has gone back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False, priority=True),
        Binding("ctrl+s,f2", "take", show=False, priority=True),
    ]

    def __init__(self, look: Look, title: str, written: str, trouble: Callable[[str], str]) -> None:
        """`trouble` says what is wrong with a text, as a sentence; empty: nothing is."""
        super().__init__()
        self.look = look
        self._title = title
        self._written = written
        self._trouble = trouble
        self._rows_wanted = 0

    def compose(self) -> ComposeResult:
        box = Vertical(id="text-editor", classes="-ascii" if self.look.ascii else "")
        make_fit(box, self.app.size, max(LEAST_ROWS, self._written.count("\n") + 2))
        with box:
            area = TextArea(self._written, id="area", compact=True, highlight_cursor_line=False)
            area.cursor_blink = False
            yield area

    def on_mount(self) -> None:
        self.query_one("#text-editor").border_title = Content(text.plain(self._title))
        area = self.query_one(TextArea)
        area.focus()
        area.move_cursor(area.document.end)
        self._say()

    def on_resize(self) -> None:
        self._rows_wanted = 0
        self.call_after_refresh(self._make_room)

    def _make_room(self) -> None:
        """Be as high as the text, and never lower than it was: what is written moves nothing."""
        rows = self.query_one(TextArea).wrapped_document.height + 1
        self._rows_wanted = max(self._rows_wanted, LEAST_ROWS, rows)
        make_fit(self.query_one("#text-editor"), self.app.size, self._rows_wanted)

    @on(TextArea.Changed)
    def _say(self) -> None:
        self._make_room()
        box = self.query_one("#text-editor")
        trouble = text.plain(self._trouble(self.query_one(TextArea).text), self.look.ascii)
        box.border_subtitle = Content(f"{trouble}; {HOW}" if trouble else HOW)
        box.set_class(bool(trouble), "-trouble")

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_take(self) -> None:
        self.dismiss(self.query_one(TextArea).text)
