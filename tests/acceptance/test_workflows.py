"""The workflows that users of the older tools have, one test an item, by its number in the list.

The list was drawn up from how the forerunners of this program and of its CSMS are used. Where this
program answers otherwise than they did, the test says so.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.server import ServerConnection, serve

from sim_core.csms import Boot, Csms, Rules, events
from sim_core.csms.ledger import parse_time
from sim_core.engine import Engine
from sim_core.settings.loading import load
from sim_core.snapshot import LinkState
from tests.acceptance.bench import CP, Bench, bench, charge_point, registered, seen
from tests.patience import PATIENCE_S

VID = "VID:0123456789AB"


def charging(here: Bench, *numbers: int) -> bool:
    return all(here.connector(number).status == "Charging" for number in numbers)


# -- setup -----------------------------------------------------------------------------------------


def test_item_01_the_environment_of_the_older_simulator(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`pip install` and `python -m` are tried by CI; here the names that people have in files."""
    monkeypatch.chdir(tmp_path)
    said = {
        "CSMS_URL": ("csms_url", "ws://10.0.0.5:9000/ocpp"),
        "CPID": ("cpid", CP),
        "CONNECTORS": ("connectors", 3),
        "CP_VENDOR": ("cp_vendor", "Maker"),
        "CP_MODEL": ("cp_model", "Model"),
        "CP_SERIAL_NUMBER": ("cp_serial_number", "S1"),
        "FIRMWARE_VERSION": ("firmware_version", "V1"),
        "ICCID": ("iccid", "8988"),
        "METER_START_WH": ("meter_start_wh", 5000),
        "METER_RATE_W": ("meter_rate_w", 7000.0),
        "METER_PERIOD_SEC": ("meter_period_sec", 10),
        "HTTP_PORT": ("http_port", 7072),
    }
    for variable in ("CSMS_URL", "CPID", "HTTP_PORT", "CONNECTORS"):
        monkeypatch.delenv(variable, raising=False)
    plain = load([])
    assert (plain.csms_url, plain.cpid) == ("ws://127.0.0.1:9000/ocpp", "TestCP01")
    assert (plain.connectors, plain.http_port) == (2, 7071)
    for variable, (_, value) in said.items():
        monkeypatch.setenv(variable, str(value))
    settings = load([])
    for field, value in said.values():
        assert getattr(settings, field) == value


async def test_item_02_three_connectors_when_asked_for() -> None:
    """Docker itself is not at hand here: what it would be handed is."""
    async with bench(connectors=3) as here:
        assert len((await here.sim.get("/info")).json()["connectors"]) == 3
        await here.plug(3)
        await here.told(3, "Preparing")
    text = (Path(__file__).parents[2] / "compose.yaml").read_text("utf-8")
    assert "CONNECTORS:" in text


async def test_item_03_both_healths() -> None:
    async with bench() as here:
        assert (await here.sim.get("/health")).json()["ok"] is True
        told = (await here.api.get("/api/v1/health")).json()
        assert told["ok"] is True
        assert told["time"].endswith("Z")
        assert parse_time(told["time"])


async def test_item_04_a_boot_that_is_answered_late_and_after_questions() -> None:
    """As central.py does; its ten seconds are one here."""
    async with bench(Rules(boot=Boot(delay_s=1.0, deaf=True))) as here:
        known = here.csms.ledger.charge_point(CP)
        assert known is not None
        assert (known.vendor, known.model) == ("Gresgying", "F3-EU180-CC")
        await here.csms.wait_for(
            events.CommandAnswered, lambda event: event.action == "DataTransfer"
        )
        asked = {
            exchange["action"]: json.loads(exchange["answer"])
            for exchange in (await here.sim.get("/messages?limit=1000")).json()["exchanges"]
            if exchange["direction"] == "received" and exchange["state"] == "answered"
        }
        assert asked["GetConfiguration"][2]["configurationKey"]
        assert asked["DataTransfer"][2]["status"] == "UnknownVendorId"


# -- the main flow ---------------------------------------------------------------------------------


