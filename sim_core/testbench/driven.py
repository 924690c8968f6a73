"""A charge point that a test of somebody's CSMS drives, on a thread of its own.

Whoever drives may block its thread, or run the CSMS on a loop that must not stand still: so what is
asked for is a future of `concurrent.futures`, and what waits for it is not decided here. What is
not as wanted is an AssertionError, since that is what a test fails by.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from sim_core.commands import ACTION_BY_NAME
from sim_core.errors import UserError
from sim_core.runtime.event_loop_thread import EventLoopThread
from sim_core.snapshot import ConnectorSnapshot, StationSnapshot
from sim_core.testbench.driving import (
    READY_WITHIN_S,
    WITHIN_S,
    Driving,
    Heard,
    RefusedHereError,
    UnmetError,
)
from sim_core.testbench.reports.lines import frames
from sim_core.testbench.verdicts import spoken_of

T = TypeVar("T")

ENDS_WITHIN_S = 10.0
SHOWN = 20
"""So many exchanges are told of a test that fails."""


class Driven:
    """One charge point, and the thread that it lives on."""

    def __init__(
        self,
        charge_point_id: str,
        csms_url: str,
        *,
        ocpp: str = "1.6",
        ready_within_s: float = READY_WITHIN_S,
        time_scale: float = 1.0,
        seed: int = 1,
        **options: Any,
    ) -> None:
        """Begins to dial; without a `csms_url` what CSMS_URL says. `options` are those of the
        settings, like `model` and `connectors`. What is done first waits `ready_within_s` for the
        CSMS to let it in; with 0 it does not.

        Raises UserError for an option that there is not, or that will not do.
        """
        __tracebackhide__ = True
        self.id = charge_point_id
        self._ready_within_s = ready_within_s
        self._begun = not ready_within_s
        self._driving = Driving(
            charge_point_id,
            csms_url,
            ocpp=ocpp,
            time_scale=time_scale,
            seed=seed,
            options=options,
        )
        self._opened: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread = EventLoopThread(
            f"chargeforge {charge_point_id}", self._live, ended=self._end
        )
        self._thread.start()
        self._opened.result(ENDS_WITHIN_S)

    async def _live(self, ending: asyncio.Event) -> None:
        await self._driving.open()
        try:
            self._opened.set_result(None)
            await ending.wait()
        finally:
            await self._driving.close()

    def _end(self) -> None:
        if not self._opened.done():
            self._opened.set_exception(UserError(self._thread.failure))

    def _begin(self, run: Callable[[], Coroutine[Any, Any, T]]) -> concurrent.futures.Future[T]:
        loop = self._thread.loop
        if loop is None:
            raise AssertionError(f"{self.id} has ended: {self._thread.failure or 'it was closed'}")

        async def asserted() -> T:
            __tracebackhide__ = True
            try:
                return await run()
            except (RefusedHereError, UnmetError) as error:
                raise AssertionError(str(error)) from None

        return asyncio.run_coroutine_threadsafe(asserted(), loop)

    def close(self) -> None:
        """End it in order."""
        self._thread.stop(ENDS_WITHIN_S)

    @property
    def snapshot(self) -> StationSnapshot:
        """What it is like now."""
        return self._driving.station.snapshot

    def do(self, action: str, *said: Any, **named: Any) -> concurrent.futures.Future[None]:
        """Do something at the charge point. Raises AssertionError where that is refused, with the
        reason."""
        names = [one.name for one in fields(ACTION_BY_NAME[action].command)]
        if len(said) > len(names):
            raise TypeError(f"{action} takes at most {len(names)} values: {', '.join(names)}")
        values = {**dict(zip(names, said, strict=False)), **named}

        async def run() -> None:
            if not self._begun:
                await self._driving.ready(self._ready_within_s)
                self._begun = True
            await self._driving.do(action, values)

        return self._begin(run)

    def ready(self, *, within: float = READY_WITHIN_S) -> concurrent.futures.Future[None]:
        """Wait until it is let in. Raises AssertionError with the reason where it is not."""
        return self._begin(lambda: self._driving.ready(within))

    def expect(
        self,
        action: str,
        *,
        within: float = WITHIN_S,
        answer: Mapping[str, Any] | None = None,
        error: str = "",
        by_csms: bool | None = None,
        **where: Any,
    ) -> concurrent.futures.Future[Heard]:
        """Wait for a message behind the one that was expected before. Raises AssertionError."""
        message = self._driving.message(action, where, answer, error, by_csms)
        return self._begin(lambda: self._driving.expect(message, within))

    def never(
        self, action: str, *, within: float, by_csms: bool | None = None, **where: Any
    ) -> concurrent.futures.Future[None]:
        """Wait so long whether such a message comes. Raises AssertionError where one does."""
        message = self._driving.message(action, where, by_csms=by_csms)
        return self._begin(lambda: self._driving.never(message, within))

    def status(
        self, connector_id: int, status: str, *, within: float = WITHIN_S
    ) -> concurrent.futures.Future[ConnectorSnapshot]:
        """Wait until a connector shows a status. Raises AssertionError."""
        return self._begin(lambda: self._driving.status(connector_id, status, within))

    def wait(self, seconds: float) -> concurrent.futures.Future[None]:
        """Let so much of the charge point's time pass."""
        return self._begin(lambda: self._driving.wait(seconds))

    def told(self) -> str:
        """The last that was said, for the report of a test that has failed."""
        point = self._driving.point
        point.look()
        newest = sorted(point.exchanges.items())[-SHOWN:]
        secret = self._driving.dialect.secret_keys
        lines = [
            line
            for _, exchange in newest
            for line in frames(spoken_of(self.id, exchange, secret, missed=False))
        ]
        return "\n".join(lines) or "nothing was said"
