"""The comparison of two conversations, by itself: it must find what differs, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim_core.traces.causes.derivation import scene_of
from sim_core.traces.comparison.chances import CHANCES
from sim_core.traces.comparison.delays import gaps, length_s
from sim_core.traces.comparison.distributions import (
    SURE,
    can_tell,
    charged_hits,
    same_rate,
    span_of,
    two_samples,
    without_outliers,
)
from sim_core.traces.comparison.judged import judge
from sim_core.traces.comparison.verdicts import Kind, Result, compare
from sim_core.traces.comparison.yardstick import Yardstick
from sim_core.traces.exchanges import Conversation, TraceError, conversations
from sim_core.traces.frames import Side, Trace, TraceFrame
from tests.traces.tales import Tale

Tell = Callable[[Tale], object]


def a_session(tale: Tale, full_kw: float = 60) -> None:
    """A session with a ramp, samples every ten seconds and an end that the CSMS wanted."""
    began = tale.session(10)
    kwh = 1.0
    for age in range(8, 120, 10):
        kw = min(full_kw, max(0.0, 2.0 * (age - 6)))
        kwh += kw / 360
        tale.sample(began + age, 1, kwh=round(kwh, 3), amperes=round(kw / 0.4, 1), volts=400)
    tale.asks(began + 121, "RemoteStopTransaction", {"status": "Accepted"}, transactionId=7)
    tale.sample(began + 123.5, 1, 7, "Transaction.End", kwh=round(kwh + 0.1, 3), told=began + 125)
    tale.status(began + 124, 1, "Finishing")
    tale.stop(began + 123.5, "Remote", began=began, told=began + 126.2)


def told_by(tell: Tell) -> Conversation:
    """What a tale tells."""
    tale = Tale()
    tale.boots(0, "Available", "Available", "Available")
    tell(tale)
    return tale.told()


def against(real: Conversation, twin: Conversation, *more: Conversation) -> Result:
    """One conversation held against another; both were asked the same."""
    asked = list(zip(real.asked, twin.asked, strict=True))
    return compare(real, twin, asked, Yardstick.of([real, *more]))


def test_what_is_the_same_differs_nowhere() -> None:
    real, twin = (told_by(a_session) for _ in range(2))
    result = against(real, twin)
    assert result.differing == 0, result.whys
    assert result.equal == result.frames == len(real.said) + len(real.asked)


def test_each_frame_has_one_verdict() -> None:
    real = told_by(lambda tale: tale.status(10, 1, "Preparing"))

    def other(tale: Tale) -> None:
        tale.status(10, 1, "Preparing")
        tale.status(20, 2, "Faulted", "99")

    result = against(real, told_by(other))
    kinds = [verdict.kind for verdict in result.verdicts]
    assert kinds.count(Kind.ONLY_TWIN) + kinds.count(Kind.CANNOT_TELL) == 1
    assert kinds.count(Kind.SAME) == len(real.said)


@pytest.mark.parametrize(
    ("full_kw", "why"), [(52.0, "power is"), (60.0, "")], ids=["weaker", "the same"]
)
def test_what_flows_is_judged(full_kw: float, why: str) -> None:
    real = told_by(a_session)
    twin = told_by(lambda tale: a_session(tale, full_kw=full_kw))
    whys = " ".join(against(real, twin).whys)
    assert (why in whys) if why else not whys


def test_a_register_that_does_not_count_what_flows_is_found() -> None:
    real = told_by(a_session)
    twin = told_by(a_session)
    samples = [s for s in twin.of("MeterValues") if s.context == "Sample.Periodic"]
    samples[-1].sampled[0]["value"] = "1.2"
    samples[-1].__dict__.pop("values", None)
    whys = " ".join(against(real, twin).whys)
    assert "Wh are counted" in whys


def sharing(second_begins: float, halved: float, waited_s: float = 1.0) -> Tell:
    """One connector charges alone until another begins `second_begins` s after it; from its age
    `halved` on it has half. `waited_s`: how long one of its samples is on its way."""

    def tell(tale: Tale) -> None:
        began, kwh = tale.session(10), 1.0
        tale.start(began + second_begins, 2, "OTHER", 8)
        for age in range(8, 160, 10):
            kw = min(60.0 if age < halved else 30.0, max(0.0, 2.0 * (age - 6)))
            kwh += kw / 360
            told = began + age + (waited_s if age == 98 else 1.0)
            tale.sample(began + age, 1, kwh=round(kwh, 3), amperes=kw / 0.4, told=told)

    return tell


@pytest.mark.parametrize(
    ("begins", "halved", "waited_s", "why"),
    [
        (96.5, 105, 1.0, ""),  # the other begins sooner, and what it takes is missed sooner
        (98.5, 105, 3.4, ""),  # and the sample has waited for its start to be told
        (106.5, 105, 1.0, ""),
        (106.5, 95, 1.0, "power is 30 kW 98 s after the start, not 58.25 to 61.75"),
        (106.5, 115, 3.4, "a sample on its way takes 3.40 s"),
    ],
)
def test_what_hangs_on_another_connector_is_judged_by_when_that_began(
    begins: float, halved: float, waited_s: float, why: str
) -> None:
    result = against(told_by(sharing(106.5, 115)), told_by(sharing(begins, halved, waited_s)))
    found = [reason for reason in result.whys if "power" in reason or "on its way" in reason]
    assert [reason for reason in found if not why or why not in reason] == []
    assert bool(found) == bool(why)


def test_a_delay_that_was_never_seen_is_found() -> None:
    def with_charging_after(seconds: float) -> Tell:
        def tell(tale: Tale) -> None:
            for n in range(8):
                began = 200.0 * n + 30
                tale.status(began - 28, 1, "Preparing")
                tale.card(began - 25, "CARD")
                tale.start(began, 1, "CARD", n + 1)
                tale.status(began + seconds + n / 50, 1, "Charging")

        return tell

    real = told_by(with_charging_after(1.5))
    assert not against(real, told_by(with_charging_after(1.52))).whys
    whys = against(real, told_by(with_charging_after(3.5))).whys
    assert any("Charging after StartTransaction takes" in why for why in whys)


def test_connector_0_at_once_with_the_others_is_found() -> None:
    def boots(zero_s: float) -> Conversation:
        tale = Tale()
        for n in range(3):
            second = 300.0 * n
            tale.boots(second, "", "Available", "Available")
            tale.status(second + 0.2 + zero_s + n / 100, 0, "Available")
        return tale.told()

    assert not against(boots(0.13), boots(0.14)).whys
    whys = against(boots(0.13), boots(0.0)).whys
    assert any("connector 0 after the others" in why for why in whys)


def test_a_backlog_before_the_statuses_is_found() -> None:
    def reconnects(backlog_s: float) -> Conversation:
        tale = Tale()
        tale.boots(0, "Available", "Available", "Available")
        tale.session(10)
        tale.boots(100, "", "Charging", "Available")
        tale.status(100.1, 0, "Available")
        tale.sample(80, 1, kwh=1.1, amperes=100, told=100 + backlog_s)
        return tale.told()

    assert not against(reconnects(1.9), reconnects(2.0)).whys
    whys = against(reconnects(1.9), reconnects(0.4)).whys
    assert any("after a boot before" in why for why in whys)


def test_heartbeats_count() -> None:
    def beats(*seconds: float) -> Conversation:
        tale = Tale()
        tale.boots(0, "Available", "Available", "Available")
        for second in seconds:
            answer = {"currentTime": tale.stamp(second)}
            tale.says(second, "Heartbeat", {}, answer, late_s=0)
        tale.status(4000, 1, "Preparing")
        return tale.told()

    real = beats(600, 1200, 1800)
    assert not against(real, beats(601, 1201, 1802)).whys
    assert any("Heartbeat" in why for why in against(real, beats(600, 900, 1800)).whys)
    assert "missing: Heartbeat" in against(real, beats(600, 1200)).whys


def test_a_sample_more_or_less_is_the_timers_affair() -> None:
    def samples(first: float, count: int) -> Conversation:
        tale = Tale()
        tale.boots(0, "Available", "Available", "Available")
        began = tale.session(10)
        for n in range(count):
            tale.sample(began + first + 10 * n, 1, kwh=1.0, soc=40)
        tale.status(200, 2, "Preparing")
        return tale.told()

    real = samples(5, 6)
    assert against(real, samples(5, 5)).differing == 0
    assert against(real, samples(5, 3)).differing == 2


# -- what can be told only of many -----------------------------------------------------------------


def test_the_two_sample_figure() -> None:
    assert two_samples([1, 2, 3, 4], [1, 2, 3, 4]).size == 0
    figure = two_samples([1, 2, 3, 4], [3, 4, 5, 6])
    assert figure.size == 0.5
    assert not figure.differs, "four values tell little"
    far = two_samples([*range(40)], [*range(100, 400)])
    assert far.size == 1
    assert far.differs
    assert far.charged(300) > 150


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_one_distribution_is_hardly_ever_taken_for_two(seed: int) -> None:
    chance = random.Random(seed)
    one, other = ([chance.gauss(2, 0.3) for _ in range(n)] for n in (17, 170))
    assert two_samples(one, other).charged(170) <= 20


def test_fishers_test() -> None:
    assert same_rate(8, 51, 8, 51) == pytest.approx(1.0)
    assert same_rate(3, 3, 0, 3) == pytest.approx(0.1)  # 2 of the 20 ways to share three hits
    assert same_rate(8, 51, 0, 510) < 1e-6


def test_a_chance_cannot_be_bought_by_never_or_always() -> None:
    """8 of 51 ends lack something: who never leaves it out differs, and who always does."""
    assert charged_hits(8, 51, 80, 510) == 0
    assert charged_hits(8, 51, 60, 510) == 0, "a little less may be chance"
    too_few, too_many = charged_hits(8, 51, 0, 510), charged_hits(8, 51, 510, 510)
    assert too_few < 0
    assert too_many > 200
    assert same_rate(8, 51, -too_few, 510) >= SURE, "so many would have done"
    assert same_rate(8, 51, -too_few - 1, 510) < SURE, "and not one fewer"


def test_where_too_little_was_seen_that_is_said() -> None:
    assert can_tell(8, 51, 510)
    assert not can_tell(1, 1, 10)


@given(st.integers(2, 60), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_true_draw_lies_in_the_span(count: int, seed: int) -> None:
    chance = random.Random(seed)
    span = span_of([chance.gauss(5, 0.5) for _ in range(count)])
    assert span is not None
    assert span[0] < 5 < span[1]


def test_what_had_another_cause_is_no_measure() -> None:
    usual = [5.2, 5.4, 5.3, 5.9, 5.1, 5.5, 5.4]
    assert without_outliers([*usual, 31.0]) == usual
    two_ways = [1.1, 1.2, 2.0, 2.1, 2.0, 2.1, 2.2]
    assert without_outliers(two_ways) == two_ways


def test_ends_without_power_offered_are_judged_by_their_rate() -> None:
    def ends(without: int, of: int) -> Conversation:
        tale = Tale()
        tale.boots(0, "Available", "Available", "Available")
        for n in range(of):
            began = 100.0 * n + 30
            tale.start(began, 1, "CARD", n + 1)
            tale.sample(began + 50, 1, n + 1, "Transaction.End", told=began + 51)
            tale.stop(began + 50, "Remote", n + 1, began=began)
        told = tale.told()
        for n, sample in enumerate(told.of("MeterValues")):
            if n >= without:
                offered = {"measurand": "Power.Offered", "value": "0", "context": sample.context}
                sample.sample["sampledValue"].append(offered)
                sample.__dict__.pop("sampled", None)
                sample.__dict__.pop("values", None)
        return told

    real = ends(5, 30)
    yardstick = Yardstick.of([real])

    def charged(*twins: Conversation) -> int:
        results = [
            replace(compare(real, twin, [], yardstick), seed=seed)
            for seed, twin in enumerate(twins)
        ]
        assert not any(result.differing for result in results), "no single frame tells"
        judge([real], results, yardstick)
        return sum(result.differing for result in results)

    what = CHANCES[0].what
    assert "Power.Offered" in what
    assert charged(ends(4, 30), ends(6, 30), ends(9, 30)) == 0
    assert charged(ends(30, 30), ends(30, 30)) > 15
    assert charged(*(ends(0, 30) for _ in range(10))) > 0


# -- foreign and hostile traces --------------------------------------------------------------------


def frame(sent_by: Side, *message: object) -> TraceFrame:
    """A frame as a log may have it, with a time."""
    tale = Tale()
    return TraceFrame(sent_by, tale.at(0), message, "")


@pytest.mark.parametrize(
    ("trace", "sentence"),
    [
        (Trace("empty", ()), "There is no frame in empty."),
        (Trace("new", (), "2.0.1"), "new is spoken in OCPP 2.0.1: only 1.6 can be compared."),
        (
            Trace("bare", (TraceFrame(Side.CHARGER, None, (2, "1", "Heartbeat", {}), ""),)),
            "There is no time in bare, neither of a frame nor in one.",
        ),
        (Trace("answers", (frame(Side.CSMS, 3, "1", {}),)), "There is no request in answers."),
    ],
)
def test_what_is_no_trace_is_a_sentence(trace: Trace, sentence: str) -> None:
    with pytest.raises(TraceError, match=sentence):
        conversations(trace)


def test_frames_that_nobody_can_read_are_said_and_left_out() -> None:
    good = frame(Side.CHARGER, 2, "1", "Heartbeat", {})
    (told,) = conversations(Trace("odd", (frame(Side.CHARGER, 9, "x", "y"), good)))
    assert told.remarks == ("1 frames are left out (it is no CALL, CALLRESULT or CALLERROR).",)
    assert [exchange.action for exchange in told.said] == ["Heartbeat"]


def test_several_charge_points_are_several_conversations() -> None:
    frames = tuple(
        replace(frame(Side.CHARGER, 2, whose, "Heartbeat", {}), charge_point=whose)
        for whose in ("CP1", "CP2")
    )
    assert [told.name for told in conversations(Trace("log", frames))] == ["log CP1", "log CP2"]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "connectorId", "status", "timestamp", "idTag", "transactionId", "meterValue",
                "sampledValue", "value", "measurand", "context", "unit", "configurationKey", "key",
                "readonly", "idTagInfo", "interval", "currentTime", "transactionData", "type",
                "reason", "meterStart", "expiryDate", "data", "messageId", "requestedMessage",
            ]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip
ACTIONS = st.sampled_from(
    [
        "BootNotification", "StatusNotification", "StartTransaction", "StopTransaction",
        "MeterValues", "Authorize", "DataTransfer", "Heartbeat", "Reset", "GetConfiguration",
        "ChangeConfiguration", "RemoteStartTransaction", "RemoteStopTransaction", "ReserveNow",
        "TriggerMessage", "SetChargingProfile", "Other",
    ]
)  # fmt: skip


@given(
    st.lists(
        st.tuples(st.sampled_from(Side), ACTIONS, JUNK, JUNK, st.floats(0, 300)),
        min_size=1,
        max_size=12,
    )
)
@example([(Side.CHARGER, "StopTransaction", {"connectorId": 3}, None, 10.0)])
@settings(max_examples=100, deadline=None)
def test_frames_that_no_schema_allows_are_looked_at_all_the_same(
    said: list[tuple[Side, str, object, object, float]],
) -> None:
    tale = Tale()
    tale.boots(0, "Available", "Available", "Available")
    a_session(tale)
    for n, (side, action, payload, answer, second) in enumerate(said):
        tale.put(second, side, 2, f"j{n}", action, payload if isinstance(payload, dict) else {})
        tale.put(second + 0.2, side.other, 3, f"j{n}", answer)
    told = tale.told()
    scene_of(told)
    result = compare(
        told, told, list(zip(told.asked, told.asked, strict=True)), Yardstick.of([told])
    )
    judge([told], [result], Yardstick.of([told]))
    assert result.frames == len(told.exchanges)
    for gap in gaps(told):
        length_s(gap.ends, gap.first, gap.then)
