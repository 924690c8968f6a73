"""The command line of `chargeforge replay`: what it prints, and its exit code."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from sim_core.replay.options import without_traces
from tests.patience import PATIENCE_S
from tests.replay.recorded import Log, csms, session

COMMAND = (sys.executable, "-m", "sim_core.replay")


async def run(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_text(session().text)
    return path


async def test_as_in_the_log_is_0(log: Path) -> None:
    async with csms() as behind:
        url = f"--csms-url=ws://127.0.0.1:{behind.port}"
        code, out, err = await run(str(log), url, "--speed", "1000")
    assert (code, "Traceback" in err) == (0, False)
    assert out.splitlines()[-1] == "6 requests: 6 answered as in the log."
    assert "12 lines: 12 frames" in err


async def test_otherwise_is_1_and_a_table(log: Path) -> None:
    async with csms() as behind:
        behind.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
        url = f"--csms-url=ws://127.0.0.1:{behind.port}"
        code, out, _ = await run(str(log), url, "--speed=1000")
        assert code == 1
        (row,) = (line for line in out.splitlines() if line.startswith("  1 "))
        assert row.split() == [
            "1",
            "10:00:01",
            "Authorize",
            "idTagInfo.status",
            "Accepted",
            "Blocked",
        ]
        code, out, _ = await run("--json", url, str(log), "--speed=1000")
        assert code == 1
        told = json.loads(out)
        assert told["verdicts"]["otherwise"] == 1
        assert told["differences"][0]["fields"] == [
            {"field": "idTagInfo.status", "in_the_log": "Accepted", "this_csms": "Blocked"}
        ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Name the log to replay"),
        (("nowhere.jsonl",), "cannot be read: No such file"),
        (("a", "b"), "One log at a time"),
        (("a", "--speed=0"), "allowed is a number from 0.1 to 1000"),
        (("a", "--from=nonsense"), "there are pcap, jsonl"),
        (("a", "--timezone=Nowhere/Land"), "there is no such zone"),
        ((__file__,), "has no OCPP-J frame"),
    ],
)
async def test_what_makes_no_sense_is_2_and_a_sentence(
    arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = await run(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


async def test_of_several_charge_points_one_must_be_named(tmp_path: Path) -> None:
    path = tmp_path / "two.jsonl"
    lines = []
    for name in ("A", "B"):
        said = Log().call("Heartbeat", {}, {"currentTime": "2026-05-04T10:00:00Z"})
        lines += [json.dumps(json.loads(line) | {"cp": name}) for line in said.lines]
    path.write_text("\n".join(lines))
    code, _, err = await run(str(path))
    assert code == 2
    assert "several charge points: A, B. Name one (--charge-point)" in err
    async with csms() as behind:
        url = f"--csms-url=ws://127.0.0.1:{behind.port}"
        await run(str(path), url, "--charge-point=B", "--speed=1000")
        assert behind.paths == ["/B"]


@pytest.mark.parametrize(
    ("words", "traces", "rest"),
    [
        (["t", "--speed", "20"], ["t"], ["--speed", "20"]),
        (["--speed", "20", "t"], ["t"], ["--speed", "20"]),
        (["--speed=20", "t"], ["t"], ["--speed=20"]),
        (["--json", "t"], ["t"], ["--json=true"]),
        (["--boot", "false", "t"], ["t"], ["--boot", "false"]),
        (["--keep-times", "t", "--no-screen"], ["t"], ["--keep-times=true", "--no-screen=true"]),
        (["--help"], [], ["--help"]),
    ],
)
def test_the_log_may_stand_anywhere(words: list[str], traces: list[str], rest: list[str]) -> None:
    assert without_traces(words) == (traces, rest)
