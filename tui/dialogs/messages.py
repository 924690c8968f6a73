"""Messages to look at closely: two of them side by side, or those of a saved log, one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from sim_core.wire.message_log import Exchange
from tui import text
from tui.dialogs.columns import Column, head_line, in_columns
from tui.dialogs.sheet_body import Item, Page, Tab
from tui.loaded_log import LoadedLog
from tui.look import Look
from tui.widgets.inspector import body_lines
from tui.widgets.line_widget import Line, Span
from tui.widgets.message_row import row_line

LEAST_CELLS_WIDE = 118
DETAIL_ROWS = 12
NOT_THERE = ""
COMPARED = (Column("", 1), Column("field", 26), Column("marked", 0), Column("this one", 0))
MOST_FIELDS = 2_000
"""Of a frame that a peer has made as large as it liked."""

Field = tuple[str, str]
"""Where something is in a frame, and what is there as JSON."""


# -- two beside each other -------------------------------------------------------------------------


def fields_of(exchange: Exchange) -> dict[str, str]:
    """Everything that an exchange says, by where it says it."""
    found: dict[str, str] = {"action": exchange.action, "from": exchange.direction.value}
    for name, frame in (("request", exchange.request), ("answer", exchange.answer)):
        if not frame:
            continue
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            found[name] = frame
            continue
        parts = message[2:] if isinstance(message, list) and len(message) > 2 else [message]
        for part in parts:  # without the id, which is never the same
            if isinstance(part, (dict, list)):
                for place, value in _leaves(part, name):
                    if len(found) >= MOST_FIELDS:
                        break
                    found[place] = value
    if exchange.latency_s is not None:
        found["took"] = text.latency(exchange.latency_s)
    return found


def _leaves(value: object, place: str) -> Iterator[Field]:
    """Every value that is no list and no object, the outermost first."""
    stack: list[tuple[str, object]] = [(place, value)]
    while stack:
        at, one = stack.pop()
        inner: list[tuple[str, object]] = []
        if isinstance(one, dict) and one:
            inner = [(f"{at}.{name}", part) for name, part in one.items()]
        elif isinstance(one, list) and one:
            inner = [(f"{at}[{nth}]", part) for nth, part in enumerate(one)]
        else:
            yield at, json.dumps(one)
        stack += reversed(inner)


def comparison(look: Look, marked: Exchange, focused: Exchange) -> tuple[Tab, Tab]:
    """What differs between two exchanges, and everything."""
    one, other = fields_of(marked), fields_of(focused)
    places = list(dict.fromkeys((*one, *other)))
    differing = [place for place in places if one.get(place) != other.get(place)]

    def page(shown: list[str]) -> Page:
        return Page(
            items=[_compared(place, one, other, look) for place in shown],
            head=lambda cells: [head_line(COMPARED, cells, look.symbol("ellipsis"))],
            empty="The two say the same.",
            detail=lambda item, cells: _both(item, one, other, look, cells),
            detail_rows=5,
        )

    return (
        Tab(f"Differences ({len(differing)})", lambda: page(differing)),
        Tab("Everything", lambda: page(places)),
    )


def _compared(place: str, one: dict[str, str], other: dict[str, str], look: Look) -> Item:
    differs = one.get(place) != other.get(place)
    role = "warning" if differs else "text"
    short = place.removeprefix("request.")
    values = (
        Span(look.symbol("differs") if differs else "", role),
        Span(_end_of(text.plain(short, look.ascii), look), "muted"),
        Span(text.plain(one.get(place, NOT_THERE), look.ascii), role),
        Span(text.plain(other.get(place, NOT_THERE), look.ascii), role),
    )
    words = f"{place} {one.get(place, '')} {other.get(place, '')}"
    return Item(
        lambda cells: in_columns(COMPARED, values, cells, look.symbol("ellipsis")),
        words,
        place,
        place,
    )


def _end_of(place: str, look: Look) -> str:
    """A place with its end in sight: that is what tells it from the others."""
    cells = COMPARED[1].cells
    if len(place) <= cells:
        return place
    return look.symbol("ellipsis") + place[1 - cells :]


def _both(
    item: Item | None, one: dict[str, str], other: dict[str, str], look: Look, cells: int
) -> list[Line]:
    if item is None:
        return []
    place = str(item.value)
    lines: list[Line] = [(Span(f" {text.plain(place, look.ascii)}", "strong"),)]
    for name, side in (("marked", one), ("this one", other)):
        told = text.plain(side[place], look.ascii) if place in side else "it is not there"
        for nth, line in enumerate(text.wrapped(told, cells - 13)[:2]):
            lines.append((Span(f" {'' if nth else name:<10} ", "muted"), Span(line)))
    return lines


# -- a saved log -----------------------------------------------------------------------------------


def saved_log(look: Look, loaded: LoadedLog, now: datetime) -> tuple[Tab]:
    """The messages of a log, each with its frames below."""

    def page() -> Page:
        return Page(
            items=[_message(one, loaded, now, look) for one in loaded.exchanges],
            empty="There is no message in it.",
            detail=lambda item, cells: _frames(item, loaded, now, look, cells),
            detail_rows=DETAIL_ROWS,
        )

    made = page()
    return (Tab("Messages", lambda: made),)


def _message(one: Exchange, loaded: LoadedLog, now: datetime, look: Look) -> Item:
    return Item(
        lambda cells: row_line(
            one,
            now,
            cells,
            look,
            wide=cells >= LEAST_CELLS_WIDE,
            subprotocol=loaded.subprotocol,
        ),
        f"{one.action} {one.request} {one.answer}",
        one.number,
        one,
    )


def _frames(
    item: Item | None, loaded: LoadedLog, now: datetime, look: Look, cells: int
) -> list[Line]:
    if item is None or not isinstance(item.value, Exchange):
        return []
    lines = body_lines(item.value, now, cells - 2, look, subprotocol=loaded.subprotocol)
    if look.ascii:
        lines = [tuple(s._replace(text=text.plain(s.text, True)) for s in line) for line in lines]
    return [(Span(" "), *line) for line in lines]
