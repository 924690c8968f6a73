"""The metal: one physical chain, whatever happens to it."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.charging.facts import RULES, Facts, refusals, why_not
from sim_core.hardware.cabinet import Demand, served, share
from sim_core.hardware.distribution import Distribution, at
from sim_core.hardware.faults import ChargerFault
from sim_core.hardware.meter import Meter
from sim_core.hardware.model import Ratings, Steps
from sim_core.hardware.outlet import STEP_S, Outlet
from sim_core.hardware.vehicle import Pause, Vehicle, VehicleType, next_to_arrive
from sim_core.ocpp16.status import Status, connector_status
from sim_core.settings.garage_file import load_garage

GARAGE = load_garage()
RATINGS = Ratings(connector_power_w=180_000, connector_current_a=250, cabinet_power_w=60_000)
STEPS: Steps = ((Distribution(3, 2, 4), 0), (8, 5_000), (20, 30_000))
SHARE = Distribution(0.996, 0.99, 0.999, least=0.98, most=1.004)

facts = st.builds(
    Facts,
    connector_id=st.integers(1, 9),
    plugged=st.booleans(),
    energized=st.booleans(),
    ev_ready=st.booleans(),
    evse_ready=st.booleans(),
    ev_paused=st.booleans(),
    evse_paused=st.booleans(),
    fault=st.none() | st.just("GroundFailure"),
    operative=st.booleans(),
    authorizing=st.booleans(),
    authorized=st.booleans(),
    transaction=st.booleans(),
    ended=st.booleans(),
    token=st.just("TAG"),
)
percents = st.floats(0, 100)
curves = st.lists(
    st.tuples(percents, st.floats(0, 350_000)), min_size=1, max_size=6, unique_by=lambda p: p[0]
).map(lambda points: tuple(sorted(points)))


@st.composite
def vehicle_types(draw: st.DrawFn) -> VehicleType:
    """Any vehicle that a garage may hold, with any habits."""
    empty_v = draw(st.floats(50, 900))
    return VehicleType(
        name="Any",
        battery_wh=draw(st.floats(1, 200_000)),
        curve=draw(curves),
        max_current_a=draw(st.floats(0.1, 600)),
        empty_v=empty_v,
        full_v=empty_v + draw(st.floats(0, 200)),
        resistance_ohm=draw(st.floats(0, 1)),
        polarisation_ohm=draw(st.sampled_from((0.0, 0.1))),
        arrives_at_percent=draw(percents),
        full_at_percent=draw(percents),
        pauses=tuple(draw(st.lists(st.builds(Pause, percents, st.floats(0.001, 900)), max_size=3))),
    )


vehicles = st.one_of(st.sampled_from(GARAGE), vehicle_types())
ratings = st.builds(
    Ratings, st.floats(100, 400_000), st.floats(1, 600), cabinet_power_w=st.just(60_000.0)
)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("plug"), vehicles),
        st.tuples(st.just("pass"), st.floats(1e-4, 3)),
        st.tuples(st.just("pass"), st.floats(1, 2000)),
        st.tuples(st.just("allow"), st.floats(0, 400_000)),
        st.tuples(st.just("profile"), st.none() | st.floats(0, 200_000)),
        st.tuples(st.just("outside"), st.none() | st.floats(0, 200_000)),
        st.tuples(st.just("cap"), st.none() | st.floats(0, 500)),
        st.tuples(
            st.sampled_from(("unplug", "close", "open", "fault", "mend", "ev", "evse", "go")),
            st.none(),
        ),
    ),
    max_size=40,
)


def on_the_curve(kind: VehicleType, soc: float) -> float:
    """The charging curve, read by somebody else than the vehicle."""
    below = [point for point in kind.curve if point[0] <= soc]
    above = [point for point in kind.curve if point[0] >= soc]
    if not below or not above:
        return (below[-1:] or above[:1])[0][1]
    (soc0, w0), (soc1, w1) = below[-1], above[0]
    return w0 if soc1 == soc0 else w0 + (w1 - w0) * (soc - soc0) / (soc1 - soc0)


class Witness(Meter):
    """A meter that looks, at whatever it is to count, whether that may be."""

    metal: Outlet
    exact = False
    """No noise: the limit that is told of is what flows."""
    over = 1.0
    """By so much the charger may pass its own limits."""
    counted_s = 0.0

    def count(self, power_w: float, seconds: float) -> float:
        metal, reading, vehicle = self.metal, self.metal.reading(), self.metal.vehicle
        assert vehicle is not None
        assert metal.flowing
        assert 0 <= seconds <= STEP_S
        self.counted_s += seconds
        assert power_w == reading.power_w == reading.voltage_v * reading.current_a
        kind = vehicle.kind
        rest_v = kind.empty_v + (kind.full_v - kind.empty_v) * vehicle.stored_wh / kind.battery_wh
        at_once_v = rest_v + kind.resistance_ohm * reading.current_a
        most_v = at_once_v + kind.polarisation_ohm * kind.max_current_a
        assert at_once_v - 1e-6 <= reading.voltage_v <= most_v + 1e-6
        for limit_w, over in (
            (on_the_curve(kind, vehicle.soc_percent), 1.0),
            (metal.allowed_w, self.over),
            (metal.ratings.connector_power_w, self.over),
            (metal.profile_w, 1.0),
            (metal.outside_w, 1.0),
            (metal.limit_w, self.over),
        ):
            assert limit_w is None or power_w <= limit_w * over * (1 + 1e-9) + 1e-9
        assert reading.current_a <= metal.ratings.connector_current_a * self.over * (1 + 1e-9)
        assert reading.current_a <= kind.max_current_a * (1 + 1e-9)
        assert metal.limit_w is not None
        assert metal.limited_by
        if self.exact:
            assert power_w == pytest.approx(metal.limit_w)
        return super().count(power_w, seconds)


@given(
    acts=acts,
    rated=ratings,
    seed=st.integers(0, 1000),
    noise=st.sampled_from((0.0, 0.05, 0.5)),
    ramp_w_per_s=st.sampled_from((2000.0, 1e9)),
    ramp_steps=st.sampled_from(((), STEPS)),
    drawn_share=st.sampled_from((1.0, SHARE)),
)
def test_one_chain_whatever_happens(
    acts: list[tuple[str, Any]],
    rated: Ratings,
    seed: int,
    noise: float,
    ramp_w_per_s: float,
    ramp_steps: Steps,
    drawn_share: float,
) -> None:
    now, over = 0.0, at(drawn_share, 1.0)
    metal = Outlet(
        rated,
        register_wh=1000.0,
        ramp_w_per_s=ramp_w_per_s,
        ramp_steps=ramp_steps,
        drawn_share=drawn_share,
        noise=noise,
        rng=random.Random(seed),
        now_s=now,
    )
    metal.meter = witness = Witness(1000.0)
    witness.metal, witness.exact, witness.over = metal, noise == 0 and over == 1, over
    for act, value in acts:
        before, vehicle = metal.reading(), metal.vehicle
        stored_wh = vehicle.stored_wh if vehicle else 0.0
        flowed = metal.flowing
        if act == "plug" and not metal.plugged:
            metal.plug(Vehicle(value))
        elif act == "pass":
            witness.counted_s = 0.0
            now += value
            metal.advance(now)
            assert witness.counted_s <= value + 1e-6
            counted_wh = metal.meter.register_wh - before.register_wh
            assert flowed or counted_wh == 0 or (vehicle and vehicle.kind.pauses)
            if vehicle:
                assert vehicle.stored_wh - stored_wh == pytest.approx(counted_wh, abs=1e-5)
                ends_at = max(vehicle.kind.full_at_percent, vehicle.kind.arrives_at_percent)
                assert vehicle.soc_percent <= ends_at + 1e-3
            if metal.cap_wh is not None:
                assert metal.meter.register_wh <= max(metal.cap_wh, before.register_wh) + 1e-6
        elif act == "allow":
            metal.allowed_w = value
        elif act == "profile":
            metal.profile_w = value
        elif act == "outside":
            metal.outside_w, metal.outside_by = value, "grid operator"
        elif act == "cap":
            metal.cap_wh = None if value is None else metal.meter.register_wh + value
        else:
            {
                "plug": lambda: None,
                "unplug": metal.unplug,
                "close": metal.close_contactor if metal.plugged else metal.settle,
                "open": metal.open_contactor,
                "fault": lambda: setattr(metal, "fault", ChargerFault("OtherError")),
                "mend": lambda: setattr(metal, "fault", None),
                "ev": lambda: setattr(metal, "ev_paused", True),
                "evse": lambda: setattr(metal, "evse_paused", True),
                "go": lambda: (
                    setattr(metal, "ev_paused", False),
                    setattr(metal, "evse_paused", False),
                ),
            }[act]()
        if act != "pass":
            metal.settle()
            assert metal.meter.register_wh == before.register_wh, "only time makes energy"
        reading = metal.reading()
        assert reading.power_w == reading.voltage_v * reading.current_a
        assert reading.register_wh >= before.register_wh
        if not metal.flowing:
            assert reading.current_a == 0 or act == "pass"
            metal.settle()
            assert metal.reading().current_a == 0
            assert metal.limited_by in ("", metal.withheld_by)
        else:
            # Whatever was lowered just now holds at once, not from the next step on.
            assert reading.power_w <= metal.allowed_w * over * (1 + 1e-9) + 1e-9
            assert reading.power_w <= metal.reading().offered_w * over * (1 + 1e-9) + 1e-9


@given(
    steps=st.lists(st.floats(0.01, 30), min_size=1, max_size=30),
    kind=st.sampled_from(GARAGE),
    rate_w=st.floats(100, 50_000),
)
def test_how_time_is_cut_up_makes_no_difference_to_the_energy(
    steps: list[float], kind: VehicleType, rate_w: float
) -> None:
    def charge(cuts: list[float]) -> float:
        metal = Outlet(
            RATINGS,
            register_wh=0.0,
            ramp_w_per_s=2000.0,
            constant_power_w=rate_w,
            rng=random.Random(1),
            now_s=0.0,
        )
        metal.plug(Vehicle(kind))
        metal.allowed_w = 60_000
        metal.close_contactor()
        for moment_s in itertools.accumulate(cuts):
            metal.advance(moment_s)
        return metal.meter.register_wh

    once = charge([sum(steps)])
    assert charge(steps) == pytest.approx(once)
    room_wh = kind.battery_wh * (kind.full_at_percent - kind.arrives_at_percent) / 100
    expected_wh = rate_w * sum(steps) / 3600
    if not kind.pauses and rate_w <= 250 * kind.empty_v:
        assert once == pytest.approx(min(expected_wh, room_wh), abs=1e-3)


def charging(kind: VehicleType, **more: Any) -> Outlet:
    """A vehicle at a connector of a whole cabinet, with the contactor just closed."""
    metal = Outlet(
        RATINGS, register_wh=0.0, ramp_w_per_s=1e9, rng=random.Random(1), now_s=0.0, **more
    )
    metal.plug(Vehicle(kind))
    metal.allowed_w = RATINGS.cabinet_power_w
    metal.close_contactor()
    return metal


def test_a_battery_takes_what_fits_and_not_a_watt_hour_more() -> None:
    kind = replace(GARAGE[0], arrives_at_percent=99.0, full_at_percent=99.5)
    metal = charging(kind)
    metal.advance(3600)
    assert metal.meter.register_wh == pytest.approx(0.005 * kind.battery_wh)
    assert not metal.flowing
    assert metal.reading().soc_percent == pytest.approx(99.5)
    assert metal.reading().voltage_v > 0, "the contactor is closed and the pack is at it"


def test_a_pause_begins_at_its_state_of_charge_and_lasts_its_time() -> None:
    kind = replace(
        GARAGE[0], arrives_at_percent=22.0, pauses=(Pause(22.5, 40.0), Pause(22.5, 20.0))
    )
    metal = charging(kind, constant_power_w=36_000)
    metal.advance(29.9)
    assert metal.flowing
    metal.advance(30.1)  # 300 Wh at 10 Wh/s
    assert metal.meter.register_wh == pytest.approx(300)
    assert not metal.ev_ready
    metal.advance(89.9)
    assert metal.meter.register_wh == pytest.approx(300)
    metal.advance(91.0)
    assert metal.meter.register_wh == pytest.approx(310)
    assert metal.ev_ready


def test_pauses_come_in_the_order_of_their_states_of_charge() -> None:
    kind = replace(
        GARAGE[0], arrives_at_percent=22.0, pauses=(Pause(23.0, 20.0), Pause(22.5, 40.0))
    )
    assert Vehicle(kind).room_wh() == pytest.approx(kind.battery_wh * 0.5 / 100)


def test_who_has_passed_the_pause_on_arrival_does_not_pause() -> None:
    kind = replace(GARAGE[0], arrives_at_percent=50.0, pauses=(Pause(40.0, 60.0),))
    assert not Vehicle(kind).pausing
    assert Vehicle(replace(kind, arrives_at_percent=40.0)).pausing


def test_what_binds_is_told_with_its_number() -> None:
    kind = replace(GARAGE[1], arrives_at_percent=30.0)  # would take far more than the cabinet has
    metal = charging(kind)
    metal.advance(1)
    assert (metal.limited_by, metal.limit_w) == ("cabinet", 60_000)
    metal.allowed_w = 500_000
    metal.advance(2)
    assert metal.limited_by == "charger"
    assert metal.limit_w == pytest.approx(250 * Vehicle(kind).voltage_at(250), rel=1e-3)
    metal.profile_w = 11_000
    metal.settle()
    assert (metal.limited_by, metal.limit_w) == ("profile", 11_000)
    assert metal.reading().power_w == pytest.approx(11_000)
    metal.profile_w = None
    metal.vehicle = Vehicle(replace(kind, max_current_a=10))
    metal.advance(3)
    assert metal.limited_by == "vehicle"
    assert metal.reading().current_a == pytest.approx(10)
    metal.open_contactor()
    assert (metal.limited_by, metal.limit_w) == ("", None)


def test_power_rises_along_the_ramp_falls_at_once_and_rises_again() -> None:
    metal = Outlet(RATINGS, register_wh=0.0, ramp_w_per_s=2000, rng=random.Random(1), now_s=0.0)
    metal.plug(Vehicle(GARAGE[0]))
    metal.allowed_w = 60_000
    metal.close_contactor()
    for second in range(1, 31):
        metal.advance(second)
        assert metal.reading().power_w == pytest.approx(min(2000 * second, 60_000))
        assert metal.limited_by == ("ramp" if second < 30 else "cabinet")
    metal.allowed_w = 30_000
    metal.settle()
    assert metal.reading().power_w == pytest.approx(30_000)
    metal.allowed_w = 60_000
    metal.advance(31)
    assert metal.reading().power_w == pytest.approx(32_000)


def test_the_contacts_warm_up_and_cool_down() -> None:
    metal = charging(GARAGE[0])
    metal.advance(1800)
    warm_c = metal.reading().temperature_c
    assert 28 < warm_c < 40
    metal.open_contactor()
    metal.advance(1800 + 4 * 3600)
    assert 25 < metal.reading().temperature_c < 25.5


def test_noise_is_of_the_current_and_repeats_with_its_seed() -> None:
    def powers(seed: int, noise: float) -> list[float]:
        metal = Outlet(
            RATINGS,
            register_wh=0.0,
            ramp_w_per_s=1e9,
            noise=noise,
            rng=random.Random(seed),
            now_s=0.0,
        )
        metal.plug(Vehicle(GARAGE[0]))
        metal.allowed_w = 50_000
        metal.close_contactor()
        seen = []
        for second in range(1, 61):
            metal.advance(second)
            seen.append(metal.reading().power_w)
        return seen

    wavering = powers(7, 0.05)
    assert wavering == powers(7, 0.05) != powers(8, 0.05)
    assert len(set(wavering)) == 60
    # The voltage falls with the current, so power may lie a little below 95 %.
    assert all(0.94 * 50_000 < power_w <= 50_000 for power_w in wavering)
    assert max(wavering) - min(wavering) > 0.03 * 50_000
    assert powers(7, 0.0) == pytest.approx([50_000] * 60)


@given(
    st.lists(
        st.builds(Demand, st.floats(0, 200_000), st.booleans(), st.booleans()),
        min_size=1,
        max_size=8,
    ),
    st.floats(0, 200_000),
    st.floats(0, 20_000),
)
def test_the_cabinet_gives_no_more_than_it_has(
    demands: list[Demand], pool: float, reserve: float
) -> None:
    parts = share(demands, pool, reserve)
    assert sum(parts) <= pool + 1e-6
    for demand, part in zip(demands, parts, strict=True):
        assert part >= 0
        assert demand.charging or part == 0


def test_two_vehicles_share_the_pool_and_a_connecting_one_has_its_reserve() -> None:
    hungry = Demand(100_000, charging=True)
    assert share([hungry, Demand(0)], 60_000, 10_000) == [60_000, 0]
    assert share([hungry, Demand(0, connecting=True)], 60_000, 10_000) == [50_000, 0]
    assert share([hungry, hungry], 60_000, 10_000) == [30_000, 30_000]
    assert share([hungry, Demand(12_000, charging=True)], 60_000, 10_000) == [48_000, 12_000]


def test_for_whom_charges_already_nothing_more_is_held_free() -> None:
    back = Demand(100_000, charging=True, connecting=True)
    assert share([back, Demand(0)], 60_000, 10_000) == [60_000, 0]


@given(
    st.lists(
        st.builds(Demand, st.floats(0, 200_000), st.booleans(), st.booleans()),
        min_size=1,
        max_size=8,
    ),
    st.floats(0, 200_000),
    st.floats(0, 20_000) | st.just(0.0),
)
def test_a_limit_of_the_sum_serves_whom_it_is_enough_for(
    demands: list[Demand], cap_w: float, least_w: float
) -> None:
    serves = served(demands, cap_w, least_w)
    demands = [
        demand._replace(charging=demand.charging and enough)
        for demand, enough in zip(demands, serves, strict=True)
    ]
    parts = share(demands, 150_000, 0, cap_w)
    assert sum(parts) <= cap_w + 1e-6
    charging = [demand for demand in demands if demand.charging]
    assert len(charging) * least_w <= cap_w + 1e-6
    if cap_w == 0:
        assert not charging
    starved = [d for d, enough in zip(demands, serves, strict=True) if not enough]
    assert not starved or cap_w == 0 or (len(charging) + 1) * least_w > cap_w


def test_too_little_for_all_is_enough_for_the_first() -> None:
    hungry = Demand(100_000, charging=True)
    assert served([hungry, Demand(0), hungry], None, 3_000) == [True, True, True]
    assert served([hungry, Demand(0), hungry], 5_000, 3_000) == [True, True, False]
    assert served([hungry, hungry], 2_999, 3_000) == [False, False]
    assert served([hungry, hungry], 1, 0) == [True, True]
    assert share([hungry, Demand(0, connecting=True)], 60_000, 10_000, 55_000) == [50_000, 0]
    assert share([hungry, Demand(0, connecting=True)], 60_000, 10_000, 20_000) == [20_000, 0]


def test_a_profile_that_leaves_less_than_the_least_leaves_nothing() -> None:
    metal = charging(GARAGE[1])
    metal.ratings = replace(RATINGS, minimum_power_w=1_000)
    metal.profile_w = 999.0
    metal.settle()
    metal.advance(10)
    assert (metal.flowing, (metal.demand_w() is not None), metal.meter.register_wh) == (
        False,
        False,
        0,
    )
    assert (metal.limited_by, metal.limit_w) == ("profile", 999)
    assert metal.reading().offered_w == 0
    metal.profile_w = 1_000.0
    metal.advance(20)
    assert metal.reading().power_w == pytest.approx(1_000)
    metal.profile_least_w = 1_500.0
    metal.settle()
    assert metal.reading().power_w == 0
    metal.profile_w, metal.outside_w, metal.outside_by = None, 1_499.0, "grid operator"
    metal.settle()
    assert (metal.limited_by, metal.limit_w) == ("grid operator", 1_499)
    metal.outside_w = None
    metal.starved = True
    metal.settle()
    assert (metal.flowing, (metal.demand_w() is not None)) == (False, True)
    assert (metal.demand_w() or 0) > 1_000, "the cabinet still asks what it would take"


@given(facts)
def test_the_more_urgent_fact_speaks(seen: Facts) -> None:
    status = connector_status(seen)
    assert (status is Status.FAULTED) == (seen.fault is not None)
    if status is Status.CHARGING:
        assert seen.transaction
        assert seen.plugged
        assert seen.energized
    if status is Status.AVAILABLE:
        assert not seen.plugged
        assert not seen.transaction


@given(facts)
def test_every_refusal_is_a_sentence_and_always_the_same(seen: Facts) -> None:
    known = refusals(seen)
    for action in RULES:
        sentence = why_not(action, seen)
        assert known.get(action) == sentence
        if sentence is not None:
            assert sentence
            assert not sentence.endswith(".")
            assert "None" not in sentence


def test_what_nobody_can_take_is_offered_in_equal_parts() -> None:
    modest = Demand(6_000, charging=True)
    assert share([modest, Demand(0)], 60_000, 10_000) == [60_000, 0]
    assert share([modest, Demand(24_000, charging=True)], 60_000, 10_000) == [21_000, 39_000]


def test_the_vehicles_of_the_garage_are_believable() -> None:
    names = [kind.name.casefold() for kind in GARAGE]
    vids = [kind.vid for kind in GARAGE if kind.vid]
    assert len(set(names)) == len(names) > 5
    assert len(set(vids)) == len(vids)
    for kind in GARAGE:
        assert kind.vid is None or len(kind.vid) == 16
        assert all(a[0] < b[0] for a, b in itertools.pairwise(kind.curve))
        vehicle = Vehicle(kind)
        power = vehicle.wanted_power_w()
        current = vehicle.taking(power)[0]
        assert abs(vehicle.voltage_at(current) * current - power) < 1e-6
        assert current <= kind.max_current_a + 1e-9


def test_vehicles_arrive_in_turn_but_not_twice_at_once() -> None:
    callers = [kind for kind in GARAGE if not kind.only_by_name]
    assert [next_to_arrive(GARAGE, n, frozenset()) for n in range(len(callers) + 1)] == [
        *callers,
        callers[0],
    ]
    assert next_to_arrive(GARAGE, 0, frozenset({callers[0].name})) is callers[1]
    everybody = frozenset(kind.name for kind in callers)
    assert next_to_arrive(GARAGE, 2, everybody) is callers[2], "a second one of its make"
    shy = (replace(GARAGE[0], only_by_name=True),)
    assert next_to_arrive(shy, 5, frozenset()) is shy[0], "where nobody else is"
