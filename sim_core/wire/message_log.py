"""The numbered ring of exchanges: each request together with its answer.

An exchange changes once or twice after it was opened (answered, timed out), so the ring keeps the
newest picture of each and a second counter, the revision, that every change raises. A viewer asks
`since(revision)` and gets each exchange that changed since, once, in the order of their numbers.
Memory is bounded by `size`; reading is safe from any thread.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum


class Direction(str, Enum):
    """Who asked."""

    SENT = "sent"
    RECEIVED = "received"
    NOISE = "noise"
    """Received, but neither a request nor an answer to one: kept so that nothing is hidden."""


class ExchangeState(str, Enum):
    """What became of the request."""

    WAITING = "waiting"
    ANSWERED = "answered"
    ERROR = "error"
    """Answered by a CALLERROR."""
    UNANSWERED = "unanswered"
    """Timed out, or the link was lost first."""


@dataclass(frozen=True)
class Exchange:
    """One request with its answer, as the frames were on the wire."""

    number: int
    direction: Direction
    action: str
    """The action as sent; for `NOISE` a word for what is wrong with the frame."""
    message_id: str
    request: str
    requested_at: datetime
    connector_id: int | None = None
    transaction_id: int | None = None
    answer: str = ""
    latency_s: float | None = None
    state: ExchangeState = ExchangeState.WAITING
    trouble: str = ""
    """For ERROR the code, for UNANSWERED the reason."""


class MessageLog:
    """The last `size` exchanges, or fewer when their frames are long."""

    def __init__(self, size: int = 100_000, characters: int = 64 * 1024 * 1024) -> None:
        """`characters` limits what all frames together may take."""
        self._size = size
        self._characters = characters
        self._kept = 0
        self._lock = threading.Lock()
        self._exchanges: OrderedDict[int, Exchange] = OrderedDict()
        self._changes: OrderedDict[int, int] = OrderedDict()  # exchange number -> revision
        self._count = 0
        self._revision = 0

    @property
    def revision(self) -> int:
        """Raised by every change; equal revisions mean nothing new."""
        return self._revision

    @property
    def count(self) -> int:
        """How many exchanges there have ever been."""
        return self._count

    def open(
        self,
        direction: Direction,
        action: str,
        message_id: str,
        request: str,
        at: datetime,
        *,
        connector_id: int | None = None,
        transaction_id: int | None = None,
        state: ExchangeState = ExchangeState.WAITING,
        trouble: str = "",
    ) -> int:
        """Add an exchange and return its number."""
        with self._lock:
            self._count += 1
            number = self._count
            self._put(
                Exchange(
                    number,
                    direction,
                    action,
                    message_id,
                    request,
                    at,
                    connector_id=connector_id,
                    transaction_id=transaction_id,
                    state=state,
                    trouble=trouble,
                )
            )
            return number

    def close(
        self,
        number: int,
        state: ExchangeState,
        *,
        answer: str = "",
        latency_s: float | None = None,
        trouble: str = "",
    ) -> None:
        """Say what became of an exchange; one that has left the ring is forgotten silently."""
        with self._lock:
            known = self._exchanges.get(number)
            if known is not None:
                self._put(
                    replace(known, state=state, answer=answer, latency_s=latency_s, trouble=trouble)
                )

    def since(self, revision: int) -> tuple[int, list[Exchange]]:
        """Return (current revision, exchanges that changed after `revision`), oldest first."""
        with self._lock:
            if revision >= self._revision:
                return self._revision, []
            changed: list[int] = []
            for number in reversed(self._changes):
                if self._changes[number] <= revision:
                    break
                changed.append(number)
            changed.sort()
            return self._revision, [self._exchanges[number] for number in changed]

    def get(self, number: int) -> Exchange | None:
        """The newest picture of an exchange, or None when it has left the ring."""
        with self._lock:
            return self._exchanges.get(number)

    def _put(self, exchange: Exchange) -> None:
        before = self._exchanges.get(exchange.number)
        self._kept += _length(exchange) - (_length(before) if before else 0)
        self._revision += 1
        self._exchanges[exchange.number] = exchange
        self._changes[exchange.number] = self._revision
        self._changes.move_to_end(exchange.number)
        while len(self._exchanges) > self._size or (
            self._kept > self._characters and len(self._exchanges) > 1
        ):
            number, gone = self._exchanges.popitem(last=False)
            self._changes.pop(number, None)
            self._kept -= _length(gone)


def _length(exchange: Exchange) -> int:
    return len(exchange.request) + len(exchange.answer)
