"""One charge point of a fleet, as a dashboard hosts one (`sim_core.engine.Host`).

A charge point of a fleet keeps no pictures, messages or events of its own: ten thousand would be
too many. While somebody looks at one it does, and afterwards no more. What was said before is in
the log of the fleet, but not whose it was, so the messages begin with the look.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from sim_core.commands import Command, Outcome, Refused
from sim_core.events import Event, Ring
from sim_core.runtime.across_threads import answered, asked
from sim_core.snapshot import StationSnapshot
from sim_core.station import Station
from sim_core.wire.message_log import Direction, Exchange, ExchangeState, MessageLog, Told

EXCHANGES_KEPT, EVENTS_KEPT = 5_000, 500


class MemberLog(MessageLog):
    """The log of a fleet, and a log of one charge point beside it: while somebody looks at that.

    It keeps nothing itself: what the class of which it is a kind would need is not even made.
    """

    def __init__(self, whole: MessageLog, own: MessageLog) -> None:
        self._whole = whole
        self._own = own
        self._numbers: dict[int, int] = {}
        """The number in the log of the fleet -> in our own, of what waits for its answer."""

    @property
    def revision(self) -> int:
        return self._whole.revision

    @property
    def count(self) -> int:
        return self._whole.count

    def open(
        self,
        direction: Direction,
        action: str,
        message_id: str,
        request: str,
        at: datetime,
        *,
        connector_id: int | None = None,
        transaction_id: int | str | None = None,
        state: ExchangeState = ExchangeState.WAITING,
        trouble: str = "",
        answer: str = "",
        injected: str = "",
    ) -> int:
        number, own = (
            log.open(
                direction,
                action,
                message_id,
                request,
                at,
                connector_id=connector_id,
                transaction_id=transaction_id,
                state=state,
                trouble=trouble,
                answer=answer,
                injected=injected,
            )
            for log in (self._whole, self._own)
        )
        if state is ExchangeState.WAITING:
            self._numbers[number] = own
        return number

    def close(
        self,
        number: int,
        state: ExchangeState,
        *,
        answer: str = "",
        latency_s: float | None = None,
        trouble: str = "",
    ) -> None:
        self._whole.close(number, state, answer=answer, latency_s=latency_s, trouble=trouble)
        own = self._numbers.pop(number, None)
        if own is not None:
            self._own.close(own, state, answer=answer, latency_s=latency_s, trouble=trouble)

    def mark(self, number: int, injected: str) -> None:
        self._whole.mark(number, injected)
        own = self._numbers.get(number)
        if own is not None:
            self._own.mark(own, injected)

    def since(self, revision: int) -> tuple[int, list[Exchange]]:
        return self._whole.since(revision)

    def news(self, revision: int) -> tuple[int, list[Told]]:
        return self._whole.news(revision)

    def get(self, number: int) -> Exchange | None:
        return self._whole.get(number)


class Members(Protocol):
    """What is asked of the fleet about one of its charge points, from any thread."""

    @property
    def failure(self) -> str:
        """Why the fleet is not running; empty while it runs."""

    @property
    def exit_code(self) -> int: ...

    def now(self) -> datetime: ...

    def station(self, number: int) -> Station | None:
        """A charge point; None where it is not switched on, or has failed."""

    def on_loop(self, act: Callable[[], None]) -> bool:
        """Do something on the loop of the fleet, soon; False where that has ended."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None: ...


class MemberHost:
    """See the module, and `Host` for what each member owes."""

    def __init__(self, fleet: Members, number: int) -> None:
        self.number = number
        self.messages = MessageLog(EXCHANGES_KEPT)
        self.events: Ring[Event] = Ring(EVENTS_KEPT)
        self._fleet = fleet
        self._looks = False
        self._shared: tuple[MessageLog, Ring[Event]] | None = None
        """Where it is told what happens while nobody looks."""

    @property
    def snapshot(self) -> StationSnapshot | None:
        station = self._fleet.station(self.number)
        return station.snapshot if station is not None and self._looks else None

    @property
    def failure(self) -> str:
        if self._fleet.failure:
            return self._fleet.failure
        if self._looks and self._fleet.station(self.number) is None:
            return "it has ended by a fault of the program (LOG_FILE has why)"
        return ""

    @property
    def exit_code(self) -> int:
        return self._fleet.exit_code

    def now(self) -> datetime:
        station = self._fleet.station(self.number)
        return station.now() if station is not None else self._fleet.now()

    def start(self) -> None:
        """Begin to look."""

        def look() -> None:
            station = self._fleet.station(self.number)
            if station is None or self._looks:
                return
            self._shared = whole, _ = station.messages, station.events
            station.log_to(MemberLog(whole, self.messages))
            station.events = self.events
            station.let_look(True)
            self._looks = True

        self._fleet.on_loop(look)

    def stop(self, deadline: float = 5.0) -> bool:
        """Look no more. The charge point goes on."""

        def leave() -> None:
            station = self._fleet.station(self.number)
            if not self._looks or station is None:
                return
            self._looks = False
            if self._shared is not None:
                messages, station.events = self._shared
                station.log_to(messages)
            station.let_look(False)

        self._fleet.on_loop(leave)
        return True

    def submit(self, command: Command) -> concurrent.futures.Future[Outcome]:
        station, loop = self._fleet.station(self.number), self._fleet.loop
        if station is None or loop is None:
            return answered(Refused(self.failure or "the charge point is not switched on yet"))
        return asked(
            loop,
            lambda: station.submit(command),
            undecided=Refused("the fleet ended before it had decided"),
            gone=Refused("the fleet has ended"),
        )
