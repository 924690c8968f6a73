"""Flags to wait for, and chance that takes no memory until it is needed."""

from __future__ import annotations

import asyncio
import random

from sim_core.runtime.asyncio_helpers import LightEvent, first_of, one_done
from sim_core.runtime.clock import ManualClock
from sim_core.runtime.random_numbers import RandomNumbers
from tests.patience import PATIENCE_S


async def test_whoever_waits_goes_on_though_the_flag_is_down_again() -> None:
    flag = LightEvent()
    waiting = [asyncio.ensure_future(flag.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    flag.set()
    flag.clear()
    await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE_S)
    assert not flag.is_set()


async def test_a_flag_that_is_up_keeps_nobody() -> None:
    flag = LightEvent()
    flag.set()
    await asyncio.wait_for(flag.wait(), PATIENCE_S)
    assert flag.raised().done()
    assert await flag.within(1000, ManualClock().call_later)


async def test_who_gave_up_waiting_is_forgotten() -> None:
    flag, clock = LightEvent(), ManualClock()
    for _ in range(100):
        assert await first_of(asyncio.sleep(0), flag.raised()) == 0
        late = asyncio.ensure_future(flag.within(1, clock.call_later))
        await clock.advance(1)
        assert await late is False
    assert len(flag._waiting) <= 1
    flag.set()


async def test_what_is_only_looked_at_goes_on() -> None:
    one, other = LightEvent(), LightEvent()
    futures = [one.raised(), other.raised()]
    waiting = one_done(futures)
    given_up = one_done(futures)
    given_up.cancel()
    other.set()
    await asyncio.wait_for(waiting, PATIENCE_S)
    assert [future.done() for future in futures] == [False, True]


async def test_the_time_is_up_or_the_flag_is() -> None:
    flag, clock = LightEvent(), ManualClock()
    waiting = asyncio.ensure_future(flag.within(10, clock.call_later))
    await clock.advance(9.9)
    assert not waiting.done()
    flag.set()
    assert await asyncio.wait_for(waiting, PATIENCE_S) is True


def test_what_is_passed_over_changes_nothing_after_it() -> None:
    plain, draws = random.Random(7), RandomNumbers(7)
    plain.random()
    draws.skip()
    assert draws.uniform(1, 5) == plain.uniform(1, 5)
    plain.random()
    draws.skip()
    assert draws.random() == plain.random()
    assert draws.choices("abc", [1, 2, 3]) == plain.choices("abc", [1, 2, 3])
