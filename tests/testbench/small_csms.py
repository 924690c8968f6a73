"""A small CSMS of OCPP 1.6 that is right until it is given a fault: what somebody's own might be.

It shares nothing with ours. A fault is a name in `FAULTS`; where it sits in the code, the code asks
for it by that name.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from sim_core.errors import UserError
from sim_core.runtime.clock import Clock
from sim_core.station import Station
from sim_core.testbench.sessions import Session
from sim_core.testbench.torture.trial import GOES_ON

HOST = "127.0.0.1"
LATE_S = 20.0
BLOCKED, NO_ERROR = "BLOCKED", "NoError"
Payload = dict[str, Any]

FAULTS: dict[str, str] = {
    "an id is reused": "id-for-one-start",
    "a doubled start gets a second id": "same-start-same-id",
    "a stop is lost": "keeps-each-session",
    "a doubled stop is a second session": "keeps-each-session",
    "energy is off by one sample": "energy-as-charged",
    "an answer has a foreign id": "speaks-ocpp",
    "an answer has no status": "valid-answers",
    "it hangs up at a fault": "holds-the-link",
    "an answer is late": "answers-in-time",
    "samples get no answer": "never-silent",
    "a stop by unplugging is a CALLERROR": "refuses-nothing",
    "a blocked card is accepted the third time": "one-verdict-a-card",
    "it asks of connector 99": "asks-of-what-exists",
    "it stops what it has not begun": "stops-what-it-began",
    "who boots again is Rejected": "lets-in-again",
    "its time goes back": "time-goes-on",
    "it lets nobody in": GOES_ON,
}
"""Each fault, and the invariant by which it is to be found."""


class RefusedError(Exception):
    """It is answered by a CALLERROR."""


class SmallCsms:
    """See the module. For a stage in virtual time it is a `House` as well, and what that opens."""

    def __init__(self, fault: str = "") -> None:
        assert not fault or fault in FAULTS
        self._fault = fault

    async def open(self, clock: Clock, ocpp: str) -> SmallCsms:
        """See `stage.House`: another one, with the same fault."""
        assert ocpp == "1.6"
        made = SmallCsms(self._fault)
        await made.start(clock)
        return made

    async def start(self, clock: Clock) -> None:
        """Listen."""
        self._clock = clock
        self._connections: dict[str, ServerConnection] = {}
        self._ids: dict[tuple[object, ...], int] = {}
        self._starts: dict[int, Payload] = {}
        self._stops: list[tuple[str, int, float]] = []
        self._registers: dict[int, int] = {}
        self._counted: dict[str, int] = {}
        self._waiting: dict[str, tuple[str, asyncio.Future[Payload]]] = {}
        """What it has asked: by message id, the charge point and who waits."""
        self._held: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: dict[str, _End] = {}
        self._server: Server = await serve(
            self._serve,
            HOST,
            0,
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
            ping_interval=None,
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"ws://{HOST}:{port}/ocpp"

    async def close(self) -> None:
        """End it."""
        for task in self._tasks:
            task.cancel()
        self._server.close()
        await self._server.wait_closed()

    def far_end(self, charge_point: str, station: Station) -> _End:
        """See `stage.OpenCsms`."""
        self._ends[charge_point] = end = _End(self, charge_point, station)
        return end

    async def ask(
        self, charge_point: str, action: str, payload: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See `stage.Asking`."""
        connection = self._connections.get(charge_point)
        if connection is None:
            raise UserError("it is not connected")
        message_id = str(uuid4())
        asked: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = charge_point, asked
        try:
            await connection.send(json.dumps([2, message_id, action, payload]))
            return await asked
        except ConnectionClosed:
            raise UserError("the link is gone") from None
        finally:
            self._waiting.pop(message_id, None)

    async def ended(self) -> Sequence[Session]:
        """See `sessions.Sessions`."""
        return [Session(cpid, str(number), energy) for cpid, number, energy in self._stops]

    # -- the wire ------------------------------------------------------

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        cpid = connection.request.path.rpartition("/")[2]
        self._connections[cpid] = connection
        with suppress(ConnectionClosed):
            async for frame in connection:
                await self._take(cpid, connection, json.loads(frame))
        if self._connections.get(cpid) is connection:
            del self._connections[cpid]
            for whose, asked in self._waiting.values():
                if whose == cpid and not asked.done():
                    asked.set_exception(UserError("the link is gone"))

    async def _take(self, cpid: str, connection: ServerConnection, message: list[Any]) -> None:
        kind, message_id, *rest = message
        if kind != 2:
            _, asked = self._waiting.get(message_id, (cpid, None))
            if asked is not None and not asked.done():
                asked.set_result(rest[0] if kind == 3 else {})
            return
        action, payload = rest
        if (
            self._fault == "it hangs up at a fault"
            and payload.get("errorCode", NO_ERROR) != NO_ERROR
        ):
            await connection.close(1011)
            return
        try:
            answer = ANSWERS.get(action, SmallCsms._other)(self, cpid, payload)
        except RefusedError:
            await connection.send(json.dumps([4, message_id, "InternalError", "no", {}]))
            return
        if self._has("samples get no answer", action == "MeterValues", 3):
            self._held.add(message_id)
            return
        said = message_id
        if self._has("an answer has a foreign id", action == "StatusNotification", 8):
            self._held.add(message_id)
            said = str(uuid4())
        if self._has("an answer is late", action == "StopTransaction", 2):
            self._held.add(message_id)
            self._later(self._answer_late(connection, said, answer))
            return
        await connection.send(json.dumps([3, said, answer]))
        if self._has("it asks of connector 99", action == "StartTransaction", 2):
            self._later(self._ask_quietly(cpid, "UnlockConnector", {"connectorId": 99}))
        if self._has("it stops what it has not begun", action == "StopTransaction", 1):
            self._later(self._ask_quietly(cpid, "RemoteStopTransaction", {"transactionId": 7}))

    async def _answer_late(
        self, connection: ServerConnection, message_id: str, answer: Payload
    ) -> None:
        await self._clock.sleep(LATE_S)
        with suppress(ConnectionClosed):
            await connection.send(json.dumps([3, message_id, answer]))

    async def _ask_quietly(self, cpid: str, action: str, payload: Payload) -> None:
        with suppress(UserError):
            await self.ask(cpid, action, payload)

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _has(self, fault: str, here: bool, nth: int) -> bool:
        """Whether it has this fault and this is a place for it; from the nth such place on."""
        if self._fault != fault or not here:
            return False
        self._counted[fault] = self._counted.get(fault, 0) + 1
        return self._counted[fault] >= nth

    # -- what it makes of messages -------------------------------------

    def _other(self, cpid: str, payload: Payload) -> Payload:
        return {}

    def _boot(self, cpid: str, payload: Payload) -> Payload:
        again = self._has("who boots again is Rejected", True, len(self._ends) + 1)
        status = "Rejected" if again else "Accepted"
        if self._fault == "it lets nobody in":
            status = "Pending"
        return {"status": status, "interval": 300, "currentTime": self._now()}

    def _heartbeat(self, cpid: str, payload: Payload) -> Payload:
        back = self._has("its time goes back", True, 3)
        return {"currentTime": self._now(timedelta(minutes=-10) if back else timedelta())}

    def _now(self, off: timedelta = timedelta()) -> str:
        at: datetime = self._clock.now() + off
        return at.astimezone(timezone.utc).isoformat()

    def _card(self, card: str) -> Payload:
        if card.upper() != BLOCKED:
            return {"status": "Accepted"}
        third = self._has("a blocked card is accepted the third time", True, 3)
        return {"status": "Accepted" if third else "Blocked"}

    def _authorize(self, cpid: str, payload: Payload) -> Payload:
        if self._has("an answer has no status", True, 2):
            return {"idTagInfo": {}}
        return {"idTagInfo": self._card(payload["idTag"])}

    def _start(self, cpid: str, payload: Payload) -> Payload:
        facts = (cpid, *(payload[name] for name in sorted(payload)))
        if self._fault == "a doubled start gets a second id":
            facts = (*facts, len(self._ids))
        number = self._ids.setdefault(facts, 100 + len(self._ids))
        if self._fault == "an id is reused":
            number = 100 + len(self._starts) - len(self._stops)
        self._starts[number] = payload
        return {"transactionId": number, "idTagInfo": self._card(payload["idTag"])}

    def _meter_values(self, cpid: str, payload: Payload) -> Payload:
        for value in payload["meterValue"]:
            for sample in value["sampledValue"]:
                if sample.get("measurand") == "Energy.Active.Import.Register":
                    self._registers[payload.get("transactionId", 0)] = round(float(sample["value"]))
        return {}

    def _stop(self, cpid: str, payload: Payload) -> Payload:
        unplugged = payload.get("reason") == "EVDisconnected"
        if unplugged and self._fault == "a stop by unplugging is a CALLERROR":
            raise RefusedError
        number, register = payload["transactionId"], payload["meterStop"]
        if self._fault == "energy is off by one sample":
            register = self._registers.get(number, register)
        start = self._starts.get(number)
        energy = register - start["meterStart"] if start else 0
        known = any(row[:2] == (cpid, number) for row in self._stops)
        if self._has("a stop is lost", not known, 2):
            return {}
        if not known or self._fault == "a doubled stop is a second session":
            self._stops.append((cpid, number, energy))
        return {}


ANSWERS: dict[str, Callable[[SmallCsms, str, Payload], Payload]] = {
    "Authorize": SmallCsms._authorize,
    "BootNotification": SmallCsms._boot,
    "DataTransfer": lambda *_: {"status": "UnknownVendorId"},
    "Heartbeat": SmallCsms._heartbeat,
    "MeterValues": SmallCsms._meter_values,
    "StartTransaction": SmallCsms._start,
    "StopTransaction": SmallCsms._stop,
}


class _End:
    """What is on its way at its end of one link, for virtual time."""

    def __init__(self, csms: SmallCsms, charge_point: str, station: Station) -> None:
        self._csms = csms
        self._charge_point = charge_point
        self._link = station.link

    @property
    def withheld(self) -> Set[str]:
        """See `virtual_time.FarEnd`."""
        if not self._link.online:
            self._csms._held |= self._link.open_ids
        return self._csms._held

    @property
    def connected(self) -> bool:
        """See `virtual_time.FarEnd`."""
        return self._charge_point in self._csms._connections

    @property
    def sending(self) -> bool:
        """See `virtual_time.FarEnd`."""
        waiting = self._csms._waiting.values()
        return self._link.online and any(whose == self._charge_point for whose, _ in waiting)
