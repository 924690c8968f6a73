"""When what is to be said may leave, in a make whose firmware speaks about once a second.

Such a firmware gathers: what is said within one turn of its loop leaves in one instant, and a
transaction message waits for another turn after the last answer. A make without such a loop
(`WireFormat.loop`) lets everything leave at once.
"""

from __future__ import annotations

from collections.abc import Callable

from sim_core.runtime.clock import TIMER_SLACK_S, Clock, Timer
from sim_core.runtime.random_numbers import Rng
from sim_core.wire.wire_format import WireFormat

HURRY_S = 0.05
"""How long the lane stays open for what an answer has caused."""


class Throttle:
    """The due times of both lanes: plain calls, and the rows of the journal."""

    def __init__(self, clock: Clock, style: WireFormat, rng: Rng, rows: int) -> None:
        """`rows` is how many there are in the journal already."""
        self._clock = clock
        self._loop = style.loop
        self._rng = rng
        self._hurried_s = -1.0
        self._plain_due_s = 0.0
        self._rows_due_s = 0.0
        self._row_delays = [0.0] * rows
        self._timer: Timer | None = None

    @property
    def plain_is_due(self) -> bool:
        return self._plain_due_s <= self._clock.monotonic() + TIMER_SLACK_S

    @property
    def rows_are_due(self) -> bool:
        return self._rows_due_s <= self._clock.monotonic() + TIMER_SLACK_S

    def skip_tick(self) -> None:
        """What is said in this instant leaves in this instant, whatever the tick."""
        now_s = self._clock.monotonic()
        self._hurried_s = now_s + HURRY_S
        self._plain_due_s = min(self._plain_due_s, now_s)

    def plain_added(self) -> None:
        """A plain call waits: it leaves with what gathers already, or begins to gather."""
        now_s = self._clock.monotonic()
        if self._plain_due_s <= now_s and now_s > self._hurried_s:
            self._plain_due_s = now_s + self._call_s()

    def row_added(self, later_s: float) -> None:
        """A row was written; when its turn comes it waits for `later_s` more."""
        if not self._row_delays:
            due_s = self._clock.monotonic() + self._row_s()
            self._rows_due_s = max(self._rows_due_s, due_s) + later_s
        self._row_delays.append(later_s)

    def row_taken_back(self) -> None:
        """The last row that was written never was there."""
        self._row_delays.pop()

    def row_left(self, turns: int) -> None:
        """The first row has left; the next one waits for so many turns of the loop."""
        self._row_delays.pop(0)
        self._rows_due_s = self._clock.monotonic() + sum(self._next_row_s() for _ in range(turns))
        if self._row_delays:
            self._rows_due_s += self._row_delays[0]

    def wake_when_due(self, wake: Callable[[], None], *, plain_waits: bool) -> None:
        """Call `wake` at the next moment at which something that waits may go."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now_s = self._clock.monotonic()
        lanes = ((plain_waits, self._plain_due_s), (bool(self._row_delays), self._rows_due_s))
        coming = [due_s for waits, due_s in lanes if waits and due_s > now_s]
        if coming:
            self._timer = self._clock.call_later(min(coming) - now_s, wake)

    def _call_s(self) -> float:
        return self._loop.call_s(self._rng) if self._loop else 0.0

    def _row_s(self) -> float:
        return self._loop.row_s(self._rng) if self._loop else 0.0

    def _next_row_s(self) -> float:
        return self._loop.next_row_s(self._rng) if self._loop else 0.0
