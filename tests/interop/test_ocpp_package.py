"""A charging station of OCPP 2.0.1 at the server that most people write first: that of the `ocpp`
package, with its own read loop, routing and schemas, and handlers as its README has them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Any

import pytest
from ocpp.routing import on
from ocpp.v201 import ChargePoint, call, call_result
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from sim_core.commands import ClearFault, InjectFault, LinkDown, LinkUp, Plug, Start, Unplug
from sim_core.engine import Engine
from sim_core.snapshot import StationSnapshot
from sim_core.wire.message_log import ExchangeState
from tests.interop.test_real_peers import charge_point, registered, submit, until

NOTICES = """
NotifyReport NotifyEvent SecurityEventNotification LogStatusNotification
FirmwareStatusNotification ReservationStatusUpdate MeterValues StatusNotification
""".split()  # noqa: SIM905


class Server(ChargePoint):  # type: ignore[misc]  # the package has no types
    """The CSMS end of one connection."""

    def __init__(self, connection: ServerConnection) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        super().__init__("CP", connection)

    def _say(self, action: str, payload: dict[str, Any]) -> None:
        self.told.append((action, payload))

    @on("BootNotification")  # type: ignore[untyped-decorator]
    def boot(self, **payload: Any) -> Any:
        self._say("BootNotification", payload)
        now = datetime.now(timezone.utc).isoformat()
        return call_result.BootNotification(current_time=now, interval=10, status="Accepted")

    @on("Heartbeat")  # type: ignore[untyped-decorator]
    def heartbeat(self, **_: Any) -> Any:
        return call_result.Heartbeat(current_time=datetime.now(timezone.utc).isoformat())

    @on("Authorize")  # type: ignore[untyped-decorator]
    def authorize(self, **payload: Any) -> Any:
        self._say("Authorize", payload)
        return call_result.Authorize(id_token_info={"status": "Accepted"})

    @on("TransactionEvent")  # type: ignore[untyped-decorator]
    def transaction_event(self, **payload: Any) -> Any:
        self._say("TransactionEvent", payload)
        info = {"status": "Accepted"} if "id_token" in payload else None
        return call_result.TransactionEvent(id_token_info=info)


def _takes_note_of(action: str) -> None:
    def noted(self: Server, **payload: Any) -> Any:
        self._say(action, payload)
        return getattr(call_result, action)()

    noted.__name__ = f"note_{action}"  # the package finds handlers by it
    setattr(Server, noted.__name__, on(action)(noted))


for _action in NOTICES:
    _takes_note_of(_action)


@asynccontextmanager
async def package_server() -> AsyncIterator[tuple[int, list[Server]]]:
    """Its port, and one server for each connection there has been."""
    servers: list[Server] = []

    async def serve_one(connection: ServerConnection) -> None:
        servers.append(Server(connection))
        try:
            await servers[-1].start()
        except ConnectionClosed:
            return

    subprotocol = Subprotocol("ocpp2.0.1")
    async with serve(serve_one, "127.0.0.1", 0, subprotocols=[subprotocol]) as listening:
        yield next(iter(listening.sockets)).getsockname()[1], servers


def _charges(seen: StationSnapshot) -> bool:
    return seen.connectors[0].power_w is not None and seen.connectors[0].power_w > 0


def _free(seen: StationSnapshot) -> bool:
    return seen.connectors[0].status == "Available" and seen.link.queued == 0


async def test_a_whole_session_without_an_error_on_either_side(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, logger="ocpp")
    keys = {"SampledDataCtrlr.TxUpdatedInterval": "1"}
    async with (
        package_server() as (port, servers),
        charge_point(port, ocpp_version="2.0.1", ocpp_keys=keys) as engine,
    ):
        await until(engine, registered)
        await submit(engine, Plug(1))
        token = {"id_token": "APP-1", "type": "Central"}
        asked = call.RequestStartTransaction(id_token=token, remote_start_id=7, evse_id=1)
        assert (await servers[-1].call(asked, suppress=False)).status == "Accepted"
        await until(engine, _charges)
        report = call.GetBaseReport(request_id=3, report_base="FullInventory")
        assert (await servers[-1].call(report, suppress=False)).status == "Accepted"
        await until(engine, lambda _: _reported(servers) > 100)
        profile = call.GetCompositeSchedule(duration=60, evse_id=1, charging_rate_unit="W")
        assert (await servers[-1].call(profile, suppress=False)).status == "Accepted"

        await submit(engine, LinkDown())
        await until(engine, lambda seen: seen.link.queued > 0)  # a sample is due, and waits
        await submit(engine, LinkUp())
        await until(engine, lambda seen: registered(seen) and seen.link.queued == 0)
        (running,) = {_transaction(payload) for payload in _events(servers)}
        stopped = call.RequestStopTransaction(transaction_id=running)
        assert (await servers[-1].call(stopped, suppress=False)).status == "Accepted"
        await submit(engine, Unplug(1))
        await until(engine, _free)

        await submit(engine, Plug(1))
        await submit(engine, Start(1, "CARD"))
        await until(engine, _charges)
        await submit(engine, InjectFault(1, "GroundFailure", None, None))
        await submit(engine, ClearFault(1))
        await submit(engine, Unplug(1))
        await until(engine, _free)
        _no_error(engine)

    events = _events(servers)
    by_transaction: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        by_transaction.setdefault(_transaction(event), []).append(event)
    assert len(by_transaction) == 2
    for told in by_transaction.values():
        # What was on its way when the link was cut is said again.
        numbers = list(dict.fromkeys(event["seq_no"] for event in told))
        assert numbers == list(range(len(numbers)))
        assert (told[0]["event_type"], told[-1]["event_type"]) == ("Started", "Ended")
    assert any(event.get("offline") for event in events)
    assert [record.getMessage() for record in caplog.records if record.name == "ocpp"] == []


def _events(servers: list[Server]) -> list[dict[str, Any]]:
    return [
        payload for server in servers for name, payload in server.told if name == "TransactionEvent"
    ]


def _reported(servers: list[Server]) -> int:
    parts = [payload for name, payload in servers[-1].told if name == "NotifyReport"]
    return sum(len(part["report_data"]) for part in parts)


def _transaction(event: dict[str, Any]) -> str:
    name: str = event["transaction_info"]["transaction_id"]
    return name


def _no_error(engine: Engine) -> None:
    exchanges = engine.messages.since(0)[1]
    assert [one for one in exchanges if one.state is ExchangeState.ERROR] == []
    assert [one.trouble for one in exchanges if one.trouble and "link" not in one.trouble] == []
