"""HAR, as browsers and mitmproxy save it, with the messages of WebSocket connections.

The one that has dialled is the charge point, so what was *sent* is the charger's.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from sim_core.traces import stamps
from sim_core.traces.entries import Entry, Notes, Source
from sim_core.traces.formats.form import CannotRead, Form
from sim_core.traces.frames import Side
from sim_core.traces.messages import NotAMessage, read_whole

SIDES = {"send": Side.CHARGER, "sent": Side.CHARGER, "receive": Side.CSMS, "received": Side.CSMS}
TEXT, BINARY = 1, 2


def _told_by(source: Source) -> bool:
    return re.match(r'\s*\{\s*"log"\s*:', source.text[:1024]) is not None


def _read(source: Source, notes: Notes) -> Iterator[Entry]:
    notes.sorts = notes.keeps_copies = True
    try:
        value = json.loads(source.text)
        entries = value["log"]["entries"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise CannotRead(f"{source.name or 'it'} is no whole HAR: save it again.") from None
    notes.use(1, source.text.count("\n") + 1)
    for entry in entries if isinstance(entries, list) else ():
        messages = entry.get("_webSocketMessages") if isinstance(entry, dict) else None
        if isinstance(messages, list):
            charge_point = _charge_point(entry)
            for message in messages:
                yield from _message(message, charge_point, notes)


def _charge_point(entry: dict[str, Any]) -> str:
    request = entry.get("request")
    url = request.get("url") if isinstance(request, dict) else None
    try:
        path = urlsplit(url).path if isinstance(url, str) else ""
    except ValueError:
        return ""
    return unquote(path.rstrip("/").rpartition("/")[2])


def _message(value: Any, charge_point: str, notes: Notes) -> Iterator[Entry]:
    if not isinstance(value, dict) or not isinstance(data := value.get("data"), str):
        notes.leave_out("a WebSocket message has no data", 0)
        return
    side = SIDES.get(str(value.get("type")).lower())
    if side is None:
        notes.leave_out("a WebSocket message has no type send or receive", 0)
        return
    if value.get("opcode") == BINARY:
        try:
            data = base64.b64decode(data, validate=True).decode("utf-8", "replace")
        except ValueError:
            notes.leave_out("a WebSocket message is binary", 0)
            return
    try:
        message = read_whole(data)
    except NotAMessage as error:
        notes.leave_out(str(error), 0)
        return
    notes.heads["har"] += 1
    time = value.get("time")
    at = stamps.iso(time)
    if isinstance(time, (int, float)) and not isinstance(time, bool):
        at = stamps.of_seconds(time if time < 1e11 else time / 1000)
    yield Entry(message, data, 1, at, side, charge_point)


FORM = Form(
    "har",
    "HAR of a browser or of mitmproxy, with WebSocket messages",
    '{"log":{"entries":[{"request":{"url":"ws://…/CP1"},"_webSocketMessages":[{"type":"send",…',
    _told_by,
    _read,
    "Who has dialled is the charger. From mitmproxy: `mitmdump -nr FLOWS --set hardump=FILE.har`.",
)
