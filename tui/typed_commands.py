"""Commands typed in full into the palette: `start 2 MY_TAG`.

The words are the action's name, the connector, and then the fields of the command in their order,
so a new command can be typed as soon as it is in the core's table. What a field looks like is a row
of `FIELDS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields

from sim_core.commands import ACTION_BY_NAME, HELD_WAYS, RULE_WAYS, Command
from sim_core.hardware.faults import ERROR_CODES
from sim_core.snapshot import LIMITERS
from sim_core.wire_faults import DIRECTIONS, KIND_BY_NAME, SORT_WORDS

VERBS: dict[str, str] = {
    "start": "local_start",
    "stop": "local_stop",
    "offline": "link_down",
    "clear": "clear_fault",
} | {name: name for name in ACTION_BY_NAME}
"""What may be typed for an action."""


def _as_typed(word: str) -> str | None:
    return word


def _error_code(word: str) -> str | None:
    return next((code for code in ERROR_CODES if code.lower() == word.lower()), None)


def _whole(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 16 else None


def _number(word: str) -> float | None:
    whole, _, part = word.partition(".")
    plain = _whole(whole) is not None and (not part or _whole(part) is not None)
    return float(word) if plain else None


YES_AND_NO = {"yes": True, "no": False}


def _yes(word: str) -> bool | None:
    return True if word.lower() == "anyway" else None


def _critical(word: str) -> bool | None:
    return True if word.lower() in ("critical", "true") else None


@dataclass(frozen=True)
class TypedField:
    """A field of a command, as it is typed and said again."""

    said: str = ""
    """Its place in the sentence that says what would be done; `{called}`: the word for a
    connector."""
    read: Callable[[str], object | None] = _as_typed
    """The value that a word means; None: that cannot be."""
    takes_the_rest: bool = False
    """Blanks belong to it: it is the last."""


FIELDS: dict[str, TypedField] = {
    "id_tag": TypedField(" with {}"),
    "pin": TypedField(),
    "vehicle": TypedField(" with {}", takes_the_rest=True),
    "error_code": TypedField(", {}", _error_code),
    "vendor_error_code": TypedField(),
    "info": TypedField(takes_the_rest=True),
    "name": TypedField(" {}"),
    "action": TypedField(" {}"),
    "payload": TypedField(" {}", takes_the_rest=True),
    "frame": TypedField(" {}", takes_the_rest=True),
    "anyway": TypedField(" anyway", _yes),
    "way": TypedField(" {}", lambda word: word if word in (*RULE_WAYS, *HELD_WAYS) else None),
    "times": TypedField(", {} times", _whole),
    "seconds": TypedField(", {} s", _number),
    "code": TypedField(", {}"),
    "text": TypedField(takes_the_rest=True),
    "recording": TypedField(),
    "speed": TypedField(", {} times as fast", _number),
    "rule": TypedField(" {}", _whole),
    "request": TypedField(" {}", _whole),
    "value": TypedField(" to {}", takes_the_rest=True),
    "fault": TypedField(" {}", lambda word: word if word in KIND_BY_NAME else None),
    "direction": TypedField(" {}", lambda word: word if word in DIRECTIONS else None),
    "kind": TypedField(", {}", lambda word: word if word in SORT_WORDS else None),
    "nth": TypedField(", number {}", _whole),
    "every": TypedField(", each {}.", _whole),
    "chance": TypedField(", by a chance of {}", _number),
    "seed": TypedField(", seed {}", _whole),
    "copies": TypedField(", {} copies", _whole),
    "new_id": TypedField(", new ids: {}", lambda word: YES_AND_NO.get(word.lower())),
    "id": TypedField(", id {}"),
    "characters": TypedField(", {} characters", _whole),
    "path": TypedField(", {}"),
    "becomes": TypedField(" = {}"),
    "close_code": TypedField(", {}", _whole),
    "bytes_per_s": TypedField(", {} bytes a second", _whole),
    "limit_w": TypedField(", {} W", _whole),
    "source": TypedField(" by {}", lambda word: word if word in LIMITERS else None),
    "connector": TypedField(", {called} {}", _whole),
    "grid_critical": TypedField(", critical for the grid", _critical),
    "number": TypedField(" {}", _whole),
    "held": TypedField(" {}", _whole),
}


def typed_command(text: str, called: str = "connector") -> tuple[Command, str] | None:
    """A command typed in full ("start 2 MY_TAG") with the words that say it, or None.

    `called` is what they call a connector.
    """
    verb, *words = text.split() or [""]
    action = ACTION_BY_NAME.get(VERBS.get(verb.lower(), ""))
    if action is None:
        return None
    make: Callable[..., Command] = action.command
    said, first = action.label, []
    if action.on_connector:
        if not words or not words[0].isdecimal():
            return None
        connector_id = int(words.pop(0))
        first = [connector_id]
        said += f": {called} {connector_id}"
    values: dict[str, object] = {}
    for field in fields(action.command)[len(first) :]:
        known = FIELDS[field.name]
        if not words:
            if field.default is MISSING:
                return None
            break
        word = " ".join(words) if known.takes_the_rest else words[0]
        words = [] if known.takes_the_rest else words[1:]
        value = known.read(word)
        if value is None:
            return None
        values[field.name] = value
        said += known.said.format(value, called=called)
    return None if words else (make(*first, **values), said)
