"""uvicorn on somebody else's loop: a port of its own, no signals, gone within a second.

Clients are never the end of the program: connections are few and bounded, and one that brings no
whole request is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from sim_core.http_door.guard import LONGEST_HEAD

GRACE_S = 1
MOST_CONNECTIONS = 512
"""Each takes a file descriptor, and the program needs some too."""
REQUEST_WITHIN_S = 10.0
"""How long a connection may be open without a (new and whole) request, however slowly it comes."""

ARRIVALS = itertools.count()

Stop = Callable[[], Awaitable[None]]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError, where uvicorn would end the process."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def _is_no_advice(record: logging.LogRecord) -> bool:
    """Not what uvicorn says of a WebSocket: to install something, where none is wanted."""
    return not str(record.msg).startswith(("Unsupported upgrade", "No supported WebSocket"))


async def serve_app(app: ASGIApp, listener: socket.socket) -> Stop:
    """Serve an application on a socket; returns what stops it."""
    config = uvicorn.Config(
        app,
        http=Door,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        h11_max_incomplete_event_size=LONGEST_HEAD,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_advice)
    guest = Guest(config)
    serving = asyncio.ensure_future(guest.serve(sockets=[listener]))

    async def stop() -> None:
        guest.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
        listener.close()

    return stop


class Guest(uvicorn.Server):
    """uvicorn where signals belong to somebody else."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Door(H11Protocol):
    """A connection that must bring a whole request now and then, else it is closed.

    uvicorn's own patience begins with the first answer: who never sends a whole request could stay
    for ever, and so could who never reads what it was sent.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._last: object = None
        self._number = next(ARRIVALS)
        self._watch = self.loop.call_later(REQUEST_WITHIN_S, self._look)
        if len(self.connections) > MOST_CONNECTIONS:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        if self.transport.is_closing():
            self.transport.abort()  # what is left to send is read by nobody
            return
        if self._idle and self.cycle is self._last:
            self.transport.close()
        self._last = self.cycle
        self._watch = self.loop.call_later(REQUEST_WITHIN_S, self._look)

    @property
    def _idle(self) -> bool:
        """It is the client's turn: with a request, or with the rest of one."""
        cycle = self.cycle
        return cycle is None or cycle.response_complete or cycle.more_body

    def _make_room(self) -> None:
        """Whoever has waited longest without asking anything makes room for the newcomer."""
        idle = [one for one in self.connections if isinstance(one, Door) and one._idle]
        min(idle, key=lambda one: one._number, default=self).transport.abort()


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
