"""When samples are due: every so often, or by the clock.

A sample carries the moment at which it was due, however late the loop came round to it, and the
next one is counted from there: neither stamps nor rhythm drift, and none is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sim_core.runtime.clock import Clock, Timer

CLOCK_SET = timedelta(seconds=0.25)
"""A clock that is further from where it was expected has been set meanwhile."""


class _Rhythm:
    """A timer, and what it calls with the moment at which it was due."""

    __slots__ = ("_clock", "_due_at", "_due_s", "_interval_s", "_now", "_sample", "_timer")

    def __init__(
        self,
        clock: Clock,
        now: Callable[[], datetime],
        interval_s: Callable[[], float],
        sample: Callable[[datetime], None],
    ) -> None:
        self._clock = clock
        self._now = now
        self._interval_s = interval_s
        self._sample = sample
        self._due_s = 0.0
        self._timer: Timer | None = None

    def stop(self) -> None:
        """End; harmless when it is not running."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Periodic(_Rhythm):
    """Calls `sample` with its moment every `interval_s()` seconds.

    Counted from `start`; a change of the interval counts from the moment of `rearm`. An interval
    of 0 means never.
    """

    __slots__ = ()

    _due_at: datetime
    """When the next sample is due, by the time of day."""

    def start(self, first_s: float | None = None) -> None:
        """Begin; the first sample comes one interval from now, or after `first_s`."""
        self.stop()
        interval_s = self._interval_s()
        if interval_s > 0:
            first_s = first_s or interval_s
            self._due_s = self._clock.monotonic() + first_s
            self._due_at = self._now() + timedelta(seconds=first_s)
            self._arm()

    rearm = start

    def _arm(self) -> None:
        self._timer = self._clock.call_later(self._due_s - self._clock.monotonic(), self._fire)

    def _fire(self) -> None:
        # Both hands cannot be read at once: what the time of day says lies between two readings.
        late_s = self._clock.monotonic() - self._due_s
        now = self._now()
        later_s = self._clock.monotonic() - self._due_s
        at = now - timedelta(seconds=late_s)
        if now - timedelta(seconds=later_s) - CLOCK_SET < self._due_at < at + CLOCK_SET:
            at = self._due_at
        interval_s = self._interval_s()
        self._due_s += interval_s
        self._due_at = at + timedelta(seconds=interval_s)
        self._arm()
        self._sample(at)


class Aligned(_Rhythm):
    """Calls `sample` at multiples of `interval_s()` since midnight UTC."""

    __slots__ = ()

    def rearm(self) -> None:
        """Begin, or begin anew after the interval or the clock has been changed."""
        self.stop()
        interval_s = self._interval_s()
        if interval_s > 0:
            self._arm(_next_slot(self._now(), interval_s))

    def _arm(self, due: datetime) -> None:
        wait_s = (due - self._now()).total_seconds()
        self._due_s = self._clock.monotonic() + wait_s
        self._timer = self._clock.call_later(wait_s, lambda: self._fire(due))

    def _fire(self, due: datetime) -> None:
        ahead = self._now() - due
        if ahead < timedelta(0):  # a timer may wake a hair early: the slot has not begun
            self._arm(due)
            return
        late = timedelta(seconds=self._clock.monotonic() - self._due_s)
        # After a stall the slots that it covered follow; those that a set clock leapt over do not.
        leapt = ahead - late > CLOCK_SET
        self._arm(_next_slot(self._now() if leapt else due, self._interval_s()))
        self._sample(due)


def _next_slot(after: datetime, interval_s: float) -> datetime:
    """The next multiple of the interval since midnight; the day's last slot may be short."""
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    slots = int((after - midnight).total_seconds() // interval_s) + 1
    return min(midnight + timedelta(seconds=slots * interval_s), midnight + timedelta(days=1))
