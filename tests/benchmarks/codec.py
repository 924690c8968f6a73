"""CPU per exchange of one connection, against raw `websockets` and `json` without validation.

The CSMS is another process, so that only the charge point's side is counted. Every frame of ours
is validated: what is sent, and what comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from sim_core.ocpp16.dialect import OCPP_16
from sim_core.ocpp201.dialect import OCPP_201
from sim_core.runtime.clock import SystemClock
from sim_core.wire.answers import Result
from sim_core.wire.dialect import Dialect
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.fast_connection import FastConnection
from sim_core.wire.message_log import MessageLog
from tests.benchmarks.measure import Row, Size, in_turns_async, peer

OLD, NEW = (replace(dialect, secret_keys=frozenset()) for dialect in (OCPP_16, OCPP_201))
"""Who is measured beside us looks for no secrets in frames either."""
MEASURANDS = (
    ("Energy.Active.Import.Register", "12553", "Wh", "Outlet"),
    ("Current.Import", "136.13", "A", "Outlet"),
    ("Current.Offered", "137.40", "A", "Outlet"),
    ("Voltage", "436.82", "V", "Outlet"),
    ("Power.Active.Import", "59464", "W", "Outlet"),
    ("SoC", "35", "Percent", "EV"),
    ("Temperature", "31.5", "Celsius", "Outlet"),
)


def meter_values() -> dict[str, Any]:
    """A MeterValues request with seven measurands."""
    return {
        "connectorId": 1,
        "transactionId": 1042,
        "meterValue": [
            {
                "timestamp": "2026-01-01T12:00:00.000Z",
                "sampledValue": [
                    {
                        "value": value,
                        "context": "Sample.Periodic",
                        "format": "Raw",
                        "measurand": measurand,
                        "location": location,
                        "unit": unit,
                    }
                    for measurand, value, unit, location in MEASURANDS
                ],
            }
        ],
    }


def transaction_event() -> dict[str, Any]:
    """A TransactionEvent request with the same measurands."""
    return {
        "eventType": "Updated",
        "timestamp": "2026-01-01T12:00:00.000Z",
        "triggerReason": "MeterValuePeriodic",
        "seqNo": 7,
        "transactionInfo": {
            "transactionId": "7a2d9d89-3f0e-4f51-9a55-2c1c8f0e7b11",
            "chargingState": "Charging",
        },
        "meterValue": [
            {
                "timestamp": "2026-01-01T12:00:00.000Z",
                "sampledValue": [
                    {
                        "value": float(value),
                        "context": "Sample.Periodic",
                        "measurand": measurand,
                        "location": location,
                        "unitOfMeasure": {"unit": unit},
                    }
                    for measurand, value, unit, location in MEASURANDS[:-1]  # it has no Temperature
                ],
            }
        ],
    }


REQUESTS: dict[str, Callable[[], dict[str, Any]]] = {
    "MeterValues": meter_values,
    "Heartbeat": dict,
    "TransactionEvent": transaction_event,
}
GOALS = (
    (OLD, (("MeterValues", 1.3), ("Heartbeat", 1.2))),
    (NEW, (("TransactionEvent", 1.5),)),
)
"""Dialect -> the exchanges that are measured in it, each with how far it may be from raw."""


def measure(size: Size) -> list[Row]:
    return asyncio.run(_measure(size))


async def _measure(size: Size) -> list[Row]:
    rows = []
    with peer() as csms:
        rounds, count = size.of(15, 1), size.of(1500, 5)
        for dialect, goals in GOALS:
            async with (
                _raw(csms.url, dialect) as raw,
                _ours(csms.url, dialect) as ours,
                _library(csms.url, dialect) as library,
            ):
                for action, goal in goals:
                    sides = [_timed(side(action), count) for side in (raw, ours)]
                    baseline, own = await in_turns_async(rounds, *sides)
                    other = await _timed(library(action), size.of(500, 2))()
                    rows.append(
                        Row(
                            f"codec.{action}",
                            f"CPU per {action} exchange, validated both ways",
                            "us",
                            own,
                            baseline,
                            goal,
                            note=f"`ocpp` as it comes: {other / baseline:.1f}x",
                        )
                    )
    return rows


Exchange = Callable[[], Awaitable[object]]


def _timed(exchange: Exchange, count: int) -> Callable[[], Awaitable[float]]:
    async def run() -> float:
        began = time.process_time()
        for _ in range(count):
            await exchange()
        return (time.process_time() - began) / count * 1e6

    return run


def _dial(
    url: str, name: str, dialect: Dialect, kind: type[ClientConnection] = ClientConnection
) -> connect:
    return connect(
        f"{url}/{name}",
        subprotocols=[Subprotocol(dialect.subprotocol)],
        ping_interval=None,
        proxy=None,
        create_connection=kind,
    )


@contextlib.asynccontextmanager
async def _raw(url: str, dialect: Dialect) -> Any:
    async with _dial(url, "RAW", dialect) as socket:

        def side(action: str) -> Exchange:
            async def exchange() -> None:
                message_id = str(uuid.uuid4())
                await socket.send(json.dumps([2, message_id, action, REQUESTS[action]()]))
                answer = json.loads(await socket.recv())
                assert answer[1] == message_id

            return exchange

        yield side


@contextlib.asynccontextmanager
async def _ours(url: str, dialect: Dialect) -> Any:
    async with _dial(url, "OURS", dialect, FastConnection) as socket:
        endpoint = Endpoint(
            socket, {}, dialect, clock=SystemClock(), log=MessageLog(10_000), call_timeout_s=30.0
        )
        socket.take = endpoint.take
        serving = asyncio.ensure_future(endpoint.serve())

        def side(action: str) -> Exchange:
            async def exchange() -> None:
                answer = await endpoint.call(action, REQUESTS[action]())
                assert isinstance(answer, Result)

            return exchange

        yield side
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@contextlib.asynccontextmanager
async def _library(url: str, dialect: Dialect) -> Any:
    """The `ocpp` package as its documentation uses it."""
    from ocpp import v16, v201
    from ocpp.charge_point import camel_to_snake_case

    package = v16 if dialect is OLD else v201
    async with _dial(url, "LIBRARY", dialect) as socket:
        charge_point = package.ChargePoint("LIBRARY", _Quiet(socket))
        serving = asyncio.ensure_future(charge_point.start())

        def side(action: str) -> Exchange:
            async def exchange() -> None:
                fields = camel_to_snake_case(REQUESTS[action]())
                assert await charge_point.call(getattr(package.call, action)(**fields)) is not None

            return exchange

        yield side
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


class _Quiet:
    """The two methods that the package uses of a connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def recv(self) -> Any:
        return await self._socket.recv()

    async def send(self, message: str) -> None:
        await self._socket.send(message)
