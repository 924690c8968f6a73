"""A transport that can be made to hold what is written, or to let it trickle.

It stands between `websockets` and the socket only once somebody wants that, see `wire.line`. What
is written goes out in its order, whatever is slow in it: so does TCP.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from sim_core.runtime.clock import Clock, Timer

PIECE_S = 0.1
"""What trickles goes out in pieces of so long; one byte at the least."""


class _Waiting(NamedTuple):
    """What has not gone out yet."""

    data: bytes
    bytes_per_s: int
    """0: as fast as may be."""
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
        self._next: tuple[int, Callable[[], None]] = (0, _nothing)
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

    def slow_down(self, bytes_per_s: int, gone: Callable[[], None]) -> None:
        """What is written next trickles; `gone` is called when it has left."""
        self._next = (bytes_per_s, gone)

    def write(self, data: bytes | bytearray | memoryview[int]) -> None:
        """As of any transport."""
        (bytes_per_s, gone), self._next = self._next, (0, _nothing)
        if not self._held and not self._waiting and not bytes_per_s:
            self._inner.write(data)
            return
        self._waiting.append(_Waiting(bytes(data), bytes_per_s, gone))
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
            if not first.bytes_per_s:
                self._inner.write(first.data)
                continue
            piece = max(1, int(first.bytes_per_s * PIECE_S))
            self._inner.write(first.data[:piece])
            rest = first.data[piece:]
            if rest:
                self._waiting.appendleft(first._replace(data=rest))
                self._timer = self._clock.call_later(piece / first.bytes_per_s, self._pump)
                return
            first.gone()
        self._end()

    def _end(self) -> None:
        if self._ends and not self._waiting and not self._held:
            self._inner.write_eof()
