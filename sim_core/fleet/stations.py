"""The charge points of a fleet on one loop: switched on in turn, driven, looked at, ended.

They share a message log and a ring of events, which is what makes the figures of the whole cheap:
one look a second reads what is new, once. A charge point that fails takes nobody with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from sim_core.__main__ import stops_at_exit
from sim_core.charging.facts import ChargingState
from sim_core.errors import UserError
from sim_core.events import Event, Ring
from sim_core.fleet.drivers import Bay, Habits, Visits, arrive, visit
from sim_core.fleet.load_report import LoadReport, Watcher
from sim_core.fleet.member import MemberHost
from sim_core.fleet.options import FleetSettings
from sim_core.fleet.snapshot import (
    MOST_REASONS,
    FleetSnapshot,
    Phase,
    Point,
    PointState,
    latency_of,
)
from sim_core.from_settings import access_of, config_of
from sim_core.redaction import public_url
from sim_core.runtime import garbage
from sim_core.runtime.asyncio_helpers import first_of
from sim_core.runtime.clock import SystemClock
from sim_core.runtime.event_loop_thread import EventLoopThread
from sim_core.sidecar.counters import ExchangeCounts, WireCounts
from sim_core.snapshot import LinkState
from sim_core.station import Station
from sim_core.wire.access import tls_context
from sim_core.wire.message_log import MessageLog
from sim_core.wire.refusals import Facts, Refusals

LOG = logging.getLogger(__name__)

WALL = SystemClock()
"""The time of whoever looks and of the CSMS, however fast it passes for the charge points."""
A_FEW = 10
"""So few are less than `garbage.MUCH`: while they are built, each of them is searched once."""
LOOK_S = 1.0
ANSWERS_KEPT = 10_000
"""The percentiles are those of so many answers."""
RATE_OVER_S = 10
TRACE_S = 600
GUESSES = 8
"""So often a driver looks for a free connector by chance before all are looked at."""
FAREWELL_S = 5.0
"""How long the end waits for the CSMS to answer what is in the journals."""


@dataclass(frozen=True)
class Seen:
    """What a look at the fleet has found."""

    snapshot: FleetSnapshot
    counts: WireCounts
    """Since the fleet began."""
    answers: tuple[float, ...]
    """How long each answer took that has come since the last look, in seconds."""


@dataclass
class Member:
    """One charge point of the fleet, and what keeps it busy."""

    station: Station
    work: list[asyncio.Task[None]]
    visited: set[int] = field(default_factory=set)
    """Connectors at which somebody is who came by chance."""


class Fleet:
    """Hosts a fleet on a thread of its own."""

    def __init__(
        self,
        settings: FleetSettings,
        *,
        reasons_kept: int = MOST_REASONS,
        looked: Callable[[Seen], None] | None = None,
    ) -> None:
        """`reasons_kept`: how many of the most frequent reasons a snapshot has; `looked` hears what
        each look has found, on the loop of the charge points. Raises a UserError with a sentence
        where the options do not fit together."""
        self.settings = settings
        self._reasons_kept = reasons_kept
        self._looked = looked
        self.messages = MessageLog(settings.message_log_size)
        self.events: Ring[Event] = Ring(2_000)
        self.counts = ExchangeCounts(self.messages)
        self.visits = Visits()
        self.snapshot = FleetSnapshot()
        """Swapped for a new one every second; read from any thread."""
        self._clock = settings.clock()
        self._numbers = settings.shard().numbers(settings.fleet_count)
        settings.check_lengths()
        self._members: dict[int, Member] = {}
        self._phase = Phase.BOOTING
        self._crashed: set[int] = set()
        self.tells_each = False
        """Whether somebody looks at each charge point, and not only at the figures of all."""
        self._lag_s = 0.0
        self._warnings: tuple[str, ...] = ()
        self._answers: deque[float] = deque(maxlen=ANSWERS_KEPT)
        self._counts: deque[int] = deque([0], maxlen=TRACE_S + 1)
        self.refusals = Refusals(self._note_refusal, WALL.monotonic, shared=True)
        self.told: Ring[Event] = Ring(100)
        """What is worth a line about the fleet as a whole."""
        self._watcher = Watcher()
        self._began_at = WALL.monotonic()
        self._thread = EventLoopThread(
            "fleet", self._main, ended=lambda: None, event_loop=settings.event_loop
        )

    @property
    def failure(self) -> str:
        """Why the fleet is not running, as a sentence; empty while it runs."""
        return self._thread.failure

    @property
    def exit_code(self) -> int:
        """What the process should end with after a failure."""
        return self._thread.exit_code

    def now(self) -> datetime:
        """The time of day of the fleet."""
        return self._clock.now()

    def start(self) -> None:
        """Begin to switch the charge points on; returns at once."""
        self._thread.start()

    def stop(self, deadline: float) -> bool:
        """End every session and every charge point; False when that took longer."""
        return self._thread.stop(deadline)

    def wait(self, seconds: float) -> bool:
        """Wait for the end; True when it has come."""
        return self._thread.wait(seconds)

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop of the charge points, while there is one."""
        return self._thread.loop

    def on_loop(self, act: Callable[[], None]) -> bool:
        """Do something on that loop, soon; False where it has ended."""
        loop = self.loop
        if loop is None:
            return False
        try:
            loop.call_soon_threadsafe(act)
        except RuntimeError:  # it closed between the look and the call
            return False
        return True

    def station(self, number: int) -> Station | None:
        """The charge point of that number; None where it is not switched on, or has failed."""
        member = self._members.get(number)
        return member.station if member else None

    def member(self, number: int) -> MemberHost:
        """The charge point of that number, to be looked at and acted on."""
        return MemberHost(self, number)

    @property
    def numbers(self) -> Sequence[int]:
        """Those of the charge points here."""
        return self._numbers

    def load_report(self) -> LoadReport:
        """What the run has shown of the CSMS so far."""
        return self._watcher.report(public_url(self.settings.csms_url), 1)

    def warn(self, sentence: str) -> None:
        """Show the viewers a standing warning."""
        self._warnings = (*self._warnings, sentence)

    def _note_refusal(self, text: str, connector_id: int | None, facts: Facts) -> None:
        LOG.warning("%s", text, extra={"facts": facts})
        self.told.append(Event(self.now(), "refusal", text, None, facts))

    # -- life --------------------------------------------------------

    async def _main(self, ending: asyncio.Event) -> None:
        with self.settings.naming_sources():
            await self._host(ending)

    async def _host(self, ending: asyncio.Event) -> None:
        settings = self.settings
        self._began_at = WALL.monotonic()
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(garbage.searched_seldom())
            looking = asyncio.ensure_future(self._look_on())
            stack.push_async_callback(_ended, looking)
            stack.push_async_callback(self._switch_off)
            if settings.fleet_sessions_per_hour and settings.fleet_session_sec:
                stack.push_async_callback(_ended, asyncio.ensure_future(self._drive_up()))
            if settings.http_port:
                from sim_core.fleet.metrics import serve

                stack.push_async_callback(await serve(self))
            await first_of(
                ending.wait(), self._switch_on(), self._time_is_up(), _result_of(looking)
            )

    async def _time_is_up(self) -> None:
        seconds = self.settings.fleet_duration_sec
        await (WALL.sleep(seconds) if seconds else asyncio.get_running_loop().create_future())

    async def _switch_on(self) -> None:
        settings = self.settings
        tls_context(access_of(settings).tls)  # what cannot be used is said now, not at every dial
        config = config_of(settings)
        for remark in settings.remarks:
            self.warn(remark)
        begun = WALL.monotonic()
        for place, number in enumerate(self._numbers):
            await WALL.sleep(begun + place / settings.fleet_boots_per_sec - WALL.monotonic())
            seed = None if settings.seed is None else settings.seed + number
            station = Station.built(
                replace(config, charge_point_id=settings.id_of(number)),
                settings if seed is None else replace(settings, seed=seed),
                clock=self._clock,
                messages=self.messages,
                events=self.events,
                refusals=self.refusals,
                seen_afar=False,  # its pictures are looked at here, if at all
            )
            station.tells_log = False
            self._members[number] = member = Member(station, [])
            station.open()
            self._begin(member, self._watch_over(number, station))
            if settings.fleet_session_sec and not settings.fleet_sessions_per_hour:
                self._drive(number, member, random.Random(seed))
            if place % A_FEW == 0:
                garbage.leave_out()
        garbage.leave_out()
        self._phase = Phase.RUNNING
        await asyncio.get_running_loop().create_future()

    async def _drive_up(self) -> None:
        """Drivers come to this part of the fleet, as many as are its share."""
        settings, count = self.settings, len(self._numbers)
        per_s = settings.fleet_sessions_per_hour / 3600 * count / settings.fleet_count
        if not per_s:
            return
        first = self._numbers[0]
        seed = None if settings.seed is None else settings.seed + first
        habits = Habits(settings.fleet_session_sec, settings.fleet_pause_sec)
        await arrive(
            self._free_bay,
            self._begin_visit,
            per_s,
            settings.fleet_ramp_sec,
            habits,
            clock=self._clock,
            rng=random.Random(seed),
            visits=self.visits,
        )

    def _free_bay(self, rng: random.Random) -> Bay | None:
        """Where somebody may charge now; None: all are taken, or not accepted by the CSMS."""
        numbers = list(self._members)
        for number in _by_chance(numbers, rng):
            station, visited = self._members[number].station, self._members[number].visited
            if station.charge_point.outbox.registered:
                for connector_id in station.charger.connectors:
                    if connector_id not in visited:
                        tag = self.settings.tag_of(number, connector_id)
                        return Bay(number, station, connector_id, tag)
        return None

    def _begin_visit(self, bay: Bay, work: Coroutine[Any, Any, None]) -> None:
        member = self._members[bay.number]
        task = bay.station.charge_point.environment.spawn(work)
        member.work.append(task)
        member.visited.add(bay.connector_id)

        def end(task: asyncio.Task[None]) -> None:
            member.work.remove(task)
            member.visited.discard(bay.connector_id)

        task.add_done_callback(end)

    def _drive(self, number: int, member: Member, rng: random.Random) -> None:
        settings = self.settings
        habits = Habits(settings.fleet_session_sec, settings.fleet_pause_sec)
        for connector_id in range(1, settings.connectors + 1):
            driver = visit(
                Bay(number, member.station, connector_id, settings.tag_of(number, connector_id)),
                habits,
                clock=self._clock,
                rng=random.Random(rng.random()),
                visits=self.visits,
            )
            member.work.append(member.station.charge_point.environment.spawn(driver))

    def _begin(self, member: Member, work: Coroutine[Any, Any, None]) -> None:
        member.work.append(asyncio.create_task(work))

    async def _watch_over(self, number: int, station: Station) -> None:
        """One that fails is taken out; the others go on."""
        try:
            await station.failed()
        except UserError as error:
            LOG.error("%s stopped: %s", self.settings.id_of(number), error)
        except Exception:
            LOG.exception("%s stopped", self.settings.id_of(number))
        self._crashed.add(number)
        member = self._members.pop(number)
        for task in member.work[1:]:
            task.cancel()
        await station.close()

    async def _switch_off(self) -> None:
        self._phase = Phase.STOPPING
        members = list(self._members.values())
        for member in members:
            for task in member.work:
                task.cancel()
        await asyncio.gather(
            *(task for member in members for task in member.work), return_exceptions=True
        )
        stops = stops_at_exit(self.settings)
        goodbyes = (member.station.drain(stop=stops, patience_s=FAREWELL_S) for member in members)
        for trouble in await asyncio.gather(*goodbyes, return_exceptions=True):
            if isinstance(trouble, Exception):
                LOG.error("the end was not in good order", exc_info=trouble)
        await asyncio.gather(*(member.station.close() for member in members))
        self._look()

    # -- looking -----------------------------------------------------

    async def _look_on(self) -> None:
        due = WALL.monotonic()
        while True:
            self._lag_s = max(0.0, WALL.monotonic() - due)
            self._look()
            due = max(due + LOOK_S, WALL.monotonic())
            await WALL.sleep(due - WALL.monotonic())

    def _look(self) -> None:
        answers = self.counts.look()
        self._answers.extend(answers)
        total = sum(self.counts.messages.values())
        self._counts.append(total)
        because: Counter[str] = Counter()
        charging = faulted = 0
        connected = registered = transactions = queued = refused = 0
        refusal = ""
        power_w = 0.0
        for member in self._members.values():
            charge_point, link = member.station.charge_point, member.station.link
            if link.state is LinkState.CONNECTED:
                connected += 1
                registered += charge_point.outbox.registered
            elif link.trouble:
                because[link.trouble] += 1
            store = charge_point.store
            queued += store.journal.depth
            if store.refusal:
                refused, refusal = refused + 1, refusal or store.refusal
            for connector in charge_point.charger.connectors.values():
                if connector.metal.fault is not None:
                    faulted += 1
                elif connector.charging_state is ChargingState.CHARGING:
                    charging += 1
                if connector.transaction is not None:
                    transactions += 1
                    power_w += connector.metal.power_w
        over = min(RATE_OVER_S, len(self._counts) - 1)
        counts = list(self._counts)
        self.snapshot = FleetSnapshot(
            phase=self._phase,
            total=len(self._numbers),
            booted=len(self._members) + len(self._crashed),
            connected=connected,
            registered=registered,
            connectors=len(self._members) * self.settings.connectors,
            transactions=transactions,
            charging=charging,
            faulted=faulted,
            power_w=power_w,
            queued=queued,
            visits_begun=self.visits.begun,
            visits_ended=self.visits.ended,
            messages=total,
            messages_per_s=(total - counts[-1 - over]) / (over * LOOK_S),
            # Who hears each look has the answers, and makes its own figures of them.
            latency=latency_of(self._answers) if self._looked is None else None,
            errors={kind: count for kind, count in self.counts.errors.items() if count},
            offline_because=tuple(because.most_common(self._reasons_kept)),
            refused=tuple(self.visits.refused.most_common(self._reasons_kept)),
            crashed=len(self._crashed),
            lag_s=self._lag_s,
            warnings=(*self._warnings, *_refused(refused, refusal)),
            standing=self.refusals.standing(),
            rate_trace=tuple((b - a) / LOOK_S for a, b in pairwise(counts)),
            points=tuple(map(self._point, self._numbers)) if self.tells_each else (),
        )
        so_far = WireCounts()
        so_far.add(self.counts)
        self._watcher.look(self.snapshot, so_far, WALL.monotonic() - self._began_at)
        if self._looked is not None:
            self._looked(Seen(self.snapshot, so_far, tuple(answers)))

    def _point(self, number: int) -> Point:
        member = self._members.get(number)
        if member is None:
            ended = number in self._crashed
            return Point(number, PointState.CRASHED if ended else PointState.OFF)
        station = member.station
        power_w = 0.0
        state = PointState.FREE
        for connector in station.charger.connectors.values():
            if connector.transaction is not None:
                power_w += connector.metal.power_w
                charges = connector.charging_state is ChargingState.CHARGING
                state = min(state, PointState.CHARGING if charges else PointState.PAUSED)
            if connector.metal.fault is not None:
                state = PointState.FAULTED
        if station.link.state is not LinkState.CONNECTED:
            state = PointState.OFFLINE
        elif not station.charge_point.outbox.registered:
            state = min(state, PointState.WAITING)
        return Point(number, state, power_w)


def _refused(count: int, sentence: str) -> tuple[str, ...]:
    """The warning for charge points whose state cannot be written, and what the first one says."""
    if not count:
        return ()
    whose = "one charge point" if count == 1 else f"{count} charge points"
    return (f"{whose}: {sentence}",)


def _by_chance(numbers: Sequence[int], rng: random.Random) -> Iterator[int]:
    """All of them, in whatever order; the first ones cost nothing."""
    if numbers:
        yield from (rng.choice(numbers) for _ in range(GUESSES))
    yield from rng.sample(numbers, len(numbers))


async def _result_of(task: asyncio.Task[None]) -> None:
    await asyncio.shield(task)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
