"""What lies over the dashboard for a moment: the question on leaving, and the help.

Questions are asked only where something would be lost, they name it, and the focus is on going
back.
"""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from sim_core.snapshot import ConnectorSnapshot
from tui import text
from tui.keymap import CONNECTOR, LINK, MESSAGES, SCREEN, Row
from tui.leaving import CANCEL, LEAVE, STOP, AtExit
from tui.log_filter import LANGUAGE
from tui.look import STATUS, Look
from tui.notes import next_step
from tui.painted import Line, Painted, Span, fitted
from tui.sheet import Sheet


class Options(Painted, can_focus=True):
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

    def lines_for(self, width: int, height: int) -> list[Line]:
        spans: list[Span] = [Span(" ")]
        for place, (value, label) in enumerate(self._options):
            here = place == self.place
            mark = self.look.symbol("selected") if here else " "
            spans += [Span(f"{mark}{label} ", "cursor" if here else "button", value), Span("  ")]
        return [fitted(spans, width)] + [fitted([], width)] * (height - 1)


HELP_CELLS = 68
"""The widest line of prose in the help; fits a screen of 80."""


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
        with Vertical(id="question", classes="-ascii" if self.look.ascii else ""):
            yield Words(self.look, (f"{noun} {names} {verb} an open transaction.", self._fate, ""))
            yield Options(
                self.look,
                ((STOP, "Stop and quit"), (LEAVE, self._just_quit), (CANCEL, "Cancel")),
            )

    def on_mount(self) -> None:
        self.query_one("#question").border_title = Content("Quit?")
        self.query_one(Options).focus()

    def action_move(self, step: int) -> None:
        self.query_one(Options).move(step)

    def action_take(self) -> None:
        self.dismiss(self.query_one(Options).chosen)

    def action_answer(self, answer: str) -> None:
        self.dismiss(answer)

    @on(Painted.Pressed)
    def _pressed(self, event: Painted.Pressed) -> None:
        event.stop()
        self.dismiss(event.press)


class Words(Painted):
    """A few lines of plain words."""

    def __init__(self, look: Look, lines: tuple[str, ...]) -> None:
        super().__init__(look)
        self._words = lines
        self.styles.height = len(lines)

    def lines_for(self, width: int, height: int) -> list[Line]:
        return [fitted([Span(f" {line}")], width) for line in self._words[:height]]


PANES: dict[str, tuple[str, tuple[str, ...]]] = {
    "connector": (
        "A connector",
        (
            "The top border names the connector, its status in OCPP's word, and the transaction. "
            "Below: power, voltage, current; the energy register, this session's energy and time; "
            "the power of the last minutes, from nothing to the rated power; who charges.",
            "Words in brackets cannot be done now; pressing them says why.",
        ),
    ),
    "messages": (
        "Messages",
        (
            "One row per request with its answer: time, who asked (→ charge point, ← CSMS), "
            "action, connector, what it says, what was answered, how long that took.",
            "Moving up pauses; {end} follows the newest again. {inspect} shows both frames.",
        ),
    ),
    "inspector": (
        "A message",
        (
            "Both frames as they were on the wire. {up} and {down} scroll, {back} closes, {copy} "
            "copies.",
        ),
    ),
}


def _row_line(row: Row, reason: str, look: Look) -> Line:
    words = text.plain(row.help, look.ascii)
    line = (Span(f"  {row.shown:>6}  ", "accent"), Span(f"{text.plain(row.label, look.ascii):<17}"))
    if reason:
        return (*line, Span(text.plain(reason, look.ascii), "warning"))
    return (*line, Span(words, "muted"))


def help_lines(
    look: Look, pane: str, connector: ConnectorSnapshot | None, reasons: dict[str, str]
) -> list[Line]:
    """All of the help, what concerns the focused pane first."""
    title, words = PANES.get(pane, PANES["connector"])
    lines: list[Line] = [(Span(f" {title}", "strong"),)]
    for paragraph in words:
        told = text.plain(look.with_keys(paragraph), look.ascii)
        lines += [(Span(f"  {line}"),) for line in wrap(told, HELP_CELLS)]
    if connector is not None:
        lines += [
            (),
            (
                Span(f" Connector {connector.connector_id} is ", "text"),
                Span(f"{look.glyph(connector.status)} {text.plain(connector.status)}", "strong"),
                Span(f": {next_step(connector, look)}", "text"),
            ),
        ]
    groups = (
        (MESSAGES, CONNECTOR, LINK, SCREEN)
        if pane != "connector"
        else (
            CONNECTOR,
            LINK,
            MESSAGES,
            SCREEN,
        )
    )
    for group in groups:
        lines += [(), (Span(f" {group}", "strong"),)]
        lines += [
            _row_line(row, reasons.get(row.id, ""), look)
            for row in look.keys.rows
            if row.group == group
        ]
    lines += [(), (Span(" Filter", "strong"),)]
    lines += [
        (Span(f"  {term:<16}", "accent"), Span(meaning, "muted")) for term, meaning in LANGUAGE
    ]
    lines += [(), (Span(" Status (OCPP 1.6, section 4.9)", "strong"),)]
    lines += [
        (
            Span(f"  {look.glyph(word)} {word:<14} ", face.role),
            Span(look.next_step(word), "muted"),
        )
        for word, face in STATUS.items()
    ]
    return lines


class HelpScreen(Sheet):
    """Help over the dashboard."""

    def __init__(self, look: Look, lines: list[Line]) -> None:
        super().__init__(look, "Help", lambda: lines)
