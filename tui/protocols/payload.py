"""Reading frames that may hold anything: what is there comes out as words, the rest as nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from tui.text import plain

Payload = Mapping[str, Any]

CALL_PAYLOAD, RESULT_PAYLOAD = 3, 2
"""Where a frame of OCPP-J has its payload: `[2, id, action, {…}]`, `[3, id, {…}]`."""


def frame_payload(frame: str, place: int) -> Payload | None:
    """The payload object of an OCPP-J frame, or None where there is none."""
    try:
        parsed = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if isinstance(parsed, list) and len(parsed) > place and isinstance(parsed[place], dict):
        payload: Payload = parsed[place]
        return payload
    return None


def pretty(frame: str) -> list[str]:
    """A frame as indented lines, each safe to draw; as it came when it is not JSON.

    Type, id and action stand in one line with the bracket that opens the payload.
    """
    try:
        parsed = json.loads(frame)
        text = _of_a_frame(parsed) or json.dumps(parsed, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = frame
    return [plain(line) for line in text.split("\n")]


def _of_a_frame(parsed: object) -> str:
    """`[2, "id", "action", {` and the payload below it; empty where it is no such thing."""
    if not isinstance(parsed, list) or not parsed or not isinstance(parsed[-1], dict):
        return ""
    *head, payload = parsed
    if any(isinstance(part, (list, dict)) for part in head):
        return ""
    parts = [json.dumps(part, ensure_ascii=False) for part in head]
    return f"[{', '.join([*parts, json.dumps(payload, indent=2, ensure_ascii=False)])}]"


def field(payload: Payload, key: str, label: str = "") -> str:
    """The value of a field behind its label; nothing where it is not there or empty."""
    value = payload.get(key)
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f"{label}{text}"


STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$")


def moment(payload: Payload, key: str, label: str, on: date | None) -> str:
    """A moment behind its label: for a reader on that day the local time, and its day where it is
    another one; without one, and what is no moment, as it came."""
    stamp = field(payload, key)
    parts = STAMP.match(stamp) if on else None
    if parts is None:
        return field(payload, key, label)
    zone = parts[2].replace("Z", "+00:00")
    try:
        at = datetime.fromisoformat(parts[1] + zone).astimezone()
    except (ValueError, OverflowError):
        return f"{label}{stamp}"
    return f"{label}{at:%H:%M}" if at.date() == on else f"{label}{at:%m-%d %H:%M}"


def joined(*parts: str) -> str:
    """What there is of these, in one line."""
    return " ".join(part for part in parts if part)


def number(value: object) -> float | None:
    """The value as a number: OCPP 1.6 writes it as a text."""
    try:
        return float(str(value))
    except ValueError:
        return None


def objects(value: object) -> Iterator[Payload]:
    """The objects of a list; none where it is something else."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))
