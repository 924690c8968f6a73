"""What is told of a call that came to nothing: its words, its facts, how often, and until when."""

from __future__ import annotations

import pytest

from sim_core.ocpp16.dialect import OCPP_16
from sim_core.wire.answers import Answer, Error, MalformedError, NoAnswer, Result
from sim_core.wire.refusals import QUOTED_LIMIT, Facts, Heard, Refusals, Verdict, verdict, words

REFUSED = Error("InternalError", "no tariff")


class Ear:
    """Hears what is told, at a time that the test sets."""

    def __init__(self, *, shared: bool = False) -> None:
        self.now_s = 1000.0
        self.told: list[tuple[str, int | None, Facts]] = []
        self.refusals = Refusals(
            lambda *one: self.told.append(one), lambda: self.now_s, shared=shared
        )

    def hear(self, answer: Answer, times: int = 1, action: str = "Heartbeat", **more: str) -> None:
        for _ in range(times):
            self.refusals.heard(Heard(OCPP_16, action, None, answer, **more))

    @property
    def texts(self) -> list[str]:
        return [text for text, _, _ in self.told]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (Error("A", "b", "{}"), Verdict("refused", "A", "b", "{}")),
        (Error("A", "b", sent=False), Verdict("unsent", "A", "b")),
        (MalformedError("", "it has 4 parts"), Verdict("invalid", "", "it has 4 parts")),
        (Result({}), None),
        (Result({}, fault="currentTime is missing"), Verdict("invalid", "", "currentTime is m")),
        (
            NoAnswer("no answer within 30 s", False),
            Verdict("unanswered", "", "no answer within 30 s"),
        ),
        (NoAnswer("x", True), None),
        (NoAnswer("x", False, sent=False), None),
    ],
)
def test_what_came_of_a_call(answer: Answer, found: Verdict | None) -> None:
    seen = verdict(answer)
    if found is None or seen is None:
        assert seen is found
    else:
        assert (seen.kind, seen.code, seen.details) == (found.kind, found.code, found.details)
        assert seen.description.startswith(found.description)


def test_an_answer_that_its_schema_allows_may_be_unusable_all_the_same() -> None:
    assert verdict(Result({}), "it has no id") == Verdict("invalid", "", "it has no id")
    assert verdict(Result({}, fault="the schema"), "it has no id") == Verdict(
        "invalid", "", "the schema"
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (Verdict("refused", "A"), "the CSMS refused X: A"),
        (Verdict("refused", "A", "b"), "the CSMS refused X: A 'b'"),
        (Verdict("refused", "A", "", "{}"), "the CSMS refused X: A, details {}"),
        (Verdict("refused", "A", "b", "{}"), "the CSMS refused X: A 'b', details {}"),
        (
            Verdict("unanswered", "", "no answer within 3 s"),
            "the CSMS did not answer X within 3 s",
        ),
        (Verdict("invalid", "", "b"), "the CSMS's answer to X is not valid: b"),
        (Verdict("unsent", "A", "b"), "our own X is not valid and was not sent: A 'b'"),
    ],
)
def test_each_kind_has_its_sentence(said: Verdict, sentence: str) -> None:
    assert said.of("X") == sentence


def test_the_words_of_an_error_where_it_is_kept() -> None:
    assert words(Error("A", "b")) == "CALLERROR A 'b'"
    assert words(Error("A", "")) == "CALLERROR A"
    assert words(MalformedError("", "it has 4 parts")) == "an answer that is none: it has 4 parts"


@pytest.mark.parametrize("length", [QUOTED_LIMIT - 1, QUOTED_LIMIT, QUOTED_LIMIT + 1, 5_000])
def test_what_is_quoted_is_bounded_and_says_that_it_is(length: int) -> None:
    found = verdict(Error("A", "x" * length, "y" * length))
    assert found is not None
    for text, letter in ((found.description, "x"), (found.details, "y")):
        assert len(text) == min(length, QUOTED_LIMIT)
        assert text.lstrip(letter) == ("…" if length > QUOTED_LIMIT else "")


@pytest.mark.parametrize(
    ("action", "answer", "then"),
    [
        ("Authorize", REFUSED, "the card is not accepted"),
        ("Authorize", NoAnswer("x", False), "the charge point decides as it does offline"),
        ("BootNotification", REFUSED, "it is sent again after a pause"),
        ("BootNotification", NoAnswer("x", False), "it is sent again after a pause"),
        ("Heartbeat", REFUSED, "the next one comes in its time"),
        ("Heartbeat", NoAnswer("x", False), "the next one comes in its time"),
        ("StatusNotification", REFUSED, "it is not sent again"),
        ("StatusNotification", NoAnswer("x", False), "it is sent again on the next connection"),
        ("DataTransfer", REFUSED, "it is not sent again"),
        ("DataTransfer", MalformedError("", "x"), "it is read as far as it goes"),
        ("Heartbeat", Result({}, fault="x"), "it is read as far as it goes"),
    ],
)
def test_what_follows_is_said(action: str, answer: Answer, then: str) -> None:
    ear = Ear()
    ear.hear(answer, action=action)
    ((text, _, facts),) = ear.told
    assert text.endswith(f"; {then}")
    assert facts["then"] == then


def test_a_row_of_the_journal_says_itself_what_follows() -> None:
    ear = Ear()
    ear.hear(REFUSED, then="it is given up")
    assert ear.texts == ["the CSMS refused Heartbeat: InternalError 'no tariff'; it is given up"]


