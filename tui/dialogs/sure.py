"""Are you sure: a sentence, and two words to choose from. The focus is on going back."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

from tui import text
from tui.dialogs.quit_question import Options, QuestionBox
from tui.look import Look
from tui.widgets.line_widget import LineWidget

YES, NO = "yes", "no"


class Sure(ModalScreen[bool]):
    """True: it is to be done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,shift+tab,up", "move(-1)", show=False, priority=True),
        Binding("right,tab,down", "move(1)", show=False, priority=True),
        Binding("enter", "take", show=False),
        Binding("escape,n", "answer(False)", show=False),
        Binding("y", "answer(True)", show=False),
    ]

    def __init__(self, look: Look, title: str, sentence: str, yes: str, no: str) -> None:
        super().__init__()
        self.look = look
        self._title = title
        self._sentence = text.plain(sentence, look.ascii)
        self._yes, self._no = yes, no

    def compose(self) -> ComposeResult:
        options = ((YES, self._yes), (NO, self._no))
        yield QuestionBox(self.look, (self._sentence,), options).fitted_to(self.app.size)

    def on_mount(self) -> None:
        self.query_one("#question").border_title = Content(self._title)
        self.query_one(Options).focus()

    def on_resize(self) -> None:
        self.query_one(QuestionBox).fitted_to(self.app.size)

    def action_move(self, step: int) -> None:
        self.query_one(Options).move(step)

    def action_take(self) -> None:
        self.dismiss(self.query_one(Options).chosen == YES)

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)

    @on(LineWidget.Pressed)
    def _pressed(self, event: LineWidget.Pressed) -> None:
        event.stop()
        self.dismiss(event.press == YES)
