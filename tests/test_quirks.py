"""A quirk has one name everywhere: its switch, its module, its sentence for people and its test.

What is missing is named with its place, and so is what is left over: a module or a test without a
switch, a habit that lives in both rooms. Each check is shown a gap, and is known to find one.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import sim_core.charging.habits
import sim_core.charging.points
import sim_core.ocpp16.habits
import sim_core.ocpp16.points
from sim_core.charging.habits import points_of
from sim_core.charging.hanging import habits_in
from sim_core.commands import Accepted, InjectFault, Plug, Start, Stop, Unplug
from sim_core.errors import UserError
from sim_core.hardware.model import Quirks
from sim_core.ocpp16.habits import speech_of
from sim_core.settings.model_file import FOLDER, chosen_quirks, load_model, shipped
from tests.documents import ROOT
from tests.harness import Harness
from tests.scripted_csms import ScriptedCsms

ROOMS = {
    sim_core.charging.habits: sim_core.charging.points,
    sim_core.ocpp16.habits: sim_core.ocpp16.points,
}
"""Where habits live, and where the points are on which they hang."""
SWITCHES = tuple(field.name for field in fields(Quirks))
TESTS = Path("tests") / "quirks"


# -- one name everywhere ---------------------------------------------


@dataclass(frozen=True)
class Places:
    """Where quirks are known, by name."""

    switches: frozenset[str]
    charging: frozenset[str]
    ocpp16: frozenset[str]
    sentences: frozenset[str]
    tests: frozenset[str]

    def gaps(self) -> Iterator[str]:
        """What is missing or left over, and where."""
        rooms = {"sim_core/charging/habits": self.charging, "sim_core/ocpp16/habits": self.ocpp16}
        known = self.switches.union(self.charging, self.ocpp16, self.sentences, self.tests)
        for name in sorted(known):
            living = [room for room, habits in rooms.items() if name in habits]
            if name not in self.switches:
                yield f"quirk {name}: no switch in sim_core.hardware.model.Quirks"
            if not living:
                yield f"quirk {name}: no module {name}.py in {' or '.join(rooms)}"
            if len(living) > 1:
                yield f"quirk {name}: a module in both {' and '.join(living)}"
            if name not in self.sentences:
                yield f"quirk {name}: no sentence in [quirks] of {FOLDER.name}/*.toml"
            if name not in self.tests:
                yield f"quirk {name}: no test {TESTS}/test_{name}.py"


def places() -> Places:
    """Where quirks are known in truth."""
    return Places(
        switches=frozenset(SWITCHES),
        charging=habits_in(sim_core.charging.habits.__path__),
        ocpp16=habits_in(sim_core.ocpp16.habits.__path__),
        sentences=frozenset(name for make in shipped() for name in load_model(make).quirks),
        tests=frozenset(
            path.stem.removeprefix("test_") for path in (ROOT / TESTS).glob("test_*.py")
        ),
    )


def test_every_quirk_is_known_wherever_quirks_are() -> None:
    gaps = list(places().gaps())
    assert not gaps, "\n".join(gaps)


@pytest.mark.parametrize(
    ("place", "gap"),
    [
        ("switches", "quirk json_c: no switch in sim_core.hardware.model.Quirks"),
        (
            "ocpp16",
            "quirk json_c: no module json_c.py in sim_core/charging/habits or "
            "sim_core/ocpp16/habits",
        ),
        ("sentences", "quirk json_c: no sentence in [quirks] of models/*.toml"),
        ("tests", "quirk json_c: no test tests/quirks/test_json_c.py"),
    ],
)
def test_a_quirk_that_a_place_does_not_know_is_named_with_it(place: str, gap: str) -> None:
    truth = places()
    assert list(replace(truth, **{place: getattr(truth, place) - {"json_c"}}).gaps()) == [gap]


def test_a_habit_that_lives_in_both_rooms_is_named() -> None:
    truth = places()
    assert list(replace(truth, charging=truth.charging | {"json_c"}).gaps()) == [
        "quirk json_c: a module in both sim_core/charging/habits and sim_core/ocpp16/habits"
    ]


@pytest.mark.parametrize("make", shipped())
def test_every_quirk_of_a_make_is_told_in_a_sentence(make: str) -> None:
    for name, quirk in load_model(make).quirks.items():
        assert quirk.says.endswith("."), name
        assert len(quirk.says) > 40, name


# -- the points ------------------------------------------------------


def flat(points: Any) -> dict[str, object]:
    """The points with what is on them; those of the wire by name, `wire.loop`."""
    found: dict[str, object] = {}
    for field in fields(points):
        value = getattr(points, field.name)
        if field.name == "wire":
            found |= {f"wire.{name}": inner for name, inner in flat(value).items()}
        else:
            found[field.name] = value
    return found


def hangs_on(name: str) -> set[str]:
    """The points that a quirk changes."""
    alone = Quirks(**{name: True})
    found = set()
    for changed, points in (
        (points_of(alone), sim_core.charging.points),
        (speech_of(alone), sim_core.ocpp16.points),
    ):
        before = flat(points.AS_WRITTEN)
        found |= {point for point, value in flat(changed).items() if value != before[point]}
    return found


@pytest.mark.parametrize("name", SWITCHES)
def test_a_habit_says_on_which_points_it_hangs(name: str) -> None:
    (room,) = [room for room in ROOMS if name in habits_in(room.__path__)]
    says = import_module(f"{room.__name__}.{name}").__doc__ or ""
    (sentence,) = re.findall(r"Hangs on (.*?)[;.] ", says.replace("\n", " "))
    assert hangs_on(name) == set(re.findall(r"`([a-z0-9_.]+)`", sentence))


def test_contributing_has_every_point_and_what_hangs_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    told = {
        row[1]: set(re.findall(r"`(\w+)`", row[2]))
        for row in re.finditer(r"^\| `([\w.]+)` \| [^|]+ \| ([^|]+) \|$", text, re.MULTILINE)
    }
    points = [point for home in ROOMS.values() for point in flat(home.AS_WRITTEN)]
    hung = {name: hangs_on(name) for name in SWITCHES}
    assert told == {
        point: {name for name, changed in hung.items() if point in changed} for point in points
    }


def test_no_switch_no_habit() -> None:
    assert points_of(Quirks()) is sim_core.charging.points.AS_WRITTEN
    assert speech_of(Quirks()) is sim_core.ocpp16.points.AS_WRITTEN


# -- no habit without a player ---------------------------------------

Play = Callable[[str], Awaitable[bool]]
"""Plays a quirk, or `none`, and says whether a CSMS would notice."""
Wire = list[tuple[datetime, str]]
"""What a CSMS has heard, and when; without message ids and ports, which are never the same."""
PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+")


async def heard(play: Play, quirks: str) -> tuple[bool, Wire]:
    """What a play says, and what was on the wire meanwhile."""
    wire: Wire = []

    def witness(at: datetime, frame: str) -> None:
        _, message_id, *_ = json.loads(frame)
        wire.append((at, PORT.sub("", frame.replace(message_id, "", 1))))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptedCsms, "witness", staticmethod(witness))
        return await play(quirks), wire


async def why_unplayed(name: str, play: Play) -> str:
    """Why nobody plays a quirk on the wire, in a sentence; empty where `play` does."""
    off, wire = await heard(play, "none")
    if await heard(play, "none") != (off, wire):
        return f"quirk {name}: its test is another one each time"
    on, other = await heard(play, name)
    if other == wire:
        return f"quirk {name}: its test sees no difference on the wire"
    if not on or off:
        return f"quirk {name}: its test does not tell on from off"
    return ""


def play_of(name: str) -> Play:
    """How the test of a quirk plays it."""
    play: Play = import_module(f"tests.quirks.test_{name}").is_on_the_wire
    return play


@pytest.mark.parametrize("name", SWITCHES)
async def test_every_quirk_is_played_on_the_wire(name: str) -> None:
    assert not (why := await why_unplayed(name, play_of(name))), why


@pytest.mark.parametrize("name", ["json_c", "late_heartbeats", "truncated_meter_stop"])
async def test_a_quirk_that_does_nothing_is_found(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (room,) = [room for room in ROOMS if name in habits_in(room.__path__)]
    monkeypatch.setattr(import_module(f"{room.__name__}.{name}"), "hang", lambda points: points)
    for cached in (points_of, speech_of):
        cached.cache_clear()
    try:
        why = await why_unplayed(name, play_of(name))
        assert why == f"quirk {name}: its test sees no difference on the wire"
    finally:
        for cached in (points_of, speech_of):
            cached.cache_clear()


async def test_a_test_that_looks_away_is_found() -> None:
    played = play_of("json_c")

    async def plays_nothing(quirks: str) -> bool:
        await played("none")
        return quirks != "none"

    async def sees_nothing(quirks: str) -> bool:
        await played(quirks)
        return True

    assert await why_unplayed("json_c", plays_nothing) == (
        "quirk json_c: its test sees no difference on the wire"
    )
    assert await why_unplayed("json_c", sees_nothing) == (
        "quirk json_c: its test does not tell on from off"
    )


# -- a model of one's own --------------------------------------------

OWN_FAULT = '\n[faults.X1]\ninfo = "The lamp is out"\neverywhere = true\nstops = "Other"\n'
"""A fault that only this model has."""


@pytest.fixture
def own_model(tmp_path: Path) -> str:
    """A model file that somebody has written: another make, with every quirk that there is."""
    generic = (FOLDER / "generic.toml").read_text("utf-8")
    lines = [f'{name} = "It does so."' for name in SWITCHES]
    path = tmp_path / "mine.toml"
    path.write_text("\n".join([generic, "[quirks]", *lines, OWN_FAULT]), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", ["all", *SWITCHES])
async def test_another_make_charges_with_any_quirk(own_model: str, name: str) -> None:
    """A make that has no trace of its own: none of its quirks needs what only one make has."""
    async with Harness(model=own_model, quirks=name) as harness:
        on = harness.station.charger.config.quirks
        assert (points_of(on), speech_of(on)) != (points_of(Quirks()), speech_of(Quirks()))
        await harness.advance(5)
        await harness.submit(Plug(1))
        started = asyncio.ensure_future(harness.station.submit(Start(1, "TAG")))
        await harness.advance(60)
        assert isinstance(started.result(), Accepted)
        assert harness.status() == "Charging"
        assert harness.connector().power_w > 0
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        await harness.advance(90)
        assert harness.status() == "Available"
        (start,) = harness.csms.of("StartTransaction")
        (stop,) = harness.csms.of("StopTransaction")
        assert stop.payload["meterStop"] > start.payload["meterStart"]


@pytest.mark.parametrize("on", [True, False])
async def test_the_faults_of_a_model_of_ones_own_strike(own_model: str, on: bool) -> None:
    async with Harness(model=own_model, quirks="vendor_faults" if on else "none") as harness:
        await harness.submit(InjectFault(1, vendor_error_code="X1"))
        assert [harness.status(number) == "Faulted" for number in (1, 2)] == [True, on]


def test_a_model_of_ones_own_has_its_quirks(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[identity]\nvendor = "V"\nmodel = "M"\n'
        "[ratings]\nconnector_power_w = 1\nconnector_current_a = 1\ncabinet_power_w = 1\n"
        '[quirks]\njson_c = { says = "It writes slashes so.", keys = { Rate = "1" } }\n',
        encoding="utf-8",
    )
    assert chosen_quirks("all", load_model(str(path))) == (Quirks(json_c=True), {"Rate": "1"})


@pytest.mark.parametrize("words", ["json_c,typo", "", "None,all"])
def test_an_unknown_quirk_is_a_sentence(words: str) -> None:
    with pytest.raises(UserError, match=r"QUIRKS \(--quirks\) is .* allowed is none, all, or") as e:
        chosen_quirks(words, load_model("gresgying-f3-eu180"))
    assert "pipelining" in str(e.value)
