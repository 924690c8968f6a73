"""Reading OCPP-J frames: text in, one of four frozen shapes out, never an exception.

A connection must survive whatever a charge point sends, so everything that can fail on hostile
input (JSON, nesting, huge integers, arity, types) fails here and becomes `Junk` with a reason.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

# OCPP-J 1.6 allows 36 characters. Chargers in the field use more; echoing has to end somewhere.
LONGEST_ID = 255
CALL = 2
# Room for any counter, of 64 bits or of 128. Python refuses to print numbers of some thousand
# digits, so one that came in could fail much later, in the sum of two of them.
LONGEST_INTEGER = 40


@dataclass(frozen=True)
class Request:
    """A CALL."""

    unique_id: str
    action: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A CALLRESULT."""

    unique_id: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """A CALLERROR."""

    unique_id: str
    code: str
    description: str


@dataclass(frozen=True)
class Junk:
    """A frame that is none of these; `unique_id` is set when a CALLERROR is owed."""

    reason: str
    unique_id: str | None = None
    code: str = ""
    """Of that CALLERROR; empty for the one that a version has for a CALL that is none."""


Frame = Request | Answer | Refusal | Junk


def parse(raw: str | bytes) -> Frame:
    """Read one frame."""
    too_long = False

    def integer(digits: str) -> int:
        nonlocal too_long
        if len(digits.lstrip("-")) > LONGEST_INTEGER:
            too_long = True
            return 0
        return int(digits)

    try:
        message = json.loads(raw, parse_int=integer)
    except RecursionError:
        return Junk("nested too deeply")
    except ValueError:
        return Junk("not JSON")
    if not isinstance(message, list) or not message:
        return Junk("not a JSON array with a message type")
    kind, rest = message[0], message[1:]
    if not isinstance(kind, int) or isinstance(kind, bool) or kind not in _READERS:
        return Junk("an unknown message type")
    if not rest or not isinstance(rest[0], str) or len(rest[0]) > LONGEST_ID:
        return Junk("without a usable message id")
    if too_long:
        # The frame is well formed all the same: a CALL is owed an answer.
        reason = f"a number has more than {LONGEST_INTEGER} digits"
        return Junk(reason, rest[0] if kind == CALL else None, "PropertyConstraintViolation")
    return _READERS[kind](rest)


def _request(parts: list[Any]) -> Frame:
    if len(parts) != 3:
        return Junk("a CALL must have 4 elements", parts[0])
    unique_id, action, payload = parts
    if not isinstance(action, str):
        return Junk("the action of a CALL must be text", unique_id)
    if not isinstance(payload, dict):
        return Junk("the payload of a CALL must be an object", unique_id)
    return Request(unique_id, action, payload)


def _answer(parts: list[Any]) -> Frame:
    if len(parts) != 2 or not isinstance(parts[1], dict):
        return Junk("a CALLRESULT must have 3 elements, the last an object")
    return Answer(*parts)


def _refusal(parts: list[Any]) -> Frame:
    # Details are often left out; the code is what a caller needs.
    if len(parts) < 2 or not isinstance(parts[1], str):
        return Junk("a CALLERROR must have a code")
    description = parts[2] if len(parts) > 2 and isinstance(parts[2], str) else ""
    return Refusal(parts[0], parts[1][:100], description[:255])


_READERS = {CALL: _request, 3: _answer, 4: _refusal}
