"""The `chargeforge` command as it is typed: help, wrong words, no terminal."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S
from tui.__main__ import main


def command(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
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
        (("headles",), "no command 'headles': did you mean headless?"),
        (("ws://me:pw@host",), "There is no command 'ws://(hidden)@host': allowed is run, demo,"),
        (("--theme", "plaid"), "THEME (--theme): there is no theme 'plaid'; there are: "),
        (("demo", "--keys", '{"stopp": "X"}'), "there is no action 'stopp'; 'stop' is one."),
        (("--keys", '{"stop": "s"}'), "stop cannot have 's': start has it"),
        (("screenshot", "nowhere"), "There is no state 'nowhere': allowed is dashboard, "),
        (("screenshot", "--size", "9x9"), "'9x9' is no size"),
        (("screenshot", "--theme", "plaid"), "there is no theme 'plaid'"),
        (("screenshot", "--out", "no/such/folder/x.svg"), "Not written"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(list(arguments))
    finally:
        gc.enable()  # a dashboard begins without
    told = capsys.readouterr().err
    assert code == (1 if said == "Not written" else 2)
    assert said in told
    assert "Traceback" not in told


def test_and_the_exit_code_of_the_process() -> None:
    done = command("dance")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("There is no command 'dance'")


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
        _, told = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    assert "No terminal here" in told
    assert process.returncode == 0


def test_screenshots_of_the_real_app(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screenshot", "quit"]) == 0
    told = capsys.readouterr().out
    assert "Connector 1 has an open transaction." in told
    assert len(told.splitlines()) == 24
    done = command("screenshot", "offline", "--size", "100x30", "--out", "a.svg", cwd=tmp_path)
    assert done.stdout == "offline at 100x30 written to a.svg\n"
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert main(["screenshot", "wide", "--ascii", "--out", str(tmp_path / "b.txt")]) == 0
    assert (tmp_path / "b.txt").read_text().isascii()
