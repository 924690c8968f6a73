"""What may be asked of charge points that another program drives, and what is answered.

Frozen dataclasses, of which the schema is made: their docstrings are what a client's author reads.
What is asked for comes from outside, so it is read by pydantic, and whatever is wrong with it is
one sentence. `OPS` is the one table of what there is to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import ConfigDict, Field, StrictInt, StrictStr, TypeAdapter, ValidationError

from sim_core.settings.spelling import guess
from sim_core.testbench.driving import READY_WITHIN_S, WITHIN_S, AskedWrongError

PROTOCOL = 1
"""The version of what is said here. A higher one may say other things; the same one only more."""
SHOWN = 60
NEWEST = 100
"""So many frames are told at once, unless somebody asks for fewer or more."""
MOST_FRAMES = 100_000

BESIDE = "Requests are done one after the other; those behind this one do not wait for it."
Id = StrictInt | StrictStr
ReadAsGiven = ConfigDict(extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)
"""No field that is not known, and every docstring a description."""


# -- what is asked ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Request:
    """What every request has."""

    __pydantic_config__ = ReadAsGiven

    # What others inherit has no docstring that pydantic would find.
    id: Annotated[Id, Field(description="Yours to choose: the answer has it again.")]
    beside: Annotated[bool, Field(description=BESIDE)] = False


@dataclass(frozen=True, kw_only=True)
class OfOne(Request):
    """A request about one charge point."""

    charge_point: Annotated[str, Field(description="Its id; empty: the only one there is.")] = ""


@dataclass(frozen=True, kw_only=True)
class Start(Request):
    """A charge point comes up, dials, and is answered once the CSMS has let it in."""

    op: Literal["start"]
    charge_point: str = ""
    """Its id, the last part of the URL that it dials; empty: one is made up."""
    csms_url: str = ""
    """The CSMS, without the charge point's id; empty: the one of the command line, or CSMS_URL."""
    ocpp: Literal["1.6", "2.0.1"] = "1.6"
    options: dict[str, Any] = field(default_factory=dict)
    """What it is like, by the names of the options: model, connectors, quirks, timing …"""
    within: float | None = READY_WITHIN_S
    """Seconds in which it is to be let in, else it ends; null: it is not waited for."""
    time_scale: Annotated[float, Field(gt=0)] = 1.0
    """How many times as fast its time passes."""
    seed: int = 1
    """What chance draws from."""
    watch: list[Literal["frames", "status"]] = field(default_factory=list)
    """Events that are wanted from its first moment."""


@dataclass(frozen=True, kw_only=True)
class Ready(OfOne):
    """Wait until the CSMS has let it in, or has again."""

    op: Literal["ready"]
    within: float = READY_WITHIN_S
    """Seconds of the charge point's time."""


@dataclass(frozen=True, kw_only=True)
class Do(OfOne):
    """Something is done at the charge point, whether or not the CSMS has let it in."""

    op: Literal["do"]
    action: str
    """What, by its name in the table of actions."""
    values: dict[str, Any] = field(default_factory=dict)
    """What it says: `connector` (1, where it is left out), and what that action has besides."""


@dataclass(frozen=True, kw_only=True)
class Expect(OfOne):
    """A message comes, behind the one that was expected before, and is answered."""

    op: Literal["expect"]
    message: str
    """Its action, like StartTransaction."""
    where: dict[str, Any] = field(default_factory=dict)
    """What its payload is to be like: fields with values, or with conditions in their place."""
    answer: dict[str, Any] | None = None
    """What the payload of its answer is to be like; null: whatever it is."""
    error: str = ""
    """The code of the CALLERROR that is to answer it; *: any."""
    by: Literal["charge point", "csms"] | None = None
    """Who asks; null: known by the action."""
    within: float = WITHIN_S
    """Seconds of the charge point's time."""


@dataclass(frozen=True, kw_only=True)
class Never(OfOne):
    """No such message comes for a while."""

    op: Literal["never"]
    message: str
    where: dict[str, Any] = field(default_factory=dict)
    by: Literal["charge point", "csms"] | None = None
    seconds: float
    """Of the charge point's time."""