@pytest.mark.parametrize("connector", [1, 2])
async def test_items_05_to_11_the_main_flow(connector: int) -> None:
    async with bench() as here:
        assert await here.active() == []  # 5
        plugged = (await here.sim.post(f"/plug/{connector}")).json()  # 6
        assert plugged.items() >= {"ok": True, "connector": connector, "plugged": True}.items()
        await here.told(connector, "Preparing")
        number = await here.start(connector, id_tag=VID)  # 7
        assert await here.active() == [  # 8
            {"cpid": CP, "connectorId": connector, "idTag": VID, "transactionId": number}
        ]
        stopped = await here.post("/api/v1/stop", transactionId=number)  # 9
        assert stopped.json() == {
            "ok": True,
            "transactionId": number,
            "message": "RemoteStopTransaction sent",
        }
        await here.ended()
        assert await here.active() == []  # 10
        unplugged = (await here.sim.post(f"/unplug/{connector}")).json()  # 11
        assert unplugged.items() >= {"ok": True, "connector": connector, "plugged": False}.items()
        await here.told(connector, "Available")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("id_tag", VID, VID), ("idTag", VID, VID), ("", "", "DEMO_IDTAG")],
)
async def test_item_07_the_tag_under_either_name_or_none(
    name: str, value: str, expected: str
) -> None:
    async with bench() as here:
        await here.plug(1)
        await here.start(1, **({name: value} if name else {}))
        assert (await here.active())[0]["idTag"] == expected


@pytest.mark.parametrize("name", ["connectorId", "connector_id"])
async def test_item_09_stop_by_connector(name: str) -> None:
    async with bench() as here:
        await here.plug(1)
        number = await here.start(1)
        stopped = await here.post("/api/v1/stop", **{name: 1})
        assert stopped.json()["transactionId"] == number
        await here.ended()


async def test_item_12_charge_stop() -> None:
    async with bench() as here:
        nothing = await here.post("/charge/stop", connectorId=1)
        assert (nothing.status_code, nothing.json()) == (
            404,
            {"detail": "No active transaction for this connector"},
        )
        await here.plug(1)
        number = await here.start(1)
        stopped = await here.post("/charge/stop", connectorId=1)
        assert stopped.json()["transactionId"] == number
        await here.ended()


async def test_item_13_release() -> None:
    async with bench() as here:
        await here.plug(1, 2)
        await here.start(1)
        busy = await here.post("/api/v1/release", connectorId=1)
        assert (busy.status_code, busy.json()) == (
            400,
            {"detail": "Connector has active transaction"},
        )
        free = await here.post("/api/v1/release", connectorId=2)
        assert free.json() == {"ok": True, "message": "UnlockConnector sent"}


# -- errors ----------------------------------------------------------------------------------------


async def test_item_14_an_unknown_charge_point() -> None:
    async with bench() as here:
        answer = await here.api.post("/api/v1/start", json={"cpid": "X", "connectorId": 1})
        assert (answer.status_code, answer.json()) == (
            404,
            {"detail": "ChargePoint 'X' not connected"},
        )


async def test_item_15_a_start_without_a_vehicle_or_twice() -> None:
    rejected = (409, {"detail": "RemoteStart rejected: Rejected"})
    async with bench() as here:
        answer = await here.post("/api/v1/start", connectorId=1)
        assert (answer.status_code, answer.json()) == rejected
        await here.plug(1)
        await here.start(1)
        answer = await here.post("/api/v1/start", connectorId=1)
        assert (answer.status_code, answer.json()) == rejected


async def test_item_16_a_stop_of_nothing() -> None:
    async with bench() as here:
        answer = await here.post("/api/v1/stop", transactionId=4711)
        assert (answer.status_code, answer.json()) == (
            404,
            {"detail": "No matching active transaction"},
        )


async def test_item_17_an_unknown_connector() -> None:
    async with bench() as here:
        answer = await here.sim.post("/plug/9")
        assert (answer.status_code, answer.json()) == (404, {"detail": "unknown connector"})


# -- automatic and local starts --------------------------------------------------------------------


@pytest.mark.parametrize(("query", "tag"), [("&id_tag=AUTO123", "AUTO123"), ("", "AUTO_TAG")])
async def test_item_18_plug_and_start(query: str, tag: str) -> None:
    async with bench() as here:
        answer = await here.sim.post(f"/plug/1?auto_start=true{query}")
        assert answer.json()["ok"] is True
        begun = await here.csms.wait_for(events.TransactionStarted, timeout_s=PATIENCE_S)
        assert begun.id_tag == tag
        assert (await here.active())[0]["idTag"] == tag