def test_the_same_as_facts() -> None:
    ear = Ear()
    ear.refusals.heard(Heard(OCPP_16, "DataTransfer", 2, Error("A", "b", "{}")))
    ear.refusals.heard(Heard(OCPP_16, "DataTransfer", 2, Result({})))
    (refused, taken) = ear.told
    assert refused[0].startswith("the CSMS refused DataTransfer of connector 2: A 'b'")
    assert refused[1:] == (
        2,
        {
            "action": "DataTransfer",
            "verdict": "refused",
            "count": 1,
            "then": "it is not sent again",
            "code": "A",
            "description": "b",
            "details": "{}",
        },
    )
    assert taken == (
        "the CSMS takes DataTransfer again: it had not once",
        2,
        {"action": "DataTransfer", "verdict": "taken"},
    )
    ear.hear(NoAnswer("no answer", False), action="DataTransfer")
    assert set(ear.told[-1][2]) == {"action", "verdict", "count", "then", "description"}


def test_the_same_again_is_told_at_ten_a_hundred_a_thousand() -> None:
    ear = Ear()
    ear.hear(REFUSED, 1_100)
    often = [facts["count"] for _, _, facts in ear.told]
    assert often == [1, 10, 100, 1000]
    assert "times by now" not in ear.texts[0]
    assert "(10 times by now)" in ear.texts[1]
    ear.hear(Result({}), 3)
    assert ear.texts[4:] == ["the CSMS takes Heartbeat again: it had not 1100 times"]
    assert ear.refusals.standing() == ()


@pytest.mark.parametrize("action", ["Authorize", "StartTransaction", "StopTransaction"])
def test_where_each_counts_each_is_told(action: str) -> None:
    ear = Ear()
    ear.hear(REFUSED, 12, action)
    assert len(ear.told) == 12
    assert len(set(ear.texts)) == 1, "without a count: each is one of its own"
    crowd = Ear(shared=True)
    crowd.hear(REFUSED, 12, action)
    assert len(crowd.told) == 2, "not for a thousand charge points"


def test_what_comes_back_in_silence_goes_in_silence() -> None:
    ear = Ear()
    ear.hear(REFUSED)
    ear.hear(Result({}))
    ear.hear(REFUSED)
    assert len(ear.refusals.standing()) == 1
    ear.hear(Result({}))
    assert len(ear.told) == 2
    assert ear.refusals.standing() == ()
    ear.hear(REFUSED, 8)
    ear.hear(Result({}))
    assert ear.texts[2:] == [
        "the CSMS refused Heartbeat: InternalError 'no tariff' (10 times by now); "
        "the next one comes in its time",
        "the CSMS takes Heartbeat again: it had not 10 times",
    ]


@pytest.mark.parametrize(("gap_s", "news"), [(599.9, False), (600.0, True)])
def test_after_ten_minutes_without_it_it_is_news_again(gap_s: float, news: bool) -> None:
    ear = Ear()
    ear.hear(REFUSED)
    for _ in range(3):
        ear.now_s += gap_s
        ear.hear(REFUSED)
    assert len(ear.told) == (4 if news else 1)


@pytest.mark.parametrize(
    ("other", "news"),
    [
        (Error("InternalError", "no tariff"), False),
        (Error("InternalError", "no card"), True),
        (Error("GenericError", "no tariff"), True),
        (NoAnswer("no tariff", False), True),
    ],
)
def test_another_trouble_is_news(other: Answer, news: bool) -> None:
    ear = Ear()
    ear.hear(REFUSED)
    ear.hear(other)
    assert len(ear.told) == 1 + news
    assert len(ear.refusals.standing()) == 1, "the last one stands"


def test_ids_and_times_make_no_other_trouble() -> None:
    ear = Ear()
    for text in ("row 7 of 0f3c9a1e-11", "row 19 of ffffffff-99"):
        ear.hear(Error("A", text))
    assert len(ear.told) == 1
    assert "row 19" in ear.refusals.standing()[0], "the last one is what is shown"


def test_in_a_fleet_it_stands_for_a_minute_after_the_last() -> None:
    ear = Ear(shared=True)
    ear.hear(REFUSED)
    ear.hear(Result({}))
    ear.now_s += 60.0
    assert len(ear.refusals.standing()) == 1, "no single good answer ends it"
    ear.hear(REFUSED)
    ear.now_s += 60.0
    assert len(ear.refusals.standing()) == 1
    ear.now_s += 0.1
    assert ear.refusals.standing() == ()
    alone = Ear()
    alone.hear(REFUSED)
    alone.now_s += 1e6
    assert len(alone.refusals.standing()) == 1, "of one charge point until it is taken"


def test_whose_it_is_and_whose_good_answer_ends_it() -> None:
    ear = Ear()

    def heard(action: str, connector_id: int, answer: Answer) -> None:
        ear.refusals.heard(Heard(OCPP_16, action, connector_id, answer))

    heard("MeterValues", 1, REFUSED)
    heard("MeterValues", 2, Result({}))
    heard("Heartbeat", 1, Result({}))
    assert len(ear.refusals.standing()) == 1
    heard("MeterValues", 2, REFUSED)
    heard("MeterValues", 1, Result({}))
    assert len(ear.refusals.standing()) == 1, "it is the other's by now"
    heard("MeterValues", 2, Result({}))
    assert ear.refusals.standing() == ()
    ear.hear(REFUSED)
    heard("Heartbeat", 1, NoAnswer("x", True))
    assert len(ear.refusals.standing()) == 1, "no answer is no good one"
    heard("Heartbeat", 1, Result({}))
    assert ear.refusals.standing() == (), "nobody's is everybody's"
