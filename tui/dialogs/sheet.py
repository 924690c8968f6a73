"""A sheet: a list over the dashboard, with a bar to move and what is under it told in full below.

Sessions, events, limits, and whatever else is a list of facts: each is a `Tab`, which says of
what rows it is made now and what may be done with one. A row becomes text only when it is in sight.
The newest comes first; whoever stands on the first row follows what comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified, line_width

REFRESH_S = 1.0
WHEEL_ROWS = 3
KEY_ROWS = 1
AROUND_WORDS = 4
"""Cells that the border needs beside the words in it."""
MOST_CELLS = 132
"""As in the style sheet."""
LEAST_ROWS = 3
"""Rows that the list keeps, however much there is to tell of one."""


@dataclass(frozen=True)
class Item:
    """One row of a sheet."""

    draw: Callable[[int], Line]
    """The row in so many cells."""
    words: str = ""
    """What a search looks through."""
    key: object = None
    """What it is, whatever it says: the bar stays on it while others come and go."""
    value: object = None
    """What an act is told."""


@dataclass(frozen=True)
class Page:
    """What a tab shows now."""

    items: Sequence[Item] = ()
    head: Callable[[int], Sequence[Line]] = lambda cells: ()
    """What stands over the rows."""
    empty: str = "There is nothing here yet."
    detail: Callable[[Item | None, int], Sequence[Line]] = lambda item, cells: ()
    """What is told below of the row under the bar, in so many cells."""
    detail_rows: int = 0


@dataclass(frozen=True)
class Act:
    """Something to do on a sheet: its keys as Textual names them, and as they are printed."""

    keys: tuple[str, ...]
    shown: str
    label: str
    do: Callable[[object], str]
    """Told the value of the row under the bar (None: there is none); returns why it did nothing."""


@dataclass(frozen=True)
class Tab:
    """One list of a sheet."""

    title: str
    page: Callable[[], Page]
    acts: tuple[Act, ...] = ()


class SheetBody(LineWidget, can_focus=True):
    """The tabs' names, the rows, and what is told of one."""

    def __init__(self, look: Look, tabs: Sequence[Tab], place: int) -> None:
        super().__init__(look, id="sheet-body")
        self.tabs = tabs
        self.place = place
        """Which tab is shown."""
        self.query_words = ""
        self.page_now = Page()
        self.items: list[Item] = []
        self.at = 0
        self.remark = ""
        """What the last act has come to, where that needs more than a line of the border."""
        self._top = 0

    # -- what is there -----------------------------------------------

    @property
    def tab(self) -> Tab:
        """The tab that is shown."""
        return self.tabs[self.place]

    @property
    def chosen(self) -> Item | None:
        """The row under the bar."""
        return self.items[self.at] if self.at < len(self.items) else None

    def look_again(self) -> None:
        """Take in what there is now; the bar stays on what it was on, unless it is on the first."""
        before = self.chosen
        self.page_now = self.tab.page()
        words = self.query_words.casefold().split()
        self.items = [
            item
            for item in self.page_now.items
            if all(word in item.words.casefold() for word in words)
        ]
        if self.at and before is not None:
            places = (n for n, item in enumerate(self.items) if item.key == before.key)
            self.at = next(places, self.at)
        self.at = max(0, min(self.at, len(self.items) - 1))
        self.sync()

    def turn(self, place: int) -> None:
        """Show another tab."""
        self.place = place % len(self.tabs)
        self.at = self._top = 0
        self.look_again()

    def move(self, rows: int) -> None:
        """Move the bar."""
        self.at = max(0, min(self.at + rows, len(self.items) - 1))
        self.sync()

    @property
    def page_rows(self) -> int:
        """Rows that are in sight."""
        return max(1, self.size.height - 8)

    def rows_wanted(self, width: int) -> int:
        """Rows that all of it would take."""
        page = self.page_now
        told = page.detail_rows + bool(page.detail_rows)
        names = len(self.tabs) > 1
        return names + len(page.head(width)) + max(LEAST_ROWS, len(page.items)) + told

    # -- drawing -----------------------------------------------------

    def lines_for(self, width: int, height: int) -> list[Line]:
        look, ellipsis = self.look, self.look.symbol("ellipsis")
        remark = text.wrapped(self.remark, width - 2)[:height] if self.remark else []
        height -= len(remark)
        lines: list[Line] = [self._names(width)] if len(self.tabs) > 1 else []
        lines += [fitted(line, width, ellipsis) for line in self.page_now.head(width)]
        told = self._told(width, height - len(lines) - LEAST_ROWS)
        room = max(0, height - len(lines) - len(told))
        self._top = max(self.at - room + 1, min(self._top, self.at))
        self._top = max(0, min(self._top, len(self.items) - room))
        shown = range(self._top, min(self._top + room, len(self.items)))
        rows = [self._row(place, width) for place in shown]
        if not self.items:
            words = "Nothing has these words." if self.query_words else self.page_now.empty
            rows = [
                fitted([Span(f" {line}", "muted")], width)
                for line in text.wrapped(text.plain(words, look.ascii), width - 2)
            ]
        rows = rows[:room]
        below = len(self.items) - self._top - room
        if below > 0 and rows:
            more = [Span(f" {text.count(below, 'more row')} below ", "accent")]
            rows[-1] = justified(rows[-1], more, width, ellipsis)
        rows += [fitted([], width)] * (room - len(rows))
        remarked = [fitted([Span(f" {line}", "warning")], width) for line in remark]
        return [*(lines + rows + told)[:height], *remarked]

    def _names(self, width: int) -> Line:
        spans: list[Span] = []
        for place, tab in enumerate(self.tabs):
            here = place == self.place
            mark = self.look.symbol("selected") if here else " "
            spans += [Span(f"{mark}{tab.title} ", "cursor" if here else "muted", f"tab {place}")]
            spans += [Span(" ")]
        return fitted(spans, width, self.look.symbol("ellipsis"))

    def _told(self, width: int, room: int) -> list[Line]:
        rows = min(self.page_now.detail_rows, room - 1)
        if rows < 1:
            return []
        told = list(self.page_now.detail(self.chosen, width))[:rows]
        told += [()] * (rows - len(told))
        rule = fitted([Span(self.look.border("round")[1] * width, "faint")], width)
        ellipsis = self.look.symbol("ellipsis")
        return [rule, *(fitted(line, width, ellipsis) for line in told)]

    def _row(self, place: int, width: int) -> Line:
        here = place == self.at
        mark = Span(self.look.symbol("selected") if here else " ", "accent")
        line = fitted(
            [mark, *self.items[place].draw(width - 1)], width, self.look.symbol("ellipsis")
        )
        role = "cursor" if here else ""
        return tuple(s._replace(role=role or s.role, press=f"item {place}") for s in line)

    # -- mouse -------------------------------------------------------

    def on_mouse_scroll_down(self) -> None:
        self.move(WHEEL_ROWS)

    def on_mouse_scroll_up(self) -> None:
        self.move(-WHEEL_ROWS)


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

    def action_search(self) -> None:
        self.add_class("-searching")
        self.set_focus(self.query_one(SheetSearch))  # at once: what is typed fast goes there

    def action_help(self) -> None:
        """What the keys do here, and what the words in sight mean."""
        from tui.dialogs.help import HelpScreen, sheet_sections

        title = text.plain(self._title(), self.look.ascii)
        keys = [(shown, words) for shown, words, _ in self._keys]
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
        elif word == "search":
            self.action_search()
        elif word == "help":
            self.action_help()
        else:
            self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)