async def test_item_19_the_car_starts_by_itself() -> None:
    async with bench(ocpp_keys={"AutoCharge": "true"}) as here:
        await here.sim.post("/plug/1?vehicle=Compact%2060")
        begun = await here.csms.wait_for(events.TransactionStarted, timeout_s=PATIENCE_S)
        assert begun.id_tag.startswith("VID:")
        again = await here.post("/api/v1/start", connectorId=1)
        assert (again.status_code, again.json()) == (
            409,
            {"detail": "RemoteStart rejected: Rejected"},
        )
        assert (await here.active())[0]["idTag"] == begun.id_tag
        assert (await here.post("/api/v1/stop", connectorId=1)).json()["ok"] is True
        await here.ended()


async def test_item_20_local_start_and_stop() -> None:
    """A refusal is 409 here, with a sentence that says more than the old one; `ok` is the same."""
    async with bench() as here:
        refused = await here.sim.post("/local_start/1?id_tag=TAG_123")
        assert (refused.status_code, refused.json()["ok"]) == (409, False)
        assert refused.json()["error"] == "connector 1 has no vehicle: plug in first"
        nothing = await here.sim.post("/local_stop/1")
        assert (nothing.status_code, nothing.json()["ok"]) == (409, False)
        assert nothing.json()["error"] == "connector 1 has no transaction to stop"
        await here.plug(1)
        assert (await here.sim.post("/local_start/1?id_tag=TAG_123")).json()["ok"] is True
        begun = await here.csms.wait_for(events.TransactionStarted, timeout_s=PATIENCE_S)
        assert begun.id_tag == "TAG_123"
        assert (await here.sim.post("/local_stop/1")).json()["ok"] is True
        await here.ended()


# -- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["error_code", "code"])
async def test_item_21_a_fault_and_its_end(name: str) -> None:
    async with bench() as here:
        fault = (await here.sim.post(f"/fault/1?{name}=GroundFailure")).json()
        wanted = {"ok": True, "connector": 1, "error_code": "GroundFailure"}
        assert fault.items() >= wanted.items()
        await here.told(1, "Faulted")
        told = here.csms.ledger.connector(CP, 1)
        assert told is not None
        assert told.error_code == "GroundFailure"
        cleared = (await here.sim.post("/clear_fault/1")).json()
        assert cleared.items() >= {"ok": True, "connector": 1}.items()
        await here.told(1, "Available")
        told = here.csms.ledger.connector(CP, 1)
        assert told is not None
        assert told.error_code == "NoError"


async def test_item_22_pauses_and_their_end() -> None:
    """Without a transaction there is nothing to pause; resumed, it charges (not: Available)."""
    async with bench() as here:
        assert (await here.sim.post("/suspend_ev/1")).status_code == 409
        await here.plug(1)
        await here.start(1)
        for path, status in (
            ("/suspend_ev/1", "SuspendedEV"),
            ("/resume/1", "Charging"),
            ("/suspend_evse/1", "SuspendedEVSE"),
            ("/resume/1", "Charging"),
        ):
            answer = (await here.sim.post(path)).json()
            assert answer.items() >= {"ok": True, "connector": 1, "state": status}.items()
            await here.told(1, status)


# -- two connectors, and the CSMS that comes and goes ----------------------------------------------


async def test_item_23_two_connectors_independently() -> None:
    async with bench() as here:
        await here.plug(1, 2)
        first = await here.start(1, id_tag="TAG_1")
        second = await here.start(2, id_tag="TAG_2")
        assert (first, second) == (1, 2)
        await here.post("/api/v1/stop", transactionId=first)
        await here.csms.wait_for(events.TransactionStopped, timeout_s=PATIENCE_S)
        assert [one["transactionId"] for one in await here.active()] == [second]
        assert charging(here, 2)
        await here.post("/api/v1/stop", transactionId=second)
        await here.ended()


@pytest.mark.parametrize("stopped_first", [1, 2])
async def test_two_connectors_at_the_same_moment_over_http_and_from_afar(
    stopped_first: int,
) -> None:
    """Connector 1 locally, connector 2 by RemoteStart, together; stopping one leaves the other."""
    async with bench() as here:
        await asyncio.gather(here.sim.post("/plug/1"), here.sim.post("/plug/2"))
        local, remote = await asyncio.gather(
            here.sim.post("/local_start/1?id_tag=TAG_1"),
            here.post("/api/v1/start", connectorId=2, idTag="TAG_2"),
        )
        assert local.json()["ok"] is True
        assert remote.json()["ok"] is True
        await here.seen(lambda _: charging(here, 1, 2))
        await here.csms.until(lambda ledger: len(ledger.active) == 2, timeout_s=PATIENCE_S)
        numbers = {one["connectorId"]: one["transactionId"] for one in await here.active()}
        other = 3 - stopped_first
        if stopped_first == 1:
            assert (await here.sim.post("/local_stop/1")).json()["ok"] is True
        else:
            assert (await here.post("/api/v1/stop", connectorId=2)).json()["ok"] is True
        await here.csms.until(lambda ledger: len(ledger.active) == 1, timeout_s=PATIENCE_S)
        await here.told(stopped_first, "Finishing")
        (left,) = await here.active()
        assert (left["connectorId"], left["transactionId"]) == (other, numbers[other])
        before = here.connector(other).register_wh
        await here.seen(lambda now: now.connectors[other - 1].register_wh > before)
        assert here.connector(other).status == "Charging"
        assert here.csms.ledger.status(CP, other) == "Charging"


