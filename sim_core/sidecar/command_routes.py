"""Control: one route for each action of the table.

An accepted command answers 200 with `"ok": true`, a refused one 409 with the sentence that the
screen would show. Nothing here decides anything: the station does. What is looked at here is only
whether a request can be read at all.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from sim_core.commands import (
    HELD_WAYS,
    LARGEST_LIMIT_W,
    LONGEST_DELAY_S,
    MOST_TIMES,
    RULE_WAYS,
    Accepted,
    Action,
    Command,
    Outcome,
    Plug,
    Refused,
    Start,
    Swipe,
    asleep,
)
from sim_core.hardware.faults import ERROR_CODES
from sim_core.http_door.answers import answer, refusal
from sim_core.http_door.bodies import BodyError, json_object
from sim_core.snapshot import LIMITERS, ConnectorSnapshot, TextLimits
from sim_core.station import Station
from sim_core.wire_faults import PARAMETERS, WireFault

AUTO_TAG = "AUTO_TAG"
"""The card of `/plug/{cid}?auto_start=true` where none is named."""
LONGEST_NUMBER = 20
YES_AND_NO = {"true": True, "1": True, "false": False, "0": False}
WORDS_OF = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
}
TEXT_OR_OBJECT = ["string", "object"]
PLAIN_TEXT = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
"""Text without control characters, as JSON schema and `re` both read it."""


@dataclass(frozen=True)
class Query:
    """One thing that a query may say. `also` are other names under which clients say it."""

    name: str
    text: str
    schema: Mapping[str, Any]
    also: tuple[str, ...] = ()
    required: bool = False
    longest: Callable[[TextLimits], int] | None = None
    """How long it may be, where the protocol in use has the say."""
    example: str = "TAG"
    """What it may be, for those who read how to ask."""

    @property
    def kind(self) -> str:
        """The type of it as JSON schema names it; empty where it may be anything."""
        kinds = self.schema.get("type", "")
        return str(kinds if isinstance(kinds, str) else kinds[0])

    @property
    def or_object(self) -> bool:
        """Whether a body may have an object of JSON in the place of the text."""
        return self.schema.get("type") == TEXT_OR_OBJECT

    def read(self, value: str) -> object:
        """What a value means that nothing speaks against."""
        if self.kind == "boolean":
            return YES_AND_NO[value.lower()]
        if self.kind == "integer":
            return int(value)
        return float(value) if self.kind == "number" else value

    def trouble(self, value: str) -> str | None:
        """Why `value` cannot be, as a sentence; None when it can."""
        if not value and self.schema.get("minLength", 1):
            return f"{self.name} is empty: leave it out, or say which"
        if self.kind == "boolean" and value.lower() not in YES_AND_NO:
            return f"{self.name} is true or false, not {value[:50]!r}"
        if self.kind == "number" and not _is_number(value, self.schema):
            lowest, highest = self.schema["minimum"], self.schema["maximum"]
            return f"{self.name} is a number from {lowest} to {highest}"
        if self.kind == "integer":
            lowest, highest = self.schema["minimum"], self.schema["maximum"]
            if not value.isascii() or not value.isdecimal() or len(value) > LONGEST_NUMBER:
                return f"{self.name} is a whole number from {lowest} to {highest}"
            if not lowest <= int(value) <= highest:
                return f"{self.name} is a whole number from {lowest} to {highest}"
        if value not in self.schema.get("enum", (value,)):
            return f"{value[:50]!r} is no {self.name}; there are: {', '.join(self.schema['enum'])}"
        longest = self.schema.get("maxLength", len(value))
        pattern = self.schema.get("pattern", "")
        if len(value) > longest or not re.fullmatch(pattern[1:-1] or "(?s:.*)", value):
            return f"{self.name} has at most {longest} characters and no control characters"
        return None


def _is_number(value: str, schema: Mapping[str, Any]) -> bool:
    plain = re.fullmatch(r"\d{1,12}(\.\d{1,6})?", value, re.ASCII)
    return bool(plain) and schema["minimum"] <= float(value) <= schema["maximum"]


ID_TAG = Query(
    "id_tag",
    "The card (idTag)",
    {"type": "string", "minLength": 1},
    also=("idTag",),
)
WIRE_FAULT_QUERIES = {
    name: Query(name, parameter.text, parameter.schema) for name, parameter in PARAMETERS.items()
}
QUERIES: dict[str, Query] = {
    **WIRE_FAULT_QUERIES,
    "id_tag": ID_TAG,
    "pin": Query(
        "pin",
        "The code that is typed: digits",
        {"type": "string", "minLength": 1},
        longest=lambda limits: limits.token,
        example="1234",
    ),
    "vehicle": Query(
        "vehicle", "Which vehicle of the garage arrives", {"type": "string", "minLength": 1}
    ),
    "error_code": Query(
        "error_code",
        "ChargePointErrorCode; without it GroundFailure",
        {"type": "string", "enum": list(ERROR_CODES)},
        also=("code", "errorCode"),
    ),
    "vendor_error_code": Query(
        "vendor_error_code",
        "The maker's own code for it",
        {"type": "string", "minLength": 1, "pattern": PLAIN_TEXT},
        also=("vendor_code", "vendorErrorCode"),
        longest=lambda limits: limits.fault_text,
    ),
    "info": Query(
        "info",
        "More about it, in words",
        {"type": "string", "minLength": 1, "pattern": PLAIN_TEXT},
        longest=lambda limits: limits.fault_text,
    ),
    "limit_w": Query(
        "limit_w",
        "What is allowed, in W",
        {"type": "integer", "minimum": 0, "maximum": LARGEST_LIMIT_W},
        example="20000",
    ),
    "source": Query(
        "source",
        "Who it is: an energy manager in the building (EMS), the grid operator (SO), another "
        "system (Other)",
        {"type": "string", "enum": list(LIMITERS)},
    ),
    "connector": Query(
        "connector",
        "The connector that it is for; 0: all of them together",
        {"type": "integer", "minimum": 0, "maximum": MOST_TIMES},
        also=("evse",),
    ),
    "grid_critical": Query(
        "grid_critical", "The grid is in danger without it", {"type": "boolean"}
    ),
    "name": Query(
        "name",
        "The configuration key; `GET /configuration` tells them all",
        {"type": "string", "minLength": 1},
        also=("key",),
        example="HeartbeatInterval",
    ),
    "value": Query("value", "What it is to be", {"type": "string", "minLength": 0}, example="60"),
    "action": Query(
        "action",
        "What is said, like Heartbeat",
        {"type": "string", "minLength": 1},
        example="Heartbeat",
    ),
    "payload": Query("payload", "Its payload, whatever JSON it is; without it {}", {}),
    "frame": Query("frame", "The frame, any text", {"type": "string", "minLength": 0}),
    "way": Query(
        "way",
        "What becomes of it",
        {"type": "string", "enum": list(dict.fromkeys((*RULE_WAYS, *HELD_WAYS)))},
    ),
    "times": Query(
        "times",
        "How many requests, without it 1; 0: every one until the rule is ended",
        {"type": "integer", "minimum": 0, "maximum": MOST_TIMES},
    ),
    "seconds": Query(
        "seconds",
        "By which an answer is delayed, without it 5",
        {"type": "number", "minimum": 0, "maximum": LONGEST_DELAY_S},
    ),
    "code": Query(
        "code", "Of a CALLERROR, without it InternalError", {"type": "string", "minLength": 1}
    ),
    "text": Query("text", "Its description", {"type": "string", "minLength": 0}),
    "rule": Query(
        "rule", "Number of the rule", {"type": "integer", "minimum": 0, "maximum": MOST_TIMES}
    ),
    "request": Query(
        "request",
        "Its number in the log; without it the oldest that waits",
        {"type": "integer", "minimum": 0, "maximum": 2**53},
    ),
    "number": Query(
        "number",
        "Number of the rule about frames; 0 or nothing: all of them",
        {"type": "integer", "minimum": 0, "maximum": MOST_TIMES},
    ),
    "held": Query(
        "held",
        "Number of the frame that is held; without it the oldest",
        {"type": "integer", "minimum": 0, "maximum": 2**53},
    ),
    "recording": Query(
        "recording",
        "The recording: what GET /recording answers, or YAML in a text",
        {"type": TEXT_OR_OBJECT, "minLength": 1},
    ),
    "speed": Query(
        "speed",
        "How many times as fast, without it 1",
        {"type": "number", "minimum": 0, "maximum": 100},
    ),
    "anyway": Query("anyway", "Send it though the protocol does not allow it", {"type": "boolean"}),
}
"""Field of a command -> how a query says it."""

STAYS = "the vehicle stays plugged in"
"""What is left of a request to plug in and start whose card was refused."""
AUTO_START = Query(
    "auto_start",
    "Show a card at once and start charging",
    {"type": "boolean"},
    also=("autoStart",),
)
ASIDE: dict[type[Command], tuple[Query, ...]] = {
    Plug: (
        AUTO_START,
        Query(
            "id_tag",
            f"The card (idTag) for auto_start; without it {AUTO_TAG}",
            ID_TAG.schema,
            also=ID_TAG.also,
        ),
    ),
}
"""What the query of a command may say beyond its fields."""


def queries(action: Action, limits: TextLimits) -> tuple[Query, ...]:
    """Everything that the query of this action may say."""
    rows = WIRE_FAULT_QUERIES if issubclass(action.command, WireFault) else QUERIES
    own = [rows[one.name] for one in fields(action.command) if one.name != "connector_id"]
    needed = {one.name for one in fields(action.command) if one.default is MISSING}
    return tuple(
        replace(
            one,
            required=one.name in needed,
            schema={**one.schema, "maxLength": one.longest(limits)} if one.longest else one.schema,
        )
        for one in (*own, *ASIDE.get(action.command, ()))
    )


@dataclass(frozen=True)
class ParsedQuery:
    """A query as it was understood: what it says, or the sentence that says why it cannot be."""

    said: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""


def parse_body(known: tuple[Query, ...], body: Mapping[str, Any]) -> ParsedQuery:
    """Read what a body says: by the same names and rules as a query, each value as JSON has it."""
    said: list[tuple[str, str]] = []
    by_name = {name: query for query in known for name in (query.name, *query.also)}
    for name, value in body.items():
        query = by_name.get(name)
        if query is None or (query.or_object and isinstance(value, dict)):
            text: str | None = json.dumps(value)
        else:
            text = _as_text(value, query.kind)
        if text is None and query is not None:
            return ParsedQuery(trouble=f"{name} is to be {WORDS_OF[query.kind]}")
        said.append((name, text or ""))
    return parse_query(known, QueryParams(said))


def _as_text(value: object, kind: str) -> str | None:
    """A value of a body as a query has it; None where it is of another kind."""
    if not kind:
        return json.dumps(value)
    if kind == "string":
        return value if isinstance(value, str) else None
    if isinstance(value, bool):
        return json.dumps(value) if kind == "boolean" else None
    if not isinstance(value, (int, float)) or kind == "boolean":
        return None
    if kind == "number":
        return f"{value:.6f}"
    return str(int(value)) if value == value // 1 else None


def parse_query(known: tuple[Query, ...], given: QueryParams) -> ParsedQuery:
    """Read a query. A name that is not known is an error: misspelt, it would change the meaning."""
    by_name = {name: query for query in known for name in (query.name, *query.also)}
    said: dict[str, str] = {}
    for name, value in given.multi_items():
        query = by_name.get(name)
        if query is None:
            names = ", ".join(query.name for query in known) or "none"
            return ParsedQuery(
                trouble=f"there is no parameter {name[:50]!r} here; there are: {names}"
            )
        if trouble := query.trouble(value):
            return ParsedQuery(trouble=trouble)
        if said.setdefault(query.name, value) != value:
            return ParsedQuery(trouble=f"{query.name} is given twice")
    for query in known:
        if query.required and query.name not in said:
            return ParsedQuery(
                trouble=f"{query.name} is missing: add ?{query.name}={query.example}"
            )
    return ParsedQuery(said)


Handler = Callable[[Request], Awaitable[Response]]


def command_handler(station: Station, action: Action) -> Handler:
    """The handler of one action."""
    known = queries(action, station.snapshot.text_limits)

    async def handle(request: Request) -> Response:
        number = 0
        if action.on_connector:
            number = _connector(station, request.path_params["cid"])
            if not number:
                return refusal(404, "unknown connector")
        parsed = parse_query(() if action.in_body else known, request.query_params)
        if action.in_body and not parsed.trouble:
            try:
                parsed = parse_body(known, await json_object(request))
            except BodyError as error:
                return refusal(error.status, str(error))
        if parsed.trouble:
            return refusal(422, parsed.trouble)
        try:
            outcome = await _carry_out(station, action, number, parsed.said)
        except asyncio.CancelledError:
            # Only uvicorn cancels, at its end; passed on, it would be logged as a failure.
            return refusal(503, "the charge point is ending")
        if isinstance(outcome, Refused):
            insist = {"may_insist": True} if outcome.may_insist else {}
            return answer({"ok": False, "error": outcome.reason, **insist}, 409)
        return answer(_done(station, action, number, outcome))

    return handle


def command(action: Action, number: int, said: Mapping[str, str]) -> Command:
    """The command that a query asks for."""
    make: Callable[..., Command] = action.command
    own = {one.name for one in fields(action.command)}
    values = {name: QUERIES[name].read(value) for name, value in said.items() if name in own}
    if action.on_connector:
        values["connector_id"] = number
    return make(**values)


async def _carry_out(
    station: Station, action: Action, number: int, said: Mapping[str, str]
) -> Outcome:
    starts = action.command is Plug and YES_AND_NO[said.get("auto_start", "false").lower()]
    if starts and (why := _seen(station, number).refusals.get("swipe")):
        return Refused(why)  # no card is taken: the vehicle need not come
    outcome = await station.submit(command(action, number, said))
    if not outcome.ok:
        return outcome
    if starts:
        started = await station.submit(Start(number, said.get("id_tag", AUTO_TAG)))
        if started.ok:
            started = await _started(station, number) or started
        if isinstance(started, Refused):
            return replace(started, reason=f"{started.reason}; {STAYS}")
        return started
    if action.command in (Start, Swipe):
        return await _started(station, number) or outcome
    return outcome


async def _started(station: Station, number: int) -> Outcome | None:
    """Once an authorised card has led to a transaction, or to none; None where none was begun.

    A script that asks for a start looks for the transaction with its next line.
    """
    if not _seen(station, number).starting:
        return None
    await station.until(lambda _: not _seen(station, number).starting)
    seen, place = _seen(station, number), station.place(number)
    if seen.transaction is not None:
        return Accepted("started")
    if seen.vehicle_asleep:
        return Refused(asleep(place))
    why = seen.refusals.get("local_start")
    return Refused(why or f"{place}: the start was broken off")


def _connector(station: Station, text: str) -> int:
    """The connector that a path names; 0 where there is none."""
    numbers = {str(one.connector_id): one.connector_id for one in station.snapshot.connectors}
    return numbers.get(text, 0)


def _seen(station: Station, number: int) -> ConnectorSnapshot:
    """A connector as it is now: on this loop no picture is older than the last change."""
    return station.snapshot.connectors[number - 1]


def _done(station: Station, action: Action, number: int, outcome: Outcome) -> dict[str, Any]:
    body: dict[str, Any] = {"ok": True}
    if action.on_connector:
        seen = _seen(station, number)
        body["connector"] = number
        body["state"] = seen.status
        body["plugged"] = seen.plugged
        if seen.fault is not None:
            body["error_code"] = seen.fault.error_code
    else:
        body["link"] = "up" if station.link_wanted else "down"
        body["online"] = station.snapshot.link.frames_pass
        body["powered"] = station.snapshot.powered
    if isinstance(outcome, Accepted) and outcome.detail:
        body["detail"] = outcome.detail
    if isinstance(outcome, Accepted) and outcome.answer:
        body["answer"] = json.loads(outcome.answer)
    return body
