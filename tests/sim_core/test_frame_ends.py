"""Where frames end in what arrives, however it is cut; `websockets` says what they are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from sim_core.wire.frame_ends import UNKNOWN, after_handshake, left_behind, text_in

SIZES = st.sampled_from([0, 1, 125, 126, 127, 300, 65_535, 65_536, 70_000])
frames = st.builds(
    lambda opcode, size, mask: Frame(opcode, b"x" * size).serialize(mask=mask),
    st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.CONT]),
    SIZES,
    st.booleans(),
)


@given(st.lists(frames, min_size=1, max_size=4))
def test_whole_frames_leave_nothing(whole: list[bytes]) -> None:
    assert left_behind(b"".join(whole), 0) == 0
    left = 0
    for one in whole:
        left = left_behind(one, left)
        assert left == 0


@given(st.lists(frames, min_size=1, max_size=3), st.data())
def test_in_pieces_it_comes_to_the_same_or_is_not_known(
    whole: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(whole)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    ends, at = set(), 0
    for one in whole:
        at += len(one)
        ends.add(at)
    left, at = 0, 0
    for cut in [*cuts, len(stream)]:
        left = left_behind(stream[at:cut], left)
        at = cut
        if left != UNKNOWN:
            assert (left == 0) == (at in ends | {0})
            assert at + left in ends | {0}


def test_a_length_that_is_cut_is_not_known_and_stays_so() -> None:
    frame = Frame(Opcode.TEXT, b"x" * 300).serialize(mask=False)
    for cut in (1, 2, 3):
        left = left_behind(frame[:cut], 0)
        assert left == UNKNOWN
        assert left_behind(frame[cut:], left) == UNKNOWN
    assert left_behind(frame[:4], 0) == 300


@given(SIZES)
def test_a_text_that_comes_alone_is_read(size: int) -> None:
    frame = Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)
    assert text_in(frame) == (b"x" * size if size < 65_536 else None)
    assert text_in(frame + b"\x81") is None
    assert text_in(frame[:-1]) is None


def test_what_is_no_plain_whole_text_is_not_read() -> None:
    odd = [
        Frame(Opcode.BINARY, b"x").serialize(mask=False),
        Frame(Opcode.TEXT, b"x", fin=False).serialize(mask=False),
        Frame(Opcode.TEXT, b"x").serialize(mask=True),
        b"\xc1\x01x",  # compressed, say
        b"",
        b"\x81",
        b"\x81\x7e\x01",
    ]
    assert [text_in(one) for one in odd] == [None] * len(odd)


def test_behind_a_handshake_that_came_alone_a_frame_begins() -> None:
    assert after_handshake(b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n") == 0
    assert after_handshake(b"b\r\n\r\n") == 0
    assert after_handshake(b"HTTP/1.1 101 X\r\n\r\n\x81\x01x") == UNKNOWN
    assert after_handshake(b"HTTP/1.1 101 X\r\n\r\n\x81\x04\r\n\r\n") == UNKNOWN
    assert after_handshake(b"\n") == UNKNOWN