async def test_item_24_an_unlock_of_a_plugged_idle_connector() -> None:
    async with bench() as here:
        await here.plug(1)
        assert await here.csms.unlock(CP, 1) == "Unlocked"


async def test_item_25_a_csms_that_is_restarted() -> None:
    csms = Csms()
    await csms.start()
    port = csms.port
    assert port is not None
    async with charge_point(f"ws://127.0.0.1:{port}/ocpp") as (engine, sim):
        await seen(engine, registered)
        await sim.post("/plug/1")
        await csms.stop()
        await seen(engine, lambda now: now.link.state is not LinkState.CONNECTED)
        assert (await sim.get("/health")).json()["ok"] is True
        again = Csms()
        await again.start(port=port)
        await again.until(
            lambda ledger: (
                [ledger.status(CP, number) for number in (0, 1, 2)]
                == ["Available", "Preparing", "Available"]
            ),
            timeout_s=PATIENCE_S,
        )
    await again.stop()


# -- command-line clients --------------------------------------------------------------------------


async def test_item_26_a_client_that_releases_what_it_cannot_stop() -> None:
    """As start_stop.py does: a stop that gets 404 is followed by a release."""
    async with bench() as here:
        await here.plug(1)
        await here.start(1, idTag="CLI")
        assert (await here.post("/api/v1/stop", connectorId=1)).status_code == 200
        await here.ended()
        assert (await here.post("/api/v1/stop", connectorId=1)).status_code == 404
        released = await here.post("/api/v1/release", connectorId=1)
        assert released.json() == {"ok": True, "message": "UnlockConnector sent"}


async def test_item_27_clients_that_send_a_time_and_a_hash() -> None:
    async with bench() as here:
        await here.plug(1)
        text = "|".join((CP, "1", VID, "-", "1700000000", "-", "-"))
        number = await here.start(
            1,
            idTag=VID,
            timestamp="1700000000",
            hash=hashlib.sha256(text.encode()).hexdigest(),
        )
        (one,) = await here.active()
        shown = f"{one['cpid']} {one['connectorId']} {one['idTag']} {one['transactionId']}"
        assert shown == f"{CP} 1 {VID} {number}"


async def test_item_28_a_configuration_key_is_changed_and_answered() -> None:
    """The console of central.py is its own affair; what it sends is answered."""
    async with bench() as here:
        answer = await here.post("/api/v1/config", key="HeartbeatInterval", value="120")
        assert answer.json() == {"ok": True, "status": "Accepted"}
        assert await here.csms.get_configuration(CP, "HeartbeatInterval") == {
            "HeartbeatInterval": "120"
        }


# -- what the CSMS remembers -----------------------------------------------------------------------


async def test_item_29_history_has_the_energy() -> None:
    async with bench(meter_start_wh=1000) as here:
        await here.plug(1)
        number = await here.start(1, id_tag=VID)
        await here.seen(lambda now: now.connectors[0].register_wh > 1005)
        await here.post("/api/v1/stop", transactionId=number)
        await here.ended()
        (told,) = (await here.api.get("/api/v1/history")).json()["sessions"]
        assert told.keys() == {
            "cpid",
            "connectorId",
            "idTag",
            "transactionId",
            "meterStart",
            "meterStop",
            "energy",
            "startTime",
            "stopTime",
            "durationSecs",
        }
        assert told["meterStart"] == 1000
        assert told["energy"] == told["meterStop"] - told["meterStart"] > 0
        assert told["durationSecs"] > 0


async def test_item_30_status_with_connector_0() -> None:
    async with bench() as here:
        told = (await here.api.get("/api/v1/status")).json()["connectors"]
        assert told == [
            {"cpid": CP, "connectorId": number, "status": "Available"} for number in (0, 1, 2)
        ]


