"""The real command in a real pty: first sight, traffic, a stalled terminal, every way out."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pty_terminal import PtyTerminal
from websockets.sync.server import Server, ServerConnection, serve

DEMO = ("-m", "tui", "demo")


@pytest.fixture
def demo() -> Iterator[PtyTerminal]:
    terminal = PtyTerminal(*DEMO)
    yield terminal
    terminal.close()


def test_a_stranger_sees_it_charge_and_q_leaves_at_once_when_nothing_is_open(
    demo: PtyTerminal,
) -> None:
    demo.until(lambda: "▶ Charging" in demo.text)
    assert "MeterValues" in demo.text or "StartTransaction" in demo.text
    demo.type("q")
    demo.until(lambda: "Quit?" in demo.text)
    demo.type("s")
    assert demo.wait() == 0
    assert demo.left_clean


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(demo: PtyTerminal, number: signal.Signals) -> None:
    demo.until(lambda: "▶ Charging" in demo.text)
    demo.signal(number)
    assert demo.wait() == 0
    assert demo.left_clean


def test_a_crash_gives_the_terminal_back_and_then_says_what_it_was() -> None:
    script = (
        "import sys, tui.__main__ as m\n"
        "from tui.app import ChargeForgeApp\n"
        "def boom(self): raise RuntimeError('the sky falls')\n"
        "ChargeForgeApp.sample = boom\n"
        "sys.exit(m.main(['demo']))"
    )
    terminal = PtyTerminal("-c", script)
    try:
        assert terminal.wait(30) == 1
        assert terminal.left_clean
        back = terminal.raw.rfind(b"\x1b[?1049l")
        assert b"the sky falls" in terminal.raw[back:]
    finally:
        terminal.close()


def test_traffic_while_charging_stays_small(demo: PtyTerminal) -> None:
    demo.until(lambda: demo.text.count("▶ Charging") == 2, 60)
    assert demo.read_for(8.0) / 8.0 <= 4096


# -- a CSMS of a few lines, on a thread, that notes when each frame came ---------------------------


class TinyCsms:
    """Answers boots and heartbeats, and remembers the moments."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, str]] = []
        self.server: Server = serve(self._serve, "127.0.0.1", 0, subprotocols=["ocpp1.6"])  # type: ignore[list-item]
        self.port = self.server.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def _serve(self, connection: ServerConnection) -> None:
        for frame in connection:
            message: list[Any] = json.loads(frame)
            if message[0] != 2:
                continue
            self.heard.append((time.monotonic(), message[2]))
            now = {"currentTime": "2026-01-01T00:00:00Z"}
            answer: dict[str, Any] = {}
            if message[2] == "BootNotification":
                answer = {"status": "Accepted", "interval": 1, **now}
            elif message[2] == "Heartbeat":
                answer = now
            connection.send(json.dumps([3, message[1], answer]))

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join(5)


@pytest.fixture
def csms() -> Iterator[TinyCsms]:
    tiny = TinyCsms()
    yield tiny
    tiny.close()


@pytest.fixture
def run(csms: TinyCsms) -> Iterator[PtyTerminal]:
    terminal = PtyTerminal("-m", "tui", "run", "--csms-url", f"ws://127.0.0.1:{csms.port}/ocpp")
    yield terminal
    terminal.close()


def test_an_idle_dashboard_sends_next_to_nothing() -> None:
    terminal = PtyTerminal("-m", "tui", "run", "--csms-url", "ws://127.0.0.1:9/ocpp")
    try:
        terminal.until(lambda: "retry in" in terminal.text)
        terminal.read_for(2.0)
        assert terminal.read_for(6.0) / 6.0 <= 300  # counts down and dials meanwhile
        terminal.type("q")
        assert terminal.wait() == 0
        assert terminal.left_clean
    finally:
        terminal.close()


def test_a_terminal_that_does_not_read_does_not_stop_the_charge_point(
    csms: TinyCsms, run: PtyTerminal
) -> None:
    run.until(lambda: "online, Accepted" in run.text)
    run.until(lambda: any(action == "Heartbeat" for _, action in csms.heard))
    begin = time.monotonic()
    while time.monotonic() < begin + 15:  # nobody reads the pty, and there is much to draw
        run.type("z")
        time.sleep(0.2)
    moments = [at for at, action in csms.heard if action == "Heartbeat" and at >= begin]
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert len(moments) >= 10
    assert max(gaps) < 3
    run.signal(signal.SIGTERM)
    deadline = time.monotonic() + 10
    while not run.ended():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert run.code == 0


# -- the command line ------------------------------------------------------------------------------


def command(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_help_names_every_command() -> None:
    told = command("--help").stdout
    for word in ("run", "demo", "headless", "csms", "--csms-url is CSMS_URL"):
        assert word in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--connectors", "many"), "CONNECTORS"),
        (("--fps", "0"), "FPS"),
        (("dance",), "no command 'dance'"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_terminal_it_goes_on_with_plain_lines() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", "demo", "--http-port", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "is Charging" in line:
                break
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert "No terminal here" in told
    assert process.returncode == 0


LEADER = (
    "import subprocess, sys, time\n"
    "process = subprocess.Popen([sys.executable, '-m', 'tui', 'demo'])\n"
    "open(sys.argv[1], 'w').write(str(process.pid))\n"
    "print('ENDED', process.wait(), flush=True)\n"
    "time.sleep(30)"
)
"""A stand-in for the shell: it keeps the terminal when the dashboard has gone."""


def test_a_stalled_terminal_is_given_back_too(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    terminal = PtyTerminal("-c", LEADER, str(note))
    try:
        terminal.until(lambda: "▶ Charging" in terminal.text)
        begin = time.monotonic()
        while time.monotonic() < begin + 6:  # nobody reads, until the writer hangs
            terminal.type("z")
            time.sleep(0.05)
        child = int(note.read_text())
        os.kill(child, signal.SIGTERM)
        deadline = time.monotonic() + 12
        while Path(f"/proc/{child}").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        terminal.until(lambda: b"ENDED 0" in terminal.raw)
        assert terminal.left_clean, terminal.raw[-400:]
    finally:
        terminal.close()
