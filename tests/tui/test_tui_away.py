"""The charge point while its dashboard is away: in a shell, or gone with its terminal for good."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pty_terminal import PtyTerminal
from tiny_csms import TinyCsms

from tests.patience import PATIENCE_S

BASH = shutil.which("bash") or "/bin/bash"


@pytest.fixture
def csms() -> Iterator[TinyCsms]:
    tiny = TinyCsms()
    yield tiny
    tiny.close()


SHELL = re.compile(r"shell=(\d+)=")
"""What the shell prints, and not what was typed into it."""


def heartbeats_go_on(terminal: PtyTerminal, csms: TinyCsms) -> None:
    before = csms.count("Heartbeat")
    terminal.until(lambda: csms.count("Heartbeat") >= before + 2)


# -- a shell in between ----------------------------------------------------------------------------


@pytest.fixture
def outer(csms: TinyCsms, tmp_path: Path) -> Iterator[PtyTerminal]:
    """A real shell in which the dashboard was started."""
    terminal = PtyTerminal(
        "--norc",
        program=BASH,
        PS1="outer$ ",
        SHELL=BASH,
        HOME=str(tmp_path),
        HISTFILE="",
    )
    terminal.type(f"{sys.executable} -m tui run --csms-url {csms.url}\n")
    terminal.until(lambda: "online, Accepted" in terminal.text)
    yield terminal
    terminal.close()


def in_the_shell(outer: PtyTerminal) -> None:
    outer.type("\x1a")
    outer.until(lambda: "The charge point goes on." in outer.text)
    assert outer.left_clean
    outer.type("echo shell=$$=\n")
    outer.until(lambda: SHELL.search(outer.text) is not None)


def shell_pid(outer: PtyTerminal) -> int:
    found = SHELL.search(outer.text)
    assert found
    return int(found[1])


def test_a_shell_and_back_in_another_size_with_the_charge_point_running(
    outer: PtyTerminal, csms: TinyCsms
) -> None:
    in_the_shell(outer)
    heartbeats_go_on(outer, csms)
    outer.type("sleep 60\n")
    outer.read_for(0.3)
    outer.type("\x03")  # is for what runs in the shell, not for the dashboard behind it
    outer.type("echo $((6 * 7))\n")
    outer.until(lambda: "\n42" in outer.text)
    outer.resize(100, 30)
    outer.type("exit\n")
    outer.until(lambda: "online, Accepted" in outer.text)
    outer.until(lambda: "^p find" in outer.screen.display[29])
    assert outer.screen.display[1].rstrip()[-1] in "╮┓╗"
    assert len(outer.screen.display[1].rstrip()) == 100
    outer.type("2")
    outer.until(lambda: "▸2" in outer.text)  # keys arrive again
    outer.type("q")
    outer.until(lambda: "outer$" in outer.text)
    outer.type("echo code=$?\n")
    outer.until(lambda: "code=0" in outer.text)
    assert outer.left_clean


def test_a_shell_that_is_killed_brings_the_dashboard_back(outer: PtyTerminal) -> None:
    in_the_shell(outer)
    os.kill(shell_pid(outer), signal.SIGKILL)
    outer.until(lambda: "online, Accepted" in outer.text)
    outer.type("q")
    outer.until(lambda: "outer$" in outer.text)
    assert outer.left_clean


def test_the_end_does_not_wait_for_the_shell(outer: PtyTerminal) -> None:
    in_the_shell(outer)
    shell = shell_pid(outer)
    dashboard = int(Path(f"/proc/{shell}/stat").read_text().rsplit(")", 1)[1].split()[1])
    begin = time.monotonic()
    os.kill(dashboard, signal.SIGTERM)
    outer.until(lambda: not Path(f"/proc/{dashboard}").exists())
    assert time.monotonic() - begin < 4, "the watchdog ended it, not the orderly way"
    outer.until(lambda: not Path(f"/proc/{shell}").exists())
    assert outer.left_clean
    outer.type("echo code=$?\n")
    outer.until(lambda: "code=0" in outer.text)


# -- without a terminal ----------------------------------------------------------------------------


def wait_until(condition: object, patience: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def kept(csms: TinyCsms, tmp_path: Path) -> Iterator[PtyTerminal]:
    terminal = PtyTerminal(
        "-m",
        "tui",
        "run",
        "--keep-running",
        "true",
        "--csms-url",
        csms.url,
        "--log-file",
        str(tmp_path / "log"),
    )
    terminal.until(lambda: "online, Accepted" in terminal.text)
    yield terminal
    terminal.close()


def test_after_a_hang_up_it_goes_on_without_a_screen(
    kept: PtyTerminal, csms: TinyCsms, tmp_path: Path
) -> None:
    kept.signal(signal.SIGHUP)
    kept.until(lambda: kept.left_clean)
    kept.until(lambda: f"goes on: kill {kept.pid} ends it" in kept.text)
    heartbeats_go_on(kept, csms)
    kept.signal(signal.SIGHUP)  # the terminal can go only once
    heartbeats_go_on(kept, csms)
    assert kept.read(0.5) == 0
    kept.signal(signal.SIGTERM)
    assert kept.wait() == 0
    log = (tmp_path / "log").read_text()
    assert "goes on without it" in log
    assert "TestCP01 has stopped." in log


def test_a_terminal_that_is_closed_does_not_end_it(
    kept: PtyTerminal, csms: TinyCsms, tmp_path: Path
) -> None:
    kept.hang_up()
    log = tmp_path / "log"
    wait_until(lambda: "goes on without it" in log.read_text())
    before = csms.count("Heartbeat")
    wait_until(lambda: csms.count("Heartbeat") >= before + 2)
    kept.signal(signal.SIGTERM)
    wait_until(kept.ended)
    assert kept.code == 0
    assert "TestCP01 has stopped." in log.read_text()


def test_without_the_option_a_closed_terminal_is_the_end(csms: TinyCsms) -> None:
    terminal = PtyTerminal("-m", "tui", "run", "--csms-url", csms.url)
    try:
        terminal.until(lambda: "online, Accepted" in terminal.text)
        terminal.hang_up()
        wait_until(terminal.ended)
        assert terminal.code == 0
    finally:
        terminal.close()
