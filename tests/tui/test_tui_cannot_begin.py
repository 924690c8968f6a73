"""What cannot be started is not shown: one sentence on the terminal as it was, and exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pty_terminal import PtyTerminal

RUN = ("-m", "tui", "run", "--csms-url", "ws://127.0.0.1:9/ocpp")
ALTERNATE_SCREEN = b"\x1b[?1049h"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[PtyTerminal]:
    terminal = PtyTerminal(*RUN, STATE_DIR=str(tmp_path))
    yield terminal
    terminal.close()


def words(terminal: PtyTerminal) -> str:
    return " ".join(terminal.raw.decode().split())


def test_a_second_run_on_the_same_state_is_refused_before_the_screen(
    running: PtyTerminal, tmp_path: Path
) -> None:
    running.until(lambda: "offline" in running.text or "connecting" in running.text)
    second = PtyTerminal(*RUN, STATE_DIR=str(tmp_path))
    try:
        assert second.wait(30) == 2
        said = words(second)
        assert f"another ChargeForge is running with the state in {tmp_path}" in said
        assert "choose another CPID" in said
        assert ALTERNATE_SCREEN not in second.raw
        assert "Traceback" not in said
    finally:
        second.close()
    other = PtyTerminal(*RUN, "--cpid", "CP02", STATE_DIR=str(tmp_path))
    try:
        other.until(lambda: "CP02" in other.text)
        other.type("q")
        assert other.wait() == 0
    finally:
        other.close()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--model", "no-such-make"), "no-such-make"),
        (("--ocpp-keys", '{"HeartbeatInterval": "often"}'), "OCPP_KEYS (--ocpp-keys)"),
    ],
)
def test_settings_that_cannot_be_leave_the_screen_with_their_sentence(
    arguments: tuple[str, ...], sentence: str
) -> None:
    terminal = PtyTerminal(*RUN, *arguments)
    try:
        assert terminal.wait(30) == 2
        assert terminal.left_clean
        back = terminal.raw.rfind(b"\x1b[?1049l")
        assert sentence.encode() in terminal.raw[back:]
        assert b"Traceback" not in terminal.raw[back:]
    finally:
        terminal.close()
