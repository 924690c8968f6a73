"""What is put in and what is taken out, and that nothing else is missing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Opcode

from sim_core.bedside.frame_reader import FrameReader
from sim_core.bedside.sieve import Insertions, Sieve, whose
from tests.bedside.streams import Writer, cut

OURS = {"cf-1", "cf-2"}
TEXTS = st.sampled_from(
    [
        b'[3,"cf-1",{"status":"Accepted"}]',
        b' [ 4 , "cf-2" , "NotSupported", "", {}]',
        b'[3,"theirs",{}]',
        b'[2,"cf-1","Heartbeat",{}]',
        b"[3]",
        b"",
        b"no json",
        b'[3,"cf-1',
        b'[2,"x","DataTransfer",{"data":"' + b"y" * 70_000 + b'"}]',
        b'[3,"cf-1",{"long":"' + b"z" * 70_000 + b'"}]',
    ]
)
SAID = st.lists(st.tuples(TEXTS, st.integers(1, 3), st.booleans()), max_size=8)
CUTS = st.lists(st.integers(0, 2**31), max_size=10)


def is_ours(text: bytes) -> bool:
    return text.startswith((b'[3,"cf-1",', b' [ 4 , "cf-2"')) or text == b'[3,"cf-1",{}]'


@settings(deadline=None)
@given(SAID, CUTS, st.booleans(), st.booleans())
def test_only_our_answers_are_missing_and_the_rest_can_be_read(
    said: list[tuple[bytes, int, bool]], places: list[int], deflates: bool, keeps: bool
) -> None:
    writer = Writer(masks=True, deflates=deflates, keeps_context=keeps)
    data = b""
    for text, fragments, deflate in said:
        data += writer.message(text, fragments=fragments, deflate=deflate)
        data += writer.control(Opcode.PONG, text[:20])
    reader, csms = FrameReader(), FrameReader()
    if deflates:
        reader.expect_deflated(keeps)
        csms.expect_deflated(keeps)
    sieve = Sieve(reader, OURS)
    out, told = b"", []
    for chunk in cut(data, places):
        passes, messages = sieve.strain(chunk)
        out += passes
        told += [(one.content, ours) for one, ours in messages if one.opcode is Opcode.TEXT]
    heard = [one.content for one in csms.messages(out) if one.opcode is Opcode.TEXT]
    texts = [text for text, _, _ in said]
    assert told == [(text, is_ours(text)) for text in texts]
    assert heard == [text for text in texts if not is_ours(text)]
    assert csms.between_messages
    if not any(is_ours(text) for text in texts):
        assert out == data


@settings(deadline=None)
@given(SAID, CUTS, st.integers(0, 10))
def test_what_is_put_in_stands_between_two_messages(
    said: list[tuple[bytes, int, bool]], places: list[int], when: int
) -> None:
    writer = Writer(masks=False)
    data = b"".join(
        writer.message(text, fragments=fragments) + writer.control(Opcode.PING, text[:5])
        for text, fragments, _ in said
    )
    reader, charger = FrameReader(), FrameReader()
    insertions = Insertions(reader)
    out = b""
    chunks = cut(data, places)
    when = min(when, len(chunks))
    for place, chunk in enumerate([*chunks, b""]):
        if place == when:
            out += insertions.put("of ours")
        if insertions.waiting:
            out += insertions.into(chunk)[0]
        else:
            out += chunk
            list(reader.messages(chunk))
    heard = [one.content for one in charger.messages(out) if one.opcode is Opcode.TEXT]
    assert not charger.broken
    assert not insertions.waiting
    heard.remove(b"of ours")
    assert heard == [text for text, _, _ in said]


def test_what_is_on_its_way_when_the_sieve_comes_passes_whole() -> None:
    writer = Writer(masks=True)
    data = writer.message(b'[3,"cf-1",{"a":1}]')
    for at in range(1, len(data)):
        reader = FrameReader()
        list(reader.messages(data[:at]))
        out, _ = Sieve(reader, OURS).strain(data[at:] + writer.message(b"next"))
        seen = [one.content for one in FrameReader().messages(data[:at] + out)]
        assert seen == [b'[3,"cf-1",{"a":1}]', b"next"]


@pytest.mark.parametrize(
    ("start", "verdict"),
    [
        (b"", None),
        (b" [", None),
        (b"[3,", None),
        (b'[3,"cf-', None),
        (b'[3,"cf-1"', True),
        (b'[3,"cf-9"', False),
        (b"[2", False),
        (b"{", False),
        (b'[3,7,{"cf-1"', False),
        (b'[3,"' + b"a" * 65, False),
    ],
)
def test_whose_a_message_is(start: bytes, verdict: bool | None) -> None:
    assert whose(start, OURS) is verdict
