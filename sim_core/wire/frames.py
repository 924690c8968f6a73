"""What OCPP-J message a frame is, or what keeps it from being one (OCPP-J §4.2). Pure.

Whoever writes a CSMS meets its own mistakes here first, so each has a sentence that says what the
frame has and what OCPP-J wants. Sentences quote nothing of a frame but the kinds of its parts:
payloads may carry secrets, and the text of a stranger does not belong into a warning.

A frame that is broken around its message (a byte order mark, a NUL, something behind it) or in its
payload (cut off, nested too deep) is not used, but the call that it was to answer is known, and
need not wait until its time is up: that would be silence, which is no failure (OCPP 1.6 §3.7.1).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

CALL, CALLRESULT, CALLERROR = 2, 3, 4
NAMES = {CALL: "CALL", CALLRESULT: "CALLRESULT", CALLERROR: "CALLERROR"}
SHAPES = {
    CALL: "[2, id, action, payload]",
    CALLRESULT: "[3, id, payload]",
    CALLERROR: "[4, id, code, description, details]",
}
PARTS = {CALL: 4, CALLRESULT: 3, CALLERROR: 5}
LONGEST_ID = 36
"""Characters of a message id (OCPP-J §4.1.4)."""
AROUND = "\ufeff\x00 \t\r\n"
"""What a frame may have around its message by mistake."""
HEAD = re.compile(r'\[\s*([34])\s*,\s*"([^"\\]{1,36})"\s*(?:,|$)')
"""How an answer begins, whatever becomes of the rest."""


@dataclass(frozen=True)
class Frame:
    """A frame that has been read. `kind` 0: it is no message at all."""

    kind: int = 0
    message_id: str = ""
    parts: list[Any] = field(default_factory=list)
    """As they came; of what is broken, nothing."""
    flaw: str = ""
    """A sentence without full stop that says what is wrong with it; empty: nothing is."""
    word: str = ""
    """The same in a few words, equal for every frame with that mistake."""

    @property
    def usable(self) -> bool:
        """Whether it says what it is meant to say, whatever is wrong with its form."""
        return bool(self.parts)


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "an array" if isinstance(value, list) else "an object"


def read(text: str) -> Frame:
    """The message in a frame, and what is wrong with it. Never raises."""
    try:
        message = json.loads(text)
    except RecursionError:
        return _broken(text, "nested too deep", "it is nested too deep to be read")
    except ValueError as error:
        word, flaw = _not_json(text, error)
        return _broken(text, word, flaw)
    return _message(message)


def _message(message: object) -> Frame:
    """What a JSON value is as a message."""
    if isinstance(message, str) and message.strip(AROUND).startswith("["):
        return _broken(
            message,
            "encoded twice",
            "it is a JSON text with a message in it, encoded twice: send the array itself",
        )
    if not isinstance(message, list):
        return Frame(
            word="not an array",
            flaw=f"it is {kind_of(message)}: an OCPP-J message is an array such as "
            f"{SHAPES[CALLRESULT]}",
        )
    if len(message) < 2:
        return Frame(
            word="too short",
            flaw=f"the array has {_parts(len(message))}: an OCPP-J message is one of "
            f"{', '.join(SHAPES.values())}",
        )
    return _typed(message)


def _typed(message: list[Any]) -> Frame:
    """An array by its message type and id."""
    kind, message_id = message[0], message[1]
    if isinstance(kind, str) and kind.strip() in ("2", "3", "4"):
        number = int(kind)
        return Frame(
            number if number != CALL else 0,
            message_id if isinstance(message_id, str) else "",
            word="message type in quotes",
            flaw=f'the message type is the text "{number}": OCPP-J wants the number {number}, '
            "without quotes",
        )
    if isinstance(kind, bool) or not isinstance(kind, (int, float)) or kind not in NAMES:
        shown = kind if type(kind) is int and abs(kind) < 1000 else kind_of(kind)
        return Frame(
            word="unknown message type",
            flaw=f"the message type is {shown}: OCPP-J knows 2 (CALL), 3 (CALLRESULT) and "
            "4 (CALLERROR)",
        )
    kind = int(kind)
    if not isinstance(message_id, str):
        return Frame(
            word="no message id",
            flaw=f"the message id of a {NAMES[kind]} is {kind_of(message_id)}: OCPP-J wants a "
            "text, and in an answer exactly the one of the call",
        )
    word, flaw = _of_kind(kind, message)
    if kind == CALL and len(message) < 3:
        return Frame(flaw=flaw, word=word)
    used = not flaw or kind == CALL or (kind == CALLERROR and _has_code(message))
    if not flaw and not 1 <= len(message_id) <= LONGEST_ID:
        word = "message id too long" if message_id else "message id empty"
        flaw = (
            f"the message id has {len(message_id)} characters: OCPP-J wants 1 to {LONGEST_ID} "
            "(a UUID fits)"
        )
    return Frame(kind, message_id, message if used else [], flaw, word)


def _has_code(message: list[Any]) -> bool:
    return len(message) > 2 and isinstance(message[2], str)


def _of_kind(kind: int, message: list[Any]) -> tuple[str, str]:
    """(word, flaw) of what stands behind the message id."""
    name, wanted = NAMES[kind], PARTS[kind]
    count = len(message)
    behind = message[2:]
    if kind == CALLRESULT and count == 4 and _text_then_object(behind):
        return "CALLRESULT with an action", (
            f"a {name} has 3 parts {SHAPES[kind]}, this has 4: an action does not belong into it"
        )
    if count != wanted:
        missing = "payload" if kind != CALLERROR else "code, description or details"
        why = f": the {missing} is missing" if count < wanted else ""
        return f"{name} with {_parts(count)}", (
            f"a {name} has {wanted} parts {SHAPES[kind]}, this has {count}{why}"
        )
    for what, value, kinds in _wanted_behind(kind, behind):
        if not isinstance(value, kinds):
            wants = "a text" if kinds is str else "an object, {} where there is nothing to say"
            twice = kinds is dict and isinstance(value, str) and value.strip().startswith("{")
            hint = " (it is encoded twice)" if twice else ""
            return f"{name} with a wrong {what}", (
                f"the {what} of a {name} {SHAPES[kind]} is {kind_of(value)}{hint}: "
                f"OCPP-J wants {wants}"
            )
    return "", ""


def _wanted_behind(kind: int, behind: list[Any]) -> list[tuple[str, Any, type]]:
    if kind == CALL:
        return [("action", behind[0], str), ("payload", behind[1], dict)]
    if kind == CALLRESULT:
        return [("payload", behind[0], dict)]
    return [("code", behind[0], str), ("description", behind[1], str), ("details", behind[2], dict)]


def _text_then_object(behind: list[Any]) -> bool:
    return isinstance(behind[0], str) and isinstance(behind[1], dict)


def _parts(count: int) -> str:
    return {0: "no part", 1: "1 part"}.get(count, f"{count} parts")


def _not_json(text: str, error: ValueError) -> tuple[str, str]:
    """(word, flaw) of a text that is not JSON."""
    if not text.strip():
        return "empty frame", "the frame is empty: a message is a JSON array"
    if text.startswith("\ufeff"):
        return "byte order mark", (
            "it begins with a byte order mark (U+FEFF): send UTF-8 without one"
        )
    if text.startswith("ï»¿"):
        return "byte order mark", (
            "it begins with the three bytes of a byte order mark, encoded once more: "
            "send UTF-8 without one"
        )
    if "\x00" in text:
        return "NUL character", (
            f"character {text.index(chr(0)) + 1} is a NUL: send the text without the NUL that "
            "ends a string in C"
        )
    if not isinstance(error, json.JSONDecodeError):
        return "not JSON", "a number in it has more digits than can be read"
    place = f"at character {error.pos + 1} of {len(text)}"
    if error.msg == "Extra data":
        return "text behind the message", (
            f"something stands behind the message, {place}: a frame is one message and nothing else"
        )
    stripped = text.lstrip()
    if stripped.startswith("[") and "'" in text[error.pos : error.pos + 1]:
        return "not JSON", f"it is not JSON: {place} stands ', and JSON wants double quotes"
    if error.pos >= len(text.rstrip()):
        return "not JSON", f"it is not JSON: it breaks off after {len(text)} characters"
    return "not JSON", f"it is not JSON {place}: {error.msg[:80]}"


def _broken(text: str, word: str, flaw: str) -> Frame:
    """A frame that is not used, with the id of the call that it was to answer, if that shows."""
    text = text.removeprefix("ï»¿").lstrip(AROUND)
    try:
        message, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        head = HEAD.match(text)
        return (
            Frame(int(head[1]), head[2], [], flaw, word) if head else Frame(0, "", [], flaw, word)
        )
    inner = _typed(message) if isinstance(message, list) and len(message) > 1 else Frame()
    answers = inner.kind in (CALLRESULT, CALLERROR)
    return Frame(
        inner.kind if answers else 0,
        inner.message_id if answers else "",
        flaw=flaw,
        word=word,
    )
