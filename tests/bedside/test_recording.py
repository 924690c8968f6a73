"""What passes is on disk, whatever the disk does; and what must not be there is not."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from sim_core.bedside.recording import FILES_KEPT, Line, Recorder, folder_name
from sim_core.runtime.clock import SystemClock
from sim_core.traces.frames import Side

AT = datetime(2026, 5, 4, 10, 0, tzinfo=timezone.utc)


class Moved(SystemClock):
    """Time in the hand of a test."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


class Desk:
    """A recorder and what it says."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder = folder
        self.clock = Moved()
        self.said: list[str] = []
        self.recorder = Recorder(folder, self.clock, self.said.append, **options)  # type: ignore[arg-type]
        self.recorder.start()

    def write(self, text: str, *, ours: bool = False, cpid: str = "CP01") -> None:
        self.recorder.record(Line(cpid, "1.6", AT, Side.CHARGER, text, ours))

    def lines(self) -> list[dict[str, object]]:
        self.recorder.stop(10)
        files = sorted(self.folder.rglob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.recorder.stop(10)


def test_a_recording_says_what_it_is_and_has_every_frame(desk: Desk) -> None:
    desk.write('[2,"1","Heartbeat",{}]')
    desk.write('[ 3 , "1", {"a":9007199254740993}]', ours=True)
    desk.write("no json \n at all")
    head, first, second, third = desk.lines()
    assert (head["trace"], head["charge_point"], head["ocpp"]) == (1, "CP01", "1.6")
    assert first == {
        "dir": "cp->csms",
        "t": "2026-05-04T10:00:00.000Z",
        "msg": [2, "1", "Heartbeat", {}],
    }
    assert second["msg"] == [3, "1", {"a": 9007199254740993}]
    assert second["text"] == '[ 3 , "1", {"a":9007199254740993}]'
    assert second["by"] == "chargeforge"
    assert (third["msg"], third["text"]) == (None, "no json \n at all")


def test_each_charger_has_a_folder_whatever_its_id(desk: Desk) -> None:
    for cpid in ("CP/../../01", "..", "เครื่อง 1"):
        desk.write("[]", cpid=cpid)
    desk.lines()
    folders = {one.parent.name for one in desk.folder.rglob("*.jsonl")}
    assert len(folders) == 3
    assert all(one.parent.parent == desk.folder for one in desk.folder.rglob("*.jsonl"))


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "\\", "\ud800", "x" * 500, "%2E", "\0"])
def test_no_id_leads_out_of_its_folder(name: str) -> None:
    made = folder_name(name)
    assert made
    assert not {"/", "\\", "\0", "."} & set(made)
    assert len(made) <= 100


def test_a_full_file_makes_way_for_the_next_and_old_ones_for_new(tmp_path: Path) -> None:
    desk = Desk(tmp_path, largest_file=200)
    for number in range(FILES_KEPT * 2 + 20):
        desk.write(f'[2,"{number}","Heartbeat",{{"x":"{"y" * 60}"}}]')
    lines = desk.lines()
    assert len(list(tmp_path.rglob("*.jsonl"))) == FILES_KEPT
    frames = [line for line in lines if "trace" not in line]
    assert frames[-1]["msg"][1] == str(FILES_KEPT * 2 + 19)  # type: ignore[index]
    assert len(frames) >= FILES_KEPT


def test_a_secret_key_has_no_value_in_it(desk: Desk) -> None:
    desk.write('[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"hush-hush"}]')
    text = json.dumps(desk.lines())
    assert "hush-hush" not in text
    assert "AuthorizationKey" in text


def test_redacted_it_names_nobody(tmp_path: Path) -> None:
    desk = Desk(tmp_path, redacts=True)
    desk.write('[2,"1","Authorize",{"idTag":"CARD4711XY"}]', cpid="BERLIN-0815")
    desk.write("no json, CARD4711XY", cpid="BERLIN-0815")
    lines = desk.lines()
    everything = json.dumps(lines) + "".join(str(one) for one in tmp_path.rglob("*"))
    assert "CARD4711XY" not in everything
    assert "BERLIN-0815" not in everything
    assert lines[1]["msg"][2] == "Authorize"  # type: ignore[index]


def test_a_full_disk_is_said_once_and_recording_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, write = [True], os.write

    def full(descriptor: int, data: bytes) -> int:
        if data[:1] == b"{" and not room[0]:
            write(descriptor, data[:7])  # as a disk does that fills up in the middle of a line
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr("sim_core.bedside.recording.os.write", full)
    desk = Desk(tmp_path)
    desk.write('[2,"1","Heartbeat",{}]')
    _settled(desk)
    room[0] = False
    desk.write('[2,"2","Heartbeat",{}]')
    desk.write('[2,"3","Heartbeat",{}]')
    _settled(desk)
    assert desk.said == [
        f"nothing is recorded in {tmp_path}: No space left on device; frames pass on"
    ]
    room[0] = True
    desk.clock.seconds += 60
    desk.write('[2,"4","Heartbeat",{}]')
    ids = [line["msg"][1] for line in desk.lines()[1:]]  # type: ignore[index]
    assert ids == ["1", "4"]
    assert desk.said[-1] == ""
    assert desk.recorder.lost == 2


def test_a_disk_that_hangs_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim_core.bedside.recording.MOST_QUEUED", 1_000)
    desk = Desk.__new__(Desk)
    desk.recorder = Recorder(tmp_path, Moved(), lambda _: None)  # never started: it writes nothing
    for _ in range(100):
        desk.write("x" * 100)
    assert desk.recorder.lost == 90


def _settled(desk: Desk) -> None:
    """Return once what was handed in has been dealt with."""
    import threading

    done = threading.Event()
    desk.recorder.barrier(done.set)
    assert done.wait(10)
