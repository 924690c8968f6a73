"""A charge point and a CSMS with the HTTP sidecar beside it, on real sockets of loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from sim_core.http_door.server import listen
from sim_core.sidecar.app import Sidecar
from sim_core.sidecar.destination_route import WhereTo
from sim_core.sidecar.server import serve
from tests.harness import Harness, settings
from tests.patience import PATIENCE_S


@dataclass
class Beside:
    """What a test has in hand."""

    harness: Harness
    http: httpx.AsyncClient
    port: int


@asynccontextmanager
async def beside(
    harness: Harness | None = None,
    where: Callable[[], WhereTo] | None = None,
    **options: Any,
) -> AsyncIterator[Beside]:
    """Start the harness and a sidecar with these settings beside it; `where` as in `serve`."""
    async with harness or Harness() as running:
        chosen = settings(**options)
        listener = listen("127.0.0.1", 0)
        port = listener.getsockname()[1]
        stop = await serve(chosen, running.station, listener, where)
        try:
            async with client(port) as http:
                yield Beside(running, http, port)
        finally:
            await stop()


@asynccontextmanager
async def in_process(harness: Harness, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The same application without sockets, where there are hundreds of cases."""
    sidecar = Sidecar(harness.station, settings(**options), harness.station)
    transport = httpx.ASGITransport(sidecar.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        yield http
    sidecar.stop()


def client(port: int, **headers: str) -> httpx.AsyncClient:
    """An HTTP client for that port."""
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", trust_env=False, headers=headers, timeout=PATIENCE_S
    )
