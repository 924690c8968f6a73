"""Where the frames of a WebSocket begin and end in what arrives (RFC 6455 §5.2). Pure.

Only lengths are read: what is in a frame, and whether it may be there, somebody
else says. Where a count is lost, it stays `UNKNOWN`: that costs time, and nothing else.
"""

from __future__ import annotations

UNKNOWN = -1
"""It is not known how many bytes of a frame are yet to come."""
HEADERS_END = b"\r\n\r\n"
WHOLE_TEXT = 0x81
"""The first byte of a text message in one frame, without extensions."""
SHORT, TWO_BYTES, EIGHT_BYTES, MASKED = 125, 126, 127, 128
"""What the second byte of a frame may say of its length, and of its mask."""
MASK_BYTES = 4
WIDEST_HEAD = 10
"""Bytes before the mask of a frame, at the most."""


def after_handshake(data: bytes) -> int:
    """What is left after the piece with which the opening handshake came to its end: 0, a frame
    begins next; `UNKNOWN`, where something of a frame came with it."""
    _, end, behind = data.partition(HEADERS_END)
    return 0 if end and not behind else UNKNOWN


def text_in(data: bytes) -> bytes | None:
    """The text, where these bytes are one frame that is a whole text message, and nothing else;
    a long one is not looked for."""
    if len(data) < 2 or data[0] != WHOLE_TEXT:
        return None
    length = data[1]
    if length <= SHORT:
        return data[2:] if len(data) == length + 2 else None
    if length == TWO_BYTES and len(data) == int.from_bytes(data[2:4], "big") + 4:
        return data[4:]
    return None


def left_behind(data: bytes, left: int) -> int:
    """How many bytes are yet to come of the frame in which `data` ends, when `left` were before it;
    0: none, it ends with a frame."""
    if left == UNKNOWN:
        return UNKNOWN
    at = left
    while at < len(data):
        head = data[at : at + WIDEST_HEAD]
        length = head[1] % MASKED if len(head) > 1 else 0
        wide = {TWO_BYTES: 2, EIGHT_BYTES: 8}.get(length, 0)
        if len(head) < 2 + wide:
            return UNKNOWN
        if wide:
            length = int.from_bytes(head[2 : 2 + wide], "big")
        at += 2 + wide + MASK_BYTES * (head[1] >= MASKED) + length
    return at - len(data)
