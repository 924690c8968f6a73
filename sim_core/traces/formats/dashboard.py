"""What ChargeForge itself keeps of its messages: the dashboard's saved log, and `/messages`.

Both have exchanges, a request with its answer. The answer came so much later as the exchange took,
so the frames are put into order by their times.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sim_core.traces import stamps
from sim_core.traces.entries import Entry, Notes, Source
from sim_core.traces.formats.form import Form
from sim_core.traces.formats.own_reading import first_object, objects
from sim_core.traces.frames import Side
from sim_core.traces.messages import NOT_JSON, NotAMessage, read_whole

ASKED_BY = {"sent": Side.CHARGER, "received": Side.CSMS, "noise": Side.CSMS}
LONGEST_S = 86_400.0


def _is_exchange(value: dict[str, Any]) -> bool:
    return "request" in value and "answer" in value and "direction" in value


def _is_page(value: dict[str, Any]) -> bool:
    return isinstance(value.get("exchanges"), list) and "revision" in value


def _told_by(source: Source) -> bool:
    first = first_object(source)
    return _is_exchange(first) or _is_page(first or _whole(source))


def _whole(source: Source) -> dict[str, Any]:
    """The one object that a file is; empty where it is none."""
    if '"exchanges"' not in source.text[:4096]:
        return {}
    try:
        value = json.loads(source.text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _read(source: Source, notes: Notes) -> Iterator[Entry]:
    notes.sorts = notes.keeps_copies = True
    if _is_page(whole := _whole(source)):
        last = source.text.rstrip().count("\n") + 1
        notes.use(1, last)
        yield from _page(whole, 1, notes)
        return
    for number, value in objects(source):
        if value is None:
            notes.leave_out(NOT_JSON, number)
        elif _is_page(value):
            notes.use(number, number)
            yield from _page(value, number, notes)
        else:
            notes.use(number, number)
            yield from _exchange(value, number, notes)


def _page(value: dict[str, Any], number: int, notes: Notes) -> Iterator[Entry]:
    for exchange in value["exchanges"]:
        yield from _exchange(exchange, number, notes)


def _exchange(value: Any, number: int, notes: Notes) -> Iterator[Entry]:
    if not isinstance(value, dict) or not _is_exchange(value):
        notes.leave_out("an exchange has no request, answer and direction", number)
        return
    asked_by = ASKED_BY.get(str(value["direction"]))
    if asked_by is None:
        notes.leave_out('an exchange is neither "sent" nor "received"', number)
        return
    at = stamps.iso(value.get("at", value.get("requested_at")))
    for text, side, seen in (
        (value["request"], asked_by, at),
        (value["answer"], asked_by.other, _answered(value, at)),
    ):
        if not isinstance(text, str) or not text:
            continue
        try:
            message = read_whole(text)
        except NotAMessage as error:
            notes.leave_out(str(error), number)
            continue
        notes.heads["messages"] += 1
        yield Entry(message, text, number, seen, side)


def _answered(value: dict[str, Any], at: datetime | None) -> datetime | None:
    """When the answer came."""
    took_ms, took_s = value.get("latency_ms"), value.get("latency_s")
    seconds = took_ms / 1000 if isinstance(took_ms, (int, float)) else took_s
    if at is None or not isinstance(seconds, (int, float)) or not 0 <= seconds <= LONGEST_S:
        return at
    try:
        return at + timedelta(seconds=seconds)
    except OverflowError:
        return at


FORM = Form(
    "messages",
    "the dashboard's saved messages, and what `/messages` of the HTTP sidecar answers",
    '{"at":"2026-01-02T03:04:05+00:00","direction":"sent","latency_ms":18.0,'
    '"request":"[2,…]","answer":"[3,…]"}',
    _told_by,
    _read,
    "An answer is as much later as the exchange took.",
)
