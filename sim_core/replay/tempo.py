"""Where in the log a replay is: it goes on at its speed, stands still, or takes a step.

The place is counted in seconds of the log. Who plays waits here for a place; who looks on changes
the tempo meanwhile, on the same loop.
"""

from __future__ import annotations

import asyncio

from sim_core.runtime.clock import Clock

SLOWEST, FASTEST = 0.1, 1000.0


class Tempo:
    """See the module."""

    def __init__(self, clock: Clock, speed: float = 1.0) -> None:
        self.paused = False
        self._clock = clock
        self._speed = speed
        self._place_s = 0.0
        self._since = clock.monotonic()
        self._steps = 0
        self._changed = asyncio.Event()

    @property
    def speed(self) -> float:
        """How many seconds of the log pass in one."""
        return self._speed

    @property
    def place_s(self) -> float:
        """How far it is."""
        if self.paused:
            return self._place_s
        return self._place_s + (self._clock.monotonic() - self._since) * self._speed

    def pause(self) -> None:
        """Stand still, or go on."""
        self._settle()
        self.paused = not self.paused
        self._changed.set()

    def step(self) -> None:
        """Go to what comes next, and stand still there."""
        if not self.paused:
            self._settle()
            self.paused = True
        self._steps += 1
        self._changed.set()

    def set_speed(self, speed: float) -> None:
        """Go on at another speed."""
        self._settle()
        self._speed = min(FASTEST, max(SLOWEST, speed))
        self._changed.set()

    def be_at(self, place_s: float) -> None:
        """What kept us waiting has come: go on from here, and make nothing up."""
        self._place_s, self._since = place_s, self._clock.monotonic()

    async def until(self, place_s: float) -> None:
        """Return when that place is reached, or stepped to."""
        while True:
            if self._steps:
                self._steps -= 1
                self.be_at(max(place_s, self._place_s))
                return
            left_s = place_s - self.place_s
            if not self.paused and left_s <= 0:
                return
            self._changed.clear()
            timer = None
            if not self.paused:
                timer = self._clock.call_later(left_s / self._speed, self._changed.set)
            await self._changed.wait()
            if timer is not None:
                timer.cancel()

    def _settle(self) -> None:
        self._place_s, self._since = self.place_s, self._clock.monotonic()
