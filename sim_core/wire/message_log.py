"""The numbered ring of exchanges: each request together with its answer.

An exchange changes once or twice after it was opened (answered, timed out), so the ring keeps the
newest picture of each and a second counter, the revision, that every change raises. A viewer asks
`since(revision)` and gets each exchange that changed since, once, in the order of their numbers.
Memory is bounded by `size`; reading is safe from any thread.

A hundred thousand of them are kept, and a viewer keeps them once more, so an exchange is one run of
bytes (`marshal`: nothing of it leaves the process), and what is asked of it is read out of them.
With frames of 150 and 50 characters it takes 338 bytes; a slotted dataclass of texts and dates,
655. It is made so when somebody looks at it, or when it has grown old: a message should not wait
for it.
"""

from __future__ import annotations

import marshal
import threading
from collections import deque
from datetime import datetime, timezone
from enum import Enum
from itertools import islice
from typing import Any, Final, NamedTuple


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


_Fresh = tuple[
    int,
    Direction,
    str,
    str,
    str,
    datetime,
    "int | None",
    "int | str | None",
    str,
    "float | None",
    ExchangeState,
    str,
    str,
]
"""What a `Told` or an `Exchange` is made of, in this order: every message makes two of them."""
_REQUEST: Final = 4
_ANSWER: Final = 8
_INJECTED: Final = 12
FRESH = 250
"""So many of the newest exchanges are kept as they came: most of them change once more, and whoever
counts them has looked at them by then."""
MOST_CONNECTORS = 256
MOST = 2**63
"""Ids are numbers of 64 bits."""
LONGEST_NAME = 255
"""Characters of a transaction's id that is a text."""
LONGEST_INJECTED = 1000
"""Characters of what was done to an exchange on purpose."""
_ID_INSIDE_AT = 4
"""Where an OCPP-J frame has its message id, which then is not kept twice: behind `[2,"`."""
_MARSHAL = 2
"""The last form of `marshal` in which equal values are equal bytes."""
_NEW = bytes.__new__
_DIRECTIONS = tuple(Direction)
_STATES = tuple(ExchangeState)
_BY_DIRECTION = {direction.value: place for place, direction in enumerate(_DIRECTIONS)}
_BY_STATE = {state.value: place for place, state in enumerate(_STATES)}


