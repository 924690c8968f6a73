"""What comes in on one connection, and which half of it that is for (OCPP-J §4).

The frames, not what they mean. The read loop is our own, over the `ocpp` package's schemas and
types: it survives any frame, and answers while a call of ours is open. `asking` has our calls,
`answering` those of the CSMS.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Coroutine, KeysView
from datetime import datetime
from typing import Any

from sim_core.runtime.clock import Clock
from sim_core.runtime.random_numbers import Rng
from sim_core.wire import frames
from sim_core.wire.answering import Answering, nothing
from sim_core.wire.answers import Answer, Error, MalformedError, Payload, Result
from sim_core.wire.asking import Asking
from sim_core.wire.channel import DESCRIPTION_LIMIT, NAME_LIMIT, Channel, Socket
from sim_core.wire.dialect import Dialect
from sim_core.wire.frames import CALL, CALLERROR, CALLRESULT
from sim_core.wire.line import Line
from sim_core.wire.meddling import Meddler
from sim_core.wire.message_log import Direction, ExchangeState, MessageLog
from sim_core.wire.routes import Routes
from sim_core.wire.wire_format import CLEAN, WireFormat

ANSWERS = f"[{CALLRESULT},"
READ = json.JSONDecoder().raw_decode
"""Reads JSON as `json.loads` does, which first looks for blanks around it."""
DETAILS_LIMIT = 1000
"""Characters of errorDetails, which OCPP-J does not bound."""
NOT_OPEN = (
    "it answers no call that is open: the id is none of ours, or its call has had its answer or "
    "its time"
)
"""What is said of an answer that nobody waits for."""

NONE_ODD: frozenset[str] = frozenset()
"""Each empty set takes as much as a full one: all connections share this."""


def _no_frame() -> None:
    """Nobody counts them."""


class Endpoint:
    """One connection's calls and answers. A new connection has a new endpoint."""

    __slots__ = (
        "_call_timeout_s",
        "_channel",
        "_odd",
        "_socket",
        "answering",
        "asking",
        "line",
        "on_frame",
        "on_odd_frame",
    )

    def __init__(
        self,
        socket: Socket,
        routes: Routes,
        dialect: Dialect,
        *,
        clock: Clock,
        log: MessageLog,
        call_timeout_s: float,
        may_answer: Callable[[], bool] = lambda: True,
        style: WireFormat = CLEAN,
        rng: Rng | None = None,
    ) -> None:
        """`may_answer` says whether requests are answered at all (Rejected: they are not)."""
        self._socket = socket
        self._channel = Channel(socket, dialect, clock, log, style)
        self._call_timeout_s = call_timeout_s
        self.line: Line | None = None
        """The way of the frames, where something may be done to them on purpose."""
        rng = rng or random.Random()
        self.asking = Asking(self._channel, call_timeout_s, rng)
        self.answering = Answering(self._channel, routes, may_answer, rng)
        self.on_frame: Callable[[], None] = _no_frame
        """Called for each frame that arrives."""
        self.on_odd_frame: Callable[[str], None] = nothing
        """Called with the sentence about a frame that OCPP-J does not know, once for each kind."""
        self._odd = NONE_ODD

    @property
    def dialect(self) -> Dialect:
        """Which version of OCPP is spoken."""
        return self._channel.dialect

    @property
    def closed(self) -> bool:
        """The connection has ended: every call has its answer already."""
        return self._channel.closed

    @property
    def waiting_since(self) -> datetime | None:
        """When our call that is still open was sent; None when none is."""
        return self.asking.waiting_since

    @property
    def open_ids(self) -> KeysView[str]:
        """The message ids of our calls that wait for their answer."""
        return self.asking.open_ids

    @property
    def silent(self) -> bool:
        """Whether no frame passes, in either direction: the peer only sees an open socket."""
        return self._channel.silent

    @silent.setter
    def silent(self, silent: bool) -> None:
        self._channel.silent = silent

    def log_to(self, log: MessageLog) -> None:
        """Messages are kept there from now on."""
        self._channel.log = log

    def call(
        self, action: str, payload: Payload, *, judged: bool = True
    ) -> Coroutine[Any, Any, Answer]:
        """Send a request and return what came of it. Never raises for what the peer does."""
        return self.asking.call(action, payload, judged=judged)

    def send_at_once(self, at_once: Callable[[str], bool]) -> None:
        """Frames that need no waiting are written by this: it returns False where one does."""
        self._channel.at_once = at_once

    def meddle(self, meddler: Meddler) -> None:
        """Ask somebody about each frame from now on, until the connection ends."""
        if self.line is None:
            channel = self._channel
            self.line = channel.line = Line(
                channel,
                self._socket,
                meddler,
                self._deliver,
                asked=self.asking.asked,
                failed=lambda error: self.answering.on_fault(error),
                call_timeout_s=self._call_timeout_s,
            )

    async def serve(self) -> None:
        """Read until the connection closes; then every open call has its answer."""
        try:
            async for frame in self._socket:
                if self.line is None:
                    await self._deliver(frame)
                else:
                    await self.line.arrived(frame)
                # Frames that lie ready are read without a pause: the rest has its turn, too.
                await asyncio.sleep(0)
        finally:
            self._channel.closed = True
            if self.line is not None:
                self.line.end()
            self.answering.end()
            self.asking.end()

    def take(self, text: str) -> bool:
        """Deal with a frame at once if it answers a call of ours; see `FastConnection`.

        Whoever waited for it goes on before the next frame is looked at: a request may be right
        behind that names a transaction whose id is in this answer.
        """
        if self.line is not None or not text.startswith(ANSWERS) or self._channel.closed:
            return False
        try:
            (kind, message_id, payload), end = READ(text)
        except (ValueError, RecursionError):
            return False
        well_formed = kind == CALLRESULT and isinstance(message_id, str) and end == len(text)
        if not well_formed or not isinstance(payload, dict) or not self.asking.knows(message_id):
            return False
        self.on_frame()
        if not self._channel.silent:
            self.asking.settle(message_id, Result(payload), text)
        return True

    async def _deliver(self, frame: object, mark: str = "") -> None:
        """A frame has come; `mark` says what was done to it on purpose."""
        self.on_frame()
        if not self._channel.silent:
            await self._receive(frame, mark)

    async def _receive(self, frame: object, mark: str) -> None:
        """Handle one frame, whatever it is (OCPP-J §4.2; rules W4, W9, W10)."""
        text = frame.decode("utf-8", "replace") if isinstance(frame, bytes) else str(frame)
        read = frames.read(text)
        if read.flaw and not mark:
            self._tell_odd(read)
        if read.kind == CALL:
            await self.answering.take(read, text, mark)
        elif read.kind == CALLRESULT:
            answer = Result(read.parts[2]) if read.usable else self._malformed(read)
            await self._receive_answer(read, answer, text, mark)
        elif read.kind == CALLERROR:
            await self._receive_answer(read, self._error(read), text, mark)
        else:
            self._noise(read.word, read.flaw, text, mark)

    def _tell_odd(self, read: frames.Frame) -> None:
        if read.word not in self._odd:
            self._odd |= {read.word}
            self.on_odd_frame(read.flaw)

    def _noise(self, what: str, flaw: str, text: str, mark: str) -> None:
        channel = self._channel
        channel.log.open(
            Direction.NOISE,
            what,
            "",
            channel.shown(text),
            channel.clock.now(),
            state=ExchangeState.ERROR,
            trouble=flaw,
            injected=mark,
        )

    async def _receive_answer(
        self, read: frames.Frame, answer: Result | Error, text: str, mark: str
    ) -> None:
        if self.asking.settle(read.message_id, answer, text):
            await asyncio.sleep(0)  # as in `take`: whoever waited takes it in before the next frame
        elif read.flaw:
            self._noise(read.word, read.flaw, text, mark)
        else:
            self._noise("answer to no open request", NOT_OPEN, text, mark)

    def _malformed(self, read: frames.Frame) -> MalformedError:
        return MalformedError(self.dialect.schemas.malformed, read.flaw)

    def _error(self, read: frames.Frame) -> Error:
        """What a CALLERROR says, as far as it goes."""
        if not read.usable:
            return self._malformed(read)
        code, described = read.parts[2], read.parts[3] if len(read.parts) > 3 else ""
        text = described if isinstance(described, str) else ""
        details = _compact(read.parts[4]) if len(read.parts) > 4 and read.parts[4] else ""
        return Error(code[:NAME_LIMIT], text[:DESCRIPTION_LIMIT], details)


def _compact(details: object) -> str:
    """A peer's errorDetails, no longer than anybody reads."""
    try:
        return json.dumps(details, ensure_ascii=False)[:DETAILS_LIMIT]
    except RecursionError:
        return "(nested too deep)"
