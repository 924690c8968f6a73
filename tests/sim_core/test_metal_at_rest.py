"""The metal while nothing flows: what a meter shows, what is told of the limit, when it is next to
be looked at."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import pytest

from sim_core.hardware.faults import ChargerFault
from sim_core.hardware.meter import Meter
from sim_core.hardware.model import Ratings
from sim_core.hardware.outlet import CONSTANT_STEP_S, STEP_S, Outlet
from sim_core.hardware.vehicle import Pause, Vehicle
from sim_core.settings.garage_file import load_garage

RATINGS = Ratings(connector_power_w=180_000, connector_current_a=250, cabinet_power_w=60_000)
KIND = load_garage()[0]


def connector(**more: Any) -> Outlet:
    return Outlet(
        RATINGS,
        register_wh=500.0,
        rng=random.Random(1),
        now_s=10.0,
        **{"ramp_w_per_s": 1e9, **more},
    )


def test_a_new_connector_shows_nothing_and_waits_for_somebody() -> None:
    metal = connector()
    reading = metal.reading()
    assert (reading.register_wh, reading.voltage_v, reading.current_a) == (500, 0, 0)
    assert (reading.soc_percent, reading.offered_w, reading.temperature_c) == (None, 0, 25)
    assert (metal.power_w, metal.demand_w(), metal.handshake_left_s) == (0, None, 0)
    assert (metal.limited_by, metal.limit_w) == ("", None)
    assert metal.next_turn_s() == math.inf
    for no in ("plugged", "occupied", "ev_ready", "left_by_vehicle", "spent", "held_back"):
        assert getattr(metal, no) is False, no
    for no in ("withheld", "flowing", "locked", "lock_jammed", "cable_in", "starved"):
        assert getattr(metal, no) is False, no
    assert metal.permitted is True
    metal.advance(3600)
    assert (metal.reading().voltage_v, metal.limited_by, metal.limit_w) == (0, "", None)
    assert metal.reading().temperature_c == pytest.approx(25)


def test_voltage_is_there_while_the_contactor_is_closed_and_only_then() -> None:
    metal = connector()
    metal.plug(Vehicle(KIND))
    metal.advance(11)
    assert metal.reading().voltage_v == 0, "the contactor is open"
    metal.close_contactor()
    metal.ev_paused = True
    metal.advance(12)
    assert metal.reading().voltage_v == pytest.approx(Vehicle(KIND).open_circuit_v)
    metal.open_contactor()
    assert metal.reading().voltage_v == 0
    metal.close_contactor()
    metal.unplug()
    assert (metal.reading().voltage_v, metal.contactor_closed, metal.plugged) == (0, False, False)


def test_open_means_permitted_again_and_no_pause() -> None:
    metal = connector()
    metal.plug(Vehicle(KIND))
    metal.permitted, metal.evse_paused, metal.ev_paused = False, True, True
    metal.open_contactor()
    assert (metal.permitted, metal.evse_paused, metal.ev_paused) == (True, False, True)
    metal.unplug()
    assert metal.ev_paused is False
    metal.ev_paused = True
    metal.plug(Vehicle(KIND))
    assert metal.ev_paused is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("permitted", False),
        ("ev_paused", True),
        ("evse_paused", True),
        ("fault", ChargerFault("OtherError")),
        ("profile_w", 0.0),
        ("starved", True),
        ("cap_wh", 500.0),
        ("contactor_closed", False),
    ],
)
def test_one_thing_in_the_way_is_enough(name: str, value: object) -> None:
    metal = connector()
    metal.plug(Vehicle(KIND))
    metal.allowed_w = 60_000.0
    metal.close_contactor()
    assert metal.flowing
    metal.advance(20)
    register_wh = metal.meter.register_wh
    assert register_wh > 500
    setattr(metal, name, value)
    metal.settle()
    assert not metal.flowing
    assert metal.power_w == 0
    assert metal.next_turn_s() == math.inf
    metal.advance(3600)
    assert metal.meter.register_wh == register_wh
    by = {"profile_w": "profile", "starved": "cabinet"}.get(name, "")
    assert (metal.limited_by, metal.limit_w) == (by, 0.0 if by else None)


def test_the_next_turn_is_where_something_happens_by_itself() -> None:
    kind = replace(KIND, arrives_at_percent=22.0, pauses=(Pause(22.5, 40.0),))
    metal = connector(constant_power_w=36_000)
    metal.plug(Vehicle(kind))
    assert metal.next_turn_s() == math.inf, "nobody has closed the contactor"
    metal.allowed_w = 60_000.0
    metal.close_contactor()
    assert metal.next_turn_s() == 10 + STEP_S, "nothing flows yet"
    metal.advance(11)
    room_s = kind.battery_wh * 0.005 / 10
    assert metal.next_turn_s() == pytest.approx(10 + room_s)
    metal.advance(metal.next_turn_s() + 1)
    assert metal.next_turn_s() == pytest.approx(10 + room_s + 40)
    metal.cap_wh = metal.meter.register_wh + 50
    metal.advance(metal.next_turn_s() + 1)
    assert metal.next_turn_s() == pytest.approx(10 + room_s + 40 + 5)
    metal.advance(metal.next_turn_s() + 1)
    assert metal.spent
    assert metal.meter.register_wh == pytest.approx(500 + kind.battery_wh * 0.005 + 50)


def rising(**more: Any) -> Outlet:
    """At the begin of its ramp."""
    metal = connector(ramp_w_per_s=2_000.0, **more)
    metal.plug(Vehicle(KIND))
    metal.allowed_w = 60_000.0
    metal.close_contactor()
    return metal


def test_a_ramp_is_looked_at_when_it_is_over() -> None:
    metal = rising()
    assert metal.next_turn_s() == 10 + 30
    metal.advance(13)
    assert (metal.limited_by, metal.limit_w) == ("ramp", 6_000)
    assert metal.next_turn_s() == 10 + 30
    metal.advance(metal.next_turn_s())
    assert metal.limited_by == "cabinet"


def test_what_happens_on_the_ramp_is_looked_at_then() -> None:
    metal = rising()
    metal.cap_wh = metal.meter.register_wh + 20.0
    looks = 0
    while not metal.spent:
        looks += 1
        metal.advance(metal.next_turn_s())
    spent_s = metal._now_s
    on_time = rising()
    on_time.cap_wh = metal.cap_wh
    on_time.advance(spent_s - STEP_S)
    assert not on_time.spent
    assert looks < spent_s - 10, "not as often as every second"


def test_where_each_look_ends_a_step_the_ramp_is_looked_at_at_every_step() -> None:
    metal = rising(ramp_steps=((0.0, 1e9),))
    metal.advance(13)
    assert (metal.limited_by, metal.limit_w) == ("ramp", 6_000)
    assert metal.next_turn_s() == 13 + STEP_S


class Counter(Meter):
    """A meter that remembers over how long it has counted."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[float] = []

    def count(self, power_w: float, seconds: float) -> float:
        self.steps.append(seconds)
        return super().count(power_w, seconds)