class Told(NamedTuple):
    """One request with what has come of it, for whoever looks in passing; what is not written here
    is as in `Exchange`."""

    number: int
    direction: Direction
    action: str
    message_id: str
    request: str
    requested_at: datetime
    connector_id: int | None = None
    transaction_id: int | str | None = None
    answer: str = ""
    latency_s: float | None = None
    state: ExchangeState = ExchangeState.WAITING
    trouble: str = ""
    injected: str = ""


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
        than 255 characters are kept as None."""
        if isinstance(transaction_id, str):
            if not 0 < len(transaction_id) <= LONGEST_NAME:
                transaction_id = None
        elif transaction_id is not None and not -MOST < transaction_id < MOST:
            transaction_id = None
        if connector_id is not None and not -MOST < connector_id < MOST:
            connector_id = None
        inside = request.startswith(message_id, _ID_INSIDE_AT)
        values = (
            number,
            action,
            len(message_id) if inside else message_id,
            request,
            answer,
            requested_at.timestamp(),
            latency_s,
            connector_id,
            transaction_id,
            _BY_DIRECTION[direction._value_],
            _BY_STATE[state._value_],
            trouble,
            injected[:LONGEST_INJECTED],
        )
        return _NEW(cls, marshal.dumps(values, _MARSHAL))

    @property
    def number(self) -> int:
        """Counted from 1."""
        number: int = marshal.loads(self)[0]
        return number

    @property
    def action(self) -> str:
        """The action as sent; for `NOISE` a word for what is wrong with the frame."""
        action: str = marshal.loads(self)[1]
        return action

    @property
    def message_id(self) -> str:
        """As it was in the frame."""
        _, _, message_id, request, *_ = marshal.loads(self)
        return _message_id(message_id, request)

    @property
    def request(self) -> str:
        """The frame."""
        request: str = marshal.loads(self)[3]
        return request

    @property
    def answer(self) -> str:
        """The frame that answered; empty without one."""
        answer: str = marshal.loads(self)[4]
        return answer

    @property
    def requested_at(self) -> datetime:
        """In UTC."""
        return datetime.fromtimestamp(marshal.loads(self)[5], timezone.utc)

    @property
    def latency_s(self) -> float | None:
        """From the request to its answer; None without one."""
        latency_s: float | None = marshal.loads(self)[6]
        return latency_s

    @property
    def connector_id(self) -> int | None:
        """The connector that the request names."""
        connector_id: int | None = marshal.loads(self)[7]
        return connector_id

    @property
    def transaction_id(self) -> int | str | None:
        """The transaction that the request names."""
        transaction_id: int | str | None = marshal.loads(self)[8]
        return transaction_id

    @property
    def direction(self) -> Direction:
        """Who asked."""
        place: int = marshal.loads(self)[9]
        return _DIRECTIONS[place]

    @property
    def state(self) -> ExchangeState:
        """What became of it."""
        place: int = marshal.loads(self)[10]
        return _STATES[place]

    @property
    def trouble(self) -> str:
        """For ERROR the code, for UNANSWERED the reason; for ANSWERED what an answer of the CSMS
        has against its schema: it was read all the same."""
        trouble: str = marshal.loads(self)[11]
        return trouble

    @property
    def injected(self) -> str:
        """What was done to its frames on the wire on purpose, by which fault; empty: nothing."""
        injected: str = marshal.loads(self)[12]
        return injected

    @property
    def told(self) -> Told:
        """All of it at once."""
        (number, action, message_id, request, answer, seconds, latency_s, connector_id,
         transaction_id, direction, state, trouble, injected) = marshal.loads(self)  # fmt: skip
        return Told(
            number,
            _DIRECTIONS[direction],
            action,
            _message_id(message_id, request),
            request,
            datetime.fromtimestamp(seconds, timezone.utc),
            connector_id,
            transaction_id,
            answer,
            latency_s,
            _STATES[state],
            trouble,
            injected,
        )

    def as_dict(self) -> dict[str, Any]:
        """What there is to know, by the names that are also the arguments of `Exchange`."""
        return self.told._asdict()

    def __repr__(self) -> str:
        return f"Exchange({', '.join(f'{name}={it!r}' for name, it in self.as_dict().items())})"


def _message_id(kept: str | int, request: str) -> str:
    """A message id of which only the length is kept stands in the request."""
    return request[_ID_INSIDE_AT : _ID_INSIDE_AT + kept] if isinstance(kept, int) else kept


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
        self._exchanges: deque[Exchange | _Fresh] = deque()
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
            self._exchanges.append(
                (
                    number,
                    direction,
                    action,
                    message_id,
                    request,
                    at,
                    connector_id,
                    transaction_id,
                    answer,
                    None,
                    state,
                    trouble,
                    injected,
                )
            )
            self._changed(number, len(request) + len(answer))
            if len(self._exchanges) > FRESH:
                self._at(-FRESH - 1)
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
                asked = known.told if isinstance(known, Exchange) else known
                self._exchanges[place] = (
                    *asked[:_ANSWER],
                    answer,
                    latency_s,
                    state,
                    trouble,
                    asked[_INJECTED],
                )
                self._changed(number, len(answer) - len(asked[_ANSWER]))

    def mark(self, number: int, injected: str) -> None:
        """Say what was done to an exchange on the wire on purpose, behind what is said already."""
        with self._lock:
            place = number - self._oldest
            if 0 <= place < len(self._exchanges):
                known = self._exchanges[place]
                one = known.told if isinstance(known, Exchange) else Told(*known)
                told = "; ".join(filter(None, (one.injected, injected)))
                self._exchanges[place] = one._replace(injected=told)
                self._changed(number, 0)

    def since(self, revision: int) -> tuple[int, list[Exchange]]:
        """Return (current revision, exchanges that changed after `revision`), oldest first."""
        with self._lock:
            return self._revision, [
                one if isinstance(one, Exchange) else self._at(place)
                for place, one in self._since(revision)
            ]

    def news(self, revision: int) -> tuple[int, list[Told]]:
        """The same for whoever looks in passing, and keeps none of it."""
        with self._lock:
            return self._revision, [
                one.told if isinstance(one, Exchange) else Told(*one)
                for _, one in self._since(revision)
            ]

    def get(self, number: int) -> Exchange | None:
        """The newest picture of an exchange, or None when it has left the ring."""
        with self._lock:
            place = number - self._oldest
            return self._at(place) if 0 <= place < len(self._exchanges) else None

    def _since(self, revision: int) -> list[tuple[int, Exchange | _Fresh]]:
        """The exchanges that changed after `revision`, each with its place."""
        news, known, first = self._revision - revision, self._exchanges, self._oldest
        if news > len(self._changes):
            return list(enumerate(known))  # the middle of a deque is far away
        changed = sorted(set(islice(reversed(self._changes), max(0, news))))
        return [(number - first, known[number - first]) for number in changed if number >= first]

    def _at(self, place: int) -> Exchange:
        known = self._exchanges[place]
        if isinstance(known, Exchange):
            return known
        self._exchanges[place] = new = Exchange(*known)
        self._kept += len(new) - _BARE - len(known[_REQUEST]) - len(known[_ANSWER])
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


_BARE = len(Exchange(0, Direction.SENT, "", "", "", datetime.fromtimestamp(0, timezone.utc)))
"""What an exchange takes at the least."""


def _held(known: Exchange | _Fresh) -> int:
    """What its texts take, and a little more."""
    if isinstance(known, Exchange):
        return len(known) - _BARE
    return len(known[_REQUEST]) + len(known[_ANSWER])
