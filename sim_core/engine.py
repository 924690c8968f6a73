"""A station on its own event loop, in its own thread.

Textual's driver blocks the loop it runs in when a terminal stops reading, and a charge point that
shares that loop falls silent. So the station never shares: viewers on other threads look at
`snapshot`, `messages` and `events`, hand in commands with `submit`, and can stall as they like.

What the station needs is imported inside the thread, after `start`: the first frame of a dashboard
does not wait for it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sim_core.commands import Accepted, Command, Outcome, Refused
from sim_core.events import Event, Ring
from sim_core.runtime.across_threads import answered, asked
from sim_core.runtime.clock import Clock, clock_of
from sim_core.runtime.event_loop_thread import EventLoopThread
from sim_core.settings.authorization_key import password_bytes
from sim_core.settings.destination import Destination, destination_of, moved
from sim_core.snapshot import StationSnapshot
from sim_core.wire.message_log import MessageLog

if TYPE_CHECKING:
    from sim_core.settings.options import Settings
    from sim_core.station import Station

BEGIN_ANEW_S = 10.0
"""So long the engine may take to end before it begins anew as another charge point."""
Companion = Callable[["Station"], Awaitable[Callable[[], Awaitable[None]]]]
"""Something that lives on the engine's loop beside the station (the HTTP sidecar, the demo's CSMS
and story): started with the station, it returns what stops it."""


class Host(Protocol):
    """What a viewer needs of whatever hosts a charge point."""

    @property
    def messages(self) -> MessageLog:
        """The exchanges with the CSMS; another log, and other events, where it begins anew."""

    @property
    def events(self) -> Ring[Event]:
        """What has happened."""

    @property
    def snapshot(self) -> StationSnapshot | None:
        """The newest picture; None until the station exists."""

    @property
    def failure(self) -> str:
        """Why the engine is not running, as a sentence; empty while it runs."""

    @property
    def exit_code(self) -> int:
        """What the process should end with after a failure: 2 for a setting, else 1."""

    def now(self) -> datetime:
        """The charge point's time of day."""

    def submit(self, command: Command) -> concurrent.futures.Future[Outcome]:
        """Hand in a command; the future never raises, a dead engine refuses."""

    def start(self) -> None:
        """Start (or start again after a failure); returns at once."""

    def stop(self, deadline: float = 5.0) -> bool:
        """Stop and wait at most `deadline` seconds; False when it did not end in time."""


class Engine:
    """Hosts one station. See `Host` for what each member owes."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        before: tuple[Companion, ...] = (),
        beside: tuple[Companion, ...] = (),
    ) -> None:
        """`before` companions start ahead of the station's link, `beside` ones after it."""
        self.settings = settings
        self.messages = MessageLog(settings.message_log_size)
        self.events: Ring[Event] = Ring(2_000)
        self._clock: Clock = clock or clock_of(settings.time_scale)
        self._before = before
        self._beside = beside
        self._station: Station | None = None
        self._thread = EventLoopThread(
            "charge-point", self._main, ended=self._forget, event_loop=settings.event_loop
        )

    @property
    def failure(self) -> str:
        return self._thread.failure

    @property
    def exit_code(self) -> int:
        return self._thread.exit_code

    @property
    def snapshot(self) -> StationSnapshot | None:
        station = self._station
        return station.snapshot if station else None

    def now(self) -> datetime:
        station = self._station
        return station.now() if station else self._clock.now()

    def start(self) -> None:
        self._thread.start()

    def submit(self, command: Command) -> concurrent.futures.Future[Outcome]:
        station, loop = self._station, self._thread.loop
        if station is None or loop is None:
            return answered(
                Refused(self.failure or "the charge point is still starting: try again in a second")
            )
        return asked(
            loop,
            lambda: station.submit(command),
            undecided=Refused("the charge point stopped before it had decided"),
            gone=Refused("the charge point has stopped"),
        )

    @property
    def destination(self) -> Destination:
        """Where it dials, and as whom."""
        return destination_of(self.settings)

    @property
    def keeps_id(self) -> str:
        """Why the id cannot be changed: it can."""
        return ""

    def look_up(self) -> concurrent.futures.Future[Destination | Refused]:
        """The same for a viewer, who may have to ask far away."""
        return answered(self.destination)

    def connect_to(self, where: Destination) -> concurrent.futures.Future[Outcome]:
        """Dial there from now on, until the process ends; the future never raises.

        Under the same id everything goes on, sessions too. Another id is another charge point with
        a state of its own: the engine begins anew as that one, and not while anything is charged.
        """
        try:
            settings = moved(self.settings, where)
        except ValueError as error:
            return answered(Refused(str(error)))
        station, loop = self._station, self._thread.loop
        if station is None or loop is None or settings.cpid != self.settings.cpid:
            seen = self.snapshot
            busy = [one for one in seen.connectors if one.transaction] if seen else []
            if busy:
                which = busy[0].connector_id
                place = station.place(which) if station else f"no. {which}"
                return answered(
                    Refused(
                        f"{place} has an open transaction, and another id "
                        "is another charge point: stop it first"
                    )
                )
            answer: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
            self._thread.stop_then(
                BEGIN_ANEW_S, lambda ended: self._begin_anew(ended, settings, answer)
            )
            return answer

        async def change() -> Outcome:
            known = moved(self.settings, where)
            profile = known.security_profile
            outcome = station.connect_to(
                url_of(known),
                None if profile == self.settings.security_profile else profile,
                password_bytes(where.password, known.ocpp_version) if where.password else None,
            )
            if isinstance(outcome, Accepted):
                self.settings = known
            return outcome

        from sim_core.from_settings import url_of

        return asked(
            loop,
            change,
            undecided=Refused("the charge point stopped before it had decided"),
            gone=Refused("the charge point has stopped"),
        )

    def _begin_anew(
        self, ended: bool, settings: Settings, answer: concurrent.futures.Future[Outcome]
    ) -> None:
        if not ended:
            answer.set_result(Refused("the charge point does not end: try again in a while"))
            return
        self.settings = settings
        self._thread.start()
        answer.set_result(Accepted(f"begins anew as {settings.cpid}"))

    def stop(self, deadline: float = 5.0) -> bool:
        return self._thread.stop(deadline)

    def wait(self, seconds: float) -> bool:
        """Wait for the engine to end by itself, at most `seconds`; True when it has ended."""
        return self._thread.wait(seconds)

    def _forget(self) -> None:
        self._station = None

    async def _main(self, ending: asyncio.Event) -> None:
        with self.settings.naming_sources():
            await self._host(ending)

    async def _host(self, ending: asyncio.Event) -> None:
        from sim_core.station import Station

        async with contextlib.AsyncExitStack() as stack:
            station = Station.from_settings(
                self.settings, clock=self._clock, messages=self.messages, events=self.events
            )
            stack.push_async_callback(station.close)
            for companion in self._before:
                stack.push_async_callback(await companion(station))
            self._station = station
            station.open()
            for companion in self._beside:
                stack.push_async_callback(await companion(station))
            ended = asyncio.create_task(ending.wait())
            failed = asyncio.create_task(station.failed())
            done, rest = await asyncio.wait({ended, failed}, return_when=asyncio.FIRST_COMPLETED)
            for task in rest:
                task.cancel()
            for task in done:
                task.result()
