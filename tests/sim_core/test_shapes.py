"""The shapes of the metal: numbers that vary, a start in steps, a polarised pack, a cabinet with a
fan, power that wavers."""

from __future__ import annotations

import copy
import itertools
import pickle
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.commands import Accepted, Plug, Start
from sim_core.from_settings import config_of
from sim_core.hardware.distribution import Distribution, at, drawn
from sim_core.hardware.model import Ratings, Steps
from sim_core.hardware.outlet import Outlet
from sim_core.hardware.vehicle import Vehicle, VehicleType
from sim_core.hardware.warmth import Cabinet, CabinetAir
from sim_core.settings.model_file import ModelError, load_model
from tests.harness import Harness, settings
from tests.quirks.acts import MODEL

RATINGS = Ratings(connector_power_w=180_000, connector_current_a=250, cabinet_power_w=60_000)
CAR = VehicleType("Car", 60_000, ((0, 75_000), (100, 75_000)), 200, 398, 414, 0.18)

# -- numbers that vary -----------------------------------------------------------------------------

numbers = st.floats(-1e6, 1e6)


@st.composite
def distributions(draw: st.DrawFn, values: st.SearchStrategy[float] = numbers) -> Distribution:
    """Any distribution, its bounds given or not."""
    least, p10, median, p90, most = sorted(draw(st.lists(values, min_size=5, max_size=5)))
    bounds = draw(
        st.sampled_from(({}, {"least": least}, {"most": most}, {"least": least, "most": most}))
    )
    return Distribution(median, p10, p90, **bounds)


