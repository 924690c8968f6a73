"""The reader of what passes: it takes any bytes in any chunks, and says what went through."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Opcode

from sim_core.bedside.frame_reader import LONGEST_READ, MOST_INFLATED, FrameReader, Message
from tests.bedside.streams import Writer, cut

CONTENTS = st.binary(max_size=200) | st.integers(65_530, 65_541).map(
    lambda length: (bytes(range(251)) * 262)[:length]
)
"""Lengths of each kind: in seven bits, in two bytes, and from 65,536 on in eight."""
SAID = st.tuples(CONTENTS, st.integers(1, 4), st.booleans(), st.sampled_from([1, 2]))
SIDES = st.tuples(st.booleans(), st.booleans(), st.booleans())


def reader_for(deflates: bool, keeps_context: bool) -> FrameReader:
    reader = FrameReader()
    if deflates:
        reader.expect_deflated(keeps_context)
    return reader


@settings(deadline=None)
@given(SIDES, st.lists(SAID, max_size=6), st.lists(st.integers(0, 2**31), max_size=12))
def test_what_was_said_is_read_in_whatever_chunks_it_comes(
    side: tuple[bool, bool, bool], said: list[tuple[bytes, int, bool, int]], places: list[int]
) -> None:
    masks, deflates, keeps = side
    writer = Writer(masks=masks, deflates=deflates, keeps_context=keeps)
    data = b""
    for content, fragments, deflate, opcode in said:
        data += writer.message(content, opcode=Opcode(opcode), fragments=fragments, deflate=deflate)
        data += writer.control(Opcode.PING, content[:125])
    reader = reader_for(deflates, keeps)
    seen = [message for chunk in cut(data, places) for message in reader.messages(chunk)]
    expected = []
    for content, _, _, opcode in said:
        expected += [(Opcode(opcode), content), (Opcode.PING, content[:125])]
    assert [(one.opcode, one.content) for one in seen] == expected
    assert reader.between_messages


@settings(deadline=None)
@given(st.binary(max_size=400), st.lists(st.integers(0, 2**31), max_size=8), st.booleans())
def test_any_bytes_come_out_as_the_pieces_that_they_came_in(
    data: bytes, places: list[int], deflates: bool
) -> None:
    reader = reader_for(deflates, True)
    out = b"".join(piece.raw for chunk in cut(data, places) for piece in reader.pieces(chunk))
    assert out + reader.partial_head == data


def test_a_control_frame_between_the_fragments_of_a_message_is_told_first() -> None:
    writer = Writer(masks=True)
    whole = writer.message(b"half and half", fragments=2)
    half = len(writer.message(b"half an"))  # a frame with a mask and seven bytes
    data = whole[:half] + writer.control(Opcode.PING, b"hi") + whole[half:]
    seen = list(FrameReader().messages(data))
    assert [(one.opcode, one.content) for one in seen] == [
        (Opcode.PING, b"hi"),
        (Opcode.TEXT, b"half and half"),
    ]


def test_a_huge_message_is_counted_and_not_kept() -> None:
    writer = Writer(masks=True)
    data = writer.message(b"x" * (LONGEST_READ + 5)) + writer.message(b"next")
    huge, after = FrameReader().messages(data)
    assert (huge.length, len(huge.content)) == (LONGEST_READ + 5, LONGEST_READ)
    assert huge.unread == "it is longer than 1024 KiB"
    assert after.content == b"next"


@pytest.mark.parametrize("keeps_context", [True, False])
def test_a_bomb_is_not_inflated_and_only_where_it_must_the_last_that_is_read(
    keeps_context: bool,
) -> None:
    writer = Writer(masks=False, deflates=True, keeps_context=keeps_context)
    data = writer.message(bytes(MOST_INFLATED * 4)) + writer.message(b"next")
    reader = reader_for(True, keeps_context)
    seen: list[Message] = []
    for at in range(0, len(data), 4_000):
        seen += reader.messages(data[at : at + 4_000])
    bomb, long = "it inflates to more than 16 MiB", "it is longer than 1024 KiB"
    assert seen[0].unread == (bomb if keeps_context else long)
    assert len(seen[0].content) <= LONGEST_READ
    assert bool(reader.broken) == keeps_context
    if not keeps_context:
        assert seen[1].content == b"next"


def test_what_cannot_be_inflated_is_said() -> None:
    reader = reader_for(True, True)
    frame = Writer(masks=False).message(b"\xff\xff\xff")
    list(reader.messages(bytes([frame[0] | 0x40]) + frame[1:]))
    assert reader.broken == "of a message: it is compressed in a way that cannot be read"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x83\x00", "there is a kind of frame that WebSocket does not have"),
        (b"\x8b\x00", "there is a control frame that WebSocket does not have"),
        (b"\x09\x00", "there is a control frame that WebSocket does not have"),
        (b"\x89\x7e\x00\x7e", "there is a control frame that WebSocket does not have"),
        (b"\x80\x00", "a message goes on that has not begun"),
        (b"\x01\x00\x81\x00", "a message begins before the last one has ended"),
        (b"\xc1\x00", "a frame has bits set that nobody has agreed on"),
    ],
)
def test_what_is_no_websocket_ends_the_reading(data: bytes, why: str) -> None:
    reader = FrameReader()
    assert not [one for one in reader.messages(data + b"rest") if one.opcode is not Opcode.TEXT]
    assert reader.broken == why
    assert [piece.raw for piece in reader.pieces(b"more")] == [b"more"]


def test_the_code_of_a_close_frame() -> None:
    writer = Writer(masks=True)
    frames = (b"\x03\xe8bye", b"", b"\x03")
    data = b"".join(writer.control(Opcode.CLOSE, one) for one in frames)
    assert [one.close for one in FrameReader().messages(data)] == [(1000, "bye"), None, None]


def test_compression_is_the_one_of_zlib() -> None:
    """So that no test here agrees with the reader only because both use one library."""
    packed = zlib.compressobj(wbits=-15)
    content = packed.compress(b"hello hello") + packed.flush(zlib.Z_SYNC_FLUSH)
    frame = Writer(masks=False).message(content[:-4])
    reader = reader_for(True, True)
    (message,) = reader.messages(bytes([frame[0] | 0x40]) + frame[1:])
    assert message.content == b"hello hello"
