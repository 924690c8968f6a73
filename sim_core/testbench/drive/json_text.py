"""Answers and events as JSON that every reader can read, whatever a peer has said.

A frame may hold half a character, a number that JSON does not have, or be nested deeper than Python
likes to walk. None of that is to reach who reads an answer, or to keep an answer from being given.
"""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from typing import Any

from sim_core.testbench.drive.requests import Answer, Event, Failure


def as_line(said: Answer | Event) -> bytes:
    """An answer or an event as a line of JSON in UTF-8 that every reader can read."""
    try:
        document = plain(said)
        if isinstance(said, Answer):
            del document["error" if said.ok else "result"]
        text = dumped(document)
    except RecursionError:
        failure = Failure("fault", "it is nested too deep to be told")
        told = Answer(said.id if isinstance(said, Answer) else None, False, None, failure)
        text = dumped(plain(told))
    # A peer may send half a character, which is none in UTF-8.
    return text.encode("utf-8", "replace")


def plain(said: Any) -> Any:
    """Answers, events and what they are made of as JSON has them; what was said on the wire is
    left as it is, for it may be nested as deep as somebody likes."""
    if is_dataclass(said):
        return {one.name: plain(getattr(said, one.name)) for one in fields(said)}
    return [plain(one) for one in said] if isinstance(said, list) else said


def dumped(document: Any) -> str:
    """JSON on one line. Raises RecursionError."""
    try:
        return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(_finite(document), ensure_ascii=False, separators=(",", ":"))


def _finite(value: Any) -> Any:
    """The same with null for numbers that JSON does not have; a peer may send them all the same."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
