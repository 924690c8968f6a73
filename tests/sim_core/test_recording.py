"""What is done is recorded as commands with their times, written, read, and done again."""

from __future__ import annotations

import contextlib
import json
from dataclasses import MISSING, fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.commands import (
    ACTIONS,
    Accepted,
    ClosesOnItself,
    Command,
    Configure,
    EndPlay,
    EndRecording,
    InjectFault,
    LinkDown,
    Play,
    Plug,
    PowerOff,
    Record,
    Refused,
    Send,
    Start,
    Stop,
    Unplug,
)
from sim_core.redaction import HIDDEN
from sim_core.scenarios.recording import (
    MOST_STEPS,
    RecordingError,
    Step,
    as_rows,
    as_yaml,
    read,
)
from tests.harness import Harness

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=0, max_size=12)
VALUES: dict[type, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(0, 10_000),
    bool: st.booleans(),
    float: st.integers(0, 1000).map(lambda n: n / 4),
}


@st.composite
def any_command(draw: st.DrawFn) -> Command:
    from sim_core.scenarios.recording import _kinds

    action = draw(st.sampled_from([one for one in ACTIONS if one.command not in ClosesOnItself]))
    kinds = _kinds(action.command)
    values = {
        field.name: draw(VALUES[kinds[field.name]])
        for field in fields(action.command)
        if field.default is MISSING or draw(st.booleans())
    }
    make: Any = action.command
    command: Command = make(**values)
    return command


@given(st.lists(st.tuples(st.integers(0, 5000).map(lambda n: n / 10), any_command()), max_size=6))
def test_what_is_written_is_read_again(steps: list[tuple[float, Command]]) -> None:
    known = sorted((Step(at_s, command) for at_s, command in steps), key=lambda step: step.at_s)
    rows = as_rows(known)
    assert read(as_yaml(rows, {"charge_point": "CP01"})) == known
    assert read(json.dumps({"steps": rows})) == known


@given(st.text(max_size=200))
def test_whatever_is_in_a_file_is_read_or_named(text: str) -> None:
    with contextlib.suppress(RecordingError):
        assert all(isinstance(step, Step) for step in read(text))


def test_a_recording_as_a_person_writes_it() -> None:
    steps = read(
        """
        # plug in, start with a card that looks like a number, and break it
        steps:
        - {at: 0, do: plug, connector: 1, vehicle: City 40}
        - {at: 1.5, do: local_start, connector: 1, id_tag: 0012}
        - {do: fault, connector: 2, error_code: OverVoltage}
        """
    )
    assert steps == [
        Step(0.0, Plug(1, "City 40")),
        Step(0.0, InjectFault(2, "OverVoltage")),
        Step(1.5, Start(1, "0012")),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("steps: 7", "a recording is a list of steps, or has one under steps:"),
        ("", "a recording is a list of steps"),
        ("- plug", "step 1 has no do: say what is done"),
        ("- {do: plgu, connector: 1}", "step 1: there is no 'plgu': did you mean plug?"),
        ("- {do: plug}", "step 1 (plug): connector is missing"),
        ("- {do: plug, connector: one}", "step 1 (plug): connector_id is a number"),
        ("- {do: plug, connector: 1.5}", "step 1 (plug): connector_id is a whole number"),
        ("- {do: plug, connector: 1, vehicel: x}", "did you mean vehicle?"),
        ("- {do: plug, connector: 1, at: -1}", "step 1: at is from 0 to 604800 seconds"),
        ("- {do: plug, connector: 1, at: .nan}", "step 1: at is a number"),
        ("- {do: play, recording: x}", "step 1: there is no 'play'"),
        ("- {do: message, action: A, anyway: perhaps}", "anyway is true or false"),
        ("a: [&x b, *x]", "a recording has no aliases"),
        ("a: [", "the recording is not YAML at line 1"),
        ("{", "the recording is not YAML at line 1"),
        ("[" * 100_000, "nested too deep"),
        ("- " * 5_000, "nested too deep"),
        ("- {do: link_down}\n" * (MOST_STEPS + 1), f"at most {MOST_STEPS} steps"),
        ("x" * (1024 * 1024 + 1), "at most 1048576 characters"),
        ("- !!python/object/apply:os.system [ls]", "step 1 has no do"),
    ],
)
def test_a_file_that_is_no_recording(text: str, sentence: str) -> None:
    with pytest.raises(RecordingError) as told:
        read(text)
    assert sentence in str(told.value)


