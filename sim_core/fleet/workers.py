"""A fleet that is spread over processes: one event loop fills one core, and a computer has more.

Each worker is a whole `Fleet` of its own, for a shard of the numbers of this one; who is where
follows from the numbers alone, so ids, cards and seeds are the same however many workers there are.
Here is what is one for all of them: the figures, the HTTP port, the log, the begin and the end. A
worker that dies takes its charge points with it, and what it has counted stays counted; it is
started again, or the fleet ends, as was asked.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import itertools
import logging
import multiprocessing
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from sim_core.commands import Command, Outcome, Refused
from sim_core.events import Event, Ring
from sim_core.fleet.in_worker import MemberInWorker
from sim_core.fleet.load_report import LoadReport, Watcher
from sim_core.fleet.merging import merged, what_has_been
from sim_core.fleet.options import END, FleetSettings
from sim_core.fleet.snapshot import FleetSnapshot, Phase, latency_of
from sim_core.fleet.worker import work
from sim_core.fleet.worker_messages import (
    Answered,
    Ask,
    Ended,
    Figures,
    FromWorker,
    Gone,
    LookAt,
    LookAway,
    Looked,
    Stop,
    TellEach,
    ToWorker,
)
from sim_core.redaction import public_url
from sim_core.runtime.across_threads import answered
from sim_core.runtime.asyncio_helpers import first_of
from sim_core.runtime.clock import SystemClock
from sim_core.runtime.event_loop_thread import EventLoopThread
from sim_core.sidecar.counters import WireCounts

LOG = logging.getLogger(__name__)

WALL = SystemClock()
LOOK_S = 1.0
SILENT_S = 3.0
"""A worker tells its figures every second; one that has not for so long is late."""
ANSWERS_KEPT = 10_000
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
"""Before a worker that has died is started again: longer each time."""
LIVED_S = 60.0
"""One that has lived for so long has not died of its start."""
LAST_BREATH_S = 2.0
"""How long a process may take that has said its last word."""
STOP_S = 12.0
"""How long a worker may take to end what runs, before it is killed."""


@dataclass
class _Part:
    """One worker, as it is known here."""

    number: int
    """From 1."""
    settings: FleetSettings
    charge_points: range
    process: SpawnProcess | None = None
    pipe: Connection | None = None
    sending: threading.Lock = field(default_factory=threading.Lock)
    snapshot: FleetSnapshot = field(init=False)
    counts: WireCounts = field(default_factory=WireCounts)
    past: FleetSnapshot = field(default_factory=lambda: FleetSnapshot(phase=Phase.RUNNING))
    past_counts: WireCounts = field(default_factory=WireCounts)
    """What those that have died had counted."""
    told_at: float = 0.0
    began_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    ended: Ended | None = None
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.snapshot = self.nothing

    @property
    def nothing(self) -> FleetSnapshot:
        """The figures while it is not there."""
        return FleetSnapshot(total=len(self.charge_points))

    def say(self, what: ToWorker) -> bool:
        """Whether it was there to be told."""
        with self.sending:
            if self.pipe is None:
                return False
            try:
                self.pipe.send(what)
            except OSError:  # it has just died: that is heard, too
                return False
            return True

    def figures(self) -> FleetSnapshot:
        """What it has told last; what is old is late."""
        late_s = WALL.monotonic() - self.told_at
        if self.process is None or late_s < SILENT_S:
            return self.snapshot
        return replace(self.snapshot, lag_s=max(self.snapshot.lag_s, late_s))


class WorkerFleet:
    """See the module, and `FleetHost` for what each member owes."""

    def __init__(self, settings: FleetSettings, workers: int) -> None:
        """Raises a UserError with a sentence where the options do not fit together."""
        settings.check_lengths()
        self.settings = settings
        self.snapshot = FleetSnapshot()
        self.counts = WireCounts()
        self.told: Ring[Event] = Ring(100)
        self._tells_each = False
        self._clock = settings.clock()
        self._numbers = settings.shard().numbers(settings.fleet_count)
        self._parts = tuple(
            _Part(index + 1, part, part.shard().numbers(part.fleet_count))
            for index, part in enumerate(settings.split(workers))
        )
        self._place = {number: part for part in self._parts for number in part.charge_points}
        self._answers: deque[float] = deque(maxlen=ANSWERS_KEPT)
        self._warnings: tuple[str, ...] = ()
        self._ending = False
        self._looked_at: dict[int, MemberInWorker] = {}
        self._asked: dict[int, tuple[_Part, concurrent.futures.Future[Outcome]]] = {}
        self._tickets = itertools.count(1)
        self._failed: asyncio.Future[None] | None = None
        self._wrong: tuple[str, int] = ("", 0)
        self._restarts: set[asyncio.Task[None]] = set()
        self._watcher = Watcher()
        self._began_at = WALL.monotonic()
        self._there = asyncio.Event()
        """A worker has told of itself: the time of the run counts from here."""
        self._thread = EventLoopThread("fleet", self._main, ended=lambda: None)
        if sys.platform != "win32":
            # It goes on beside the workers, with the stderr that it finds: that of a screen is no
            # file, and no worker could be started with it. So it begins before there is a screen.
            resource_tracker.ensure_running()

    # -- what a viewer asks --------------------------------------------------------------------

    @property
    def tells_each(self) -> bool:
        return self._tells_each

    @tells_each.setter
    def tells_each(self, tells: bool) -> None:
        self._tells_each = tells
        for part in self._parts:
            part.say(TellEach(tells))

    @property
    def numbers(self) -> Sequence[int]:
        return self._numbers

    @property
    def failure(self) -> str:
        return self._wrong[0] or self._thread.failure

    @property
    def exit_code(self) -> int:
        return self._wrong[1] or self._thread.exit_code

    def now(self) -> datetime:
        return self._clock.now()

    def start(self) -> None:
        self._thread.start()

    def stop(self, deadline: float) -> bool:
        return self._thread.stop(deadline)

    def wait(self, seconds: float) -> bool:
        return self._thread.wait(seconds)

    def load_report(self) -> LoadReport:
        return self._watcher.report(public_url(self.settings.csms_url), len(self._parts))

    def warn(self, sentence: str) -> None:
        self._warnings = (*self._warnings, sentence)

    def member(self, number: int) -> MemberInWorker:
        return MemberInWorker(self, number, WALL.now)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes of the workers that run now."""
        return tuple(part.process.pid or 0 for part in self._parts if part.process is not None)

    # -- one charge point ----------------------------------------------------------------------

    def look_at(self, member: MemberInWorker) -> None:
        self._looked_at[member.number] = member
        self._place[member.number].say(LookAt(member.number))

    def look_away(self, member: MemberInWorker) -> None:
        if self._looked_at.get(member.number) is member:
            del self._looked_at[member.number]
            self._place[member.number].say(LookAway(member.number))

    def ask(self, number: int, command: Command) -> concurrent.futures.Future[Outcome]:
        part, ticket = self._place[number], next(self._tickets)
        answer: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        self._asked[ticket] = part, answer
        if not part.say(Ask(ticket, number, command)):
            self._asked.pop(ticket, None)
            return answered(Refused(self.failure or "its worker is not there: try again soon"))
        return answer

    # -- life ----------------------------------------------------------------------------------

    async def _main(self, ending: asyncio.Event) -> None:
        self._failed = asyncio.get_running_loop().create_future()
        self._there = asyncio.Event()
        async with contextlib.AsyncExitStack() as stack:
            looking = asyncio.ensure_future(self._look_on())
            stack.callback(looking.cancel)
            stack.push_async_callback(self._end)
            if self.settings.http_port:
                from sim_core.fleet.metrics import serve

                stack.push_async_callback(await serve(self))
            for part in self._parts:
                await self._begin(part)
            await first_of(ending.wait(), self._time_is_up(), self._failed, looking)

    async def _time_is_up(self) -> None:
        seconds = self.settings.fleet_duration_sec
        await self._there.wait()  # a process takes a while to begin
        await (WALL.sleep(seconds) if seconds else asyncio.get_running_loop().create_future())

    async def _begin(self, part: _Part) -> None:
        """Start a worker. A process is started on a thread: it takes a while."""
        loop = asyncio.get_running_loop()
        part.ended, part.gone = None, asyncio.Event()
        part.process, pipe = await asyncio.to_thread(_started, part.settings)
        part.began_at = part.told_at = WALL.monotonic()
        with part.sending:
            part.pipe = pipe
        part.say(TellEach(self._tells_each))
        for number, member in list(self._looked_at.items()):
            if self._place[number] is part:
                member.why = ""
                part.say(LookAt(number))

        def listen() -> None:
            with contextlib.suppress(EOFError, OSError):
                while True:
                    loop.call_soon_threadsafe(self._hear, part, pipe.recv())
            loop.call_soon_threadsafe(self._lost, part)

        threading.Thread(target=listen, name=f"worker-{part.number}", daemon=True).start()

    async def _end(self) -> None:
        """Have every worker end in order; one that does not in time is killed."""
        self._ending = True
        for task in self._restarts:
            task.cancel()
        there = [part for part in self._parts if part.process is not None]
        for part in there:
            part.say(Stop(STOP_S))
        waits = [asyncio.ensure_future(part.gone.wait()) for part in there]
        if waits:
            await asyncio.wait(waits, timeout=STOP_S)
        late = [part for part in there if not part.gone.is_set()]
        for part in late:
            if part.process is not None:
                part.process.kill()
        if late and not self._wrong[0]:
            names = " and ".join(self._name(part) for part in late)
            self._wrong = f"{names} did not stop in time", 1
        await asyncio.gather(*waits)
        self._look()

    def _name(self, part: _Part) -> str:
        return f"worker {part.number} of {len(self._parts)}"

    # -- what a worker says --------------------------------------------------------------------

    def _hear(self, part: _Part, told: FromWorker) -> None:
        if isinstance(told, Figures):
            part.told_at = WALL.monotonic()
            if not self._there.is_set():
                self._there.set()
                self._began_at = part.told_at
            part.snapshot, part.counts = told.seen.snapshot, told.seen.counts
            self._answers.extend(told.seen.answers)
            for event in told.told:
                self.told.append(event)
            for record in told.log:
                logging.getLogger(record.name).handle(record)
        elif isinstance(told, Looked):
            if (member := self._looked_at.get(told.number)) is not None:
                member.take(told.look)
        elif isinstance(told, Gone):
            if (member := self._looked_at.get(told.number)) is not None:
                member.why = told.why
        elif isinstance(told, Answered):
            _, answer = self._asked.pop(told.ticket, (part, None))
            if answer is not None:
                _settle(answer, told.outcome)
        else:
            part.ended = told

    def _lost(self, part: _Part) -> None:
        """Its pipe has ended: it has, too, or will at once."""
        process = part.process
        assert process is not None
        process.join(LAST_BREATH_S)
        process.kill()
        with part.sending:
            part.pipe = part.process = None
        part.gone.set()
        self._forget_what_ran(part)
        if self._ending:
            return
        if part.ended is not None:
            if part.ended.failure:
                self._fail(part.ended.failure, part.ended.exit_code)
            return
        words = f"{self._name(part)} died ({_died_of(process.exitcode)})"
        if self.settings.fleet_on_worker_death == END:
            self._fail(words, 1)
            return
        if WALL.monotonic() - part.began_at >= LIVED_S:
            part.pause_s = FIRST_PAUSE_S
        pause_s, part.pause_s = part.pause_s, min(LONGEST_PAUSE_S, part.pause_s * 2)
        points = len(part.charge_points)
        what = "charge point starts" if points == 1 else "charge points start"
        sentence = f"{words}: its {points} {what} again in {pause_s:.0f} s"
        LOG.error("%s", sentence)
        self.told.append(Event(self.now(), "worker", sentence))
        again = asyncio.ensure_future(self._begin_again(part, pause_s))
        self._restarts.add(again)
        again.add_done_callback(self._restarts.discard)

    def _forget_what_ran(self, part: _Part) -> None:
        part.past = merged([part.past, what_has_been(part.snapshot)], None)
        part.past_counts.add(part.counts)
        part.snapshot = part.nothing
        part.counts = WireCounts()
        for ticket, (whose, answer) in list(self._asked.items()):
            if whose is part:
                del self._asked[ticket]
                _settle(answer, Refused("its worker ended before it had decided"))
        for number, member in list(self._looked_at.items()):
            if self._place[number] is part:
                member.why = f"{self._name(part)}, where it lives, has ended"

    async def _begin_again(self, part: _Part, pause_s: float) -> None:
        await WALL.sleep(pause_s)
        await self._begin(part)

    def _fail(self, failure: str, exit_code: int) -> None:
        self._wrong = failure, exit_code
        if self._failed is not None and not self._failed.done():
            self._failed.set_result(None)

    # -- looking -------------------------------------------------------------------------------

    async def _look_on(self) -> None:
        while True:
            await WALL.sleep(LOOK_S)
            self._look()

    def _look(self) -> None:
        counts = WireCounts()
        for part in self._parts:
            counts.add(part.past_counts)
            counts.add(part.counts)
        self.counts = counts
        parts = [part.figures() for part in self._parts] + [part.past for part in self._parts]
        seen = merged(parts, latency_of(self._answers))
        phase = Phase.STOPPING if self._ending else seen.phase
        self.snapshot = replace(seen, phase=phase, warnings=(*self._warnings, *seen.warnings))
        self._watcher.look(self.snapshot, counts, WALL.monotonic() - self._began_at)


def _started(settings: FleetSettings) -> tuple[SpawnProcess, Connection]:
    """A worker, and our end of its pipe."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with _without_ctrl_c():
        process = context.Process(
            target=work, args=(theirs, settings), name="fleet-worker", daemon=True
        )
        process.start()
    theirs.close()
    return process, ours


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """A process that is started inside does not hear Ctrl-C, not even before it can say so."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _died_of(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"exit code {exit_code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-exit_code).name
    return f"signal {-exit_code}"


def _settle(answer: concurrent.futures.Future[Outcome], outcome: Outcome) -> None:
    if not answer.cancelled():
        answer.set_result(outcome)