def test_steps_are_long_where_the_power_is_constant_and_short_where_it_is_not() -> None:
    assert CONSTANT_STEP_S > STEP_S
    constant = {"constant_power_w": 36_000.0}
    wavering = {**constant, "noise": 0.1}
    for more, longest_s in ((constant, CONSTANT_STEP_S), (wavering, STEP_S), ({}, STEP_S)):
        metal = connector(**more, ramp_steps=((0.0, 1e9),))  # a stair that is over at once
        metal.meter = counter = Counter()
        metal.plug(Vehicle(KIND))
        metal.allowed_w = 60_000.0
        metal.close_contactor()
        metal.advance(35)
        assert max(counter.steps) == longest_s
        assert sum(counter.steps) == pytest.approx(25)


def test_what_is_offered_is_the_least_of_charger_cabinet_and_profile() -> None:
    metal = connector()
    metal.plug(Vehicle(KIND))
    metal.allowed_w = 60_000.0
    assert metal.reading().offered_w == 0, "the contactor is open"
    metal.close_contactor()
    assert metal.reading().offered_w == 60_000
    metal.profile_w = 11_000.0
    assert metal.reading().offered_w == 11_000
    metal.profile_least_w = 12_000.0
    assert metal.reading().offered_w == 0, "less than the profile wants is nothing"
    metal.profile_w = 99_000.0
    assert metal.reading().offered_w == 60_000
    metal.starved = True
    assert metal.reading().offered_w == 0, "the profile of the whole leaves nothing here"
    metal.starved = False
    metal.allowed_w = 1e9
    metal.profile_w = None
    rated_w = min(180_000, 250 * Vehicle(KIND).voltage_at(250))
    assert metal.reading().offered_w == pytest.approx(rated_w)