async def test_what_is_done_is_recorded_with_its_time_and_its_refusals() -> None:
    async with Harness() as harness:
        await harness.submit(Plug(2))  # before it is not in it
        assert await harness.submit(Record()) == Accepted()
        assert harness.station.snapshot.recording is not None
        await harness.advance(2)
        await harness.submit(Plug(1))
        await harness.advance(3)
        await harness.submit(Stop(1))
        assert harness.station.snapshot.recording.steps == 2
        ended = await harness.submit(EndRecording())
        assert isinstance(ended, Accepted)
        assert ended.detail == "2 steps"
        assert json.loads(ended.answer)["steps"] == [
            {"at": 2.0, "do": "plug", "connector": 1},
            {
                "at": 5.0,
                "do": "local_stop",
                "connector": 1,
                "refused": "connector 1 has no transaction to stop",
            },
        ]
        await harness.submit(Unplug(1))
        assert len(harness.station.recorded()) == 2
        assert harness.station.snapshot.recording is None
        assert await harness.submit(EndRecording()) == Refused("nothing is being recorded")


async def test_it_is_done_again_by_its_times() -> None:
    recording = """
    - {at: 1, do: plug, connector: 1}
    - {at: 2, do: local_start, connector: 1, id_tag: TAG}
    - {at: 60, do: local_stop, connector: 1}
    - {at: 61, do: local_stop, connector: 1}
    """
    async with Harness() as harness:
        assert await harness.submit(Play(recording)) == Accepted("4 steps")
        assert not harness.connector(1).plugged
        await harness.advance(1)
        assert harness.connector(1).plugged
        await harness.advance(50)
        assert harness.status(1) == "Charging"
        playing = harness.station.snapshot.playing
        assert playing is not None
        assert (playing.done, playing.steps) == (2, 4)
        assert isinstance(await harness.submit(Play(recording)), Refused)
        await harness.advance(10)
        assert harness.status(1) == "Finishing"
        assert harness.station.snapshot.playing is None
        (told,) = [e.text for e in harness.events.since(0)[1] if e.kind == "recording"]
        assert told.startswith("a recording of 4 steps was played; step 4 was refused: ")


async def test_faster_and_no_further() -> None:
    async with Harness() as harness:
        text = "- {at: 10, do: plug, connector: 1}\n- {at: 20, do: plug, connector: 2}"
        await harness.submit(Play(text, speed=10))
        await harness.advance(1)
        assert harness.connector(1).plugged
        assert await harness.submit(EndPlay()) == Accepted()
        await harness.advance(60)
        assert not harness.connector(2).plugged
        assert await harness.submit(EndPlay()) == Refused("nothing is being played")
        for speed in (0.0, 1e9):
            assert isinstance(await harness.submit(Play(text, speed)), Refused)
        refused = await harness.submit(Play("- {do: plgu}"))
        assert refused == Refused("step 1: there is no 'plgu': did you mean plug?")
        assert await harness.submit(Play("[]")) == Refused("the recording has no steps")


async def test_a_secret_is_not_in_a_recording_and_playing_it_is_not_recorded() -> None:
    async with Harness() as harness:
        await harness.submit(Record())
        await harness.submit(Configure("authorizationKey", "a secret of twenty"))
        await harness.submit(Play("- {do: link_down}"))
        await harness.settle()
        ended = await harness.submit(EndRecording())
        assert isinstance(ended, Accepted)
        assert "a secret" not in ended.answer
        rows = json.loads(ended.answer)["steps"]
        assert [row["do"] for row in rows] == ["configure", "link_down"]
        assert rows[0]["value"] == HIDDEN


async def test_at_a_charge_point_that_is_dark_it_goes_on() -> None:
    async with Harness() as harness:
        await harness.submit(Record())
        await harness.submit(PowerOff())
        await harness.submit(Send("Heartbeat"))
        await harness.submit(LinkDown())
        rows = harness.station.recorded()
        assert [row["do"] for row in rows] == ["power_off", "message", "link_down"]
        assert "refused" in rows[1]
