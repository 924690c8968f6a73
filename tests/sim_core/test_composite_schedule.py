"""The composite schedule, against somebody who looks at every second."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_core.charging import schedule
from sim_core.charging.composite_schedule import (
    LOOKS,
    MOST_PERIODS,
    Allowed,
    allowed,
    composite,
    composite_schedule,
    tenths,
)
from sim_core.charging.profile import SECOND, Kind, Period, Profile, Purpose, Recurrency
from sim_core.charging.schedule import Stack
from tests.sim_core.test_schedule import (
    DAY_S,
    MAINS_V,
    NOW_S,
    WINDOW_S,
    many,
    naive_watts,
    stacks,
)


@settings(max_examples=60)
@given(stacks(), stacks(), st.sampled_from("AW"))
def test_a_composite_schedule_says_of_every_second_what_holds(
    stack: Stack, cap: Stack, unit: str
) -> None:
    rated = Allowed(10_000.0)

    def course(at: int) -> Allowed:
        limits = [allowed(one, MAINS_V) for s in (stack, cap) if (one := s.limit_at(at))]
        return min([*limits, rated], key=lambda part: part.power_w)

    def edges(at: int) -> int | None:
        return schedule.first_edge((stack, cap), at)

    periods, reach_s = composite(course, edges, NOW_S * SECOND, WINDOW_S, unit, MAINS_V)
    assert reach_s == WINDOW_S
    assert [period.start_s for period in periods] == sorted({p.start_s for p in periods})
    assert periods[0].start_s == 0
    told_w = {}
    for period, following in zip(periods, [*periods[1:], None], strict=True):
        amps_w = MAINS_V * (period.phases or 3)
        power_w = period.limit * (1 if unit == "W" else amps_w)
        for second in range(period.start_s, following.start_s if following else WINDOW_S):
            told_w[second] = power_w
    for second in range(WINDOW_S):
        here = [naive_watts(one, NOW_S + second) for one in (stack, cap)]
        least_w = min([10_000.0, *(w for w in here if w is not None)])
        tolerance = 0.05 if unit == "W" else 0.25 * 3 * MAINS_V
        assert told_w[second] == pytest.approx(least_w, abs=tolerance + 1e-6), second


@settings(max_examples=40)
@given(
    st.lists(stacks(), min_size=1, max_size=3),
    st.lists(st.sampled_from((0.0, 4_000.0, 22_000.0)), min_size=3, max_size=3),
    stacks(),
    st.sampled_from((3_000.0, 30_000.0)),
    st.booleans(),
)
def test_each_connector_has_a_bound_of_its_own(
    own: list[Stack], bounds_w: list[float], cap: Stack, pool_w: float, summed: bool
) -> None:
    own = [*own, own[0]]  # equal stacks, be it that their bounds differ
    most_w = [*bounds_w[: len(own) - 1], 11_000.0]
    told = composite_schedule(
        own,
        cap,
        NOW_S * SECOND,
        WINDOW_S,
        "W",
        most_w=most_w,
        pool_w=pool_w,
        mains_v=MAINS_V,
        summed=summed,
    )
    begins = [period.start_s for period in told.periods]
    for second in range(WINDOW_S):
        limits_w = [naive_watts(one, NOW_S + second) for one in own]
        parts_w = [
            most if limit_w is None else min(limit_w, most)
            for limit_w, most in zip(limits_w, most_w, strict=True)
        ]
        whole_w = min(pool_w, sum(parts_w)) if summed else parts_w[0]
        cap_w = naive_watts(cap, NOW_S + second)
        least_w = whole_w if cap_w is None else min(whole_w, cap_w)
        period = told.periods[bisect_right(begins, second) - 1]
        assert period.limit == pytest.approx(least_w, abs=0.05), second


STEP_AT_10_S = Profile(
    1, 0, Purpose.TRANSACTION, Kind.ABSOLUTE, "W", (Period(0, 5.0), Period(10, 7.0)), starts_at=0
)


def course_of(stack: Stack) -> Callable[[int], Allowed]:
    """What a stack allows at each moment, where it always says something."""

    def course(at: int) -> Allowed:
        limit = stack.limit_at(at)
        assert limit is not None
        return allowed(limit, MAINS_V)

    return course


def test_an_edge_between_two_seconds_is_told_at_the_nearer_one() -> None:
    stack = Stack(((STEP_AT_10_S,),))
    for early_us, told in ((400_000, 10), (600_000, 9)):
        at = early_us
        periods, _ = composite(course_of(stack), stack.next_edge, at, 60, "W", MAINS_V)
        assert [period.start_s for period in periods] == [0, told]


def test_what_begins_where_the_schedule_ends_is_no_part_of_it() -> None:
    stack = Stack(((STEP_AT_10_S,),))
    for duration_s, starts in ((10, [0]), (11, [0, 10])):
        periods, reach_s = composite(course_of(stack), stack.next_edge, 0, duration_s, "W", MAINS_V)
        assert ([period.start_s for period in periods], reach_s) == (starts, duration_s)


@given(st.floats(0, 200_000))
def test_a_converted_limit_is_a_tenth_for_everybody(rate: float) -> None:
    told = tenths(rate)
    assert rate - 0.25 - 1e-9 <= told <= rate + 0.05 + 1e-9
    assert (told / 0.1).is_integer() or abs(told - rate) < 1e-6


def test_what_a_csms_has_written_is_told_as_it_has() -> None:
    assert [tenths(tenth / 10) for tenth in range(1000)] == [tenth / 10 for tenth in range(1000)]


def test_an_endless_schedule_is_cut_and_says_where() -> None:
    daily = Profile(
        1,
        0,
        Purpose.TRANSACTION,
        Kind.RECURRING,
        "W",
        (Period(0, 5.0), Period(3600, 7.0)),
        starts_at=0,
        recurrency=Recurrency.DAILY,
    )
    stack = Stack(((daily,),))

    periods, reach_s = composite(course_of(stack), stack.next_edge, 0, 10**15, "W", MAINS_V)
    assert len(periods) == MOST_PERIODS
    assert reach_s == MOST_PERIODS // 2 * DAY_S


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("duration_s", [3_600, 10**9])
def test_a_step_costs_what_changes_in_it(
    kind: Kind, gaps: bool, apart: bool, duration_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Profiles that are looked at on the way: 64 connectors cost no more looks than two, unless
    their transactions began apart, and then one look for each edge, not for each connector."""
    looked = [0]
    real = schedule.look

    def look(profile: Profile, at: int, began_at: int | None) -> Any:
        looked[0] += 1
        return real(profile, at, began_at)

    monkeypatch.setattr(schedule, "look", look)
    profiles_ = many(kind, gaps)

    def looks(connectors: int) -> tuple[int, int]:
        looked[0] = 0
        began = [(NOW_S - 100 - (number if apart else 0)) * SECOND for number in range(connectors)]
        sweep = schedule.Sweep([Stack(((), profiles_), one) for one in began], NOW_S * SECOND)

        def course(at: int) -> Allowed:
            sweep.go_to(at)
            limits = [limit for limit in sweep.limits if limit is not None]
            return Allowed(sum(schedule.limit_w(limit, MAINS_V) for limit in limits))

        periods, _ = composite(
            course, lambda _: sweep.next_edge(), NOW_S * SECOND, duration_s, "W", MAINS_V
        )
        return looked[0], len(periods)

    few, _ = looks(2)
    lots, told = looks(64)
    begun = 64 if apart and kind is Kind.RELATIVE else 1
    assert lots <= LOOKS + 20 * begun + told
    if begun == 1:
        assert lots == few
