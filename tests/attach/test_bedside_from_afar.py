"""Real chargers seen from afar: each of them, from the first moment; nothing is asked of one."""

from __future__ import annotations

import asyncio
import socket

from sim_core.attach.discovery import behind
from sim_core.attach.options import AttachSettings
from sim_core.commands import Plug, Refused
from tests.attach.test_attach import attached, soon
from tests.bedside.test_bedside import bedside, charger


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def found(url: str) -> list[str]:
    return await asyncio.to_thread(behind, url, AttachSettings())


async def test_who_waits_for_the_first_charger_comes_to_it() -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with bedside(f"--http-port={port}") as made, attached(port) as host:
        assert await found(url) == [url]
        assert host.snapshot is not None
        assert host.snapshot.charge_point_id == ""
        async with charger(made, "A%2F1") as metal:
            await metal.call(
                "StatusNotification", connectorId=1, status="Available", errorCode="NoError"
            )
            await soon(lambda: host.snapshot and host.snapshot.charge_point_id == "A/1")
            await soon(lambda: host.messages.count > 0 and not host.failure)
            outcome = await asyncio.wrap_future(host.submit(Plug(1)))
            assert isinstance(outcome, Refused)
            assert "real charger" in outcome.reason
            async with charger(made, "B"):
                await soon(lambda: len(made.hosts) == 2)
                assert await found(url) == [f"{url}/chargers/A%2F1", f"{url}/chargers/B"]


async def test_where_nobody_answers_the_address_is_taken_as_it_is() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert await found(url) == [url]
