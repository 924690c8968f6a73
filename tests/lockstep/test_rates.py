"""What chance decides in a habit, and when what was seen is beyond doubt."""

from __future__ import annotations

import math
import random
import re
from dataclasses import replace
from functools import cache

import pytest

from sim_core.bedside.verdicts import Verdicts
from sim_core.charging.habits import early_samples, erratic_power_offered
from sim_core.charging.habits import rated_power_offered as rated
from sim_core.charging.habits import watts_power_offered as watts
from sim_core.lockstep.__main__ import as_json
from sim_core.lockstep.dice import DICE, Throw
from sim_core.lockstep.habits import switched
from sim_core.lockstep.rates import SURE, Rate, counted, rates, together
from sim_core.traces.exchanges import Conversation
from sim_core.twin.play import Make
from tests.lockstep.metal import Beside, all_but, metal, model, twin
from tests.lockstep.scenes import SCENES
from tests.lockstep.sweep import SHOWS, spoken
from tests.traces.tales import Tale


@cache
def said(scene: str, quirks: str = "all", seed: int = 101) -> Conversation:
    """What a charger with these habits says in a scene."""
    return SCENES[scene]().played(Make(model(), quirks=quirks), seed)


# -- how dice fall ---------------------------------------------------------------------------------


def test_a_habit_itself_tells_how_its_dice_fall() -> None:
    told = said("some visits")
    odds = {
        habit: next(dice.throws(told)).odds for habit, dice in DICE.items() if "gun" not in habit
    }
    early = odds["early_samples"](twin())
    assert early["sooner"] == pytest.approx(early_samples.SHARE, abs=0.001)
    assert odds["early_samples"](switched(twin(), ["early_samples"]))["sooner"] == 0
    often = rated.OFTEN + watts.OFTEN + erratic_power_offered.OFTEN
    offered = odds["rated_power_offered"](twin())
    assert offered["the rating"] == pytest.approx(rated.OFTEN / often)
    assert offered["in W"] == pytest.approx(watts.OFTEN / often)
    first = odds["free_running_samples"]
    assert first(twin())["on time"] == pytest.approx(1.1 / (10 - 2.8), abs=0.001)
    assert first(switched(twin(), ["free_running_samples"]))["on time"] == 1


def test_a_register_is_cut_off_where_no_float_is_that_many_kwh() -> None:
    told = said("a meter past 256 kwh")
    throws = [*DICE["truncated_meter_stop"].throws(told)]
    cut = [throw for throw in throws if throw.odds(twin())["cut"]]
    assert 0 < len(cut) < len(throws)
    assert {throw.shown for throw in cut} == {"cut"}
    assert {throw.shown for throw in throws if throw not in cut} == {"whole"}


@pytest.mark.parametrize(("kwh", "tells"), [(999.999, True), (1000.12, False)])
def test_a_register_of_more_digits_than_are_written_tells_nothing(kwh: float, tells: bool) -> None:
    tale = Tale()
    tale.boots(0, "Available", "Available", "Available")
    began = tale.session(20, 1, 7)
    tale.sample(began + 90, 1, 7, "Transaction.End", kwh=kwh)
    tale.stop(began + 90, "Local", began=began)
    told = tale.told()
    (stop,) = told.of("StopTransaction")
    stop.payload["meterStop"] = round(kwh * 1000)
    throws = [*DICE["truncated_meter_stop"].throws(told)]
    assert (stop in [throw.of for throw in throws]) is tells


@pytest.mark.parametrize(
    ("first_s", "shown"), [(4, ["elsewhen"]), (9, ["on time"]), (10, ["on time"]), (20, [])]
)
def test_a_first_sample_is_on_time_or_sooner_and_later_it_is_the_second(
    first_s: float, shown: list[str]
) -> None:
    tale = Tale()
    tale.boots(0, "Available", "Available", "Available")
    began = tale.session(20, 1, 7)
    for later in (0, 10, 20):
        tale.sample(began + first_s + later, 1, 7, amperes=100)
    throws = DICE["free_running_samples"].throws(tale.told())
    assert [throw.shown for throw in throws] == shown


def remote_starts(tale: Tale, starts_after: float | None, *, stays: float = 100) -> Conversation:
    """One at connector 2 of a vehicle that waits, while power flows at connector 1; None: nothing
    comes of it."""
    tale.boots(0, "Available", "Available", "Available")
    began = tale.session(20, 1, 7)
    for age in range(10, 310, 10):
        tale.sample(began + age, 1, 7, kwh=1 + age / 100, amperes=100)
    asked = began + 60
    tale.status(asked - 20, 2, "Preparing")
    accepted = {"status": "Accepted"}
    tale.asks(asked, "RemoteStartTransaction", accepted, connectorId=2, idTag="CARD2")
    if starts_after is not None:
        tale.start(asked + starts_after, 2, "CARD2", 8)
    tale.status(asked + stays, 2, "Available")
    return tale.told()


