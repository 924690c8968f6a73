"""The metal: one physical chain, whatever happens to it."""

from __future__ import annotations

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from sim_core.hardware.cabinet import Demand, share
from sim_core.hardware.connector import Connector, Fault
from sim_core.hardware.model import Ratings
from sim_core.hardware.status import RULES, Facts, Status, connector_status, refusals, why_not
from sim_core.hardware.vehicle import GARAGE, Vehicle

RATINGS = Ratings(connector_power_w=180_000, connector_current_a=250, cabinet_power_w=60_000)

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
    id_tag=st.just("TAG"),
)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("plug"), st.sampled_from(GARAGE)),
        st.tuples(st.just("pass"), st.floats(0.01, 4000)),
        st.tuples(st.just("allow"), st.floats(0, 200_000)),
        st.tuples(st.just("profile"), st.none() | st.floats(0, 200_000)),
        st.tuples(
            st.sampled_from(("unplug", "close", "open", "fault", "mend", "ev", "evse", "go")),
            st.none(),
        ),
    ),
    max_size=40,
)


@given(acts=acts, seed=st.integers(0, 1000), noise=st.sampled_from((0.0, 0.05, 0.5)))
def test_energy_is_power_times_time_and_never_falls(
    acts: list[tuple[str, object]], seed: int, noise: float
) -> None:
    now = 0.0
    metal = Connector(
        RATINGS,
        register_wh=1000.0,
        ramp_w_per_s=2000.0,
        noise=noise,
        rng=random.Random(seed),
        now_s=now,
    )
    for act, value in acts:
        before = metal.reading()
        if act == "plug" and not metal.plugged:
            metal.plug(Vehicle(value))  # type: ignore[arg-type]
        elif act == "pass":
            stored = metal.vehicle.soc_percent if metal.vehicle else 0.0
            for _ in range(min(50, int(value) + 1)):  # type: ignore[call-overload]
                held = metal.reading()
                now += 1.0
                metal.advance(now)
                after = metal.reading()
                counted = after.register_wh - held.register_wh
                assert abs(counted - after.power_w / 3600) < 1e-6
                assert after.power_w <= metal.allowed_w + 1e-6 or not metal.flowing
                if metal.profile_w is not None and metal.flowing:
                    assert after.power_w <= metal.profile_w + 1e-6
                assert after.current_a <= RATINGS.connector_current_a + 1e-6
            if metal.vehicle:
                assert metal.vehicle.soc_percent >= stored
        elif act == "allow":
            metal.allowed_w = value  # type: ignore[assignment]
        elif act == "profile":
            metal.profile_w = value  # type: ignore[assignment]
        else:
            {
                "plug": lambda: None,
                "unplug": metal.unplug,
                "close": metal.close_contactor if metal.plugged else metal.settle,
                "open": metal.open_contactor,
                "fault": lambda: setattr(metal, "fault", Fault("OtherError")),
                "mend": lambda: setattr(metal, "fault", None),
                "ev": lambda: setattr(metal, "ev_paused", True),
                "evse": lambda: setattr(metal, "evse_paused", True),
                "go": lambda: (
                    setattr(metal, "ev_paused", False),
                    setattr(metal, "evse_paused", False),
                ),
            }[act]()
            metal.settle()
        reading = metal.reading()
        assert reading.power_w == reading.voltage_v * reading.current_a
        assert reading.register_wh >= before.register_wh
        if not metal.flowing:
            assert reading.current_a == 0


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


def test_the_vehicles_of_the_garage_are_believable() -> None:
    for kind in GARAGE:
        assert kind.vid is not None
        assert len(kind.vid) <= 20
        assert all(a[0] < b[0] for a, b in itertools.pairwise(kind.curve))
        vehicle = Vehicle(kind)
        power = vehicle.wanted_power_w()
        current = vehicle.current_for(power)
        assert abs(vehicle.voltage_at(current) * current - power) < 1e-6
        assert current <= kind.max_current_a + 1e-9
