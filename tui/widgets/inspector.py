"""Both frames of one exchange: what is known, what they say, and how they were on the wire.

Request and answer stand beside each other where there is width for both, so that a short exchange
is seen whole. The pane is beside the log where there is width, over it where there is not. It
follows the cursor of the log and keeps its own scroll position only while the exchange stays the
same.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from textual import events

from sim_core.wire.message_log import Direction, Exchange, ExchangeState
from tui import text
from tui.look import Look
from tui.protocols.known import wording_of
from tui.protocols.payload import pretty
from tui.text import NO_SHIFT
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, framed_edge, line_width
from tui.widgets.message_row import arrow_of
from tui.widgets.remarks import Remark

if TYPE_CHECKING:
    from tui.protocols.wording import FrameNote

MOST_CHARACTERS = 100_000
SIDE_BY_SIDE_FROM = 70
"""So many cells hold request and answer beside each other."""
MOST_NAME_CELLS = 24
"""What a note's name may take of a line before its words."""
MUCH_MORE = 3
"""How many times as long a frame is that has the larger share."""
DEFAULT_LOOK = Look()

_KEY = re.compile(r'^(\s*)("(?:[^"\\]|\\.)*")(:.*)$')

_CALLERROR = re.compile(r"\s*\[\s*4\b")

_WHO = {
    Direction.SENT: "from the charge point",
    Direction.RECEIVED: "from the CSMS",
    Direction.NOISE: "from the CSMS, and no message",
}


def facts(
    exchange: Exchange, now: datetime, ahead: timedelta = NO_SHIFT, subprotocol: str = ""
) -> list[tuple[str, str]]:
    """(name, value) of what is known besides the frames, without a name where the value says what
    it is; `ahead`, `subprotocol` as in `row_line`."""
    at = exchange.requested_at + ahead
    took = "" if exchange.latency_s is None else f" after {text.latency(exchange.latency_s)}"
    age = text.span_in_words((now - at).total_seconds())
    # A broken answer is no CALLERROR: there the trouble says what is wrong with it.
    came = "CALLERROR" if _CALLERROR.match(exchange.answer) else "not understood"
    became = {
        ExchangeState.WAITING: f"waiting for {age}",
        ExchangeState.ANSWERED: f"answered{took}",
        ExchangeState.ERROR: f"{came}{took}: {exchange.trouble}",
        ExchangeState.UNANSWERED: f"unanswered: {exchange.trouble or 'no answer came'}",
    }[exchange.state]
    rows = [
        ("", text.clock_time(at, milliseconds=True)),
        ("", _WHO[exchange.direction]),
        ("", became if exchange.direction is not Direction.NOISE else exchange.trouble),
    ]
    if exchange.state is ExchangeState.ANSWERED and exchange.trouble:
        rows.append(("because", exchange.trouble))
    if exchange.injected:
        rows.append(("on purpose", exchange.injected))
    if exchange.connector_id is not None:
        rows.append((wording_of(subprotocol).called, str(exchange.connector_id)))
    if exchange.transaction_id is not None:
        rows.append(("transaction", str(exchange.transaction_id)))
    rows.append(("id", exchange.message_id))
    return [(name, text.plain(value)) for name, value in rows]


def _fact_lines(told: list[tuple[str, str]], cells: int, look: Look) -> list[Line]:
    """Facts one after the other, in as many lines as they take."""
    dot = Span(f" {look.symbol('dot')} ", "faint")
    lines: list[list[Span]] = []
    for name, value in told:
        if not value:
            continue
        fact = [Span(f"{name} ", "muted")] if name else []
        first, *rest = _wrapped(value, max(8, cells - line_width(fact)))
        if lines and line_width([*lines[-1], dot, *fact, Span(first)]) <= cells:
            lines[-1] += [dot, *fact, Span(first)]
        else:
            lines.append([*fact, Span(first)])
        lines += [[Span(piece)] for piece in rest]
    return [tuple(line) for line in lines]


def _json_line(line: str) -> list[Span]:
    found = _KEY.match(line)
    if found is None:
        return [Span(line)]
    return [Span(found[1]), Span(found[2], "secondary"), Span(found[3])]


def _ascii(line: Line) -> Line:
    return tuple(span._replace(text=text.plain(span.text, True)) for span in line)


