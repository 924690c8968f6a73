"""Frames as exchanges: who asked what, what was answered, and how long that took.

Both sides are strangers. A frame that is no OCPP-J, an answer to nothing, an id that is used twice:
each is a row of the message log, so that nothing is hidden, and none is the end of anything.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from websockets.frames import Opcode

from sim_core.bedside.frame_reader import Message
from sim_core.redaction import public_frame
from sim_core.traces.exchanges import slash_in
from sim_core.traces.frames import Side
from sim_core.wire.message_log import Direction, ExchangeState, MessageLog

SECRET_KEYS = frozenset({"authorizationkey", "basicauthpassword"})
"""Configuration keys whose value nobody is to see, in lower case."""
MOST_OPEN = 1_000
"""Calls that may wait for their answer; a peer that never answers takes no more memory."""
LONGEST_SHOWN = 64 * 1024
CALL, RESULT, ERROR = 2, 3, 4
DIRECTION = {Side.CHARGER: Direction.SENT, Side.CSMS: Direction.RECEIVED}
"""Who asks, as the log of the charge point itself would have it."""

Payload = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A request, as it passed."""

    asked_by: Side
    message_id: str
    action: str
    payload: Payload
    at: datetime
    ours: bool = False
    """We have asked, in the place of the CSMS."""
    number: int = 0
    """Its number in the message log."""
    slash: str = ""
    """How its frame writes a slash; empty: it has none."""


@dataclass(frozen=True)
class Answered:
    """A request with its answer."""

    call: Call
    at: datetime
    payload: Payload | None
    """None: it was answered with an error."""
    error: str = ""
    """Code and description of that."""
    slash: str = ""
    """How the answer's frame writes a slash; empty: it has none."""


@dataclass
class _Waiting:
    call: Call
    number: int


class Exchanges:
    """Of one charger, over all its connections."""

    def __init__(self, log: MessageLog) -> None:
        self._log = log
        self._open: dict[Side, OrderedDict[str, _Waiting]] = {side: OrderedDict() for side in Side}

    def heard(
        self, sent_by: Side, message: Message, at: datetime, ours: bool
    ) -> Call | Answered | None:
        """Take in one message; None where it is no request and answers none."""
        if message.opcode not in (Opcode.TEXT, Opcode.BINARY):
            return None
        text = message.content.decode("utf-8", "backslashreplace")
        flaw, parts = _read(message, text)
        shown = public_frame(text, SECRET_KEYS, LONGEST_SHOWN)
        if flaw:
            self._noise(flaw, shown, at)
            return None
        kind, message_id = parts[0], parts[1]
        if kind == CALL:
            slash = slash_in(text)
            call = Call(sent_by, message_id, parts[2], parts[3], at, ours, slash=slash)
            return self._call(call, shown)
        answered = self._answer(sent_by, message_id, parts, shown, at)
        return answered and replace(answered, slash=slash_in(text))

    def oldest_of(self, side: Side) -> datetime | None:
        """When the oldest call of a side that has no answer yet was sent."""
        return next((one.call.at for one in self._open[side].values()), None)

    def waiting(self, side: Side, message_id: str) -> bool:
        """Whether a call of this id still has no answer."""
        return message_id in self._open[side]

    def newest_action(self, side: Side) -> str:
        """What a side asked last that has no answer yet; empty where nothing is open."""
        return next((one.call.action for one in reversed(self._open[side].values())), "")

    def give_up(self, side: Side, message_id: str, why: str) -> None:
        """Say of a call that it was not answered; an answer may come all the same."""
        if message_id in self._open[side]:
            number = self._open[side][message_id].number
            self._log.close(number, ExchangeState.UNANSWERED, trouble=why)

    def end(self, why: str) -> None:
        """The connection has ended: what is open stays without an answer."""
        for calls in self._open.values():
            for one in calls.values():
                self._log.close(one.number, ExchangeState.UNANSWERED, trouble=why)
            calls.clear()

    # -- inside ------------------------------------------------------------------------------------

    def _noise(self, flaw: str, shown: str, at: datetime) -> None:
        self._log.open(
            Direction.NOISE, flaw, "", shown, at, state=ExchangeState.ERROR, trouble=flaw
        )

    def _call(self, call: Call, shown: str) -> Call:
        calls = self._open[call.asked_by]
        if (older := calls.pop(call.message_id, None)) is not None:
            why = "another request came with the same message id"
            self._log.close(older.number, ExchangeState.UNANSWERED, trouble=why)
        number = self._log.open(
            DIRECTION[call.asked_by],
            call.action,
            call.message_id,
            shown,
            call.at,
            connector_id=_integer(call.payload.get("connectorId")),
            transaction_id=_transaction(call.payload),
        )
        call = replace(call, number=number)
        calls[call.message_id] = _Waiting(call, number)
        if len(calls) > MOST_OPEN:
            calls.popitem(last=False)
        return call

    def _answer(
        self, sent_by: Side, message_id: str, parts: list[Any], shown: str, at: datetime
    ) -> Answered | None:
        asker = Side.CSMS if sent_by is Side.CHARGER else Side.CHARGER
        waiting = self._open[asker].pop(message_id, None)
        if waiting is None:
            self._noise("answers a request that nobody has made", shown, at)
            return None
        latency_s = max(0.0, (at - waiting.call.at).total_seconds())
        if parts[0] == RESULT:
            self._log.close(
                waiting.number, ExchangeState.ANSWERED, answer=shown, latency_s=latency_s
            )
            return Answered(waiting.call, at, parts[2])
        error = " ".join(one for one in map(str, parts[2:4]) if one)[:200]
        self._log.close(
            waiting.number, ExchangeState.ERROR, answer=shown, latency_s=latency_s, trouble=error
        )
        return Answered(waiting.call, at, None, error)


def _read(message: Message, text: str) -> tuple[str, list[Any]]:
    """What is wrong with a message, or its parts (OCPP-J §4.2)."""
    if message.unread:
        return f"a message of {message.length:,} bytes: {message.unread}", []
    if message.opcode is Opcode.BINARY:
        return "a binary message, and OCPP-J has none", []
    try:
        parts = json.loads(message.content)
    except (ValueError, RecursionError):
        return "a message that is no JSON", []
    if not isinstance(parts, list) or len(parts) < 3 or isinstance(parts[0], bool):
        return "a message that is no OCPP-J", []
    kind, message_id = parts[0], parts[1]
    if kind not in (CALL, RESULT, ERROR):
        return "a message of a type that OCPP-J does not have", []
    if not isinstance(message_id, str):
        return "a message whose id is no text", []
    if kind == CALL and not (
        len(parts) == 4 and isinstance(parts[2], str) and isinstance(parts[3], dict)
    ):
        return "a request that is not as OCPP-J has it", []
    if kind == RESULT and not (len(parts) == 3 and isinstance(parts[2], dict)):
        return "an answer that is not as OCPP-J has it", []
    return "", parts


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _transaction(payload: Payload) -> int | str | None:
    value = payload.get("transactionId")
    if isinstance(value, str):
        return value
    return _integer(value)