@dataclass(frozen=True, kw_only=True)
class Status(OfOne):
    """Wait until a connector shows a status."""

    op: Literal["status"]
    status: str
    """In the words of the OCPP that is spoken, like Charging."""
    connector: int = 1
    within: float = WITHIN_S
    """Seconds of the charge point's time."""


@dataclass(frozen=True, kw_only=True)
class Wait(OfOne):
    """Time passes at the charge point."""

    op: Literal["wait"]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class State(OfOne):
    """What the charge point is like now, in short."""

    op: Literal["state"]


@dataclass(frozen=True, kw_only=True)
class Snapshot(OfOne):
    """What it is like now, with all that there is to see."""

    op: Literal["snapshot"]


@dataclass(frozen=True, kw_only=True)
class Frames(OfOne):
    """What was said, oldest first: every request with its answer."""

    op: Literal["frames"]
    since: Annotated[int, Field(ge=0)] = 0
    """The `next` of an earlier answer: only what is new or has changed since; 0: all."""
    action: str = ""
    """Only this one, like MeterValues."""
    direction: Literal["", "sent", "received", "noise"] = ""
    """Only what the charge point asks (sent), the CSMS asks (received), or is no message."""
    connector: int | None = None
    """Only what names this connector."""
    contains: str = ""
    """Only frames with this text, whatever its case."""
    newest: Annotated[int, Field(ge=1, le=MOST_FRAMES)] = NEWEST
    """At most so many, the last ones."""


@dataclass(frozen=True, kw_only=True)
class Watch(OfOne):
    """Which events are wanted from now on."""

    op: Literal["watch"]
    events: list[Literal["frames", "status"]]


@dataclass(frozen=True, kw_only=True)
class Stop(OfOne):
    """The charge point ends in order. Its id is free again."""

    op: Literal["stop"]


@dataclass(frozen=True, kw_only=True)
class Scenarios(Request):
    """The scenarios that ship."""

    op: Literal["scenarios"]
    only: str = ""
    """Whose names fit, like *offline*."""
    ocpp: Literal["", "1.6", "2.0.1"] = ""


@dataclass(frozen=True, kw_only=True)
class Play(Request):
    """A scenario is played with charge points of its own, and what it comes to is told."""

    op: Literal["play"]
    scenario: str = ""
    """The name of one that ships."""
    text: str = ""
    """One of your own in its place, in YAML. It includes no files."""
    csms_url: str = ""
    """The CSMS that is tested; empty: that of the command line, and without one ChargeForge's
    own, in virtual time."""
    variables: dict[str, Any] = field(default_factory=dict)
    """Of the scenario, like the card that your CSMS lets charge."""
    seed: int = 1


AnyRequest = Annotated[
    Start
    | Ready
    | Do
    | Expect
    | Never
    | Status
    | Wait
    | State
    | Snapshot
    | Frames
    | Watch
    | Stop
    | Scenarios
    | Play,
    Field(discriminator="op"),
]


# -- what is answered ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Started:
    """The charge point is up."""

    __pydantic_config__ = ReadAsGiven

    charge_point: str
    """Its id."""
    ocpp: str


@dataclass(frozen=True)
class Done:
    """It was done."""

    __pydantic_config__ = ReadAsGiven

    detail: str = ""
    """More of it in words, where there is more to say."""
    answer: Any = None
    """What it brought, like the answer of the CSMS to a message; else null."""


@dataclass(frozen=True)
class Message:
    """The message that came. `payload` and `answer` are what the two ends have said, as data."""

    __pydantic_config__ = ReadAsGiven

    number: int
    """Its place in the log, counted from 1."""
    at: str
    """When it was said, by the computer's clock."""
    action: str
    payload: Any
    """`(secret)` and `(hidden)` stand in the place of passwords and keys."""
    answer: Any
    """The payload of its answer; empty where a CALLERROR answers it."""
    error: str
    """The code of that CALLERROR, else empty."""


