"""Logs in which each line is an object of JSON with the line in it: docker's json-file, `journalctl
-o json`, and what collectors of logs export.

They are unpacked here, line for line, so that every form is read in them as it is by itself, and
its line numbers stay those of the file.
"""

from __future__ import annotations

import json
from datetime import timezone
from typing import Any

from sim_core.traces import stamps

FIELDS = ("log", "MESSAGE", "message", "line", "msg")
"""Where the line is, by docker, journald, and others."""
TIMES = ("time", "timestamp", "@timestamp", "ts")
NOT_CARRIED = frozenset({"dir", "direction", "schemaVersion"})
"""Who has such a field tells frames himself."""
MOSTLY = 0.9
LOOKED_AT = 200
"""So many lines tell what the file is."""


def unpacked_lines(text: str) -> str:
    """The lines that are carried; the text as it is where none are."""
    lines = text.split("\n")
    field = _field(lines[:LOOKED_AT])
    if not field:
        return text
    found: list[str] = []
    kept = ""
    for line in lines:
        carried = _object(line)
        words = carried.get(field) if carried is not None else None
        if carried is None or not isinstance(words, str):
            found.append(line)
            continue
        if field == FIELDS[0] and not words.endswith("\n"):  # docker goes on in its next line
            kept += words
            found.append("")
            continue
        words = (kept + words).rstrip("\r\n").replace("\n", " ")
        kept = ""
        found.append(_stamp(carried) + words)
    return "\n".join(found) + (f"\n{kept}" if kept else "")


def _stamp(carried: dict[str, Any]) -> str:
    """When the line was carried, as `docker logs -t` writes it; empty: that is not said."""
    at = next((at for name in TIMES if (at := stamps.iso(carried.get(name))) is not None), None)
    if at is None or at.tzinfo is None:
        return ""
    return f"{at.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}000Z "


def _field(lines: list[str]) -> str:
    """The field that most of the lines carry a line in; empty: they carry none."""
    whole = [line for line in lines if line.strip()]
    if not whole or not whole[0].lstrip().startswith("{"):
        return ""
    objects = [carried for line in whole if (carried := _object(line)) is not None]
    for field in FIELDS:
        hits = sum(isinstance(carried.get(field), str) for carried in objects)
        if hits and hits >= MOSTLY * len(whole):
            return field
    return ""


def _object(line: str) -> dict[str, Any] | None:
    if not line.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    known = isinstance(value, dict) and not NOT_CARRIED & value.keys()
    return value if known else None
