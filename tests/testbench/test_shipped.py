"""Each scenario that ships passes before our CSMS, and fails before one that is broken where it
looks."""

from __future__ import annotations

import json
import os

import pytest

from sim_core.settings.options import Settings
from sim_core.testbench.own_csms import OwnHouse
from sim_core.testbench.playing import play
from sim_core.testbench.scenario import Scenario
from sim_core.testbench.shipped_set import scenarios
from sim_core.testbench.stage import VirtualStage
from sim_core.testbench.verdicts import Result, Verdict
from tests.testbench.broken_csms import BrokenHouse
from tests.testbench.flaws import FLAWS

SHIPPED = scenarios([])
ALL = os.environ.get("SCENARIOS") == "all"
"""`make scenarios`: every one before every CSMS; else each second one before ours, and of those
each sixth before a broken one."""
PLAYED = SHIPPED if ALL else SHIPPED[::2]


async def played(scenario: Scenario, house: OwnHouse, seed: int = 1) -> Result:
    return await play(scenario, VirtualStage(scenario, Settings(), seed, house), seed)


@pytest.mark.parametrize("scenario", PLAYED, ids=lambda one: one.name)
async def test_it_passes_before_our_csms(scenario: Scenario) -> None:
    result = await played(scenario, OwnHouse())
    assert (result.verdict, result.why) == (Verdict.PASSED, "")


@pytest.mark.parametrize("scenario", PLAYED[:: 1 if ALL else 6], ids=lambda one: one.name)
async def test_it_fails_before_one_that_is_broken(scenario: Scenario) -> None:
    result = await played(scenario, BrokenHouse(FLAWS[scenario.name]))
    assert result.verdict is Verdict.FAILED, FLAWS[scenario.name]
    assert result.why
    assert result.around


def test_each_says_what_it_proves_and_what_it_rests_on() -> None:
    assert len({one.name for one in SHIPPED}) == len(SHIPPED) >= 60
    assert {one.name for one in SHIPPED} == FLAWS.keys()
    for one in SHIPPED:
        assert one.proves, one.name
        assert one.clause, one.name
        assert one.must_not, one.name


def as_frames(result: Result) -> list[tuple[object, ...]]:
    """What was said and when, without the ids of messages, which no seed may give twice."""
    return [
        (one.charge_point, one.exchange.requested_at, one.exchange.latency_s, frame[0], *frame[2:])
        for one in result.spoken
        for frame in (json.loads(one.request), json.loads(one.answer))
    ]


@pytest.mark.parametrize("name", ["two-connectors", "gresgying-as-it-is"])
async def test_the_same_seed_gives_the_same_frames_at_the_same_times(name: str) -> None:
    (scenario,) = scenarios([], only=name)
    first, second = [await played(scenario, OwnHouse(), seed=7) for _ in range(2)]
    assert as_frames(first) == as_frames(second)
    assert [step.at_s for step in first.steps] == [step.at_s for step in second.steps]
    other = await played(scenario, OwnHouse(), seed=8)
    assert other.verdict is Verdict.PASSED
