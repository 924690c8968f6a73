"""A CSMS with its API, a charge point with its own, all on sockets of this computer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from sim_core.csms import ApiServer, Csms, Rules, events
from sim_core.csms.api import DEFAULT_API_KEY
from sim_core.engine import Engine
from sim_core.http_door.server import listen
from sim_core.sidecar.server import companion
from sim_core.snapshot import ConnectorSnapshot, Registration, StationSnapshot
from sim_core.store.interface import MEMORY
from tests.harness import settings
from tests.patience import PATIENCE_S

CP = "Gresgying02"


@dataclass
class Bench:
    """What a test has in hand: both APIs, and both ends of the wire."""

    csms: Csms
    api: httpx.AsyncClient
    sim: httpx.AsyncClient
    engine: Engine

    async def post(self, path: str, **body: Any) -> httpx.Response:
        """Ask the API of the CSMS something about the charge point."""
        return await self.api.post(path, json={"cpid": CP, **body})

    async def active(self) -> list[dict[str, Any]]:
        """The sessions that the CSMS knows of."""
        sessions: list[dict[str, Any]] = (await self.api.get("/api/v1/active")).json()["sessions"]
        return sessions

    async def plug(self, *connectors: int) -> None:
        """Plug vehicles in."""
        for number in connectors:
            assert (await self.sim.post(f"/plug/{number}")).status_code == 200

    async def start(self, connector: int, **more: Any) -> int:
        """RemoteStart, and the transaction id that came of it."""
        mark = self.csms.event_count
        answer = await self.post("/api/v1/start", connectorId=connector, **more)
        assert answer.json() == {"ok": True, "message": "RemoteStartTransaction sent"}
        begun = await self.csms.wait_for(
            events.TransactionStarted,
            lambda event: event.connector_id == connector,
            since=mark,
            timeout_s=PATIENCE_S,
        )
        await self.seen(lambda now: now.connectors[connector - 1].status == "Charging")
        return begun.transaction_id

    async def ended(self) -> None:
        """Wait until the CSMS knows of no session."""
        await self.csms.until(lambda ledger: not ledger.active, timeout_s=PATIENCE_S)

    async def told(self, connector: int, status: str) -> None:
        """Wait until the CSMS was told this status."""
        await self.csms.until(
            lambda ledger: ledger.status(CP, connector) == status, timeout_s=PATIENCE_S
        )

    async def seen(self, holds: Callable[[StationSnapshot], object]) -> StationSnapshot:
        """The first picture of which `holds` is true."""
        return await seen(self.engine, holds)

    def connector(self, number: int) -> ConnectorSnapshot:
        """The picture of a connector."""
        picture = self.engine.snapshot
        assert picture is not None
        return picture.connectors[number - 1]


async def seen(engine: Engine, holds: Callable[[StationSnapshot], object]) -> StationSnapshot:
    """The first picture of which `holds` is true; looks as a viewer on another thread does."""
    for _ in range(int(PATIENCE_S / 0.02)):
        picture = engine.snapshot
        if picture is not None and holds(picture):
            return picture
        assert not engine.failure, engine.failure
        await asyncio.sleep(0.02)
    raise AssertionError(f"it never came to that: {engine.snapshot}")


def registered(picture: StationSnapshot) -> bool:
    """Whether the CSMS has accepted the charge point."""
    return picture.link.registration is Registration.ACCEPTED


@asynccontextmanager
async def charge_point(url: str, **options: Any) -> AsyncIterator[tuple[Engine, httpx.AsyncClient]]:
    """A charge point that dials this URL, with its HTTP sidecar on a free port."""
    chosen = settings(csms_url=url, cpid=CP, state_dir=MEMORY, reconnect_max_sec=1.0, **options)
    listener = listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    engine = Engine(chosen, beside=(companion(chosen, listener),))
    engine.start()
    try:
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=PATIENCE_S) as sim:
            yield engine, sim
    finally:
        assert await asyncio.to_thread(engine.stop, 5.0)
        assert not engine.failure


@asynccontextmanager
async def bench(rules: Rules | None = None, **options: Any) -> AsyncIterator[Bench]:
    """Start everything and wait until the charge point is registered and has said its states."""
    async with Csms(first_transaction_id=1, rules=rules) as csms:
        server = ApiServer(csms)
        await server.start("127.0.0.1", 0)
        base = f"http://127.0.0.1:{server.port}"
        headers = {"X-API-Key": DEFAULT_API_KEY}
        url = f"ws://127.0.0.1:{csms.port}/ocpp"
        try:
            async with (
                httpx.AsyncClient(base_url=base, headers=headers, trust_env=False) as api,
                charge_point(url, **options) as (engine, sim),
            ):
                here = Bench(csms, api, sim, engine)
                await seen(engine, registered)
                await here.told(0, "Available")
                yield here
        finally:
            await server.stop()
