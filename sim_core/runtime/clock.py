"""Time, as the charge point knows it.

The only module that reads a clock. Everything else asks a `Clock`, so that a test can move an hour
in a microsecond and a run can be warped, and nothing that simulates time ever has to be patched.

Two hands: `now()` is the time of day (UTC) and may be set; `monotonic()` never goes back and is
what intervals, retries and energy are counted with.

Where many charge points live in one process, a processor that wakes for each of their timers works
mostly with cold caches. So the computer's clocks may be given a timer slack, as operating systems
know it: long timers then come at its multiples, and one wake-up serves all that are due.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Protocol

HAIR_S = 1e-6
"""Less than any timer knows: what is due within it is due now."""
WORTH_A_SLACK = 50
"""A timer comes late by the slack only if it is so many times as long: by 2 % at the most."""
MOST_TURNS = 100
"""Turns of the loop that `ManualClock` gives it between two moments."""
IDLE_TURNS = 5
"""So many in a row with nothing to do are enough: each looks at the sockets too."""


class Timer(Protocol):
    """A callback that waits for its moment."""

    def cancel(self) -> None:
        """Never call it; harmless when it has been called."""


class Clock(Protocol):
    """What the charge point may know about time."""

    def now(self) -> datetime:
        """The time of day, with time zone UTC."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` on the running loop after `seconds` of this clock."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock; at once (but after other tasks) when <= 0."""

    def on_the_wall(self, seconds: float) -> float:
        """How long `seconds` of this clock take: what another computer has needed for an answer is
        told in its seconds."""

    @property
    def wall(self) -> Clock:
        """The computer's time, in which sockets live, however fast this one passes."""


class _WallTimers:
    """Timers of the computer's time."""

    def __init__(self, slack_s: float = 0.0) -> None:
        """`slack_s`: so late a long timer may come, in order to come with others."""
        self._slack_s = slack_s
        self._least_s = slack_s * WORTH_A_SLACK if slack_s > 0 else math.inf

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        loop = asyncio.get_running_loop()
        if seconds < self._least_s:
            return loop.call_later(max(0.0, seconds), callback)
        due_s = loop.time() + seconds
        return loop.call_at(due_s + -due_s % self._slack_s, callback)

    async def sleep(self, seconds: float) -> None:
        if seconds < self._least_s:
            await asyncio.sleep(max(0.0, seconds))
        else:
            await _sleep(seconds, self.call_later)


class SystemClock(_WallTimers):
    """The computer's clock. A message reads it a dozen times: its hands are the computer's own."""

    now = staticmethod(partial(datetime.now, timezone.utc))
    monotonic = staticmethod(time.monotonic)

    def on_the_wall(self, seconds: float) -> float:
        return seconds

    @property
    def wall(self) -> Clock:
        return self


class ScaledClock:
    """A clock that runs `scale` times as fast as the computer's, from the moment it is made."""

    def __init__(self, scale: float, slack_s: float = 0.0) -> None:
        """`slack_s`, of the computer's time: so late a long timer may come, in order to come with
        others."""
        if not scale > 0:
            raise ValueError(f"a time scale must be above 0, not {scale}")
        self._scale = scale
        self.wall: Clock = SystemClock(slack_s)
        self._began = time.monotonic()
        self._epoch = datetime.now(timezone.utc)

    def _elapsed(self) -> float:
        return (time.monotonic() - self._began) * self._scale

    def now(self) -> datetime:
        return self._epoch + timedelta(seconds=self._elapsed())

    def monotonic(self) -> float:
        return self._began + self._elapsed()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return self.wall.call_later(seconds / self._scale, callback)

    async def sleep(self, seconds: float) -> None:
        await self.wall.sleep(seconds / self._scale)

    def on_the_wall(self, seconds: float) -> float:
        return seconds / self._scale


class _Guarded:
    """A timer's callback whose fault is told. Many wait at once: this is as small as it can be."""

    __slots__ = ("_callback", "_clock")

    def __init__(self, callback: Callable[[], None], clock: GuardedClock) -> None:
        self._callback = callback
        self._clock = clock

    def __call__(self) -> None:
        if self._clock.ended:
            return
        try:
            self._callback()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is handed on
            self._clock.failed(error)


