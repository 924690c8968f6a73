"""The CSMS's requests on one connection: what each is answered, and what follows from that.

A request is decided in one step, when it comes; its answer may take the firmware a turn of its
loop, and some makes say what an answer causes before the answer itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import NamedTuple, Protocol

from ocpp.charge_point import camel_to_snake_case

from sim_core.redaction import SECRET, names_secret, without_users
from sim_core.runtime.random_numbers import Rng
from sim_core.wire import frames
from sim_core.wire.answers import Payload
from sim_core.wire.channel import DESCRIPTION_LIMIT, NAME_LIMIT, Channel
from sim_core.wire.frames import CALLERROR, CALLRESULT
from sim_core.wire.interception import (
    Incoming,
    InError,
    Interceptor,
    Never,
    Ruling,
    Usual,
    as_usual,
)
from sim_core.wire.message_log import Direction, ExchangeState
from sim_core.wire.routes import Handled, Refusal, Reply, Routes, Silence, to_wire

LOG = logging.getLogger(__name__)


class Caller(Protocol):
    """Whoever sends calls on the same connection; for answers that come after what they cause."""

    def hold(self) -> None:
        """Send nothing until `let_go`."""

    async def let_go(self) -> None:
        """Send what is said now, and return when it has been handed to the socket."""


class _Silent:
    """Nobody sends calls."""

    def hold(self) -> None:
        """Nothing is held back."""

    async def let_go(self) -> None:
        """Nothing is held back."""


NO_CALLER = _Silent()


def nothing(_: object) -> None:
    """Nobody wants to know."""


@lru_cache(maxsize=1024)
def _field_name(key: str) -> str:
    name: str = next(iter(camel_to_snake_case({key: 0})))
    return name


class _Request(NamedTuple):
    """A request as it came."""

    read: frames.Frame
    text: str
    number: int
    """In the message log."""
    began_s: float


class Answering:
    """See the module."""

    __slots__ = (
        "_answers",
        "_channel",
        "_may_answer",
        "_rng",
        "_routes",
        "caller",
        "intercept",
        "on_fault",
        "on_own_fault",
    )

    def __init__(
        self, channel: Channel, routes: Routes, may_answer: Callable[[], bool], rng: Rng
    ) -> None:
        """`may_answer` says whether requests are answered at all."""
        self._channel = channel
        self._routes = routes
        self._may_answer = may_answer
        self._rng = rng
        self._answers: list[asyncio.Task[None]] = []
        """Those that wait for the firmware's loop: few, and an empty set takes three times as much
        as an empty list."""
        self.caller: Caller = NO_CALLER
        self.intercept: Interceptor = as_usual
        """Asked about each request that would be answered."""
        self.on_fault: Callable[[BaseException], None] = nothing
        """Called with a fault of ours in what follows from an answer."""
        self.on_own_fault: Callable[[str], None] = nothing
        """Called with the sentence about an answer of ours that is not valid, and stays here."""

    def end(self) -> None:
        """The connection has closed: what is not answered yet never is."""
        for task in self._answers:
            task.cancel()

    async def take(self, read: frames.Frame, text: str, mark: str = "") -> None:
        """Answer a request; `mark` says what was done to it on the wire on purpose."""
        message = read.parts
        named = isinstance(message[2], str)
        action = message[2] if named else ""
        well_formed = named and len(message) == 4 and isinstance(message[3], dict)
        payload = message[3] if well_formed else None
        number = self._log(action, read.message_id, payload or {}, text, mark)
        if not self._may_answer():
            self._channel.log.close(
                number, ExchangeState.UNANSWERED, trouble="not answered: registration was Rejected"
            )
            return
        request = _Request(read, text, number, self._channel.clock.monotonic())
        connector_id = self._channel.dialect.subject(payload or {}).connector_id
        ruling = self.intercept(Incoming(action, payload or {}, number, connector_id))
        if ruling is None:
            await self._take_as_usual(request, action, payload)
            return
        task = asyncio.ensure_future(self._take_otherwise(request, action, payload, ruling))
        self._answers.append(task)
        task.add_done_callback(partial(self._answered, None))

    async def _take_otherwise(
        self,
        request: _Request,
        action: str,
        payload: Payload | None,
        ruling: Ruling | asyncio.Future[Ruling],
    ) -> None:
        """Do with a request what somebody has ruled, once they have."""
        channel = self._channel
        if isinstance(ruling, asyncio.Future):
            ruling = await ruling
        if isinstance(ruling, Usual):
            await channel.clock.sleep(ruling.after_s)
            await self._take_as_usual(request, action, payload)
            return
        if isinstance(ruling, Never):
            channel.log.close(request.number, ExchangeState.UNANSWERED, trouble=ruling.why)
            return
        message_id = request.read.message_id
        if isinstance(ruling, InError):
            answer = self._error_frame(message_id, ruling.code, ruling.description)
        else:
            answer = channel.style.encode([CALLRESULT, message_id, ruling.payload])
        await channel.send(answer, request.number)
        channel.log.close(
            request.number,
            ExchangeState.ERROR if isinstance(ruling, InError) else ExchangeState.ANSWERED,
            answer=channel.own_shown(answer),
            latency_s=channel.clock.on_the_wall(channel.clock.monotonic() - request.began_s),
            trouble=ruling.code if isinstance(ruling, InError) else "",
        )

    async def _take_as_usual(self, request: _Request, action: str, payload: Payload | None) -> None:
        """Let the firmware decide, and answer."""
        read, text, number, began_s = request
        secret = names_secret(text, self._channel.dialect.secret_keys)
        reply = self._decide(action, payload, read.flaw)
        if isinstance(reply, Silence):
            self._channel.log.close(
                number, ExchangeState.UNANSWERED, trouble="not answered: this make never does"
            )
            return
        first = isinstance(reply, Reply) and reply.first
        if first:
            self.caller.hold()
            _carry_out(reply)

        async def answer() -> None:
            await self._answer(action, read.message_id, number, reply, began_s, secret=secret)
            if not first:
                _carry_out(reply)

        style = self._channel.style
        seconds = style.answer_s
        if style.loop is not None:
            slow = isinstance(reply, Reply) and reply.slow
            seconds = style.loop.answering_slowly if slow else style.loop.answering
        if seconds is None:
            await answer()
            return
        delay_s = seconds(self._rng)

        async def answer_later() -> None:
            await self._channel.clock.sleep(delay_s)
            await answer()

        task = asyncio.ensure_future(answer_later())
        self._answers.append(task)
        task.add_done_callback(partial(self._answered, reply))

    def _log(self, action: str, message_id: str, payload: Payload, text: str, mark: str) -> int:
        """Write a request into the message log; returns its number there."""
        channel = self._channel
        shown = without_users(action)
        connector_id, transaction_id = channel.dialect.subject(payload)
        return channel.log.open(
            Direction.RECEIVED,
            shown[:NAME_LIMIT] if shown.isprintable() and shown else "(no action)",
            without_users(message_id)[:NAME_LIMIT],
            channel.shown(text),
            channel.clock.now(),
            connector_id=connector_id,
            transaction_id=transaction_id,
            injected=mark,
        )

    def _answered(self, reply: Reply | Refusal | None, task: asyncio.Task[None]) -> None:
        self._answers.remove(task)
        if task.cancelled() and isinstance(reply, Reply) and reply.lost is not None:
            try:
                reply.lost()
            except Exception as fault:  # noqa: BLE001 - whatever it is, it is handed on
                self.on_fault(fault)
        if not task.cancelled() and (error := task.exception()):
            LOG.error("an answer could not be given", exc_info=error)
            self.on_fault(error)

    async def _answer(
        self,
        action: str,
        message_id: str,
        number: int,
        reply: Reply | Refusal,
        began_s: float,
        *,
        secret: bool,
    ) -> None:
        channel = self._channel
        if isinstance(reply, Refusal):
            answer = shown = self._error_frame(message_id, reply.code, reply.description)
            if secret:  # the description may quote what it refuses
                shown = self._error_frame(message_id, reply.code, SECRET)
        else:
            phrase = channel.style.phrase
            payload = to_wire(reply.payload)
            said = payload if phrase is None else phrase(f"{action}.conf", payload)
            answer = shown = channel.style.encode([CALLRESULT, message_id, said])
            if reply.first:
                await self.caller.let_go()
        await channel.send(answer, number)
        channel.log.close(
            number,
            ExchangeState.ERROR if isinstance(reply, Refusal) else ExchangeState.ANSWERED,
            answer=channel.own_shown(shown),
            latency_s=channel.clock.on_the_wall(channel.clock.monotonic() - began_s),
            trouble=reply.code if isinstance(reply, Refusal) else "" if secret else reply.why,
        )

    def _error_frame(self, message_id: str, code: str, description: str) -> str:
        told = description[:DESCRIPTION_LIMIT]
        return self._channel.style.encode([CALLERROR, message_id, code, told, {}])

    def _decide(self, action: str, payload: Payload | None, flaw: str) -> Handled:
        dialect = self._channel.dialect
        if payload is None:
            return Refusal(dialect.schemas.malformed, flaw)
        route = self._routes.get(action)
        if route is None:
            if action in dialect.schemas.actions:
                return _not_supported(action)
            shown = repr(action[:NAME_LIMIT])
            return Refusal("NotImplemented", f"{shown} is not an action of {dialect.version}")
        if route.validate and (fault := dialect.schemas.request_fault(action, payload)):
            return _not_supported(action) if route.off else Refusal(fault.code, fault.description)
        try:
            named = {key: value for key, value in payload.items() if len(key) <= NAME_LIMIT}
            reply = route.handler(**{_field_name(key): value for key, value in named.items()})
            return self._checked(action, reply)
        except Exception:
            # The edge between the wire and the firmware: a fault of ours must not cost the link.
            LOG.exception("the handler of %s failed", action)
            self.on_own_fault(f"the handler of {action} failed; the log says where")
            return Refusal("InternalError", f"{action} could not be processed")

    def _checked(self, action: str, reply: Handled) -> Handled:
        """The reply with its payload as it goes on the wire, if that is valid.

        What is not would be our fault and the CSMS's riddle: it hears InternalError, and nothing
        that was to follow the answer is done.
        """
        if not isinstance(reply, Reply):
            return reply
        payload = to_wire(reply.payload)
        if fault := self._channel.dialect.schemas.answer_fault(action, payload):
            sentence = (
                f"our own answer to {action} is not valid and was not sent: {fault.description}"
            )
            LOG.error("%s", sentence)
            self.on_own_fault(sentence)
            return Refusal("InternalError", f"the answer would not be valid: {fault.description}")
        return replace(reply, payload=payload)


def _carry_out(reply: Reply | Refusal) -> None:
    if isinstance(reply, Reply) and reply.then is not None:
        reply.then()


def _not_supported(action: str) -> Refusal:
    return Refusal("NotSupported", f"{action} is not supported by this charge point")