@given(distributions(), st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_a_number_that_varies_is_what_was_measured_and_keeps_its_bounds(
    number: Distribution, shares: list[float]
) -> None:
    assert [number.at(share) for share in (0.1, 0.5, 0.9)] == pytest.approx(
        [number.p10, number.median, number.p90], abs=1e-6
    )
    assert float(number) == number.median
    values = [number.at(share) for share in sorted(shares)]
    for one, next_one in itertools.pairwise(values):
        assert one <= next_one + 1e-6
    for value in values:
        assert number.least - 1e-6 <= value <= number.most + 1e-6
    assert (number.at(0.0), number.at(1.0)) == pytest.approx((number.least, number.most), abs=1e-6)


@given(distributions(st.floats(0, 1e5)), st.integers(0, 1000))
def test_a_time_is_never_negative(number: Distribution, seed: int) -> None:
    chance = random.Random(seed)
    assert number.least >= 0
    assert all(number.drawn(chance) >= 0 for _ in range(20))


def test_many_draws_are_what_was_measured() -> None:
    chance, number = random.Random(7), Distribution(2.48, 1.80, 2.80)
    draws = sorted(number.drawn(chance) for _ in range(20_000))
    for share, measured in ((0.1, 1.80), (0.5, 2.48), (0.9, 2.80)):
        assert draws[int(share * len(draws))] == pytest.approx(measured, abs=0.03)


@pytest.mark.parametrize(
    "points",
    [(1, 2, 3), (3, 1, 2), (2, 1, 3, 1.5), (2, 1, 3, 0, 2.5)],
    ids=["p10 over the median", "p90 under it", "least over p10", "most under p90"],
)
def test_its_points_rise(points: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must rise"):
        Distribution(*points)


def test_it_is_the_same_when_copied() -> None:
    number = Distribution(2.0, 1.0, 4.0, most=9.0)
    for twin in (copy.deepcopy(number), pickle.loads(pickle.dumps(number))):
        assert twin.points == number.points == (0.5, 1.0, 2.0, 4.0, 9.0)
    assert eval(repr(number)).points == number.points


def test_a_plain_number_is_always_the_same_and_draws_nothing() -> None:
    class Never:
        def random(self) -> float:
            raise AssertionError

    assert drawn(3.0, Never()) == at(3.0, 0.9) == 3.0


async def test_times_of_a_model_vary_as_it_says() -> None:
    """One with a distribution by that; a plain one by the general spread, or not at all."""
    timing = replace(
        MODEL.timing["swift"],
        stop_s=Distribution(2.0, 1.0, 3.0),
        reset_s=10.0,
        spread=0.1,
    )
    async with Harness(model=MODEL, timing=timing) as harness:
        environment = harness.station.charger.environment
        own = [environment.vary(timing.stop_s) for _ in range(200)]
        general = [environment.vary(timing.reset_s) for _ in range(200)]
        less = [environment.vary(timing.reset_s, 0.5) for _ in range(200)]
        assert 0.5 <= min(own) < 1 < 3 < max(own) <= 3.5
        assert 9 <= min(general) < 9.4 < 10.6 < max(general) <= 11
        assert 9.5 <= min(less) < max(less) <= 10.5
        environment.timing = replace(timing, spread=0.0)
        assert {environment.vary(timing.reset_s) for _ in range(5)} == {10.0}


# -- in the file -----------------------------------------------------------------------------------

HEAD = (
    '[identity]\nvendor = "V"\nmodel = "M"\n'
    "[ratings]\nconnector_power_w = 1\nconnector_current_a = 1\ncabinet_power_w = 1\n"
    "[timing.real]\n"
)


def read(tmp_path: Path, line: str) -> Any:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + line, encoding="utf-8")
    return load_model(str(path)).timing["real"]


def test_a_file_may_say_how_a_number_varies(tmp_path: Path) -> None:
    timing = read(
        tmp_path,
        "boot_s = 2\nstop_s = { median = 2, p10 = 1, p90 = 3 }\n"
        "cabinet_c = { median = 30, p10 = 20, p90 = 40, least = 10, most = 41 }\n"
        "ramp_steps = [[5, 0], [{ median = 9, p10 = 8, p90 = 10 }, 4000.5]]\n",
    )
    assert (timing.boot_s, type(timing.boot_s)) == (2, int)
    assert timing.stop_s.points == (0.5, 1, 2, 3, 3.5)
    assert timing.cabinet_c.points == (10, 20, 30, 40, 41)
    assert timing.ramp_steps == ((5, 0), (9, 4000.5))
    assert timing.ramp_steps[1][0].p90 == 10


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "stop_s = { median = 2, p10 = 1 }",
            "timing.real.stop_s: p90 is missing beside median, p10.",
        ),
        ("stop_s = { p10 = 1, p90 = 3 }", "timing.real.stop_s: median is missing beside p10, p90."),
        (
            "stop_s = { median = 2, p10 = 3, p90 = 4 }",
            "timing.real.stop_s is {'median': 2, 'p10': 3, 'p90': 4}: least, p10, median, p90 and "
            "most must rise in this order.",
        ),
        (
            "stop_s = { median = 2, p10 = 1, p90 = 3, p99 = 4 }",
            "timing.real.stop_s: p99 is not known; allowed is median, p10, p90, least, most. Did "
            "you mean p90?",
        ),
        (
            "stop_s = { median = 2, p10 = -1, p90 = 3 }",
            "timing.real.stop_s: p10 is -1: allowed is a number of seconds from 0 to 86400.",
        ),
        (
            'stop_s = { median = "2", p10 = 1, p90 = 3 }',
            "timing.real.stop_s: median is '2': allowed is a number of seconds from 0 to 86400.",
        ),
        ("spread = { median = 0.2, p10 = 0.1, p90 = 0.3 }", "allowed is a number from 0 to 1."),
        ("ramp_steps = [[5, 0], [5, 10]]", "later with each step"),
        ("ramp_steps = [[9, 0], [5, 10]]", "later with each step"),
        (
            "ramp_steps = [[5, 0], [{ median = 9, p10 = 4, p90 = 10 }, 10]]",
            "later with each step",
        ),
        (
            "ramp_steps = [[5, 0], [9]]",
            "timing.real.ramp_steps is [[5, 0], [9]]: allowed is a list",
        ),
        (
            "ramp_steps = [5, 0]",
            "timing.real.ramp_steps is [5, 0]: allowed is a list of [until, W]",
        ),
        (
            "ramp_steps = [[{ median = 9 }, 0]]",
            "timing.real.ramp_steps: p10 is missing beside median",
        ),
    ],
)
def test_what_is_wrong_with_one_is_a_sentence(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(ModelError) as error:
        read(tmp_path, line)
    assert sentence in str(error.value)


# -- a start in steps ------------------------------------------------------------------------------


def charging(steps: Steps = (), *, seed: int = 1, began_s: float = 0.0, **more: Any) -> Outlet:
    """A car at a connector of a whole cabinet, with the contactor just closed."""
    options = {"register_wh": 0.0, "ramp_w_per_s": 1e9, "now_s": 0.0, **more}
    metal = Outlet(RATINGS, ramp_steps=steps, rng=random.Random(seed), **options)
    metal.plug(Vehicle(CAR))
    metal.allowed_w = RATINGS.cabinet_power_w
    metal.close_contactor(began_s)
    return metal


@st.composite
def staircases(draw: st.DrawFn) -> Steps:
    """Steps at fixed times."""
    rises = draw(st.lists(st.floats(0.1, 20), min_size=1, max_size=6))
    times = itertools.accumulate(rises)
    return tuple((until, draw(st.floats(0, 60_000))) for until in times)


@given(
    steps=staircases(),
    began_s=st.floats(0, 5),
    passes=st.lists(
        st.tuples(st.floats(0.01, 15), st.floats(500, 90_000), st.none() | st.floats(500, 90_000)),
        max_size=12,
    ),
)
def test_a_staircase_is_never_passed_and_no_limit_with_it(
    steps: Steps, began_s: float, passes: list[tuple[float, float, float | None]]
) -> None:
    metal = charging(steps, began_s=began_s)
    vehicle = metal.vehicle
    assert vehicle is not None
    stored_wh, now_s = vehicle.stored_wh, 0.0
    for seconds, allowed_w, profile_w in passes:
        metal.allowed_w, metal.profile_w = allowed_w, profile_w
        metal.settle()
        now_s += seconds
        before_wh = metal.meter.register_wh
        metal.advance(now_s)
        reading = metal.reading()
        assert reading.power_w == reading.voltage_v * reading.current_a
        # Of the last moment, in which the step before may still hold.
        stair_w = next((w for until, w in steps if now_s + began_s - 1e-5 <= until), 60_000_000)
        most_w = min(allowed_w, profile_w or allowed_w, stair_w, 75_000)
        assert reading.power_w <= most_w * (1 + 1e-9) + 1e-9
        assert reading.power_w == pytest.approx(most_w), "nothing else holds it back"
        gained_wh = metal.meter.register_wh - before_wh
        assert gained_wh <= max((w for _, w in [*steps, (0, 90_000.0)])) * seconds / 3600 + 1e-6
    assert vehicle.stored_wh - stored_wh == pytest.approx(metal.meter.register_wh, abs=1e-5)


def test_a_slow_start_is_slow_at_each_step_and_each_start_draws_anew() -> None:
    steps: Steps = (
        (Distribution(7, 6, 8, 5, 9), 0),
        (Distribution(16, 14.5, 17.5, 13, 19), 10_000),
        (Distribution(31, 29, 33, 27, 35), 40_000),
    )
    paces = []
    for seed in range(25):
        metal = charging(steps, seed=seed)
        rose_at = []
        for moment in range(1, 1600):
            before_w = metal.power_w
            metal.advance(moment / 40)
            if metal.power_w > before_w + 1000:
                rose_at.append(moment / 40)
        assert len(rose_at) == 3
        shares = []
        for rose_s, (until, _) in zip(rose_at, steps, strict=True):
            assert isinstance(until, Distribution)
            shares.append((rose_s - until.least) / (until.most - until.least))
        assert max(shares) - min(shares) < 0.1
        paces.append(shares[0])
        metal.open_contactor()
        metal.close_contactor()
        metal.advance(43.0)
        assert (metal.power_w, metal.limited_by, metal.limit_w) == (0, "ramp", 0)
        assert metal.reading().voltage_v > 398, "the voltages are brought together"
    assert min(paces) < 0.35 < 0.7 < max(paces)


def test_after_its_start_power_rises_by_the_straight_ramp_alone() -> None:
    metal = charging(((5, 0), (10, 10_000)), ramp_w_per_s=20_000)
    metal.advance(15)
    assert metal.power_w == pytest.approx(60_000)
    metal.allowed_w = 30_000
    metal.settle()
    metal.allowed_w = 60_000
    metal.advance(16)
    assert metal.power_w == pytest.approx(50_000)
    metal.ev_paused = True
    metal.advance(20)
    assert metal.power_w == 0
    metal.ev_paused = False
    metal.advance(21)
    assert metal.power_w == pytest.approx(20_000), "the staircase is over"


def test_a_pause_within_the_staircase_does_not_stop_its_clock() -> None:
    metal = charging(((5, 0), (10, 10_000), (20, 20_000)))
    metal.advance(7)
    metal.evse_paused = True
    metal.advance(12)
    metal.evse_paused = False
    metal.advance(13)
    assert metal.power_w == pytest.approx(20_000)


# -- the pack, the power and the warmth ------------------------------------------------------------


def test_a_pack_that_polarises_rises_under_load_and_relaxes() -> None:
    metal = charging()
    metal.vehicle = vehicle = Vehicle(replace(CAR, polarisation_ohm=0.06))
    rest_v = vehicle.open_circuit_v
    seen = []
    for second in range(1, 121):
        metal.advance(second)
        reading = metal.reading()
        assert reading.power_w == pytest.approx(60_000)
        seen.append(reading.voltage_v)
    assert seen == sorted(seen)
    at_once_v, later_v = seen[0] - rest_v, seen[-1] - rest_v
    assert at_once_v == pytest.approx(0.18 * 60_000 / seen[0], rel=0.02)
    assert 0.055 * 60_000 / seen[-1] < later_v - at_once_v < 0.065 * 60_000 / seen[-1] + 1
    metal.ev_paused = True
    metal.settle()
    metal.advance(121)
    left_v = metal.reading().voltage_v - rest_v
    metal.advance(600)
    assert left_v > 5
    assert metal.reading().voltage_v - rest_v < 1


def test_the_power_wavers_and_passes_only_the_charger_s_own_limits() -> None:
    share = Distribution(0.997, 0.995, 0.999, least=0.99, most=1.005)
    metal = charging(drawn_share=share)
    seen = []
    for second in range(1, 1001):
        metal.advance(second)
        seen.append(metal.power_w)
        assert metal.limit_w == 60_000
    ordered = sorted(seen)
    assert 59_400 <= ordered[0] < 60_000 < ordered[-1] <= 60_300
    assert ordered[500] == pytest.approx(59_820, abs=20)
    for limits in ({"profile_w": 20_000.0}, {"vehicle": Vehicle(replace(CAR, max_current_a=50))}):
        metal = charging(drawn_share=share)
        for name, value in limits.items():
            setattr(metal, name, value)
        for second in range(1, 300):
            metal.advance(second)
            assert metal.limit_w is not None
            assert 0.99 * metal.limit_w - 1 <= metal.power_w <= metal.limit_w + 1e-6


AIR = CabinetAir(Distribution(36, 31, 37, 30, 39), Distribution(0.4, 0.2, 0.8, 0.1, 0.9), 6.0, 0.1)


@given(seed=st.integers(0, 10_000))
def test_a_cabinet_is_warm_falls_with_its_fan_and_rises(seed: int) -> None:
    cabinet = Cabinet(AIR, random.Random(seed))
    begin_c = cabinet.temperature_c
    assert 30 <= begin_c <= 39
    for _ in range(60):
        cabinet.pass_time(1, 137)
    minute_c = cabinet.temperature_c
    assert -0.15 <= begin_c - minute_c <= 1.0
    for _ in range(600):
        cabinet.pass_time(1, 137)
    if begin_c < 37.5:  # the warmest rest is as warm as it gets
        assert 0.7 <= cabinet.temperature_c - minute_c <= 1.3
    warm_c = cabinet.temperature_c
    cabinet.pass_time(60, 0)
    assert cabinet.temperature_c > warm_c - 0.6, "the fan stands still"
    cabinet.pass_time(12 * 3600, 0)
    assert 29.8 <= cabinet.temperature_c <= 39.2


# -- who says so -----------------------------------------------------------------------------------


def test_the_model_says_how_power_wavers_unless_somebody_asks_for_noise() -> None:
    def noise(**options: Any) -> float | None:
        return config_of(settings(**options)).noise

    twin = {"model": "gresgying-f3-eu180"}
    assert noise(model="generic", timing="real") == noise(**twin, timing="swift") == 0.05
    assert noise(**twin, timing="real") is None
    assert noise(**twin, timing="real", noise_w_percent=0) == 0
    assert noise(**twin, timing="real", noise_w_percent=2.0) == 0.02


@pytest.mark.parametrize(("noise", "exact"), [(None, False), (0.0, True)])
async def test_a_start_of_the_twin(noise: float | None, exact: bool) -> None:
    """Voltage without current, then stairs, then 60 kW that waver unless they are to be exact."""
    keys = {"AutoCharge": "false"}
    timing = replace(MODEL.timing["real"], mac_retry_share=0.0)
    async with Harness(model=MODEL, timing=timing, keys=keys, noise=noise) as harness:
        await harness.advance(3)
        await harness.submit(Plug(1, "Compact 60"))
        assert isinstance(await harness.submit(Start(1, "TAG")), Accepted)
        while (picture := harness.connector()).transaction is None or not picture.voltage_v:
            await harness.advance(0.25)
        began = harness.clock.monotonic() - 1.5
        seen: dict[int, float] = {}
        for second in range(3, 90):
            await harness.advance(began + second - harness.clock.monotonic())
            seen[second] = harness.connector().power_w
        begins_c = harness.station.charger.connectors[1].reading().temperature_c
        assert seen[4] == 0
        assert 10_000 * 0.99 < seen[14] < 10_010
        assert 20_000 * 0.99 < seen[19] < 20_100
        full = [seen[second] for second in range(40, 90)]
        assert all(59_300 < power_w < 60_200 for power_w in full)
        assert (len({round(power_w, 3) for power_w in full}) == 1) is exact
        assert 29 < begins_c < 40
