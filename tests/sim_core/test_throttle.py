"""When what is to be said may leave: at once, or with the turns of a firmware's loop."""

from __future__ import annotations

import asyncio

import pytest

from sim_core.commands import Plug, Start, Stop
from sim_core.hardware.distribution import Distribution
from sim_core.runtime.clock import ManualClock
from sim_core.wire.throttle import Throttle
from sim_core.wire.wire_format import CLEAN, Loop, WireFormat
from tests.harness import Harness
from tests.scripted_csms import Hold

GATHERS_S, NEXT_S = Distribution(10.0, 7.0, 13.0), Distribution(10.5, 10.0, 11.0)
LOOP = Loop(
    call_s=GATHERS_S.drawn,
    row_s=GATHERS_S.drawn,
    next_row_s=NEXT_S.drawn,
    answer_s=NEXT_S.drawn,
    slow_answer_s=NEXT_S.drawn,
)


class Middle:
    """Chance that is none."""

    def random(self) -> float:
        return 0.5

    def uniform(self, a: float, b: float, /) -> float:
        return (a + b) / 2


class Never:
    """Nothing may be drawn."""

    def random(self) -> float:
        raise AssertionError("a make without a tick draws nothing")

    def uniform(self, a: float, b: float, /) -> float:
        raise AssertionError("a make without a tick draws nothing")


def ticking(rows: int = 0) -> tuple[Throttle, ManualClock, list[float]]:
    """A pace with a loop of 10 s, and the moments at which it has woken somebody."""
    clock, woken = ManualClock(), []  # type: ignore[var-annotated]
    return Throttle(clock, WireFormat(loop=LOOP), Middle(), rows), clock, woken


async def test_without_a_tick_everything_is_due_at_once() -> None:
    clock = ManualClock()
    pace = Throttle(clock, CLEAN, Never(), 1)
    assert pace.plain_is_due
    assert pace.rows_are_due
    pace.plain_added()
    pace.row_added(0.0)
    pace.row_left(2)
    assert pace.plain_is_due
    assert pace.rows_are_due
    pace.wake_when_due(lambda: pytest.fail("nobody has to wait"), plain_waits=True)
    await clock.advance(100)


async def test_what_is_said_gathers_for_a_turn_and_leaves_together() -> None:
    pace, clock, woken = ticking()
    pace.plain_added()
    assert not pace.plain_is_due
    pace.wake_when_due(lambda: woken.append(clock.monotonic()), plain_waits=True)
    await clock.advance(4)
    pace.plain_added()
    assert not pace.plain_is_due
    await clock.advance(5.9)
    assert not pace.plain_is_due
    await clock.advance(0.1)
    assert pace.plain_is_due
    assert woken == [10]
    pace.plain_added()
    assert not pace.plain_is_due, "the next begins to gather anew"


async def test_who_does_not_wait_is_not_woken() -> None:
    pace, clock, woken = ticking()
    pace.plain_added()
    pace.wake_when_due(lambda: woken.append(clock.monotonic()), plain_waits=False)
    await clock.advance(100)
    assert woken == []


async def test_to_ask_again_takes_the_place_of_the_first_waking() -> None:
    pace, clock, woken = ticking()
    pace.plain_added()
    for _ in range(3):
        pace.wake_when_due(lambda: woken.append(clock.monotonic()), plain_waits=True)
    await clock.advance(100)
    assert woken == [10]


async def test_in_a_hurry_it_leaves_in_this_instant_and_only_then() -> None:
    pace, clock, _ = ticking()
    pace.plain_added()
    pace.skip_tick()
    assert pace.plain_is_due
    pace.plain_added()
    assert pace.plain_is_due, "what an answer has caused leaves with it"
    await clock.advance(0.04)
    pace.plain_added()
    assert pace.plain_is_due
    await clock.advance(0.02)
    pace.plain_added()
    assert not pace.plain_is_due


async def test_the_first_row_gathers_and_what_comes_later_waits_its_turn() -> None:
    pace, clock, woken = ticking()
    pace.row_added(0.0)
    assert not pace.rows_are_due
    pace.row_added(3.0)
    pace.wake_when_due(lambda: woken.append(clock.monotonic()), plain_waits=False)
    await clock.advance(10)
    assert woken == [10]
    assert pace.rows_are_due
    pace.row_left(1)
    await clock.advance(13.4)
    assert not pace.rows_are_due, "a turn after the answer, and its own 3 s"
    await clock.advance(0.2)
    assert pace.rows_are_due
    pace.row_left(2)
    await clock.advance(20.9)
    assert not pace.rows_are_due
    await clock.advance(0.2)
    assert pace.rows_are_due


async def test_a_row_alone_waits_for_what_it_asks_for() -> None:
    pace, clock, _ = ticking()
    pace.row_added(5.0)
    await clock.advance(14.9)
    assert not pace.rows_are_due
    await clock.advance(0.1)
    assert pace.rows_are_due


async def test_a_row_does_not_overtake_the_turn_after_an_answer() -> None:
    pace, clock, _ = ticking(rows=1)
    assert pace.rows_are_due, "what was left from before may go at once"
    pace.row_left(4)
    pace.row_added(0.0)
    await clock.advance(41)
    assert not pace.rows_are_due
    await clock.advance(1.1)
    assert pace.rows_are_due


async def test_the_earlier_of_both_lanes_wakes() -> None:
    pace, clock, woken = ticking()
    pace.row_added(7.0)
    await clock.advance(1)
    pace.plain_added()
    pace.wake_when_due(lambda: woken.append(clock.monotonic()), plain_waits=True)
    await clock.advance(30)
    assert woken == [11]


@pytest.mark.parametrize(("action", "turns"), [("StartTransaction", 2), ("MeterValues", 1)])
async def test_after_the_answer_to_a_start_the_loop_comes_round_twice(
    action: str, turns: int
) -> None:
    keys = {"MeterValueSampleInterval": "10", "AutoCharge": "false"}
    async with Harness(model="gresgying-f3-eu180", quirks="send_tick", keys=keys) as harness:
        release = asyncio.Event()
        harness.csms.script[action].append(Hold(release))
        await harness.submit(Plug(1))
        starting = asyncio.ensure_future(harness.station.submit(Start(1, "TAG")))
        while not harness.csms.of(action):
            await harness.advance(0.1)
        await starting
        await harness.submit(Stop(1))
        harness.csms.clear()
        release.set()
        await harness.settle()
        answered_s = harness.clock.monotonic()
        while not harness.csms.of("MeterValues", "StopTransaction"):
            await harness.advance(0.01)
        took_s = harness.clock.monotonic() - answered_s
        assert turns <= took_s <= turns * 1.4 + 0.02
