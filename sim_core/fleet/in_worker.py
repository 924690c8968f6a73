"""One charge point of a fleet that lives in a worker, as a dashboard hosts one.

What it shows comes over the worker's pipe as the looks that a sidecar tells; what is pressed goes
the same way. Where the worker is started anew in the meantime, so is the look.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from sim_core.attach.stream import Taken
from sim_core.commands import Command, Outcome
from sim_core.events import Event, Ring
from sim_core.fleet.member import EXCHANGES_KEPT
from sim_core.snapshot import StationSnapshot
from sim_core.wire.message_log import MessageLog


class Desk(Protocol):
    """Who speaks with the workers."""

    @property
    def failure(self) -> str: ...

    @property
    def exit_code(self) -> int: ...

    def now(self) -> datetime: ...

    def look_at(self, member: MemberInWorker) -> None:
        """Have its worker tell of it."""

    def look_away(self, member: MemberInWorker) -> None: ...

    def ask(self, number: int, command: Command) -> concurrent.futures.Future[Outcome]: ...


class MemberInWorker:
    """See the module, and `Host` for what each member owes."""

    def __init__(self, desk: Desk, number: int, here: Callable[[], datetime]) -> None:
        """`here` is this computer's time of day."""
        self.number = number
        self.why = ""
        """Why it is not there, as a sentence."""
        self._desk = desk
        self._here = here
        self._taken = Taken(EXCHANGES_KEPT)
        self._looks = False

    def take(self, look: dict[str, Any]) -> None:
        """Take over what has been told of it."""
        self._taken.take(look, self._here())

    @property
    def messages(self) -> MessageLog:
        return self._taken.messages

    @property
    def events(self) -> Ring[Event]:
        return self._taken.events

    @property
    def snapshot(self) -> StationSnapshot | None:
        return self._taken.picture if self._looks else None

    @property
    def failure(self) -> str:
        return self._desk.failure or (self.why if self._looks else "")

    @property
    def exit_code(self) -> int:
        return self._desk.exit_code

    def now(self) -> datetime:
        return self._taken.now(self._here()) if self._taken.picture else self._desk.now()

    def start(self) -> None:
        """Begin to look."""
        if not self._looks:
            self._looks = True
            self._desk.look_at(self)

    def stop(self, deadline: float = 5.0) -> bool:
        """Look no more. The charge point goes on."""
        if self._looks:
            self._looks = False
            self._desk.look_away(self)
        return True

    def submit(self, command: Command) -> concurrent.futures.Future[Outcome]:
        return self._desk.ask(self.number, command)
