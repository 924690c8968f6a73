"""A frame is said again with other ids and times, and all else as it was spelt."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_core.replay.rewriting import rewritten
from tests.examples import examples

DAY = timedelta(days=1)
AT = datetime(2026, 5, 4, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("stamp", "later"),
    [
        ("2026-05-04T10:00:00Z", "2026-05-05T10:00:00Z"),
        ("2026-05-04T10:00:00.120Z", "2026-05-05T10:00:00.120Z"),
        ("2026-05-04T10:00:00.120000009Z", "2026-05-05T10:00:00.120000009Z"),
        ("2026-05-04T23:00:00+02:00", "2026-05-05T23:00:00+02:00"),
        ("2026-05-04T10:00:00", "2026-05-05T10:00:00"),
        ("1970-01-01T00:00:07Z", "1970-01-01T00:00:07Z"),  # a clock that was never set
        ("2026-02-31T10:00:00Z", "2026-02-31T10:00:00Z"),
        ("2026-05-04T10:00:00Z and more", "2026-05-04T10:00:00Z and more"),
        ("2026-05-04", "2026-05-04"),
    ],
)
def test_a_time_keeps_its_form(stamp: str, later: str) -> None:
    text = json.dumps([2, "x", "A", {"timestamp": stamp}])
    assert json.loads(rewritten(text, "y", {}, DAY, AT)) == [2, "y", "A", {"timestamp": later}]


def test_a_transaction_is_renamed_wherever_it_stands_and_nothing_else_is() -> None:
    inner = json.dumps({"transactionId": 7})
    text = json.dumps([2, "x", "A", {"transactionId": 7, "data": inner, "a": {"transactionId": 8}}])
    said = json.loads(rewritten(text, "y", {7: 99}))
    assert said[3] == {"transactionId": 99, "data": inner, "a": {"transactionId": 8}}


def test_the_end_of_the_calendar_harms_nobody() -> None:
    text = '[2,"x","A",{"t":"9999-12-31T23:59:59Z"}]'
    assert json.loads(rewritten(text, "y", {}, DAY))[3] == {"t": "9999-12-31T23:59:59Z"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("2026-05-04T10:00:00Z"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("transactionId"), inner),
)


@settings(max_examples=examples(20))
@given(st.dictionaries(st.text(), VALUES), st.text(max_size=5) | st.integers(), st.booleans())
def test_without_a_shift_only_the_ids_are_others(
    payload: dict[str, object], message_id: str | int, ascii: bool
) -> None:
    text = json.dumps([2, "old", "A", payload], ensure_ascii=ascii)
    assert json.loads(rewritten(text, message_id, {})) == [2, message_id, "A", payload]
    there = timedelta(days=3)
    back = rewritten(rewritten(text, "y", {}, there), "old", {}, -there)
    assert json.loads(back) == json.loads(text)
