"""The two byte streams of a TCP connection, out of packets as they were captured.

A capture has packets twice, in the wrong order, overlapping, and some not at all. What comes out
is in order and there once; where something is missing for good, that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_AHEAD = 1024 * 1024
"""Bytes that wait for a packet that is missing, before it is given up."""
MODULUS = 1 << 32


@dataclass(frozen=True)
class Piece:
    """Bytes in order. `gap`: before them some are missing."""

    data: bytes
    at: float
    packet: int
    gap: bool = False


@dataclass
class Stream:
    """One direction of a connection."""

    _next: int | None = None
    """The sequence number that comes next; None before the first packet."""
    _ahead: dict[int, tuple[bytes, float, int]] = field(default_factory=dict)
    _waiting: int = 0

    def begin(self, sequence: int) -> None:
        """A SYN: the next byte has the number behind it."""
        if self._next is None:
            self._next = (sequence + 1) % MODULUS

    def add(self, sequence: int, data: bytes, at: float, packet: int) -> Iterator[Piece]:
        """A packet; gives what is in order now."""
        if not data:
            return
        if self._next is None:
            self._next = sequence
        known = self._ahead.get(sequence)
        if known is None or len(known[0]) < len(data):
            self._waiting += len(data) - (len(known[0]) if known else 0)
            self._ahead[sequence] = (data, at, packet)
        yield from self._in_order()
        if self._waiting > MOST_AHEAD:
            yield from self.end()

    def end(self) -> Iterator[Piece]:
        """Give up what is missing; gives what came after it."""
        while self._ahead:
            self._next = min(self._ahead, key=self._distance)
            pieces = list(self._in_order())
            for place, piece in enumerate(pieces):
                yield Piece(piece.data, piece.at, piece.packet, gap=place == 0)

    def _distance(self, sequence: int) -> int:
        """How far a number is ahead; negative: behind."""
        assert self._next is not None
        apart = (sequence - self._next) % MODULUS
        return apart if apart < MODULUS // 2 else apart - MODULUS

    def _in_order(self) -> Iterator[Piece]:
        while self._ahead:
            first = min(self._ahead, key=self._distance)
            apart = self._distance(first)
            if apart > 0:
                return
            data, at, packet = self._ahead.pop(first)
            self._waiting -= len(data)
            new = data[-apart:] if apart else data
            if -apart < len(data):
                assert self._next is not None
                self._next = (self._next + len(new)) % MODULUS
                yield Piece(new, at, packet)
