"""What the dashboard sends to its terminal: little, for those who look at it from afar.

Bytes are counted at a real pty: 80x24, four looks a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pty_terminal import PtyTerminal
from tiny_csms import TinyCsms

CHARGING, IDLE, AWAY = 4096, 150, 300
"""The most bytes a second to the terminal; away it counts down and dials meanwhile."""


@contextmanager
def dashboard(url: str) -> Iterator[PtyTerminal]:
    keys = '{"MeterValueSampleInterval": "5"}'
    terminal = PtyTerminal("-m", "tui", "run", "--csms-url", url, OCPP_KEYS=keys)
    try:
        yield terminal
    finally:
        terminal.close()


@contextmanager
def online(interval_s: int) -> Iterator[PtyTerminal]:
    csms = TinyCsms(interval_s)
    try:
        with dashboard(csms.url) as terminal:
            terminal.until(lambda: "online, Accepted" in terminal.text)
            yield terminal
    finally:
        csms.close()


def test_traffic_while_charging_stays_small() -> None:
    with online(interval_s=1) as terminal:
        for place, key in enumerate("12", 1):
            terminal.type(f"{key}p")
            terminal.until(lambda: "Preparing" in terminal.text)
            terminal.type("s")
            terminal.until(lambda place=place: terminal.text.count("▶ Charging") == place)  # type: ignore[misc]
        assert terminal.read_for(8.0) / 8.0 <= CHARGING


def test_an_idle_dashboard_sends_next_to_nothing() -> None:
    with online(interval_s=3600) as terminal:
        terminal.read_for(2.0)
        assert terminal.read_for(5.0) / 5.0 <= IDLE


def test_a_dashboard_without_its_csms_sends_little() -> None:
    with dashboard("ws://127.0.0.1:9/ocpp") as terminal:
        terminal.until(lambda: "retry in" in terminal.text)
        terminal.read_for(1.0)
        assert terminal.read_for(5.0) / 5.0 <= AWAY
        terminal.type("q")
        assert terminal.wait() == 0
        assert terminal.left_clean
