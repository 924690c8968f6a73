"""`python -m sim_core`: plain sentences, exit codes, signals; in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sim_core.csms import Csms
from sim_core.csms.events import Booted


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "STATE_DIR": str(tmp_path), "HTTP_PORT": "0", **more}


async def start(tmp_path: Path, **more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sim_core",
        env=environment(tmp_path, **more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    async with Csms() as csms:
        process = await start(tmp_path, CSMS_URL=f"ws://127.0.0.1:{csms.port}/ocpp")
        await csms.wait_for(Booted, timeout_s=20)
        process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), 10)
        lines = out.decode().splitlines()
        assert process.returncode == 0, err
        assert err == b""
        assert lines[0].startswith("TestCP01 starts")
        assert any("connected to ws://" in line for line in lines)
        assert lines[-1] == "TestCP01 has stopped."


async def test_a_csms_that_is_away_is_said_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as finder:
        port = finder.getsockname()[1]
    process = await start(tmp_path, CSMS_URL=f"ws://127.0.0.1:{port}/ocpp", RECONNECT_MAX_SEC="1")
    assert process.stdout is not None
    await process.stdout.readline()
    said = (await asyncio.wait_for(process.stdout.readline(), 10)).decode()
    assert "the CSMS cannot be reached: connection refused" in said
    process.send_signal(signal.SIGTERM)
    out, _ = await asyncio.wait_for(process.communicate(), 10)
    assert out.decode().splitlines() == ["TestCP01 has stopped."]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CONNECTORS", "x", "CONNECTORS (--connectors) is 'x': allowed is a whole number"),
        ("MODEL", "nope", "MODEL (--model) is 'nope': there is no such model or file"),
        ("OCPP_KEYS", '{"HeartbeatInterval": "soon"}', "the OCPP key HeartbeatInterval cannot be"),
        ("OCPP_VERSION", "2.0.1", "planned and not built yet"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_code_2(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sim_core"],
        env=environment(tmp_path, **{name: value}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


async def test_two_with_the_same_state_do_not_fight(tmp_path: Path) -> None:
    async with Csms() as csms:
        url = f"ws://127.0.0.1:{csms.port}/ocpp"
        first = await start(tmp_path, CSMS_URL=url)
        await csms.wait_for(Booted, timeout_s=20)
        second = await start(tmp_path, CSMS_URL=url)
        _, err = await asyncio.wait_for(second.communicate(), 20)
        assert second.returncode == 2
        assert b"another ChargeForge is running with the state in" in err
        first.send_signal(signal.SIGTERM)
        await asyncio.wait_for(first.communicate(), 10)
        assert first.returncode == 0
