"""Each scenario that ships passes before our CSMS, and fails before one that is broken where it
looks."""

from __future__ import annotations

import os
import re

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
SAME_SEED = os.environ.get("SAME_SEED") == "all"
"""`make same-seed`: each of them so many times with the same seed, else two."""
TIMES = 10
BY_CHANCE = ("gresgying-erratic-power-offered", "v201-offline-session")
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


UNIQUE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Ids of messages and, in OCPP 2.0.1, of transactions: no seed may give one twice (E01.FR.08)."""


def told(result: Result) -> list[object]:
    """All that is to be the same: frames with their times, steps, readings, the verdict. An id that
    must be unique is the number of the place where it is said first."""
    numbers: dict[str, str] = {}

    def numbered(text: str) -> str:
        return UNIQUE.sub(lambda it: numbers.setdefault(it[0], f"id {len(numbers)}"), text)

    said = [
        (
            one.charge_point,
            one.exchange.requested_at,
            one.exchange.latency_s,
            numbered(one.request),
            numbered(one.answer),
        )
        for one in result.spoken
    ]
    return [*said, *result.steps, *result.readings, result.verdict, numbered(result.why)]


@pytest.mark.parametrize(
    "scenario",
    SHIPPED
    if SAME_SEED
    else scenarios([], only="v201-offline-session") + scenarios([], only="gre*as-it-is"),
    ids=lambda one: one.name,
)
async def test_the_same_seed_gives_the_same_frames_times_and_verdicts(scenario: Scenario) -> None:
    first = told(await played(scenario, OwnHouse(), seed=7))
    for _ in range(TIMES - 1):
        assert told(await played(scenario, OwnHouse(), seed=7)) == first
