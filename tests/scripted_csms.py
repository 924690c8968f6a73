"""A CSMS that a test holds in its hand: it answers as told, frame by frame.

What it answers where it is told nothing, its version of OCPP says (`versions`). It shares no code
with the charge point and does not judge: it records. For a CSMS with tables of its own there is
`sim_core.csms`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import ssl
import uuid
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from http import HTTPStatus
from typing import Any, ClassVar, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.patience import PATIENCE_S
from tests.versions import OCPP_1_6, Payload, Version, version_named


@dataclass(frozen=True)
class Call:
    """A request that the charge point has sent."""

    action: str
    payload: Payload
    message_id: str
    connection: int


@dataclass(frozen=True)
class CallError:
    """Answer with a CALLERROR."""

    code: str = "InternalError"
    description: str = "scripted"


@dataclass(frozen=True)
class Drop:
    """Give no answer."""


@dataclass(frozen=True)
class Hold:
    """Answer with `payload` once `release` is set."""

    release: asyncio.Event
    payload: Payload | None = None


@dataclass(frozen=True)
class Cut:
    """Cut the connection instead of answering; `after_answer` sends the answer first."""

    after_answer: bool = False
    payload: Payload | None = None


@dataclass(frozen=True)
class Close:
    """Close the WebSocket with a code instead of answering."""

    code: int = 1011
    reason: str = "internal error"


@dataclass(frozen=True)
class Twice:
    """Send the answer two times."""

    payload: Payload | None = None


Answer = Payload | CallError | Drop | Hold | Cut | Close | Twice


class ScriptedCsms:
    """See the module. `async with ScriptedCsms() as csms` runs it on a free port of loopback."""

    witness: ClassVar[Callable[[datetime, str], None] | None] = None
    """Called with every frame that arrives at any of them, and when; nothing takes it back."""

    def __init__(
        self,
        now: Callable[[], datetime] | None = None,
        *,
        version: str = "1.6",
        subprotocols: Sequence[str] = (),
    ) -> None:
        """`subprotocols` are what it says that it speaks, best first; without them, its version."""
        self.version = version_named(version)
        self.subprotocols: Sequence[Subprotocol] | None = [
            *map(Subprotocol, subprotocols or [self.version.subprotocol])
        ]
        self.calls: list[Call] = []
        self.frames: list[str] = []
        """Every frame that has arrived, as text."""
        self.script: dict[str, deque[Answer]] = defaultdict(deque)
        """Answers to give next, by action; after them come the ordinary ones."""
        self.tags: dict[str, Payload] = {}
        """What it says of a card, by the card; any other is Accepted."""
        self.interval = 3600
        self.connections = 0
        self.paths: list[str] = []
        self.authorizations: list[str] = []
        """The headers Authorization of all connections; empty where there was none."""
        self.shown: list[str] = []
        """The common names of the certificates that were shown, one for each connection over TLS
        that wants one."""
        self.tls: ssl.SSLContext | None = None
        self.password = b""
        """Who does not show it is turned away; empty: everybody may come."""
        self._now = now or (lambda: datetime.now(timezone.utc))
        self._ids = itertools.count(1000)
        self._open: ServerConnection | None = None
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._news = asyncio.Condition()
        self._server: Server | None = None
        self._others: list[Server] = []
        self._beside: set[asyncio.Task[None]] = set()
        self.port = 0
        self.withheld: set[str] = set()
        """Message ids of requests that have arrived and are kept waiting on purpose."""

    async def __aenter__(self) -> ScriptedCsms:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        return f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.port}/ocpp"

    @property
    def connected(self) -> bool:
        """Whether a charge point is connected."""
        return self._open is not None

    async def start(self, port: int = 0) -> None:
        self._server = await self._listen(port or self.port, self.tls)
        self.port = port_of(self._server)

    def speak(self, version: str) -> None:
        """Speak another version of OCPP, from the next start on."""
        self.version = version_named(version)
        self.subprotocols = [self.version.subprotocol]

    async def also_over(self, tls: ssl.SSLContext | None) -> str:
        """Serve on one more port, over TLS or without; returns its URL."""
        server = await self._listen(0, tls)
        self._others.append(server)
        return f"{'wss' if tls else 'ws'}://127.0.0.1:{port_of(server)}/ocpp"

    async def _listen(self, port: int, tls: ssl.SSLContext | None) -> Server:
        return await serve(
            self._serve,
            "127.0.0.1",
            port,
            ssl=tls,
            subprotocols=self.subprotocols,
            process_request=self._admit,
            max_size=16 * 1024 * 1024,
            ping_interval=None,
        )

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        shown = request.headers.get("Authorization", "")
        self.authorizations.append(shown)
        password = base64.b64decode(shown.partition(" ")[2]).partition(b":")[2]
        if self.password in (b"", password):
            return None
        return connection.respond(HTTPStatus.UNAUTHORIZED, "who are you?\n")

    async def end_others(self) -> None:
        """Serve on no more than the first port."""
        others, self._others = self._others, []
        for server in others:
            server.close()
            await server.wait_closed()

    async def stop(self) -> None:
        await self.end_others()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for task in list(self._beside):
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)

    async def cut(self) -> None:
        """Cut the connection without a word, as a broken cable does."""
        if self._open is not None:
            connection, self._open = self._open, None
            connection.transport.abort()
            with contextlib.suppress(Exception):
                await connection.wait_closed()

    async def ask(self, action: str, **payload: Any) -> Payload:
        """Send a request and return the answer's payload. Raises AssertionError for CALLERROR."""
        kind, *rest = await self.ask_raw(action, payload)
        assert kind == 3, rest
        return cast("Payload", rest[1])

    async def ask_raw(self, action: str, payload: object) -> list[Any]:
        """Send a request and return the whole answer."""
        message_id = str(uuid.uuid4())
        answer = self._answers[message_id] = asyncio.get_running_loop().create_future()
        await self.send_text(json.dumps([2, message_id, action, payload]))
        return cast("list[Any]", await asyncio.wait_for(answer, PATIENCE_S))

    async def send_text(self, text: str | bytes) -> None:
        """Send any text as a frame, once a charge point is connected."""
        await self.until(lambda: self.connected)
        assert self._open is not None
        await self._open.send(text)

    async def until(self, holds: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        """Return once `holds` is true; it is looked at whenever a frame has arrived."""

        async def wait() -> None:
            async with self._news:
                await self._news.wait_for(holds)

        await asyncio.wait_for(wait(), timeout_s)

    async def next_call(self, action: str, nth: int = 1) -> Call:
        """The nth request of this action, waited for if need be."""
        await self.until(lambda: len(self.of(action)) >= nth)
        return self.of(action)[nth - 1]

    def of(self, *actions: str) -> list[Call]:
        """Requests of these actions so far."""
        return [call for call in self.calls if call.action in actions]

    def actions(self) -> list[str]:
        """The actions of all requests so far; a status carries its connector and word."""
        return [describe(call, self.version) for call in self.calls]

    def clear(self) -> None:
        """Forget what has been recorded."""
        self.calls.clear()
        self.frames.clear()

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections += 1
        number = self.connections
        self._open = connection
        peer = connection.transport.get_extra_info("peercert") or {}
        names = [value for part in peer.get("subject", ()) for name, value in part
                 if name == "commonName"]  # fmt: skip
        self.shown += names
        self.paths.append(connection.request.path if connection.request else "")
        async with self._news:
            self._news.notify_all()
        try:
            async for frame in self._frames(connection):
                self.frames.append(frame)
                if ScriptedCsms.witness is not None:
                    ScriptedCsms.witness(self._now(), frame)
                try:
                    message = json.loads(frame)
                except ValueError:  # recorded, and nobody can answer it
                    message = [0, ""]
                if message[0] == 2:
                    call = Call(message[2], message[3], message[1], number)
                    self.calls.append(call)
                    await self._answer(connection, call)
                elif (waiting := self._answers.pop(message[1], None)) and not waiting.done():
                    waiting.set_result(message)
                async with self._news:
                    self._news.notify_all()
        finally:
            if self._open is connection:
                self._open = None
            async with self._news:
                self._news.notify_all()

    async def _frames(self, connection: ServerConnection) -> AsyncIterator[str]:
        with contextlib.suppress(Exception):
            async for frame in connection:
                yield frame if isinstance(frame, str) else frame.decode()

    async def _answer(self, connection: ServerConnection, call: Call) -> None:
        answer = self.choose(call)
        if isinstance(answer, Hold):
            self.withheld.add(call.message_id)
            task = asyncio.ensure_future(self._answer_later(connection, call, answer))
            self._beside.add(task)
            task.add_done_callback(self._beside.discard)
            return
        if isinstance(answer, Drop):
            self.withheld.add(call.message_id)
            return
        if isinstance(answer, Close):
            await connection.close(answer.code, answer.reason)
            return
        if isinstance(answer, CallError):
            frame: list[Any] = [4, call.message_id, answer.code, answer.description, {}]
        elif isinstance(answer, (Cut, Twice)):
            payload = getattr(answer, "payload", None)
            frame = [3, call.message_id, self._ordinary(call) if payload is None else payload]
        else:
            frame = [3, call.message_id, answer]
        if not (isinstance(answer, Cut) and not answer.after_answer):
            with contextlib.suppress(Exception):
                await connection.send(json.dumps(frame))
        if isinstance(answer, Twice):
            with contextlib.suppress(Exception):
                await connection.send(json.dumps(frame))
        if isinstance(answer, Cut):
            connection.transport.abort()

    def choose(self, call: Call) -> Answer:
        """What to answer: the script's next, else the ordinary."""
        queue = self.script[call.action]
        return queue.popleft() if queue else self._ordinary(call)

    async def _answer_later(self, connection: ServerConnection, call: Call, hold: Hold) -> None:
        await hold.release.wait()
        self.withheld.discard(call.message_id)
        payload = self._ordinary(call) if hold.payload is None else hold.payload
        with contextlib.suppress(Exception):
            await connection.send(json.dumps([3, call.message_id, payload]))

    def _ordinary(self, call: Call) -> Payload:
        return self.version.answer(self, call.action, call.payload)

    def stamp(self) -> str:
        return self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def next_transaction_id(self) -> int:
        return next(self._ids)


def port_of(server: Server) -> int:
    """Where a server of one port listens."""
    return int(next(iter(server.sockets)).getsockname()[1])


def describe(call: Call, version: Version = OCPP_1_6) -> str:
    """A request in a few words: `StatusNotification 1 Charging`, `StartTransaction`."""
    return version.describe(call.action, call.payload)
