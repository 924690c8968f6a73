"""Every command from the outside: what it says where streams, files or the moment are odd."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples import pairs
from tests.network import free_port
from tests.patience import PATIENCE_S
from tests.scripted_csms import Answer, Call, CallError, Drop, ScriptedCsms
from tests.sidecar.beside import client
from tests.sim_core.test_redaction import comes_up

URL_OF_NOBODY = "ws://127.0.0.1:9/ocpp"
ON_NOTHING = ("--state-dir", ":memory:", "--http-port", "0", "--csms-url", "ws://127.0.0.1:9/ocpp")
COMMANDS: dict[str, tuple[str, ...]] = {
    "headless": ("headless", *ON_NOTHING),
    "demo": ("demo", "--http-port", "0"),
    "run": ("run", *ON_NOTHING),
    "fleet": ("fleet", "--count", "2", *ON_NOTHING),
    "csms": ("csms", "--host", "127.0.0.1", "--port", "0", "--http-port", "0"),
}
"""Those that go on until they are stopped, without a terminal."""


def command(*words: str, **more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tui", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **more},
    )


def finished(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    return process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("name", "module"),
    [
        *pairs(COMMANDS, ("asyncio", "websockets")),
        ("headless", "sim_core.errors"),
        ("fleet", "pydantic"),
        ("demo", "textual"),
        ("run", "sim_core.sidecar"),
    ],
)
def test_ctrl_c_while_it_is_being_imported_is_no_traceback(name: str, module: str) -> None:
    more = ("--ocpp-keys", "{}") if module == "pydantic" else ()  # what only pydantic reads
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED_WHILE_IMPORTING, module, *COMMANDS[name], *more],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    code, _, err = finished(process)
    assert "Traceback" not in err
    assert "Exception" not in err
    assert code in (0, 130)


INTERRUPTED_WHILE_IMPORTING = """
import os, signal, sys, importlib.abc
_, module, *words = sys.argv
sys.argv = ["chargeforge", *words]
class Interrupts(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)
from tui.__main__ import main
import sim_core.standard_streams
sys.meta_path.insert(0, Interrupts())
sys.exit(main())
"""
"""Sends SIGINT to itself when a module is looked for. Where that is never so the test hangs."""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_reader_that_leaves_is_an_end_without_traceback(name: str) -> None:
    process = command(*COMMANDS[name])
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert b"Traceback" not in err
    assert b"Exception" not in err


async def test_a_stdout_that_was_closed_before_the_start() -> None:
    """Nobody wants to read: it runs all the same, and no socket takes the place of stdout."""
    port = free_port()
    words = ("headless", *ON_NOTHING[:2], "--http-port", str(port), *ON_NOTHING[4:])
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", 'exec "$0" "$@" >&-', sys.executable, "-m", "tui", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with client(port) as http:
        await comes_up(http)
    process.send_signal(signal.SIGTERM)
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert (process.returncode, err) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("words", [["--help"], ["screenshot"]])
def test_a_full_disk_under_stdout_is_a_sentence(words: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tui", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "What is said cannot be written: No space left on device.\n"


NO_LOG_FILE = {
    "no/such/folder.log": "there is no such folder; make the folder no/such first",
    ".": "that is a folder; name a file in it",
    "/proc/version": "LOG_FILE (--log-file) is '/proc/version': ",
}


@pytest.mark.parametrize(("name", "path"), pairs(("headless", "run", "demo", "fleet"), NO_LOG_FILE))
def test_a_log_file_that_cannot_be_is_a_sentence(name: str, path: str) -> None:
    code, _, err = finished(command(*COMMANDS[name], LOG_FILE=path))
    assert code == 2
    assert NO_LOG_FILE[path] in err
    assert err.rstrip().endswith("It comes from the environment variable LOG_FILE.")
    assert len(err.strip().splitlines()) == 1


def test_a_log_that_would_wait_for_a_reader_is_a_sentence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    code, _, err = finished(command(*COMMANDS["headless"], LOG_FILE=str(tmp_path / "pipe")))
    assert code == 2
    assert "nobody reads that pipe; start its reader first, or name a file" in err


@pytest.mark.parametrize(
    ("name", "end"), pairs(("headless", "run", "fleet"), ("", "-wal", ".lock"))
)
def test_a_log_that_would_spoil_the_state_is_a_sentence(
    name: str, end: str, tmp_path: Path
) -> None:
    words = (*COMMANDS[name], "--state-dir", str(tmp_path), "--cpid", "A")
    code, _, err = finished(command(*words, LOG_FILE=str(tmp_path / f"A.sqlite3{end}")))
    assert code == 2
    assert "there a charge point keeps its state; name another file." in err
    assert not any(tmp_path.iterdir())


def test_a_log_that_is_a_pipe_holds_up_neither_start_nor_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        process = command(*COMMANDS["headless"], LOG_FILE=str(tmp_path / "pipe"))
        assert process.stdout is not None
        while b"cannot be reached" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGTERM)
        code, _, err = finished(process)
        assert (code, err) == (0, "")
        assert b"cannot be reached" in os.read(reader, 65_536)
    finally:
        os.close(reader)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_the_csms_that_is_run_as_a_module_has_the_same_door() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "sim_core.csms", "--help"],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            env={name: word for name, word in os.environ.items() if name != "PYTHONUNBUFFERED"},
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "What is said cannot be written: No space left on device.\n"


@pytest.mark.parametrize("words", [("tui", "doctor"), ("sim_core.doctor",)])
def test_the_doctor_writes_no_escapes_where_only_ascii_can_be_shown(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            *words,
            "--state-dir",
            ":memory:",
            "--cpid",
            "Zürich",
            URL_OF_NOBODY,
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.startswith(b"Zurich at ws://127.0.0.1:9/ocpp\n")


@pytest.mark.parametrize("name", ["", "csms"])
def test_every_command_says_its_version(name: str) -> None:
    code, out, err = finished(command(*([name] if name else []), "--version"))
    assert (code, err) == (0, "")
    assert out.startswith("chargeforge ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_disk_that_is_full_for_the_log_costs_the_log_only() -> None:
    process = command(*COMMANDS["headless"], LOG_FILE="/dev/full")
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said = line.decode()
        if "LOG_FILE" in said:
            break
    assert "/dev/full cannot be written to any more: no space left on device" in said
    process.send_signal(signal.SIGTERM)
    code, out, err = finished(process)
    assert (code, err) == (0, "")
    assert out.endswith("TestCP01 has stopped.\n")


NARROW = (
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "cp1252"},
    {"LC_ALL": "C", "PYTHONIOENCODING": ""},
)


@pytest.mark.parametrize(
    ("name", "narrow"), pairs(("headless", "demo", "fleet", "csms"), NARROW), ids=str
)
def test_an_output_that_is_not_utf_8_gets_what_it_can_show(
    name: str, narrow: dict[str, str]
) -> None:
    if name == "csms":
        words: tuple[str, ...] = COMMANDS[name]
    else:
        words = (*COMMANDS[name], "--cpid", "Zoë│สวัส")
    process = command(*words, **narrow)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert (out + err).isascii()
    assert b"\\u" not in out + err
    assert b"\\x" not in out + err


def test_a_picture_as_text_is_drawn_in_ascii_there() -> None:
    code, out, _ = finished(command("screenshot", "dashboard", **NARROW[0]))
    assert code == 0
    assert out.isascii()
    assert "?" not in out.splitlines()[2]
    assert "\\u" not in out


# -- what the CSMS does not take -------------------------------------------------------------------


async def told_by(
    tmp_path: Path, csms: ScriptedCsms, *flags: str
) -> tuple[list[str], list[str], list[str]]:
    """(stdout, log file, warnings of /info) of a headless charge point that meets this CSMS."""
    port, log = free_port(), tmp_path / "log.txt"
    process = command(
        *("headless", "--csms-url", csms.url, "--state-dir", ":memory:", "--http-port", str(port)),
        *("--log-file", str(log), "--call-timeout-sec", "1", "--model", "generic", *flags),
    )
    async with client(port) as http:
        await csms.next_call("BootNotification")
        await csms.next_call("StatusNotification")
        await http.post("/plug/1")
        await http.post("/local_start/1", params={"id_tag": "TAG"})
        await csms.next_call("StartTransaction")
        warnings: list[str] = []
        while not warnings:
            warnings = (await http.get("/info")).json()["warnings"]
    process.send_signal(signal.SIGTERM)
    _, out, err = await asyncio.to_thread(finished, process)
    assert err == ""
    return out.splitlines(), log.read_text("utf-8").splitlines(), warnings


@pytest.mark.parametrize("form", ["plain", "json"])
async def test_a_refusal_is_on_stdout_in_the_log_and_among_the_warnings(
    tmp_path: Path, form: str
) -> None:
    async with ScriptedCsms() as csms:
        csms.script["StartTransaction"] += [CallError("InternalError", "no tariff for TAG")] * 9
        out, log, warnings = await told_by(tmp_path, csms, "--log-format", form)
    sentence = (
        "the CSMS refused StartTransaction of connector 1: InternalError 'no tariff for TAG'; "
        "attempt 1 of 3, it is sent again in "
    )
    assert sum(sentence in line for line in out) == 1
    assert sum(sentence in line for line in log) == 1
    assert warnings == ["the CSMS refused StartTransaction: InternalError 'no tariff for TAG'"]
    if form == "json":
        told = next(one for line in out if (one := json.loads(line))["kind"] == "refusal")
        assert (told["action"], told["code"], told["connector"]) == (
            "StartTransaction",
            "InternalError",
            1,
        )
        assert any(json.loads(line)["level"] == "WARNING" for line in log)
    else:
        assert any("WARNING sim_core.station the CSMS refused" in line for line in log)


async def test_silence_is_told_with_how_long_it_was(tmp_path: Path) -> None:
    async with ScriptedCsms() as csms:
        csms.script["StartTransaction"] += [Drop()] * 9
        out, _, warnings = await told_by(tmp_path, csms)
    assert any("did not answer StartTransaction of connector 1 within 1 s" in one for one in out)
    assert warnings == ["the CSMS did not answer StartTransaction within 1 s"]


async def test_a_fleet_tells_a_refusal_once_for_all(tmp_path: Path) -> None:
    async with NoStatus() as csms:
        log = tmp_path / "log.txt"
        process = command(
            *("fleet", "--count", "30", "--boots-per-sec", "100", "--http-port", "0"),
            *("--csms-url", csms.url, "--log-file", str(log), "--model", "generic"),
        )
        await csms.until(lambda: len(csms.of("StatusNotification")) >= 60)
        process.send_signal(signal.SIGTERM)
        code, out, err = await asyncio.to_thread(finished, process)
    assert code == 0, err
    told = [line for line in out.splitlines() if "refused StatusNotification" in line]
    assert 1 <= len(told) <= 3
    assert "InternalError 'no'" in told[0]
    assert len(log.read_text("utf-8").splitlines()) <= 5


class NoStatus(ScriptedCsms):
    """Refuses every StatusNotification of whoever comes."""

    def choose(self, call: Call) -> Answer:
        if call.action == "StatusNotification":
            return CallError("InternalError", "no")
        return super().choose(call)
