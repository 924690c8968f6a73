"""The healthcheck of a container is green whatever becomes of the CSMS."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

from sim_core.csms import Csms
from sim_core.snapshot import LinkState
from tests.acceptance.bench import charge_point, registered, seen
from tests.network import free_port


async def test_health_is_green_over_tls_and_when_that_csms_goes_away(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    csms = Csms()
    await csms.start(ssl=context)
    url = f"wss://localhost:{csms.port}/ocpp"
    async with charge_point(url, ca_cert=file) as (engine, sim):
        await seen(engine, registered)
        answer = await sim.get("/health")
        assert (answer.status_code, answer.json()["link"]) == (200, "connected")
        await csms.stop()
        await seen(engine, lambda now: now.link.state is not LinkState.CONNECTED)
        answer = await sim.get("/health")
        assert (answer.status_code, answer.json()["ok"]) == (200, True)


async def test_health_is_green_where_there_never_was_a_csms() -> None:
    async with charge_point(f"ws://127.0.0.1:{free_port()}/ocpp") as (engine, sim):
        await seen(engine, lambda now: now.link.trouble)
        answer = await sim.get("/health")
        assert (answer.status_code, answer.json()["ok"]) == (200, True)
