"""Faults on the wire: which there are, what each wants to know, and a rule that makes one.

`KINDS` is the one table of them. The command, its words over HTTP, the schema of scenarios and of
files, the questions of the dashboard and the page of the docs are made of it, and `wire.line` has a
row for each that does it. A rule is one flat dataclass, for that is how commands are said
everywhere; what its kind has no use for is left as it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import Any

TO_CSMS, FROM_CSMS = "to_csms", "from_csms"
DIRECTIONS = {TO_CSMS: "to the CSMS", FROM_CSMS: "from the CSMS"}
ANY = "any"
SORTS = ("request", "answer", "error")
"""What a frame is: CALL, CALLRESULT, CALLERROR."""
SORT_WORDS = (ANY, *SORTS)
EVERY = "*"

LONGEST_S = 86_400.0
MOST_COPIES = 20
MOST_TIMES = 1_000_000
FASTEST_BYTES_PER_S = 10_000_000
LONGEST_VALUE = 10_000
"""Characters of what a field becomes."""
TOLD = 40
"""Characters of a figure that are said in words."""
TORN = 1006
"""The close code of a connection that ends without a close frame (RFC 6455 §7.4.1)."""


@dataclass(frozen=True)
class WireFault:
    """A rule: which frames, and what becomes of them.

    `direction`: `to_csms` or `from_csms`; `kind`: `request`, `answer` (also one by CALLERROR),
    `error` or `any`; `action`: that of the request that it is or answers, `*` any. Of the frames
    that fit, it takes the `nth` only (0: whichever), or each `every`-th, or each with the given
    `chance`, and `times` at the most (0: until it is ended).
    """

    fault: str
    direction: str = TO_CSMS
    action: str = EVERY
    kind: str = ANY
    nth: int = 0
    every: int = 1
    chance: float = 1.0
    seed: int | None = None
    """What chance draws from; None: from the seed of the charge point."""
    times: int = 0
    seconds: float = 5.0
    copies: int = 1
    new_id: bool = False
    code: str = "InternalError"
    text: str = ""
    id: str = ""
    characters: int = 0
    path: str = ""
    becomes: str = ""
    close_code: int = 1011
    bytes_per_s: int = 20


@dataclass(frozen=True)
class Kind:
    """A row of the table."""

    name: str
    label: str
    """What the frames are to be, in a word or two: `dropped`."""
    does: str
    """What becomes of a frame, for people."""
    parameters: tuple[str, ...] = ()
    """Fields of `WireFault` that it goes by, beside those that say which frames."""
    sorts: tuple[str, ...] = SORTS
    """To which sorts of frame it can be done."""

    @property
    def brief(self) -> str:
        """The same in one clause."""
        return CLAUSE_ENDS.split(self.does)[0]


KINDS: tuple[Kind, ...] = (
    Kind("drop", "dropped", "It never arrives; who has sent it does not know"),
    Kind(
        "delay",
        "delayed",
        "It arrives so many seconds later; what comes behind it does not wait for it",
        ("seconds",),
    ),
    Kind(
        "duplicate",
        "doubled",
        "It arrives once more right behind itself, with its own message id or, a request to the "
        "CSMS, with a new one",
        ("copies", "new_id"),
    ),
    Kind(
        "reorder",
        "overtaken",
        "The next frame of its direction overtakes it; where none comes in so many seconds, it "
        "goes on without",
        ("seconds",),
    ),
    Kind("hold", "held", "A breakpoint: it waits until somebody lets it go, edited or not"),
    Kind(
        "callerror",
        "answered by a CALLERROR",
        "A request never arrives and is answered by this CALLERROR; an answer becomes one",
        ("code", "text"),
        ("request", "answer"),
    ),
    Kind(
        "foreign_id",
        "given a foreign id",
        "It arrives with another message id, this one or one that is nobody's",
        ("id",),
    ),
    Kind(
        "truncate",
        "cut off",
        "Only its first characters arrive, so many or half of them, in a whole WebSocket message",
        ("characters",),
    ),
    Kind("bad_json", "made invalid JSON", "It arrives with a comma too many at its end"),
    Kind(
        "change",
        "changed",
        "A field of its payload has another value, by its path (`meterValue.0.timestamp`): any "
        "JSON; without one it is taken out",
        ("path", "becomes"),
    ),
    Kind(
        "close",
        "lost with the link",
        "The socket is closed in its place, with this code; 1006 tears it without a close frame",
        ("close_code",),
    ),
    Kind(
        "half_open",
        "stuck in a dead socket",
        "From it on the socket is dead for so many seconds (0: for good): it stays open, and not a "
        "byte comes or goes, pings neither",
        ("seconds",),
    ),
    Kind(
        "stall",
        "followed by a stall",
        "Behind it nothing is read from the socket for so many seconds (0: for good): the CSMS "
        "cannot get rid of what it sends, and its pings stay unanswered",
        ("seconds",),
    ),
    Kind(
        "slow",
        "slowed down",
        "Its bytes trickle, so many a second, and what is behind it waits",
        ("bytes_per_s",),
    ),
)
CLAUSE_ENDS = re.compile("[;,]")
KIND_BY_NAME = {kind.name: kind for kind in KINDS}

SELECTING = ("direction", "action", "kind", "nth", "every", "chance", "seed", "times")
"""Fields that say which frames a rule takes."""


@dataclass(frozen=True)
class Parameter:
    """What a field of a rule may be."""

    text: str
    schema: dict[str, Any]


PARAMETERS: dict[str, Parameter] = {
    "fault": Parameter(
        "What becomes of the frames", {"type": "string", "enum": [kind.name for kind in KINDS]}
    ),
    "direction": Parameter(
        "Which way they go; without it to_csms", {"type": "string", "enum": list(DIRECTIONS)}
    ),
    "action": Parameter(
        "The action of the request that they are or answer; * or nothing: any",
        {"type": "string", "minLength": 1, "maxLength": 50},
    ),
    "kind": Parameter(
        "What they are; answer: one by CALLERROR, too; without it any",
        {"type": "string", "enum": list(SORT_WORDS)},
    ),
    "nth": Parameter(
        "Only the so-manieth that fits; 0 or nothing: whichever",
        {"type": "integer", "minimum": 0, "maximum": MOST_TIMES},
    ),
    "every": Parameter(
        "Each so-manieth that fits; without it each",
        {"type": "integer", "minimum": 1, "maximum": MOST_TIMES},
    ),
    "chance": Parameter(
        "With this probability; without it 1", {"type": "number", "minimum": 0, "maximum": 1}
    ),
    "seed": Parameter(
        "What chance draws from; without it the seed of the charge point",
        {"type": "integer", "minimum": 0, "maximum": 2**53},
    ),
    "times": Parameter(
        "So many at the most; 0: until the rule is ended",
        {"type": "integer", "minimum": 0, "maximum": MOST_TIMES},
    ),
    "seconds": Parameter(
        "How many seconds; without it 5", {"type": "number", "minimum": 0, "maximum": LONGEST_S}
    ),
    "copies": Parameter(
        "How often it comes again; without it once",
        {"type": "integer", "minimum": 1, "maximum": MOST_COPIES},
    ),
    "new_id": Parameter("Each copy has a message id of its own", {"type": "boolean"}),
    "code": Parameter(
        "Of the CALLERROR; without it InternalError",
        {"type": "string", "minLength": 1, "maxLength": 50},
    ),
    "text": Parameter("Its description", {"type": "string", "minLength": 0, "maxLength": 255}),
    "id": Parameter(
        "The message id; without it one that is nobody's",
        {"type": "string", "minLength": 0, "maxLength": 100},
    ),
    "characters": Parameter(
        "How many characters are left; 0 or nothing: half of them",
        {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
    ),
    "path": Parameter(
        "The field, names and places of lists (from 0) with a dot between",
        {"type": "string", "minLength": 0, "maxLength": 500},
    ),
    "becomes": Parameter("Its value, any JSON; without it the field is taken out", {}),
    "close_code": Parameter(
        "The code of the close frame; without it 1011",
        {"type": "integer", "minimum": 1000, "maximum": 4999},
    ),
    "bytes_per_s": Parameter(
        "Bytes a second; without it 20",
        {"type": "integer", "minimum": 1, "maximum": FASTEST_BYTES_PER_S},
    ),
}
"""Every field of a rule by its name: what it says, and as JSON schema what it may be."""


def why_not(rule: WireFault) -> str:
    """Why a rule cannot be, as a sentence without full stop; empty where it can."""
    kind = KIND_BY_NAME.get(rule.fault)
    if kind is None:
        return f"a frame cannot be {rule.fault[:50]!r}: there is {', '.join(KIND_BY_NAME)}"
    for name, parameter in PARAMETERS.items():
        if trouble := _unlike(name, getattr(rule, name), parameter.schema):
            return trouble
    if rule.kind != ANY and rule.kind not in kind.sorts:
        return f"{rule.fault} can be done to {' and '.join(kind.sorts)} only, not to {rule.kind}"
    if len(rule.becomes) > LONGEST_VALUE:
        return f"becomes has at most {LONGEST_VALUE} characters"
    if rule.fault == "change" and not rule.path:
        return "path is missing: it says which field is changed"
    if rule.fault == "duplicate" and rule.new_id and rule.direction != TO_CSMS:
        return "new_id is for requests to the CSMS: what comes from it keeps its id"
    if rule.fault == "close" and not may_close_with(rule.close_code):
        return (
            f"close_code {rule.close_code} cannot be sent: take 1000 to 1003, 1007 to 1014, 3000 "
            f"to 4999, or {TORN} for no close frame at all"
        )
    if rule.fault == "delay" and not rule.seconds:
        return "seconds is more than 0: a delay of 0 is none"
    return ""


def may_close_with(code: int) -> bool:
    """Whether a socket can be closed with this code (RFC 6455 §7.4)."""
    return 1000 <= code <= 1003 or TORN <= code <= 1014 or 3000 <= code <= 4999


def _unlike(name: str, value: object, schema: dict[str, Any]) -> str:
    """Why a field cannot be what it is, as a sentence; empty where it can."""
    if value is None:
        return ""
    allowed = schema.get("enum")
    if allowed is not None and value not in allowed:
        return f"{name} is one of {', '.join(allowed)}"
    if "minimum" in schema:
        lowest, highest = schema["minimum"], schema["maximum"]
        if not isinstance(value, (int, float)) or not lowest <= value <= highest:
            return f"{name} is a number from {lowest:g} to {highest:g}"
    if isinstance(value, str) and "maxLength" in schema:
        least, most = schema["minLength"], schema["maxLength"]
        if not least <= len(value) <= most or not value.isprintable():
            return f"{name} has {least} to {most} printable characters"
    return ""


def value_of(becomes: str) -> object:
    """What a changed field has: JSON, or the text where it is none."""
    try:
        return json.loads(becomes)
    except (ValueError, RecursionError):
        return becomes


def said_of(rule: WireFault) -> dict[str, object]:
    """The fields of a rule that say something: what is as ever, or of no use to it, is left out."""
    used = ("fault", *SELECTING, *KIND_BY_NAME[rule.fault].parameters)
    return {
        one.name: value
        for one in fields(WireFault)
        if one.name in used and (value := getattr(rule, one.name)) != one.default
    }


def in_words(rule: WireFault) -> str:
    """A rule for people: `each StartTransaction request to the CSMS is delayed: seconds 5`."""
    which = {ANY: "frame", "request": "request", "answer": "answer", "error": "CALLERROR"}
    frame = which.get(rule.kind, "frame")
    if rule.action != EVERY:
        frame = f"{rule.action} {frame}" if rule.kind != ANY else f"{rule.action}"
    if rule.nth:
        each = f"number {rule.nth} of"
    elif rule.every > 1:
        each = f"one in {rule.every} of"
    elif rule.times and rule.chance == 1:
        each = "the next" if rule.times == 1 else f"the next {rule.times} of"
    else:
        each = "each"
    chance = f" by a chance of {rule.chance:g}" if rule.chance < 1 else ""
    kind = KIND_BY_NAME[rule.fault]
    told = ", ".join(f"{name} {told_value(rule, name)}" for name in kind.parameters)
    behind = f": {told}" if told else ""
    return f"{each} {frame} {DIRECTIONS[rule.direction]} is {kind.label}{chance}{behind}"


def told_value(rule: WireFault, name: str) -> str:
    """A parameter of a rule for people."""
    value = getattr(rule, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    told = f"{value:g}" if isinstance(value, float) else str(value) or "-"
    return told if len(told) <= TOLD else f"{told[: TOLD - 1]}…"
