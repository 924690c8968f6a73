"""Charge points that a test of somebody's CSMS drives: on a loop of their own, in real time.

Whoever drives may block its thread, or run the CSMS on a loop that must not stand still: so what is
asked for is a future of `concurrent.futures`, and what waits for it is not decided here.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from sim_core.commands import ACTION_BY_NAME, Refused
from sim_core.errors import UserError
from sim_core.runtime.event_loop_thread import EventLoopThread
from sim_core.scenarios.recording import command_of
from sim_core.settings.loading import load
from sim_core.snapshot import StationSnapshot
from sim_core.testbench.listening import FailedError, Listening, Point, payload_of
from sim_core.testbench.patterns import Pattern
from sim_core.testbench.reading import OCPP, OPTIONS
from sim_core.testbench.reports.lines import frames
from sim_core.testbench.scenario import ChargePointOptions, Message, Place, Scenario
from sim_core.testbench.stage import RealStage, registered, why_not_registered
from sim_core.testbench.verdicts import spoken_of

T = TypeVar("T")

ENDS_WITHIN_S = 10.0
SHOWN = 20
"""So many exchanges are told of a test that fails."""


@dataclass(frozen=True)
class Heard:
    """A message that came, with its answer."""

    action: str
    payload: Mapping[str, Any]
    answer: Mapping[str, Any]
    """Empty where none has come yet."""


class Driven:
    """One charge point, and the thread that it lives on."""

    def __init__(
        self,
        charge_point_id: str,
        csms_url: str,
        *,
        ocpp: str = "1.6",
        ready_within_s: float = 10.0,
        time_scale: float = 1.0,
        seed: int = 1,
        **options: Any,
    ) -> None:
        """Begins to dial; without a `csms_url` what CSMS_URL says. `options` are those of the
        settings, like `model` and `connectors`.

        Raises ValueError for an option that there is not, ConfigError for one that will not do.
        """
        for name in options:
            if name not in OPTIONS:
                raise ValueError(
                    f"there is no option {name!r}: chargeforge run --help has them all"
                )
        if ocpp not in OCPP:
            raise ValueError(f"ocpp is one of {', '.join(OCPP)}, not {ocpp!r}")
        self.id = charge_point_id
        self._ready_within_s = ready_within_s
        self._point: Point | None = None
        self._ocpp = ocpp
        told = {name: str(value) for name, value in options.items()}
        scenario = Scenario(
            title="",
            name=charge_point_id,
            at=Place(),
            proves="",
            ocpp=ocpp,
            charge_points=(ChargePointOptions(charge_point_id, told),),
        )
        words = [f"--csms-url={csms_url}"] if csms_url else []
        base = load([*words, f"--time-scale={time_scale}"], "chargeforge")
        self._opened: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._scenario, self._base, self._seed = scenario, base, seed
        self._thread = EventLoopThread(
            f"chargeforge {charge_point_id}", self._live, ended=self._end
        )
        self._thread.start()
        self._opened.result(ENDS_WITHIN_S)

    async def _live(self, ending: asyncio.Event) -> None:
        async with RealStage(self._scenario, self._base, self._seed) as stage:
            self._stage = stage
            (station,) = stage.stations.values()
            self._point = Point(self.id, station)
            self._listening = Listening(stage.until, {})
            self._opened.set_result(None)
            await ending.wait()

    def _end(self) -> None:
        if not self._opened.done():
            self._opened.set_exception(UserError(self._thread.failure))

    def _begin(self, run: Callable[[], Coroutine[Any, Any, T]]) -> concurrent.futures.Future[T]:
        loop = self._thread.loop
        if loop is None:
            raise AssertionError(f"{self.id} has ended: {self._thread.failure or 'it was closed'}")
        return asyncio.run_coroutine_threadsafe(run(), loop)

    def close(self) -> None:
        """End it in order."""
        self._thread.stop(ENDS_WITHIN_S)

    @property
    def point(self) -> Point:
        """Its conversation."""
        assert self._point is not None, "it is open"
        return self._point

    @property
    def snapshot(self) -> StationSnapshot:
        """What it is like now."""
        return self.point.station.snapshot

    def do(self, action: str, *said: Any, **named: Any) -> concurrent.futures.Future[None]:
        """Do something at the charge point, once it is let in. Raises AssertionError where that is
        refused, with the reason."""
        kind = ACTION_BY_NAME[action].command
        names = [one.name for one in fields(kind)]
        if len(said) > len(names):
            raise TypeError(f"{action} takes at most {len(names)} values: {', '.join(names)}")
        values = {**dict(zip(names, said, strict=False)), **named}
        command = command_of(kind, values, action)

        async def run() -> None:
            await self._let_in()
            outcome = await self.point.station.submit(command)
            if isinstance(outcome, Refused):
                raise AssertionError(f"{action}: the charge point refuses: {outcome.reason}")

        return self._begin(run)

    def ready(self) -> concurrent.futures.Future[None]:
        """Wait until it is let in. Raises AssertionError with the reason where it is not."""
        return self._begin(self._let_in)

    async def _let_in(self) -> None:
        station = self.point.station
        if not await self._stage.until(
            lambda: registered(station.snapshot) or not station.link.wanted, self._ready_within_s
        ):
            why = why_not_registered(station.snapshot)
            raise AssertionError(
                f"{self.id} is not let in within {self._ready_within_s:g} s: {why}"
            )

    def expect(
        self,
        action: str,
        *,
        within: float = 10.0,
        answer: Mapping[str, Any] | None = None,
        by_csms: bool | None = None,
        **where: Any,
    ) -> concurrent.futures.Future[Heard]:
        """Wait for a message behind the one that was expected before. Raises AssertionError."""
        asks = OCPP[self._ocpp].dialect.asks
        message = Message(
            action=action,
            by_csms=action not in asks if by_csms is None else by_csms,
            where=Pattern(where) if where else None,
            answer=None if answer is None else Pattern(dict(answer)),
            name="it",
        )

        async def run() -> Heard:
            point = self.point
            try:
                found = await self._listening.one_of(point, (message,), within)
                point.cursor = found.number
                await self._listening.answered(point, message, found.number, within)
            except FailedError as failure:
                raise AssertionError(f"expected {message.line()}: {failure}") from None
            newest = point.exchanges[found.number]
            return Heard(action, payload_of(newest.request), payload_of(newest.answer))

        return self._begin(run)

    def told(self) -> str:
        """The last that was said, for the report of a test that has failed."""
        point = self.point
        point.look()
        newest = sorted(point.exchanges.items())[-SHOWN:]
        secret = OCPP[self._ocpp].dialect.secret_keys
        lines = [
            line
            for _, exchange in newest
            for line in frames(spoken_of(self.id, exchange, secret, missed=False))
        ]
        return "\n".join(lines) or "nothing was said"
