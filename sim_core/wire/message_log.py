"""The numbered ring of exchanges: each request together with its answer.

An exchange changes once or twice after it was opened (answered, timed out), so the ring keeps the
newest picture of each and a second counter, the revision, that every change raises. A viewer asks
`since(revision)` and gets each exchange that changed since, once, in the order of their numbers.
Memory is bounded by `size`; reading is safe from any thread.

A hundred thousand of them are kept, and a viewer keeps them once more, so an exchange is one run of
bytes: a head of fixed length and then its texts. What is asked of it is read out of them. With
frames of 150 and 50 characters it takes 339 bytes; a slotted dataclass of texts and dates, 655.
"""

from __future__ import annotations

import struct
import threading
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timezone
from enum import Enum
from itertools import islice
from typing import Any


class Direction(str, Enum):
    """Who asked."""

    SENT = "sent"
    RECEIVED = "received"
    NOISE = "noise"
    """Received, but neither a request nor an answer to one: kept so that nothing is hidden."""


ASKED_HERE = "chargeforge-"
"""How the message id of a request begins that somebody here has made of a real charger, in the
place of its CSMS."""


class ExchangeState(str, Enum):
    """What became of the request."""

    WAITING = "waiting"
    ANSWERED = "answered"
    ERROR = "error"
    """Answered by a CALLERROR."""
    UNANSWERED = "unanswered"
    """Timed out, or the link was lost first."""


_HEAD = struct.Struct("@QdqqdIIIIIBBBBH")
"""Number, time, connector, transaction, latency; bytes of request, action, answer, trouble, id;
whether the id is in the request, who asked, state; bytes of the transaction, where that is a text,
and of what was done on purpose. The texts follow in that order, the last two the other way."""
_START = _HEAD.size
_NUMBER, _SECONDS, _ID, _LENGTH, _SHORT = (struct.Struct(f"@{kind}") for kind in "QdqIH")
_BEFORE_ANSWER, _BEFORE_TROUBLE = struct.Struct("@II"), struct.Struct("@III")
_BEFORE_ID = struct.Struct("@IIII")
_ID_INSIDE_AT = 4
"""Where an OCPP-J frame has its message id, which then is not kept twice: behind `[2,"`."""

_NEW = bytes.__new__
_NONE = -(2**63)
MOST_CONNECTORS = 256
_LONGEST_NAME = 255
"""Bytes of a transaction's id that is a text: the head has one byte for their number."""
LONGEST_INJECTED = 1000
"""Characters of what was done to an exchange on purpose."""
_UNKNOWN_S = float("nan")
_DIRECTIONS = tuple(Direction)
_STATES = tuple(ExchangeState)
_BY_DIRECTION = {direction.value: place for place, direction in enumerate(_DIRECTIONS)}
_BY_STATE = {state.value: place for place, state in enumerate(_STATES)}


