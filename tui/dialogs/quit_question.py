"""The question on leaving while something charges.

Questions are asked only where something would be lost, they name it, and the focus is on going
back.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen

from sim_core.snapshot import ConnectorSnapshot
from tui import text
from tui.dialogs.room import make_fit, most_within
from tui.leaving import CANCEL, LEAVE, STOP, AtExit
from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted

MOST_CELLS = 72
MOST_LINES = 6


class Options(LineWidget, can_focus=True):
    """A row of words to choose from."""

    def __init__(self, look: Look, options: tuple[tuple[str, str], ...]) -> None:
        super().__init__(look, id="options")
        self._options = options
        self.place = len(options) - 1

    def move(self, step: int) -> None:
        """Go to the next one."""
        self.place = (self.place + step) % len(self._options)
        self.sync()

    @property
    def chosen(self) -> str:
        """What the bar is on."""
        return self._options[self.place][0]

    @property
    def cells(self) -> int:
        """Cells that all of them take."""
        return 1 + sum(text.width(label) + 4 for _, label in self._options)

    def lines_for(self, width: int, height: int) -> list[Line]:
        spans: list[Span] = [Span(" ")]
        for place, (value, label) in enumerate(self._options):
            here = place == self.place
            mark = self.look.symbol("selected") if here else " "
            spans += [Span(f"{mark}{label} ", "cursor" if here else "button", value), Span("  ")]
        return [fitted(spans, width)] + [fitted([], width)] * (height - 1)


FATE: dict[tuple[AtExit, bool], str] = {
    (AtExit.KEPT, True): "Left open it goes on at the next start.",
    (AtExit.KEPT, False): "Left open, the next start stops it (PowerLoss).",
    (AtExit.STOPPED, True): "Quitting stops it as well (reason Reboot).",
    (AtExit.STOPPED, False): "Quitting stops it as well (reason Reboot).",
    (AtExit.LOST, True): "The demo keeps nothing: it ends here, with its CSMS.",
    (AtExit.LOST, False): "The demo keeps nothing: it ends here, with its CSMS.",
}
"""(what leaving does, the model resumes) -> what becomes of a transaction that is not stopped."""
JUST_QUIT: dict[AtExit, str] = {
    AtExit.KEPT: "Leave open and quit",
    AtExit.STOPPED: "Quit",
    AtExit.LOST: "Quit",
}


class QuitQuestion(ModalScreen[str]):
    """Leaving while something charges."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,shift+tab,up", "move(-1)", show=False, priority=True),
        Binding("right,tab,down", "move(1)", show=False, priority=True),
        Binding("enter", "take", show=False),
        Binding("escape,c,n,q", "answer('cancel')", show=False),
        Binding("s", "answer('stop')", show=False),
        Binding("l", "answer('leave')", show=False),
    ]

    def __init__(
        self, look: Look, busy: list[ConnectorSnapshot], at_exit: AtExit, resumes: bool
    ) -> None:
        """`resumes`: whether this make goes on after a power cut with what charged before."""
        super().__init__()
        self.look = look
        self._busy = busy
        self._fate = FATE[at_exit, resumes]
        self._just_quit = JUST_QUIT[at_exit]

    def compose(self) -> ComposeResult:
        names = ", ".join(str(connector.connector_id) for connector in self._busy)
        noun = "Connector" if len(self._busy) == 1 else "Connectors"
        verb = "has" if len(self._busy) == 1 else "have"
        options = (STOP, "Stop and quit"), (LEAVE, self._just_quit), (CANCEL, "Cancel")
        said = (f"{noun} {names} {verb} an open transaction.", self._fate)
        yield QuestionBox(self.look, said, options).fitted_to(self.app.size)

    def on_mount(self) -> None:
        self.query_one("#question").border_title = Content("Quit?")
        self.query_one(Options).focus()

    def on_resize(self) -> None:
        self.query_one(QuestionBox).fitted_to(self.app.size)

    def action_move(self, step: int) -> None:
        self.query_one(Options).move(step)

    def action_take(self) -> None:
        self.dismiss(self.query_one(Options).chosen)

    def action_answer(self, answer: str) -> None:
        self.dismiss(answer)

    @on(LineWidget.Pressed)
    def _pressed(self, event: LineWidget.Pressed) -> None:
        event.stop()
        self.dismiss(event.press)


class Words(LineWidget):
    """A few sentences, wrapped, and a blank line below."""

    def __init__(self, look: Look, sentences: tuple[str, ...]) -> None:
        super().__init__(look)
        self._sentences = sentences

    def lines_of(self, cells: int) -> list[str]:
        """The lines in at most so many cells."""
        wrapped = [text.wrapped(one, max(1, cells - 2)) for one in self._sentences]
        return [*[line for lines in wrapped for line in lines][:MOST_LINES], ""]

    def lines_for(self, width: int, height: int) -> list[Line]:
        lines = self.lines_of(width)[:height]
        return [fitted([Span(f" {line}")], width) for line in lines]


class QuestionBox(Vertical):
    """Sentences and options to choose from, as wide and as high as they are."""

    def __init__(
        self, look: Look, sentences: tuple[str, ...], options: tuple[tuple[str, str], ...]
    ) -> None:
        super().__init__(id="question", classes="-ascii" if look.ascii else "")
        self._words, self._options = Words(look, sentences), Options(look, options)

    def compose(self) -> ComposeResult:
        yield self._words
        yield self._options

    def fitted_to(self, screen: Size) -> QuestionBox:
        """The same box as large as it may be on such a screen."""
        most = most_within(screen, MOST_CELLS)
        lines = self._words.lines_of(most)
        self._words.styles.height = len(lines)
        cells = min(most, max([self._options.cells, *(text.width(line) + 2 for line in lines)]))
        make_fit(self, screen, len(lines) + 1, cells)
        return self
