"""A charger and its twin in lockstep: equal ones never differ, and what differs is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_core.bedside.verdicts import Verdicts
from sim_core.lockstep.__main__ import as_json
from sim_core.lockstep.following import Following
from sim_core.lockstep.words import of_habits
from sim_core.traces.comparison.verdicts import Kind
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.traces.moments import S
from tests.examples import every, examples
from tests.lockstep.metal import (
    Beside,
    a_visit,
    all_but,
    metal,
    model,
    twin,
    with_few_habits,
)
from tests.lockstep.scenes import SCENES
from tests.lockstep.sweep import ONLY_THE_OTHER_WAY, SHOWS, spoken
from tests.traces.tales import START, Tale


def without(said: Conversation, *left_out: Exchange) -> Conversation:
    """The same, but for these."""
    return Conversation(said.name, True, [e for e in said.exchanges if e not in left_out])


# -- equal ones ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(101, 101 + examples(2)))
def test_sessions_of_equal_ones_differ_nowhere(seed: int) -> None:
    said = metal(seed)
    beside = Beside().hears(said).waits(said, 60).look()
    assert beside.differences == []
    assert len(beside.now) == len(said.exchanges)


def test_nor_do_they_at_any_moment_on_the_way() -> None:
    said = metal(120)
    beside = Beside().hears(said, looks_every=every(30)).waits(said, 60).look()
    assert beside.ever == []


def test_a_clock_that_is_off_is_no_difference() -> None:
    said = metal(121)
    beside = Beside(off=timedelta(hours=1, minutes=7)).hears(said).waits(said, 60).look()
    assert beside.differences == []
    first = min(one.at for one in beside.now.values())
    assert first == said.exchanges[0].at + beside.off  # shown by the clock of this computer


def an_early_visit(tale: Tale) -> None:
    """Somebody plugs in while the charger has only just reported itself."""
    tale.boots(0, "Available", "Available", "Available")
    a_visit(tale, 2)


def test_nor_is_a_vehicle_that_comes_right_after_a_boot() -> None:
    said = metal(127, tell=an_early_visit)
    assert Beside().hears(said).waits(said, 60).look().differences == []


def test_nor_are_hours_in_which_nobody_comes() -> None:
    said = metal(126, tell=idle_hours)
    beside = Beside().hears(said, looks_every=every(30)).waits(said, 60).look()
    assert beside.ever == []
    assert {one.kind for one in beside.now.values()} == {Kind.SAME.value}


def two_at_once(tale: Tale) -> None:
    """One card is held before two connectors, of which each has its own warmth."""
    tale.boots(0, "Available", "Available", "Available")
    a_visit(tale, long=70)
    a_visit(tale, 55, 2, 8, long=30)


def test_nor_do_two_sessions_of_one_card() -> None:
    said = metal(101, tell=two_at_once)
    assert Beside().hears(said, looks_every=every(50)).waits(said, 60).look().ever == []


def two_visits(tale: Tale) -> None:
    """Between both the charger is at rest, and is told another interval and a limit before."""
    tale.boots(0, "Available", "Available", "Available")
    tale.asks(
        8,
        "ChangeConfiguration",
        {"status": "Accepted"},
        key="MeterValueSampleInterval",
        value="20",
    )
    gone = a_visit(tale)
    a_visit(tale, gone + 200, 2, 8)


def test_what_was_before_a_rest_is_still_known() -> None:
    said = metal(122, tell=two_visits)
    beside = Beside().hears(said, looks_every=every(40)).waits(said, 60).look()
    assert beside.ever == []
    told = [one for one in beside.following._exchanges if one.action == "StartTransaction"]
    assert len(told) == 1  # the first visit is only remembered


IN_WATTS, IN_WATTS_WITHOUT_A_LINK = 105, 107
"""Seeds of which the charger says in W what is offered."""


def test_nor_is_a_way_of_saying_what_is_offered_that_few_twins_draw() -> None:
    said = metal(IN_WATTS)
    assert any((sample.number("Power.Offered") or 0) > 1000 for sample in said.of("MeterValues"))
    assert Beside().hears(said).waits(said, 60).look().differences == []
    never = replace(twin(), quirks=all_but("watts_power_offered"))
    found = set(Beside(never).hears(said).waits(said, 60).look().differences)
    assert len(found) == 1
    assert "has a habit that the twin has not: watts_power_offered" in found.pop()


def test_nor_is_it_where_no_sample_has_a_transaction_of_its_csms() -> None:
    one = spoken("", "a visit without a link", IN_WATTS_WITHOUT_A_LINK)
    assert one.now == one.ever == ()


# -- what differs ----------------------------------------------------------------------------------


def a_slow_visit(tale: Tale) -> None:
    """One that is sampled every minute."""
    tale.boots(0, "Available", "Available", "Available")
    a_visit(tale, every=61.83, long=330)


def idle_hours(tale: Tale) -> None:
    """Nobody comes, and a heartbeat is said every ten minutes."""
    answer = {"currentTime": tale.stamp(0), "interval": 600, "status": "Accepted"}
    tale.says(0, "BootNotification", {"chargePointVendor": "X"}, answer, late_s=0)
    for connector in (1, 2, 0):
        tale.status(0.2, connector, "Available")
    for beat in range(1, 8):
        at = 602.6 * beat
        tale.says(at, "Heartbeat", {}, {"currentTime": tale.stamp(at)}, late_s=0)


@pytest.mark.parametrize(
    "habit", ["two_entry_stop_data", "status_before_answer", "plug_ends_reserved"]
)
def test_a_habit_that_is_otherwise_is_named_and_nothing_else(habit: str) -> None:
    """`python -m tests.lockstep` goes through all of them."""
    said = spoken(habit, SHOWS[habit], 101)
    assert said.named, said.now
    assert said.others == []
    assert said.ever == ()


def test_each_habit_shows_in_a_scene() -> None:
    assert {*SHOWS} | {*ONLY_THE_OTHER_WAY} == {*model().quirks}
    assert {*SHOWS.values(), *ONLY_THE_OTHER_WAY.values()} <= {*SCENES}


@pytest.mark.parametrize("habit", [*ONLY_THE_OTHER_WAY])
def test_what_no_frame_tells_of_a_charger_is_no_difference(habit: str) -> None:
    said = spoken(habit, ONLY_THE_OTHER_WAY[habit], 101)
    assert said.now == said.ever == ()


@pytest.mark.parametrize("habit", [*ONLY_THE_OTHER_WAY][: examples(1) - 1])
def test_and_of_its_twin_it_is(habit: str) -> None:
    assert spoken(habit, ONLY_THE_OTHER_WAY[habit], 101, other_way=True).flawless


def test_what_follows_from_one_habit_is_one_difference() -> None:
    said = metal(quirks=all_but("slow_minute"), tell=a_slow_visit)
    verdicts = Verdicts("gresgying-f3-eu180", (), 100)
    for judged in Beside().hears(said).waits(said, 60).look().now.values():
        verdicts.take(as_json(judged))
    verdicts.publish()
    (cause,) = verdicts.picture.causes
    assert cause.frames == verdicts.picture.differing > 1
    assert cause.first.habits == ("slow_minute",)
    assert "sample interval 60" in cause.first.whys[1]


def test_several_habits_of_which_any_would_do_are_named_together() -> None:
    names = of_habits(("send_tick", "pipelining"), twin())
    assert names.endswith("do not share one of these habits: send_tick, pipelining")
    without = replace(twin(), quirks="none")
    assert of_habits(("json_c",), without).startswith("the charger has a habit that the twin has")


def test_a_difference_is_named_while_the_session_still_runs() -> None:
    said = metal(quirks=all_but("slow_minute"), tell=a_slow_visit)
    end = next(e for e in said.said if e.context == "Transaction.End")
    running = Conversation(said.name, True, [e for e in said.exchanges if e.at < end.at])
    beside = Beside().hears(running).look()
    assert beside.differences
    assert all("habit slow_minute" in one for one in beside.differences)


def test_what_the_charger_does_not_say_is_missing() -> None:
    said = metal(123, make=with_few_habits())
    charging = next(e for e in said.said if e.status == "Charging")
    less = without(said, charging)
    beside = Beside(with_few_habits()).hears(less).waits(less, 60).look()
    assert "Charging on connector 1 is missing: the twin says it" in beside.differences


def test_what_only_the_charger_says_is_too_much() -> None:
    said = metal(124, make=with_few_habits())
    charging = next(e for e in said.said if e.status == "Charging")
    again = replace(charging, at=charging.at + 20 * S, answered_at=charging.at + 20 * S)
    more = Conversation(
        said.name, True, sorted([*said.exchanges, again], key=lambda exchange: exchange.at)
    )
    beside = Beside(with_few_habits()).hears(more).waits(more, 60).look()
    assert beside.differences == ["Charging on connector 1: the twin does not say it"]


def test_silence_tells_only_while_there_is_a_link() -> None:
    said = metal(125, make=with_few_habits())
    samples = [e for e in said.said if e.context == "Sample.Periodic"]
    early = Conversation(said.name, True, [e for e in said.exchanges if e.at <= samples[3].at])
    silent = Beside(with_few_habits()).hears(early).waits(early, 50).look()
    assert len(silent.differences) > 1
    assert all("Sample.Periodic on connector 1 is missing" in one for one in silent.differences)
    away = Beside(with_few_habits()).hears(early)
    away.following.ended(early.exchanges[-1].at + S)
    assert away.waits(early, 50).look().differences == []


# -- what comes from strangers ---------------------------------------------------------------------

WORD = st.text(max_size=8)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["connectorId", "status", "timestamp", "idTag", "transactionId", "meterValue", "reason", "data"]
)
ACTIONS = st.sampled_from(
    ["BootNotification", "StatusNotification", "StartTransaction", "MeterValues", "Reset", "Foo"]
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(ACTIONS, st.dictionaries(NAMES, ANYTHING), ANYTHING), max_size=5))
def test_frames_of_any_shape_are_looked_at(
    frames: list[tuple[str, dict[str, object], object]],
) -> None:
    following = Following("CP01", twin())
    for row, (action, payload, answer) in enumerate(frames, 1):
        at = START + row * S
        following.asked(row, action != "Reset", at, (f"m{row}", action, payload))
        following.answered(row, at, (3, answer if isinstance(answer, dict) else {}))
    judged = following.look()
    assert {one.row for one in judged if one.row} <= set(range(1, len(frames) + 1))
