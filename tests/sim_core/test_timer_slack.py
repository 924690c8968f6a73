"""Long timers of the computer's clocks come together where that is wanted, and never early."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.fleet.options import TIMER_SLACK_MS, FleetSettings
from sim_core.runtime.clock import Clock, ScaledClock, SystemClock

SLACK_S = 0.02
LONG_S = 1.0
"""From here on a timer has a slack of 20 ms."""
HAIR_S = 1e-6


class Loop(asyncio.SelectorEventLoop):
    """A loop whose time stands still until it is moved."""

    moment_s = 1000.003

    def time(self) -> float:
        return self.moment_s


def on(loop: Loop, work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


def late_s(clock: Clock, seconds: float, *, takes_s: float | None = None) -> float:
    """How late a timer of `seconds` comes, where they take `takes_s` of the loop's time."""

    async def ask() -> float:
        timer = clock.call_later(seconds, lambda: None)
        assert isinstance(timer, asyncio.TimerHandle)
        timer.cancel()
        return timer.when() - Loop.moment_s - (seconds if takes_s is None else takes_s)

    late: float = on(Loop(), ask())
    return late


def is_multiple(moment_s: float) -> bool:
    left_s = moment_s % SLACK_S
    return min(left_s, SLACK_S - left_s) < HAIR_S


@given(st.floats(LONG_S, 1e6))
def test_a_long_timer_comes_at_a_multiple_of_the_slack_and_never_early(seconds: float) -> None:
    late = late_s(SystemClock(SLACK_S), seconds)
    assert -HAIR_S < late < SLACK_S + HAIR_S
    assert is_multiple(Loop.moment_s + seconds + late)


@given(st.floats(0, LONG_S, exclude_max=True))
def test_a_short_timer_comes_by_itself(seconds: float) -> None:
    assert late_s(SystemClock(SLACK_S), seconds) == pytest.approx(0, abs=HAIR_S)


@given(st.floats(0, 1e6))
def test_without_a_slack_every_timer_comes_by_itself(seconds: float) -> None:
    assert late_s(SystemClock(), seconds) == pytest.approx(0, abs=HAIR_S)


def test_a_slack_is_of_the_computers_time_however_fast_the_clock() -> None:
    """An hour of such a charge point is a minute."""
    clock = ScaledClock(60, SLACK_S)
    assert late_s(clock, 59, takes_s=59 / 60) == pytest.approx(0, abs=HAIR_S)
    late = late_s(clock, 61, takes_s=61 / 60)
    assert 0 < late < SLACK_S
    assert is_multiple(Loop.moment_s + 61 / 60 + late)


@pytest.mark.parametrize("make", [SystemClock, lambda slack_s: ScaledClock(2, slack_s)])
def test_who_sleeps_long_wakes_with_the_others(make: Callable[[float], Clock]) -> None:
    loop, clock = Loop(), make(SLACK_S)
    awake: list[float] = []

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        awake.append(loop.time())

    async def pass_time() -> None:
        while len(awake) < 2:  # one millisecond after the other, and all that is due in each
            loop.moment_s = round(loop.moment_s + 0.001, 3)
            for _ in range(5):
                await asyncio.sleep(0)

    async def run() -> None:
        await asyncio.gather(sleep(4.002), sleep(4.006), pass_time())

    on(loop, run())
    assert awake[0] == awake[1]
    assert is_multiple(awake[0])


async def test_who_sleeps_short_sleeps_by_itself() -> None:
    began_s = asyncio.get_running_loop().time()
    await SystemClock(SLACK_S).sleep(0.05)
    assert asyncio.get_running_loop().time() - began_s >= 0.05 - HAIR_S * 1000


def test_a_fleet_has_a_slack_and_can_be_without() -> None:
    assert late_s(FleetSettings().clock(), 30) > 0
    assert FleetSettings().fleet_timer_slack_ms == TIMER_SLACK_MS
    assert late_s(FleetSettings(fleet_timer_slack_ms=0).clock(), 30) == pytest.approx(0, abs=HAIR_S)
