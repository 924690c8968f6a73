"""Reads a copy of what passes: the bytes of one direction, cut into WebSocket frames (RFC 6455 §5).

It never decides what passes: the bytes are on their way before they are read. So it takes whatever
comes. What is no WebSocket ends the reading and not the passing; a message that is too long, or
inflates to too much, is counted and not kept. All that it holds is bounded.

It works piece by piece, each a run of bytes that belongs to one message, so that a sieve can hold
back, let pass or drop a single message (`sieve`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from websockets.frames import Opcode

try:
    from websockets.speedups import apply_mask
except ImportError:  # where there is no compiled part of it
    from websockets.utils import apply_mask

LONGEST_READ = 1024 * 1024
"""Bytes of a message that are kept; no message of OCPP comes near it."""
MOST_INFLATED = 16 * 1024 * 1024
"""Bytes that one compressed message may become; then it is a bomb, and no more is inflated."""
END_OF_DEFLATED = b"\x00\x00\xff\xff"
"""What a sender takes off the end of a compressed message (RFC 7692 §7.2.1)."""
LONGEST_CONTROL = 125
_FIN, _RSV1, _OTHER_RSV, _OPCODE, _MASKED = 0x80, 0x40, 0x30, 0x0F, 0x80
_CONTROL = 0x08
_DATA = (Opcode.TEXT, Opcode.BINARY)


@dataclass(frozen=True)
class Message:
    """A whole message, or a control frame, as it passed."""

    opcode: Opcode
    content: bytes
    """Unmasked and inflated; its first `LONGEST_READ` bytes, empty where it cannot be read."""
    length: int
    """Bytes of its payload on the wire."""
    unread: str = ""
    """Why `content` is not all of it, as a sentence without full stop."""

    @property
    def close(self) -> tuple[int, str] | None:
        """Code and reason of a close frame; None of anything else, and of one that says none."""
        if self.opcode is not Opcode.CLOSE or len(self.content) < 2:
            return None
        return int.from_bytes(self.content[:2], "big"), self.content[2:].decode("utf-8", "replace")


@dataclass(frozen=True)
class Piece:
    """Some bytes of the stream, in order: a part of one frame."""

    raw: bytes
    """As they came; without those that are `FrameReader.skip_partial_head`'s."""
    opcode: Opcode | None
    """Of the message that it belongs to; None where nobody knows."""
    begins: bool
    """The first piece of a message (of a control frame: of the frame)."""
    deflated: bool
    """The message is compressed."""
    text: bytes
    """What it adds to the message, unmasked and inflated; empty where it is not read."""
    message: Message | None
    """The message, where this is the last piece of it."""

    @property
    def of_message(self) -> bool:
        """It is no part of a control frame, nor of what is no frame at all."""
        return self.opcode in _DATA


@dataclass
class _Open:
    """The message that is coming in."""

    opcode: Opcode
    deflated: bool
    parts: list[bytes]
    kept: int = 0
    length: int = 0
    inflated: int = 0
    unread: str = ""