async def test_item_31_reset_and_availability() -> None:
    async with bench() as here:
        out = await here.post("/api/v1/availability", connectorId=1, available=False)
        assert out.json() == {"ok": True, "status": "Accepted"}
        await here.told(1, "Unavailable")
        await here.post("/api/v1/availability", connectorId=1, available=True)
        await here.told(1, "Available")
        mark = here.csms.event_count
        assert (await here.post("/api/v1/reset", type="Soft")).json() == {
            "ok": True,
            "status": "Accepted",
        }
        await here.csms.wait_for(events.Booted, since=mark, timeout_s=PATIENCE_S)


async def test_item_32_an_event_of_four_visits() -> None:
    vids = [f"VID:00000000000{number}" for number in range(1, 5)]
    async with bench() as here:
        for pair in (vids[:2], vids[2:]):
            await here.plug(1, 2)
            numbers = [await here.start(at, id_tag=vid) for at, vid in enumerate(pair, 1)]
            assert [one["idTag"] for one in await here.active()] == pair
            assert (await here.post("/api/v1/stop", transactionId=numbers[0])).status_code == 200
            await here.csms.until(lambda ledger: len(ledger.active) == 1, timeout_s=PATIENCE_S)
            assert (await here.post("/charge/stop", connectorId=2)).status_code == 200
            await here.ended()
            assert (await here.post("/api/v1/release", connectorId=1)).status_code == 200
            for connector in (1, 2):
                assert (await here.sim.post(f"/unplug/{connector}")).status_code == 200
        told = (await here.api.get("/api/v1/history")).json()["sessions"]
        assert [one["idTag"] for one in told] == vids
        assert (await here.api.get("/api/v1/health")).json()["ok"] is True


# -- the mock CSMS of the older tests --------------------------------------------------------------


class Mock:
    """Answers as that mock does: interval 10, and a currentTime that is no time."""

    def __init__(self) -> None:
        self.calls: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.socket: ServerConnection | None = None

    async def __call__(self, socket: ServerConnection) -> None:
        self.socket = socket
        answers: dict[str, dict[str, Any]] = {
            "BootNotification": {"currentTime": "0", "interval": 10, "status": "Accepted"},
            "Authorize": {"idTagInfo": {"status": "Accepted"}},
            "StartTransaction": {"transactionId": 1, "idTagInfo": {"status": "Accepted"}},
            "StopTransaction": {"idTagInfo": {"status": "Accepted"}},
            "Heartbeat": {"currentTime": "0"},
        }
        async for frame in socket:
            kind, unique_id, *rest = json.loads(frame)
            if kind == 2:
                await socket.send(json.dumps([3, unique_id, answers.get(rest[0], {})]))
                await self.calls.put((rest[0], rest[1]))

    async def until(self, action: str) -> dict[str, Any]:
        """The next request of this action, within the five seconds that those tests allow."""

        async def wait() -> dict[str, Any]:
            while True:
                name, payload = await self.calls.get()
                if name == action:
                    return payload

        return await asyncio.wait_for(wait(), PATIENCE_S)

    async def ask(self, action: str, **payload: Any) -> None:
        """Send a request."""
        assert self.socket is not None
        await self.socket.send(json.dumps([2, f"mock-{action}", action, payload]))


@asynccontextmanager
async def mocked() -> AsyncIterator[tuple[Mock, Engine, httpx.AsyncClient]]:
    mock = Mock()
    async with serve(mock, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:  # type: ignore[list-item]
        port = next(iter(server.sockets)).getsockname()[1]
        async with charge_point(f"ws://127.0.0.1:{port}/ocpp") as (engine, sim):
            await mock.until("BootNotification")
            yield mock, engine, sim


async def test_item_33_the_mock_csms_with_a_time_that_is_none() -> None:
    async with mocked() as (mock, engine, sim):
        await sim.post("/plug/1")
        await mock.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        assert (await mock.until("StartTransaction"))["idTag"] == "TAG"
        await seen(
            engine,
            lambda now: (running := now.connectors[0].transaction) and running.transaction_id == 1,
        )
        await mock.ask("RemoteStopTransaction", transactionId=1)
        assert (await mock.until("StopTransaction"))["transactionId"] == 1
        await sim.post("/plug/2")
        await sim.post("/local_start/2?id_tag=LOCAL")
        assert (await mock.until("StartTransaction"))["idTag"] == "LOCAL"
