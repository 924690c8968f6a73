"""What becomes of the first row of the journal, verdict by verdict; and which message is to blame
for the end of a link. Both decide without a socket, so each edge of their rules is tried here."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from sim_core.hardware.model import Metering
from sim_core.ocpp16.dialect import OCPP_16
from sim_core.ocpp16.spelling import Spelling
from sim_core.ocpp201.dialect import OCPP_201
from sim_core.store.records import BEGAN, ENDED, SAMPLED, JournalRow
from sim_core.wire.call_errors import HOPELESS
from sim_core.wire.link_ends import (
    PROMPT_S,
    WITHHELD_AFTER,
    Blame,
    LinkEnd,
    OpenCall,
)
from sim_core.wire.trial import HURRIED_WAIT_S, Again, GiveUp, RetryPolicy, Trial

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
SAMPLE, START, STOP = SAMPLED, BEGAN, ENDED
SPELLING = Spelling(Metering())


def row(kind: str, number: int = 1, attempts: int = 0) -> JournalRow:
    return JournalRow(number, kind, {}, 1, 1, NOW, attempts, None)


class Counting(Trial):
    """A trial whose failures are counted as the journal counts them."""

    def __init__(
        self, attempts: int = 3, interval_s: float = 10.0, *, samples_yield: bool = True
    ) -> None:
        self.counted: list[int] = []
        policy = RetryPolicy(attempts, interval_s, not samples_yield, samples_yield)
        super().__init__(lambda: policy, self._counted, SPELLING)

    def _counted(self, number: int) -> int:
        self.counted.append(number)
        return self.counted.count(number)


def sentences(*verdicts: Again | GiveUp) -> list[str]:
    return [one.then for one in verdicts]


# -- failures ------------------------------------------------------------


def test_where_each_event_has_a_number_a_sample_gives_way_to_nothing() -> None:
    """OCPP 2.0.1 E01.FR.07: there are no gaps in seqNo."""
    sample, stop = (Counting(attempts=12, samples_yield=False) for _ in range(2))
    for _ in range(11):
        for act in ("failed", "ended", "silent"):
            found = [
                trial.failed(row(kind), "CALLERROR X", min(HOPELESS), hurried=True)
                if act == "failed"
                else trial.link_ended(row(kind), "closes the link", "it", hurried=True)
                if act == "ended"
                else trial.silent(row(kind), 30.0, hurried=True, heard_before=True)
                for trial, kind in ((sample, SAMPLE), (stop, STOP))
            ]
            assert type(found[0]) is type(found[1])
    assert sample.counted == stop.counted
    assert sample.skips(row(SAMPLE, attempts=11), hurried=True) == ""


@pytest.mark.parametrize("kind", [SAMPLE, START, STOP])
def test_a_failure_counts_up_to_the_attempts(kind: str) -> None:
    trial = Counting()
    found = [trial.failed(row(kind), "CALLERROR X", hurried=False) for _ in range(3)]
    assert found == [Again(10), Again(20), GiveUp("CALLERROR X, 3 times")]
    assert sentences(*found) == [
        "attempt 1 of 3, it is sent again in 10 s",
        "attempt 2 of 3, it is sent again in 20 s",
        "attempt 3 of 3, it is given up",
    ]
    assert trial.counted == [1, 1, 1]


def test_one_attempt_is_one() -> None:
    assert Counting(1).failed(row(STOP), "why", hurried=False) == GiveUp("why, once")


@pytest.mark.parametrize("code", sorted(HOPELESS))
def test_a_refusal_that_stays_ends_a_sample_at_once_and_nothing_else(code: str) -> None:
    trial = Counting()
    for kind in (START, STOP):
        assert trial.failed(row(kind, 7), "why", code, hurried=True) == Again(10)
        trial.counted.clear()
    assert trial.failed(row(SAMPLE), "why", code, hurried=False) == GiveUp("why")
    assert trial.counted == [], "there is nothing to count"
    assert trial.skips(row(SAMPLE, 2), hurried=True) == "", "another one is tried once"
    assert trial.failed(row(SAMPLE, 2), "why", "InternalError", hurried=True) == GiveUp("why, once")


def test_a_sample_in_a_hurry_has_two_attempts_and_then_one() -> None:
    trial = Counting(5, 1000)
    first = trial.failed(row(SAMPLE, 1), "why", hurried=True)
    assert first == Again(HURRIED_WAIT_S)
    assert first.then == "attempt 1 of 2, it is sent again in 60 s"
    assert trial.failed(row(SAMPLE, 1), "why", hurried=True) == GiveUp("why, 2 times")
    assert trial.failed(row(SAMPLE, 2), "why", hurried=True) == GiveUp("why, once")
    trial.taken(row(SAMPLE, 3))
    assert trial.failed(row(SAMPLE, 4), "why", hurried=True) == Again(HURRIED_WAIT_S)
    for nth in range(1, 5):
        assert trial.failed(row(STOP, 5), "why", hurried=True) == Again(1000 * nth)
    assert trial.failed(row(STOP, 5), "why", hurried=True) == GiveUp("why, 5 times")
    assert trial.failed(row(SAMPLE, 6), "why", hurried=True) == Again(HURRIED_WAIT_S), (
        "a stop that was given up says nothing of samples"
    )


def test_what_is_taken_is_no_sample_where_it_is_none() -> None:
    trial = Counting()
    trial.failed(row(SAMPLE, 1), "why", "NotSupported", hurried=True)
    trial.taken(row(START, 2))
    assert trial.failed(row(SAMPLE, 3), "why", hurried=True) == GiveUp("why, once")


@pytest.mark.parametrize(
    ("refused", "attempts", "skipped"),
    [(False, 1, False), (False, 2, True), (True, 0, False), (True, 1, True)],
)
def test_a_sample_whose_attempts_are_spent_is_skipped_in_a_hurry(
    refused: bool, attempts: int, skipped: bool
) -> None:
    trial = Counting()
    if refused:
        trial.failed(row(SAMPLE, 9), "why", "NotSupported", hurried=True)
    why = trial.skips(row(SAMPLE, 1, attempts), hurried=True)
    assert bool(why) == skipped
    if skipped:
        often = "once" if attempts == 1 else "2 times"
        assert why == f"it failed {often}, and other messages wait behind"
    assert trial.skips(row(SAMPLE, 1, attempts), hurried=False) == ""
    assert trial.skips(row(STOP, 1, attempts), hurried=True) == ""


# -- silence -------------------------------------------------------------


def silent(trial: Trial, one: JournalRow, **said: Any) -> Again | GiveUp:
    return trial.silent(one, 5.0, **{"hurried": False, "heard_before": False, **said})


def test_a_stop_is_sent_until_it_is_answered_with_gaps_that_grow_so_far() -> None:
    trial = Counting()
    found = [silent(trial, row(STOP)) for _ in range(5)]
    assert found == [Again(10), Again(20), Again(30), Again(30), Again(30)]
    assert sentences(*found)[1] == "attempt 2, it is sent again in 20 s"
    assert trial.counted == [], "silence is no failure to process"
    trial.left()
    assert silent(trial, row(STOP, 2)) == Again(10)


def test_a_sample_that_meets_silence_has_its_attempts() -> None:
    trial = Counting()
    found = [silent(trial, row(SAMPLE)) for _ in range(3)]
    assert found == [Again(10), Again(20), GiveUp("no answer, 3 times")]
    assert sentences(*found)[2] == "attempt 3, it is given up"


def test_a_sample_in_a_hurry_waits_no_longer_than_a_minute_and_a_stop_does() -> None:
    assert silent(Counting(3, 1000), row(SAMPLE), hurried=True) == Again(HURRIED_WAIT_S)
    assert silent(Counting(3, 1000), row(SAMPLE)) == Again(1000)
    assert silent(Counting(3, 1000), row(STOP), hurried=True) == Again(1000)


def test_where_others_are_answered_no_second_sample_is_waited_for() -> None:
    trial = Counting()
    assert not trial.deaf
    silent(trial, row(SAMPLE, 1), heard_before=True)
    assert not trial.deaf, "it may be the CSMS as a whole"
    trial.hears_others()
    assert trial.deaf
    assert silent(trial, row(SAMPLE, 1), heard_before=True) == Again(20), "that one goes on"
    assert silent(trial, row(SAMPLE, 2), heard_before=True) == GiveUp("no answer, 3 times")
    deaf = "the CSMS does not answer MeterValues, and other messages wait behind"
    assert trial.skips(row(SAMPLE, 3), hurried=True) == deaf
    assert trial.skips(row(SAMPLE, 3), hurried=False) == ""
    trial.taken(row(STOP, 4))
    assert trial.deaf
    trial.taken(row(SAMPLE, 4))
    assert not trial.deaf
    trial.hears_others()
    assert not trial.deaf, "what was silent before is over"


@pytest.mark.parametrize("over", ["hears_nothing", "new_connection", "not heard before"])
def test_a_csms_that_answers_nothing_is_not_deaf_to_samples(over: str) -> None:
    trial = Counting()
    silent(trial, row(SAMPLE, 1), heard_before=True)
    if over == "not heard before":
        silent(trial, row(SAMPLE, 1), heard_before=False)
    else:
        getattr(trial, over)()
    trial.hears_others()
    assert not trial.deaf


def test_deafness_is_that_of_one_connection() -> None:
    trial = Counting()
    silent(trial, row(SAMPLE, 1), heard_before=True)
    trial.hears_others()
    trial.new_connection()
    assert not trial.deaf


@pytest.mark.parametrize(
    ("slow_s", "took_s", "waits_s"),
    [(0, 31, 31), (100, 31, 119), (40, 31, 31), (1000, 31, 600)],
)
def test_a_start_waits_for_the_slowest_answer_that_ever_came(
    slow_s: float, took_s: float, waits_s: float
) -> None:
    trial = Counting(3, 1.0)
    trial.slow_s = slow_s
    assert trial.silent(row(START), took_s, hurried=False, heard_before=False) == Again(waits_s)


def test_a_start_waits_longer_each_time() -> None:
    trial = Counting(3, 1.0)
    waits = [trial.silent(row(START), 31, hurried=False, heard_before=False) for _ in range(3)]
    assert waits == [Again(31), Again(62), Again(93)]


# -- the end of a link ---------------------------------------------------


def test_a_row_at_which_links_end_is_given_up_but_never_for_one_of_them() -> None:
    trial = Counting()
    found = [
        trial.link_ended(row(START), "cuts the link", "StartTransaction", hurried=False)
        for _ in range(3)
    ]
    gone = GiveUp("the CSMS cuts the link whenever it hears StartTransaction, 3 times")
    assert found == [Again(0), Again(10), gone]
    trial = Counting(1)
    assert trial.link_ended(row(START), "x", "y", hurried=False) == Again(0)
    assert isinstance(trial.link_ended(row(START), "x", "y", hurried=False), GiveUp)
    trial.left()
    assert trial.link_ended(row(START, 2), "x", "y", hurried=False) == Again(0)


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1008, 1011, 1012, 1013, 4000])
def test_a_csms_that_goes_away_accuses_nobody(code: int) -> None:
    """It is stopped (1001), restarted (1012) or overloaded (1013)."""
    for age_s in (0.0, 1e6):
        assert LinkEnd(code).accuses(age_s) == (code not in (1001, 1012, 1013))


def test_a_cut_accuses_what_was_sent_just_before() -> None:
    assert LinkEnd(None).accuses(0.0)
    assert LinkEnd(None).accuses(PROMPT_S)
    assert not LinkEnd(None).accuses(PROMPT_S + 0.01)


def call(action: str, number: int | None = None, sent_s: float = 0.0, **payload: Any) -> OpenCall:
    return OpenCall(action, payload, payload.get("connectorId"), sent_s, number)


STATUS = "StatusNotification"
BEGIN, END = "StartTransaction", "StopTransaction"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (call(BEGIN, 1), call(BEGIN, 1, 9.0), True),
        (call(BEGIN, 1), call(BEGIN, 2), False),
        (call(BEGIN, 1), call(BEGIN), False),
        (call(BEGIN), call(BEGIN, 1), False),
        (call(STATUS, timestamp="a"), call(STATUS, timestamp="b"), True),
        (call(STATUS, connectorId=1), call(STATUS, connectorId=2), False),
        (call(STATUS), call("Heartbeat"), False),
    ],
)
def test_the_same_message_is_known_again(one: OpenCall, other: OpenCall, alike: bool) -> None:
    assert one.is_like(other, OCPP_16.time_fields) == alike


def test_a_message_is_called_by_its_connector() -> None:
    assert OCPP_16.message("Heartbeat", None) == OCPP_201.message("Heartbeat", None) == "Heartbeat"
    assert OCPP_16.message(STATUS, 0) == "StatusNotification of connector 0"
    assert OCPP_201.message(STATUS, 1) == "StatusNotification of EVSE 1"


BROKEN = LinkEnd(1011)


def ended_at(blame: Blame, *calls: OpenCall, end: LinkEnd = BROKEN) -> tuple[OpenCall | None, int]:
    blame.new_connection()
    for one in calls:
        blame.sent(one)
    return blame.ended(end, 0.0)


def test_the_oldest_is_accused_and_then_whoever_was_before() -> None:
    blame = Blame(OCPP_16)
    beat, start = call("Heartbeat"), call(BEGIN, 1)
    assert ended_at(blame, start, beat) == (start, 1)
    assert ended_at(blame, beat, start) == (start, 2), "it was there the last time, too"
    assert ended_at(blame, beat) == (beat, 1), "another one is another trouble"
    assert ended_at(blame) == (None, 0)
    assert ended_at(blame, beat) == (beat, 2), "an end at nothing says nothing"
    assert ended_at(blame, beat, end=LinkEnd(1012)) == (None, 0)
    assert ended_at(blame, beat) == (beat, 3)


def test_an_answer_clears_the_accused_and_nobody_else() -> None:
    blame = Blame(OCPP_16)
    beat, start = call("Heartbeat"), call(BEGIN, 1)
    for answered, times in ((beat, 2), (start, 1)):
        ended_at(blame, start)
        blame.new_connection()
        assert not blame.proved
        blame.sent(answered)
        blame.over(answered, answered=True)
        assert blame.proved
        assert ended_at(blame, start) == (start, times)
        blame.over(start, answered=True)
    ended_at(blame, start)
    blame.new_connection()
    blame.sent(start)
    blame.over(start, answered=False)
    assert not blame.proved
    assert ended_at(blame, start) == (start, 2), "it was not taken"


def test_what_is_open() -> None:
    blame = Blame(OCPP_16)
    blame.sent(call(BEGIN, 1))
    blame.sent(call(END, 2))
    assert (blame.is_open(1), blame.is_open(2), blame.is_open(3)) == (True, True, False)
    blame.forget(1)
    assert (blame.is_open(1), blame.is_open(2)) == (False, True)
    assert blame.ended(BROKEN, 0.0) == (call(END, 2), 1)
    assert not blame.is_open(2)


def test_a_plain_call_that_takes_links_down_is_withheld_from_one() -> None:
    blame = Blame(OCPP_16)
    status = call(STATUS, connectorId=1, timestamp="a")
    said = {"connectorId": 1, "timestamp": "b"}
    for nth in range(1, WITHHELD_AFTER):
        assert ended_at(blame, status) == (status, nth)
        assert not blame.withholds(STATUS, said)
    ended_at(blame, status)
    assert blame.withholds(STATUS, said)
    assert not blame.withholds(STATUS, {"connectorId": 2})
    assert not blame.withholds("Heartbeat", said)
    ended_at(blame)
    assert not blame.withholds(STATUS, said), "the next one hears it"


@pytest.mark.parametrize("never", [call("BootNotification"), call(BEGIN, 1)])
def test_what_must_be_said_is_never_withheld(never: OpenCall) -> None:
    blame = Blame(OCPP_16)
    for _ in range(2 * WITHHELD_AFTER):
        ended_at(blame, never)
        assert not blame.withholds(never.action, never.payload)