class FrameReader:
    """See the module. One for each direction."""

    def __init__(self) -> None:
        self.broken = ""
        """Why nothing is read any more, as a sentence without full stop; empty while it is."""
        self._deflates = False
        self._keeps_context = True
        self._inflate: zlib._Decompress | None = None
        self._head = bytearray()
        self._skipped = 0
        """Bytes of `_head` that whoever asks for pieces has passed on already."""
        self._message: _Open | None = None
        self._control: _Open | None = None
        self._left = 0
        """Bytes of the frame's payload that are still to come."""
        self._in_frame = False
        self._mask = b""
        self._fin = True
        self._begins = False

    def expect_deflated(self, keeps_context: bool) -> None:
        """Both sides have agreed to compress; `keeps_context`: a message may refer to earlier."""
        self._deflates, self._keeps_context = True, keeps_context

    @property
    def between_messages(self) -> bool:
        """Whether a message of somebody else may be put in here."""
        return not (self._head or self._in_frame or self._message or self.broken)

    @property
    def between_frames(self) -> bool:
        """Whether a control frame may be put in here."""
        return not (self._head or self._in_frame or self.broken)

    @property
    def ended_message(self) -> bool:
        """The same, asked while its pieces are handed out: what follows has not been read yet."""
        return not (self._in_frame or self._message or self.broken)

    @property
    def partial_head(self) -> bytes:
        """What has come of the next frame's head and is in no piece yet."""
        return bytes(self._head[self._skipped :])

    @property
    def context_kept(self) -> bool:
        """Whether a compressed message can be understood only by who has seen those before it."""
        return self._deflates and self._keeps_context

    def skip_partial_head(self) -> None:
        """What has come of the next frame's head has been passed on: no piece shall have it."""
        self._skipped = len(self._head)

    def is_broken(self) -> bool:
        """Whether nothing is read any more."""
        return bool(self.broken)

    def messages(self, data: bytes) -> Iterator[Message]:
        """The messages that end in these bytes."""
        for piece in self.pieces(data):
            if piece.message is not None:
                yield piece.message

    def pieces(self, data: bytes) -> Iterator[Piece]:
        """Every byte of `data`, in pieces; once broken, one piece as it is."""
        at = 0
        while at < len(data) and not self.is_broken():
            head, begins = b"", False
            if not self._in_frame:
                at = self._read_head(data, at)
                head, begins = bytes(self._head[self._skipped :]), self._begins
                if self._in_frame or self.is_broken():
                    self._head.clear()
                    self._skipped = 0
                if self.is_broken():
                    yield _bare(head)
                if not self._in_frame:
                    continue
            payload = data[at : at + self._left]
            at += len(payload)
            yield self._piece(head, begins, payload)
        if at < len(data):
            yield _bare(data[at:])

    # -- heads -------------------------------------------------------------------------------------

    def _read_head(self, data: bytes, at: int) -> int:
        """Take bytes for the head of a frame; returns where the payload begins."""
        while at < len(data):
            missing = self._head_length() - len(self._head)
            if missing <= 0:
                break
            self._head += data[at : at + missing]
            at = min(len(data), at + missing)
        if self._head and len(self._head) >= self._head_length():
            self._begin_frame()
        return at

    def _head_length(self) -> int:
        if len(self._head) < 2:
            return 2
        short = self._head[1] & 0x7F
        longer = 2 if short == 126 else 8 if short == 127 else 0
        return 2 + longer + (4 if self._head[1] & _MASKED else 0)

    def _begin_frame(self) -> None:
        first, second = self._head[0], self._head[1]
        masked = bool(second & _MASKED)
        after = len(self._head) - (4 if masked else 0)
        length = second & 0x7F if after == 2 else int.from_bytes(self._head[2:after], "big")
        self._mask = bytes(self._head[after:]) if masked else b""
        self._fin, self._left, self._in_frame = bool(first & _FIN), length, True
        opcode = first & _OPCODE
        rsv1 = bool(first & _RSV1)
        if first & _OTHER_RSV or (rsv1 and (not self._deflates or opcode not in (1, 2))):
            return self._break("a frame has bits set that nobody has agreed on")
        if opcode & _CONTROL:
            if opcode not in (8, 9, 10) or not self._fin or length > LONGEST_CONTROL:
                return self._break("there is a control frame that WebSocket does not have")
            self._control, self._begins = _Open(Opcode(opcode), False, []), True
            return None
        if opcode == Opcode.CONT:
            if self._message is None:
                return self._break("a message goes on that has not begun")
            self._begins = False
            return None
        if opcode not in _DATA:
            return self._break("there is a kind of frame that WebSocket does not have")
        if self._message is not None:
            return self._break("a message begins before the last one has ended")
        self._message, self._begins = _Open(Opcode(opcode), rsv1, []), True
        return None

    def _break(self, why: str) -> None:
        self.broken = why
        self._in_frame, self._message, self._control = False, None, None

    # -- payloads ----------------------------------------------------------------------------------

    def _piece(self, head: bytes, begins: bool, payload: bytes) -> Piece:
        control = self._control is not None
        message = self._control or self._message
        assert message is not None
        text = self._read(message, payload)
        self._left -= len(payload)
        done: Message | None = None
        if self.broken:
            done = _whole(message)
        elif not self._left:
            self._in_frame = False
            if control:
                self._control = None
                done = _whole(message)
            elif self._fin:
                self._message = None
                text += self._end_inflating(message)
                done = _whole(message)
        return Piece(head + payload, message.opcode, begins, message.deflated, text, done)

    def _read(self, message: _Open, payload: bytes) -> bytes:
        message.length += len(payload)
        if not payload or (message.unread and not (message.deflated and self.context_kept)):
            self._turn_mask(len(payload))
            return b""
        clear = apply_mask(payload, self._mask) if self._mask else payload
        self._turn_mask(len(payload))
        return self._keep(message, self._inflated(message, clear) if message.deflated else clear)

    def _turn_mask(self, count: int) -> None:
        """The mask as it stands for the byte after so many (RFC 6455 §5.3)."""
        if self._mask and (turn := count % 4):
            self._mask = self._mask[turn:] + self._mask[:turn]

    def _keep(self, message: _Open, text: bytes) -> bytes:
        room = LONGEST_READ - message.kept
        if len(text) > room:
            message.unread = message.unread or f"it is longer than {LONGEST_READ // 1024} KiB"
        if text and room:
            message.parts.append(text[:room])
            message.kept += len(message.parts[-1])
        return text

    def _inflated(self, message: _Open, clear: bytes) -> bytes:
        if self._inflate is None:
            self._inflate = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        try:
            text = self._inflate.decompress(clear, MOST_INFLATED - message.inflated + 1)
        except zlib.error:
            return self._no_more(message, "it is compressed in a way that cannot be read")
        message.inflated += len(text)
        if message.inflated > MOST_INFLATED or self._inflate.unconsumed_tail:
            return self._no_more(message, f"it inflates to more than {MOST_INFLATED >> 20} MiB")
        return text

    def _no_more(self, message: _Open, why: str) -> bytes:
        """Compression has led astray: this message is lost, and all that may refer to it."""
        message.unread = why
        if self.context_kept:
            self._break(f"of a message: {why}")
        return b""

    def _end_inflating(self, message: _Open) -> bytes:
        if not message.deflated:
            return b""
        if message.unread and not self._keeps_context:
            self._inflate = None
            return b""
        text = self._keep(message, self._inflated(message, END_OF_DEFLATED))
        if not self._keeps_context:
            self._inflate = None
        return text


def _bare(raw: bytes) -> Piece:
    """Bytes of nobody knows what."""
    return Piece(raw, None, False, False, b"", None)


def _whole(message: _Open) -> Message:
    return Message(message.opcode, b"".join(message.parts), message.length, message.unread)
