"""The trace of shiv3's OCPP tools: JSONL with `schemaVersion` 1.x, one record a frame.

`raw` is the only part that loses nothing, so it is read where it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim_core.traces import stamps
from sim_core.traces.entries import Entry, Notes, Source
from sim_core.traces.formats.form import Form
from sim_core.traces.formats.own import compact
from sim_core.traces.formats.own_reading import first_object, objects
from sim_core.traces.frames import Side
from sim_core.traces.messages import NOT_JSON, NotAMessage, message_of, read_whole

SIDES = {"cp-to-csms": Side.CHARGER, "csms-to-cp": Side.CSMS}


def _told_by(source: Source) -> bool:
    first = first_object(source)
    return "schemaVersion" in first and "direction" in first


def _read(source: Source, notes: Notes) -> Iterator[Entry]:
    notes.keeps_copies = True
    for number, value in objects(source):
        if value is None:
            notes.leave_out(NOT_JSON, number)
            continue
        if value.get("transport") == "soap":
            notes.leave_out("a record is of SOAP, which is no OCPP-J", number)
            continue
        side = SIDES.get(str(value.get("direction")))
        if side is None:
            notes.leave_out("a record has no direction cp-to-csms or csms-to-cp", number)
            continue
        try:
            message, text = _message(value)
        except NotAMessage as error:
            notes.leave_out(str(error), number)
            continue
        notes.use(number, number)
        notes.heads["shiv3"] += 1
        charge_point = value.get("chargePointId")
        version = value.get("ocppVersion")
        notes.ocpp_version = notes.ocpp_version or (version if isinstance(version, str) else "")
        yield Entry(
            message,
            text,
            number,
            stamps.iso(value.get("timestamp")),
            side,
            charge_point if isinstance(charge_point, str) else "",
        )


def _message(value: dict[str, Any]) -> tuple[tuple[Any, ...], str]:
    raw = value.get("raw")
    if isinstance(raw, str):
        return read_whole(raw), raw
    if isinstance(raw, list):
        return _spelt(raw)
    message_id = value.get("messageId", "")
    payload = value.get("payload") or {}
    if value.get("messageType") == "CALL":
        return _spelt([2, message_id, value.get("action"), payload])
    if value.get("messageType") == "CALLRESULT":
        return _spelt([3, message_id, payload])
    if value.get("messageType") == "CALLERROR":
        error = value.get("error")
        told = error if isinstance(error, dict) else {}
        parts = [told.get("code"), told.get("description") or "", told.get("details") or {}]
        return _spelt([4, message_id, *parts])
    raise NotAMessage("a record is no CALL, CALLRESULT or CALLERROR")


def _spelt(value: list[Any]) -> tuple[tuple[Any, ...], str]:
    message = message_of(value)
    try:
        return message, compact(value)
    except ValueError:
        raise NotAMessage(NOT_JSON) from None


FORM = Form(
    "shiv3",
    "the trace of shiv3's OCPP tools, JSONL of version 1",
    '{"schemaVersion":"1.1","timestamp":"…","direction":"cp-to-csms","messageType":"CALL",…}',
    _told_by,
    _read,
    "SOAP is left out.",
)