class GuardedClock:
    """Another clock whose timers cannot fail in silence: an event loop would only log it.

    Everything of one charge point counts by one of these, so that a fault in any timer is told to
    `failed`, as that of a task is to whoever awaits it. Its hands are those of the other one.
    """

    __slots__ = ("_clock", "ended", "failed", "monotonic", "now")

    def __init__(self, clock: Clock, failed: Callable[[Exception], None]) -> None:
        self._clock = clock
        self.now = clock.now
        self.monotonic = clock.monotonic
        self.failed = failed
        self.ended = False
        """Nothing that it was set to do is done any more."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return self._clock.call_later(seconds, _Guarded(callback, self))

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def on_the_wall(self, seconds: float) -> float:
        return self._clock.on_the_wall(seconds)

    @property
    def wall(self) -> Clock:
        return GuardedClock(self._clock.wall, self.failed)

    def run(self, callback: Callable[[], None]) -> None:
        """Call something that nobody awaits; a fault in it is told."""
        _Guarded(callback, self)()


def _wake(waker: asyncio.Future[None]) -> None:
    if not waker.done():
        waker.set_result(None)


async def _sleep(seconds: float, call_later: Callable[[float, Callable[[], None]], Timer]) -> None:
    """Return when a timer comes."""
    waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    timer = call_later(seconds, partial(_wake, waker))
    try:
        await waker
    finally:
        timer.cancel()


class _ManualTimer:
    """A callback of a `ManualClock`; ordered by deadline, then by age."""

    def __init__(self, deadline: float, age: int, callback: Callable[[], None]) -> None:
        self.deadline = deadline
        self.age = age
        self.callback: Callable[[], None] | None = callback

    def __lt__(self, other: _ManualTimer) -> bool:
        return (self.deadline, self.age) < (other.deadline, other.age)

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """A clock that stands still until `advance` moves it: for tests.

    Timers fire in the order of their deadlines, each at its own moment, and the loop runs
    between two of them until nothing more is ready.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._epoch = start or datetime(2026, 1, 1, 12, 0, tzinfo=timezone.utc)
        self._elapsed = 0.0
        self._ages = itertools.count()
        self._timers: list[_ManualTimer] = []

    def now(self) -> datetime:
        return self._epoch + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        timer = _ManualTimer(self._elapsed + max(0.0, seconds), next(self._ages), callback)
        heapq.heappush(self._timers, timer)
        return timer

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
        else:
            await _sleep(seconds, self.call_later)

    def on_the_wall(self, seconds: float) -> float:
        return seconds

    @property
    def wall(self) -> Clock:
        return SystemClock()

    async def advance(self, seconds: float) -> None:
        """Move the time by `seconds`, firing whatever falls due until then."""
        end = self._elapsed + seconds
        await self.settle()
        while self._timers and self._timers[0].deadline <= end:
            timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                self._elapsed = max(self._elapsed, timer.deadline)
                timer.callback()
                await self.settle()
        self._elapsed = end
        await self.settle()

    async def stride(self, most_s: float) -> None:
        """Move the time to what falls due next, and by `most_s` at the most."""
        due = [timer.deadline for timer in self._timers[:1]]
        next_s = max(0.0, due[0] - self._elapsed) if due else most_s
        await self.advance(min(next_s, most_s))

    def forget_timers(self) -> None:
        """Nothing of what was to come will come: the world that asked for it is gone."""
        self._timers.clear()

    async def settle(self) -> None:
        """Let the loop run what is ready, without moving the time.

        Whether anything is, the loop keeps to itself: a loop that does not tell (`_ready`) is given
        all its turns, which only takes longer.
        """
        ready = getattr(asyncio.get_running_loop(), "_ready", (None,))
        idle = 0
        for _ in range(MOST_TURNS):
            await asyncio.sleep(0)
            idle = 0 if ready else idle + 1
            if idle == IDLE_TURNS:
                return


def clock_of(scale: float, slack_s: float = 0.0) -> Clock:
    """The clock on which time passes `scale` times as fast as it does; its long timers may come
    late by `slack_s` of the computer's time."""
    return SystemClock(slack_s) if scale == 1 else ScaledClock(scale, slack_s)
