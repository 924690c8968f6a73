"""The sidecar on the engine's loop, behind the door that every HTTP port has.

A port that cannot be had is a warning for the viewers, never the end of the charge point. Nor may
a client be: the charge point's own link never waits for any of them.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from sim_core.http_door.server import Stop, is_loopback, listen, serve_app
from sim_core.sidecar.app import Sidecar

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim_core.engine import Companion
    from sim_core.settings.options import Settings
    from sim_core.sidecar.destination_route import WhereTo
    from sim_core.station import Station


def companion(
    settings: Settings,
    listener: socket.socket | None = None,
    where: Callable[[], WhereTo] | None = None,
) -> Companion:
    """What the engine starts beside the station. A `listener` stands in for host and port; `where`
    is who may be told to dial elsewhere."""

    async def start(station: Station) -> Stop:
        if listener is not None:
            return await serve(settings, station, listener, where)
        try:
            own = open_door(settings)
        except ClosedError as closed:
            station.warn(f"the HTTP sidecar is off: {closed}")
            return nothing
        return await serve(settings, station, own, where)

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


async def serve(
    settings: Settings,
    station: Station,
    listener: socket.socket,
    where: Callable[[], WhereTo] | None = None,
) -> Stop:
    """Serve a station on a socket; returns what stops it."""
    sidecar = Sidecar(station, settings, station, where)
    stop_serving = await serve_app(sidecar.app, listener)

    async def stop() -> None:
        sidecar.stop()
        await stop_serving()

    return stop


async def nothing() -> None:
    """There is nothing to stop."""
