"""The arithmetic of charging profiles, against somebody who looks at every second."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sim_core.charging import schedule
from sim_core.charging.profile import (
    EPOCH,
    SECOND,
    Kind,
    Period,
    Profile,
    Purpose,
    Recurrency,
    date_of,
    moment_of,
)
from sim_core.charging.schedule import Limit, Stack

NOW_S = 1_767_268_800
DAY_S = 86_400
WINDOW_S = 120
MAINS_V = 230.0

near = st.integers(-WINDOW_S, WINDOW_S)
starts = st.lists(st.integers(1, WINDOW_S), max_size=3, unique=True).map(sorted)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    kind = draw(st.sampled_from(Kind))
    recurrency = draw(st.sampled_from(Recurrency)) if kind is Kind.RECURRING else None
    rounds_back_s = draw(st.integers(0, 3)) * DAY_S * (7 if recurrency is Recurrency.WEEKLY else 1)
    starts_at = (NOW_S + draw(near) - rounds_back_s) * SECOND if kind != Kind.RELATIVE else None
    duration_s = draw(st.none() | st.integers(1, WINDOW_S) | st.just(2 * DAY_S))
    limits = st.sampled_from((0.0, 6.0, 16.0, 32.0))
    return Profile(
        profile_id=0,
        stack_level=draw(st.integers(0, 3)),
        purpose=Purpose.TRANSACTION,
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
        while begin_s + DAY_S * (7 if profile.recurrency is Recurrency.WEEKLY else 1) <= second:
            begin_s += DAY_S * (7 if profile.recurrency is Recurrency.WEEKLY else 1)
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


@given(profiles(), near)
def test_what_is_over_never_counts_again(profile: Profile, later_s: int) -> None:
    if schedule.is_over(profile, NOW_S * SECOND):
        for began_s in (NOW_S - 10, NOW_S, NOW_S + 50):
            assert naive_period(profile, NOW_S + abs(later_s), began_s) is None


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


def many(kind: Kind, gaps: bool) -> tuple[Profile, ...]:
    """Twenty profiles of a hundred periods, one above the other."""
    return tuple(
        Profile(
            number,
            number,
            Purpose.DEFAULT,
            kind,
            "W",
            tuple(Period(one * (60 + number), 5000.0 + one * 7 % 50) for one in range(100)),
            duration_s=500 * (20 - number) if gaps else None,
            starts_at=None if kind is Kind.RELATIVE else (NOW_S - 100) * SECOND,
            recurrency=Recurrency.DAILY if kind is Kind.RECURRING else None,
        )
        for number in range(20)
    )


def test_what_cannot_count_is_no_edge() -> None:
    """A limit that holds for ever has no end, whatever goes on below it."""
    above = Profile(1, 9, Purpose.TRANSACTION, Kind.RELATIVE, "W", (Period(0, 7000.0),))
    below = many(Kind.RECURRING, gaps=False)
    sweep = schedule.Sweep([Stack(((above,), below), NOW_S * SECOND)], NOW_S * SECOND)
    assert sweep.next_edge() is None
