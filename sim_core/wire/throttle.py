"""When what is to be said may leave, in a make whose firmware speaks about once a second.

Such a firmware gathers: what is said within one turn of its loop leaves in one instant, and a
transaction message waits for another turn after the last answer. When one leaves, it takes along
what has gathered long enough. A make without such a loop (`WireFormat.loop`) lets everything leave
at once.
"""

from __future__ import annotations

from collections.abc import Callable

from sim_core.runtime.clock import HAIR_S, Clock, Timer
from sim_core.runtime.random_numbers import Rng
from sim_core.wire.wire_format import Loop, Seconds, WireFormat

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
        self._plain_since_s = 0.0
        """When what is said next has begun to gather."""
        self._rows_due_s = 0.0
        self._row_delays = [0.0] * rows
        self._rows_held = False
        self._timer: Timer | None = None

    @property
    def plain_is_due(self) -> bool:
        return self._plain_due_s <= self._clock.monotonic() + HAIR_S

    @property
    def plain_is_ripe(self) -> bool:
        """What has gathered leaves with a row that leaves."""
        if self._loop is None:
            return True
        gathered_s = self._clock.monotonic() - self._plain_since_s
        return gathered_s >= self._loop.ripe_s - HAIR_S

    @property
    def rows_are_due(self) -> bool:
        if self._rows_held:
            return False
        return self._rows_due_s <= self._clock.monotonic() + HAIR_S

    def skip_tick(self) -> None:
        """What is said in this instant leaves in this instant, whatever the tick."""
        now_s = self._clock.monotonic()
        self._hurried_s = now_s + HURRY_S
        self._plain_due_s = min(self._plain_due_s, now_s)

    # -- plain calls -------------------------------------------------

    def booted(self) -> None:
        """The charge point has registered: what is said first begins to gather."""
        self._gather(lambda loop: loop.after_boot)

    def plain_added(self) -> None:
        """A plain call waits: it leaves with what gathers already, or begins to gather."""
        now_s = self._clock.monotonic()
        if self._plain_due_s <= now_s and now_s > self._hurried_s:
            self._gather(lambda loop: loop.gathering)

    def _gather(self, how_long: Callable[[Loop], Seconds]) -> None:
        self._plain_since_s = self._clock.monotonic()
        self._plain_due_s = self._plain_since_s + self._drawn(how_long)

    # -- rows of the journal -----------------------------------------

    def hold_rows(self) -> None:
        """No row is due until `let_rows_go`."""
        self._rows_held = True

    def let_rows_go(self, after_s: float = 0.0) -> None:
        """Rows that were held back are due after so long."""
        if self._rows_held:
            self._rows_held = False
            self._rows_due_s = max(self._rows_due_s, self._clock.monotonic() + after_s)

    def row_added(
        self, later_s: float, how_long: Callable[[Loop], Seconds] = lambda loop: loop.telling
    ) -> None:
        """A row was written, which is so long on its way where none waits before it; when its turn
        comes it waits for `later_s` more."""
        if not self._row_delays:
            way_s = self._drawn(how_long)
            due_s = self._clock.monotonic() + way_s
            self._rows_due_s = max(self._rows_due_s, due_s) + later_s
        self._row_delays.append(later_s)

    def row_taken_back(self) -> None:
        """The last row that was written never was there."""
        self._row_delays.pop()

    def row_goes(self) -> None:
        """A row leaves: what has gathered long enough leaves with it."""
        if self.plain_is_ripe:
            self._plain_due_s = min(self._plain_due_s, self._clock.monotonic())

    def row_left(self, *, began: bool = False) -> None:
        """The first row was answered; the next one waits for another turn of the loop. `began`: it
        told of the begin of a transaction."""
        self._row_delays.pop(0)
        self._rows_due_s = self._clock.monotonic()
        if self._loop is not None:
            wait_s = self._loop.after_start if began else self._loop.after_answer
            self._rows_due_s += wait_s(self._rng)
        if self._row_delays:
            self._rows_due_s += self._row_delays[0]

    # -- waking ------------------------------------------------------

    def wake_when_due(self, wake: Callable[[], None], *, plain_waits: bool) -> None:
        """Call `wake` at the next moment at which something that waits may go."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now_s = self._clock.monotonic()
        rows_wait = bool(self._row_delays) and not self._rows_held
        lanes = ((plain_waits, self._plain_due_s), (rows_wait, self._rows_due_s))
        coming = [due_s for waits, due_s in lanes if waits and due_s > now_s]
        if coming:
            self._timer = self._clock.call_later(min(coming) - now_s, wake)

    def _drawn(self, what: Callable[[Loop], Seconds]) -> float:
        return what(self._loop)(self._rng) if self._loop else 0.0
