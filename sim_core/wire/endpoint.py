"""Calls and answers on one connection (OCPP-J §4): the frames, not what they mean.

Over the `ocpp` package's types, schemas and routing, with a read loop of its own: it survives any
frame, answers while a call of ours is open, keeps no state for answers nobody waits for, and fails
our open calls at once when the link closes. Errors are values: an `Answer` says what came of a
call, and nothing that a CSMS sends raises.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Protocol

from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case

from sim_core.redaction import SECRET, names_secret, public_frame, without_users
from sim_core.runtime.clock import TIMER_SLACK_S, Clock, Timer
from sim_core.runtime.random_numbers import Rng
from sim_core.wire import frames, schemas
from sim_core.wire.frames import CALL, CALLERROR, CALLRESULT
from sim_core.wire.message_log import Direction, ExchangeState, MessageLog
from sim_core.wire.wire_format import CLEAN, WireFormat

LOG = logging.getLogger(__name__)

ANSWERS = f"[{CALLRESULT},"
DESCRIPTION_LIMIT = 255  # OCPP-J §4.2.3: errorDescription
DETAILS_LIMIT = 1000
"""Characters of errorDetails, which OCPP-J does not bound."""
LOGGED_LIMIT = 64 * 1024
"""Characters of a frame that the message log keeps."""
NAME_LIMIT = 50
"""Characters of an action or a field name; OCPP 1.6 has none that is longer."""

LATE_LIMIT = 32
"""Of how many calls without an answer in time one is still recognised; of more the oldest go."""

NOT_OPEN = (
    "it answers no call that is open: the id is none of ours, or its call has had its answer or "
    "its time"
)
"""What is said of an answer that nobody waits for."""

Payload = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """The CSMS answered with a CALLRESULT. The payload is as it came: read it leniently."""

    payload: Payload
    fault: str = ""
    """What it has against its schema."""


@dataclass(frozen=True)
class Error:
    """The CSMS answered with a CALLERROR."""

    code: str
    description: str
    details: str = ""
    """errorDetails as JSON; empty where there are none."""
    sent: bool = True
    """False: our own request was not valid and never left."""


@dataclass(frozen=True)
class MalformedError(Error):
    """The CSMS answered with what is no answer; `description` says what is wrong with it."""


@dataclass(frozen=True)
class NoAnswer:
    """There is no answer, and there will be none. `reason` is a sentence without full stop."""

    reason: str
    link_lost: bool
    """The link closed first (else: the time was up)."""
    sent: bool = True
    """The request may have arrived; False when it never left."""
    late: asyncio.Future[Answer] | None = field(default=None, compare=False, repr=False)
    """Done when the answer comes after all, on this connection; else never."""


Answer = Result | Error | NoAnswer


@dataclass(frozen=True)
class Reply:
    """What a handler answers. `then` runs once the answer is on the wire."""

    payload: object
    """A `call_result` dataclass of the `ocpp` package."""
    then: Callable[[], object] | None = None
    first: bool = False
    """`then` runs before the answer, and what it says goes out before it: some makes do so."""
    slow: bool = False
    """It takes the firmware a second turn of its loop."""
    lost: Callable[[], object] | None = None
    """Runs in place of `then` when the link goes before the answer; None: nothing does."""


@dataclass(frozen=True)
class Refusal:
    """A handler's CALLERROR."""

    code: schemas.ErrorCode
    description: str


Handler = Callable[..., Reply | Refusal]
"""Called with the request's fields in snake case, as the `ocpp` package's `@on` handlers are."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes."""

    handler: Handler
    validate: bool = True
    off: bool = False
    """It only says that there is no such feature here: of what is not well-formed CALLERROR does,
    for whoever has no feature knows nothing of its fields."""


class Socket(Protocol):
    """What is needed of a WebSocket connection."""

    async def send(self, message: str) -> None: ...

    def __aiter__(self) -> Any: ...


