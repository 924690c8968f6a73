"""What of a text is an OCPP-J message, and what only looks like one (OCPP-J §4.2).

A log is not a socket: messages are cut off, wrapped, abridged, written as Python writes them. What
is taken as a message has the form that OCPP-J wants, so that whoever looks at a trace may rely on
it; all else has a word for why it was not taken.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

CALL, CALLRESULT, CALLERROR = 2, 3, 4
MAX_CHARACTERS = 4 * 1024 * 1024
"""Of one message; what is longer is not looked at."""

MAX_DEPTH = 100
"""How deep a message may be nested; OCPP's own are less than ten deep."""

BEGINS = re.compile(r"\[\s*(?:[234]\s*,|\Z)")
"""Where a message may begin."""
STRUCTURE = re.compile(r'\\.|["\[\]{}]', re.DOTALL)
ABRIDGED = re.compile(r"\.\.\.|…")

NOT_JSON = "what looks like a frame is no JSON"
CUT_OFF = "a frame is cut off"
CUT_SHORT = "a frame is abridged (...)"
TOO_DEEP = "a frame is nested too deep"
TOO_LONG = f"a frame is longer than {MAX_CHARACTERS // 1024 // 1024} MiB"


class NotAMessage(ValueError):  # noqa: N818 - it is an answer, not a fault
    """This is no message; the text says why, as a plural can be said of it."""


@dataclass(frozen=True)
class Read:
    """A message, and where its text ends."""

    message: tuple[Any, ...]
    end: int


def is_deep(text: str, at: int, end: int) -> bool:
    """Whether JSON that can be read is nested deeper than whoever looks at it will want."""
    if text.count("[", at, end) + text.count("{", at, end) <= MAX_DEPTH:
        return False
    depth = 0
    in_string = False
    for found in STRUCTURE.finditer(text, at, end):
        mark = found[0]
        if mark == '"':
            in_string = not in_string
        elif not in_string and mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif not in_string and mark in "]}":
            depth -= 1
    return False


def _refuse(constant: str) -> NoReturn:
    raise NotAMessage(NOT_JSON)


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def read_at(text: str, at: int = 0) -> Read | None:
    """The message that begins there; None where the text ends before it does.

    Raises NotAMessage.
    """
    found = _value_at(text, at)
    return Read(message_of(found[0]), found[1]) if found else None


def is_readable(text: str) -> bool:
    """Whether a text is JSON of a size and depth that whoever looks at it can bear."""
    bare = text.strip()
    try:
        found = _value_at(bare, 0)
    except NotAMessage:
        return False
    return found is not None and found[1] == len(bare)


def _value_at(text: str, at: int) -> tuple[Any, int] | None:
    """(the value that begins there, where it ends)."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            return None
        raise NotAMessage(CUT_SHORT if ABRIDGED.search(text, at) else NOT_JSON) from None
    except RecursionError:
        raise NotAMessage(TOO_DEEP) from None
    except NotAMessage:
        raise
    except ValueError:  # a number of thousands of digits
        raise NotAMessage(NOT_JSON) from None
    if end - at > MAX_CHARACTERS:
        raise NotAMessage(TOO_LONG)
    if is_deep(text, at, end):
        raise NotAMessage(TOO_DEEP)
    return value, end


def read_whole(text: str) -> tuple[Any, ...]:
    """The message that a text is. Raises NotAMessage."""
    if len(text) > MAX_CHARACTERS:
        raise NotAMessage(TOO_LONG)
    bare = text.strip()
    read = read_at(bare)
    if read is None:
        raise NotAMessage(CUT_OFF)
    if read.end != len(bare):
        raise NotAMessage("something stands behind the message")
    return read.message


def message_of(value: object) -> tuple[Any, ...]:
    """The message that a value of JSON is: `(2, id, action, payload)`, `(3, id, payload)` or
    `(4, id, code, …)`. Raises NotAMessage."""
    if not isinstance(value, list) or len(value) < 2:
        raise NotAMessage("an array is no OCPP-J message")
    kind, message_id, *rest = value
    if type(kind) is not int or kind not in (CALL, CALLRESULT, CALLERROR):
        raise NotAMessage("an array has no message type 2, 3 or 4")
    if isinstance(message_id, bool) or not isinstance(message_id, (str, int)):
        raise NotAMessage("a frame has no message id")
    if kind == CALL and not (
        len(rest) == 2 and isinstance(rest[0], str) and isinstance(rest[1], dict)
    ):
        raise NotAMessage("a CALL is not [2, id, action, payload]")
    if kind == CALLRESULT and not (len(rest) == 1 and isinstance(rest[0], dict)):
        raise NotAMessage("a CALLRESULT is not [3, id, payload]")
    if kind == CALLERROR and not (1 <= len(rest) <= 3 and isinstance(rest[0], str)):
        raise NotAMessage("a CALLERROR is not [4, id, code, description, details]")
    return tuple(value)


class Gathering:
    """A message over several lines: it is whole when its brackets are.

    A line that ends within a string was wrapped there, so the next one goes on without a gap;
    elsewhere a line end is a blank of JSON, and stays.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.length = 0
        self._depth = 0
        self._in_string = False
        self._escape = ""

    @property
    def text(self) -> str:
        """What has been gathered."""
        return "".join(self._parts)

    @property
    def too_long(self) -> bool:
        return self.length > MAX_CHARACTERS

    def add(self, line: str) -> int | None:
        """Add a line; returns where in it the message ends, None where it goes on."""
        offset = len(self._escape)
        scanned = self._escape + line
        self._escape = ""
        if self._parts and not self._in_string:
            self._keep("\n")
        for found in STRUCTURE.finditer(scanned):
            mark = found[0]
            if mark == '"':
                self._in_string = not self._in_string
            elif self._in_string or mark[0] == "\\":
                continue
            elif mark in "[{":
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth <= 0:
                    end = found.end() - offset
                    self._keep(line[:end])
                    return end
        if self._in_string and _ends_in_escape(scanned):
            self._escape = "\\"
        self._keep(line)
        return None

    def _keep(self, text: str) -> None:
        self._parts.append(text)
        self.length += len(text)


def _ends_in_escape(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1
