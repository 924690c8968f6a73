"""When what is to be said may leave: at once, or with the turns of a firmware's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from sim_core.commands import Plug, Start, Stop
from sim_core.runtime.clock import ManualClock
from sim_core.wire.throttle import Throttle
from sim_core.wire.wire_format import CLEAN, Loop, Seconds, WireFormat
from tests.harness import Harness
from tests.scripted_csms import Hold

TICK_S = 10.0


def always(seconds: float) -> Seconds:
    """A time that is the same on every occasion, and draws."""
    return lambda chance: seconds + 0 * chance.random()


LOOP = Loop(
    gathering=always(TICK_S),
    ripe_s=4.0,
    after_boot=always(6.0),
    starting=always(17.0),
    ending=always(13.0),
    telling=always(TICK_S),
    after_answer=always(10.5),
    after_start=always(21.0),
    answering=always(TICK_S),
    answering_slowly=always(2 * TICK_S),
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
    pace.row_goes()
    pace.row_left(began=True)
    pace.booted()
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
    pace.row_left()
    await clock.advance(13.4)
    assert not pace.rows_are_due, "a turn after the answer, and its own 3 s"
    await clock.advance(0.2)
    assert pace.rows_are_due
    pace.row_left(began=True)
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
    pace.row_left(began=True)
    pace.row_added(0.0)
    await clock.advance(20)
    assert not pace.rows_are_due
    await clock.advance(1.1)
    assert pace.rows_are_due


@pytest.mark.parametrize(
    ("way_s", "how_long"),
    [(17.0, lambda loop: loop.starting), (13.0, lambda loop: loop.ending)],
)
async def test_begin_and_end_of_a_transaction_are_longer_on_their_way(
    way_s: float, how_long: Callable[[Loop], Seconds]
) -> None:
    pace, clock, _ = ticking()
    pace.row_added(0.0, how_long)
    await clock.advance(way_s - 0.1)
    assert not pace.rows_are_due
    await clock.advance(0.1)
    assert pace.rows_are_due


@pytest.mark.parametrize(("gathered_s", "ripe"), [(3.9, False), (4.0, True)])
async def test_a_row_takes_along_what_has_gathered_long_enough(
    gathered_s: float, ripe: bool
) -> None:
    pace, clock, _ = ticking(rows=1)
    pace.plain_added()
    await clock.advance(gathered_s)
    assert not pace.plain_is_due
    pace.row_goes()
    assert pace.plain_is_due is ripe


async def test_what_is_said_first_after_a_boot_has_a_time_of_its_own() -> None:
    pace, clock, _ = ticking()
    pace.booted()
    pace.plain_added()
    await clock.advance(5.9)
    assert not pace.plain_is_due
    await clock.advance(0.1)
    assert pace.plain_is_due


async def test_rows_that_are_held_wait_until_they_are_let_go() -> None:
    pace, clock, woken = ticking(rows=1)
    pace.hold_rows()
    assert not pace.rows_are_due
    pace.row_added(0.0)
    pace.wake_when_due(lambda: woken.append(clock.monotonic()), plain_waits=False)
    await clock.advance(100)
    assert not pace.rows_are_due
    assert woken == []
    pace.let_rows_go(2.0)
    assert not pace.rows_are_due
    await clock.advance(2)
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
        assert turns * 0.92 <= took_s <= turns * 1.8 + 0.02
