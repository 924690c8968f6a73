"""Makes a scenario that fails as small as it goes, and still fails by the same invariant.

What a life has is known here, so it is made smaller in its own terms: fewer steps, fewer charge
points, plain acts in place of rare ones, one connector, shorter waits, plain options. The order is
fixed, so that the same life always ends as the same scenario, and nothing is played twice. A
general shrinker of random data needs many hundreds of plays where this needs dozens, and each play
is a conversation with the CSMS.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

from sim_core.testbench.scenario import (
    EITHER_WAY,
    Act,
    Again,
    Ask,
    ChargePointOptions,
    Scenario,
    Step,
    Together,
    Wait,
)

MOST_PLAYS = 400
"""How often it is played at the most until it is small enough."""
SHORT_S = (1.0, 5.0, 30.0, 60.0, 300.0)
"""Spans that waits are tried with, the shortest first."""

Fails = Callable[[Scenario], Awaitable[bool]]
"""Plays a scenario; whether it fails by the same invariant."""


async def shrunk(scenario: Scenario, fails: Fails) -> Scenario:
    """The smallest scenario that is found and still `fails`; `scenario` does."""
    search = _Search(scenario, fails)
    before: Scenario | None = None
    while before != search.best:
        before = search.best
        await search.fewer_steps()
        for smaller in PASSES:
            await search.each(smaller)
    await search.stricter()
    return search.best


class _Search:
    """The smallest one so far, and what has been tried."""

    def __init__(self, scenario: Scenario, fails: Fails) -> None:
        self.best = scenario
        self._fails = fails
        self._tried: set[str] = {repr(scenario)}

    async def _takes(self, candidate: Scenario) -> bool:
        """Whether the candidate fails as well; then it is the best."""
        key = repr(candidate)
        if key in self._tried or len(self._tried) > MOST_PLAYS:
            return False
        self._tried.add(key)
        if not await self._fails(candidate):
            return False
        self.best = candidate
        return True

    async def fewer_steps(self) -> None:
        """Leave out runs of steps, the long ones first, from the end to the beginning."""
        size = max(1, len(self.best.steps) // 2)
        while size:
            start = len(self.best.steps) - size
            while start >= 0:
                steps = self.best.steps
                left = steps[:start] + steps[start + size :]
                await self._takes(replace(self.best, steps=left))
                start = min(start - size, len(self.best.steps) - size)
            size //= 2

    async def each(self, smaller: Callable[[Scenario], Iterator[Scenario]]) -> None:
        """Take the first smaller one that fails, and again until none does."""
        while True:
            for candidate in smaller(self.best):
                if await self._takes(candidate):
                    break
            else:
                return

    async def stricter(self) -> None:
        """Let each step be one that the charge point does, where it fails like that too."""
        strict = tuple(_strict(step) for step in self.best.steps)
        if await self._takes(replace(self.best, steps=strict)):
            return
        for place, step in enumerate(strict):
            await self._takes(_with(self.best, place, step))


def _strict(step: Step) -> Step:
    if isinstance(step, Together):
        acts = tuple(replace(act, refused=None) for act in step.acts)
        return replace(step, acts=acts)
    if isinstance(step, (Act, Again, Ask)):
        return replace(step, refused=None)
    return step


# -- passes: each names scenarios that are smaller -------------------------------------------------


def _fewer_points(scenario: Scenario) -> Iterator[Scenario]:
    """All at the first charge point, or without those at which nothing is done."""
    first = scenario.charge_points[0]
    if len(scenario.charge_points) == 1:
        return
    moved = tuple(_moved(step, first.name) for step in scenario.steps)
    yield replace(scenario, charge_points=(first,), steps=moved)
    busy = {one.on for step in scenario.steps for one in _parts(step)}
    left = tuple(one for one in scenario.charge_points if one.name in busy)
    if left and len(left) < len(scenario.charge_points):
        yield replace(scenario, charge_points=left)


def _one_by_one(scenario: Scenario) -> Iterator[Scenario]:
    """One thing in place of several at the same time."""
    for place, step in enumerate(scenario.steps):
        if isinstance(step, Together):
            for act in step.acts:
                yield _with(scenario, place, act)


def _plainer(scenario: Scenario) -> Iterator[Scenario]:
    """What every charge point does each day, in place of what is rare."""
    for place, step in enumerate(scenario.steps):
        if isinstance(step, (Act, Ask)) and step.action in PLAINER:
            said: dict[str, object] = {"connector": _connector_of(step)}
            action = PLAINER[step.action]
            if action == "local_start":
                said["id_tag"] = _card_of(step)
            plain = Act(at=step.at, on=step.on, action=action, said=said, refused=EITHER_WAY)
            yield _with(scenario, place, plain)


def _first_connector(scenario: Scenario) -> Iterator[Scenario]:
    steps = tuple(_at_the_first(step) for step in scenario.steps)
    if steps != scenario.steps:
        yield replace(scenario, steps=steps)


def _joined_waits(scenario: Scenario) -> Iterator[Scenario]:
    steps = scenario.steps
    for place in range(len(steps) - 1):
        one, other = steps[place : place + 2]
        if isinstance(one, Wait) and isinstance(other, Wait):
            joined = replace(one, seconds=one.seconds + other.seconds)
            yield replace(scenario, steps=(*steps[:place], joined, *steps[place + 2 :]))


def _shorter_waits(scenario: Scenario) -> Iterator[Scenario]:
    for place, step in enumerate(scenario.steps):
        if isinstance(step, Wait):
            for seconds in SHORT_S:
                if seconds < step.seconds:
                    yield _with(scenario, place, replace(step, seconds=seconds))


def _plain_points(scenario: Scenario) -> Iterator[Scenario]:
    """Charge points without options of their own."""
    points = tuple(ChargePointOptions(one.name) for one in scenario.charge_points)
    if points != scenario.charge_points:
        yield replace(scenario, charge_points=points)


PASSES: tuple[Callable[[Scenario], Iterator[Scenario]], ...] = (
    _fewer_points,
    _plain_points,
    _one_by_one,
    _plainer,
    _first_connector,
    _joined_waits,
    _shorter_waits,
)
PLAINER: dict[str, str] = {
    "RemoteStartTransaction": "local_start",
    "RequestStartTransaction": "local_start",
    "swipe": "local_start",
    **dict.fromkeys(
        ("Reset", "UnlockConnector", "power_off", "restart", "fault", "unlock"), "local_stop"
    ),
    **dict.fromkeys(
        ("unplug", "ev_stop", "ev_give_up", "suspend_ev", "suspend_evse"), "local_stop"
    ),
}
"""What is tried in the place of an act, or of what the CSMS asks."""


def _with(scenario: Scenario, place: int, step: Step) -> Scenario:
    steps = scenario.steps
    return replace(scenario, steps=(*steps[:place], step, *steps[place + 1 :]))


def _parts(step: Step) -> tuple[Step, ...]:
    if isinstance(step, Wait):
        return ()
    return step.acts if isinstance(step, Together) else (step,)


def _moved(step: Step, to: str) -> Step:
    if isinstance(step, Together):
        return replace(step, on=to, acts=tuple(replace(act, on=to) for act in step.acts))
    return replace(step, on=to)


def _connector_of(step: Act | Ask) -> object:
    said = step.said if isinstance(step, Act) else step.payload
    return said.get("connector") or said.get("connectorId") or said.get("evseId") or 1


def _card_of(step: Act | Ask) -> object:
    if isinstance(step, Act):
        return step.said["id_tag"]
    token = step.payload.get("idToken")
    return token["idToken"] if isinstance(token, dict) else step.payload["idTag"]


def _at_the_first(step: Step) -> Step:
    if isinstance(step, Together):
        acts = tuple(act for part in step.acts if isinstance(act := _at_the_first(part), Act))
        return replace(step, acts=acts)
    if isinstance(step, Act) and "connector" in step.said:
        return replace(step, said={**step.said, "connector": 1})
    return step
