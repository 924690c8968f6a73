"""A terminal that has stopped reading, as behind a closed lid. The real command in a real pty."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest
from pty_terminal import PtyTerminal
from tiny_csms import TinyCsms

from tests.patience import PATIENCE_S


@pytest.fixture
def csms() -> Iterator[TinyCsms]:
    tiny = TinyCsms()
    yield tiny
    tiny.close()


@pytest.fixture
def run(csms: TinyCsms) -> Iterator[PtyTerminal]:
    terminal = PtyTerminal("-m", "tui", "run", "--csms-url", csms.url)
    yield terminal
    terminal.close()


def test_a_terminal_that_does_not_read_does_not_stop_the_charge_point(
    csms: TinyCsms, run: PtyTerminal
) -> None:
    run.until(lambda: "online, Accepted" in run.text)
    run.until(lambda: any(action == "Heartbeat" for _, action in csms.heard))
    for _ in range(60):  # nobody reads the pty, and there is much to draw
        run.type("z")
        time.sleep(0.05)
    beats = csms.count("Heartbeat")
    deadline = time.monotonic() + PATIENCE_S
    while csms.count("Heartbeat") < beats + 4:  # one a second
        assert time.monotonic() < deadline, "it does not go on"
        run.type("z")
        time.sleep(0.2)
    run.signal(signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_S
    while not run.ended():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert run.code == 0