@pytest.mark.parametrize("jammed", [False, True])
@pytest.mark.parametrize("locked", [False, True])
def test_a_lock_moves_unless_it_is_jammed(jammed: bool, locked: bool) -> None:
    metal = connector()
    metal.lock_jammed, metal.locked = jammed, locked
    assert metal.lock() is metal.locked is (locked or not jammed)
    metal.locked = locked
    assert metal.unlock() is (not metal.locked) is (not (locked and jammed))


@pytest.mark.parametrize("detachable", [False, True])
def test_a_cable_stays_in_the_socket_only_where_it_can(detachable: bool) -> None:
    metal = connector(detachable_cable=detachable)
    metal.plug(Vehicle(KIND))
    metal.lock()
    assert (metal.cable_in, metal.occupied, metal.locked) == (detachable, True, True)
    metal.unplug()
    assert (metal.cable_in, metal.occupied, metal.locked) == (detachable,) * 3
    metal.remove_cable()
    assert (metal.cable_in, metal.occupied, metal.locked) == (False,) * 3


def test_a_late_handshake_runs_from_the_plug() -> None:
    metal = connector()
    metal.advance(50)
    metal.plug(Vehicle(replace(KIND, handshake_late_s=8.0)))
    assert metal.handshake_left_s == 8
    metal.advance(53)
    assert metal.handshake_left_s == 5
    metal.advance(70)
    assert metal.handshake_left_s == 0


@pytest.mark.parametrize("stops", [False, True])
def test_a_full_vehicle_ends_the_session_only_if_it_is_one_that_does(stops: bool) -> None:
    kind = replace(KIND, arrives_at_percent=99.9, full_at_percent=100.0, stops_when_full=stops)
    metal = connector()
    metal.plug(Vehicle(kind))
    metal.allowed_w = 60_000.0
    assert not metal.left_by_vehicle
    metal.close_contactor()
    assert not metal.left_by_vehicle, "it is not full yet"
    metal.advance(3600)
    assert metal.left_by_vehicle is stops
    metal.open_contactor()
    assert not metal.left_by_vehicle, "it has ended"


def test_outside_of_its_curve_a_vehicle_takes_what_the_nearest_point_says() -> None:
    kind = replace(KIND, curve=((20.0, 30_000.0), (80.0, 10_000.0)), max_current_a=1e4)
    for percent, power_w in (
        (0, 30_000),
        (20, 30_000),
        (50, 20_000),
        (80, 10_000),
        (95, 10_000),
    ):
        vehicle = Vehicle(replace(kind, arrives_at_percent=float(percent)))
        assert vehicle.soc_percent == pytest.approx(percent)
        assert vehicle.wanted_power_w() == pytest.approx(power_w)
    one_point = replace(kind, curve=((50.0, 7_000.0),))
    for percent in (0.0, 50.0, 99.0):
        assert Vehicle(replace(one_point, arrives_at_percent=percent)).wanted_power_w() == 7_000


def test_a_vehicle_that_wants_nothing_takes_nothing() -> None:
    full = Vehicle(replace(KIND, arrives_at_percent=80.0, full_at_percent=80.0))
    pausing = Vehicle(replace(KIND, arrives_at_percent=50.0, pauses=(Pause(50.0, 5.0),)))
    for vehicle in (full, pausing):
        assert vehicle.wanted_power_w() == 0
        assert vehicle.taking(0.0) == (0, vehicle.open_circuit_v)
    assert (full.full, full.pausing, full.room_wh()) == (True, False, 0)
    assert (pausing.full, pausing.pausing, pausing.pause_left_s) == (False, True, 5)
    assert pausing.pass_time(3.0) == 3
    assert pausing.pass_time(3.0) == 2
    assert not pausing.pausing
    assert pausing.wanted_power_w() > 0


def test_a_battery_knows_what_it_was_left_with_and_holds_no_more_than_it_can() -> None:
    assert Vehicle(KIND, 1_234.0).stored_wh == 1_234
    assert Vehicle(KIND, 1e9).stored_wh == KIND.battery_wh
    vehicle = Vehicle(KIND)
    vehicle.store(1e9)
    assert (vehicle.stored_wh, vehicle.soc_percent) == (KIND.battery_wh, 100)