def _packed(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _unpacked(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("utf-8", "surrogatepass")


def _fits(number: int | None) -> int:
    return number if number is not None and _NONE < number < -_NONE else _NONE


def _name(transaction_id: str) -> bytes:
    """The id of a transaction that is a text; of one that is too long, nothing."""
    text = _packed(transaction_id)
    return text if len(text) <= _LONGEST_NAME else b""


class Exchange(bytes):
    """One request with its answer, as the frames were on the wire. Immutable."""

    __slots__ = ()

    def __new__(
        cls,
        number: int,
        direction: Direction,
        action: str,
        message_id: str,
        request: str,
        requested_at: datetime,
        connector_id: int | None = None,
        transaction_id: int | str | None = None,
        answer: str = "",
        latency_s: float | None = None,
        state: ExchangeState = ExchangeState.WAITING,
        trouble: str = "",
        injected: str = "",
    ) -> Exchange:
        """`requested_at` is kept in UTC; ids of more than 64 bits, empty texts and such of more
        than 255 bytes are kept as None."""
        try:
            asked, answered, id_ = request.encode(), answer.encode(), message_id.encode()
        except UnicodeEncodeError:  # a peer may send half a character
            asked, answered, id_ = _packed(request), _packed(answer), _packed(message_id)
        named, troubled = _packed(action), _packed(trouble) if trouble else b""
        done = _packed(injected[:LONGEST_INJECTED]) if injected else b""
        name = b""
        if isinstance(transaction_id, str):
            name, transaction_id = _name(transaction_id), None
        inside = asked.startswith(id_, _ID_INSIDE_AT)
        head = _HEAD.pack(
            number,
            requested_at.timestamp(),
            _fits(connector_id),
            _fits(transaction_id),
            _UNKNOWN_S if latency_s is None else latency_s,
            len(asked),
            len(named),
            len(answered),
            len(troubled),
            len(id_),
            inside,
            _BY_DIRECTION[direction._value_],
            _BY_STATE[state._value_],
            len(name),
            len(done),
        )
        kept_id = b"" if inside else id_
        return _NEW(cls, b"".join((head, asked, named, answered, troubled, kept_id, done, name)))

    @property
    def number(self) -> int:
        """Counted from 1."""
        number: int = _NUMBER.unpack_from(self)[0]
        return number

    @property
    def requested_at(self) -> datetime:
        """In UTC."""
        return datetime.fromtimestamp(_SECONDS.unpack_from(self, 8)[0], timezone.utc)

    @property
    def connector_id(self) -> int | None:
        """The connector that the request names."""
        return self._id(16)

    @property
    def transaction_id(self) -> int | str | None:
        """The transaction that the request names."""
        length = self[63]
        return _unpacked(self[-length:]) if length else self._id(24)

    @property
    def latency_s(self) -> float | None:
        """From the request to its answer; None without one."""
        latency_s: float = _SECONDS.unpack_from(self, 32)[0]
        return None if latency_s != latency_s else latency_s

    @property
    def request(self) -> str:
        """The frame."""
        return self._text(0, self._length(40))

    @property
    def action(self) -> str:
        """The action as sent; for `NOISE` a word for what is wrong with the frame."""
        return self._text(self._length(40), self._length(44))

    @property
    def answer(self) -> str:
        """The frame that answered; empty without one."""
        return self._text(sum(_BEFORE_ANSWER.unpack_from(self, 40)), self._length(48))

    @property
    def trouble(self) -> str:
        """For ERROR the code, for UNANSWERED the reason; for ANSWERED what an answer of the CSMS
        has against its schema: it was read all the same."""
        return self._text(sum(_BEFORE_TROUBLE.unpack_from(self, 40)), self._length(52))

    @property
    def message_id(self) -> str:
        """As it was in the frame."""
        inside = self[60]
        at = _ID_INSIDE_AT if inside else sum(_BEFORE_ID.unpack_from(self, 40))
        return self._text(at, self._length(56))

    @property
    def injected(self) -> str:
        """What was done to its frames on the wire on purpose, by which fault; empty: nothing."""
        length: int = _SHORT.unpack_from(self, 64)[0]
        return self._text(len(self) - _START - self[63] - length, length)

    @property
    def opened(self) -> Opened:
        """What does not change when it is answered."""
        return (
            self.number,
            self.direction,
            self.action,
            self.message_id,
            self.request,
            self.requested_at,
            self.connector_id,
            self.transaction_id,
        )

    @property
    def direction(self) -> Direction:
        """Who asked."""
        return _DIRECTIONS[self[61]]

    @property
    def state(self) -> ExchangeState:
        """What became of it."""
        return _STATES[self[62]]

    def as_dict(self) -> dict[str, Any]:
        """What there is to know, by the names that are also the arguments of `Exchange`."""
        return {name: getattr(self, name) for name in FIELDS}

    def __repr__(self) -> str:
        return f"Exchange({', '.join(f'{name}={it!r}' for name, it in self.as_dict().items())})"

    def _id(self, at: int) -> int | None:
        number: int = _ID.unpack_from(self, at)[0]
        return None if number == _NONE else number

    def _length(self, at: int) -> int:
        length: int = _LENGTH.unpack_from(self, at)[0]
        return length

    def _text(self, start: int, length: int) -> str:
        return _unpacked(self[_START + start : _START + start + length])


FIELDS = (
    "number",
    "direction",
    "action",
    "message_id",
    "request",
    "requested_at",
    "connector_id",
    "transaction_id",
    "answer",
    "latency_s",
    "state",
    "trouble",
    "injected",
)

Opened = tuple[int, Direction, str, str, str, datetime, "int | None", "int | str | None"]
"""What an `Exchange` that waits is made of, once it is answered or somebody looks at it."""


class MessageLog:
    """The last `size` exchanges, or fewer when their frames are long."""

    def __init__(
        self, size: int = 100_000, characters: int = 64 * 1024 * 1024, first: int = 1
    ) -> None:
        """`characters` limits what the texts of all of them together may take, in bytes. `first` is
        the number of the first exchange: not 1 in a log that goes on with another's."""
        self._size = size
        self._characters = characters
        self._kept = 0
        self._lock = threading.Lock()
        self._exchanges: deque[Exchange | Opened] = deque()
        self._oldest = first
        """The number of the first of them; they are numbered without gaps."""
        self._changes: deque[int] = deque(maxlen=2 * size)
        """The number that each of the last revisions has changed: an exchange has about two."""
        self._running: dict[int, str] = {}
        """Connector -> the transaction that was last told of with it. OCPP 2.0.1 names the EVSE
        once in a transaction, and whoever looks for its messages wants all of them."""
        self._count = first - 1
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
        transaction_id: int | str | None = None,
        state: ExchangeState = ExchangeState.WAITING,
        trouble: str = "",
        answer: str = "",
        injected: str = "",
    ) -> int:
        """Add an exchange and return its number."""
        with self._lock:
            if isinstance(transaction_id, str):
                connector_id = self._place_of(transaction_id, connector_id)
            self._count = number = self._count + 1
            opened = (
                number,
                direction,
                action,
                message_id,
                request,
                at,
                connector_id,
                transaction_id,
            )
            waits = state is ExchangeState.WAITING and not trouble and not injected
            if waits:
                self._exchanges.append(opened)
                self._changed(number, len(request))
            else:
                new = Exchange(*opened, answer, None, state, trouble, injected)
                self._exchanges.append(new)
                self._changed(number, len(new) - _START)
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
            place = number - self._oldest
            if 0 <= place < len(self._exchanges):
                known = self._exchanges[place]
                if isinstance(known, Exchange):
                    new = Exchange(*known.opened, answer, latency_s, state, trouble, known.injected)
                else:
                    new = Exchange(*known, answer, latency_s, state, trouble)
                self._exchanges[place] = new
                self._changed(number, len(new) - _START - _held(known))

    def mark(self, number: int, injected: str) -> None:
        """Say what was done to an exchange on the wire on purpose, behind what is said already."""
        with self._lock:
            place = number - self._oldest
            if 0 <= place < len(self._exchanges):
                known = self._exchanges[place]
                one = known if isinstance(known, Exchange) else Exchange(*known)
                told = "; ".join(filter(None, (one.injected, injected)))
                self._exchanges[place] = new = Exchange(**{**one.as_dict(), "injected": told})
                self._changed(number, _held(new) - _held(known))

    def since(self, revision: int) -> tuple[int, list[Exchange]]:
        """Return (current revision, exchanges that changed after `revision`), oldest first."""
        with self._lock:
            news = self._revision - revision
            if news <= 0:
                return self._revision, []
            known = self._exchanges
            if news > len(self._changes):
                places: Iterable[int] = range(len(known))
                known_now = list(known)  # the middle of a deque is far away
            else:
                first = self._oldest
                changed = sorted(set(islice(reversed(self._changes), news)))
                places = [number - first for number in changed if number >= first]
                known_now = [known[place] for place in places]
            return self._revision, [
                one if isinstance(one, Exchange) else self._at(place)
                for place, one in zip(places, known_now, strict=True)
            ]

    def get(self, number: int) -> Exchange | None:
        """The newest picture of an exchange, or None when it has left the ring."""
        with self._lock:
            place = number - self._oldest
            return self._at(place) if 0 <= place < len(self._exchanges) else None

    def _at(self, place: int) -> Exchange:
        known = self._exchanges[place]
        if isinstance(known, Exchange):
            return known
        self._exchanges[place] = new = Exchange(*known)
        self._kept += _held(new) - _held(known)
        return new

    def _place_of(self, transaction_id: str, connector_id: int | None) -> int | None:
        if connector_id is None:
            known = self._running.items()
            return next((place for place, running in known if running == transaction_id), None)
        if len(self._running) >= MOST_CONNECTORS and connector_id not in self._running:
            self._running.clear()  # so many are nobody's: a frame may say anything
        self._running[connector_id] = transaction_id
        return connector_id

    def _changed(self, number: int, longer: int) -> None:
        self._revision += 1
        self._changes.append(number)
        self._kept += longer
        known = self._exchanges
        while len(known) > self._size or (self._kept > self._characters and len(known) > 1):
            self._kept -= _held(known.popleft())
            self._oldest += 1


def _held(known: Exchange | Opened) -> int:
    """What its texts take."""
    return len(known) - _START if isinstance(known, Exchange) else len(known[4])