@pytest.mark.parametrize(
    ("starts_after", "stays", "shown"),
    [
        (3, 100, ["starts"]),
        (None, 100, ["in vain"]),
        (None, 50, ["in vain"]),
        (None, 20, []),  # who leaves so soon has not waited for it
        (60, 100, []),  # a vehicle that takes its time
    ],
)
def test_a_second_gun_starts_or_does_not(
    starts_after: float | None, stays: float, shown: list[str]
) -> None:
    told = remote_starts(Tale(), starts_after, stays=stays)
    throws = [*DICE["slow_second_gun"].throws(told)]
    assert [throw.shown for throw in throws] == shown
    for throw in throws:
        assert throw.odds(twin())["in vain"] == model().timing["real"].second_gun_share
        assert throw.odds(switched(twin(), ["slow_second_gun"]))["in vain"] == 0


# -- when it is beyond doubt -----------------------------------------------------------------------


NEEDED = {
    "early_samples": 139,
    "free_running_samples": 5,
    "rated_power_offered": 33,
    "watts_power_offered": 106,
}


@pytest.mark.parametrize("habit", NEEDED)
def test_a_charger_without_it_is_told_after_so_many_and_not_sooner(habit: str) -> None:
    told = said("some visits")
    (first, *_) = DICE[habit].throws(told)
    otherwise = first.odds(switched(twin(), [habit]))
    usual = max((name for name in otherwise if otherwise[name]), key=lambda name: otherwise[name])
    throws = [Throw(first.of, usual, first.odds)] * NEEDED[habit]
    without = switched(twin(), [habit])
    outcome = DICE[habit].outcome
    assert counted(throws, outcome, twin(), without).sure
    assert not counted(throws[:-1], outcome, twin(), without).sure


@pytest.mark.parametrize("habit", NEEDED)
def test_a_charger_that_has_it_is_never_told_in_a_hundred_lives(habit: str) -> None:
    """Each of them is looked at after every throw."""
    told, dice = said("some visits"), random.Random(1)
    (first, *_) = DICE[habit].throws(told)
    odds, without = first.odds(twin()), switched(twin(), [habit])
    by_outcome = {
        name: counted([Throw(first.of, name, first.odds)], DICE[habit].outcome, twin(), without)
        for name in odds
    }
    for _ in range(100):
        ratio = 0.0
        for shown in dice.choices([*odds], [*odds.values()], k=400):
            ratio += by_outcome[shown].ratio
            assert ratio < math.log(SURE)


def test_what_may_be_misread_once_is_not_beyond_doubt() -> None:
    without = replace(twin(), quirks=all_but("slow_second_gun"))
    throws = [*DICE["slow_second_gun"].throws(remote_starts(Tale(), None))]
    assert not counted(throws, "in vain", without, twin()).sure
    assert counted(throws * 2, "in vain", without, twin()).sure


def test_counts_of_two_conversations_are_added() -> None:
    one = rates(said("some visits"), twin())
    both = together(together({}, one), one)
    assert both["early_samples"].of == 2 * one["early_samples"].of == 16
    assert both["early_samples"].ratio == pytest.approx(2 * one["early_samples"].ratio)


# -- what is said ----------------------------------------------------------------------------------


def test_a_habit_of_chance_is_named_over_several_sessions_and_nothing_else() -> None:
    """`python -m tests.lockstep` goes through all of them."""
    one = spoken("truncated_meter_stop", SHOWS["truncated_meter_stop"], 101)
    assert one.named, one.now
    assert one.others == []
    assert one.frames == 1


def test_it_says_how_often_and_is_one_difference_of_no_frame() -> None:
    told = said("some visits", all_but("free_running_samples"))
    beside = Beside().hears(told).waits(told, 60).look()
    (one,) = [judged for judged in beside.now.values() if judged.habits]
    assert beside.differences == [one.sentence]
    assert "habit free_running_samples (" in one.sentence
    says = DICE["free_running_samples"].what
    assert re.search(rf": {says} 0 of [5-8] times, with the twin 85% of them$", one.sentence)
    verdicts = Verdicts("gresgying-f3-eu180", (), 100)
    verdicts.take(as_json(one))
    verdicts.publish()
    (cause,) = verdicts.picture.causes
    assert (cause.first.row, cause.frames, cause.first.habits) == (0, 1, one.habits)
    assert cause.first.facts["differs"] == one.sentence


def test_what_was_told_is_taken_back_when_it_shows_after_all() -> None:
    beside = Beside()
    told = metal()
    beside.hears(told).waits(told, 60).look()
    last = told.exchanges[-1]
    sure = Rate(0, 200, 13.0, math.log(SURE) + 1, last)
    beside.following._before = {"early_samples": sure}
    beside.waits(told, 100).following._by_rate(told)
    beside.look()
    assert any("habit early_samples" in sentence for sentence in beside.differences)
    beside.following._before = {"early_samples": replace(sure, seen=1, ratio=2.0)}
    beside.following._by_rate(told)
    beside.look()
    assert beside.differences == []
