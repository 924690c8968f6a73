"""A sheet: a list over the dashboard, with a bar to move and what is under it told in full below.

Sessions, events, limits, and whatever else is a list of facts: each is a `Tab`, which says of
what rows it is made now and what may be done with one. The newest comes first; whoever stands on
the first row follows what comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from tui import text
from tui.dialogs.room import make_fit, most_within
from tui.dialogs.sheet_body import Act, SheetBody, Tab
from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, line_width

REFRESH_S = 1.0
KEY_ROWS = 1
AROUND_WORDS = 4
"""Cells that the border needs beside the words in it."""
MOST_CELLS = 132
"""As in the style sheet."""


class SheetKeys(LineWidget):
    """What may be pressed on the sheet."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="sheet-keys")
        self._keys: list[tuple[str, str, str]] = []

    def show(self, keys: list[tuple[str, str, str]]) -> None:
        """(key as printed, its words, what a click does)."""
        self._keys = keys
        self.sync()

    def lines_for(self, width: int, height: int) -> list[Line]:
        chosen = list(self._keys)
        spans = self._spans(chosen)
        while chosen and line_width(spans) > width:  # those at the end stay: search, esc
            del chosen[max(0, len(chosen) - 3)]
            spans = self._spans(chosen)
        return [fitted(spans, width)] + [fitted([], width)] * (height - 1)

    def _spans(self, keys: list[tuple[str, str, str]]) -> list[Span]:
        spans: list[Span] = [Span(" ")]
        for key, words, press in keys:
            spans += [Span(key, "accent", press), Span(f" {words}", "text", press), Span("  ")]
        return spans


class SheetSearch(Input):
    """Where words are typed that a row must have."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("up,down", "done", show=False),
    ]

    def action_leave(self) -> None:
        self.value = ""
        self.screen.query_one(SheetBody).focus()

    def action_done(self) -> None:
        self.screen.query_one(SheetBody).focus()


class Sheet(ModalScreen[None]):
    """See the module."""

    AUTO_FOCUS = "#sheet-body"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("home,g", "move(-1000000)", show=False),
        Binding("end,G", "move(1000000)", show=False),
        Binding("tab,right", "turn(1)", show=False, priority=True),
        Binding("shift+tab,left", "turn(-1)", show=False, priority=True),
        Binding("J,shift+j,shift+down", "tell_on", show=False),
        Binding("slash", "search", show=False),
        Binding("question_mark", "help", show=False),
    ]

    def __init__(
        self,
        look: Look,
        title: Callable[[], str],
        tabs: Sequence[Tab],
        *,
        tab: int = 0,
        refresh_s: float = REFRESH_S,
    ) -> None:
        """`title` is asked for again with the rows, every `refresh_s` seconds."""
        super().__init__()
        self.look = look
        self._title = title
        self._refresh_s = refresh_s
        self.body = SheetBody(look, tabs, tab)
        self._said = ""
        self._rows_wanted = 0
        self._keys: list[tuple[str, str, str]] = []
        """What may be pressed now: see `SheetKeys.show`."""

    def compose(self) -> ComposeResult:
        box = Vertical(id="sheet", classes="-ascii" if self.look.ascii else "")
        self.body.look_again()
        self._make_room(box)
        with box:
            yield self.body
            search = SheetSearch(placeholder="words that a row must have", id="sheet-search")
            search.cursor_blink = False
            yield search
            yield SheetKeys(self.look)

    def on_mount(self) -> None:
        self.look_again()
        self.set_interval(self._refresh_s, self.look_again)

    def look_again(self) -> None:
        """Take in what there is now."""
        box = self.query_one("#sheet", Vertical)
        said = text.plain(self._said, self.look.ascii)
        fits = text.width(said) <= (box.size.width or self.size.width) - AROUND_WORDS
        self.body.remark = "" if fits else said
        self.body.look_again()
        self._make_room(box)
        box.border_title = Content(text.plain(self._title(), self.look.ascii))
        box.border_subtitle = Content(said if fits else "")
        keys = [
            (act.shown, act.label, f"act {place}") for place, act in enumerate(self.body.tab.acts)
        ]
        if len(self.body.tabs) > 1:
            keys.append(("tab", "next", "turn"))
        keys += [("?", "words", "help"), ("/", "search", "search"), ("esc", "back", "close")]
        self._keys = keys
        self.query_one(SheetKeys).show(keys)

    def _make_room(self, box: Vertical) -> None:
        """Be as high as what there is; it never shrinks while it is open, so that nothing jumps."""
        screen = self.app.size
        rows = self.body.rows_wanted(self.body.size.width or most_within(screen, MOST_CELLS))
        rows += KEY_ROWS
        self._rows_wanted = max(self._rows_wanted, rows + self.has_class("-searching"))
        make_fit(box, screen, self._rows_wanted)

    def on_resize(self) -> None:
        self._rows_wanted = 0
        self.call_after_refresh(self.look_again)

    # -- keys --------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        for act in self.body.tab.acts:
            if event.key in act.keys:
                event.stop()
                event.prevent_default()
                self._do(act)
                return

    def _do(self, act: Act) -> None:
        chosen = self.body.chosen
        said = act.do(chosen.value if chosen else None)
        self._said = said[:1].upper() + said[1:]
        if self.is_current:
            self.look_again()

    def action_move(self, rows: int) -> None:
        self.body.move(rows)

    def action_page(self, pages: int) -> None:
        self.body.move(pages * self.body.page_rows)

    def action_turn(self, step: int) -> None:
        self._said = ""
        self.body.turn(self.body.place + step)
        self.look_again()

    def action_tell_on(self) -> None:
        self.body.tell_on()

    def action_search(self) -> None:
        self.add_class("-searching")
        self.set_focus(self.query_one(SheetSearch))  # at once: what is typed fast goes there

    def action_help(self) -> None:
        """What the keys do here, and what the words in sight mean."""
        from tui.dialogs.help import HelpScreen, sheet_sections

        title = text.plain(self._title(), self.look.ascii)
        keys = [(shown, words) for shown, words, _ in self._keys]
        if self.body.tells_more:
            keys.insert(0, ("J", "more of what is told below"))
        sections = sheet_sections(self.look, title, keys, self.body.said)
        self.app.push_screen(HelpScreen(self.look, sections))

    def action_close(self) -> None:
        if self.body.query_words:
            self.query_one(SheetSearch).value = ""
            self.remove_class("-searching")
        else:
            self.dismiss(None)

    @on(Input.Changed, "#sheet-search")
    def _typed(self, event: Input.Changed) -> None:
        self.body.query_words = event.value
        self.body.at = 0
        self.body.look_again()

    @on(Input.Submitted, "#sheet-search")
    def _submitted(self) -> None:
        self.body.focus()

    @on(LineWidget.Pressed)
    def _pressed(self, event: LineWidget.Pressed) -> None:
        event.stop()
        word, _, number = event.press.partition(" ")
        if word == "item":
            self.body.at = int(number)
            self.body.sync()
        elif word == "tab":
            self.body.turn(int(number))
            self.look_again()
        elif word == "act":
            self._do(self.body.tab.acts[int(number)])
        elif word == "turn":
            self.action_turn(1)
        elif word == "more":
            self.body.tell_on()
        elif word == "search":
            self.action_search()
        elif word == "help":
            self.action_help()
        else:
            self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)
