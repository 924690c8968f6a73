"""Where every part of a charger lives: time, chance, work that goes on beside, and the event log.

No part owns any of these and each needs some, so they are handed over as one thing. Nothing of the
charger itself is in here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Protocol

from sim_core.hardware.distribution import Distribution
from sim_core.hardware.model import Timing
from sim_core.runtime.clock import GuardedClock
from sim_core.runtime.random_numbers import RandomNumbers
from sim_core.runtime.tasks import Tasks


class Note(Protocol):
    """Writes down what has happened: what it is about, a sentence, and at which connector."""

    def __call__(self, kind: str, text: str, connector_id: int | None = None) -> None: ...


class Environment:
    """See the module. `clock` is the computer's; `now` is the charge point's own time of day."""

    __slots__ = ("_ahead", "called", "clock", "note", "rng", "tasks", "timing")

    def __init__(
        self,
        clock: GuardedClock,
        tasks: Tasks,
        rng: RandomNumbers,
        timing: Timing,
        note: Note,
        called: str = "connector",
    ) -> None:
        """`called` is what people call a connector in the protocol in use."""
        self.called = called
        self.clock = clock
        self.tasks = tasks
        self.rng = rng
        self.timing = timing
        self.note = note
        self._ahead = timedelta(0)

    def note_at(self, kind: str, connector_id: int, sentence: str) -> None:
        """Write down what has happened at a connector."""
        self.note(kind, f"{self.place(connector_id)}: {sentence}", connector_id)

    def place(self, connector_id: int) -> str:
        """A connector as a sentence names it: "connector 1"."""
        return f"{self.called} {connector_id}"

    # -- the charge point's own time of day --------------------------

    def now(self) -> datetime:
        """The charge point's own time of day, as a CSMS has set it."""
        return self.clock.now() + self._ahead

    @property
    def ahead(self) -> timedelta:
        """By how much its clock is ahead of the computer's."""
        return self._ahead

    def own_time(self, at: datetime | None) -> datetime | None:
        """A moment of the computer's clock on the charge point's own."""
        return at and at + self._ahead

    def shift(self, by: timedelta) -> None:
        """The clock is set. Whoever waits for a moment of the day has to be told."""
        self._ahead += by

    # -- work --------------------------------------------------------

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something later; at once, in this same turn, when `seconds` is 0."""
        if seconds <= 0:
            act()
        else:
            self.clock.call_later(seconds, act)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something go on beside; a fault in it ends the charge point visibly."""
        return self.tasks.spawn(work)

    # -- chance ------------------------------------------------------

    def vary(self, seconds: float, share: float = 1.0) -> float:
        """A time of this model as it is on this occasion: drawn from its own distribution, or with
        the model's general spread; `share` of that for what varies less than the rest."""
        if isinstance(seconds, Distribution):
            return seconds.drawn(self.rng)
        spread = self.timing.spread * share
        return seconds * self.rng.uniform(1 - spread, 1 + spread) if spread else seconds