@lru_cache(maxsize=256)
def _wire_names(kind: type) -> tuple[tuple[str, str], ...]:
    named = fields(kind)
    return tuple((f.name, next(iter(snake_to_camel_case({f.name: 0})))) for f in named)


@lru_cache(maxsize=1024)
def _field_name(key: str) -> str:
    name: str = next(iter(camel_to_snake_case({key: 0})))
    return name


def to_wire(message: object) -> Payload:
    """The payload of a `call` or `call_result` dataclass; None is left out.

    Only the outer field names are converted: nested objects are written in wire spelling.
    """
    if isinstance(message, dict):
        return message
    kind: type = type(message)
    return {
        wire: value
        for name, wire in _wire_names(kind)
        if (value := getattr(message, name)) is not None
    }


def _compact(details: object) -> str:
    """A peer's errorDetails, no longer than anybody reads."""
    try:
        return json.dumps(details, ensure_ascii=False)[:DETAILS_LIMIT]
    except RecursionError:
        return "(nested too deep)"


async def _nothing() -> None:
    """Nothing is held back."""


class Routes(Protocol):
    """Where the messages of a CSMS go."""

    def get(self, action: str, /) -> Route | None: ...


class Endpoint:
    """One connection's calls and answers. A new connection has a new endpoint."""

    def __init__(
        self,
        socket: Socket,
        routes: Routes,
        *,
        clock: Clock,
        log: MessageLog,
        call_timeout_s: float,
        may_answer: Callable[[], bool] = lambda: True,
        secret_keys: frozenset[str] = frozenset(),
        style: WireFormat = CLEAN,
        rng: Rng | None = None,
    ) -> None:
        """`may_answer` says whether requests are answered at all (Rejected: they are not);
        `secret_keys` are configuration keys, in lower case, whose values are not logged."""
        self._socket = socket
        self._routes = routes
        self._clock = clock
        self._log = log
        self._call_timeout_s = call_timeout_s
        self._may_answer = may_answer
        self._secret_keys = secret_keys
        self._open: dict[str, tuple[asyncio.Future[Answer], str, int, float]] = {}
        """Calls by message id, oldest first: their future, action, number in the log, moment."""
        self._late: dict[str, tuple[asyncio.Future[Answer], str, int, float]] = {}
        """Calls whose time is up, oldest first, as in `_open`: their answers may still come."""
        self._deadline: Timer | None = None
        """One for all open calls, which have the same time: a timer each would cost more."""
        self._calls = 0
        self._id_stem = str(uuid.uuid4())[:24]
        self.waiting_since: datetime | None = None
        """When our call that is still open was sent."""
        self.closed = False
        """The connection has ended: every call has its answer already."""
        self.silent = False
        """While True no frame passes, in either direction: the peer only sees an open socket."""
        self.on_frame: Callable[[], None] = lambda: None
        """Called for each frame that arrives."""
        self.on_odd_frame: Callable[[str], None] = lambda _: None
        """Called with the sentence about a frame that OCPP-J does not know, once for each kind."""
        self.on_own_fault: Callable[[str], None] = lambda _: None
        """Called with the sentence about an answer of ours that is not valid, and stays here."""
        self._odd: frozenset[str] = frozenset()
        self.hold_calls: Callable[[], None] = lambda: None
        self.let_calls_go: Callable[[], Awaitable[None]] = _nothing
        """For answers that come after what they cause: whoever sends calls sets both."""
        self.on_fault: Callable[[BaseException], None] = lambda _: None
        """Called with a fault of ours in what follows from an answer."""
        self._style = style
        self._rng: Rng = rng or random.Random()
        self._answering: set[asyncio.Task[None]] = set()

    async def call(self, action: str, payload: Payload) -> Answer:
        """Send a request and return what came of it. Never raises for what the peer does."""
        # A UUID drawn once for the connection, whose last group counts (OCPP-J §4.1.4).
        self._calls += 1
        message_id = f"{self._id_stem}{self._calls:012x}"
        if self.closed:
            return NoAnswer("the link is down", link_lost=True, sent=False)
        if fault := schemas.request_fault(action, payload):
            LOG.error("our own %s is not valid: %s", action, fault.description)
            return Error(fault.code, fault.description, sent=False)
        text = self._style.encode([CALL, message_id, action, payload])
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        now = self._clock.now()
        number = self._log.open(
            Direction.SENT,
            action,
            message_id,
            public_frame(text, limit=LOGGED_LIMIT),
            now,
            connector_id=payload.get("connectorId"),
            transaction_id=payload.get("transactionId"),
        )
        self._open[message_id] = (waiting, action, number, self._clock.monotonic())
        self.waiting_since = now
        if self._deadline is None:
            self._deadline = self._clock.call_later(self._call_timeout_s, self._look_at_deadlines)
        try:
            await self._send(text)
            return await waiting
        finally:
            if message_id in self._open:
                self._settle(message_id, NoAnswer("the call was abandoned", link_lost=True))

    async def serve(self) -> None:
        """Read until the connection closes; then every open call has its answer."""
        try:
            async for frame in self._socket:
                self.on_frame()
                if not self.silent:
                    await self._receive(frame)
                # Frames that lie ready are read without a pause: the rest has its turn, too.
                await asyncio.sleep(0)
        finally:
            self.closed = True
            if self._deadline is not None:
                self._deadline.cancel()
            for task in self._answering:
                task.cancel()
            for message_id in list(self._open):
                self._settle(message_id, NoAnswer("the link was lost", link_lost=True))
            self._late.clear()

    def take(self, text: str) -> bool:
        """Deal with a frame at once if it answers a call of ours; see `Line`.

        Whoever waited for it goes on before the next frame is looked at: a RemoteStop may be right
        behind the transactionId that it names.
        """
        if not text.startswith(ANSWERS) or self.closed:
            return False
        try:
            kind, message_id, payload = json.loads(text)
        except (ValueError, RecursionError):
            return False
        well_formed = isinstance(message_id, str) and isinstance(payload, dict)
        if kind != CALLRESULT or not well_formed:
            return False
        if message_id not in self._open and message_id not in self._late:
            return False
        self.on_frame()
        if not self.silent:
            self._settle(message_id, Result(payload), text)
        return True

    async def _send(self, text: str) -> None:
        if self.silent:
            return
        try:
            await self._socket.send(text)
        except Exception as error:  # noqa: BLE001 - websockets and TLS raise many; `serve` ends too
            LOG.debug("a frame could not be sent: %s", error)

    async def _receive(self, frame: object) -> None:
        """Handle one frame, whatever it is (OCPP-J §4.2; rules W4, W9, W10)."""
        text = frame.decode("utf-8", "replace") if isinstance(frame, bytes) else str(frame)
        read = frames.read(text)
        if read.flaw:
            self._tell_odd(read)
        if read.kind == CALL:
            await self._receive_call(read, text)
        elif read.kind == CALLRESULT:
            answer = Result(read.parts[2]) if read.usable else _malformed(read)
            await self._receive_answer(read, answer, text)
        elif read.kind == CALLERROR:
            await self._receive_answer(read, _error(read), text)
        else:
            self._noise(read.word, read.flaw, text)

    def _tell_odd(self, read: frames.Frame) -> None:
        if read.word not in self._odd:
            self._odd |= {read.word}
            self.on_odd_frame(read.flaw)

    def _own_fault(self, sentence: str) -> None:
        LOG.error("%s", sentence)
        self.on_own_fault(sentence)

    def _noise(self, what: str, flaw: str, text: str) -> None:
        self._log.open(
            Direction.NOISE,
            what,
            "",
            self._shown(text),
            self._clock.now(),
            state=ExchangeState.ERROR,
            trouble=flaw,
        )

    async def _receive_answer(self, read: frames.Frame, answer: Result | Error, text: str) -> None:
        if self._settle(read.message_id, answer, text):
            # Whoever waited takes it in before the next frame: a RemoteStop may be right behind
            # the transactionId that it names.
            await asyncio.sleep(0)
        elif read.flaw:
            self._noise(read.word, read.flaw, text)
        else:
            self._noise("answer to no open request", NOT_OPEN, text)

    def _look_at_deadlines(self) -> None:
        """End the calls whose time is up, and look again when that of the next one is."""
        self._deadline = None
        now_s = self._clock.monotonic()
        for message_id, (_, action, number, sent_at) in list(self._open.items()):
            left_s = sent_at + self._call_timeout_s - now_s
            if left_s > TIMER_SLACK_S:
                self._deadline = self._clock.call_later(left_s, self._look_at_deadlines)
                return
            reason = f"no answer within {self._call_timeout_s:g} s"
            late: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._settle(message_id, NoAnswer(reason, link_lost=False, late=late))
            self._late[message_id] = (late, action, number, sent_at)
            if len(self._late) > LATE_LIMIT:
                del self._late[next(iter(self._late))]

    def _settle(self, message_id: str, answer: Answer, text: str = "") -> bool:
        """Give an open call its answer; False when there is no such call (any more)."""
        entry = self._open.pop(message_id, None)
        late = entry is None
        entry = entry or self._late.pop(message_id, None)
        if entry is None:
            return False
        waiting, action, number, sent_at = entry
        if not self._open:
            self.waiting_since = None
        if isinstance(answer, NoAnswer):
            self._log.close(number, ExchangeState.UNANSWERED, trouble=answer.reason)
        else:
            if isinstance(answer, Result):
                state, fault = ExchangeState.ANSWERED, schemas.answer_fault(action, answer.payload)
                trouble = without_users(fault.description) if fault else ""
                if trouble:
                    answer = replace(answer, fault=trouble)
            else:
                told = answer.description if isinstance(answer, MalformedError) else answer.code
                state, trouble = ExchangeState.ERROR, told
            if late:
                came = f"came late: after {self._clock.monotonic() - sent_at:.0f} s"
                trouble = f"{trouble}; {came}" if trouble else came
            self._log.close(
                number,
                state,
                answer=self._shown(text),
                latency_s=self._clock.monotonic() - sent_at,
                trouble=trouble,
            )
        if not waiting.done():
            waiting.set_result(answer)
        return True

    async def _receive_call(self, read: frames.Frame, text: str) -> None:
        message_id, message = read.message_id, read.parts
        named = isinstance(message[2], str)
        action = message[2] if named else ""
        well_formed = named and len(message) == 4 and isinstance(message[3], dict)
        payload = message[3] if well_formed else None
        fields_ = payload or {}
        connector_id, transaction_id = fields_.get("connectorId"), fields_.get("transactionId")
        shown = without_users(action)
        secret = names_secret(text, self._secret_keys)
        number = self._log.open(
            Direction.RECEIVED,
            shown[:NAME_LIMIT] if shown.isprintable() and shown else "(no action)",
            without_users(message_id)[:NAME_LIMIT],
            self._shown(text),
            self._clock.now(),
            connector_id=connector_id if isinstance(connector_id, int) else None,
            transaction_id=transaction_id if isinstance(transaction_id, int) else None,
        )
        if not self._may_answer():
            self._log.close(
                number, ExchangeState.UNANSWERED, trouble="not answered: registration was Rejected"
            )
            return
        began = self._clock.monotonic()
        reply = self._decide(action, payload, read.flaw)
        first = isinstance(reply, Reply) and reply.first
        if first:
            self.hold_calls()
            self._carry_out(reply)

        async def answer_it() -> None:
            await self._answer(message_id, number, reply, began, secret)
            if not first:
                self._carry_out(reply)

        turns = 2 if isinstance(reply, Reply) and reply.slow else 1
        if not self._style.tick_s:
            await answer_it()
            return
        delay_s = turns * self._style.tick_s * self._rng.uniform(1.0, 1.15)

        async def answer_later() -> None:
            await self._clock.sleep(delay_s)
            await answer_it()

        task = asyncio.ensure_future(answer_later())
        self._answering.add(task)
        task.add_done_callback(partial(self._answered, reply))

    def _answered(self, reply: Reply | Refusal, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        if task.cancelled() and isinstance(reply, Reply) and reply.lost is not None:
            try:
                reply.lost()
            except Exception as fault:  # noqa: BLE001 - whatever it is, it is handed on
                self.on_fault(fault)
        if not task.cancelled() and (error := task.exception()):
            LOG.error("an answer could not be given", exc_info=error)
            self.on_fault(error)

    def _carry_out(self, reply: Reply | Refusal) -> None:
        if isinstance(reply, Reply) and reply.then is not None:
            reply.then()

    async def _answer(
        self, message_id: str, number: int, reply: Reply | Refusal, began: float, secret: bool
    ) -> None:
        if isinstance(reply, Refusal):
            answer = shown = self._error_frame(message_id, reply)
            if secret:  # the description may quote what it refuses
                shown = self._error_frame(message_id, Refusal(reply.code, SECRET))
        else:
            answer = shown = self._style.encode([CALLRESULT, message_id, reply.payload])
            if reply.first:
                await self.let_calls_go()
        await self._send(answer)
        self._log.close(
            number,
            ExchangeState.ERROR if isinstance(reply, Refusal) else ExchangeState.ANSWERED,
            answer=public_frame(shown, limit=LOGGED_LIMIT),
            latency_s=self._clock.monotonic() - began,
            trouble=reply.code if isinstance(reply, Refusal) else "",
        )

    def _shown(self, text: str) -> str:
        """A frame of the CSMS's as the log keeps it."""
        return public_frame(text, self._secret_keys, LOGGED_LIMIT)

    def _error_frame(self, message_id: str, refusal: Refusal) -> str:
        description = refusal.description[:DESCRIPTION_LIMIT]
        return self._style.encode([CALLERROR, message_id, refusal.code, description, {}])

    def _decide(self, action: str, payload: Payload | None, flaw: str) -> Reply | Refusal:
        if payload is None:
            return Refusal("FormationViolation", flaw)
        route = self._routes.get(action)
        if route is None:
            if action in schemas.known_actions():
                return _not_supported(action)
            shown = repr(action[:NAME_LIMIT])
            return Refusal("NotImplemented", f"{shown} is not an action of OCPP 1.6")
        if route.validate and (fault := schemas.request_fault(action, payload)):
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

    def _checked(self, action: str, reply: Reply | Refusal) -> Reply | Refusal:
        """The reply with its payload as it goes on the wire, if that is valid.

        What is not would be our fault and the CSMS's riddle: it hears InternalError, and nothing
        that was to follow the answer is done.
        """
        if isinstance(reply, Refusal):
            return reply
        payload = to_wire(reply.payload)
        if fault := schemas.answer_fault(action, payload):
            self._own_fault(
                f"our own answer to {action} is not valid and was not sent: {fault.description}"
            )
            return Refusal("InternalError", f"the answer would not be valid: {fault.description}")
        return replace(reply, payload=payload)


def _malformed(read: frames.Frame) -> MalformedError:
    return MalformedError("FormationViolation", read.flaw)


def _error(read: frames.Frame) -> Error:
    """What a CALLERROR says, as far as it goes."""
    if not read.usable:
        return _malformed(read)
    code, described = read.parts[2], read.parts[3] if len(read.parts) > 3 else ""
    text = described if isinstance(described, str) else ""
    details = _compact(read.parts[4]) if len(read.parts) > 4 and read.parts[4] else ""
    return Error(code[:NAME_LIMIT], text[:DESCRIPTION_LIMIT], details)


def _not_supported(action: str) -> Refusal:
    return Refusal("NotSupported", f"{action} is not supported by this charge point")