def _wrapped(line: str, cells: int) -> list[str]:
    """A line in pieces that fit; what goes on is indented below."""
    if text.width(line) <= cells:
        return [line]
    indent = " " * min(len(line) - len(line.lstrip(" ")) + 2, cells // 2)
    pieces: list[str] = []
    place = 0
    while place < len(line):
        room = cells - len(indent) if pieces else cells
        piece = line[place : place + room]
        while text.width(piece) > room:
            piece = piece[:-1]
        pieces.append(indent + piece if pieces else piece)
        place += max(1, len(piece))
    return pieces


@lru_cache(16)
def frame_lines(frame: str, cells: int, copy_key: str = "y") -> tuple[Line, ...]:
    """A frame as coloured lines of at most `cells` cells."""
    lines: list[Line] = []
    for line in pretty(frame[:MOST_CHARACTERS]):
        lines += [tuple(_json_line(piece)) for piece in _wrapped(line, cells)]
    if len(frame) > MOST_CHARACTERS:
        rest = text.count(len(frame) - MOST_CHARACTERS, "more character")
        lines.append((Span(f"({rest}: {copy_key} copies all)", "warning"),))
    return tuple(lines)


def body_lines(
    exchange: Exchange,
    now: datetime,
    cells: int,
    look: Look = DEFAULT_LOOK,
    ahead: timedelta = NO_SHIFT,
    subprotocol: str = "",
    remark: Remark | None = None,
) -> list[Line]:
    """Everything there is to read about the exchange; `ahead`, `subprotocol` as in `row_line`."""
    from tui.widgets.frame_notes import (  # not before somebody looks into one
        answer_notes,
        request_notes,
    )

    lines = _fact_lines(facts(exchange, now, ahead, subprotocol), cells, look)
    noise = exchange.direction is Direction.NOISE
    if remark is not None:
        lines += remark.lines(exchange, cells, look)
    beside = cells >= SIDE_BY_SIDE_FROM and bool(exchange.request and exchange.answer)
    left, right = _shares(exchange, cells) if beside else (cells, cells)
    told: list[list[Line]] = []
    for title, frame, tell, room in (
        ("request", exchange.request, request_notes, left),
        ("answer", exchange.answer, answer_notes, right),
    ):
        if frame:
            notes = () if noise else tell(exchange.action, frame, subprotocol)
            names = max((text.width(note.name) for note in notes), default=0)
            of_notes = [line for note in notes for line in _note_lines(note, room, names, look)]
            of_frame = frame_lines(frame, room, look.key("copy"))
            told.append([(Span(title, "strong"),), *of_notes, *of_frame])
    lines.append(())
    if not beside:
        return [*lines, *_parted(told)]
    edge = Span(f" {look.border('round')[3]} ", "faint")
    ellipsis = look.symbol("ellipsis")
    pairs = zip_longest(*told, fillvalue=())
    return [*lines, *((*fitted(asked, left, ellipsis), edge, *said) for asked, said in pairs)]


def _shares(exchange: Exchange, cells: int) -> tuple[int, int]:
    """Cells for request and answer beside each other: half each, or two thirds for the one that
    says much more."""
    room = cells - 3
    asked, said = len(exchange.request), len(exchange.answer)
    left = room // 2
    if asked > MUCH_MORE * said:
        left = room * 2 // 3
    elif said > MUCH_MORE * asked:
        left = room // 3
    return left, room - left


def _parted(told: list[list[Line]]) -> list[Line]:
    """One below the other."""
    return [line for place, lines in enumerate(told) for line in ([()] * bool(place) + lines)]


def _note_lines(note: FrameNote, cells: int, names: int, look: Look) -> list[Line]:
    """A note behind its name; names take `names` cells."""
    name = f"{look.ours(note.name):<{min(names, MOST_NAME_CELLS)}} "
    before = text.width(name)
    first, *rest = text.wrapped(look.ours(note.words), max(8, cells - before))
    lines: list[Line] = [(Span(name, "muted"), Span(first, note.role))]
    return lines + [(Span(" " * before), Span(piece, note.role)) for piece in rest]


class Inspector(LineWidget, can_focus=True):
    """The pane that shows one exchange."""

    HELP = "inspector"

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="inspector")
        self.exchange: Exchange | None = None
        self._now: datetime | None = None
        self._ahead = NO_SHIFT
        self._subprotocol = ""
        self._remark: Remark | None = None
        self._top = 0
        self._length = 0

    def show(
        self,
        exchange: Exchange | None,
        now: datetime,
        ahead: timedelta = NO_SHIFT,
        subprotocol: str = "",
        remark: Remark | None = None,
    ) -> None:
        """Show this exchange, and what somebody else says of it."""
        if exchange is None or self.exchange is None or exchange.number != self.exchange.number:
            self._top = 0
        self.exchange, self._now, self._ahead = exchange, now, ahead
        self._subprotocol, self._remark = subprotocol, remark
        self.sync()

    def move(self, rows: int) -> None:
        """Scroll."""
        self._top = max(0, min(self._top + rows, self._length - (self.size.height - 2)))
        self.sync()

    def page(self, pages: int) -> None:
        """Scroll by what is in sight."""
        self.move(pages * max(1, self.size.height - 3))

    def lines_for(self, width: int, height: int) -> list[Line]:
        if width < 12 or height < 3:
            return [fitted([], width)] * height
        look, focused = self.look, self.has_focus
        edge = look.border("heavy" if focused else "round")
        role = "accent" if focused else "faint"
        exchange = self.exchange
        title = " Message "
        body: list[Line] = [(Span("No message is selected.", "muted"),)]
        if exchange is not None and self._now is not None:
            arrow = look.symbol(arrow_of(exchange))
            title = f" {arrow} {text.plain(exchange.action, look.ascii)} "
            body = body_lines(
                exchange,
                self._now,
                width - 4,
                look,
                self._ahead,
                self._subprotocol,
                self._remark,
            )
            if look.ascii:
                body = [_ascii(line) for line in body]
        self._length = len(body)
        page = height - 2
        self._top = max(0, min(self._top, self._length - page))
        ellipsis = look.symbol("ellipsis")
        lines = [
            framed_edge(
                (edge[0], edge[1], edge[2]),
                [Span(title, "strong")],
                [Span(look.with_keys(" {back} closes "), "muted", "back")],
                width,
                role,
                ellipsis,
            )
        ]
        side = Span(edge[3], role)
        lines += [
            (side, *fitted([Span(" "), *spans], width - 2, ellipsis), side)
            for spans in body[self._top : self._top + page]
        ]
        while len(lines) < height - 1:
            lines.append((side, *fitted([], width - 2), side))
        below = self._length - self._top - page
        more = [Span(f" {text.count(below, 'line')} below ", "muted")] if below > 0 else []
        copy = [Span(look.with_keys(" {copy} copies the request, {copy_both} both "), "muted")]
        lines.append(framed_edge((edge[4], edge[1], edge[5]), copy, more, width, role, ellipsis))
        return lines

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(3)

    def on_focus(self) -> None:
        self.sync()

    def on_blur(self) -> None:
        self.sync()
