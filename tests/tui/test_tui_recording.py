"""Recording from the dashboard: a mark while it goes on, a file at its end, and playing one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fake_host import NOW, FakeHost, station
from screen_text import make_app, settled, text_of, until

from sim_core.commands import Accepted, EndPlay, EndRecording, Play, Plug, Record, Refused
from sim_core.scenarios.recording import Step, read
from sim_core.snapshot import PlayingSnapshot, RecordingSnapshot
from tui.dialogs.palette import Picker

FILES = {
    "chargeforge-recording-1.yaml": "- {do: link_up}",
    "chargeforge-recording-2.json": "[]",
    "other.yaml": "- {do: link_down}",
}
STEPS = [{"at": 1.0, "do": "plug", "connector": 1}]


def the_only_file(folder: Path) -> str:
    (path,) = folder.glob("chargeforge-recording-*.yaml")
    return path.read_text()


async def test_a_recording_is_begun_marked_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(host := FakeHost(station()))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        await pilot.press("R")
        await until(pilot, lambda: host.submitted == [Record()])
        host.snapshot = replace(station(), recording=RecordingSnapshot(NOW, 3))
        host.answer = Accepted("1 step", json.dumps({"steps": STEPS}))
        await until(pilot, lambda: "recording, 3 steps so far: R ends" in text_of(app))
        await pilot.press("R")
        await until(pilot, lambda: host.submitted[-1] == EndRecording())
        await until(pilot, lambda: "1 step written to" in text_of(app))
    written = the_only_file(tmp_path)
    assert written.startswith("chargeforge: recording\ncharge_point: CP01\n")
    assert read(written) == [Step(1.0, Plug(1))]


async def test_one_of_the_folder_is_played_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, written in FILES.items():
        (tmp_path / name).write_text(written)
    app = make_app(host := FakeHost(station()))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        app.press("play")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await until(pilot, lambda: "chargeforge-recording-2.json  the last one" in text_of(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: host.submitted == [Play("- {do: link_up}")])
        host.answer = Refused("step 1: there is no 'x'")
        app.press("play")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"other.yaml", "enter")
        await until(pilot, lambda: host.submitted[-1] == Play("- {do: link_down}"))
        await until(pilot, lambda: "Step 1: there is no 'x'" in text_of(app))
        app.press("play")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"nowhere", "enter")
        await until(pilot, lambda: "It cannot be read" in text_of(app))
        host.answer = Accepted()
        host.snapshot = replace(station(), playing=PlayingSnapshot(2, 5))
        await until(pilot, lambda: "playing a recording, step 2 of 5" in text_of(app))
        app.press("play")
        await until(pilot, lambda: host.submitted[-1] == EndPlay())
