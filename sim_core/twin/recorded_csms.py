"""A CSMS that answers as a recorded one did: to the same request the same answer, as late.

It is no judge and keeps no state. What the record does not know, it answers as any CSMS would. It
shares no code with the charge point, listens on loopback alone, and goes by the clock of the play.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import uuid
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from sim_core.runtime.clock import Clock
from sim_core.traces.exchanges import Conversation, Exchange, Payload, TransactionId, slash_in
from sim_core.traces.messages import CALL, CALLERROR, CALLRESULT
from sim_core.traces.moments import S

SUBPROTOCOL = Subprotocol("ocpp1.6")
LARGEST_FRAME = 16 * 1024 * 1024
FIRST_TRANSACTION = 1_000_000
"""Transactions that the record does not know get ids from here on."""
LATEST_ANSWER_S = 25.0
"""An answer that came later was as good as none: the charger had given up by then."""

Answered = Callable[[list[Any], str], None]
"""Hears an answer: what it is, and its text."""
Key = tuple[str, object, object]


def key_of(exchange: Exchange) -> Key:
    """What a request is about: the nth of a key answers to the nth of the same key."""
    if exchange.action == "StatusNotification":
        return exchange.action, exchange.connector, exchange.status
    if exchange.action == "MeterValues":
        return exchange.action, exchange.connector, exchange.context
    return exchange.action, exchange.connector, exchange.id_tag or exchange.transaction


class RecordedCsms:
    """See the module. `async with RecordedCsms(clock) as csms` runs it on a free port."""

    def __init__(self, clock: Clock, interval_s: int) -> None:
        """`interval_s` is the heartbeat interval that it gives before it answers by a record."""
        self.clock = clock
        self.interval_s = interval_s
        self.heard: list[Exchange] = []
        """What the charge point has said since the record began."""
        self.at: dict[tuple[Key, int], datetime] = {}
        """When the nth request of a key came."""
        self.transactions: deque[TransactionId] = deque()
        """Ids of the next transactions, before the record begins."""
        self.withheld: set[str] = set()
        """Message ids of requests whose answer is not due, or will never come."""
        self.recording = False
        self._record: dict[Key, deque[Exchange]] = defaultdict(deque)
        self._counted: dict[Key, int] = defaultdict(int)
        self._ids = itertools.count(FIRST_TRANSACTION)
        self._server: Server | None = None
        self._open: ServerConnection | None = None
        self._answers: dict[str, Answered] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> RecordedCsms:
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            0,
            subprotocols=[SUBPROTOCOL],
            max_size=LARGEST_FRAME,
            ping_interval=None,
            compression=None,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None, "it runs"
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"ws://127.0.0.1:{port}/twin"

    @property
    def connected(self) -> bool:
        """Whether a charge point is connected."""
        return self._open is not None

    @property
    def sending(self) -> bool:
        """Whether a frame is on its way to the socket."""
        return bool(self._sending)

    def take(self, told: Conversation) -> None:
        """From now on answer, and write down, by this record."""
        self.recording = True
        for exchange in told.said:
            self._record[key_of(exchange)].append(exchange)
        self.heard.clear()
        self._counted.clear()
        self.at.clear()

    def ask(self, action: str, payload: Payload, answered: Answered) -> bool:
        """Ask the charge point something; `answered` is called with the whole answer and its text.

        Returns False where nobody is connected."""
        if self._open is None:
            return False
        message_id = str(uuid.uuid4())
        self._answers[message_id] = answered
        self._send(self._open, [CALL, message_id, action, payload])
        return True

    async def _serve(self, connection: ServerConnection) -> None:
        self._open = connection
        try:
            with contextlib.suppress(ConnectionClosed):
                async for frame in connection:
                    self._take(connection, frame)
        finally:
            if self._open is connection:
                self._open = None
                self._answers.clear()

    def _take(self, connection: ServerConnection, frame: str | bytes) -> None:
        text = frame if isinstance(frame, str) else frame.decode()
        message = json.loads(text)
        if message[0] != CALL:
            answered = self._answers.pop(message[1], None)
            if answered is not None:
                answered(message, text)
            return
        _, message_id, action, payload = message
        now = self.clock.now()
        exchange = Exchange(now, True, action, payload, message_id=message_id, slash=slash_in(text))
        key = key_of(exchange)
        self._counted[key] += 1
        self.at[key, self._counted[key]] = now
        self.heard.append(exchange)
        known = self._record[key].popleft() if self._record[key] else None
        if known is None:
            self._answer(connection, exchange, (CALLRESULT, self._ordinary(exchange)))
        elif known.answer is None:
            self.withheld.add(message_id)
        else:
            took = ((known.answered_at or known.at) - known.at) / S
            if took >= LATEST_ANSWER_S:
                self.withheld.add(message_id)
            elif took > 0:
                self.withheld.add(message_id)
                self.clock.call_later(took, lambda: self._answer_late(connection, exchange, known))
            else:
                self._answer(connection, exchange, known.answer)

    def _answer_late(self, connection: ServerConnection, asked: Exchange, known: Exchange) -> None:
        self.withheld.discard(asked.message_id)
        if self._open is connection and known.answer is not None:
            self._answer(connection, asked, known.answer)

    def _answer(
        self, connection: ServerConnection, asked: Exchange, answer: tuple[Any, ...]
    ) -> None:
        kind, *rest = answer
        if kind == CALLERROR:
            rest = [*rest, "", {}][:3] if len(rest) < 3 else rest[:3]
        elif isinstance(rest[0], dict) and "currentTime" in rest[0]:
            rest = [{**rest[0], "currentTime": _now_like(rest[0]["currentTime"], self.clock.now())}]
        asked.answer = (kind, *rest)
        asked.answered_at = self.clock.now()
        self._send(connection, [kind, asked.message_id, *rest])

    def _send(self, connection: ServerConnection, message: list[Any]) -> None:
        async def send() -> None:
            with contextlib.suppress(ConnectionClosed):
                await connection.send(json.dumps(message))

        task = asyncio.ensure_future(send())
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _ordinary(self, asked: Exchange) -> Payload:
        """What any CSMS answers."""
        accepted = {"idTagInfo": {"status": "Accepted"}}
        now = self.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if asked.action == "BootNotification":
            return {"status": "Accepted", "currentTime": now, "interval": self.interval_s}
        if asked.action == "Heartbeat":
            return {"currentTime": now}
        if asked.action == "StartTransaction":
            given = self.transactions.popleft() if self.transactions else next(self._ids)
            return {"transactionId": given, **accepted}
        if asked.action in ("Authorize", "StopTransaction"):
            return accepted
        return {"status": "Accepted"} if asked.action == "DataTransfer" else {}


def _now_like(written: object, now: datetime) -> str:
    """The time that it is, written as another time was."""
    whole = "." not in str(written)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ" if whole else "%Y-%m-%dT%H:%M:%S.%fZ")
