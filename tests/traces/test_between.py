"""Two logs of one charger against each other: what is new, gone, otherwise, slower; no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_core.traces.comparison.between import ANYWHERE, Between, Change, between
from sim_core.traces.comparison.situations import situations
from sim_core.traces.exchanges import Conversation, TraceError, conversations
from sim_core.traces.formats.own import header, write_line
from sim_core.traces.frames import Trace, TraceFrame
from sim_core.traces.messages import NotAMessage, message_of
from sim_core.twin.command import main
from tests.traces.tales import Tale
from tests.traces.test_comparison import a_session

Tell = Callable[[Tale], object]


def tale(*tells: Tell) -> Tale:
    made = Tale()
    made.boots(0, "Available", "Available", "Available")
    for tell in tells:
        tell(made)
    return made


def told(*tells: Tell) -> Conversation:
    return tale(*tells).told()


def one_session(made: Tale) -> None:
    a_session(made)
    made.status(200, 1, "Available")


def found(before: Conversation, after: Conversation) -> Between:
    return between([before], [after])


def changes(result: Between) -> set[tuple[str, Change, str]]:
    return {(one.situation, one.change, one.what) for one in result.findings}


def test_each_frame_is_in_one_situation() -> None:
    conversation = told(one_session)
    inside = [id(e) for situation in situations(conversation) for e in situation.said]
    assert sorted(inside) == sorted(map(id, conversation.exchanges))
    names = {situation.name for situation in situations(conversation)}
    assert {"start of the charger", "a session that ends by Remote"} <= names


def test_a_log_against_itself_differs_nowhere() -> None:
    result = found(told(one_session), told(one_session))
    assert not result.differs
    assert result.common >= 3


def test_what_only_one_log_has_says_nothing() -> None:
    result = found(told(), told(one_session))
    assert result.counts["a session that ends by Remote"] == (0, 1)
    assert not result.differs


def test_a_frame_more_is_new_and_less_is_gone() -> None:
    def suspended(made: Tale) -> None:
        one_session(made)
        made.status(60, 1, "SuspendedEV")

    name = "a session that ends by Remote"
    plain, more = told(one_session), told(suspended)
    assert (name, Change.NEW, "SuspendedEV NoError") in changes(found(plain, more))
    assert (name, Change.GONE, "SuspendedEV NoError") in changes(found(more, plain))


def beats(made: Tale, **payload: object) -> None:
    for number in range(12):
        made.says(1000 + 100 * number, "DataTransfer", {"vendorId": "X", **payload})


@pytest.mark.parametrize(
    ("before", "after", "change", "what"),
    [
        ({}, {"messageId": "A"}, Change.NEW, "messageId"),
        ({"messageId": "A"}, {}, Change.GONE, "messageId"),
        ({"messageId": "A"}, {"messageId": "B"}, Change.OTHERWISE, "messageId"),
        ({"a": {"b": "x", "c": "y"}}, {}, Change.GONE, "a"),
        ({"messageId": "1.25"}, {"messageId": "1.2"}, Change.OTHERWISE, "messageId"),
        ({"messageId": "A"}, {"messageId": 5}, Change.OTHERWISE, "messageId"),
    ],
)
def test_how_a_frame_is_written(
    before: dict[str, object], after: dict[str, object], change: Change, what: str
) -> None:
    result = found(told(lambda m: beats(m, **before)), told(lambda m: beats(m, **after)))
    assert changes(result) == {(ANYWHERE, change, f"DataTransfer: {what}")}


@pytest.mark.parametrize(
    "values", [("1.5", "2.5"), ("2026-05-04T10:00:00Z", "2027-01-01T00:00:00Z")]
)
def test_what_is_measured_is_no_word(values: tuple[str, str]) -> None:
    one, other = (told(lambda m, v=v: beats(m, messageId=v)) for v in values)  # type: ignore[misc]
    assert not found(one, other).differs


def test_another_answer_is_found() -> None:
    def asked(status: str) -> Tell:
        return lambda m: m.asks(500, "Reset", {"status": status}, type="Soft")

    result = found(told(asked("Accepted")), told(asked("Rejected")))
    assert changes(result) == {("asked Reset Soft", Change.OTHERWISE, "answer: status")}


def test_what_takes_longer_is_slower_and_back_it_is_faster() -> None:
    def stops(late_s: float) -> Tell:
        def tell(made: Tale) -> None:
            for number in range(8):
                at = 1000.0 + 100 * number
                made.asks(
                    at, "TriggerMessage", {"status": "Accepted"}, requestedMessage="Heartbeat"
                )
                answer = {"currentTime": made.stamp(at + late_s)}
                made.says(at + late_s + number / 50, "Heartbeat", {}, answer, late_s=0)

        return tell

    quick, slow = told(stops(1.2)), told(stops(4.2))
    (step,) = (step for step in found(quick, slow).steps if step.change)
    assert step.change is Change.SLOWER
    (step,) = (step for step in found(slow, quick).steps if step.change)
    assert step.change is Change.FASTER


def written(path: Path, made: Tale) -> str:
    frames = [frame for _, frame in sorted(made.frames, key=lambda one: one[0])]
    lines = [header("CP", "1.6"), *(write_line(replace(one, text="")) for one in frames)]
    path.write_text("\n".join(lines))
    return str(path)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = written(tmp_path / "before.jsonl", tale(one_session))
    same = written(tmp_path / "same.jsonl", tale(one_session))
    after = written(
        tmp_path / "after.jsonl",
        tale(one_session, lambda m: m.status(60, 1, "SuspendedEV", "\x00")),
    )
    assert main([before, same]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("nothing differs.")
    xml = tmp_path / "out.xml"
    assert main([before, after, "--json", "--junit", str(xml)]) == 1
    told_ = json.loads(capsys.readouterr().out)
    assert told_["differs"]
    from junitparser import JUnitXml

    suites = JUnitXml.fromfile(str(xml))
    assert sum(suite.failures for suite in suites) == 1
    assert main([before, str(tmp_path / "none.jsonl")]) == 2
    assert main([before, after, "--junit", str(tmp_path / "no" / "where.xml")]) == 2
    assert "cannot be written" in capsys.readouterr().err


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just("1.5"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "key", "measurand", "connectorId", "sampledValue", "a"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(st.lists(st.tuples(st.integers(0, 20), JSON), max_size=4), st.randoms())
@settings(max_examples=80, deadline=None)
def test_whatever_payloads_a_log_has(odd: list[tuple[int, object]], random: object) -> None:
    made = tale(one_session)
    frames = [frame for _, frame in sorted(made.frames, key=lambda one: one[0])]
    for place, payload in odd:
        old = frames[place]
        message = [*old.message[:-1], payload]
        try:
            frames[place] = TraceFrame(old.sent_by, old.at, message_of(message), "")
        except NotAMessage:
            continue
    try:
        (after,) = conversations(Trace("odd", tuple(frames)))
    except TraceError:
        return
    assert between([after], [after]).differs is False
    between([told(one_session)], [after])
