"""uvicorn on the engine's loop: a port of its own, no signals, gone within a second.

A port that cannot be had is a warning for the viewers, never the end of the charge point.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import uvicorn

from sim_core.sidecar.app import create_app

if TYPE_CHECKING:
    from sim_core.config import Settings
    from sim_core.engine import Companion
    from sim_core.station import Station

GRACE_S = 1


def companion(settings: Settings) -> Companion:
    """What the engine starts beside the station."""

    async def serve(station: Station) -> Callable[[], Awaitable[None]]:
        return await _serve(settings, station)

    return serve


async def _serve(settings: Settings, station: Station) -> Callable[[], Awaitable[None]]:
    host, port = settings.http_host, settings.http_port
    key = settings.http_api_key.get_secret_value() if settings.http_api_key else None
    loopback = is_loopback(host)
    if not loopback and key is None and not settings.http_open:
        station.warn(
            f"the HTTP sidecar is off: {host} is reachable from outside, so set HTTP_API_KEY, "
            "or HTTP_OPEN=true to do without"
        )
        return _nothing
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        station.warn(
            f"the HTTP sidecar is off: {host}:{port} cannot be used "
            f"({error.strerror or error}); choose another HTTP_PORT"
        )
        return _nothing
    config = uvicorn.Config(
        create_app(station, api_key=key, open_to_all=not loopback),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        h11_max_incomplete_event_size=16 * 1024,
        limit_concurrency=200,
    )
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))

    async def stop() -> None:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
        listener.close()

    return stop


async def _nothing() -> None:
    """There is nothing to stop."""


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
