"""`python -m sim_core.csms` as its users meet it: a process, its lines, its exit code."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from sim_core.csms.__main__ import main
from tests.network import free_port
from tests.patience import PATIENCE_S, PROMPT_S

ROOT = Path(__file__).parents[2]


class Process:
    """The command with its standard output as lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def line(self, pattern: str) -> re.Match[str]:
        while True:
            raw = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE_S)
            assert raw, f"ended without {pattern!r}: {self.lines}"
            self.lines.append(raw.decode().rstrip("\n"))
            found = re.search(pattern, self.lines[-1])
            if found:
                return found

    async def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), PROMPT_S)


@pytest.fixture
async def run():
    started: list[asyncio.subprocess.Process] = []

    async def run(*arguments: str, **environment: str) -> Process:
        # asyncio in debug mode writes to the standard error that is looked at here.
        unwanted = ("API_KEY", "PYTHONASYNCIODEBUG")
        kept = {key: word for key, word in os.environ.items() if key not in unwanted}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "sim_core.csms",
            "--host",
            "127.0.0.1",
            *arguments,
            cwd=ROOT,
            env={**kept, **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        started.append(process)
        return Process(process)

    yield run
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_tells_every_change_and_ends_cleanly(run, number):
    csms = await run("--port", "0", "--http-port", str(free_port()), "--interval", "42")
    port = (await csms.line(r"ws://127\.0\.0\.1:(\d+)/ocpp/"))[1]
    api = (await csms.line(r"http://127\.0\.0\.1:(\d+)/api/v1"))[1]
    await csms.line("Warning: the API key is the public default")
    url = f"ws://127.0.0.1:{port}/ocpp/TestCP01%1B%5B2J"
    async with connect(url, subprotocols=["ocpp1.6"]) as charge_point:
        boot = {"chargePointVendor": "V", "chargePointModel": "M\u202e"}
        await charge_point.send(json.dumps([2, "1", "BootNotification", boot]))
        assert json.loads(await charge_point.recv())[2]["interval"] == 42
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}
        await charge_point.send(json.dumps([2, "2", "StatusNotification", status]))
        await csms.line(r"^\d\d:\d\d:\d\d TestCP01\\x1b\[2J booted: V M\\u202e")
        await csms.line(r"^\d\d:\d\d:\d\d TestCP01\\x1b\[2J connector 1 is Charging$")
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{api}/api/v1/health")
            assert answer.json()["ok"] is True
            assert await csms.end(number) == 0
    assert await csms.process.stderr.read() == b""


async def test_a_key_from_the_environment_and_no_warning(run):
    api = free_port()
    csms = await run("--port", "0", "--http-port", str(api), API_KEY="secret")
    await csms.line("HTTP API")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{api}", trust_env=False) as client:
        for key, status in (("secret", 200), ("changeme-123", 401)):
            answer = await client.get("/api/v1/active", headers={"X-API-Key": key})
            assert answer.status_code == status
    assert await csms.end(signal.SIGTERM) == 0
    rest = (await csms.process.stdout.read()).decode()
    assert "Warning" not in rest
    assert "secret" not in "\n".join(csms.lines) + rest


async def test_without_http(run):
    csms = await run("--port", "0", "--http-port", "0")
    await csms.line("ws://")
    assert await csms.end(signal.SIGTERM) == 0
    assert b"http://" not in await csms.process.stdout.read()


async def test_clients_that_stall_do_not_hold_up_the_end(run):
    port = free_port()
    csms = await run("--port", "0", "--http-port", str(port))
    await csms.line("HTTP API")
    request = (
        b"POST /api/v1/start HTTP/1.1\r\nHost: x\r\nX-API-Key: changeme-123\r\n"
        b"Expect: 100-continue\r\nContent-Length: 100\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    assert b"100" in await reader.readline()  # now the handler waits for the body
    assert await csms.end(signal.SIGTERM) == 0
    assert b"Traceback" not in await csms.process.stderr.read()
    last = (await csms.process.stdout.read()).decode().splitlines()[-1]
    assert re.fullmatch(r"The CSMS has ended: \d+ messages(, \d+ in a second at the most)?\.", last)
    writer.close()


async def test_a_reader_that_closes_the_pipe_is_a_clean_end(run):
    csms = await run("--port", "0", "--http-port", "0")
    port = (await csms.line(r"ws://127\.0\.0\.1:(\d+)/"))[1]
    csms.process.stdout._transport.close()
    async with connect(f"ws://127.0.0.1:{port}/ocpp/CP", subprotocols=["ocpp1.6"]):
        assert await asyncio.wait_for(csms.process.wait(), PATIENCE_S) == 0
    assert await csms.process.stderr.read() == b""


async def test_central_py_holds_the_boot_back(run):
    csms = await run("--port", "0", "--http-port", "0", "--central-py", "--boot-delay", "0.3")
    port = (await csms.line(r"ws://127\.0\.0\.1:(\d+)/"))[1]
    async with connect(f"ws://127.0.0.1:{port}/ocpp/CP", subprotocols=["ocpp1.6"]) as charge_point:
        boot = {"chargePointVendor": "V", "chargePointModel": "M"}
        await charge_point.send(json.dumps([2, "1", "BootNotification", boot]))
        frames = [json.loads(await charge_point.recv()) for _ in range(3)]
    assert [frame[2] for frame in (frames[0], frames[2])] == ["GetConfiguration", "DataTransfer"]
    assert frames[1][2]["status"] == "Accepted"


@pytest.mark.parametrize("which", ["--port", "--http-port"])
def test_a_port_in_use_is_one_sentence(which, capfd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        other = ["--port", "0"] if which == "--http-port" else ["--http-port", "0"]
        assert main(["--host", "127.0.0.1", which, port, *other]) == 1
    assert capfd.readouterr().err == (
        f"Cannot listen on 127.0.0.1:{port}: another program uses that port.\n"
    )


def test_help_explains_every_option(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith("usage: chargeforge csms")
    for option in (
        "--host",
        "--port",
        "--http-port",
        "--api-key",
        "--interval",
        "--boot-delay",
        "--central-py",
    ):
        assert option in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "70000"],
        ["--port", "x"],
        ["--interval", "0"],
        ["--boot-delay", "nan"],
        ["--boot-delay", "-1"],
        ["--api-key", ""],
    ],
)
def test_bad_options_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert told.endswith("`chargeforge csms --help` explains every option.\n")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--prot", "1"], "There is no option --prot: did you mean --port?"),
        (["--http-prt=1"], "There is no option --http-prt: did you mean --http-port?"),
        (["dance"], "There is no option dance."),
        ([""], "There is no option ''."),
    ],
)
def test_a_misspelt_option_is_guessed(arguments, sentence, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert capsys.readouterr().err.startswith(sentence)


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("sim_core.csms", ("ocpp", "websockets", "starlette", "uvicorn", "asyncio")),
        ("sim_core.csms.server", ("starlette", "uvicorn")),
        ("sim_core.csms.api", ("textual", "rich", "pydantic")),
    ],
)
def test_an_import_brings_only_what_it_needs(module, absent):
    program = f"import sys, {module}; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split())
    assert not loaded.intersection(absent)
    own = {name for name in loaded if name.startswith("sim_core.")}
    assert all(name.startswith(("sim_core.csms", "sim_core.http_door")) for name in own)
