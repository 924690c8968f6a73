"""A state file that another program holds, and a kill: the program in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from sim_core.csms import Csms
from sim_core.csms.events import Booted, MeterReported, TransactionStarted, TransactionStopped
from tests.network import free_port
from tests.patience import PATIENCE_S
from tests.sidecar.beside import client
from tests.sim_core.test_headless import start
from tests.sim_core.test_storage_trouble import LOCKED, locked


async def until(http: httpx.AsyncClient, holds: Callable[[dict[str, Any]], object]) -> Any:
    """The first /info of which something holds."""

    async def look() -> dict[str, Any]:
        while True:
            with contextlib.suppress(httpx.TransportError):
                seen: dict[str, Any] = (await http.get("/info")).json()
                if holds(seen):
                    return seen
            await asyncio.sleep(0.05)  # somebody else's process: it can only be asked

    return await asyncio.wait_for(look(), PATIENCE_S)


async def sent(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.post(path)).status_code == 200


Act = Callable[[httpx.AsyncClient], Awaitable[None]]


async def test_a_lock_of_another_program_holds_nobody_up(tmp_path: Path) -> None:
    port = free_port()
    options = {"HTTP_PORT": str(port), "METER_PERIOD_SEC": "1", "LOG_FILE": str(tmp_path / "log")}
    async with Csms() as csms, client(port) as http:
        url = f"ws://127.0.0.1:{csms.port}/ocpp"
        process = await start(tmp_path, CSMS_URL=url, **options)
        await csms.wait_for(Booted, timeout_s=PATIENCE_S)
        await until(http, lambda seen: seen["link"]["registration"] == "Accepted")
        with locked(tmp_path, "TestCP01"):
            await sent(http, "/plug/1")
            await sent(http, "/local_start/1?id_tag=TAG")
            charging = await until(http, lambda seen: seen["connectors"][0]["status"] == "Charging")
            (warning,) = charging["warnings"]
            assert LOCKED in warning
            assert str(tmp_path / "TestCP01.sqlite3") in warning
            register_wh = charging["connectors"][0]["register_wh"]
            await until(http, lambda seen: seen["connectors"][0]["register_wh"] > register_wh + 20)
            health = await http.get("/health")
            assert (health.status_code, health.json()["ok"]) == (200, True)
            assert not [e for e in csms.events if isinstance(e, TransactionStarted)]
        await csms.wait_for(TransactionStarted, timeout_s=PATIENCE_S)
        await csms.wait_for(MeterReported, timeout_s=PATIENCE_S)
        await until(http, lambda seen: seen["warnings"] == [])
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert (process.returncode, err) == (0, b"")
    lines = out.decode().splitlines()
    assert len([line for line in lines if LOCKED in line]) == 1
    assert len([line for line in lines if "can be written again" in line]) == 1
    assert "Traceback" not in (tmp_path / "log").read_text()


async def test_a_kill_is_a_power_cut(tmp_path: Path) -> None:
    port = free_port()
    options = {"HTTP_PORT": str(port), "METER_PERIOD_SEC": "1"}
    async with Csms() as csms, client(port) as http:
        url = f"ws://127.0.0.1:{csms.port}/ocpp"
        process = await start(tmp_path, CSMS_URL=url, **options)
        await csms.wait_for(Booted, timeout_s=PATIENCE_S)
        await until(http, lambda seen: seen["link"]["registration"] == "Accepted")
        await sent(http, "/plug/1")
        await sent(http, "/local_start/1?id_tag=TAG")
        await sent(http, "/plug/2")
        await csms.wait_for(MeterReported, timeout_s=PATIENCE_S)
        before = await until(http, lambda seen: seen["connectors"][0]["vehicle"])
        process.send_signal(signal.SIGKILL)
        await process.communicate()
        process = await start(tmp_path, CSMS_URL=url, **options)
        stopped = await csms.wait_for(TransactionStopped, timeout_s=PATIENCE_S)
        assert stopped.reason == "PowerLoss"
        after = await until(http, lambda seen: seen["link"]["registration"] == "Accepted")
        one, two = after["connectors"][:2]
        assert (one["status"], two["status"]) == ("Finishing", "Preparing")
        assert [one["vehicle"], two["vehicle"]] == [
            connector["vehicle"] for connector in before["connectors"][:2]
        ]
        assert abs(one["soc_percent"] - before["connectors"][0]["soc_percent"]) < 1
        process.send_signal(signal.SIGTERM)
        _, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert (process.returncode, err) == (0, b"")
