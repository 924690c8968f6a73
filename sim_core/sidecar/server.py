"""uvicorn on the engine's loop: a port of its own, no signals, gone within a second.

A port that cannot be had is a warning for the viewers, never the end of the charge point. Nor may
a client be: connections are few and bounded, one that brings no request is closed, and the charge
point's own link never waits for any of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from sim_core.sidecar.app import Sidecar
from sim_core.sidecar.guard import LONGEST_HEAD

if TYPE_CHECKING:
    from sim_core.config import Settings
    from sim_core.engine import Companion
    from sim_core.station import Station

GRACE_S = 1
MOST_CONNECTIONS = 512
"""Each takes a file descriptor, and the charge point needs one too."""
REQUEST_WITHIN_S = 10.0
"""How long a connection may be open without a (new) request, however slowly it comes."""

ARRIVALS = itertools.count()

Stop = Callable[[], Awaitable[None]]


def companion(settings: Settings, listener: socket.socket | None = None) -> Companion:
    """What the engine starts beside the station. A `listener` stands in for host and port."""

    async def start(station: Station) -> Stop:
        if listener is not None:
            return await serve(settings, station, listener)
        try:
            own = open_door(settings)
        except ClosedError as closed:
            station.warn(f"the HTTP sidecar is off: {closed}")
            return nothing
        return await serve(settings, station, own)

    return start


class ClosedError(Exception):
    """There is no serving where the settings say."""


def open_door(settings: Settings) -> socket.socket:
    """A listening socket where the settings say. Raises ClosedError with the reason."""
    if why := why_closed(settings):
        raise ClosedError(why)
    try:
        return listen(settings.http_host, settings.http_port)
    except OSError as error:
        raise ClosedError(
            f"{settings.http_host}:{settings.http_port} cannot be used "
            f"({error.strerror or error}); choose another HTTP_PORT"
        ) from None


def why_closed(settings: Settings) -> str | None:
    """Why these settings must not be served, as a sentence; None when they may."""
    if is_loopback(settings.http_host) or settings.http_api_key or settings.http_open:
        return None
    return (
        f"{settings.http_host} is reachable from outside, so set HTTP_API_KEY, "
        "or HTTP_OPEN=true to do without"
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError, where uvicorn would end the process."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


async def serve(settings: Settings, station: Station, listener: socket.socket) -> Stop:
    """Serve a station on a socket; returns what stops it."""
    sidecar = Sidecar(station, settings)
    stop_serving = await serve_app(sidecar.app, listener)

    async def stop() -> None:
        sidecar.stop()
        await stop_serving()

    return stop


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
    """A connection that must bring a request now and then, else it is closed.

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
        return self.cycle is None or self.cycle.response_complete

    def _make_room(self) -> None:
        """Whoever has waited longest without asking anything makes room for the newcomer."""
        idle = [one for one in self.connections if isinstance(one, Door) and one._idle]
        min(idle, key=lambda one: one._number, default=self).transport.abort()


async def nothing() -> None:
    """There is nothing to stop."""


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
