"""One process of a fleet that is spread over several: a `Fleet` of its own, and a pipe.

It hears what it is asked and tells how it stands; on a screen, on HTTP and in a log file nobody but
the fleet's first process is seen. Ctrl-C in a terminal reaches every process there, and is that
first one's to act on; and where that one is gone, however it went, the pipe ends and so does this
worker, in good order.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import logging.handlers
import os
import queue
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import TypeVar

from sim_core.commands import Outcome
from sim_core.errors import UserError
from sim_core.fleet.member import MemberHost
from sim_core.fleet.options import FleetSettings
from sim_core.fleet.stations import WALL, Fleet, Seen
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
from sim_core.runtime import garbage
from sim_core.sidecar.looks import Looks, Place

T = TypeVar("T")

LOOK_S = 0.1
"""So often a charge point that is looked at is told of."""
RECORDS_KEPT = 10_000
"""Lines of the log of one second; of more the newest are lost."""
ORPHAN_S = 20.0
"""How long the end may take where nobody waits for it any more."""
REASONS_KEPT = 50
"""What is frequent in all may be rare here: more reasons are told than are shown."""


def work(pipe: Connection, settings: FleetSettings) -> None:
    """The life of a worker. What is wrong with it is said over the pipe, as a sentence."""
    _leave_the_terminal()
    records: queue.Queue[logging.LogRecord] = queue.Queue(RECORDS_KEPT)
    logging.basicConfig(handlers=[_Keeping(records)], level=logging.INFO, force=True)
    seen: queue.SimpleQueue[Seen] = queue.SimpleQueue()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # nobody is there to hear it
        try:
            fleet = Fleet(settings, reasons_kept=REASONS_KEPT, looked=seen.put)
        except UserError as error:
            pipe.send(Ended(str(error), 2))
            return
        _Worker(pipe, fleet, seen, records).live()
    garbage.leave_to_the_end()


class _Keeping(logging.handlers.QueueHandler):
    """Keeps what is logged until it is told; what does not fit is lost."""

    def enqueue(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(queue.Full):
            self.queue.put_nowait(record)


def _leave_the_terminal() -> None:
    """Nothing of a worker is written to the terminal, and no key there ends it."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # there is none
            os.dup2(nowhere, stream.fileno())


class _Look:
    """One charge point that is looked at."""

    def __init__(self, host: MemberHost) -> None:
        self.host = host
        self.looks = Looks(host, {"version": "", "commands": True, "wants_key": False})
        self.place: Place | None = None
        self.why = ""


class _Worker:
    """The fleet of this process, between what is heard and what is told."""

    def __init__(
        self,
        pipe: Connection,
        fleet: Fleet,
        seen: queue.SimpleQueue[Seen],
        records: queue.Queue[logging.LogRecord],
    ) -> None:
        self._pipe = pipe
        self._fleet = fleet
        self._seen, self._records = seen, records
        self._answers: queue.SimpleQueue[Answered] = queue.SimpleQueue()
        self._looks: dict[int, _Look] = {}
        self._told = 0
        self._end_by: float | None = None

    def live(self) -> None:
        """Until the fleet has ended."""
        self._fleet.start()
        while not self._fleet.wait(0):
            self._hear()
            self._tell()
            if self._end_by is not None and WALL.monotonic() > self._end_by:
                self._say(Ended("it did not stop in time", 1))
                return
        self._tell()
        self._say(Ended(self._fleet.failure, self._fleet.exit_code))

    # -- what is heard -------------------------------------------------------------------------

    def _hear(self) -> None:
        try:
            if self._pipe.poll(LOOK_S):
                self._do(self._pipe.recv())
        except (EOFError, OSError):  # whoever began this is gone
            self._fleet.stop(ORPHAN_S)
            raise BrokenPipeError from None

    def _do(self, asked: ToWorker) -> None:
        if isinstance(asked, Stop):
            self._end_by = WALL.monotonic() + asked.deadline_s
            self._fleet.stop(0)
        elif isinstance(asked, TellEach):
            self._fleet.tells_each = asked.tells
        elif isinstance(asked, LookAt):
            self._looks[asked.number] = look = _Look(MemberHost(self._fleet, asked.number))
            look.host.start()
        elif isinstance(asked, LookAway):
            if asked.number in self._looks:
                self._looks.pop(asked.number).host.stop()
        else:
            self._hand_in(asked)

    def _hand_in(self, asked: Ask) -> None:
        def tell(outcome: concurrent.futures.Future[Outcome]) -> None:
            self._answers.put(Answered(asked.ticket, outcome.result()))

        MemberHost(self._fleet, asked.number).submit(asked.command).add_done_callback(tell)

    # -- what is told --------------------------------------------------------------------------

    def _tell(self) -> None:
        for answer in _taken(self._answers.get_nowait):
            self._say(answer)
        for look in self._looks.values():
            self._tell_of(look)
        for seen in _taken(self._seen.get_nowait):
            self._told, events = self._fleet.told.since(self._told)
            records = tuple(_taken(self._records.get_nowait))
            self._say(Figures(seen, tuple(events), records))

    def _tell_of(self, look: _Look) -> None:
        host = look.host
        if host.failure != look.why:
            look.why = host.failure
            self._say(Gone(host.number, look.why))
        if host.snapshot is None:
            host.start()  # it may have been switched on meanwhile
            return
        look.place = look.place or look.looks.place()
        if (news := look.looks.look(look.place)) is not None:
            self._say(Looked(host.number, news))

    def _say(self, told: FromWorker) -> None:
        self._pipe.send(told)


def _taken(take: Callable[[], T]) -> Iterator[T]:
    """What lies in a queue now."""
    while True:
        try:
            one = take()
        except queue.Empty:
            return
        yield one
