"""Reads our own form, with its first line and without, and whatever else has `dir` and `msg`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sim_core.traces import stamps
from sim_core.traces.entries import Entry, Notes, Source
from sim_core.traces.formats.form import Form
from sim_core.traces.formats.own import VERSION, Header, compact, header_of
from sim_core.traces.frames import Side
from sim_core.traces.messages import NOT_JSON, NotAMessage, message_of, read_whole

SIDES = {side.value: side for side in Side}


def objects(source: Source) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """The lines that have something on them, as objects of JSON; None where one is none."""
    for number, line in source.lines():
        if not line.strip():
            continue
        try:
            value = json.loads(line.lstrip("\ufeff"))
        except (ValueError, RecursionError):
            value = None
        yield number, value if isinstance(value, dict) else None


def first_object(source: Source) -> dict[str, Any]:
    """The first line that is an object, among the first few; empty where none is."""
    for (_, value), _ in zip(objects(source), range(5), strict=False):
        if value is not None:
            return value
    return {}


def _told_by(source: Source) -> bool:
    first = first_object(source)
    return header_of(first) is not None or ("dir" in first and "msg" in first)


def _read(source: Source, notes: Notes) -> Iterator[Entry]:
    notes.keeps_order = notes.keeps_copies = True
    head = Header()
    for number, value in objects(source):
        if value is None:
            notes.leave_out(f"{NOT_JSON}", number)
            continue
        if (found := header_of(value)) is not None:
            if found.version > VERSION:
                notes.leave_out(
                    f"a first line is of version {found.version}, newer than this program's "
                    f"{VERSION}: what it does not know is ignored",
                    number,
                )
            head = found
            notes.ocpp_version = notes.ocpp_version or head.ocpp_version
            notes.timezone = notes.timezone or head.timezone
            notes.use(number, number)
            continue
        side = SIDES.get(str(value.get("dir")))
        if side is None:
            notes.leave_out('a line has no "dir" of "cp->csms" or "csms->cp"', number)
            continue
        text = value.get("text")
        try:
            if isinstance(text, str):
                message = read_whole(text)
            else:
                message = message_of(value.get("msg"))
                text = compact(value["msg"])
        except (NotAMessage, ValueError) as error:
            notes.leave_out(str(error) if isinstance(error, NotAMessage) else NOT_JSON, number)
            continue
        charge_point = value.get("cp", head.charge_point)
        notes.use(number, number)
        notes.heads["jsonl"] += 1
        yield Entry(
            message,
            text,
            number,
            stamps.iso(value.get("t")),
            side,
            charge_point if isinstance(charge_point, str) else "",
        )


FORM = Form(
    "jsonl",
    "ChargeForge's own trace, and older ones without its first line",
    '{"dir":"cp->csms","t":"2026-01-02T03:04:05.678Z","msg":[2,"1","Heartbeat",{}]}',
    _told_by,
    _read,
)
