"""Whatever somebody calls a log: it is read as far as it can be, or a sentence says why not."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim_core.traces.entries import Source
from sim_core.traces.formats import own
from sim_core.traces.formats.form import CannotRead
from sim_core.traces.formats.table import FORMS
from sim_core.traces.formats.writers import WRITERS
from sim_core.traces.frames import Side
from sim_core.traces.messages import CALL, CALLERROR, CALLRESULT, message_of
from sim_core.traces.reading import Reading, read
from sim_core.traces.redaction import Redactor
from sim_core.traces.report import sentences
from tests.traces.made_logs import LOGS, TALK, MadeLog, got_and_res

PIECES = (
    "[2,",
    '[3,"',
    "]",
    "{",
    '"',
    "\\",
    "'",
    "\n",
    "\r",
    "\t",
    "\x00",
    "\x1b[31m",
    "...",
    "\ufeff",
    "\u2028",
    "\ud800",
    "9" * 400,
    "[" * 2000,
    '{"a":' * 1500,
    "2026-13-45 99:99:99",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "31/12/9999 11:59:59 PM",
    "99999999999.9",
    "1e999",
    "NaN",
    "null",
    "::",
    "-> ",
    "&quot;",
    '"request":',
    "res = {",
    "got Reset = {",
    "\\u0000",
    "\\ud83d",
)
LOG_TEXTS = [made.log(TALK) for made in LOGS.values()] + [
    got_and_res(TALK),
    "\n".join(
        [
            own.header("CP", "1.6"),
            *(own.line_of(one.side, None, list(one.message), one.text) for one in TALK),
        ]
    ),
]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A log of which pieces were cut out, doubled, moved, or replaced."""
    text = draw(st.sampled_from(LOG_TEXTS))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        to = draw(st.integers(at, min(len(text), at + 200)))
        new = draw(
            st.sampled_from(PIECES) | st.text(max_size=8) | st.just(text[at:to] * 2) | st.just("")
        )
        text = text[:at] + new + text[to:]
    data = text.encode("utf-8", "surrogatepass")
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=4)) + data[at + 1 :]
    return data


def looked_at(reading: Reading) -> None:
    """All that anybody does with a trace."""
    for frame in reading.trace.frames:
        assert message_of(list(frame.message)) == frame.message
        assert frame.message[0] in (CALL, CALLRESULT, CALLERROR)
        assert frame.sent_by in Side
        assert frame.at is None or frame.at.utcoffset() is not None
        assert frame.text
    assert list(sentences(reading))
    redacted = Redactor(b"key").trace(reading.trace)
    assert len(redacted.frames) == len(reading.trace.frames)
    for writer in WRITERS:
        lines = list(writer.lines(reading.trace))
        assert all("\n" not in line for line in lines)
    lines = list(own_lines(reading))
    again = read("\n".join(lines).encode())
    assert [one.message for one in again.trace.frames] == [
        one.message for one in reading.trace.frames
    ]
    assert [one.text for one in again.trace.frames] == [one.text for one in reading.trace.frames]


def own_lines(reading: Reading) -> list[str]:
    return list(WRITERS[0].lines(reading.trace))


@settings(max_examples=200, deadline=None)
@given(spoilt(), st.none() | st.sampled_from([form.name for form in FORMS]))
def test_a_spoilt_log_is_read_or_refused(data: bytes, form: str | None) -> None:
    with contextlib.suppress(CannotRead):
        looked_at(read(data, "x.log", form=form))


@given(st.binary(max_size=400) | st.text().map(lambda text: text.encode("utf-8", "replace")))
@example(b"\xff\xfe\x00\xd8")
@example(b"\x00" * 100)
@example(b"\n" * 1000)
def test_what_is_no_log_is_refused(data: bytes) -> None:
    with contextlib.suppress(CannotRead):
        looked_at(read(data))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("made", LOGS.values(), ids=LOGS)
def test_a_log_that_is_read_as_another_form_is_read_or_refused(made: MadeLog, form: object) -> None:
    name = getattr(form, "name", "")
    with contextlib.suppress(CannotRead):
        looked_at(read(made.log(TALK).encode(), form=name))


@pytest.mark.parametrize(
    "text",
    [
        '[2,"' * 40_000,
        "[2,[2," * 40_000,
        '[ocpp  ] TRACE 2026/05/04 12:00:00 recv CP: [2,"a\n' * 20_000,
        '[2,"1","A",{"a":"' + "x" * 3_000_000,
        '[2,"1","A",{"a":[' + "1," * 1_000_000,
        "\t[2,\t" * 50_000,
        "[2,'" * 40_000,
        '"[2,""1"",' * 40_000,
        "2026-05-04T12:00:00.000Z:COM:ocpp_rpc.c:681:-> [2,\n" * 20_000,
        "got Reset = {\n" * 20_000 + "res = {\n",
        "recv " * 200_000 + "[2,",
        "> " * 200_000 + '[3,"1",{}]',
        " | " * 200_000,
        "[" * 1_000_000,
        '[2,\\"' * 40_000,
        ("[chargeBoxId=" * 50 + '[2,"1",\n') * 400,
    ],
    ids=range(16),
)
@pytest.mark.timeout(20)
def test_a_log_that_is_made_to_take_long_does_not(text: str) -> None:
    with contextlib.suppress(CannotRead):
        read(text.encode())


def test_lines_are_only_those_that_end_in_a_line_feed() -> None:
    source = Source("", b"", "a\u2028b\x0bc\r\nd\x85e\n\nf")
    assert list(source.lines()) == [(1, "a\u2028b\x0bc"), (2, "d\x85e"), (3, ""), (4, "f")]
