"""The rules by which requests of the CSMS are answered otherwise: refused, late, never, by hand.

A rule names an action and what becomes of its requests, for so many or until it is ended; of two
that fit, the first that was made counts. The engine stands at the one point that the wire has for
it (`wire.interception`) and knows no charger: rules can be kept by whoever has a link. They live as
long as the charge point runs.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sim_core.commands import (
    HELD_WAYS,
    LONGEST_DELAY_S,
    MOST_TIMES,
    RULE_WAYS,
    Accepted,
    AddRule,
    AnswerHeld,
    EndRule,
    Outcome,
    Refused,
)
from sim_core.scenarios.refusing import refusal_of
from sim_core.snapshot import HeldRequest, RuleSnapshot
from sim_core.wire.channel import DESCRIPTION_LIMIT, NAME_LIMIT
from sim_core.wire.dialect import Dialect
from sim_core.wire.interception import Incoming, InError, Instead, Never, Ruling, Usual

EVERY = "*"
MOST_RULES = 100
NO_REFUSAL = InError("NotSupported", "refused by a rule")
"""What says no, in a rule about every request, to one whose answer cannot."""

DONE: dict[str, str] = {
    "refuse": "refused",
    "delay": "delayed",
    "ignore": "left unanswered",
    "callerror": "answered by a CALLERROR",
    "hand": "held for an answer by hand",
    "answer": "answered with a payload of its own",
}
"""What a rule has done with a request, in words."""


@dataclass(frozen=True)
class _Rule:
    """A rule, and what it comes to."""

    seen: RuleSnapshot
    ruling: Ruling | None
    """None: the action decides (`refuse`), or somebody does (`hand`)."""


@dataclass(eq=False)
class _Held:
    """A request that waits for somebody."""

    seen: HeldRequest
    decided: asyncio.Future[Ruling]


class Rules:
    """The rules of one charge point. Lives on its loop."""

    __slots__ = ("_count", "_dialect", "_held", "_note", "_now", "_on_change", "_rules")

    def __init__(
        self,
        dialect: Callable[[], Dialect],
        *,
        now: Callable[[], datetime],
        note: Callable[[str], None],
        on_change: Callable[[], None],
    ) -> None:
        """`dialect` is the version that is spoken; `note` is told what a rule has done."""
        self._dialect = dialect
        self._now = now
        self._note = note
        self._on_change = on_change
        self._rules: list[_Rule] = []
        self._held: dict[int, _Held] = {}
        self._count = 0

    # -- what is seen ------------------------------------------------

    @property
    def rules(self) -> tuple[RuleSnapshot, ...]:
        """The rules that count, oldest first."""
        return tuple(rule.seen for rule in self._rules)

    @property
    def held(self) -> tuple[HeldRequest, ...]:
        """The requests that wait for an answer by hand, oldest first."""
        return tuple(one.seen for one in self._held.values())

    # -- what is asked -----------------------------------------------

    def add(self, command: AddRule) -> Outcome:
        """Make a rule."""
        if command.way not in RULE_WAYS:
            return Refused(f"a rule cannot {command.way[:NAME_LIMIT]!r}: {', '.join(RULE_WAYS)}")
        if not 0 <= command.times <= MOST_TIMES:
            return Refused(f"a rule meets 1 to {MOST_TIMES} requests, or every one (0)")
        if not 0 <= command.seconds <= LONGEST_DELAY_S:
            return Refused(f"an answer is delayed by 0 to {LONGEST_DELAY_S:g} s")
        if len(self._rules) >= MOST_RULES:
            return Refused(f"there are {MOST_RULES} rules already: end some first")
        if why := self._why_no_action(command):
            return why
        ruling: Ruling | Refused | None = None
        if command.way == "delay":
            ruling = Usual(command.seconds)
        elif command.way not in ("refuse", "hand") or (
            command.way == "refuse" and command.action != EVERY
        ):
            ruling = self._ruling(command, command.action)
        if isinstance(ruling, Refused):
            return ruling
        self._count += 1
        seen = RuleSnapshot(
            self._count,
            command.action,
            command.way,
            command.times or None,
            command.seconds if command.way == "delay" else 0.0,
            command.code if command.way == "callerror" else "",
        )
        self._rules.append(_Rule(seen, ruling))
        self._on_change()
        return Accepted(f"rule {self._count}")

    def end(self, command: EndRule) -> Outcome:
        """End a rule, or all of them."""
        left = [rule for rule in self._rules if command.rule and rule.seen.number != command.rule]
        if len(left) == len(self._rules):
            which = f"rule {command.rule}" if command.rule else "rule"
            return Refused(f"there is no {which} to end")
        self._rules = left
        self._on_change()
        return Accepted()

    def answer(self, command: AnswerHeld) -> Outcome:
        """Decide about a request that waits."""
        number = command.request or next(iter(self._held), 0)
        held = self._held.get(number)
        if held is None or held.decided.done():
            return Refused("no such request waits for an answer by hand")
        if command.way not in HELD_WAYS:
            return Refused(f"a request is answered by one of {', '.join(HELD_WAYS)}")
        ruling = Usual() if command.way == "usual" else self._ruling(command, held.seen.action)
        if isinstance(ruling, Refused):
            return ruling
        held.decided.set_result(ruling)
        return Accepted()

    def _why_no_action(self, command: AddRule) -> Refused | None:
        dialect = self._dialect()
        if command.action == EVERY or command.action in dialect.schemas.actions - dialect.asks:
            return None
        if command.anyway or command.action == "DataTransfer":
            return None
        shown = repr(command.action[:NAME_LIMIT])
        return Refused(f"{shown} is nothing that a CSMS asks in {dialect.version}", may_insist=True)

    def _ruling(self, command: AddRule | AnswerHeld, action: str) -> Ruling | Refused:
        """What a command about requests of an action comes to."""
        dialect = self._dialect()
        if command.way == "refuse":
            refusal = refusal_of(dialect, action)
            if refusal is None:
                return Refused(f"no answer to {action} can say no: take callerror")
            return Instead(refusal)
        if command.way == "ignore":
            return Never("left unanswered on purpose")
        if command.way == "callerror":
            if not command.code or len(command.code) > NAME_LIMIT:
                return Refused(f"the code of a CALLERROR has 1 to {NAME_LIMIT} characters")
            if len(command.text) > DESCRIPTION_LIMIT:
                return Refused(f"its description has at most {DESCRIPTION_LIMIT} characters")
            return InError(command.code, command.text)
        try:
            payload = json.loads(command.payload)
        except (ValueError, RecursionError) as error:
            return Refused(f"the payload is not JSON: {str(error)[:100]}")
        known = action in dialect.schemas.actions
        fault = dialect.schemas.answer_fault(action, payload) if known else None
        if fault is not None and not command.anyway:
            return Refused(f"{fault.description} ({fault.code})", may_insist=True)
        return Instead(payload)

    # -- what the wire asks ------------------------------------------

    def intercept(self, request: Incoming) -> Ruling | asyncio.Future[Ruling] | None:
        """What becomes of a request (`wire.interception.Interceptor`)."""
        place = next(
            (
                n
                for n, rule in enumerate(self._rules)
                if rule.seen.action in (request.action, EVERY)
            ),
            None,
        )
        if place is None:
            return None
        rule = self._rules[place]
        self._met(place)
        self._note(f"{request.action} was {DONE[rule.seen.way]} by rule {rule.seen.number}")
        if rule.seen.way == "hand":
            return self._hold(request)
        if rule.ruling is not None:
            return rule.ruling
        refusal = refusal_of(self._dialect(), request.action)
        return NO_REFUSAL if refusal is None else Instead(refusal)

    def _met(self, place: int) -> None:
        rule = self._rules[place]
        seen = rule.seen
        left = None if seen.left is None else seen.left - 1
        if left == 0:
            del self._rules[place]
        else:
            met = replace(seen, left=left, applied=seen.applied + 1)
            self._rules[place] = replace(rule, seen=met)
        self._on_change()

    def _hold(self, request: Incoming) -> asyncio.Future[Ruling]:
        decided: asyncio.Future[Ruling] = asyncio.get_running_loop().create_future()
        seen = HeldRequest(request.number, request.action, request.connector_id, self._now())
        self._held[request.number] = _Held(seen, decided)
        decided.add_done_callback(lambda _: self._let_go(request.number))
        self._on_change()
        return decided

    def _let_go(self, number: int) -> None:
        """It was decided, or the link has gone first."""
        del self._held[number]
        self._on_change()
