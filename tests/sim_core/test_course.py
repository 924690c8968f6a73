"""From turn to turn in one formula: how often somebody looks in between makes no difference, to the
last digit, and what comes out is what small steps come to."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_core.hardware.course import Course, Line, course_of
from sim_core.hardware.faults import ChargerFault
from sim_core.hardware.meter import Meter
from sim_core.hardware.model import Ratings
from sim_core.hardware.outlet import LONGEST_COURSE_S, Outlet
from sim_core.hardware.vehicle import Pause, Vehicle, VehicleType
from sim_core.settings.garage_file import load_garage
from tests.sim_core.test_hardware import on_the_curve, ratings, vehicles

GARAGE = load_garage()
RATINGS = Ratings(connector_power_w=180_000, connector_current_a=250, cabinet_power_w=60_000)
SALOON = replace(GARAGE[1], arrives_at_percent=30.0)
looks = st.lists(st.floats(0, 1), max_size=6)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("plug"), vehicles),
        st.tuples(st.just("pass"), st.tuples(st.floats(1e-4, 3), looks)),
        st.tuples(st.just("pass"), st.tuples(st.floats(1, 4000), looks)),
        st.tuples(st.just("allow"), st.floats(0, 400_000)),
        st.tuples(st.just("profile"), st.none() | st.floats(0, 200_000)),
        st.tuples(st.just("outside"), st.none() | st.floats(0, 200_000)),
        st.tuples(st.just("cap"), st.none() | st.floats(0, 500)),
        st.tuples(
            st.sampled_from(
                ("unplug", "close", "open", "fault", "mend", "ev", "evse", "go", "ev goes")
            ),
            st.none(),
        ),
    ),
    max_size=30,
)
ACTS: dict[str, Callable[[Outlet], object]] = {
    "unplug": Outlet.unplug,
    "close": Outlet.close_contactor,
    "open": Outlet.open_contactor,
    "fault": lambda metal: setattr(metal, "fault", ChargerFault("OtherError")),
    "mend": lambda metal: setattr(metal, "fault", None),
    "ev": lambda metal: setattr(metal, "ev_paused", True),
    "evse": lambda metal: setattr(metal, "evse_paused", True),
    "go": lambda metal: Outlet.__setattr__(metal, "evse_paused", False),
    "ev goes": lambda metal: Outlet.__setattr__(metal, "ev_paused", False),
}


def outlet(rated: Ratings = RATINGS, **more: Any) -> Outlet:
    return Outlet(
        rated,
        register_wh=1000.0,
        rng=random.Random(1),
        now_s=0.0,
        **{"ramp_w_per_s": 1e9, **more},
    )


def charging(
    kind: VehicleType, allowed_w: float = 60_000.0, rated: Ratings = RATINGS, **more: Any
) -> Outlet:
    metal = outlet(rated, **more)
    metal.plug(Vehicle(kind))
    metal.allowed_w = allowed_w
    metal.close_contactor()
    return metal


def told(metal: Outlet) -> tuple[object, ...]:
    """All that anybody can see of it."""
    vehicle = metal.vehicle
    return (
        metal.reading(),
        metal.power_w,
        metal.limit_w,
        metal.limited_by,
        metal.flowing,
        metal.withheld,
        metal.demand_w(),
        metal.spent,
        vehicle and (vehicle.stored_wh, vehicle.full, vehicle.pausing, vehicle.pause_left_s),
    )


def played(metal: Outlet, acts: list[tuple[str, Any]], *, often: bool) -> list[tuple[object, ...]]:
    """What is seen after each act; in between somebody looks, or nobody."""
    seen, now_s = [], 0.0
    for act, value in acts:
        if act == "pass":
            seconds, fractions = value
            for fraction in sorted(fractions) if often else ():
                metal.advance(now_s + fraction * seconds)
                metal.settle()
                told(metal)
                metal.next_turn_s()
            now_s += seconds
            metal.advance(now_s)
        elif act == "plug":
            if not metal.plugged:
                metal.plug(Vehicle(value))
        elif act == "allow":
            metal.allowed_w = value
        elif act == "profile":
            metal.profile_w = value
        elif act == "outside":
            metal.outside_w, metal.outside_by = value, "grid operator"
        elif act == "cap":
            metal.cap_wh = None if value is None else metal.meter.register_wh + value
        elif act != "close" or metal.plugged:
            ACTS[act](metal)
        metal.settle()
        seen.append(told(metal))
    return seen


@settings(max_examples=300)
@given(
    acts=acts,
    rated=ratings,
    ramp_w_per_s=st.sampled_from((2000.0, 15_000.0, 1e9)),
    constant_power_w=st.none() | st.floats(0, 100_000),
    profile_share=st.sampled_from((1.0, 0.97)),
    noise=st.sampled_from((0.0, 0.05, 0.5)),
)
def test_who_looks_changes_nothing_to_the_last_digit(
    acts: list[tuple[str, Any]],
    rated: Ratings,
    ramp_w_per_s: float,
    constant_power_w: float | None,
    profile_share: float,
    noise: float,
) -> None:
    once, often = (
        played(
            outlet(
                rated,
                ramp_w_per_s=ramp_w_per_s,
                constant_power_w=constant_power_w,
                profile_share=profile_share,
                noise=noise,
            ),
            acts,
            often=looked,
        )
        for looked in (False, True)
    )
    assert once == often


class Bound(Meter):
    """A meter that looks whether what flows is allowed, whenever it stands somewhere."""

    metal: Outlet

    def reach(self, register_wh: float) -> None:
        assert register_wh >= self.register_wh - 1e-6
        super().reach(register_wh)
        metal, vehicle = self.metal, self.metal.vehicle
        assert vehicle is not None
        reading = metal.reading()
        for limit_w in (
            on_the_curve(vehicle.kind, vehicle.soc_percent),
            metal.allowed_w,
            metal.profile_w,
            metal.outside_w,
            metal.ratings.connector_power_w,
        ):
            assert limit_w is None or reading.power_w <= limit_w * (1 + 1e-6) + 1e-3
        assert reading.current_a <= metal.ratings.connector_current_a * (1 + 1e-6)
        assert reading.current_a <= vehicle.kind.max_current_a * (1 + 1e-6)


@pytest.mark.parametrize("kind", [one for one in GARAGE if not one.polarisation_ohm])
@pytest.mark.parametrize("allowed_w", [20_000.0, 60_000.0, 300_000.0])
def test_small_steps_come_to_the_same(kind: VehicleType, allowed_w: float) -> None:
    """A whole charge, at once and in steps that nobody can see the corners of."""
    kind = replace(kind, pauses=())
    once = charging(kind, allowed_w)
    small = charging(kind, allowed_w, ramp_steps=((0.0, 1e9),))  # a stair that is over at once
    for minute in range(1, 181):
        once.advance(60.0 * minute)
        for second in range(60 * minute - 59, 60 * minute + 1):
            small.advance(second)
        a, b = once.reading(), small.reading()
        assert a.register_wh == pytest.approx(b.register_wh, abs=25)
        assert a.power_w == pytest.approx(b.power_w, rel=0.01, abs=30)
        assert a.temperature_c == pytest.approx(b.temperature_c, abs=0.01)
        assert a.soc_percent == pytest.approx(b.soc_percent, abs=0.05)
        assert once.flowing == small.flowing


def test_it_is_computed_from_turn_to_turn_and_not_in_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns: list[float] = []
    turned = Outlet._turned

    def counted(self: Outlet) -> Any:
        turns.append(self._now_s)
        return turned(self)

    monkeypatch.setattr(Outlet, "_turned", counted)
    kind = replace(SALOON, pauses=(Pause(30.5, 40.0),), curve=((0, 50_000), (100, 50_000)))
    metal = charging(kind)
    for tenth in range(1, 1200):
        metal.advance(tenth / 10)
        metal.settle()
    pause_s = 0.005 * kind.battery_wh / 50_000 * 3600
    assert turns == pytest.approx([0, pause_s, pause_s + 40])
    metal.advance(pause_s + 40 + 2.5 * LONGEST_COURSE_S)
    assert len(turns) == 5, "and once a minute for the contacts"


def test_a_cabinet_that_bounds_nothing_is_no_turn_and_one_that_does_is() -> None:
    metal = charging(replace(SALOON, curve=((0, 50_000), (100, 50_000))))
    metal.advance(1)
    first = metal._turn
    for allowed_w in (59_000.0, 51_000.0, 50_000.0, 70_000.0):
        metal.allowed_w = allowed_w
        metal.settle()
        metal.advance(metal._now_s + 1)
        assert metal._turn is first
        assert metal.limited_by == "vehicle"
    metal.allowed_w = 49_000.0
    metal.settle()
    assert metal.power_w == pytest.approx(49_000)
    metal.advance(metal._now_s + 1)
    assert metal.limited_by == "cabinet"
    metal.allowed_w = 49_500.0
    metal.settle()
    metal.advance(metal._now_s + 1)
    assert metal.power_w == pytest.approx(49_500)


def test_a_falling_curve_takes_over_from_a_level_limit_where_they_cross() -> None:
    kind = replace(SALOON, arrives_at_percent=50.0, curve=((0, 100_000), (100, 0)))
    metal = charging(kind, 45_000.0)
    metal.meter = bound = Bound(0.0)
    bound.metal = metal
    reach_s = 0.05 * kind.battery_wh / 45_000 * 3600
    metal.advance(reach_s - 0.01)
    assert metal.limited_by == "cabinet"
    assert metal.power_w == pytest.approx(45_000)
    metal.advance(reach_s + 0.01)
    assert metal.limited_by == "vehicle"
    assert metal.power_w == pytest.approx(45_000, rel=1e-4)
    metal.advance(reach_s + 1800)
    left = math.exp(-100_000 / kind.battery_wh * 1800 / 3600)
    assert metal.power_w == pytest.approx(45_000 * left, rel=1e-6)


@pytest.mark.parametrize(
    "more", [{"drawn_share": 0.99}, {"ramp_steps": ((3.0, 0.0), (8.0, 5_000.0))}]
)
def test_where_chance_moves_it_there_is_no_course(more: dict[str, Any]) -> None:
    metal = charging(SALOON, **more)
    metal.advance(30)
    assert metal._turn is None
    assert metal.meter.register_wh > 1000


@pytest.mark.parametrize("allowed_w", [20_000.0, 60_000.0, 300_000.0])
@pytest.mark.parametrize("kind", [SALOON, GARAGE[7], GARAGE[-1]])
def test_noise_takes_from_the_course_second_by_second(kind: VehicleType, allowed_w: float) -> None:
    noise, full_s = 0.2, 0
    metal = charging(kind, allowed_w, noise=noise)
    shares = []
    for second in range(1, 14_400):
        metal.advance(second)
        if not metal.flowing:
            full_s = full_s or second
            continue
        assert metal.limit_w is not None
        shares.append(metal.power_w / max(metal.limit_w, 1e-9))
    assert 1 - noise - 1e-9 <= min(shares) < 1 - 0.9 * noise
    assert 1 - 0.1 * noise < max(shares) <= 1 + 1e-9
    assert sum(shares) / len(shares) == pytest.approx(1 - noise / 2, abs=0.01)
    assert len(set(shares)) > 0.99 * len(shares)
    if full_s:
        assert metal.vehicle is not None
        assert metal.vehicle.full or metal.vehicle.pausing or kind.pauses
        whole_wh = kind.battery_wh * (kind.full_at_percent - kind.arrives_at_percent) / 100
        assert metal.meter.register_wh - 1000 == pytest.approx(whole_wh, abs=1e-5)


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("allowed_w", [20_000.0, 60_000.0, 300_000.0])
@pytest.mark.parametrize("kind", [replace(GARAGE[0], polarisation_ohm=0.2), *GARAGE[:3]])
def test_noise_and_a_pack_that_polarises_come_to_what_steps_come_to(
    kind: VehicleType, allowed_w: float, noise: float
) -> None:
    """Also where the largest current bounds it. Where a turn comes in the middle of a second,
    another second begins there, and with it other noise."""
    bent = False
    rated = replace(RATINGS, connector_current_a=140.0)
    stair = ((0.0, 1e9),)  # a stair that is over at once
    course, steps = (
        charging(kind, allowed_w, rated=rated, noise=noise, ramp_steps=more, ramp_w_per_s=2000.0)
        for more in ((), stair)
    )
    steps._rng.seed(1)  # what the stairs have drawn
    for second in range(1, 9000):
        for metal in (course, steps):
            if second == 600:
                metal.ev_paused = True
            if second == 660:
                metal.ev_paused = False
            metal.advance(second)
        one, other, turn = course.reading(), steps.reading(), course._turn
        bent = bent or (turn is not None and turn.began_s % 1 != 0)
        assert one.temperature_c == pytest.approx(other.temperature_c, abs=0.1)
        if bent:
            assert one.register_wh == pytest.approx(other.register_wh, rel=2e-3)
        else:
            assert one.register_wh == pytest.approx(other.register_wh, abs=0.25)
            # The steps are behind by one, and they see of noise what it has left of all seconds.
            abs_v = kind.polarisation_ohm * (5 + 20 * noise) + 0.02
            assert one.voltage_v == pytest.approx(other.voltage_v, abs=abs_v)
            assert one.current_a == pytest.approx(other.current_a, abs=abs_v / 2 + 0.01)
            assert course.flowing == steps.flowing
            assert course.limited_by == steps.limited_by


powers = st.floats(0, 400_000)
rises = st.floats(-1e5, 1e5)


@given(
    lines=st.lists(st.builds(Line, powers, rises, st.sampled_from("abc")), min_size=1, max_size=5),
    most_wh=st.floats(1e-6, 1e5),
    seconds=st.floats(0, 60),
)
def test_the_lowest_line_holds_until_another_crosses_it(
    lines: list[Line], most_wh: float, seconds: float
) -> None:
    holds = course_of(lines, most_wh)
    assert holds.power_w == min(line.power_w for line in lines)
    energy_wh = holds.energy_wh(seconds)
    assert 0 <= energy_wh <= holds.most_wh <= most_wh
    power_w = holds.power_after(energy_wh)
    for line in lines:
        assert power_w <= max(0.0, line.power_w + line.rise * energy_wh) * (1 + 1e-6) + 1e-3
    later_wh = holds.energy_wh(seconds + 1)
    assert later_wh >= energy_wh


@given(
    st.floats(100, 400_000),
    st.just(0.0) | st.floats(1e-6, 50) | st.floats(-50, -1e-6),
    st.floats(1e-3, 60),
)
def test_time_and_energy_are_two_sides_of_it(power_w: float, rise: float, seconds: float) -> None:
    holds = Course(power_w, "any", rise, math.inf)
    assert holds.seconds(holds.energy_wh(seconds)) == pytest.approx(seconds, rel=1e-6)
