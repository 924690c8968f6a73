"""Connections that have not shown yet that they are charge points.

Each takes a file descriptor until its handshake is through or its time is up. A crowd that sends
half a request each would take them all, so there is a bound, and who came first leaves first.
"""

from __future__ import annotations

import asyncio
from typing import Any

from websockets.asyncio.server import ServerConnection

SEATS = 256


class WaitingRoom:
    """Those that wait on one port, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: dict[Visitor, None] = {}

    def visitor(self, *arguments: Any, **options: Any) -> Visitor:
        """A new connection, as `websockets` makes one."""
        return Visitor(self, *arguments, **options)

    def enter(self, visitor: Visitor) -> None:
        """Somebody has connected."""
        self._waiting[visitor] = None
        if len(self._waiting) > SEATS:
            oldest = next(iter(self._waiting))
            self.leave(oldest)
            oldest.transport.abort()

    def leave(self, visitor: Visitor) -> None:
        """Somebody is through, or gone."""
        self._waiting.pop(visitor, None)


class Visitor(ServerConnection):
    """A connection that waits for its handshake."""

    def __init__(self, room: WaitingRoom, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._room = room

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._room.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._room.leave(self)
        super().connection_lost(exc)

    def come_in(self) -> None:
        """The handshake is through."""
        self._room.leave(self)