@dataclass(frozen=True)
class ConnectorState:
    """A connector in short."""

    __pydantic_config__ = ReadAsGiven

    connector: int
    status: str
    """In the words of the OCPP that is spoken."""
    plugged: bool
    power_w: float
    register_wh: float
    transaction: int | str | None
    """Its id; null where none runs, or where the CSMS has not given it one yet."""
    charging_for: str
    """The card of the transaction; empty where none runs."""
    energy_wh: float
    """What the transaction has charged."""
    soc_percent: float | None
    fault: str
    """OCPP's error code; empty where nothing is broken."""
    possible: list[str]
    """The actions at it that would not be refused now."""


@dataclass(frozen=True)
class WholeState:
    """A charge point in short."""

    __pydantic_config__ = ReadAsGiven

    charge_point: str
    link: str
    """connected, connecting, waiting (for the next attempt) or down."""
    registration: str
    """none, Pending, Rejected or Accepted."""
    trouble: str
    """Why there is no link; empty where there is one."""
    queued: int
    """Transaction messages that the CSMS has not answered yet."""
    powered: bool
    """The mains are there."""
    possible: list[str]
    """The actions of the charge point as a whole that would not be refused now."""
    connectors: list[ConnectorState]


@dataclass(frozen=True)
class Frame:
    """A request with its answer. What the texts say was said by the two ends."""

    __pydantic_config__ = ReadAsGiven

    number: int
    """Counted from 1."""
    at: str
    """When it was asked, by the computer's clock."""
    direction: Literal["sent", "received", "noise"]
    """The charge point asks, the CSMS does, or it is no message."""
    action: str
    request: str
    """The frame, without secrets."""
    answer: str
    """The frame that answered, without secrets; empty as long as none does."""
    state: Literal["waiting", "answered", "error", "unanswered"]
    trouble: str
    """The code of a CALLERROR, or why there is no answer."""
    connector: int | None
    transaction: int | str | None
    latency_s: float | None
    injected: str
    """What was done to it on the wire on purpose; empty: nothing."""


@dataclass(frozen=True)
class FramesFound:
    """What was said."""

    __pydantic_config__ = ReadAsGiven

    frames: list[Frame]
    left_out: int
    """So many older ones fit as well."""
    next: int
    """For `since`."""


@dataclass(frozen=True)
class ScenarioRow:
    """A scenario in a line."""

    __pydantic_config__ = ReadAsGiven

    name: str
    ocpp: str
    title: str
    proves: str
    must_not: str
    asks_csms: bool
    """The CSMS must ask something: somebody has to be able to tell it to (`--csms-api`)."""


@dataclass(frozen=True)
class ScenariosFound:
    """Those there are."""

    __pydantic_config__ = ReadAsGiven

    scenarios: list[ScenarioRow]


@dataclass(frozen=True)
class Played:
    """What a scenario has come to."""

    __pydantic_config__ = ReadAsGiven

    scenario: str
    csms: Literal["own", "yours"]
    verdict: Literal["passed", "failed", "skipped", "broken"]
    why: str
    """Empty where it has passed."""
    steps: list[dict[str, Any]]
    """Each with line, at_s, took_s, passed and why."""
    around: list[str]
    """The last frames before it failed."""


Kind = Literal["asked wrong", "refused", "unmet", "ended", "fault"]
Nothing = dict[str, Any]
"""Nothing more to say."""


@dataclass(frozen=True)
class Failure:
    """Why it is not so."""

    __pydantic_config__ = ReadAsGiven

    kind: Kind
    """asked wrong: mend the request. refused: the charge point does not do it. unmet: the CSMS, or
    what follows from it, is not as expected. ended: the charge point, or all of it, ends. fault:
    one of ChargeForge's own; report it."""
    sentence: str


@dataclass(frozen=True)
class Answer:
    """The answer to a request: with a result where it is as asked, with an error where not."""

    __pydantic_config__ = ReadAsGiven

    id: Id | None
    """That of the request; null where it could not be read."""
    ok: bool
    result: Any = None
    error: Failure | None = None


# -- what is told without being asked --------------------------------------------------------------


@dataclass(frozen=True)
class Hello:
    """The first line."""

    __pydantic_config__ = ReadAsGiven

    event: Literal["hello"]
    protocol: int
    """The version of what is said here."""
    chargeforge: str
    """The version of the program."""


