"""Our own form: JSONL, a line of what the trace is, then a frame a line.

    {"trace":1,"charge_point":"CP1","ocpp":"1.6","timezone":"+02:00"}
    {"dir":"cp->csms","t":"2026-01-02T03:04:05.678Z","msg":[2,"1","Heartbeat",{}]}

`t` is in UTC, or null. `cp` is there where it is not the one of the first line. `text` is what was
on the wire, where `msg` as we write it is not that already. `fault` says what was done to it there
on purpose: then `msg` is what the charge point has said, or heard. Fields that are not known are
ignored; a file without the first line is read; so is a time without a zone, which is then in that
of the first line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sim_core.traces.frames import Side, TraceFrame
from sim_core.traces.stamps import as_text

VERSION = 1


@dataclass(frozen=True)
class Header:
    """What the first line says of all that follow."""

    charge_point: str = ""
    ocpp_version: str = ""
    timezone: str = ""
    """Where the log was written: `+02:00` or `Europe/Berlin`; empty: not known."""
    version: int = VERSION


def header(charge_point: str = "", ocpp_version: str = "", timezone: str = "") -> str:
    """The first line, without its end."""
    return _line(
        {
            "trace": VERSION,
            "charge_point": charge_point,
            "ocpp": ocpp_version,
            "timezone": timezone or "UTC",
        }
    )


def write_line(frame: TraceFrame, *, of: str | None = None) -> str:
    """A frame as a line, without its end. `of` is the charge point of the header."""
    return line_of(
        frame.sent_by,
        as_text(frame.at) if frame.at else None,
        list(frame.message) or None,
        frame.text,
        "" if frame.charge_point == of else frame.charge_point,
    )


def line_of(
    sent_by: Side, at: str | None, message: Any, text: str, charge_point: str = "", fault: str = ""
) -> str:
    """A frame of any shape as a line: `message` is None where the text is no JSON."""
    fields: dict[str, Any] = {"dir": sent_by.value, "t": at}
    if charge_point:
        fields["cp"] = charge_point
    try:
        written = compact(message)
    except (ValueError, RecursionError):  # 1e999 is a number of JSON, and of no computer
        message, written = None, ""
    fields["msg"] = message
    if text and text != written:
        fields["text"] = text
    if fault:
        fields["fault"] = fault
    return _line(fields)


def compact(value: Any) -> str:
    """A value as JSON without blanks. Raises ValueError for what JSON cannot say."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _line(fields: dict[str, Any]) -> str:
    line = compact(fields)
    try:
        line.encode()
    except UnicodeEncodeError:  # half a character, as a peer may send it
        return json.dumps(fields, separators=(",", ":"))
    return line


def header_of(fields: dict[str, Any]) -> Header | None:
    """The first line, read; None where it is none."""
    version = fields.get("trace")
    if type(version) is not int or "msg" in fields:
        return None

    def text(name: str) -> str:
        value = fields.get(name)
        return value if isinstance(value, str) else ""

    return Header(text("charge_point"), text("ocpp"), text("timezone"), version)
