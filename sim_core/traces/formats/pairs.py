"""What a CSMS made with ocpp-rpc or the like prints: `got ACTION = {…}` and `res = {…}`.

There are no message ids, so they are made up: a request and the answer that follows it get one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from sim_core.traces import stamps
from sim_core.traces.directions import of_action
from sim_core.traces.entries import Entry, Notes, Source
from sim_core.traces.formats.form import Form
from sim_core.traces.formats.own import compact
from sim_core.traces.frames import Side
from sim_core.traces.messages import NOT_JSON, Gathering
from sim_core.traces.wrappers import ESCAPES, behind, behind_number

REQUEST = re.compile(r"\bgot (?P<action>[A-Z][A-Za-z0-9]{2,60})\s*(?:=\s*(?P<payload>\{.*))?$")
NAMED = re.compile(r"^\s*(?P<name>\w{1,60}) = (?P<payload>\{.*)$")
ANSWER = re.compile(r"^\s*res(?:ponse|ult)? = (?P<payload>\{.*)$")
MOST_LINES = 2_000


def _told_by(source: Source) -> bool:
    text = source.text[:262_144]
    if re.search(r"\bgot [A-Z][A-Za-z0-9]{2,60}\s*(?:=|$|\x1b)", text, re.MULTILINE) is None:
        return False
    return any(ANSWER.match(line) for line in _lines(text.split("\n")))


def _lines(lines: list[str]) -> list[str]:
    """The lines without what is put before each of them."""
    bare = []
    for place, coloured in enumerate(lines):
        line = ESCAPES.sub("", coloured)
        at = behind_number(line, lines[0], place)
        bare.append(line[at + behind(line[at:]) :])
    return bare


def _read(source: Source, notes: Notes) -> Iterator[Entry]:
    notes.keeps_copies = True  # without ids nothing tells a copy from a second one
    whole = [line for _, line in source.lines()]
    lines = _lines(whole)
    made = 0
    open_id, open_side = "", Side.CHARGER
    waiting = ""
    at = None
    place = 0
    while place < len(lines):
        line, number = lines[place], place + 1
        place += 1
        asked = REQUEST.search(line)
        answer = ANSWER.match(line)
        named = NAMED.match(line) if waiting and not answer else None
        text = ""
        if asked is not None:
            waiting, text = asked["action"], asked["payload"] or ""
            written = whole[number - 1]
            at = stamps.find(written[: written.find("got ")], last=True)
            notes.use(number, number)
        elif answer is not None:
            text = answer["payload"]
        elif named is not None:
            text = named["payload"]
        if not text:
            continue
        payload, last = _payload(lines, place - 1, text)
        if payload is None:
            notes.leave_out(f"a payload is no JSON: {NOT_JSON}", number)
            continue
        notes.use(number, last + 1)
        place = last + 1
        notes.heads["got-res"] += 1
        if answer is None:
            made += 1
            open_id, open_side = f"n{made}", of_action(waiting) or Side.CHARGER
            message = [2, open_id, waiting, payload]
            waiting = ""
            yield Entry(tuple(message), compact(message), number, at, open_side)
        elif open_id:
            message = [3, open_id, payload]
            yield Entry(tuple(message), compact(message), number, at, open_side.other)
            open_id = ""
        else:
            notes.leave_out("an answer has no request", number)


def _payload(lines: list[str], place: int, text: str) -> tuple[dict[str, Any] | None, int]:
    """The object that begins there, and the place of its last line."""
    gathering = Gathering()
    end = gathering.add(text)
    last = place
    while end is None and last + 1 < len(lines) and last - place < MOST_LINES:
        last += 1
        if REQUEST.search(lines[last]) or ANSWER.match(lines[last]) or gathering.too_long:
            return None, place
        end = gathering.add(lines[last])
    try:
        value = json.loads(gathering.text)
        compact(value)
    except (ValueError, RecursionError):
        return None, place
    return (value if isinstance(value, dict) else None), last


FORM = Form(
    "got-res",
    "what a CSMS made with ocpp-rpc prints, requests and answers without ids",
    'Server got Heartbeat = {}  and in the next line  res = {"currentTime":"…"}',
    _told_by,
    _read,
    "Message ids are made up.",
)
