"""Time, as the charge point knows it.

The only module that reads a clock. Everything else asks a `Clock`, so that a test can move an hour
in a microsecond and a run can be warped, and nothing that simulates time ever has to be patched.

Two hands: `now()` is the time of day (UTC) and may be set; `monotonic()` never goes back and is
what intervals, retries and energy are counted with.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from datetime import datetime, timedelta, timezone
from typing import Protocol


class Clock(Protocol):
    """What the charge point may know about time."""

    def now(self) -> datetime:
        """The time of day, with time zone UTC."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock; at once (but after other tasks) when <= 0."""


class SystemClock:
    """The computer's clock."""

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class ScaledClock:
    """A clock that runs `scale` times as fast as the computer's, from the moment it is made."""

    def __init__(self, scale: float) -> None:
        if not scale > 0:
            raise ValueError(f"a time scale must be above 0, not {scale}")
        self._scale = scale
        self._began = time.monotonic()
        self._epoch = datetime.now(timezone.utc)

    def _elapsed(self) -> float:
        return (time.monotonic() - self._began) * self._scale

    def now(self) -> datetime:
        return self._epoch + timedelta(seconds=self._elapsed())

    def monotonic(self) -> float:
        return self._began + self._elapsed()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._scale)


class ManualClock:
    """A clock that stands still until `advance` moves it: for tests.

    Sleepers wake in the order of their deadlines, each at its own moment, and the loop runs
    between two wakings until nothing more is ready.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._epoch = start or datetime(2026, 1, 1, 12, 0, tzinfo=timezone.utc)
        self._elapsed = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._epoch + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), waker))
        await waker

    async def advance(self, seconds: float) -> None:
        """Move the time by `seconds`, waking whoever sleeps until then."""
        end = self._elapsed + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._elapsed, _, waker = heapq.heappop(self._sleepers)
            if not waker.done():
                waker.set_result(None)
                await self.settle()
        self._elapsed = end
        await self.settle()

    async def settle(self) -> None:
        """Let the loop run what is ready, without moving the time."""
        for _ in range(25):
            await asyncio.sleep(0)
