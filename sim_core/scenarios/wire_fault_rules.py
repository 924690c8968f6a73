"""The rules by which something is done to frames on the wire, and the frames that wait at one.

A rule says which frames it takes (`sim_core.wire_faults`); every rule that a frame fits counts it
and draws its chance, so that what one does is the same whatever others there are; of those that
would take it the first that was made does. The engine stands at the one point that the wire has for
it (`wire.line`) and knows no charger.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime

from sim_core.commands import (
    Accepted,
    AddWireFault,
    DropFrame,
    EndWireFault,
    Outcome,
    Refused,
    ReleaseFrame,
)
from sim_core.redaction import one_line
from sim_core.snapshot import HeldFrame, WireFaultSnapshot
from sim_core.wire.meddling import Hit, Passing, Shown
from sim_core.wire_faults import (
    ANY,
    DIRECTIONS,
    EVERY,
    KIND_BY_NAME,
    WireFault,
    in_words,
    why_not,
)

MOST_RULES = 100
MOST_HELD = 200
"""So many frames wait at the most: more pass."""
LONGEST_FRAME = 1024 * 1024
"""Characters of a frame that is let go edited."""
LASTING = ("half_open", "stall")
"""Kinds of which something lasts when the frame has gone."""


@dataclass(eq=False)
class _Rule:
    """A rule, and what it comes to."""

    seen: WireFaultSnapshot
    rng: random.Random
    ended: asyncio.Future[None]
    """Done when what it has begun is over."""
    lasting: int = 0
    """How many dead sockets there are of it."""


@dataclass(eq=False)
class _Held:
    """A frame that waits for somebody."""

    seen: HeldFrame
    text: str
    decided: asyncio.Future[str | None]


class WireFaultRules:
    """The rules of one charge point (`wire.meddling.Meddler`). Lives on its loop."""

    __slots__ = (
        "_count",
        "_held",
        "_held_count",
        "_identity",
        "_meddle",
        "_note",
        "_now",
        "_on_change",
        "_rules",
        "_seed",
    )

    def __init__(
        self,
        seed: int | None,
        identity: str,
        *,
        now: Callable[[], datetime],
        note: Callable[[str], None],
        on_change: Callable[[], None],
        meddle: Callable[[], None],
    ) -> None:
        """`meddle` is called when the first rule comes; `note` is told what one has done."""
        self._seed = seed
        self._identity = identity
        self._now = now
        self._note = note
        self._on_change = on_change
        self._meddle = meddle
        self._rules: list[_Rule] = []
        self._held: dict[int, _Held] = {}
        self._count = self._held_count = 0

    # -- what is seen ------------------------------------------------

    @property
    def on(self) -> bool:
        """Whether a frame could be meant."""
        return bool(self._rules)

    @property
    def rules(self) -> tuple[WireFaultSnapshot, ...]:
        """The rules that count, oldest first."""
        return tuple(rule.seen for rule in self._rules)

    @property
    def held(self) -> tuple[HeldFrame, ...]:
        """The frames that wait, oldest first."""
        return tuple(one.seen for one in self._held.values())

    # -- what is asked -----------------------------------------------

    def add(self, command: AddWireFault) -> Outcome:
        """Make a rule."""
        if why := why_not(command):
            return Refused(why)
        if len(self._rules) >= MOST_RULES:
            return Refused(f"there are {MOST_RULES} faults already: end some first")
        seed = command.seed if command.seed is not None else self._seed
        if seed is None:
            seed = random.SystemRandom().getrandbits(31)
        self._count += 1
        rule = WireFault(**{one.name: getattr(command, one.name) for one in fields(WireFault)})
        self._rules.append(
            _Rule(
                WireFaultSnapshot(self._count, rule, in_words(rule), seed),
                random.Random(f"{seed} {self._identity} {self._count}"),
                asyncio.get_running_loop().create_future(),
            )
        )
        self._meddle()
        self._on_change()
        return Accepted(f"fault {self._count}")

    def end(self, command: EndWireFault) -> Outcome:
        """End a rule, or all of them, and what has come of them."""
        ends = [one for one in self._rules if command.number in (0, one.seen.number)]
        if not ends:
            which = f"fault {command.number}" if command.number else "fault"
            return Refused(f"there is no {which} on the wire to end")
        for rule in ends:
            self._rules.remove(rule)
            if not rule.ended.done():
                rule.ended.set_result(None)
        self._on_change()
        return Accepted()

    def release(self, command: ReleaseFrame) -> Outcome:
        """Let a frame go on."""
        held = self._waiting(command.held)
        if isinstance(held, Refused):
            return held
        if command.frame and not held.seen.editable:
            return Refused(
                "there is something in it that is not shown, so it cannot be edited: let it go as "
                "it is, or drop it"
            )
        if len(command.frame) > LONGEST_FRAME:
            return Refused(f"a frame has at most {LONGEST_FRAME} characters")
        held.decided.set_result(command.frame or held.text)
        return Accepted()

    def drop(self, command: DropFrame) -> Outcome:
        """Let a frame never arrive."""
        held = self._waiting(command.held)
        if isinstance(held, Refused):
            return held
        held.decided.set_result(None)
        return Accepted()

    def _waiting(self, number: int) -> _Held | Refused:
        held = self._held.get(number or next(iter(self._held), 0))
        if held is None or held.decided.done():
            return Refused(f"no frame {number} is held" if number else "no frame is held")
        return held

    # -- what the wire asks ------------------------------------------

    def meet(self, frame: Passing) -> Hit | None:
        """What a frame meets."""
        taken: _Rule | None = None
        for rule in self._rules:
            if _fits(rule.seen.rule, frame) and self._takes(rule) and taken is None:
                taken = rule
        if taken is None:
            return None
        if taken.seen.rule.fault == "hold" and len(self._held) >= MOST_HELD:
            self._note(f"{MOST_HELD} frames are held already: more pass until some are let go")
            return None
        seen = replace(taken.seen, applied=taken.seen.applied + 1)
        most = 1 if seen.rule.nth else seen.rule.times
        seen = replace(seen, spent=bool(most) and seen.applied >= most)
        taken.seen = seen
        lasts = seen.rule.fault in LASTING
        taken.lasting += lasts
        if seen.spent and not taken.lasting:
            self._rules.remove(taken)
        self._on_change()
        return Hit(seen.number, seen.rule, taken.rng, taken.ended, lambda: self._over(taken))

    def _takes(self, rule: _Rule) -> bool:
        """Whether a rule would take a frame that it fits; it is counted in any case."""
        seen, asked = rule.seen, rule.seen.rule
        met = seen.met + 1
        rule.seen = replace(seen, met=met)
        drawn = rule.rng.random()
        if seen.spent:
            return False
        turn = met == asked.nth if asked.nth else met % asked.every == 0
        return turn and drawn < asked.chance

    def _over(self, rule: _Rule) -> None:
        """A dead socket of this rule is there no more."""
        rule.lasting -= 1
        if rule.seen.spent and not rule.lasting and rule in self._rules:
            self._rules.remove(rule)
        self._on_change()

    def done(self, frame: Passing, hit: Hit, what: str) -> None:
        """Something was done to a frame."""
        self._note(
            f"{one_line(frame.action[:50]) or 'a frame'} ({frame.sort or 'no message'} "
            f"{DIRECTIONS[frame.direction]}): {what} by fault {hit.number}"
        )

    def hold(self, frame: Passing, hit: Hit, shown: Shown) -> asyncio.Future[str | None]:
        """Hold a frame."""
        self._held_count += 1
        number = self._held_count
        decided: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        seen = HeldFrame(
            number,
            hit.number,
            frame.direction,
            frame.sort,
            one_line(frame.action[:50]),
            self._now(),
            shown.text,
            shown.whole,
        )
        self._held[number] = _Held(seen, frame.text, decided)
        decided.add_done_callback(lambda _: self._let_go(number))
        self._note(
            f"{seen.action or 'a frame'} {DIRECTIONS[frame.direction]} is held by fault "
            f"{hit.number} until somebody lets it go"
        )
        self._on_change()
        return decided

    def _let_go(self, number: int) -> None:
        """It was decided, or the link has gone first."""
        del self._held[number]
        self._on_change()


def _fits(rule: WireFault, frame: Passing) -> bool:
    """Whether a rule is about such a frame."""
    sorts = KIND_BY_NAME[rule.fault].sorts
    if frame.direction != rule.direction or (frame.sort and frame.sort not in sorts):
        return False
    if rule.action not in (EVERY, frame.action):
        return False
    wanted = ("answer", "error") if rule.kind == "answer" else (rule.kind,)
    return rule.kind == ANY or frame.sort in wanted
