"""Vehicles: the file that lists them, and what they do at a charge point."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import Accepted, Plug, Refused, Resume, Start, Unplug
from sim_core.hardware.vehicle import Pause, VehicleType
from sim_core.settings.garage_file import GarageError, load_garage
from tests.harness import Harness

GARAGE = load_garage()
CAR = """
[[vehicle]]
name = "Car"
battery_wh = 50_000
curve = [[0, 40_000], [100, 4_000]]
max_current_a = 100
empty_v = 300
full_v = 400
resistance_ohm = 0.1
"""


def garage_of(tmp_path: Path, text: str) -> tuple[VehicleType, ...]:
    path = tmp_path / "garage.toml"
    path.write_text(text, encoding="utf-8")
    return load_garage(path)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    habits = (
        'vid = "VID:0000000000FF"\nfull_at_percent = 80\nstops_when_full = true\n'
        "pauses = [{ from_percent = 50, seconds = 30 }]\nhandshake_late_s = 4.5\n"
    )
    first, second = garage_of(tmp_path, CAR + habits + CAR.replace('"Car"', '"Other"'))
    assert first.curve == ((0.0, 40_000.0), (100.0, 4_000.0))
    assert first.pauses == (Pause(50, 30),)
    assert first.vid == "VID:0000000000FF"
    assert (first.full_at_percent, first.stops_when_full) == (80, True)
    assert first.handshake_late_s == 4.5
    assert second.name == "Other"
    assert (second.arrives_at_percent, second.full_at_percent, second.pauses) == (22, 100, ())


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ("battery_wh = 50_000\n", "", "vehicle 1.battery_wh is missing."),
        ("50_000", "-1", "vehicle 1.battery_wh is -1: allowed is a number of Wh, 1 or more."),
        (
            "50_000",
            '"big"',
            "vehicle 1.battery_wh is 'big': allowed is a number of Wh, 1 or more.",
        ),
        ("50_000", "nan", "vehicle 1.battery_wh is nan: allowed is a number of Wh, 1 or more."),
        ("50_000", "true", "vehicle 1.battery_wh is True: allowed is a number of Wh, 1 or more."),
        (
            "max_current_a",
            "max_curent_a",
            "vehicle 1.max_curent_a is not known; allowed is name, battery_wh, curve, ",
        ),
        (
            "[[0, 40_000], [100, 4_000]]",
            "[[50, 1], [50, 2]]",
            "vehicle 1.curve is [[50, 1], [50, 2]]: allowed is a list such as [[0, 50000], ",
        ),
        ("[[0, 40_000], [100, 4_000]]", "[[0, -1]]", "vehicle 1.curve is [[0, -1]]: allowed is "),
        ("[[0, 40_000], [100, 4_000]]", "[]", "vehicle 1.curve is []: allowed is "),
        ("full_v = 400", "full_v = 200", "vehicle 1.full_v is 200: allowed is empty_v (300) or "),
        ('"Car"', '""', "vehicle 1.name is '': allowed is a text in quotes of 1 to 40 characters."),
        ("resistance_ohm = 0.1", "resistance_ohm = 0.1\npauses = [1]", "vehicle 1.pauses is [1]:"),
        (
            "resistance_ohm = 0.1",
            "resistance_ohm = 0.1\nstops_when_full = 1",
            "vehicle 1.stops_when_full is 1: allowed is true or false.",
        ),
        (
            "resistance_ohm = 0.1",
            f'resistance_ohm = 0.1\nvid = "{"V" * 21}"',
            "vehicle 1.vid is 'VVVVVVVVVVVVVVVVVVVVV': allowed is a text in quotes of 1 to 20 ",
        ),
        ("resistance_ohm = 0.1", "resistance_ohm = 0.1" + CAR, "vehicle 2.name is 'Car': it is "),
        ("[[vehicle]]", "[[vehicles]]", "vehicles is not known; allowed is [[vehicle]]."),
        ("[[vehicle]]", "[vehicle]", "there is no [[vehicle]]."),
        (CAR, "", "there is no [[vehicle]]."),
        (CAR, "vehicle = [1]", "vehicle 1 is 1: allowed is a [[vehicle]]."),
        (CAR, "vehicle = ", "Invalid value"),
    ],
)
def test_a_mistake_is_a_sentence_with_the_name_of_the_key(
    tmp_path: Path, was: str, now: str, sentence: str
) -> None:
    with pytest.raises(GarageError) as caught:
        garage_of(tmp_path, CAR.replace(was, now, 1))
    assert str(caught.value).startswith(f"{tmp_path / 'garage.toml'}: {sentence}")


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        GarageError, match=r"^GARAGE \(--garage\) is '.*nowhere.toml': there is no "
    ):
        load_garage(tmp_path / "nowhere.toml")


# -- at the charge point ---------------------------------------------


async def plug_and_start(harness: Harness, vehicle: str | None = None, number: int = 1) -> None:
    assert await harness.submit(Plug(number, vehicle)) == Accepted()
    assert isinstance(await harness.submit(Start(number, f"TAG{number}")), Accepted)


async def test_the_garage_is_seen_and_vehicles_arrive_from_it() -> None:
    async with Harness(connectors=3) as harness:
        assert harness.station.snapshot.vehicles == tuple(kind.name for kind in GARAGE)
        for number, kind in enumerate(GARAGE[:2], start=1):
            await harness.submit(Plug(number))
            assert harness.connector(number).vehicle == kind.name
            assert harness.connector(number).vid == kind.vid
            assert harness.connector(number).soc_percent == pytest.approx(kind.arrives_at_percent)
        assert await harness.submit(Plug(3, "sleeper 50")) == Accepted()
        assert harness.connector(3).vehicle == "Sleeper 50"
        await harness.submit(Unplug(3))
        answer = await harness.submit(Plug(3, "Nobody's"))
        assert isinstance(answer, Refused)
        assert answer.reason.startswith('there is no vehicle "Nobody\'s"; there are: Compact 60, ')


async def test_a_full_battery_suspends_the_session() -> None:
    async with Harness() as harness:
        await plug_and_start(harness, "Nearly Full 60")
        assert harness.status() == "Charging"
        await harness.advance(180)
        assert harness.status() == "SuspendedEV"
        assert harness.connector().soc_percent == pytest.approx(100)
        register_wh = harness.connector().register_wh
        assert register_wh == pytest.approx(60, abs=0.01), "0.1 % of 60 kWh"
        assert await harness.submit(Resume(1)) == Refused(
            "the vehicle at connector 1 takes nothing by itself: wait for it"
        )
        await harness.advance(600)
        assert harness.connector().register_wh == register_wh
        assert harness.csms.of("StopTransaction") == []
        assert "StatusNotification 1 SuspendedEV" in harness.csms.actions()


async def test_a_vehicle_that_leaves_when_it_is_full_ends_the_transaction() -> None:
    kind = replace(GARAGE[0], arrives_at_percent=79.9, full_at_percent=80.0, stops_when_full=True)
    async with Harness(garage=(kind,)) as harness:
        await plug_and_start(harness)
        harness.csms.clear()
        await harness.advance(60)
        (stop,) = harness.csms.of("StopTransaction")
        assert stop.payload["reason"] == "Other"
        assert stop.payload["meterStop"] == 60
        assert harness.status() == "Finishing"
        assert "StatusNotification 1 SuspendedEV" not in harness.csms.actions()
        await harness.submit(Unplug(1))
        assert harness.status() == "Available"


async def test_a_pause_of_the_vehicle_is_suspended_ev_and_passes() -> None:
    kind = replace(GARAGE[0], pauses=(Pause(22.1, 45.0),))
    async with Harness(garage=(kind,), keys={"MeterValueSampleInterval": "0"}) as harness:
        await plug_and_start(harness)
        harness.csms.clear()
        await harness.advance(120)
        assert harness.csms.actions() == [
            "StatusNotification 1 SuspendedEV",
            "StatusNotification 1 Charging",
        ]
        suspended, charging = (call.payload for call in harness.csms.calls)
        waited_s = int(charging["timestamp"][14:16]) * 60 + float(charging["timestamp"][17:23])
        waited_s -= int(suspended["timestamp"][14:16]) * 60 + float(suspended["timestamp"][17:23])
        assert waited_s == pytest.approx(45, abs=1.0)  # the firmware looks once a second


async def test_a_late_handshake_delays_the_start_but_not_a_card_that_comes_later() -> None:
    kind = replace(GARAGE[0], handshake_late_s=10.0)
    async with Harness(garage=(kind,)) as harness:
        await harness.submit(Plug(1))
        await harness.advance(3)
        await harness.submit(Start(1, "TAG"))
        await harness.advance(6.9)
        assert harness.csms.of("StartTransaction") == []
        assert harness.status() == "Preparing"
        await harness.advance(0.2)
        assert harness.status() == "Charging"
        await harness.submit(Plug(2))
        await harness.advance(11)
        await harness.submit(Start(2, "TAG2"))
        assert harness.status(2) == "Charging"


async def test_the_battery_survives_a_power_cut_in_a_model_that_goes_on(tmp_path: Path) -> None:
    kind = replace(GARAGE[0], pauses=(Pause(23.0, 30.0),))
    options: dict[str, Any] = {
        "garage": (kind,),
        "state": tmp_path,
        "behaviour": {"resume_after_power_loss": True},
    }
    async with Harness(**options) as harness:
        await plug_and_start(harness)
        await harness.advance(30.5)
        before = harness.connector()
        assert before.soc_percent is not None
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        after = harness.connector()
        assert (after.vehicle, after.status) == (kind.name, "Charging")
        # What the last second brought was not written down any more: to meter and battery alike.
        lost_wh = before.register_wh - after.register_wh
        assert 0 <= lost_wh < 20
        lost_percent = 100 * lost_wh / kind.battery_wh
        assert after.soc_percent == pytest.approx(before.soc_percent - lost_percent, abs=2e-3)
