"""Recording what is done at a charge point, and doing it again.

Both see commands only, at the one door through which all of them come: a key, a button, HTTP. A
recording is played by its times, each command when it is due, whether or not the one before has
come to its end, for so it was recorded.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from sim_core.commands import (
    Accepted,
    ClosesOnItself,
    Command,
    Configure,
    Outcome,
    Play,
    Refused,
    TypeCode,
)
from sim_core.redaction import HIDDEN
from sim_core.runtime.clock import Clock
from sim_core.scenarios.recording import MOST_STEPS, RecordingError, Step, as_rows, read
from sim_core.snapshot import PlayingSnapshot, RecordingSnapshot

SPEEDS = (0.1, 100.0)
"""How much slower or faster than it was recorded it may be played."""
Place = tuple[list[Step], int]
"""A recording, and a step in it."""


class Recorder:
    """The commands of a recording, while there is one and afterwards."""

    __slots__ = ("_began_s", "_clock", "_is_secret", "_now", "_on_change", "_steps", "_view")

    def __init__(
        self,
        clock: Clock,
        *,
        now: Callable[[], datetime],
        is_secret: Callable[[str], bool],
        on_change: Callable[[], None],
    ) -> None:
        """`is_secret` says whether the value of a setting must not be seen."""
        self._clock = clock
        self._now = now
        self._is_secret = is_secret
        self._on_change = on_change
        self._steps: list[Step] = []
        self._began_s: float | None = None
        self._view: RecordingSnapshot | None = None

    @property
    def snapshot(self) -> RecordingSnapshot | None:
        """What is being recorded; None: nothing is."""
        return self._view

    @property
    def rows(self) -> list[dict[str, object]]:
        """What has been recorded last, or so far."""
        return as_rows(self._steps)

    def begin(self) -> Outcome:
        """Record from now on; what was recorded before is forgotten."""
        if self._began_s is not None:
            return Refused("it is recording already: end that first")
        self._steps, self._began_s = [], self._clock.monotonic()
        self._view = RecordingSnapshot(self._now(), 0)
        self._on_change()
        return Accepted()

    def end(self) -> Outcome:
        """Record no more."""
        if self._began_s is None:
            return Refused("nothing is being recorded")
        self._began_s = self._view = None
        self._on_change()
        told = json.dumps({"steps": self.rows})
        return Accepted(_counted(len(self._steps)), told)

    def begun(self, command: Command) -> Place | None:
        """A command was asked for. Returns its place in the recording; None: it is in none."""
        if self._began_s is None or isinstance(command, ClosesOnItself) or self._view is None:
            return None
        if len(self._steps) >= MOST_STEPS:
            return None
        if isinstance(command, Configure) and self._is_secret(command.name):
            command = replace(command, value=HIDDEN)
        if isinstance(command, TypeCode):
            command = replace(command, pin=HIDDEN)
        self._steps.append(Step(self._clock.monotonic() - self._began_s, command))
        self._view = replace(self._view, steps=len(self._steps))
        self._on_change()
        return self._steps, len(self._steps) - 1

    def decided(self, place: Place | None, outcome: Outcome) -> None:
        """What came of a command that is in a recording."""
        if place is not None and isinstance(outcome, Refused):
            steps, number = place
            steps[number] = replace(steps[number], refused=outcome.reason)


class Player:
    """Plays one recording at a time."""

    __slots__ = ("_clock", "_note", "_on_change", "_spawn", "_submit", "_task", "_view")

    def __init__(
        self,
        clock: Clock,
        submit: Callable[[Command], Awaitable[Outcome]],
        *,
        note: Callable[[str], None],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        on_change: Callable[[], None],
    ) -> None:
        """`submit` carries out a command; `note` is told what became of the recording."""
        self._spawn = spawn
        self._clock = clock
        self._submit = submit
        self._note = note
        self._on_change = on_change
        self._task: asyncio.Task[None] | None = None
        self._view: PlayingSnapshot | None = None

    @property
    def snapshot(self) -> PlayingSnapshot | None:
        """How far it is; None: nothing is being played."""
        return self._view

    def play(self, command: Play) -> Outcome:
        """Begin to play."""
        if self._task is not None:
            return Refused("a recording is being played already: end that first")
        if not SPEEDS[0] <= command.speed <= SPEEDS[1]:
            return Refused(f"a recording is played {SPEEDS[0]:g} to {SPEEDS[1]:g} times as fast")
        try:
            steps = read(command.recording)
        except RecordingError as error:
            return Refused(str(error))
        if not steps:
            return Refused("the recording has no steps")
        self._view = PlayingSnapshot(0, len(steps))
        self._task = self._spawn(self._play(steps, command.speed))
        self._task.add_done_callback(self._ended)
        self._on_change()
        return Accepted(_counted(len(steps)))

    def end(self) -> Outcome:
        """Play no more of it; what it has begun goes on."""
        if self._task is None:
            return Refused("nothing is being played")
        self._task.cancel()
        return Accepted()

    async def _play(self, steps: list[Step], speed: float) -> None:
        began_s = self._clock.monotonic()
        asked: list[asyncio.Future[Outcome]] = []
        for number, step in enumerate(steps, 1):
            await self._clock.sleep(
                max(0.0, step.at_s / speed - (self._clock.monotonic() - began_s))
            )
            asked.append(asyncio.ensure_future(self._submit(step.command)))
            self._view = PlayingSnapshot(number, len(steps))
            self._on_change()
            await asyncio.sleep(0)
        outcomes = await asyncio.gather(*asked)
        refused = [
            (number, outcome.reason)
            for number, outcome in enumerate(outcomes, 1)
            if isinstance(outcome, Refused)
        ]
        told = "".join(f"; step {number} was refused: {why}" for number, why in refused[:3])
        self._note(f"a recording of {_counted(len(steps))} was played{told}")

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = self._view = None
        self._on_change()


def _counted(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"
