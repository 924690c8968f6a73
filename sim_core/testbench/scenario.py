"""What a scenario is: charge points, and steps that act, wait and expect.

Frozen data, made by `reading` and gone through by `playing`. A step says what it does in one line,
since that line is what a person reads while the scenario runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sim_core.commands import ACTION_BY_NAME, AddWireFault
from sim_core.scenarios.yaml_nodes import Place
from sim_core.testbench.invariants.heard import ANSWERS_WITHIN_S
from sim_core.testbench.patterns import Pattern, told

WITHIN_S = 30.0
"""Seconds of the charge point's time that an expectation waits, unless it says otherwise."""
EITHER_WAY = "*"
"""In place of a refusal's words: whatever comes of it."""
FIRST = "CP01"
"""The charge point of a scenario that names none."""


@dataclass(frozen=True)
class ChargePointOptions:
    """A charge point of a scenario: its id, and the options that are not as ever."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    """By the names of the settings: `model`, `connectors`, `quirks` …"""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step; `on` is the charge point that it concerns."""

    at: Place
    on: str

    def line(self) -> str:
        """What it does, in a few words."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Act(Step):
    """Something is done at the charge point. What is said is filled in when its turn comes."""

    action: str
    """A name of the table of actions."""
    said: Mapping[str, Any]
    refused: str | None = None
    """A part of the sentence by which the charge point refuses; None: it does it."""

    def line(self) -> str:
        words = " ".join(f"{name} {told(value)}" for name, value in self.said.items())
        label = ACTION_BY_NAME[self.action].label.lower()
        return f"{label} {words}".rstrip() + _refusal(self.refused)


@dataclass(frozen=True, kw_only=True)
class Again(Step):
    """The charge point says its last request of an action once more, as if its answer had been
    lost on the way."""

    action: str
    refused: str | None = None
    """As in `Act`."""

    def line(self) -> str:
        return f"say {self.action} again" + _refusal(self.refused)


@dataclass(frozen=True, kw_only=True)
class Together(Step):
    """Steps that act, all begun at the same time."""

    acts: tuple[Act, ...]

    def line(self) -> str:
        return "at the same time: " + ", ".join(act.line() for act in self.acts)


@dataclass(frozen=True, kw_only=True)
class Wait(Step):
    """Time passes at the charge points."""

    seconds: float

    def line(self) -> str:
        return f"wait {duration(self.seconds)}"


@dataclass(frozen=True, kw_only=True)
class Message:
    """A request on the wire that fits."""

    action: str
    by_csms: bool = False
    """The CSMS asks; else the charge point does."""
    where: Pattern | None = None
    """What its payload is to be like."""
    answer: Pattern | None = None
    """What the payload of its answer is to be like; None: any answer that OCPP allows."""
    error: str = ""
    """The answer is to be a CALLERROR with this code (`*`: any)."""
    name: str = ""
    """What later steps call it."""

    def line(self) -> str:
        """What is looked for, in a few words."""
        who = " of the CSMS" if self.by_csms else ""
        where = f" {told(self.where.words)}" if self.where is not None else ""
        answer = f", answered {told(self.answer.words)}" if self.answer is not None else ""
        error = f", answered by a CALLERROR {self.error}" if self.error else ""
        return f"{self.action}{who}{where}{answer}{error}"


@dataclass(frozen=True, kw_only=True)
class Expect(Step):
    """A message comes, behind the one that was expected before."""

    message: Message
    within_s: float = WITHIN_S

    def line(self) -> str:
        return f"expect {self.message.line()}"


@dataclass(frozen=True, kw_only=True)
class AnyOrder(Step):
    """Messages come, in whatever order."""

    messages: tuple[Message, ...]
    within_s: float = WITHIN_S

    def line(self) -> str:
        return "expect in any order: " + "; ".join(one.line() for one in self.messages)


@dataclass(frozen=True, kw_only=True)
class Never(Step):
    """No such message comes for a while."""

    message: Message
    for_s: float

    def line(self) -> str:
        return f"never {self.message.line()} for {duration(self.for_s)}"


@dataclass(frozen=True, kw_only=True)
class Status(Step):
    """A connector shows a status, in the words of the OCPP that is spoken."""

    connector_id: int
    status: str
    within_s: float = WITHIN_S

    def line(self) -> str:
        return f"connector {self.connector_id} is {self.status}"


@dataclass(frozen=True, kw_only=True)
class Meter(Step):
    """What the running transaction of a connector has charged, in Wh."""

    connector_id: int
    at_least_wh: float = 0.0
    within_s: float = WITHIN_S

    def line(self) -> str:
        return f"connector {self.connector_id} has charged {self.at_least_wh:g} Wh"


@dataclass(frozen=True, kw_only=True)
class Power(Step):
    """A connector's power lies between two figures, in W."""

    connector_id: int
    at_least_w: float = 0.0
    at_most_w: float = float("inf")
    within_s: float = WITHIN_S

    def line(self) -> str:
        span = f"{self.at_least_w:g} to {self.at_most_w:g} W"
        return f"connector {self.connector_id} gives {span}"


@dataclass(frozen=True, kw_only=True)
class Ask(Step):
    """The CSMS is told to ask the charge point something, over its API."""

    action: str
    payload: Mapping[str, Any]
    answer: Pattern | None = None
    name: str = ""
    within_s: float = WITHIN_S
    refused: str | None = None
    """A part of the sentence by which it comes to no answer; None: there is one."""

    def line(self) -> str:
        answer = f", answered {told(self.answer.words)}" if self.answer is not None else ""
        asks = f"the CSMS asks {self.action} {told(self.payload)}".rstrip()
        return f"{asks}{answer}{_refusal(self.refused)}"


@dataclass(frozen=True)
class Scenario:
    """A scenario with what it proves."""

    title: str
    name: str
    """Of its file, without the end."""
    at: Place
    proves: str
    """What a CSMS that passes is known to do."""
    clause: str = ""
    must_not: str = ""
    """What a CSMS must not do."""
    ocpp: str = "1.6"
    charge_points: tuple[ChargePointOptions, ...] = (ChargePointOptions(FIRST),)
    faults: tuple[tuple[str, AddWireFault], ...] = ()
    """What is done to frames on the wire from the beginning, each with its charge point."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    tolerates: tuple[str, ...] = ()
    """Codes of CALLERRORs that are no failure of the CSMS here, the log's words for frames that are
    none, and names of invariants that need not hold."""
    always: tuple[str, ...] = ()
    """Invariants that hold from the first step to the last, by name."""
    answers_within_s: float = ANSWERS_WITHIN_S
    """So long the CSMS may take for an answer."""
    seed: int = 1
    """What chance draws from, unless who plays it says otherwise."""
    steps: tuple[Step, ...] = ()

    @property
    def asks_csms(self) -> bool:
        """Whether it needs somebody who tells the CSMS to ask things."""
        return any(isinstance(step, Ask) for step in self.steps)


def _refusal(refused: str | None) -> str:
    if refused is None:
        return ""
    return " (if it can be done)" if refused == EITHER_WAY else " (is refused)"


def duration(seconds: float) -> str:
    """Seconds for people."""
    if seconds >= 3600 and seconds % 3600 == 0:
        return f"{seconds / 3600:g} h"
    if seconds >= 60 and seconds % 60 == 0:
        return f"{seconds / 60:g} min"
    return f"{seconds:g} s"
