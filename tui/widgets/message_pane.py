"""The messages: one row per exchange, request and answer together.

The pane keeps exchanges by number and the numbers that match the filter; a row becomes text only
when it is drawn, so a hundred thousand of them cost no more than the dozen in sight. Scrolling or
moving up pauses; while paused the rows stand still, and the border says what has come since. The
rules between days and sessions belong to the row that they stand above, and are not counted.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from operator import itemgetter

from textual import events
from textual.message import Message

from sim_core.snapshot import JournalEntry
from sim_core.wire.message_log import Exchange, ExchangeState
from tui import text
from tui.look import Look
from tui.protocols.frame_summary import kind_of
from tui.protocols.known import wording_of
from tui.protocols.wording import Kind
from tui.text import NO_SHIFT
from tui.widgets.line_widget import (
    Line,
    LineWidget,
    Span,
    fitted,
    framed_edge,
    justified,
    line_width,
)
from tui.widgets.log_filter import LogFilter, failed
from tui.widgets.message_row import ACTION_CELLS, ID_CELLS, id_cells, row_line
from tui.widgets.remarks import MARK_CELLS, Remark

MOST_UNSENT = 4
ROWS_KEPT = 200
"""As many rows as any screen shows are kept as they were drawn."""

_NO_CSMS = "No CSMS (server) here? chargeforge csms is a small one."
_EMPTY = ("", "No messages yet.", "Each request with its answer becomes one row here.")


_DrawnAs = tuple[Exchange, int, str, bool, int, timedelta, Remark | None, str]
"""What a row depends on, with the day of the one before it."""
_Drawn = tuple[tuple[Line, ...], str]
"""A row with the rules above it, and its day."""
RULED_FROM = 8
"""So many rows have one to spare for where a session begins."""


class MessagePane(LineWidget, can_focus=True):
    """The log with its cursor, its filter and its two moods: following and paused."""

    HELP = "messages"

    class Opened(Message):
        """A row is to be looked into."""

    class Moved(Message):
        """The cursor is on another row."""

    def __init__(self, look: Look, size: int) -> None:
        super().__init__(look, id="messages")
        self._limit = size
        self._exchanges: dict[int, Exchange] = {}
        self._rows: list[int] = []  # numbers in sight of the filter, ascending
        self._drawn: dict[int, tuple[_DrawnAs, _Drawn]] = {}
        self._id_cells = ID_CELLS
        self.ahead = NO_SHIFT
        """By how much the charge point's clock is ahead of that of the log."""
        self.remarks: Mapping[int, Remark] | None = None
        """What somebody else says of them, by their number; None: there is nobody."""
        self._spoken = [(0, "")]  # from which number on the exchanges are in which OCPP
        self._first = 0  # what came before has been forgotten
        self._now: datetime | None = None
        self.filter = LogFilter()
        self.filter_trouble = ""
        self.hides = True
        self.following = True
        self.unseen = self.unseen_errors = 0
        """What has come, and what has gone wrong, since it was paused."""
        self.last_event = ""
        """What has happened at the charge point, in one line for the foot."""
        self._cursor: int | None = None  # the number of an exchange
        self._top = 0  # index into _rows
        self.marked: int | None = None
        """The number of the exchange that the next one is to be compared with."""
        self.unsent: tuple[JournalEntry, ...] = ()
        """What waits in the journal while no frame can pass: the last rows tell of it."""

        self.wants_csms = False
        """Nobody answers where it dials."""

    # -- what it holds -----------------------------------------------------------------------------

    @property
    def selected(self) -> Exchange | None:
        """The exchange under the cursor; the newest while following."""
        if self.following or self._cursor is None:
            return self._exchanges[self._rows[-1]] if self._rows else None
        return self._exchanges.get(self._cursor)

    def remark_of(self, exchange: Exchange) -> Remark | None:
        """What somebody else says of it."""
        return self.remarks.get(exchange.number) if self.remarks else None

    def go_to(self, number: int) -> bool:
        """Put the cursor on an exchange; False where it is not in sight of the filter."""
        place = bisect.bisect_left(self._rows, number)
        if place >= len(self._rows) or self._rows[place] != number:
            return False
        self.pause()
        self._reveal(place)
        self._after_move()
        return True

    def exchange(self, number: int | None) -> Exchange | None:
        """The exchange with this number, as long as it is kept."""
        return None if number is None else self._exchanges.get(number)

    def subprotocol_of(self, exchange: Exchange) -> str:
        """The OCPP that was spoken when it came; empty where nobody had said yet."""
        later = bisect.bisect_right(self._spoken, exchange.number, key=itemgetter(0))
        return self._spoken[later - 1][1]

    @property
    def shown(self) -> list[Exchange]:
        """What the filter lets through, oldest first."""
        return [
            self._exchanges[number]
            for number in self._rows
            if self.hides or self.filter.matches(self._exchanges[number])
        ]

    def clear(self) -> None:
        """Forget everything: what comes is of another charger."""
        self._exchanges.clear()
        self._rows.clear()
        self._drawn.clear()
        self.remarks = None
        self._spoken = [(0, "")]
        self._first, self._top, self._cursor = 0, 0, None
        self.unseen = self.unseen_errors = 0
        self.following, self.last_event = True, ""

    def extend(self, exchanges: Sequence[Exchange], subprotocol: str = "") -> None:
        """Take in what is new or has changed; the new ones are in this OCPP."""
        for exchange in exchanges:
            number = exchange.number
            if number < self._first:
                continue
            known = number in self._exchanges
            self._exchanges[number] = exchange
            self._id_cells = max(self._id_cells, id_cells(exchange))
            if not known:
                self.unseen += not self.following
                if subprotocol != self._spoken[-1][1]:
                    self._spoken.append((number, subprotocol))
            if not self.following and failed(exchange):
                self.unseen_errors += 1
            self._place(number, exchange)
        excess = len(self._exchanges) - self._limit
        if excess > 0:
            self._forget(excess)

    def _place(self, number: int, exchange: Exchange) -> None:
        visible = not (self.hides and self.filter) or self.filter.matches(exchange)
        if not self._rows or number > self._rows[-1]:
            if visible:
                self._rows.append(number)
            return
        index = bisect.bisect_left(self._rows, number)
        present = index < len(self._rows) and self._rows[index] == number
        if visible and not present:
            self._rows.insert(index, number)
        elif present and not visible:
            del self._rows[index]

    def _forget(self, excess: int) -> None:
        for number in list(islice(self._exchanges, excess)):
            del self._exchanges[number]
            self._first = number + 1
        cut = bisect.bisect_left(self._rows, self._first)
        del self._rows[:cut]
        self._top = max(0, self._top - cut)

    def set_filter(self, chosen: LogFilter, trouble: str = "") -> None:
        """Show what `chosen` lets through; with `trouble` that is everything, and the border says
        what is wrong."""
        self.filter_trouble = trouble
        if chosen.text != self.filter.text:
            self.filter = chosen
            self._refilter()
        self.sync()

    def toggle_hide(self) -> None:
        """Hide what does not match, or only dim it."""
        self.hides = not self.hides
        self._refilter()
        self.sync()

    def _refilter(self) -> None:
        numbers = sorted(self._exchanges)
        if self.hides and self.filter:
            matches = self.filter.matches
            numbers = [number for number in numbers if matches(self._exchanges[number])]
        self._rows = numbers
        if not self.following:
            self._reveal(self._index())

    # -- moving ------------------------------------------------------------------------------------

    @property
    def _page(self) -> int:
        return max(1, self.size.height - 2 - self._unsent_rows(self.size.height - 2))

    def _unsent_rows(self, rows: int) -> int:
        """How many of so many rows tell what is not sent; the log keeps most of them."""
        return min(len(self.unsent), MOST_UNSENT, rows // 3)

    def _index(self) -> int:
        if not self._rows:
            return 0
        if self.following or self._cursor is None:
            return len(self._rows) - 1
        return min(bisect.bisect_left(self._rows, self._cursor), len(self._rows) - 1)

    def _reveal(self, index: int) -> None:
        if not self._rows:
            self._top = 0
            return
        index = max(0, min(index, len(self._rows) - 1))
        self._cursor = self._rows[index]
        self._top = max(index - self._page + 1, min(self._top, index))
        self._top = max(0, min(self._top, len(self._rows) - self._page))

    def move(self, rows: int) -> None:
        """Move the cursor; moving up pauses, moving past the end follows again."""
        if not self._rows:
            return
        index = self._index() + rows
        if index >= len(self._rows) and rows > 0:
            self.to_end()
            return
        self.pause()
        self._reveal(index)
        self._after_move()

    def page(self, pages: int) -> None:
        """Move by what is in sight."""
        self.move(pages * max(1, self._page - 1))

    def to_top(self) -> None:
        """Go to the oldest row."""
        self.pause()
        self._reveal(0)
        self._after_move()

    def to_end(self) -> None:
        """Go to the newest row and follow."""
        self.following = True
        self.unseen = self.unseen_errors = 0
        self._after_move()

    def pause(self) -> None:
        """Stand still."""
        if self.following:
            index = self._index()
            self._top = max(0, len(self._rows) - self._page)
            self.following = False
            self._cursor = self._rows[index] if self._rows else None

    def toggle_follow(self) -> None:
        """Follow or stand still."""
        if self.following:
            self.pause()
            self._after_move()
        else:
            self.to_end()

    def seek(self, step: int) -> bool:
        """Go to the next match in the direction of `step`, round the end; False if none is."""
        count = len(self._rows)
        start = self._index()
        for distance in range(1, count + 1):
            index = (start + step * distance) % count
            if self.filter.matches(self._exchanges[self._rows[index]]):
                self.pause()
                self._reveal(index)
                self._after_move()
                return True
        return False

    def _after_move(self) -> None:
        self.post_message(self.Moved())
        self.sync()

    # -- drawing -----------------------------------------------------------------------------------

    def show(self, now: datetime) -> None:
        """Draw what there is, with ages as of now."""
        self._now = now
        self.sync()

    def _title(self) -> tuple[list[Span], list[Span]]:
        dot = f" {self.look.symbol('dot')} "
        if self.filter_trouble:  # worth the whole line
            return [Span(f" {text.plain(self.filter_trouble, self.look.ascii)} ", "error")], []
        title = [Span(" Messages ", "strong")]
        if self.exchange(self.marked) is not None:
            title.append(
                Span(self.look.with_keys("one is marked, {compare} compares "), "accent", "compare")
            )
        if self.filter:
            mood = "" if self.hides else " (others dimmed)"
            title.append(Span(f"/{text.plain(self.filter.text, self.look.ascii)}{mood} ", "accent"))
        total = text.count(len(self._exchanges), "message")
        if self.filter and self.hides:
            total = f"{len(self._rows):,} of {total}"
        state = Span(" paused", "warning", "follow")
        if self.following:
            state = Span(" following", "muted", "follow")
        return title, [state, Span(f"{dot}{total} ", "muted")]

    def _pill(self) -> list[Span]:
        if self.following or not self.unseen + self.unseen_errors:
            return []
        words = f" +{self.unseen} new"
        if self.unseen_errors:
            words += f", {text.count(self.unseen_errors, 'error')}"
        return [Span(f"{words} ({self.look.key('end')}) ", "pill", "end")]

    def lines_for(self, width: int, height: int) -> list[Line]:
        now = self._now
        if now is None or width < 20 or height < 3:
            return [fitted([], width)] * height
        look, ellipsis = self.look, self.look.symbol("ellipsis")
        focused = self.has_focus
        edge = look.border("heavy" if focused else "round")
        role = "accent" if focused else "faint"
        unsent = self._unsent_rows(height - 2)
        page = height - 2 - unsent
        if self.following:
            self._top = max(0, len(self._rows) - page)
        self._top = max(0, min(self._top, max(0, len(self._rows) - page)))
        left, right = self._title()
        lines = [framed_edge((edge[0], edge[1], edge[2]), left, right, width, role, ellipsis)]
        side = Span(edge[3], role)
        wide = width >= 118
        rows = self._page_lines(page, now, width - 2, wide)
        thumb = self._thumb(page)
        for place in range(page):
            line = rows[place] if place < len(rows) else self._blank(place, width - 2)
            last = Span(look.symbol("thumb"), "muted") if place in thumb else side
            lines.append((side, *line, last))
        for place in range(unsent):
            waits = self._unsent_line(place, unsent, width - 2)
            lines.append((side, *waits, side))
        event = text.plain(self.last_event, look.ascii)
        foot = [Span(f" {event} ", "muted")] if event else []
        lines.append(
            framed_edge((edge[4], edge[1], edge[5]), foot, self._pill(), width, role, ellipsis)
        )
        return lines

    def _page_lines(self, page: int, now: datetime, cells: int, wide: bool) -> list[Line]:
        """The rows in sight with the rules between them; the newest while following, else such
        that the one under the cursor is among them."""
        lines: list[Line] = []
        sessions = page >= RULED_FROM
        before = self._exchanges[self._rows[self._top - 1]] if self._top else None
        day = self._day(before) if before is not None else ""
        seen = page
        for number in self._rows[self._top : self._top + page]:
            drawn, day = self._row(number, now, cells, wide, day)
            lines += drawn if sessions else drawn[-1:]
            if number == self._cursor:
                seen = len(lines)
        end = len(lines) if self.following else max(page, seen)
        return lines[max(0, end - page) : end]

    def _day(self, exchange: Exchange) -> str:
        return text.day(exchange.requested_at + self.ahead)

    def _rules(self, exchange: Exchange, day: str, today: str, cells: int) -> list[Line]:
        """What stands above a row of `today`, after one of `day`: another day, another session."""
        look = self.look
        told = []
        if day not in ("", today):
            told.append(today)
        subprotocol = self.subprotocol_of(exchange)
        if kind_of(exchange.action, exchange.request, subprotocol) is Kind.BEGIN:
            where = exchange.connector_id
            place = "" if where is None else f" at {wording_of(subprotocol).place_of(where)}"
            told.append(f"a session{place}")
        edge = look.border("round")[1]
        return [
            fitted([Span(f" {edge * 8} {words} ", "faint")], cells, fill="faint", blank=edge)
            for words in told
        ]

    def _row(self, number: int, now: datetime, cells: int, wide: bool, day: str) -> _Drawn:
        """The row of an exchange, and before it the rules above it; the row before is of `day`."""
        exchange = self._exchanges[number]
        role = ""
        if not self.following and number == self._cursor:
            role = "cursor"
        elif number == self.marked:
            role = "match"
        elif self.filter and not self.hides and not self.filter.matches(exchange):
            role = "faint"
        remark = self.remarks.get(number) if self.remarks else None
        drawn_as = (exchange, cells, role, wide, self._id_cells, self.ahead, remark, day)
        known = self._drawn.get(number)
        if known is not None and known[0] == drawn_as:
            return known[1]
        mark: list[Span] = []
        if self.remarks is not None:
            mark = [remark.mark(self.look) if remark else Span(" " * MARK_CELLS)]
        made = row_line(
            exchange,
            now,
            cells - line_width(mark),
            self.look,
            role,
            wide,
            self._id_cells,
            self.ahead,
            self.subprotocol_of(exchange),
        )
        row = tuple(span._replace(press=f"row {number}") for span in (*mark, *made))
        today = self._day(exchange)
        drawn = (*self._rules(exchange, day, today, cells), row), today
        if exchange.state is not ExchangeState.WAITING:  # that one's age counts up
            if len(self._drawn) > ROWS_KEPT:
                self._drawn.clear()
            self._drawn[number] = (drawn_as, drawn)
        return drawn

    def _unsent_line(self, place: int, rows: int, cells: int) -> Line:
        """A message of the journal that cannot be sent now; the last row tells how many more."""
        look, entry = self.look, self.unsent[place]
        more = len(self.unsent) - rows
        if more and place == rows - 1:
            words = f" {text.count(more + 1, 'more message')} not sent, {look.key('journal')} shows"
            return fitted([Span(words, "warning", "journal")], cells, look.symbol("ellipsis"))
        number = "" if entry.transaction_id is None else f"tx {entry.transaction_id}"
        action = text.fit(
            text.plain(entry.action, look.ascii), ACTION_CELLS, look.symbol("ellipsis")
        )
        left = [
            Span(f" {text.clock_time(entry.written_at)} ", "muted", "journal"),
            Span(look.symbol("away"), "warning", "journal"),
            Span(f" {action} {entry.connector_id} {text.plain(number)}", "muted", "journal"),
        ]
        return justified(left, [Span(" not sent yet ", "warning")], cells, look.symbol("ellipsis"))

    def _blank(self, place: int, cells: int) -> Line:
        words = ""
        if not self._rows and self._exchanges:
            ends = self.look.with_keys("Nothing matches: {back} ends the filter.")
            words = ends if place == 1 else ""
        elif not self._rows and place < len(_EMPTY):
            words = _EMPTY[place]
        elif not self._rows and self.wants_csms and place == len(_EMPTY):
            words = _NO_CSMS
        return fitted([Span(f" {words}", "muted")], cells)

    def _thumb(self, page: int) -> range:
        rows = len(self._rows)
        if rows <= page or page < 3:
            return range(0)
        size = max(1, page * page // rows)
        start = (page - size) * self._top // (rows - page)
        return range(start, start + size)

    # -- mouse -------------------------------------------------------------------------------------

    def pressed(self, press: str) -> None:
        word, _, number_text = press.partition(" ")
        if word != "row":
            super().pressed(press)
            return
        number = int(number_text)
        again = not self.following and self._cursor == number
        self.pause()
        self._reveal(bisect.bisect_left(self._rows, number))
        self._after_move()
        if again:
            self.post_message(self.Opened())

    def wheel(self, rows: int) -> None:
        """Scroll by the wheel: up pauses, reaching the end follows again."""
        last = max(0, len(self._rows) - self._page)
        if rows < 0 and last:
            self.pause()
        elif self.following:
            return
        self._top = max(0, min(self._top + rows, last))
        if rows > 0 and self._top == last:
            self.to_end()
            return
        index = min(max(self._index(), self._top), self._top + self._page - 1)
        self._cursor = self._rows[min(index, len(self._rows) - 1)] if self._rows else None
        self._after_move()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.wheel(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.wheel(3)

    def on_focus(self) -> None:
        self.sync()

    def on_blur(self) -> None:
        self.sync()
