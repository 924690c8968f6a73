"""A list to choose from by typing: the command palette, and the lists of faults, cards, vehicles.

One screen serves them all. Enter takes the top row or the one moved to; what cannot be done now
stays in the list with the reason beside it, and taking it shows that reason. Where a list allows
free text, what was typed is itself a choice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui import text
from tui.dialogs.room import make_fit, most_within
from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified

Free = Callable[[str], "Choice | None"]
Trouble = Callable[["Chosen"], str]
HOW = "enter takes it, esc goes back"
AROUND_WORDS = 4
"""Cells that the border needs beside the words in it."""

LEAST_ROWS, MOST_ROWS = 2, 20
"""Of the list: as many as there are choices, between these."""
LEAST_CELLS, MOST_CELLS = 60, 112
"""As wide as the longest choice, between these."""
TROUBLE_CELLS = 74
"""Where something may be against an answer, there is room to say it."""
AROUND_CHOICE = 8
"""Cells between and around the parts of a choice."""
WHEEL_ROWS = 3
"""How far the bar goes with a notch of the wheel."""


@dataclass(frozen=True)
class Choice:
    """One thing that can be taken."""

    value: str
    label: str
    detail: str = ""
    keys: str = ""
    reason: str = ""
    """Why it would be refused now; empty when it would be done."""


@dataclass(frozen=True)
class Chosen:
    """What was taken, and all that was typed."""

    choice: Choice
    typed: str


@dataclass(frozen=True)
class Question:
    """What is asked, and what may be answered."""

    title: str
    hint: str
    choices: Sequence[Choice]
    free: Free | None = None
    """Makes a choice of what was typed, where that may be one."""
    free_last: bool = False
    """What was typed comes behind the choices that it may have meant, and not before them."""
    separator: str = ""
    """What follows it in what is typed is not searched for."""
    trouble: Trouble | None = None
    """Says what is against an answer. It stands below, and nothing is taken: what was typed can be
    mended."""
    secret: bool = False
    """What is typed shows as dots."""
    begin: str = ""
    """What stands there to be changed."""
    empty: str = "Nothing by that name."
    """What is said where there is nothing to choose."""


def score(query: str, candidate: str) -> int:
    """How well a candidate answers a query; 0 for not at all."""
    query, candidate = query.casefold(), candidate.casefold()
    if not query:
        return 1
    place = candidate.find(query)
    if place == 0:
        return 1000 - len(candidate)
    if place > 0:
        at_word = not candidate[place - 1].isalnum()
        return (800 if at_word else 600) - place
    if all(word in candidate for word in query.split()):
        return 400
    place, gaps = -1, 0
    for char in query.replace(" ", ""):
        found = candidate.find(char, place + 1)
        if found < 0:
            return 0
        gaps += found - place - 1
        place = found
    return max(1, 300 - gaps)


def ranked(query: str, choices: Sequence[Choice]) -> list[Choice]:
    """The choices that answer the query, best first, otherwise in their own order."""
    scored = [
        (max(score(query, choice.label), score(query, choice.detail) // 4), place, choice)
        for place, choice in enumerate(choices)
    ]
    return [choice for points, _, choice in sorted(scored, key=lambda s: (-s[0], s[1])) if points]


def _cells_of(choice: Choice) -> int:
    """Cells that a choice takes where nothing of it is cut off."""
    told = choice.reason or choice.detail
    return sum(text.width(one) for one in (choice.label, told, choice.keys)) + AROUND_CHOICE


class ChoiceList(LineWidget):
    """The rows below the input."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="choices")
        self.choices: list[Choice] = []
        self.place = 0
        self.empty = ""
        self.remark = ""
        """What is against the chosen one, where it needs more than a line of the border."""
        self._top = 0

    def show(self, choices: list[Choice]) -> None:
        """Show these, the first one chosen."""
        self.choices, self.place, self._top = choices, 0, 0
        self.sync()

    def move(self, rows: int) -> None:
        """Move the bar."""
        self.place = max(0, min(self.place + rows, len(self.choices) - 1))
        self.sync()

    def on_mouse_scroll_down(self) -> None:
        self.move(WHEEL_ROWS)

    def on_mouse_scroll_up(self) -> None:
        self.move(-WHEEL_ROWS)

    @property
    def chosen(self) -> Choice | None:
        """The row under the bar."""
        return self.choices[self.place] if self.choices else None

    def lines_for(self, width: int, height: int) -> list[Line]:
        remark = text.wrapped(self.remark, width - 2)[:height] if self.remark else []
        height -= len(remark)
        self._top = max(self.place - height + 1, min(self._top, self.place))
        lines = [
            self._line(choice, place, width)
            for place, choice in enumerate(self.choices)
            if self._top <= place < self._top + height
        ]
        if not self.choices and height:
            lines.append(fitted([Span(f" {self.empty}", "muted")], width))
        lines += [fitted([], width)] * (height - len(lines))
        return lines + [fitted([Span(f" {line}", "warning")], width) for line in remark]

    def _line(self, choice: Choice, place: int, cells: int) -> Line:
        look = self.look
        here = place == self.place
        mark = look.symbol("selected") if here else " "
        spans = [Span(f"{mark} "), Span(text.plain(choice.label, look.ascii), "strong")]
        if choice.reason:
            spans[1] = spans[1]._replace(role="faint")
            spans.append(Span(f"  {text.plain(choice.reason, look.ascii)}", "warning"))
        elif choice.detail:
            spans.append(Span(f"  {text.plain(choice.detail, look.ascii)}", "muted"))
        keys = [Span(f"  {choice.keys} ", "accent")]
        line = justified(spans, keys, cells, look.symbol("ellipsis"))
        role = "cursor" if here else ""
        return tuple(s._replace(role=role or s.role, press=f"take {place}") for s in line)


