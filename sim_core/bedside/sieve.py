"""What may be taken out of the stream, and where something may be put in.

The answers to our own commands come from the charger among everything else, and are no business of
the CSMS, which has not asked. Nothing else may be missing there. A message is held only until its
first bytes say whose answer it is, which is in its first packet; the others pass as they came.

A message that is compressed with a context is part of the dictionary of those after it (RFC 7692
§7.2.3). Once one is taken out, the CSMS could not read the next: from then on the charger's
messages go on uncompressed, which is allowed in any message, with the same text.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Container

from websockets.frames import Frame, Opcode

from sim_core.bedside.frame_reader import FrameReader, Message

LONGEST_START = 256
"""Bytes within which a message says what it answers."""
_ANSWER = re.compile(rb'\s*\[\s*[34]\s*,\s*"([^"\\]{0,64})"')
_MAY_BE_ANSWER = re.compile(rb'\s*(\[\s*([34]\s*(,\s*("[^"\\]{0,64})?)?)?)?')


class Insertions:
    """Puts whole messages of ours into a stream, between two of its own and nowhere else."""

    def __init__(self, reader: FrameReader) -> None:
        self._reader = reader
        self._waiting: deque[bytes] = deque()

    def put(self, text: str) -> bytes:
        """What is to be sent now; nothing while a message is on its way, then it comes later."""
        frame = Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
        if self._reader.between_messages:
            return frame
        self._waiting.append(frame)
        return b""

    @property
    def waiting(self) -> bool:
        """Whether there is something to be put in."""
        return bool(self._waiting)

    def into(self, data: bytes) -> tuple[bytes, list[Message]]:
        """The bytes with what waits in its place, and the messages that end in them."""
        out, done = bytearray(), []
        self._reader.skip_partial_head()
        for piece in self._reader.pieces(data):
            out += piece.raw
            if piece.message is not None:
                done.append(piece.message)
            while self._waiting and self._reader.ended_message:
                out += self._waiting.popleft()
        out += self._reader.partial_head
        return bytes(out), done


class Sieve:
    """Takes the answers to our own commands out of what the charger sends."""

    def __init__(self, reader: FrameReader, ours: Container[str]) -> None:
        """`ours` are the ids of our commands. What is on its way already passes."""
        self._reader = reader
        self._ours = ours
        self._held = bytearray()
        self._text = bytearray()
        self._verdict: bool | None = False
        """Whether the message is ours; None: not known yet."""
        self._under_way = not reader.between_messages
        """A frame's head was passed on in part before: what it begins passes, whatever it is."""
        self._rewrites = False
        self._sent_part = False
        """A part of the message has been sent, rewritten."""
        reader.skip_partial_head()

    def strain(self, data: bytes) -> tuple[bytes, list[tuple[Message, bool]]]:
        """What the CSMS is to have of these bytes, and the messages that end in them, each with
        whether it is ours."""
        out = bytearray()
        done: list[tuple[Message, bool]] = []
        for piece in self._reader.pieces(data):
            under_way, self._under_way = self._under_way, False
            if not piece.of_message:
                out += piece.raw
                if piece.message is not None:
                    done.append((piece.message, False))
                continue
            if piece.begins:
                self._held.clear()
                self._text.clear()
                self._verdict, self._sent_part = False if under_way else None, False
            if self._rewrites and piece.deflated:
                fin = piece.message is not None
                self._held += piece.text
                verdict = self._judge(piece.text, fin)
                if verdict:
                    self._held.clear()
                elif verdict is False and (self._held or fin):
                    out += self._part(piece.opcode or Opcode.TEXT, fin)
            elif self._verdict is None:
                self._held += piece.raw
                if self._judge(piece.text, piece.message is not None) is False:
                    out += self._held
            elif not self._verdict:
                out += piece.raw
            if piece.message is not None:
                ours = bool(self._verdict)
                done.append((piece.message, ours))
                if ours and piece.deflated and self._reader.context_kept:
                    self._rewrites = True
                self._verdict = False
        return bytes(out), done

    def _judge(self, text: bytes, whole: bool) -> bool | None:
        if self._verdict is not None:
            return self._verdict
        self._text += text
        self._verdict = whose(bytes(self._text[:LONGEST_START]), self._ours)
        if self._verdict is None and (whole or len(self._text) >= LONGEST_START):
            self._verdict = False
        return self._verdict

    def _part(self, opcode: Opcode, fin: bool) -> bytes:
        kind = Opcode.CONT if self._sent_part else opcode
        self._sent_part = True
        part = Frame(kind, bytes(self._held), fin=fin).serialize(mask=True)
        self._held.clear()
        return part


def whose(start: bytes, ours: Container[str]) -> bool | None:
    """Whether a message that begins so answers one of ours; None: too little of it is there."""
    found = _ANSWER.match(start)
    if found is not None:
        return found[1].decode("utf-8", "replace") in ours
    return None if _MAY_BE_ANSWER.fullmatch(start) else False
