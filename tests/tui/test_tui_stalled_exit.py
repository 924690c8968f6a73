"""The way out of a terminal that has stopped reading; beside the test of what goes on meanwhile,
and in a file of its own because both wait long."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from pty_terminal import PtyTerminal

from tests.patience import PATIENCE_S

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
        while time.monotonic() < begin + 2:  # nobody reads, until the writer hangs
            terminal.type("z")
            time.sleep(0.05)
        child = int(note.read_text())
        os.kill(child, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_S
        while Path(f"/proc/{child}").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        terminal.until(lambda: b"ENDED 0" in terminal.raw)
        assert terminal.left_clean, terminal.raw[-400:]
    finally:
        terminal.close()
