"""The log of an Alfen charger.

It is wrapped at a fixed width, also within strings, and each piece has a head of its own; only the
first has the arrow. Blank lines stand between, and what is read out of the charger begins with the
newest line, so a frame's pieces may stand upside down too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sim_core.traces import stamps
from sim_core.traces.entries import Entry, Notes, Source
from sim_core.traces.formats.form import Form
from sim_core.traces.frames import Side
from sim_core.traces.messages import CUT_OFF, NotAMessage, read_at

PIECE = re.compile(
    r"(?P<t>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z?):(?P<of>\w+:ocpp_rpc\.c:\d+):"
    r"(?P<way>-> ?|<- ?)?(?P<text>.*)"
)
SIDES = {"->": Side.CHARGER, "<-": Side.CSMS}
MOST_PIECES = 20_000


@dataclass(frozen=True)
class Piece:
    """A line that has something of a frame."""

    number: int
    group: tuple[str, str]
    """Its time, and where in the firmware it was written."""
    way: str
    text: str


def _told_by(source: Source) -> bool:
    return "ocpp_rpc.c:" in source.text[:262_144]


def _pieces(source: Source) -> Iterator[Piece]:
    for number, line in source.lines():
        if (found := PIECE.search(line)) is not None:
            way = (found["way"] or "").strip()
            yield Piece(number, (found["t"], found["of"]), way, found["text"])


def _upside_down(pieces: Sequence[Piece]) -> bool:
    """Whether the pieces of a frame stand before its beginning."""
    below = above = 0
    for one, other in pairwise(pieces):
        if one.group == other.group:
            below += one.way in SIDES and other.way not in SIDES
            above += other.way in SIDES and one.way not in SIDES
    return above > below


def _read(source: Source, notes: Notes) -> Iterator[Entry]:
    notes.sorts = True  # some are put together out of blocks, each newest first
    pieces = list(_pieces(source))
    if _upside_down(pieces):
        pieces.reverse()
    place = 0
    while place < len(pieces):
        first = pieces[place]
        place += 1
        if first.way not in SIDES:
            notes.leave_out("a piece of a frame has no beginning", first.number)
            continue
        of_it = [first]
        while (
            place < len(pieces)
            and pieces[place].way not in SIDES
            and len(of_it) < MOST_PIECES
            and pieces[place].group == first.group
        ):
            of_it.append(pieces[place])
            place += 1
        text = _joined([piece.text for piece in of_it])
        try:
            read = read_at(text)
            if read is None:
                raise NotAMessage(CUT_OFF)
        except NotAMessage as error:
            notes.leave_out(str(error), first.number)
            notes.used.update(piece.number for piece in of_it)
            continue
        notes.used.update(piece.number for piece in of_it)
        notes.heads["alfen"] += 1
        yield Entry(
            read.message,
            text[: read.end],
            first.number,
            stamps.iso(first.group[0]),
            SIDES[first.way],
        )


def _joined(texts: Sequence[str]) -> str:
    """The pieces as one text: who has copied them has lost a blank at the end of a full line."""
    longest = max(map(len, texts))
    return (
        "".join(
            text + " " * (len(text) == longest - 1 and text[-1:] not in ('"', ",", ":", "{", "["))
            for text in texts[:-1]
        )
        + texts[-1]
    )


FORM = Form(
    "alfen",
    "the log of an Alfen charger",
    '2026-01-02T03:04:05.678Z:COM:ocpp_rpc.c:681:-> [2,"1","Heartbeat",{}]',
    _told_by,
    _read,
    "Wrapped at 80 columns, also newest first.",
)
