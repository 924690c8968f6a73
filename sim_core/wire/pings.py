"""The pings of one connection: one every WebSocketPingInterval seconds, each answered before the
next would be due (OCPP-J §5.4).

A thousand links ping all the time, so this is timers and no task: a ping is written by the timer
that says it is due, and the pong sets the next one. Only what cannot be written at once goes the
ordinary way: on a connection that is closing, that way also sees to its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from websockets.exceptions import ConnectionClosed

from sim_core.runtime.clock import Clock, Timer
from sim_core.wire.fast_connection import FastConnection


class Pings:
    """See the module."""

    __slots__ = (
        "_clock",
        "_connection",
        "_in_turn",
        "_interval",
        "_seconds",
        "_timer",
        "_waits",
        "unanswered",
    )

    def __init__(
        self, connection: FastConnection, clock: Clock, interval_s: Callable[[], float]
    ) -> None:
        """`interval_s` is asked before each; 0 turns pings off."""
        self._connection = connection
        self._clock = clock
        self._interval = interval_s
        self._seconds = 0.0
        """Between the last pong and the next ping, and then until its pong is missed."""
        self._timer: Timer | None = None
        self._waits = False
        """A ping has no pong yet."""
        self._in_turn: asyncio.Task[None] | None = None
        """The ping that could not be written at once."""
        self.unanswered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once one is not answered in time."""
        self._rest()

    def interval_changed(self) -> None:
        """There is a new interval: it counts from now, or from the pong that is awaited."""
        if not self._waits:
            self._rest()

    def end(self) -> None:
        """Send no more."""
        self.unanswered.cancel()
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        self._waits = False
        if self._timer is not None:
            self._timer.cancel()
        if self._in_turn is not None:
            self._in_turn.cancel()

    def _rest(self) -> None:
        self._stop_waiting()
        self._seconds = self._interval()
        if self._seconds:
            self._timer = self._clock.call_later(self._seconds, self._ask)

    def _ask(self) -> None:
        self._waits = True
        self._timer = self._clock.call_later(self._seconds, self._miss)
        if not self._connection.ping_at_once(self._answered):
            self._in_turn = asyncio.create_task(self._ask_in_turn())
            self._in_turn.add_done_callback(self._asked_in_turn)

    async def _ask_in_turn(self) -> None:
        await (await self._connection.ping())

    def _asked_in_turn(self, asked: asyncio.Future[None]) -> None:
        if asked.cancelled():
            return
        error = asked.exception()
        if error is None:
            self._answered()
        elif not isinstance(error, ConnectionClosed) and not self.unanswered.done():
            self.unanswered.set_exception(error)
        # else it has ended, and whoever reads has yet to read what came before

    def _answered(self) -> None:
        if not self.unanswered.done():
            self._rest()

    def _miss(self) -> None:
        if not self.unanswered.done():
            self.unanswered.set_result(None)