@dataclass(frozen=True)
class FrameEvent:
    """Something was asked, or answered: the frame with the same number is told again."""

    __pydantic_config__ = ReadAsGiven

    event: Literal["frame"]
    charge_point: str
    frame: Frame


@dataclass(frozen=True)
class LinkEvent:
    """The link is otherwise: told with the statuses."""

    __pydantic_config__ = ReadAsGiven

    event: Literal["link"]
    charge_point: str
    state: str
    """connecting, connected, waiting (for the next attempt), down or silent; once the CSMS has
    answered the boot Accepted, Pending or Rejected."""


@dataclass(frozen=True)
class StatusEvent:
    """A connector shows another status."""

    __pydantic_config__ = ReadAsGiven

    event: Literal["status"]
    charge_point: str
    connector: int
    status: str


@dataclass(frozen=True)
class EndedEvent:
    """A charge point has ended by itself, which is a fault."""

    __pydantic_config__ = ReadAsGiven

    event: Literal["ended"]
    charge_point: str
    why: str


Event = Hello | FrameEvent | LinkEvent | StatusEvent | EndedEvent


# -- the table -------------------------------------------------------------------------------------


class Op(NamedTuple):
    """One thing to ask: the request, what it is answered, and the tool of an agent that asks it."""

    request: type[Request]
    result: Any
    tool: str = ""
    """Empty: an agent has none for it."""
    reads: bool = False
    """It changes nothing."""


OPS: dict[str, Op] = {
    "start": Op(Start, Started, "start_charge_point"),
    "ready": Op(Ready, Nothing, "wait_until_let_in", reads=True),
    "do": Op(Do, Done),
    "expect": Op(Expect, Message, "expect_message", reads=True),
    "never": Op(Never, Nothing, "expect_no_message", reads=True),
    "status": Op(Status, ConnectorState, "wait_for_status", reads=True),
    "wait": Op(Wait, Nothing, "wait", reads=True),
    "state": Op(State, WholeState, "state", reads=True),
    "snapshot": Op(Snapshot, dict[str, Any], "whole_state", reads=True),
    "frames": Op(Frames, FramesFound, "messages", reads=True),
    "watch": Op(Watch, Nothing),
    "stop": Op(Stop, Nothing, "stop_charge_point"),
    "scenarios": Op(Scenarios, ScenariosFound, "list_scenarios", reads=True),
    "play": Op(Play, Played, "play_scenario"),
}
OP_OF: dict[type[Request], str] = {op.request: name for name, op in OPS.items()}


@lru_cache(maxsize=1)
def reader() -> TypeAdapter[Any]:
    """Reads a request."""
    return TypeAdapter(AnyRequest)


def read(document: Mapping[str, Any]) -> Request:
    """The request that this JSON object is. Raises AskedWrongError with a sentence."""
    op = document.get("op")
    if id_of(document) is None:
        raise AskedWrongError("id is missing: a whole number or a text, which the answer has again")
    if "op" not in document:
        raise AskedWrongError(f"op is missing: it is one of {', '.join(OPS)}")
    if not isinstance(op, str) or op not in OPS:
        raise AskedWrongError(f"there is no op {str(op)[:SHOWN]!r}{guess(str(op), OPS)}")
    try:
        request: Request = reader().validate_python(dict(document))
    except ValidationError as error:
        raise AskedWrongError(_sentence(error, op)) from None
    return request


def id_of(document: Mapping[str, Any]) -> Id | None:
    """What a request is called; None where it has no name that can be said again."""
    given = document.get("id")
    return given if isinstance(given, (int, str)) and not isinstance(given, bool) else None


def _sentence(error: ValidationError, op: str) -> str:
    """What is wrong with the first field that something is wrong with."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    inside = [str(part)[:SHOWN] for part in first["loc"] if part != op]
    where = inside[0] if inside else ""
    if first["type"] in ("missing", "missing_argument"):
        return f"{op}: {where} is missing"
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        known = [one.name for one in fields(OPS[op].request)]
        return f"{op} has no {where!r}{guess(where, known)}"
    told = first["msg"].replace("Input should be", "is to be")
    return f"{op}: {'.'.join(inside[:3])} {told[:1].lower()}{told[1:]}"
