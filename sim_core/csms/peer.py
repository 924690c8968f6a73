"""One connected charge point: its frames in, our answers and commands out, whatever OCPP it speaks.

The `ocpp` package supplies types and schemas. Its read loop and its `call()` are not used: the
loop ends on frames such as an action that is a list, and `call()` keeps every answer that nobody
asked for, and goes on waiting when the connection is gone. Here each frame is handled inside its
own guard, and a call waits for exactly one message id or for the end of the connection. What a
version answers never waits for a call of ours, because its answer comes through the same loop.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import uuid4

from ocpp.exceptions import OCPPError
from ocpp.messages import Call, CallError, validate_payload
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from sim_core.csms import events, frames
from sim_core.csms.errors import (
    CallRefusedError,
    CallTimeoutError,
    InvalidCallError,
    NotConnectedError,
)
from sim_core.csms.ledger import Ledger
from sim_core.csms.rules import Rules
from sim_core.csms.verbs import Verbs

LOGGER = logging.getLogger(__name__)

LATE_BOOTS = 8  # boots that may wait for a late answer at once
JUNK_SHOWN = 10  # bad frames told about per connection; the rest would only flood the screen


@dataclass(frozen=True)
class Language:
    """What all charge points of an OCPP version have in common."""

    version: str
    """As the `ocpp` package calls it."""
    actions: frozenset[str]
    """Every action that it has, whoever sends it."""
    codes: Mapping[str, str]
    """Keyword of a JSON schema -> error code for what breaks it."""
    any_other: str
    """The error code for what breaks any other keyword."""
    malformed: str
    """The error code for a CALL that is none."""
    question: tuple[str, dict[str, Any]]
    """What a server that does not listen meanwhile asks at boot: action, payload."""


class Peer(ABC):
    """The CSMS end of one connection. A version says what it answers and how our verbs are said."""

    language: ClassVar[Language]

    def __init__(
        self,
        cpid: str,
        connection: ServerConnection,
        ledger: Ledger,
        rules: Rules,
        tell: Callable[[events.Event], None],
    ) -> None:
        self.cpid = cpid
        self._socket = connection
        self._ledger = ledger
        self._rules = rules
        self._now = rules.now
        self._tell = tell
        self._turn = asyncio.Lock()
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._retired = False
        self._junk = 0
        self.taken = 0
        """Frames that have come."""
        self._tasks: set[asyncio.Task[None]] = set()

    # What a version says

    @property
    @abstractmethod
    def verbs(self) -> Verbs:
        """What we may ask for, as this charge point is asked for it."""

    @abstractmethod
    async def configuration(self, *keys: str) -> dict[str, str | None]:
        """What the charge point is set to, by key (all of them if none is named)."""

    @abstractmethod
    def _answers(self, action: str) -> bool:
        """Whether there is an answer to this action."""

    @abstractmethod
    async def _carry_out(self, request: frames.Request) -> None:
        """Note what a request tells, and answer it. Raises OCPPError when it breaks its schema."""

    # The connection

    async def serve(self) -> None:
        """Handle frames until the connection ends or a newer one takes its place."""
        try:
            while True:
                raw = await self._socket.recv()
                if self._retired:
                    break
                await self.route_message(raw)
        except ConnectionClosed:
            pass
        finally:
            self.retire()

    def retire(self) -> None:
        """Let no frame in and no command out from now on."""
        self._retired = True
        for task in self._tasks:
            task.cancel()
        for waiter in self._waiting.values():
            if not waiter.done():
                waiter.set_exception(NotConnectedError("gone"))

    async def close(self, code: int, reason: str) -> None:
        """Close the WebSocket; a peer that doesn't close its side is cut off after a second."""
        await self._socket.close(code, reason)

    async def route_message(self, raw_msg: str | bytes) -> None:
        """Handle one frame; only the end of the connection comes out of here as an exception."""
        self.taken += 1
        frame = frames.parse(raw_msg)
        try:
            if isinstance(frame, frames.Request):
                await self._request(frame)
            elif isinstance(frame, frames.Junk):
                await self._reject(frame)
            else:
                self._settle(frame)
        except ConnectionClosed:
            raise
        except Exception as error:  # noqa: BLE001  one frame must not end the connection
            LOGGER.warning("a frame of %s failed: %r", self.cpid, error)
            self._ignored(f"it could not be handled ({type(error).__name__})")

    async def _request(self, request: frames.Request) -> None:
        boot = self._rules.boot
        if request.action != "BootNotification" or not boot.delay_s:
            await self._answer(request)
        elif boot.deaf:
            await self._answer_deaf(request, boot.delay_s)
        elif len(self._tasks) < LATE_BOOTS:
            self._spawn(self._answer_late(request, boot.delay_s))
        else:
            waiting = f"{LATE_BOOTS} BootNotifications wait for their answer already"
            await self._refuse(request.unique_id, "GenericError", waiting)

    async def _answer(self, request: frames.Request) -> None:
        """Answer, or refuse in the words of the version."""
        language = self.language
        if not self._answers(request.action):
            known = request.action in language.actions
            code = "NotSupported" if known else "NotImplemented"
            return await self._refuse(request.unique_id, code, f"{request.action[:50]} is unknown")
        try:
            await self._carry_out(request)
        except ConnectionClosed:
            raise
        except OCPPError as error:
            keyword = str(getattr(error.__context__, "validator", None))
            code = language.codes.get(keyword, language.any_other)
            message = getattr(error.__context__, "message", None) or error.description
            await self._refuse(request.unique_id, code, f"{request.action}: {message}")
        except Exception as error:  # noqa: BLE001  the sender is owed an answer whatever broke
            LOGGER.warning("a %s of %s failed: %r", request.action, self.cpid, error)
            await self._refuse(request.unique_id, "InternalError", type(error).__name__)
        return None

    async def _answer_late(self, request: frames.Request, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        await self._answer(request)

    async def _answer_deaf(self, request: frames.Request, delay_s: float) -> None:
        """Answer a boot the way of a server whose handler waits for a call of its own."""
        question = Call(str(uuid4()), *self.language.question)
        await self._socket.send(question.to_json())
        try:
            await asyncio.wait_for(self._socket.wait_closed(), delay_s)
        except asyncio.TimeoutError:
            await self._answer(request)
            data = '{"message_type": "QRCode", "uri": "https://example.com/qr"}'
            qr = {"vendorId": "com.yourcompany.payment", "messageId": "DisplayQRCode", "data": data}
            self._spawn(self._ask_quietly("DataTransfer", qr))

    async def _ask_quietly(self, action: str, payload: dict[str, Any]) -> None:
        try:
            await self.request(action, payload)
        except (NotConnectedError, CallRefusedError, CallTimeoutError):
            return  # told as an event, and there is nobody else to tell

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._spawned_ended)

    def _spawned_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        # A closed connection ends the read loop too, and is told there.
        if error is not None and not isinstance(error, ConnectionClosed):
            LOGGER.warning("a late answer to %s failed: %r", self.cpid, error)

    async def _reject(self, junk: frames.Junk) -> None:
        self._ignored(junk.reason)
        if junk.unique_id is not None:
            code = junk.code or self.language.malformed
            await self._send(CallError(junk.unique_id, code, junk.reason, {}).to_json())

    async def _refuse(self, unique_id: str, code: str, description: str) -> None:
        self._ignored(description)
        await self._send(CallError(unique_id, code, description[:255], {}).to_json())

    def _ignored(self, reason: str) -> None:
        self._junk += 1
        if self._junk <= JUNK_SHOWN:
            last = "; further ones are not shown" if self._junk == JUNK_SHOWN else ""
            self._tell(events.FrameIgnored(self._now(), self.cpid, reason[:200] + last))

    # Our commands

    async def request(
        self,
        action: str,
        payload: dict[str, Any],
        *,
        timeout_s: float | None = None,
        validate: bool = True,
    ) -> dict[str, Any]:
        """Send a CALL and return the payload of its answer, one at a time (OCPP-J, 4.1.1).

        An answer that breaks its schema is told as an event: that is no reason to lose it.
        """
        limit = self._rules.call_timeout_s if timeout_s is None else timeout_s
        call = Call(str(uuid4()), action, payload)
        if validate:
            await self._check(call)
        async with self._turn:
            if self._retired:
                raise NotConnectedError(f"ChargePoint '{self.cpid}' not connected")
            try:
                answer = await asyncio.wait_for(self._exchange(call), limit)
            except asyncio.TimeoutError:
                reason = f"no answer within {limit:g} s"
                self._tell(events.CommandFailed(self._now(), self.cpid, action, reason))
                raise CallTimeoutError(
                    f"ChargePoint '{self.cpid}' did not answer {action} within {limit:g} s"
                ) from None
            except (ConnectionClosed, NotConnectedError):
                reason = "the connection ended before an answer"
                self._tell(events.CommandFailed(self._now(), self.cpid, action, reason))
                raise NotConnectedError(
                    f"ChargePoint '{self.cpid}' disconnected before it answered {action}"
                ) from None
            except CallRefusedError as refusal:
                reason = f"{refusal.code} {refusal.description}".strip()
                self._tell(events.CommandFailed(self._now(), self.cpid, action, reason))
                raise CallRefusedError(
                    f"ChargePoint '{self.cpid}' answered {action} with {reason}",
                    refusal.code,
                    refusal.description,
                ) from None
        status = answer.get("status", "")
        shown = status[:100] if isinstance(status, str) else ""
        self._tell(events.CommandAnswered(self._now(), self.cpid, action, shown))
        if validate:
            await self._doubt(call, answer)
        return answer

    async def _check(self, call: Call) -> None:
        try:
            await validate_payload(call, self.language.version)
        except OCPPError as error:
            unknown = f"{call.action} is no OCPP {self.language.version} action"
            cause = getattr(error.__context__, "message", None) or unknown
            raise InvalidCallError(f"{call.action} was not sent: {str(cause)[:200]}") from error

    async def _doubt(self, call: Call, answer: dict[str, Any]) -> None:
        try:
            await validate_payload(call.create_call_result(answer), self.language.version)
        except OCPPError as error:
            cause = getattr(error.__context__, "message", None) or error.description
            self._tell(events.AnswerDoubted(self._now(), self.cpid, call.action, str(cause)[:200]))

    async def _exchange(self, call: Call) -> dict[str, Any]:
        waiter: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[call.unique_id] = waiter
        try:
            await self._send(call.to_json())
            return await waiter
        finally:
            del self._waiting[call.unique_id]
            if waiter.done() and not waiter.cancelled():
                waiter.exception()  # marks it as seen when sending failed first

    async def _send(self, frame: str) -> None:
        await self._socket.send(frame)

    def _noted(self, action: str, detail: str) -> None:
        """Tell of a notification that needs no decision."""
        self._tell(events.Notified(self._now(), self.cpid, action, detail))

    def _settle(self, frame: frames.Answer | frames.Refusal) -> None:
        waiter = self._waiting.get(frame.unique_id)
        if waiter is None or waiter.done():
            # Late answers land here too; keeping none of them keeps memory bounded.
            self._ignored("it answers a message that is not open")
        elif isinstance(frame, frames.Answer):
            waiter.set_result(frame.payload)
        else:
            waiter.set_exception(CallRefusedError("refused", frame.code, frame.description))