class Picker(ModalScreen["Chosen | None"]):
    """Type, move, enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("ctrl+p", "move(-1)", show=False, priority=True),
        Binding("ctrl+n", "move(1)", show=False, priority=True),
        Binding("pageup", "move(-8)", show=False, priority=True),
        Binding("pagedown", "move(8)", show=False, priority=True),
    ]

    def __init__(self, look: Look, question: Question) -> None:
        super().__init__()
        self.look = look
        self.question = question

    def compose(self) -> ComposeResult:
        box = Vertical(id="picker", classes="-ascii" if self.look.ascii else "")
        self._make_room(box)
        with box:
            asked = self.question
            field = Input(asked.begin, asked.hint, password=asked.secret, id="query", compact=True)
            field.cursor_blink = False
            yield field
            yield ChoiceList(self.look)

    def on_mount(self) -> None:
        from textual.content import Content

        self.query_one("#picker").border_title = Content(self.look.ours(self.question.title))
        self.query_one(ChoiceList).empty = self.question.empty
        self._search("")

    def on_resize(self) -> None:
        self._make_room(self.query_one("#picker", Vertical))

    def _make_room(self, box: Vertical) -> None:
        asked = self.question
        rows = max(LEAST_ROWS, min(MOST_ROWS, len(asked.choices)))
        needed = [TROUBLE_CELLS if asked.trouble else LEAST_CELLS, text.width(asked.hint)]
        cells = max([*needed, *map(_cells_of, asked.choices)])
        cells = min(cells, most_within(self.app.size, MOST_CELLS))
        make_fit(box, self.app.size, rows + 1, cells)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._search(event.value)

    def _search(self, typed: str) -> None:
        asked = self.question
        query = typed.split(asked.separator, 1)[0] if asked.separator else typed
        choices = ranked(query.strip(), asked.choices)
        own = asked.free(typed.strip()) if asked.free and typed.strip() else None
        if own is not None:
            exact = any(choice.value == own.value for choice in choices)
            if not exact:
                choices = [*choices, own] if asked.free_last else [own, *choices]
        self.query_one(ChoiceList).show(choices)
        self._say_trouble(self.query_one(ChoiceList).chosen)

    def _say_trouble(self, choice: Choice | None) -> bool:
        """Whether something is against this; said where else it says what enter does."""
        from textual.content import Content

        typed = self.query_one("#query", Input).value
        trouble = self.question.trouble
        words = trouble(Chosen(choice, typed)) if trouble and choice else ""
        box, choices = self.query_one("#picker"), self.query_one(ChoiceList)
        words = text.plain(words, self.look.ascii)
        told_below = text.width(words) > (box.size.width or self.size.width) - AROUND_WORDS
        box.border_subtitle = Content(words if words and not told_below else HOW)
        choices.remark = words if told_below else ""
        choices.sync()
        box.set_class(bool(words), "-trouble")
        return bool(words)

    def action_move(self, rows: int) -> None:
        self.query_one(ChoiceList).move(rows)

    def action_cancel(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._take(self.query_one(ChoiceList).chosen)

    @on(LineWidget.Pressed)
    def _pressed(self, event: LineWidget.Pressed) -> None:
        event.stop()
        self._take(self.query_one(ChoiceList).choices[int(event.press.split()[1])])

    def _take(self, choice: Choice | None) -> None:
        if choice is not None and not self._say_trouble(choice):
            self.dismiss(Chosen(choice, self.query_one("#query", Input).value))

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)
