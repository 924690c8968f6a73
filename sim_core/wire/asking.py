"""Our calls on one connection: which of them are open, and what came of each.

Nothing is kept for answers that nobody waits for, with one exception: a call whose time is up is
remembered for a while, for an answer that comes late still says what the CSMS has done. When the
connection closes, every open call fails at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, KeysView
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sim_core.redaction import without_users
from sim_core.runtime.clock import HAIR_S, Timer
from sim_core.runtime.random_numbers import Rng
from sim_core.wire import frames
from sim_core.wire.answers import Answer, Error, MalformedError, NoAnswer, Payload, Result
from sim_core.wire.channel import LOGGED_LIMIT, NAME_LIMIT, Channel
from sim_core.wire.frames import CALL
from sim_core.wire.message_log import Direction, ExchangeState

LOG = logging.getLogger(__name__)

LATE_LIMIT = 32
"""Of how many calls without an answer in time one is still recognised; of more the oldest go."""

AS_TYPED = "sent as it was typed"
"""How the trouble of a frame begins that somebody has typed, and that nobody can answer."""


class _Asked(NamedTuple):
    """A call that has left."""

    waiting: asyncio.Future[Answer]
    action: str
    number: int
    """In the message log."""
    sent_s: float


async def _is(answer: Answer) -> Answer:
    """What is clear before anything was sent."""
    return answer


class Asking:
    """See the module."""

    __slots__ = (
        "_channel",
        "_deadline",
        "_late",
        "_open",
        "_rng",
        "_timeout_s",
        "waiting_since",
    )

    def __init__(self, channel: Channel, timeout_s: float, rng: Rng) -> None:
        """`timeout_s` is how long a call waits for its answer; `rng` draws message ids."""
        self._channel = channel
        self._rng = rng
        self._timeout_s = timeout_s
        self._open: dict[str, _Asked] = {}
        """By message id, oldest first."""
        self._late: dict[str, _Asked] = {}
        """Those whose time is up, oldest first: their answers may still come."""
        self._deadline: Timer | None = None
        """One for all open calls, which have the same time: a timer each would cost more."""
        self.waiting_since: datetime | None = None
        """When our call that is still open was sent."""

    @property
    def open_ids(self) -> KeysView[str]:
        """The message ids of the calls that wait for their answer."""
        return self._open.keys()

    def knows(self, message_id: str) -> bool:
        """Whether an answer to this id would be one to a call of ours, late ones included."""
        return message_id in self._open or message_id in self._late

    def asked(self, message_id: str) -> tuple[int, str]:
        """Number in the log, and action, of the call that an answer to this id is for, late ones
        included; (0, "") where there is none."""
        asked = self._open.get(message_id) or self._late.get(message_id)
        return (asked.number, asked.action) if asked else (0, "")

    def call(
        self, action: str, payload: Payload, *, judged: bool = True
    ) -> Coroutine[Any, Any, Answer]:
        """Send a request and return what came of it. Never raises for what the peer does.

        One that is not valid is our own fault and does not leave, unless it is not `judged`.
        """
        channel = self._channel
        if channel.closed:
            return _is(NoAnswer("the link is down", link_lost=True, sent=False))
        schemas = channel.dialect.schemas
        judged = judged and action not in channel.style.unjudged
        if judged and (fault := schemas.request_fault(action, payload)):
            LOG.error("our own %s is not valid: %s", action, fault.description)
            return _is(Error(fault.code, fault.description, sent=False))
        message_id = channel.style.message_id(self._rng)
        while self.knows(message_id):  # the answer would be taken for another's
            message_id = channel.style.message_id(self._rng)
        phrase = channel.style.phrase
        said = payload if phrase is None else phrase(action, payload)
        text = channel.style.encode([CALL, message_id, action, said])
        return self._send(text, message_id, action, payload)

    async def say(self, text: str) -> Answer:
        """Send a frame as it is, whatever it is, and return what came of it.

        Where it is a request under an id that is not open, its answer is waited for; anything else
        can have none.
        """
        channel = self._channel
        if channel.closed:
            return NoAnswer("the link is down", link_lost=True, sent=False)
        read = frames.read(text)
        parts = read.parts
        if read.kind == CALL and isinstance(parts[2], str) and not self.knows(read.message_id):
            payload = parts[3] if len(parts) > 3 and isinstance(parts[3], dict) else {}
            return await self._send(text, read.message_id, parts[2], payload)
        why = read.flaw or "nobody answers an answer, nor a second request under the same id"
        number = channel.log.open(
            Direction.SENT,
            read.word or frames.NAMES.get(read.kind, "no message"),
            read.message_id[:NAME_LIMIT],
            channel.own_shown(text),
            channel.clock.now(),
            state=ExchangeState.UNANSWERED,
            trouble=f"{AS_TYPED}: {why}",
        )
        await channel.send(text, number)
        return NoAnswer(why, link_lost=False)

    async def _send(self, text: str, message_id: str, action: str, payload: Payload) -> Answer:
        """Send the frame of a request, and wait for what comes of it."""
        channel = self._channel
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        now = channel.clock.now()
        connector_id, transaction_id = channel.dialect.subject(payload)
        number = channel.log.open(
            Direction.SENT,
            action[:NAME_LIMIT] if action.isprintable() and action else "(no action)",
            message_id,
            channel.own_shown(text),
            now,
            connector_id=connector_id,
            transaction_id=transaction_id,
        )
        self._open[message_id] = _Asked(waiting, action, number, channel.clock.monotonic())
        self.waiting_since = now
        if self._deadline is None:
            self._deadline = channel.clock.call_later(self._timeout_s, self._look_at_deadlines)
        try:
            if not channel.passes(text):
                await channel.send(text, number)
            return await waiting
        finally:
            if message_id in self._open:
                self.settle(message_id, NoAnswer("the call was abandoned", link_lost=True))

    def settle(self, message_id: str, answer: Answer, text: str = "") -> bool:
        """Give an open call its answer; False when there is no such call (any more)."""
        asked = self._open.pop(message_id, None)
        late = asked is None
        asked = asked or self._late.pop(message_id, None)
        if asked is None:
            return False
        if not self._open:
            self.waiting_since = None
        if isinstance(answer, NoAnswer):
            self._channel.log.close(asked.number, ExchangeState.UNANSWERED, trouble=answer.reason)
        else:
            answer = self._judged(asked, answer, text, late=late)
        if not asked.waiting.done():
            asked.waiting.set_result(answer)
        return True

    def end(self) -> None:
        """The connection has closed: every open call has its answer."""
        if self._deadline is not None:
            self._deadline.cancel()
        for message_id in list(self._open):
            self.settle(message_id, NoAnswer("the link was lost", link_lost=True))
        self._late.clear()

    def _judged(
        self, asked: _Asked, answer: Result | Error, text: str, *, late: bool
    ) -> Result | Error:
        """The answer, with what it has against its schema; both are logged."""
        channel = self._channel
        took_s = channel.clock.monotonic() - asked.sent_s
        if isinstance(answer, Result):
            state, trouble = ExchangeState.ANSWERED, ""
            # Nothing said is nothing to hide: the id beside it is ours.
            shown = channel.shown(text) if answer.payload else text[:LOGGED_LIMIT]
            fault = channel.dialect.schemas.answer_fault(asked.action, answer.payload)
            if fault:
                trouble = without_users(fault.description)
                answer = replace(answer, fault=trouble)
        else:
            state, shown = ExchangeState.ERROR, channel.shown(text)
            trouble = answer.description if isinstance(answer, MalformedError) else answer.code
        if late:
            came = f"came late: after {took_s:.0f} s"
            trouble = f"{trouble}; {came}" if trouble else came
        channel.log.close(
            asked.number,
            state,
            answer=shown,
            latency_s=channel.clock.on_the_wall(took_s),
            trouble=trouble,
        )
        return answer

    def _look_at_deadlines(self) -> None:
        """End the calls whose time is up, and look again when that of the next one is."""
        self._deadline = None
        now_s = self._channel.clock.monotonic()
        for message_id, asked in list(self._open.items()):
            left_s = asked.sent_s + self._timeout_s - now_s
            if left_s > HAIR_S:
                self._deadline = self._channel.clock.call_later(left_s, self._look_at_deadlines)
                return
            late: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            reason = f"no answer within {self._timeout_s:g} s"
            self.settle(message_id, NoAnswer(reason, link_lost=False, late=late))
            self._late[message_id] = asked._replace(waiting=late)
            if len(self._late) > LATE_LIMIT:
                del self._late[next(iter(self._late))]
