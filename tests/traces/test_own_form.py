"""Our own form of a trace: what is written is what is read, and older files are read too."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_core.traces.formats.form import CannotRead
from sim_core.traces.formats.own import header, line_of, write_line
from sim_core.traces.frames import Side, TraceFrame
from sim_core.traces.reading import Reading, read

T = datetime(2026, 1, 2, 3, 4, 5, 678_000, timezone.utc)
BIG = 2**63 - 1

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
payloads = st.dictionaries(st.text(max_size=8), json_values, max_size=4)
ids = st.text(max_size=40) | st.integers()
messages = st.one_of(
    st.tuples(st.just(2), ids, st.text(max_size=20), payloads),
    st.tuples(st.just(3), ids, payloads),
    st.tuples(st.just(4), ids, st.text(max_size=10), st.text(max_size=10), payloads),
)
moments = st.none() | st.datetimes(T.replace(tzinfo=None), timezones=st.just(timezone.utc))


@st.composite
def frames(draw: st.DrawFn) -> TraceFrame:
    """Frames as a charger may spell them."""
    message = draw(messages)
    text = json.dumps(
        list(message), ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1]))
    )
    return TraceFrame(
        draw(st.sampled_from(Side)),
        draw(moments),
        tuple(json.loads(text)),
        text,
        draw(st.text(max_size=8)),
    )


def again(lines: list[str]) -> Reading:
    return read("\n".join(lines).encode())


@settings(deadline=None)
@given(st.lists(frames(), min_size=1, max_size=6), st.text(max_size=8))
def test_what_is_written_is_read_again(written: list[TraceFrame], charge_point: str) -> None:
    lines = [header(charge_point, "1.6"), *(write_line(one, of=charge_point) for one in written)]
    reading = again(lines)
    assert not reading.left_out
    assert reading.trace.ocpp_version == "1.6"
    for one, other in zip(written, reading.trace.frames, strict=True):
        expected = one.charge_point or charge_point
        assert (other.sent_by, other.at, other.message) == (one.sent_by, one.at, one.message)
        assert (other.text, other.charge_point) == (one.text, expected)


def test_the_spelling_of_a_charger_is_kept() -> None:
    text = '[2, "7",\n"DataTransfer", {"vendorId":"a\\/b","data":9223372036854775807,"x":1.50}]'
    frame = TraceFrame(Side.CHARGER, T, tuple(json.loads(text)), text)
    line = write_line(frame)
    assert "\n" not in line
    assert json.loads(line)["msg"][3]["data"] == BIG
    (seen,) = again([line]).trace.frames
    assert seen.text == text
    assert seen.message[3]["data"] == BIG


def test_a_line_has_no_text_where_the_message_says_it_all() -> None:
    frame = TraceFrame(Side.CSMS, T, (3, "7", {}), '[3,"7",{}]', "CP1")
    assert json.loads(write_line(frame, of="CP1")) == {
        "dir": "csms->cp",
        "t": "2026-01-02T03:04:05.678Z",
        "msg": [3, "7", {}],
    }
    assert json.loads(write_line(frame))["cp"] == "CP1"


def test_an_older_file_has_no_first_line() -> None:
    reading = again(['{"dir":"cp->csms","t":null,"msg":[2,"1","Heartbeat",{}]}'])
    (frame,) = reading.trace.frames
    assert (frame.at, frame.message, frame.line) == (None, (2, "1", "Heartbeat", {}), 1)


def test_fields_that_are_not_known_are_ignored() -> None:
    first = json.loads(header("CP1", "2.0.1", "+07:00")) | {"colour": "red"}
    line = json.loads(line_of(Side.CHARGER, None, [3, "1", {}], '[3,"1",{}]')) | {"mood": [1]}
    reading = again([json.dumps(first), json.dumps(line)])
    assert reading.trace.frames[0].charge_point == "CP1"
    assert reading.trace.ocpp_version == "2.0.1"
    assert reading.trace.timezone == "+07:00"


def test_a_time_without_a_zone_is_in_that_of_the_first_line() -> None:
    line = '{"dir":"cp->csms","t":"2026-01-02T10:04:05","msg":[2,"1","Heartbeat",{}]}'
    (frame,) = again([header(timezone="+07:00"), line]).trace.frames
    assert frame.at == T.replace(microsecond=0)


def test_frames_that_are_there_twice_were_said_twice() -> None:
    line = write_line(TraceFrame(Side.CHARGER, T, (2, "1", "Heartbeat", {}), ""))
    assert len(again([line, line]).trace.frames) == 2


def test_what_is_no_message_is_written_and_said() -> None:
    lines = [
        line_of(Side.CHARGER, "2026-01-02T03:04:05Z", None, "garbage \ud800"),
        line_of(Side.CHARGER, None, [3, "1", {}], '[3,"1",{}]'),
        '{"dir":"up","msg":[3,"1",{}]}',
        "no JSON",
    ]
    reading = again(lines)
    assert len(reading.trace.frames) == 1
    assert {why: note.lines for why, note in reading.left_out.items()} == {
        "what looks like a frame is no JSON": [1, 4],
        'a line has no "dir" of "cp->csms" or "csms->cp"': [3],
    }


@pytest.mark.parametrize("text", ["", " \n", '{"trace":1}'])
def test_a_file_without_frames_is_a_sentence(text: str) -> None:
    with pytest.raises(CannotRead, match=r"is empty\.|no OCPP-J frame"):
        read(text.encode(), "x.jsonl")


def test_microseconds_are_kept() -> None:
    at = T + timedelta(microseconds=9)
    frame: dict[str, Any] = json.loads(write_line(TraceFrame(Side.CSMS, at, (3, "1", {}), "")))
    assert frame["t"] == "2026-01-02T03:04:05.678009Z"
