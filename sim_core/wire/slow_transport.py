"""A transport that can be made to hold what is written, or to let it trickle.

It stands between `websockets` and the socket only once somebody wants that, see `wire.line`. What
is written goes out in its order, whatever is slow in it: so does TCP.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from sim_core.runtime.clock import Clock, Timer

PIECE_S = 0.1
"""What trickles goes out in pieces, one in so long."""


class _Waiting(NamedTuple):
    """What has not gone out yet."""

    data: bytes
    pauses: int
    """How many there are yet to be in it; 0: it goes out at once."""
    pause_s: float
    gone: Callable[[], None]


def _nothing() -> None:
    """Nobody wants to know."""


class SlowTransport:
    """See the module."""

    def __init__(self, inner: asyncio.Transport, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._held = False
        self._timer: Timer | None = None
        self._next: tuple[int, float, Callable[[], None]] = (0, 0.0, _nothing)
        self._ends = False
        """What is written ends behind what waits."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def hold(self) -> None:
        """Let nothing out until `let_go`."""
        self._held = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def let_go(self) -> None:
        """Let out what has gathered."""
        self._held = False
        self._pump()

    def slow_down(self, seconds: float, gone: Callable[[], None]) -> None:
        """What is written next takes so long to leave; `gone` is called when it has.

        It is told a time, and not a speed, since the bytes may be compressed: so the pauses are
        the same however well that went.
        """
        pauses = max(1, math.ceil(seconds / PIECE_S))
        self._next = (pauses, seconds / pauses, gone)

    def write(self, data: bytes | bytearray | memoryview[int]) -> None:
        """As of any transport."""
        (pauses, pause_s, gone), self._next = self._next, (0, 0.0, _nothing)
        if not self._held and not self._waiting and not pauses:
            self._inner.write(data)
            return
        self._waiting.append(_Waiting(bytes(data), pauses, pause_s, gone))
        if len(self._waiting) == 1:
            self._pump()

    def write_eof(self) -> None:
        """As of any transport."""
        self._ends = True
        self._end()

    def abort(self) -> None:
        """As of any transport: what waits is lost."""
        self._forget()
        self._inner.abort()

    def close(self) -> None:
        """As of any transport, but what waits is lost: who closes has waited long enough."""
        self._forget()
        self._inner.close()

    def _forget(self) -> None:
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _pump(self) -> None:
        """Let out what may go now, and come back for the rest."""
        self._timer = None
        while self._waiting and not self._held:
            first = self._waiting.popleft()
            if not first.pauses:
                self._inner.write(first.data)
                first.gone()
                continue
            piece = len(first.data) // (first.pauses + 1)
            if piece:
                self._inner.write(first.data[:piece])
            rest = first._replace(data=first.data[piece:], pauses=first.pauses - 1)
            self._waiting.appendleft(rest)
            self._timer = self._clock.call_later(first.pause_s, self._pump)
            return
        self._end()

    def _end(self) -> None:
        if self._ends and not self._waiting and not self._held:
            self._inner.write_eof()
