"""Timestamps: one form out, anything sensible in."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.wire.timestamps import moment, stamp


@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_what_goes_out_comes_back_to_the_millisecond(at: datetime) -> None:
    back = moment(stamp(at))
    assert back is not None
    assert timedelta(0) <= at - back < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-08-11T07:14:59Z", datetime(2025, 8, 11, 7, 14, 59, tzinfo=timezone.utc)),
        (
            "2025-08-11T07:14:59.262131+00:00",
            datetime(2025, 8, 11, 7, 14, 59, 262131, tzinfo=timezone.utc),
        ),
        ("2025-08-11T14:14:59+07:00", datetime(2025, 8, 11, 7, 14, 59, tzinfo=timezone.utc)),
        ("2025-08-11T02:14:59-0500", datetime(2025, 8, 11, 7, 14, 59, tzinfo=timezone.utc)),
        ("2025-08-11t07:14:59z", datetime(2025, 8, 11, 7, 14, 59, tzinfo=timezone.utc)),
        ("2025-08-11T07:14:59", datetime(2025, 8, 11, 7, 14, 59, tzinfo=timezone.utc)),
    ],
)
def test_what_is_seen_in_the_wild_is_understood(text: str, at: datetime) -> None:
    assert moment(text) == at


@given(st.text() | st.none() | st.integers())
def test_nonsense_is_no_moment_and_no_error(text: object) -> None:
    assert moment(text) is None or isinstance(moment(text), datetime)


@pytest.mark.parametrize("text", ["0", "", "soon", "2025-13-01T00:00:00Z", "2025-01-01T25:00:00Z"])
def test_what_makes_no_sense_is_none(text: str) -> None:
    assert moment(text) is None
