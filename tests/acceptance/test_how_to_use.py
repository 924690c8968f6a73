"""HowToUse, typed from top to bottom: every command for a POSIX shell, against real processes;
and the commands of the page about other CSMSs, each against a CSMS in the place that it names.

Whoever types is not slow here: a command that has to wait for something says so itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sim_core.bedside.options import BedsideSettings, place_to_listen
from sim_core.settings.loading import load_as
from tests.documents import ROOT
from tests.network import free_port
from tests.scripted_csms import ScriptedCsms

HOW_TO_USE, _, BESIDE = (ROOT / "HowToUse.me").read_text("utf-8").partition("\n## 4. Beside")
TYPED = [
    block
    for block in re.findall(r"```sh\n(.*?)```", HOW_TO_USE, flags=re.DOTALL)
    if "curl " in block
]
OTHERS = [
    line
    for line in (ROOT / "docs" / "other-csms.md").read_text("utf-8").splitlines()
    if line.startswith("chargeforge ")
]
PATIENCE_S = 120.0
STRICT = 'set -eu; curl() { command curl -sS --fail-with-body "$@" && echo; }\n'
"""A refusal (HTTP 4xx) ends the block; each answer gets a line of its own."""
UNTIL_ACCEPTED = (
    "until curl http://127.0.0.1:7071/health 2>/dev/null | grep -q Accepted; do sleep 0.2; done"
)


def test_there_is_something_to_type() -> None:
    assert len(TYPED) > 5


@pytest.mark.skipif(shutil.which("curl") is None, reason="it is typed with curl")
async def test_how_to_use_can_be_typed_from_top_to_bottom(tmp_path: Path) -> None:
    ports = {port: str(free_port()) for port in ("9000", "8080", "7071", "8000")}
    csms = ["csms", "--host", "127.0.0.1", "--port", ports["9000"], "--http-port", ports["8080"]]
    run = ["headless", "--csms-url", f"ws://127.0.0.1:{ports['9000']}/ocpp"]
    run += ["--http-port", ports["7071"], "--state-dir", str(tmp_path / "state")]
    async with (
        _chargeforge(tmp_path, csms),
        _chargeforge(tmp_path, run),
        _shells() as shells,
    ):
        await _type(shells, UNTIL_ACCEPTED, ports, tmp_path)
        for block in TYPED:
            answers = await _type(shells, block, ports, tmp_path)
            assert '"ok":false' not in answers, f"{block}\nanswered\n{answers}"
            assert "Rejected" not in answers, f"{block}\nanswered\n{answers}"


@asynccontextmanager
async def _shells() -> AsyncIterator[set[int]]:
    """The shells that were typed into; what they have left running ends with them."""
    groups: set[int] = set()
    try:
        yield groups
    finally:
        for group in groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGTERM)


async def _type(shells: set[int], block: str, ports: dict[str, str], folder: Path) -> str:
    """Run the lines of a block; what they print."""
    for usual, here in ports.items():
        block = re.sub(rf"(?<=[: ]){usual}\b", here, block)
    printed = folder / "printed.txt"
    with printed.open("wb") as out:  # a pipe would be kept open by what the block leaves running
        shell = await asyncio.create_subprocess_exec(
            "bash", "-c", f"{STRICT}{block}",
            stdout=out, stderr=asyncio.subprocess.STDOUT, cwd=folder, start_new_session=True,
        )  # fmt: skip
    shells.add(shell.pid)
    await asyncio.wait_for(shell.wait(), PATIENCE_S)
    said = printed.read_text("utf-8", "replace")
    assert shell.returncode == 0, f"{block}\nprinted\n{said}"
    return said


@asynccontextmanager
async def _chargeforge(
    folder: Path,
    words: list[str],
    stdout: int = asyncio.subprocess.DEVNULL,
    *,
    ends: bool = False,
) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tui", *words, cwd=folder, env=environment,
        stdout=stdout, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield child
    finally:
        if not ends:
            child.send_signal(signal.SIGTERM)
        await asyncio.wait_for(child.wait(), PATIENCE_S)


@pytest.mark.parametrize("line", OTHERS)
async def test_what_is_typed_for_another_csms_gets_in(line: str, tmp_path: Path) -> None:
    words = shlex.split(line)[1:]
    async with ScriptedCsms() as csms:
        if "--csms-url" in words:
            at = words.index("--csms-url") + 1
            words[at] = re.sub(r"//[^/]+", f"//127.0.0.1:{csms.port}", words[at])
        else:
            words += ["--csms-url", csms.url]
        words += ["--http-port", "0", "--state-dir", ":memory:"]
        async with _chargeforge(tmp_path, ["headless", *words], asyncio.subprocess.PIPE) as run:
            assert run.stdout is not None
            said = b""
            while b"Accepted" not in said:
                said = await asyncio.wait_for(run.stdout.readline(), PATIENCE_S)
                assert said, f"{line}: it has ended"
        named = words[words.index("--cpid") + 1] if "--cpid" in words else "TestCP01"
        assert [path.count(named) for path in csms.paths] == [1]


async def test_the_chapter_beside_a_real_charger_can_be_typed(tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", BESIDE, flags=re.DOTALL)
    csms, relay, metal, driver, charger, looking, other, show, play, judge = (
        block.strip() for block in blocks
    )
    ports = {port: str(free_port()) for port in ("9000", "9001", "7072")}

    def words(line: str, *more: str) -> list[str]:
        for usual, here in ports.items():
            line = re.sub(rf"(?<=[: ]){usual}\b", here, line)
        return [*shlex.split(line)[1:], *more]

    kept = ("--state-dir", str(tmp_path / "state"), "--http-port", "0")
    async with (
        _chargeforge(tmp_path, words(csms, "--port", ports["9000"], "--http-port", "0")),
        _chargeforge(tmp_path, words(relay, *kept)),
        _chargeforge(tmp_path, words(metal, "--state-dir", ":memory:", "--time-scale", "10")),
        _shells() as shells,
    ):
        await _type(shells, UNTIL_ACCEPTED.replace("7071", ports["7072"]), {}, tmp_path)
        answers = await _type(shells, driver, ports, tmp_path)
        assert "started" in answers
    *typed, _ = words(show)
    (recorded,) = (tmp_path / "state" / "recordings" / "METAL01").glob("*.jsonl")
    async with _chargeforge(
        tmp_path, [*typed, str(recorded)], asyncio.subprocess.PIPE, ends=True
    ) as shown:
        out, _ = await asyncio.wait_for(shown.communicate(), PATIENCE_S)
    assert "StartTransaction" in out.decode()
    assert set(shlex.split(metal)) ^ set(shlex.split(other)) == {"all", "none"}
    async with _chargeforge(tmp_path, words(csms, "--port", ports["9000"], "--http-port", "0")):
        for line in (play, judge):
            again = words(line.replace("charger.jsonl", shlex.quote(str(recorded))))
            async with _chargeforge(
                tmp_path, [*again, "--no-screen"], asyncio.subprocess.PIPE, ends=True
            ) as replayed:
                out, _ = await asyncio.wait_for(replayed.communicate(), PATIENCE_S)
            assert replayed.returncode == 0, out.decode()
    for line in (charger, looking):  # as they stand, but for the port and for who is at the end
        settings = load_as(BedsideSettings, shlex.split(line)[2:], "chargeforge bedside")
        assert place_to_listen(settings.bedside_listen) == ("0.0.0.0", 9000)
        assert settings.bedside_look_only is (line is looking)
