"""The real command in a real pty: first sight, and the terminal after every way out."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from pty_terminal import PtyTerminal

DEMO = ("-m", "tui", "demo")


@pytest.fixture
def demo() -> Iterator[PtyTerminal]:
    terminal = PtyTerminal(*DEMO)
    yield terminal
    terminal.close()


def test_a_stranger_sees_it_charge_and_q_leaves_at_once_when_nothing_is_open(
    demo: PtyTerminal,
) -> None:
    demo.until(
        lambda: (
            "▶ Charging" in demo.text
            and ("MeterValues" in demo.text or "StartTransaction" in demo.text)
        )
    )
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


def test_an_engine_that_died_is_started_again_by_a_key() -> None:
    script = (
        "import sys, tui.__main__ as m\n"
        "from sim_core.snapshot import Registration\n"
        "from sim_core.station import Station\n"
        "healthy = Station.failed\n"
        "async def once(self):\n"
        "    Station.failed = healthy\n"
        "    await self.until(lambda seen: seen.link.registration is Registration.ACCEPTED)\n"
        "    raise RuntimeError('the sky [/falls]')\n"
        "Station.failed = once\n"
        "sys.exit(m.main(['demo']))"
    )
    terminal = PtyTerminal("-c", script)
    try:
        terminal.until(lambda: "engine stopped: RuntimeError: the sky [/falls]" in terminal.text)
        terminal.type("p")
        terminal.until(lambda: "again." in terminal.text)
        terminal.type("r")
        terminal.until(lambda: "▶ Charging" in terminal.text)
        assert "engine stopped" not in terminal.text
        terminal.type("q")
        terminal.until(lambda: "Quit?" in terminal.text)
        terminal.type("l")
        assert terminal.wait() == 0
        assert terminal.left_clean
    finally:
        terminal.close()
