"""Faults on the wire as people write them, with what is wrong said at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim_core.__main__ import hosted
from sim_core.commands import AddWireFault
from sim_core.events import Event, Ring
from sim_core.from_settings import config_of
from sim_core.runtime.clock import ManualClock
from sim_core.scenarios.fault_file import read_faults
from sim_core.scenarios.yaml_nodes import ScenarioError
from sim_core.station import Station
from sim_core.store.interface import MEMORY
from sim_core.wire.message_log import MessageLog
from tests.harness import settings

FILE = """\
seed: 7
faults:
  - {fault: delay, direction: from_csms, action: Authorize, seconds: 1 min}
  - {fault: change, path: idTag, becomes: 0012, seed: 3}
  - {fault: change, path: a, becomes: {b: [1]}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "faults.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    assert read_faults(written(tmp_path, FILE)) == (
        AddWireFault("delay", "from_csms", "Authorize", seconds=60.0, seed=7),
        AddWireFault("change", path="idTag", becomes='"0012"', seed=3),
        AddWireFault("change", path="a", becomes='{"b": [1]}', seed=7),
    )


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("faults:\n  - {fault: dropp}", "2:13", "did you mean drop?"),
        ("faults:\n  - {action: Heartbeat}", "2:5", "fault: is missing"),
        ("faults:\n  - {fault: drop, nht: 1}", "2:19", "did you mean nth?"),
        ("faults:\n  - {fault: drop, nth: one}", "2:24", "nth is a whole number"),
        ("faults:\n  - {fault: drop, seconds: 5}", "2:19", "drop has no seconds"),
        ("faults:\n  - {fault: delay, seconds: soon}", "2:29", "seconds is a span of time"),
        ("faults:\n  - {fault: drop, chance: 7}", "2:27", "chance is a number from 0 to 1"),
        ("faults: drop", "1:9", "faults is a list"),
        ("steps: []", "1:1", "it may have faults, seed"),
        ("", "1:1", "begin with `faults:`"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    tmp_path: Path, text: str, place: str, sentence: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ScenarioError) as trouble:
        hosted(settings(faults=path, http_port=0))
    assert str(trouble.value).startswith(f"{path}:{place}: ")
    assert sentence in str(trouble.value)


async def test_a_charge_point_begins_with_them(tmp_path: Path) -> None:
    own = settings(faults=written(tmp_path, FILE), state_dir=MEMORY, csms_url="ws://127.0.0.1:9")
    station = Station.built(
        config_of(own),
        own,
        clock=ManualClock(),
        messages=MessageLog(),
        events=Ring[Event](10),
    )
    assert [one.rule.fault for one in station.snapshot.wire_faults] == ["delay", "change", "change"]
    assert [one.seed for one in station.snapshot.wire_faults] == [7, 3, 7]
    await station.close()
