"""Each scenario that ships passes before our CSMS, and fails before one that is broken where it
looks."""

from __future__ import annotations

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


async def played(scenario: Scenario, house: OwnHouse, seed: int = 1) -> Result:
    return await play(scenario, VirtualStage(scenario, Settings(), seed, house), seed)


@pytest.mark.parametrize("scenario", SHIPPED, ids=lambda one: one.name)
async def test_it_passes_before_our_csms(scenario: Scenario) -> None:
    result = await played(scenario, OwnHouse())
    assert (result.verdict, result.why) == (Verdict.PASSED, "")


@pytest.mark.parametrize("scenario", SHIPPED, ids=lambda one: one.name)
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
