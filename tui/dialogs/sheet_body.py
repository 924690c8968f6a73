"""What a sheet lists: its tabs and their rows, and what is told below of the row under the bar.

A row becomes text only when it is in sight. What is told and has no room is scrolled by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events

from tui import text
from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified

WHEEL_ROWS = 3
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
        self._told_of: object = None
        self._told_from = self._told_rows = self._told_lines = 0
        """Which lines of what is told are in sight, and how many there are."""

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
    def tells_more(self) -> bool:
        """Whether not all that is told of the row has room."""
        return self._told_lines > self._told_rows

    def tell_on(self, rows: int = 0) -> None:
        """Show what is told of the row from so many lines further on; without a number the next
        lines, and after the last the first again."""
        end = max(0, self._told_lines - self._told_rows)
        if rows:
            self._told_from = max(0, min(self._told_from + rows, end))
        else:
            at_end = self._told_from >= end
            self._told_from = 0 if at_end else min(self._told_from + self._told_rows, end)
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
        told = list(self.page_now.detail(self.chosen, width))
        key = self.chosen.key if self.chosen else None
        if key != self._told_of:
            self._told_of, self._told_from = key, 0
        self._told_rows, self._told_lines = rows, len(told)
        self._told_from = max(0, min(self._told_from, len(told) - rows))
        below = len(told) - self._told_from - rows
        told = told[self._told_from : self._told_from + rows]
        told += [()] * (rows - len(told))
        dash, more = self.look.border("round")[1], ""
        if self.tells_more:
            more = (
                f" {text.count(below, 'line')} below, J shows "
                if below > 0
                else " J: from its top "
            )
        line = Span(dash * (width - text.width(more) - 2 * bool(more)), "faint")
        rule = fitted([line, Span(more, "accent", "more")], width, fill="faint", blank=dash)
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

    def _wheel(self, rows: int, event: events.MouseEvent) -> None:
        if self.tells_more and event.y >= self.size.height - self._told_rows:
            self.tell_on(rows)
        else:
            self.move(rows)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(WHEEL_ROWS, event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(-WHEEL_ROWS, event)
