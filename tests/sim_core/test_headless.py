"""`python -m sim_core`: plain sentences, exit codes, signals; what runs is a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sim_core.__main__ import main
from sim_core.csms import Csms
from sim_core.csms.events import Booted, MeterReported, TransactionStarted, TransactionStopped
from tests.network import free_port
from tests.patience import PATIENCE_S, PROMPT_S
from tests.sidecar.beside import client


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
        await csms.wait_for(Booted, timeout_s=PATIENCE_S)
        process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        lines = out.decode().splitlines()
        assert process.returncode == 0, err
        assert err == b""
        assert lines[0].startswith("TestCP01 starts")
        assert any("connected to ws://" in line for line in lines)
        assert lines[-1] == "TestCP01 has stopped."


RECORDING = """\
steps:
  - {at: 0, do: plug, connector: 1}
  - {at: 1, do: local_start, connector: 1}
"""


async def test_several_play_a_recording_and_each_line_says_whose_it_is(tmp_path: Path) -> None:
    recording = tmp_path / "recording.yaml"
    recording.write_text(RECORDING, "utf-8")
    async with Csms() as csms:
        url = f"ws://127.0.0.1:{csms.port}/ocpp"
        more = {"CPID": "A,B", "PLAY": str(recording), "TIME_SCALE": "20", "CSMS_URL": url}
        process = await start(tmp_path, **more)
        await csms.until(lambda ledger: len(ledger.active) == 2, timeout_s=PATIENCE_S)
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    lines = out.decode().splitlines()
    assert (process.returncode, err) == (0, b"")
    assert [line.split(" starts")[0] for line in lines[:2]] == ["A", "B"]
    for cpid in ("A", "B"):
        assert any(f" {cpid}: a recording of 2 steps was played" in line for line in lines)
        assert f"{cpid} has stopped." in lines[-2:]


async def test_a_csms_that_is_away_is_said_once(tmp_path: Path) -> None:
    process = await start(
        tmp_path, CSMS_URL=f"ws://127.0.0.1:{free_port()}/ocpp", RECONNECT_MAX_SEC="1"
    )
    assert process.stdout is not None
    await process.stdout.readline()
    said = (await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)).decode()
    assert "the CSMS cannot be reached: connection refused" in said
    process.send_signal(signal.SIGTERM)
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert out.decode().splitlines() == ["TestCP01 has stopped."]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CONNECTORS", "x", "CONNECTORS (--connectors) is 'x': allowed is a whole number"),
        ("MODEL", "nope", "MODEL (--model) is 'nope': there is no such model or file"),
        ("OCPP_KEYS", '{"HeartbeatInterval": "soon"}', "the OCPP key HeartbeatInterval cannot be"),
        ("OCPP_VERSION", "2.1", "OCPP_VERSION (--ocpp-version) is '2.1'"),
        ("PLAY", "/no/such/file", "PLAY (--play): /no/such/file cannot be played"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_code_2(
    tmp_path: Path,
    name: str,
    value: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for variable, word in environment(tmp_path, **{name: value}).items():
        monkeypatch.setenv(variable, word)
    assert main([]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert len(told.strip().splitlines()) == 1


async def test_two_with_the_same_state_do_not_fight(tmp_path: Path) -> None:
    async with Csms() as csms:
        url = f"ws://127.0.0.1:{csms.port}/ocpp"
        first = await start(tmp_path, CSMS_URL=url)
        await csms.wait_for(Booted, timeout_s=PATIENCE_S)
        second = await start(tmp_path, CSMS_URL=url)
        _, err = await asyncio.wait_for(second.communicate(), PATIENCE_S)
        assert second.returncode == 2
        assert b"another ChargeForge is running with the state in" in err
        first.send_signal(signal.SIGTERM)
        await asyncio.wait_for(first.communicate(), PATIENCE_S)
        assert first.returncode == 0


# -- for servers -----------------------------------------------------------------------------------


async def end(process: asyncio.subprocess.Process, number: signal.Signals) -> tuple[bytes, bytes]:
    """Within the time that a container is given."""
    process.send_signal(number)
    return await asyncio.wait_for(process.communicate(), PROMPT_S)


async def charge(csms: Csms, port: int) -> TransactionStarted:
    """Start a transaction over HTTP and wait until the CSMS has heard of its energy."""
    async with client(port) as http:
        assert (await http.post("/plug/1")).status_code == 200
        assert (await http.post("/local_start/1?id_tag=TAG")).status_code == 200
    begun = await csms.wait_for(TransactionStarted, timeout_s=PATIENCE_S)
    await csms.wait_for(MeterReported, timeout_s=PATIENCE_S)
    return begun


async def test_json_is_one_object_a_line(tmp_path: Path) -> None:
    async with Csms() as csms:
        url = f"ws://127.0.0.1:{csms.port}/ocpp"
        process = await start(tmp_path, CSMS_URL=url, LOG_FORMAT="json", CPID="CP\x1b[2J")
        await csms.wait_for(Booted, timeout_s=PATIENCE_S)
        out, err = await end(process, signal.SIGTERM)
        assert process.returncode == 0, err
        assert b"\x1b" not in out
        told = [json.loads(line) for line in out.decode().splitlines()]
        assert {"at", "kind", "text"} <= set.intersection(*(set(one) for one in told))
        assert [told[0]["kind"], told[-1]["kind"]] == ["start", "end"]
        assert any(one["kind"] == "link" and "connected to" in one["text"] for one in told)


async def test_json_tells_a_failure_too(tmp_path: Path) -> None:
    process = await start(tmp_path, MODEL="nope", LOG_FORMAT="json")
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 2
    told = json.loads(err)
    assert told["kind"] == "failure"
    assert "there is no such model" in told["text"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"STOP_ON_EXIT": "true"}, "Reboot"),
        ({"STATE_DIR": ":memory:"}, "Reboot"),
        ({}, None),
    ],
    ids=["as asked", "nothing is kept", "by default"],
)
async def test_sigterm_stops_what_charges_as_configured(
    tmp_path: Path, options: dict[str, str], reason: str | None
) -> None:
    port = free_port()
    async with Csms() as csms:
        url = f"ws://127.0.0.1:{csms.port}/ocpp"
        process = await start(tmp_path, CSMS_URL=url, HTTP_PORT=str(port), **options)
        await csms.wait_for(Booted, timeout_s=PATIENCE_S)
        begun = await charge(csms, port)
        _, err = await end(process, signal.SIGTERM)
        assert process.returncode == 0, err
        if reason is None:  # the journal has it: the next start goes on with it or ends it
            assert csms.ledger.session("TestCP01", transaction_id=begun.transaction_id)
            return
        stop = await csms.wait_for(TransactionStopped)
        assert (stop.transaction_id, stop.reason) == (begun.transaction_id, reason)


async def test_a_reader_that_closes_the_pipe_is_a_clean_end(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sim_core",
        env=environment(tmp_path, CSMS_URL="ws://127.0.0.1:9/ocpp"),
        stdout=writing,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writing)
    os.close(reading)
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert (process.returncode, err) == (0, b"")


async def test_a_reader_that_stalls_holds_up_neither_the_charge_point_nor_its_end(
    tmp_path: Path,
) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:  # no room is left in the pipe from the first line on
            os.write(writing, b"\0" * 512)
    os.set_blocking(writing, True)
    port = free_port()
    async with Csms() as csms:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "sim_core",
            env=environment(
                tmp_path, CSMS_URL=f"ws://127.0.0.1:{csms.port}/ocpp", HTTP_PORT=str(port)
            ),
            stdout=writing,
            stderr=asyncio.subprocess.PIPE,
        )
        os.close(writing)
        await csms.wait_for(Booted, timeout_s=PATIENCE_S)
        async with client(port) as http:
            assert (await http.get("/health")).status_code == 200
        _, err = await end(process, signal.SIGTERM)
        assert (process.returncode, err) == (0, b"")
    os.close(reading)


@contextlib.contextmanager
def heeded(number: signal.Signals) -> Iterator[None]:
    """A child heeds this signal, even where the tests run under nohup, which ignores it."""
    before = signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(number, before)


async def test_a_hangup_is_an_end_in_good_order(tmp_path: Path) -> None:
    async with Csms() as csms:
        with heeded(signal.SIGHUP):
            process = await start(tmp_path, CSMS_URL=f"ws://127.0.0.1:{csms.port}/ocpp")
        await csms.wait_for(Booted, timeout_s=PATIENCE_S)
        out, err = await end(process, signal.SIGHUP)
        assert (process.returncode, err) == (0, b"")
        assert out.endswith(b"TestCP01 has stopped.\n")


async def test_a_silent_csms_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """The journal is given a moment, not the time that a call may take."""
    port = free_port()
    async with Csms() as csms:
        url = f"ws://127.0.0.1:{csms.port}/ocpp"
        process = await start(tmp_path, CSMS_URL=url, HTTP_PORT=str(port), STOP_ON_EXIT="true")
        await csms.wait_for(Booted, timeout_s=PATIENCE_S)
        await charge(csms, port)
        async with client(port) as http:
            assert (await http.post("/silent")).status_code == 200
        _, err = await end(process, signal.SIGTERM)
        assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("MODEL=nope", "there is no such model"),
        ("CA_CERT=/nowhere.pem", "/nowhere.pem cannot be used"),
        ('OCPP_KEYS={"HeartbeatInterval": "soon"}', "the OCPP key HeartbeatInterval cannot be"),
    ],
)
def test_what_only_a_charge_point_can_judge_says_where_it_comes_from(
    tmp_path: Path,
    line: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / ".env").write_text(f"\n{line}\n")
    monkeypatch.chdir(tmp_path)
    for variable, word in environment(tmp_path).items():
        monkeypatch.setenv(variable, word)
    assert main([]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.endswith("It comes from .env, line 2.\n")


async def test_what_is_probably_a_mistake_is_said_and_stands(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CONECTORS=3\n")
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sim_core"),
        env=environment(tmp_path, CSMS_URL="ws://127.0.0.1:9/ocpp", HTTP_PORT=str(port))
        | {"PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    remark = ".env, line 1: CONECTORS is no option: did you mean CONNECTORS?"
    assert process.stdout is not None
    while remark not in (line := (await process.stdout.readline()).decode()):
        assert line, "it has ended without a word about it"
    async with client(port) as http:
        for _ in range(1_000):
            with contextlib.suppress(httpx.ConnectError):
                assert remark in (await http.get("/info")).json()["warnings"]
                break
            await asyncio.sleep(0.02)  # another process needs real time
    _, err = await end(process, signal.SIGTERM)
    assert (process.returncode, err) == (0, b"")


async def test_a_reconnect_says_accepted_again(tmp_path: Path) -> None:
    port = free_port()
    async with Csms() as csms:
        url = f"ws://127.0.0.1:{csms.port}/ocpp"
        process = await start(tmp_path, CSMS_URL=url, HTTP_PORT=str(port))
        await csms.wait_for(Booted, timeout_s=PATIENCE_S)
        async with client(port) as http:
            assert (await http.post("/link/down")).json()["online"] is False
            assert "Accepted" not in (await http.get("/health")).text
            await http.post("/link/up")
            health = ""
            while "Accepted" not in health:  # as CI does
                health = (await http.get("/health")).text
        out, err = await end(process, signal.SIGTERM)
        assert (process.returncode, err) == (0, b"")
        assert out.decode().count("Accepted") == 2
