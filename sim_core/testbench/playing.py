"""Goes through the steps of a scenario on a stage, and says what came of each.

What a CSMS must do in every scenario is looked at in all of them: each request of a charge point is
answered, in time, by what its schema allows, and not by a CALLERROR that nobody expected.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from sim_core.commands import ACTION_BY_NAME, Accepted, Outcome, Refused, Send
from sim_core.errors import UserError
from sim_core.redaction import one_line
from sim_core.runtime.clock import SystemClock
from sim_core.scenarios.recording import command_of
from sim_core.snapshot import LinkState
from sim_core.testbench.invariants.heard import Heard, Said
from sim_core.testbench.invariants.table import Breach, against, first_breach
from sim_core.testbench.listening import (
    BrokenError,
    FailedError,
    Listening,
    Point,
    misfit,
    payload_of,
)
from sim_core.testbench.reading import OCPP
from sim_core.testbench.scenario import (
    EITHER_WAY,
    Act,
    Again,
    AnyOrder,
    Ask,
    Expect,
    Meter,
    Never,
    Power,
    Scenario,
    Status,
    Step,
    Together,
    Wait,
)
from sim_core.testbench.sessions import Session
from sim_core.testbench.stage import Stage, registered, why_not_registered
from sim_core.testbench.variables import filled, misfit_of
from sim_core.testbench.verdicts import Reading, Result, Spoken, StepResult, Verdict, spoken_of
from sim_core.wire.message_log import Direction, Exchange, ExchangeState

REACHED_WITHIN_S = 15.0
REGISTERS_WITHIN_S = 60.0
LEAST_REAL_S = 5.0
"""What a CSMS has at the least, in its own time, whatever is expected."""
SEE_DOCTOR = "; chargeforge doctor --csms-url URL looks closer"
ACTS_WITHIN_S = 60.0
"""A command is decided by then: the CSMS may have been asked about a card."""
RUN_OUT_S = 40.0
"""What is still to be answered at the end is answered by then."""
READINGS = 2_000
LOOK_EACH_S, MOST_LOOKS = 10.0, 60
"""While a scenario waits: how often it looks at the power, for the chart."""


async def play(
    scenario: Scenario, stage: Stage, seed: int, told: Callable[[str], None] = lambda _: None
) -> Result:
    """Play it. `told` is called with a line for each step as it begins."""
    return await _Play(scenario, stage, seed, told).run()


class _Play:
    """One scenario, played once."""

    def __init__(
        self, scenario: Scenario, stage: Stage, seed: int, told: Callable[[str], None]
    ) -> None:
        self._scenario = scenario
        self._stage = stage
        self._seed = seed
        self._told = told
        self._points: dict[str, Point] = {}
        self._variables: dict[str, Any] = {"seed": seed, **scenario.variables}
        self._listening = Listening(self._patiently, self._variables)
        self._beside: set[asyncio.Future[Any]] = set()
        self._breach: Breach | None = None
        self._read: dict[tuple[str, int], tuple[Exchange, Said]] = {}
        """What was said, read once: by charge point and number."""
        self._steps: list[StepResult] = []
        self._readings: list[Reading] = []

    async def run(self) -> Result:
        """Play it."""
        real = SystemClock()
        began_real = real.monotonic()
        clock = self._stage.clock
        async with self._stage:
            began, began_s = clock.now(), clock.monotonic()
            self._points = {
                name: Point(name, station) for name, station in self._stage.stations.items()
            }
            try:
                verdict, why = await self._all()
            finally:
                for task in self._beside:
                    task.cancel()
                await asyncio.gather(*self._beside, return_exceptions=True)
            lasted = clock.monotonic() - began_s
            for point in self._points.values():
                point.look()
        return Result(
            self._scenario,
            verdict,
            one_line(why),
            tuple(self._steps),
            self._spoken(),
            tuple(self._readings),
            self._seed,
            began,
            lasted,
            real.monotonic() - began_real,
            self._breach.name if self._breach else "",
        )

    def _spoken(self) -> tuple[Spoken, ...]:
        secret = OCPP[self._scenario.ocpp].dialect.secret_keys
        spoken = [
            spoken_of(one.charge_point, one.exchange, secret, missed=self._against(one) is not None)
            for one in self._said()
        ]
        return tuple(sorted(spoken, key=lambda one: one.exchange.requested_at))

    async def _all(self) -> tuple[Verdict, str]:
        steps: list[tuple[str, Callable[[], Any]]] = [
            (f"{name} is let in", self._let_in(name)) for name in self._points
        ]
        steps += [(step.line(), self._doing(step)) for step in self._scenario.steps]
        steps.append(("every request is answered as OCPP has it", self._run_out))
        steps.append(("the CSMS keeps what was told", self._sessions_kept))
        for line, do in steps:
            at = self._stage.clock.monotonic()
            self._told(line)
            why, verdict = "", Verdict.PASSED
            try:
                await do()
            except FailedError as failure:
                why, verdict = str(failure), Verdict.FAILED
            except (BrokenError, UserError) as trouble:
                why, verdict = str(trouble), Verdict.BROKEN
            self._look()
            if found := self._no_longer():
                why, verdict = found, Verdict.FAILED
            took = self._stage.clock.monotonic() - at
            self._steps.append(StepResult(line, at, took, not why, one_line(why)))
            if why:
                return verdict, f"{line}: {why}"
        return Verdict.PASSED, ""

    def _look(self) -> None:
        """Take what is new, and the power for the chart."""
        for point in self._points.values():
            point.look()
        power = sum(
            connector.power_w or 0.0
            for point in self._points.values()
            for connector in point.station.snapshot.connectors
        )
        if len(self._readings) < READINGS:
            self._readings.append(Reading(self._stage.clock.monotonic(), power))

    # -- steps ---------------------------------------------------------

    def _doing(self, step: Step) -> Callable[[], Any]:
        return lambda: DO[type(step)](self, step)

    def _let_in(self, name: str) -> Callable[[], Any]:
        async def wait() -> None:
            station = self._points[name].station

            def reached() -> bool:
                return station.snapshot.link.state is LinkState.CONNECTED

            if not await self._patiently(reached, REACHED_WITHIN_S):
                trouble = station.snapshot.link.trouble or "it does not answer"
                raise BrokenError(f"the CSMS is not reached: {trouble}{SEE_DOCTOR}")
            if await self._patiently(lambda: registered(station.snapshot), REGISTERS_WITHIN_S):
                return
            why = why_not_registered(station.snapshot)
            raise FailedError(f"not within {REGISTERS_WITHIN_S:g} s: {why}")

        return wait

    async def _act(self, step: Act) -> None:
        await self._decided([(step, self._begin(step))])

    async def _together(self, step: Together) -> None:
        await self._decided([(act, self._begin(act)) for act in step.acts])

    def _begin(self, step: Act) -> asyncio.Future[Outcome]:
        said = filled(step.said, self._variables)
        command = command_of(ACTION_BY_NAME[step.action].command, said, step.action)
        task = asyncio.ensure_future(self._points[step.on].station.submit(command))
        self._beside.add(task)
        return task

    async def _again(self, step: Again) -> None:
        point = self._points[step.on]
        point.look()
        said = [
            exchange
            for _, exchange in sorted(point.exchanges.items())
            if exchange.direction is Direction.SENT and exchange.action == step.action
        ]
        if not said:
            why = f"{step.on} has said no {step.action} yet"
            if step.refused is None:
                raise BrokenError(why)
            if unlike := _unlike(step.refused, Refused(why)):
                raise FailedError(unlike)
            return
        command = Send(step.action, json.dumps(payload_of(said[-1].request)), anyway=True)
        task: asyncio.Future[Outcome] = asyncio.ensure_future(point.station.submit(command))
        self._beside.add(task)
        await self._decided([(step, task)])

    async def _decided(self, begun: Sequence[tuple[Act | Again, asyncio.Future[Outcome]]]) -> None:
        def all_done() -> bool:
            return all(task.done() for _, task in begun)

        if not await self._patiently(all_done, ACTS_WITHIN_S):
            raise FailedError(
                f"it is not decided within {ACTS_WITHIN_S:g} s: the CSMS has not answered"
            )
        for step, task in begun:
            self._beside.discard(task)
            if why := _unlike(step.refused, task.result()):
                raise FailedError(why)

    async def _wait(self, step: Wait) -> None:
        looks = max(1, min(MOST_LOOKS, int(step.seconds / LOOK_EACH_S)))
        for _ in range(looks):
            await self._stage.wait(step.seconds / looks)
            self._look()

    async def _expect(self, step: Expect) -> None:
        point = self._points[step.on]
        found = await self._listening.one_of(point, (step.message,), step.within_s)
        point.cursor = found.number
        await self._listening.answered(point, step.message, found.number, step.within_s)

    async def _any_order(self, step: AnyOrder) -> None:
        point = self._points[step.on]
        left = list(step.messages)
        taken: set[int] = set()
        end = self._stage.clock.monotonic() + step.within_s
        while left:
            within = max(0.0, end - self._stage.clock.monotonic())
            found = await self._listening.one_of(point, tuple(left), within, taken)
            message = next(one for one in left if not misfit(one, found, self._variables))
            left.remove(message)
            taken.add(found.number)
            await self._listening.answered(point, message, found.number, step.within_s)
        point.cursor = max([point.cursor, *taken])

    async def _patiently(self, holds: Callable[[], bool], within_s: float) -> bool:
        """Wait until it holds; however fast time passes here, the CSMS has a moment of its own."""
        return await self._stage.until(holds, max(within_s, LEAST_REAL_S * self._stage.haste))

    async def _never(self, step: Never) -> None:
        point = self._points[step.on]
        since = point.station.messages.count

        def came() -> bool:
            point.look()
            return any(
                number > since and not misfit(step.message, exchange, self._variables)
                for number, exchange in point.exchanges.items()
            )

        if await self._stage.until(came, step.for_s):
            raise FailedError("it has come")

    async def _status(self, step: Status) -> None:
        point = self._points[step.on]

        def shown() -> str:
            return point.connector(step.connector_id).status

        if not await self._patiently(lambda: shown() == step.status, step.within_s):
            raise FailedError(f"not within {step.within_s:g} s: it is {shown()}")

    async def _meter(self, step: Meter) -> None:
        point = self._points[step.on]

        def charged() -> float:
            transaction = point.connector(step.connector_id).transaction
            return (transaction.energy_wh or 0.0) if transaction else 0.0

        if not await self._patiently(lambda: charged() >= step.at_least_wh, step.within_s):
            raise FailedError(f"not within {step.within_s:g} s: it is {charged():.0f} Wh")

    async def _power(self, step: Power) -> None:
        point = self._points[step.on]

        def given() -> float:
            return point.connector(step.connector_id).power_w or 0.0

        def fits() -> bool:
            return step.at_least_w <= given() <= step.at_most_w

        if not await self._patiently(fits, step.within_s):
            raise FailedError(f"not within {step.within_s:g} s: it is {given():.0f} W")

    async def _ask(self, step: Ask) -> None:
        asking = self._stage.asking
        if asking is None:
            raise BrokenError("nobody can tell this CSMS to ask: see --csms-api")
        payload = filled(step.payload, self._variables)
        task = asyncio.ensure_future(asking.ask(step.on, step.action, payload))
        self._beside.add(task)
        if not await self._patiently(task.done, step.within_s):
            raise FailedError(f"no answer of the charge point has come back in {step.within_s:g} s")
        self._beside.discard(task)
        try:
            answer = task.result()
        except UserError as error:
            if step.refused == EITHER_WAY or (step.refused and step.refused in str(error)):
                return
            raise FailedError(str(error)) from None
        if step.refused not in (None, EITHER_WAY):
            raise FailedError("there is an answer, and there should be none")
        if why := misfit_of(step.answer, dict(answer), self._variables):
            raise FailedError(f"the answer that the CSMS tells of is otherwise: {why}")
        if step.name:
            self._variables[step.name] = {**payload, "answer": dict(answer)}

    # -- what holds in every scenario ----------------------------------

    async def _run_out(self) -> None:
        def settled() -> bool:
            for point in self._points.values():
                point.look()
            return not any(
                exchange.state is ExchangeState.WAITING
                and exchange.direction is Direction.SENT
                and point.station.snapshot.link.frames_pass
                for point in self._points.values()
                for exchange in point.exchanges.values()
            )

        await self._patiently(settled, RUN_OUT_S)
        for one in self._said():
            if breach := self._against(one):
                self._breach = breach
                raise FailedError(breach.why)

    def _against(self, one: Said) -> Breach | None:
        """What an exchange says against the CSMS, whatever the scenario."""
        action, trouble, tolerates = one.action, one.exchange.trouble, self._scenario.tolerates
        if one.exchange.injected:  # what was done to it, a step may expect something of
            return None
        if any(code in trouble or code == action for code in tolerates):
            return None
        breach = against(one)
        return None if breach and breach.name in tolerates else breach

    async def _sessions_kept(self) -> None:
        """What the CSMS has made of the sessions is looked at where somebody can tell."""
        if self._scenario.always and self._stage.sessions is not None:
            self._no_longer(await self._stage.sessions.ended())

    # -- what holds in this one ----------------------------------------

    def _said(self) -> list[Said]:
        """All that was said, read. What is read already is read no more."""
        for point in self._points.values():
            for number, exchange in point.exchanges.items():
                about = point.name, number
                excused = number in point.unheard
                known = self._read.get(about)
                if known and known[0] is exchange and known[1].excused == excused:
                    continue
                asked, answered = payload_of(exchange.request), payload_of(exchange.answer)
                said = Said(point.name, exchange, asked, answered, excused)
                self._read[about] = exchange, said
        return [said for _, said in self._read.values()]

    def _no_longer(self, sessions: Sequence[Session] | None = None) -> str:
        """What was to hold always and does not; empty where all of it does."""
        scenario = self._scenario
        if not scenario.always:
            return ""
        if self._breach is not None:
            return _in_words(self._breach)
        heard = Heard(
            self._said(),
            {name: len(it.station.snapshot.connectors) for name, it in self._points.items()},
            scenario.answers_within_s,
            self._stage.late,
            self._stage.hung_up,
            sessions,
        )
        self._breach = first_breach(heard, scenario.always)
        return _in_words(self._breach)


def _in_words(breach: Breach | None) -> str:
    return f"{breach.name}: {breach.why}" if breach else ""


def _unlike(refused: str | None, outcome: Outcome) -> str:
    """What speaks against an outcome, where it was to be `refused` (None: done); empty: nothing."""
    if refused == EITHER_WAY:
        return ""
    if isinstance(outcome, Accepted):
        return "" if refused is None else "the charge point does it, and should have refused"
    if refused is None:
        return f"the charge point refuses: {outcome.reason}"
    return "" if refused in outcome.reason else f"it is refused otherwise: {outcome.reason}"


DO: dict[type[Step], Callable[[_Play, Any], Any]] = {
    Act: _Play._act,
    Again: _Play._again,
    Together: _Play._together,
    Wait: _Play._wait,
    Expect: _Play._expect,
    AnyOrder: _Play._any_order,
    Never: _Play._never,
    Status: _Play._status,
    Meter: _Play._meter,
    Power: _Play._power,
    Ask: _Play._ask,
}
"""Who does which step."""
