"""A charge point with no opinions: raw frames on a real socket, and a CSMS to point it at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from sim_core.csms import Csms
from tests.patience import PATIENCE_S

STAMP = "2026-11-22T10:00:00.000Z"
FAULTLESS = {"errorCode": "NoError", "timestamp": STAMP}


class CallError(Exception):
    """A CALLERROR that the CSMS answered."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


class RawChargePoint:
    """Sends what it is told; answers commands from `replies` (None: not at all)."""

    def __init__(self, cpid: str, socket: ClientConnection) -> None:
        self.cpid = cpid
        self.socket = socket
        self.commands: list[tuple[str, dict[str, Any]]] = []
        self.replies: dict[str, dict[str, Any] | list[Any] | None] = {}
        self.reacts: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {}
        self.errors: list[list[Any]] = []
        self.strays: list[list[Any]] = []
        self.unanswered: list[str] = []
        self._count = 0
        self._open: dict[str, asyncio.Future[Any]] = {}
        self._tasks = {asyncio.create_task(self._read())}

    async def _read(self) -> None:
        try:
            async for raw in self.socket:
                await self._take(json.loads(raw))
        except ConnectionClosed:
            pass
        for answer in self._open.values():
            answer.cancel()

    async def _take(self, message: list[Any]) -> None:
        if message[0] == 2:
            _, unique_id, action, payload = message
            self.commands.append((action, payload))
            reply = self.replies.get(action, {"status": "Accepted"})
            if isinstance(reply, list):
                await self.socket.send(json.dumps([4, unique_id, *reply]))
            elif reply is not None:
                await self.answer(unique_id, reply)
            else:
                self.unanswered.append(unique_id)
            if action in self.reacts:
                self._tasks.add(asyncio.create_task(self._react(action, payload)))
        elif message[1] not in self._open:
            (self.errors if message[0] == 4 else self.strays).append(message)
        elif message[0] == 3:
            self._open[message[1]].set_result(message[2])
        else:
            self._open[message[1]].set_exception(CallError(message[2], message[3]))

    async def _react(self, action: str, payload: dict[str, Any]) -> None:
        try:
            await self.reacts[action](payload)
        except (ConnectionClosed, asyncio.CancelledError):
            return  # the test closed the connection meanwhile

    async def answer(self, unique_id: str, payload: dict[str, Any]) -> None:
        await self.socket.send(json.dumps([3, unique_id, payload]))

    async def call(self, action: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
        self._count += 1
        unique_id = f"cp-{self._count}"
        answer = asyncio.get_running_loop().create_future()
        self._open[unique_id] = answer
        await self.socket.send(json.dumps([2, unique_id, action, payload or {}]))
        return await asyncio.wait_for(answer, PATIENCE_S)

    async def boot(self) -> dict[str, Any]:
        return await self.call(
            "BootNotification",
            {
                "chargePointVendor": "Gresgying",
                "chargePointModel": "F3-EU180-CC",
                "firmwareVersion": "C2089_V2.9.0_FME01",
            },
        )

    async def status(self, connector_id: int, status: str, **extra: str) -> None:
        payload = {"connectorId": connector_id, "status": status, **FAULTLESS, **extra}
        await self.call("StatusNotification", payload)

    async def start(
        self, connector_id: int, id_tag: str, meter_start: int = 1000, timestamp: str = STAMP
    ) -> dict[str, Any]:
        return await self.call(
            "StartTransaction",
            {
                "connectorId": connector_id,
                "idTag": id_tag,
                "meterStart": meter_start,
                "timestamp": timestamp,
            },
        )

    async def stop(
        self, transaction_id: int, meter_stop: int, timestamp: str = STAMP, **extra: Any
    ) -> dict[str, Any]:
        payload = {
            "transactionId": transaction_id,
            "meterStop": meter_stop,
            "timestamp": timestamp,
            **extra,
        }
        return await self.call("StopTransaction", payload)

    async def close(self) -> None:
        await self.socket.close()
        await asyncio.gather(*self._tasks)


Dial = Callable[..., Awaitable[RawChargePoint]]


@pytest.fixture
async def csms() -> AsyncIterator[Csms]:
    async with Csms(first_transaction_id=1) as running:
        yield running


@pytest.fixture
async def dial(csms: Csms) -> AsyncIterator[Dial]:
    opened: list[RawChargePoint] = []

    async def dial(
        cpid: str = "TestCP01", base: str = "/ocpp/", version: str = "1.6"
    ) -> RawChargePoint:
        url = f"ws://127.0.0.1:{csms.port}{base}{quote(cpid, safe='')}"
        spoken = Subprotocol(f"ocpp{version}")
        socket = await connect(url, subprotocols=[spoken], max_size=None)
        charge_point = RawChargePoint(cpid, socket)
        opened.append(charge_point)
        return charge_point

    yield dial
    for charge_point in opened:
        await charge_point.close()


@pytest.fixture
async def charge_point(dial: Dial) -> RawChargePoint:
    return await dial()
