"""The arithmetic of charging profiles, against somebody who looks at every second."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_core.ocpp16 import schedule
from sim_core.ocpp16.charging_profile import (
    EPOCH,
    SECOND,
    Bounds,
    Period,
    Profile,
    date_of,
    moment_of,
    read,
)
from sim_core.ocpp16.schedule import Allowed, Limit, Stack

NOW_S = 1_767_268_800
DAY_S = 86_400
WINDOW_S = 120
MAINS_V = 230.0

near = st.integers(-WINDOW_S, WINDOW_S)
starts = st.lists(st.integers(1, WINDOW_S), max_size=3, unique=True).map(sorted)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    kind = draw(st.sampled_from(("Absolute", "Relative", "Recurring")))
    recurrency = draw(st.sampled_from(("Daily", "Weekly"))) if kind == "Recurring" else None
    rounds_back_s = draw(st.integers(0, 3)) * DAY_S * (7 if recurrency == "Weekly" else 1)
    starts_at = (NOW_S + draw(near) - rounds_back_s) * SECOND if kind != "Relative" else None
    duration_s = draw(st.none() | st.integers(1, WINDOW_S) | st.just(2 * DAY_S))
    limits = st.sampled_from((0.0, 6.0, 16.0, 32.0))
    return Profile(
        profile_id=0,
        stack_level=draw(st.integers(0, 3)),
        purpose="TxProfile",
        kind=kind,
        unit=draw(st.sampled_from("AW")),
        periods=tuple(
            Period(start_s, draw(limits), draw(st.sampled_from((None, 1, 3))))
            for start_s in [0, *draw(starts)]
        ),
        duration_s=duration_s,
        starts_at=starts_at,
        recurrency=recurrency,
        valid_from=draw(st.none() | near.map(lambda s: (NOW_S + s) * SECOND)),
        valid_to=draw(st.none() | near.map(lambda s: (NOW_S + s) * SECOND)),
    )


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    levels: list[tuple[Profile, ...]] = []
    for _ in range(2):
        kept = {one.stack_level: one for one in draw(st.lists(profiles(), max_size=3))}
        levels.append(tuple(kept.values()))
    return Stack(tuple(levels), draw(st.none() | near.map(lambda s: (NOW_S + s) * SECOND)))


def naive_period(profile: Profile, second: int, began_s: int | None) -> Period | None:
    """What a profile says at a second, found by walking there."""
    if profile.valid_from is not None and second * SECOND < profile.valid_from:
        return None
    if profile.valid_to is not None and second * SECOND >= profile.valid_to:
        return None
    begin_s = began_s if profile.starts_at is None else profile.starts_at // SECOND
    if begin_s is None:
        return None
    if profile.recurrency:
        while begin_s + DAY_S * (7 if profile.recurrency == "Weekly" else 1) <= second:
            begin_s += DAY_S * (7 if profile.recurrency == "Weekly" else 1)
    passed_s = second - begin_s
    if passed_s < 0 or (profile.duration_s is not None and passed_s >= profile.duration_s):
        return None
    said = None
    for period in profile.periods:
        if period.start_s <= passed_s:
            said = period
    return said


def naive_limit(stack: Stack, second: int) -> tuple[Profile, Period] | None:
    began_s = None if stack.began_at is None else stack.began_at // SECOND
    for of_one_purpose in stack.purposes:
        for profile in sorted(of_one_purpose, key=lambda one: -one.stack_level):
            period = naive_period(profile, second, began_s)
            if period is not None:
                return profile, period
    return None


def naive_watts(stack: Stack, second: int) -> float | None:
    found = naive_limit(stack, second)
    if found is None:
        return None
    profile, period = found
    return period.limit * (1 if profile.unit == "W" else (period.phases or 3) * MAINS_V)


def pair_of(limit: Limit | None) -> tuple[Profile, Period] | None:
    return None if limit is None else (limit.profile, limit.period)


@given(stacks())
def test_every_second_is_as_if_it_had_been_looked_at(stack: Stack) -> None:
    edge = NOW_S * SECOND
    held = pair_of(stack.limit_at(edge))
    for second in range(NOW_S, NOW_S + WINDOW_S):
        while edge is not None and edge <= second * SECOND:
            held = pair_of(stack.limit_at(edge))
            following = stack.next_edge(edge)
            assert following is None or following > edge
            edge = following
        assert held == naive_limit(stack, second)


@given(stacks())
def test_the_next_change_is_the_first_second_with_another_limit(stack: Stack) -> None:
    found = schedule.until(stack, NOW_S * SECOND)
    now = naive_limit(stack, NOW_S)
    ends = NOW_S + WINDOW_S
    change = next((s for s in range(NOW_S, ends) if naive_limit(stack, s) != now), None)
    if change is not None:
        assert found == change * SECOND
    else:
        assert found is None or found >= ends * SECOND


@settings(max_examples=60)
@given(stacks(), stacks(), st.sampled_from("AW"))
def test_a_composite_schedule_says_of_every_second_what_holds(
    stack: Stack, cap: Stack, unit: str
) -> None:
    rated = Allowed(10_000.0)

    def course(at: int) -> Allowed:
        limits = [schedule.allowed(one, MAINS_V) for s in (stack, cap) if (one := s.limit_at(at))]
        return min([*limits, rated], key=lambda part: part.power_w)

    def edges(at: int) -> int | None:
        return schedule.first_edge((stack, cap), at)

    periods, reach_s = schedule.composite(course, edges, NOW_S * SECOND, WINDOW_S, unit, MAINS_V)
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


@given(profiles(), near)
def test_what_is_over_never_counts_again(profile: Profile, later_s: int) -> None:
    if schedule.is_over(profile, NOW_S * SECOND):
        for began_s in (NOW_S - 10, NOW_S, NOW_S + 50):
            assert naive_period(profile, NOW_S + abs(later_s), began_s) is None


def test_an_edge_between_two_seconds_is_told_at_the_nearer_one() -> None:
    profile = Profile(
        1, 0, "TxProfile", "Absolute", "W", (Period(0, 5.0), Period(10, 7.0)), starts_at=0
    )
    stack = Stack(((profile,),))

    def course(at: int) -> Allowed:
        limit = stack.limit_at(at)
        assert limit is not None
        return schedule.allowed(limit, MAINS_V)

    for early_us, told in ((400_000, 10), (600_000, 9)):
        at = early_us
        periods, _ = schedule.composite(course, stack.next_edge, at, 60, "W", MAINS_V)
        assert [period.start_s for period in periods] == [0, told]


def test_what_begins_where_the_schedule_ends_is_no_part_of_it() -> None:
    profile = Profile(
        1, 0, "TxProfile", "Absolute", "W", (Period(0, 5.0), Period(10, 7.0)), starts_at=0
    )
    stack = Stack(((profile,),))

    def course(at: int) -> Allowed:
        limit = stack.limit_at(at)
        assert limit is not None
        return schedule.allowed(limit, MAINS_V)

    for duration_s, starts in ((10, [0]), (11, [0, 10])):
        periods, reach_s = schedule.composite(course, stack.next_edge, 0, duration_s, "W", MAINS_V)
        assert ([period.start_s for period in periods], reach_s) == (starts, duration_s)


@given(st.floats(0, 200_000))
def test_a_converted_limit_is_a_tenth_for_everybody(rate: float) -> None:
    told = schedule.tenths(rate)
    assert rate - 0.25 - 1e-9 <= told <= rate + 0.05 + 1e-9
    assert (told / 0.1).is_integer() or abs(told - rate) < 1e-6


def test_what_a_csms_has_written_is_told_as_it_has() -> None:
    assert [schedule.tenths(tenth / 10) for tenth in range(1000)] == [
        tenth / 10 for tenth in range(1000)
    ]


def test_an_endless_schedule_is_cut_and_says_where() -> None:
    daily = Profile(
        1,
        0,
        "TxProfile",
        "Recurring",
        "W",
        (Period(0, 5.0), Period(3600, 7.0)),
        starts_at=0,
        recurrency="Daily",
    )
    stack = Stack(((daily,),))

    def course(at: int) -> Allowed:
        limit = stack.limit_at(at)
        assert limit is not None
        return schedule.allowed(limit, MAINS_V)

    periods, reach_s = schedule.composite(course, stack.next_edge, 0, 10**15, "W", MAINS_V)
    assert len(periods) == schedule.MOST_PERIODS
    assert reach_s == schedule.MOST_PERIODS // 2 * DAY_S


def wire(**changed: Any) -> dict[str, Any]:
    schedule_ = {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11_000.0}],
    }
    whole = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule_,
    }
    for name, value in changed.items():
        known = name in ("chargingRateUnit", "chargingSchedulePeriod", "duration")
        inside = known or name in ("startSchedule", "minChargingRate")
        (schedule_ if inside else whole)[name] = value
    return whole


BOUNDS = Bounds(most_stack_level=10, most_periods=24, units=("Power",))
PERIOD = {"startPeriod": 0, "limit": 1.0}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"chargingSchedulePeriod": []}, "the schedule has no chargingSchedulePeriod"),
        (
            {"chargingSchedulePeriod": [{**PERIOD, "startPeriod": i} for i in range(10_000)]},
            "the schedule has 10000 periods: allowed is 24",
        ),
        (
            {"chargingSchedulePeriod": [PERIOD, {**PERIOD, "startPeriod": 9}, PERIOD]},
            "startPeriod does not rise",
        ),
        ({"chargingSchedulePeriod": [PERIOD, PERIOD]}, "startPeriod does not rise"),
        ({"chargingSchedulePeriod": [{**PERIOD, "startPeriod": 5}]}, "first startPeriod is not 0"),
        ({"chargingSchedulePeriod": [{**PERIOD, "startPeriod": -5}]}, "first startPeriod is not 0"),
        (
            {"chargingSchedulePeriod": [PERIOD, {**PERIOD, "startPeriod": 10**30}]},
            "startPeriod is beyond",
        ),
        ({"chargingSchedulePeriod": [{**PERIOD, "limit": -0.1}]}, "a limit is not a number from 0"),
        ({"chargingSchedulePeriod": [{**PERIOD, "limit": 10**400}]}, "a limit is not a number"),
        (
            {"chargingSchedulePeriod": [{**PERIOD, "limit": float("nan")}]},
            "a limit is not a number",
        ),
        ({"chargingSchedulePeriod": [{**PERIOD, "numberPhases": 0}]}, "numberPhases is not 1, 2"),
        ({"chargingSchedulePeriod": [{**PERIOD, "numberPhases": 4}]}, "numberPhases is not 1, 2"),
        ({"minChargingRate": -1.0}, "minChargingRate is not a number"),
        ({"stackLevel": 11}, "stackLevel is 11: allowed is 0 to 10"),
        ({"stackLevel": -1}, "stackLevel is -1"),
        ({"chargingProfileId": 2**80}, "chargingProfileId does not fit"),
        ({"chargingRateUnit": "A"}, "chargingRateUnit is A: allowed is W"),
        ({"duration": 0}, "duration is 0"),
        ({"duration": -1}, "duration is -1"),
        ({"validFrom": "tomorrow"}, "validFrom is no date-time"),
        (
            {"validFrom": "2026-01-02T00:00:00Z", "validTo": "2026-01-01T00:00:00Z"},
            "validTo is not after validFrom",
        ),
        ({"startSchedule": "2026-13-01T00:00:00Z"}, "startSchedule is no date-time"),
        ({"chargingProfileKind": "Recurring"}, "a Recurring profile needs a recurrencyKind"),
        (
            {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"},
            "a Recurring profile needs a startSchedule",
        ),
        (
            {"chargingProfilePurpose": "ChargePointMaxProfile", "chargingProfileKind": "Relative"},
            "a ChargePointMaxProfile cannot be Relative",
        ),
        ({"transactionId": 7}, "a transactionId belongs to a TxProfile only"),
    ],
)
def test_a_profile_that_makes_no_sense_is_a_sentence(
    changed: dict[str, Any], sentence: str
) -> None:
    refused = read(wire(**changed), NOW_S * SECOND, BOUNDS)
    assert isinstance(refused, str)
    assert sentence in refused


def test_a_schedule_without_beginning() -> None:
    now = NOW_S * SECOND
    of_transaction = read(wire(), now, BOUNDS)
    of_charge_point = read(wire(chargingProfilePurpose="ChargePointMaxProfile"), now, BOUNDS)
    assert isinstance(of_transaction, Profile)
    assert isinstance(of_charge_point, Profile)
    assert of_transaction.starts_at is None
    assert of_charge_point.starts_at == now


def test_moments_and_dates() -> None:
    assert date_of(moment_of(EPOCH)) == EPOCH
    assert date_of(None) is None
    assert date_of(10**30) is None


# -- many connectors, many profiles ----------------------------------


@settings(max_examples=60)
@given(st.lists(stacks(), min_size=1, max_size=4), st.lists(st.integers(0, 3), max_size=4))
def test_a_walk_over_many_stacks_says_of_every_second_what_holds(
    different: list[Stack], again: list[int]
) -> None:
    """Whatever they share, each stack is as if it were alone."""
    every = [*different, *(different[place % len(different)] for place in again)]
    sweep = schedule.Sweep(every, NOW_S * SECOND)
    assert len(sweep.different) <= len(different)
    for second in range(NOW_S, NOW_S + WINDOW_S):
        before = [sweep.limit_of(place) for place in range(len(sweep.different))]
        edge = sweep.next_edge()
        decided = sweep.go_to(second * SECOND)
        assert [pair_of(limit) for limit in sweep.limits] == [
            naive_limit(stack, second) for stack in every
        ]
        for place, was in enumerate(before):
            same = pair_of(sweep.limit_of(place)) == pair_of(was)
            assert same or (place in decided and edge is not None and edge <= second * SECOND)


def many(kind: str, gaps: bool) -> tuple[Profile, ...]:
    """Twenty profiles of a hundred periods, one above the other."""
    return tuple(
        Profile(
            number,
            number,
            "TxDefaultProfile",
            kind,
            "W",
            tuple(Period(one * (60 + number), 5000.0 + one * 7 % 50) for one in range(100)),
            duration_s=500 * (20 - number) if gaps else None,
            starts_at=None if kind == "Relative" else (NOW_S - 100) * SECOND,
            recurrency="Daily" if kind == "Recurring" else None,
        )
        for number in range(20)
    )


@pytest.mark.parametrize("kind", ["Relative", "Absolute", "Recurring"])
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("duration_s", [3_600, 10**9])
def test_a_step_costs_what_changes_in_it(
    kind: str, gaps: bool, apart: bool, duration_s: int, monkeypatch: pytest.MonkeyPatch
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

        periods, _ = schedule.composite(
            course, lambda _: sweep.next_edge(), NOW_S * SECOND, duration_s, "W", MAINS_V
        )
        return looked[0], len(periods)

    few, _ = looks(2)
    lots, told = looks(64)
    begun = 64 if apart and kind == "Relative" else 1
    assert lots <= schedule.LOOKS + 20 * begun + told
    if begun == 1:
        assert lots == few


def test_what_cannot_count_is_no_edge() -> None:
    """A limit that holds for ever has no end, whatever goes on below it."""
    above = Profile(1, 9, "TxProfile", "Relative", "W", (Period(0, 7000.0),))
    below = many("Recurring", gaps=False)
    sweep = schedule.Sweep([Stack(((above,), below), NOW_S * SECOND)], NOW_S * SECOND)
    assert sweep.next_edge() is None
