"""The whole of it: chargers that dial in, a CSMS behind, and what viewers see and ask."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from sim_core.bedside.commands import MetalCommand
from sim_core.bedside.host import Bedside, ChargerHost
from sim_core.bedside.options import BedsideSettings, ListenError, place_to_listen
from sim_core.commands import Accepted, Outcome, Refused
from sim_core.log_file import log_to_file
from sim_core.ocpp_versions import dialect_of
from sim_core.settings.loading import load_as
from sim_core.settings.options import ConfigError
from sim_core.snapshot import ConnectorState, LinkState, Registration
from tests.network import Network, connect_proxy, socks5_proxy
from tests.patience import PATIENCE_S

QUIET = ("--listen=127.0.0.1:0", "--http-port=0", "--state-dir=:memory:")
BOOTED = {"status": "Accepted", "interval": 300, "currentTime": "2026-05-04T10:00:00Z"}


def settings(*arguments: str) -> BedsideSettings:
    return load_as(BedsideSettings, [*QUIET, *arguments], "chargeforge bedside")


async def until(holds: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Return once it holds; another thread brings it about, so it is looked at now and then."""
    for _ in range(int(patience_s / 0.01)):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


class Csms:
    """A CSMS that answers as it is told, and keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.links: list[ServerConnection] = []
        self.requests: list[Any] = []
        self.answers: dict[str, object] = {"BootNotification": BOOTED}
        self.port = 0

    async def serve(self, link: ServerConnection) -> None:
        self.links.append(link)
        self.requests.append(link.request)
        try:
            async for text in link:
                self.heard.append(str(text))
                message = json.loads(text)
                if message[0] == 2:
                    answer = self.answers.get(message[2], {})
                    await link.send(json.dumps([3, message[1], answer]))
        except ConnectionClosed:
            return


@asynccontextmanager
async def csms(**options: Any) -> AsyncIterator[Csms]:
    made = Csms()
    options.setdefault("subprotocols", ["ocpp1.6"])
    async with serve(made.serve, "127.0.0.1", 0, **options) as server:
        made.port = next(iter(server.sockets)).getsockname()[1]
        yield made


@asynccontextmanager
async def bedside(*arguments: str) -> AsyncIterator[Bedside]:
    made = Bedside(settings(*arguments))
    made.start()
    try:
        await until(lambda: made.address or made.failure)
        yield made
    finally:
        stopped = await asyncio.to_thread(made.stop, 10.0)
        assert stopped


@asynccontextmanager
async def charger(made: Bedside, cpid: str = "CP01", **options: Any) -> AsyncIterator[Metal]:
    options.setdefault("subprotocols", ["ocpp1.6"])
    async with connect(f"{made.address}/ocpp/{cpid}", **options) as link:
        yield Metal(link)


@asynccontextmanager
async def relayed(*arguments: str) -> AsyncIterator[tuple[Csms, Bedside, Metal]]:
    """A charger and its CSMS, with the relay between them."""
    async with (
        csms() as behind,
        bedside(f"--csms-url=ws://127.0.0.1:{behind.port}", *arguments) as made,
        charger(made) as metal,
    ):
        yield behind, made, metal


class Metal:
    """A charger's end of the line."""

    def __init__(self, link: ClientConnection) -> None:
        self.link = link
        self.count = 0

    async def call(self, action: str, **payload: Any) -> Any:
        """Ask, and the payload of the answer; commands that come meanwhile are an error."""
        self.count += 1
        await self.link.send(json.dumps([2, f"m{self.count}", action, payload]))
        answer = json.loads(await asyncio.wait_for(self.link.recv(), PATIENCE_S))
        assert answer[:2] == [3, f"m{self.count}"]
        return answer[2]

    async def asked(self) -> tuple[str, str, Any]:
        """The next command: id, action, payload."""
        kind, message_id, action, payload = json.loads(
            await asyncio.wait_for(self.link.recv(), PATIENCE_S)
        )
        assert kind == 2
        return message_id, action, payload

    async def answer(self, message_id: str, **payload: Any) -> None:
        await self.link.send(json.dumps([3, message_id, payload]))


def host_of(made: Bedside, cpid: str) -> ChargerHost:
    return next(one for one in made.hosts if one.charger.charge_point_id == cpid)


def ask(
    made: Bedside, name: str, *words: str, connector_id: int = 0, cpid: str = "CP01"
) -> asyncio.Future[Outcome]:
    command = MetalCommand(name, connector_id, words)
    return asyncio.wrap_future(host_of(made, cpid).ask(command))


async def is_open(made: Bedside, cpid: str = "CP01") -> None:
    def holds() -> bool:
        hosts = [one for one in made.hosts if one.charger.charge_point_id == cpid]
        return bool(hosts) and hosts[0].charger.snapshot.link.state is LinkState.CONNECTED

    await until(holds)


# -- seen ------------------------------------------------------------------------------------------


async def test_before_a_charger_comes_it_is_said_where_to_dial() -> None:
    async with bedside() as made:
        await until(
            lambda: "no charger has come yet" in made.hosts[0].charger.snapshot.link.trouble
        )
        assert made.address in made.hosts[0].charger.snapshot.link.trouble


async def test_our_own_csms_answers_where_there_is_no_other() -> None:
    async with bedside() as made, charger(made) as metal:
        answer = await metal.call(
            "BootNotification", chargePointVendor="Gresgying", chargePointModel="F3"
        )
        assert answer["status"] == "Accepted"
        await metal.call(
            "StatusNotification", connectorId=1, status="Available", errorCode="NoError"
        )
        host = host_of(made, "CP01")
        await until(lambda: host.charger.snapshot.connectors[0].state is ConnectorState.FREE)
        seen = host.charger.snapshot
        assert seen.link.registration is Registration.ACCEPTED
        assert (seen.vendor, seen.link.url) == ("Gresgying", "our own CSMS")


async def test_a_csms_gets_the_id_and_the_password_as_they_came() -> None:
    async with (
        csms() as behind,
        bedside(f"--csms-url=ws://127.0.0.1:{behind.port}/steve/x") as made,
    ):
        headers = {"Authorization": "Basic Q1AwMTpzZWNyZXQ="}
        async with charger(made, "CP%2001", additional_headers=headers) as metal:
            await metal.call("Heartbeat")
            request = behind.requests[0]
            assert request.path == "/steve/x/CP%2001"
            assert request.headers["Authorization"] == headers["Authorization"]
        said = [event.text for event in made.events.since(0)[1]]
        assert not [text for text in said if "Q1AwMTpzZWNyZXQ" in text]


async def test_no_password_is_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    behind_url = "ws://user:hush-hush@127.0.0.1:1/ocpp"
    made = Bedside(settings(f"--csms-url={behind_url}", f"--log-file={log}"))
    log_to_file(made.settings, made.tell)
    logging.getLogger("sim_core").setLevel(logging.DEBUG)
    made.start()
    try:
        await until(lambda: made.address)
        headers = {"Authorization": "Basic Q1AwMTpodXNoLWh1c2g="}
        with pytest.raises((ConnectionError, InvalidMessage)):
            await connect(f"{made.address}/CP01?token=hush-hush", additional_headers=headers)
        await until(lambda: "connection refused" in made.hosts[0].charger.snapshot.link.trouble)
    finally:
        assert await asyncio.to_thread(made.stop, 10.0)
    told = log.read_text() + "".join(event.text for event in made.events.since(0)[1])
    assert "CP01" in told
    assert "hush-hush" not in told
    assert "Q1AwMTpodXNoLWh1c2g" not in told


async def test_several_chargers_have_a_picture_each() -> None:
    async with bedside() as made, charger(made, "A") as one, charger(made, "B") as two:
        for metal, number in ((one, 1), (two, 2)):
            await metal.call(
                "StatusNotification", connectorId=number, status="Charging", errorCode="NoError"
            )
        await until(lambda: len(made.hosts) == 2)
        await until(lambda: len(host_of(made, "B").charger.snapshot.connectors) == 2)
        assert [one.charger.charge_point_id for one in made.hosts] == ["A", "B"]
        assert len(host_of(made, "A").charger.snapshot.connectors) == 1


async def test_a_charger_that_comes_back_is_the_same() -> None:
    async with bedside() as made:
        for _ in range(2):
            async with charger(made) as metal:
                await metal.call("Heartbeat")
            await until(
                lambda: host_of(made, "CP01").charger.snapshot.link.state is LinkState.WAITING
            )
        assert len(made.hosts) == 1
        assert host_of(made, "CP01").messages.count == 2


async def test_http_shows_each_charger(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with bedside(f"--http-port={port}") as made, charger(made, "A%2F1") as metal:
        await metal.call("Heartbeat")
        async with charger(made, "B") as other, httpx.AsyncClient() as client:
            await other.call("Heartbeat")
            await until(lambda: len(made.hosts) == 2)
            base = f"http://127.0.0.1:{port}"
            assert (await client.get(f"{base}/health")).json()["cpid"] == "A/1"
            listed = (await client.get(f"{base}/chargers")).json()["chargers"]
            assert [row["cpid"] for row in listed] == ["A/1", "B"]
            health = (await client.get(f"{base}{listed[1]['path']}/health")).json()
            assert (health["cpid"], health["queued"]) == ("B", None)
            first = (await client.get(f"{base}{listed[0]['path']}/health")).json()
            assert first["cpid"] == "A/1"
            rows = (await client.get(f"{base}/chargers/B/messages")).json()["exchanges"]
            assert [row["action"] for row in rows] == ["Heartbeat"]
            metrics = (await client.get(f"{base}/metrics")).text
            assert "chargeforge_link_up 1.0" in metrics
            assert "chargeforge_power_watts{" not in metrics
            assert (await client.get(f"{base}/chargers/C/health")).status_code == 404
            assert (await client.post(f"{base}/plug/1")).status_code in (404, 405)
            paths = (await client.get(f"{base}/openapi.json")).json()["paths"]
            assert "/health" in paths
            assert not [path for path in paths if path.startswith("/plug")]


async def test_a_version_that_nobody_here_reads_is_relayed_and_counted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with (
        csms(subprotocols=["ocpp9.9"]) as behind,
        bedside(f"--csms-url=ws://127.0.0.1:{behind.port}", f"--http-port={port}") as made,
        charger(made, subprotocols=["ocpp9.9"]) as metal,
        httpx.AsyncClient() as client,
    ):
        await metal.call("Anything")
        await until(lambda: made.hosts[0].messages.count == 1)
        answer = await client.get(f"http://127.0.0.1:{port}/metrics")
        assert answer.status_code == 200
        refused = await ask(made, "reset", "Soft")
        assert not refused.ok


# -- asked -----------------------------------------------------------------------------------------


async def test_a_command_goes_to_the_charger_and_its_answer_to_us_alone() -> None:
    async with relayed() as (behind, made, metal):
        await is_open(made)
        outcome = ask(made, "reset", "Soft")
        message_id, action, payload = await metal.asked()
        assert (action, payload) == ("Reset", {"type": "Soft"})
        assert len(message_id) <= 36
        await metal.answer(message_id, status="Accepted")
        assert await outcome == Accepted("Accepted")
        await metal.call("Heartbeat")
        assert [json.loads(text)[2] for text in behind.heard] == ["Heartbeat"]
        await until(lambda: host_of(made, "CP01").messages.count == 2)
        reset, _ = host_of(made, "CP01").messages.since(0)[1]
        assert (reset.action, reset.direction.value) == ("Reset", "received")
        assert reset.state.value == "answered"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"status": "Rejected"}, Refused("the charger answers Rejected to Reset")),
        ({"status": "Accepted"}, Accepted("Accepted")),
        ({}, Accepted("it is done")),
    ],
)
async def test_what_the_charger_answers_is_the_outcome(answer: Any, outcome: Outcome) -> None:
    async with bedside() as made, charger(made) as metal:
        await is_open(made)
        asked = ask(made, "reset", "Hard")
        message_id, _, _ = await metal.asked()
        await metal.answer(message_id, **answer)
        assert await asked == outcome


async def test_an_answer_that_comes_too_late_is_said_and_still_ours() -> None:
    async with (
        csms() as behind,
        bedside(f"--csms-url=ws://127.0.0.1:{behind.port}", "--call-timeout-sec=1") as made,
        charger(made) as metal,
    ):
        await is_open(made)
        asked = ask(made, "unlock_connector", connector_id=1)
        message_id, _, _ = await metal.asked()
        assert await asked == Refused(
            "the charger gives no answer within 1 s to UnlockConnector; it may still do it"
        )
        await metal.answer(message_id, status="Unlocked")
        await metal.call("Heartbeat")
        host = host_of(made, "CP01")

        def said() -> bool:
            texts = [event.text for event in host.events.since(0)[1]]
            return any("UnlockConnector late" in text for text in texts)

        await until(said)
        assert [json.loads(text)[0] for text in behind.heard] == [2]


async def test_a_charger_that_goes_instead_of_answering_is_said() -> None:
    async with bedside() as made:
        async with charger(made) as metal:
            await is_open(made)
            asked = ask(made, "reset", "Soft")
            await metal.asked()
        assert await asked == Refused("the connection ended before the charger had answered Reset")


async def test_a_command_of_ours_waits_for_the_one_of_the_csms_and_never_the_other_way() -> None:
    async with relayed() as (behind, made, metal):
        await is_open(made)
        await behind.links[0].send('[2,"theirs","ClearCache",{}]')
        theirs, _, _ = await metal.asked()
        await until(lambda: host_of(made, "CP01").messages.count == 1)
        outcome = ask(made, "trigger", "Heartbeat", connector_id=1)
        await behind.links[0].send('[2,"more","ClearCache",{}]')
        assert (await metal.asked())[0] == "more"
        await metal.answer("more", status="Accepted")
        await metal.answer(theirs, status="Accepted")
        ours, action, _ = await metal.asked()
        assert action == "TriggerMessage"
        await metal.answer(ours, status="Accepted")
        assert (await outcome).ok
        await until(lambda: len(behind.heard) == 2)


async def test_remote_stop_names_the_transaction_that_runs() -> None:
    async with csms() as behind, bedside(f"--csms-url=ws://127.0.0.1:{behind.port}") as made:
        behind.answers["StartTransaction"] = {"transactionId": 77, "idTagInfo": {}}
        async with charger(made) as metal:
            await is_open(made)
            refused = await ask(made, "remote_stop", connector_id=1)
            assert refused == Refused("connector 1 has no transaction")
            await metal.call("StartTransaction", connectorId=1, idTag="T", meterStart=0)
            host = host_of(made, "CP01")
            await until(lambda: not host.charger.snapshot.connectors[0].refusals)
            outcome = ask(made, "remote_stop", connector_id=1)
            message_id, action, payload = await metal.asked()
            assert (action, payload) == ("RemoteStopTransaction", {"transactionId": 77})
            await metal.answer(message_id, status="Accepted")
            assert (await outcome).ok


CENTRAL = {"idToken": "CARD", "type": "Central"}
EVSE_2 = {"evse": {"id": 2}}
INTERVAL = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
OF_INTERVAL = {"attributeStatus": "Accepted", **INTERVAL}


SAID_IN_201: tuple[tuple[str, tuple[str, ...], tuple[str, Any], Any, Outcome], ...] = (
        ("unlock_connector", (), ("UnlockConnector", {"evseId": 2, "connectorId": 1}),
         {"status": "Unlocked"}, Accepted("Unlocked")),
        ("reset", ("OnIdle",), ("Reset", {"type": "OnIdle"}),
         {"status": "Scheduled"}, Accepted("Scheduled")),
        ("trigger", ("MeterValues",),
         ("TriggerMessage", {"requestedMessage": "MeterValues", **EVSE_2}),
         {"status": "NotImplemented"},
         Refused("the charger answers NotImplemented to TriggerMessage")),
        ("get_configuration", ("OCPPCommCtrlr.HeartbeatInterval",),
         ("GetVariables", {"getVariableData": [INTERVAL]}),
         {"getVariableResult": [{"attributeValue": "60", **OF_INTERVAL}]}, Accepted("Accepted 60")),
        ("change_configuration", ("OCPPCommCtrlr.HeartbeatInterval", "30"),
         ("SetVariables", {"setVariableData": [{"attributeValue": "30", **INTERVAL}]}),
         {"setVariableResult": [{**OF_INTERVAL, "attributeStatus": "Rejected"}]},
         Refused("the charger answers Rejected to SetVariables")),
        ("availability", ("Inoperative",),
         ("ChangeAvailability", {"operationalStatus": "Inoperative", **EVSE_2}),
         {"status": "Accepted"}, Accepted("Accepted")),
)  # fmt: skip


async def test_a_charger_of_2_0_1_is_asked_in_its_words() -> None:
    async with bedside() as made, charger(made, subprotocols=["ocpp2.0.1"]) as metal:
        await is_open(made)
        status = {"timestamp": "2026-01-01T12:00:00Z", "connectorStatus": "Available"}
        await metal.call("StatusNotification", evseId=2, connectorId=1, **status)
        await until(lambda: host_of(made, "CP01").charger.snapshot.connectors)
        for name, words, asked, answer, outcome in SAID_IN_201:
            came = ask(made, name, *words, connector_id=2)
            message_id, action, payload = await metal.asked()
            assert (action, payload) == asked
            assert dialect_of("ocpp2.0.1").schemas.request_fault(action, payload) is None
            await metal.answer(message_id, **answer)
            assert await came == outcome


async def test_a_session_of_2_0_1_is_begun_and_ended_from_beside() -> None:
    async with bedside() as made, charger(made, subprotocols=["ocpp2.0.1"]) as metal:
        await is_open(made)
        told = {
            "eventType": "Started",
            "timestamp": "2026-01-01T12:00:00Z",
            "triggerReason": "CablePluggedIn",
            "seqNo": 0,
            "transactionInfo": {"transactionId": "tx-1"},
            "evse": {"id": 1, "connectorId": 1},
        }
        await metal.call("TransactionEvent", **told)
        await until(lambda: host_of(made, "CP01").charger.snapshot.connectors)
        for name, words, wanted in (
            ("remote_start", ("CARD",), {"evseId": 1, "idToken": CENTRAL}),
            ("remote_stop", (), {"transactionId": "tx-1"}),
        ):
            came = ask(made, name, *words, connector_id=1)
            message_id, _, payload = await metal.asked()
            payload.pop("remoteStartId", None)
            assert payload == wanted
            await metal.answer(message_id, status="Accepted")
            assert (await came).ok
        for name, words, why in (
            ("remote_start", ("x" * 37,), "an idToken has 1 to 36 characters"),
            ("get_configuration", ("",), "a variable is written Component.Variable, as in"),
            ("change_configuration", ("A.B,C.D", "1"), "one variable is set at a time"),
        ):
            refused = await ask(made, name, *words, connector_id=1)
            assert isinstance(refused, Refused)
            assert refused.reason.startswith(why)


async def test_look_only_asks_nothing() -> None:
    async with bedside("--look-only") as made, charger(made) as metal:
        await is_open(made)
        outcome = await ask(made, "reset", "Soft")
        assert outcome == Refused("--look-only: nothing is asked of the charger; start without it")
        await metal.call("Heartbeat")


@pytest.mark.parametrize(
    ("name", "words", "why"),
    [
        ("reset", ("Gentle",), "kind of reset: allowed is Soft, Hard"),
        ("remote_start", ("x" * 21,), "an idTag has 1 to 20 characters"),
        ("remote_start", ("",), "an idTag has 1 to 20 characters"),
        ("remote_start", (), "remote start wants card (idTag)"),
        ("change_configuration", ("a\x1bb", "1"), "the key has characters that do not print"),
    ],
)
async def test_words_that_cannot_be_sent_are_refused(
    name: str, words: tuple[str, ...], why: str
) -> None:
    async with bedside() as made, charger(made):
        await is_open(made)
        assert await ask(made, name, *words, connector_id=1) == Refused(why)


# -- bad input -------------------------------------------------------------------------------------


async def test_a_csms_that_refuses_refuses_the_charger() -> None:
    def refuse(link: ServerConnection, request: Any) -> Any:
        return link.respond(401, "who are you")

    async with (
        csms(process_request=refuse) as behind,
        bedside(f"--csms-url=ws://127.0.0.1:{behind.port}") as made,
    ):
        with pytest.raises(InvalidStatus) as raised:
            async with charger(made):
                pass
        assert raised.value.response.status_code == 401
        await until(lambda: len(made.hosts) == 1 and made.hosts[0].charger.charge_point_id)
        link = made.hosts[0].charger
        await until(lambda: "HTTP 401" in link.snapshot.link.trouble)
        assert link.snapshot.link.trouble == "the CSMS refuses it: HTTP 401 Unauthorized"


@pytest.mark.parametrize(
    ("greeting", "scheme"), [(connect_proxy("me:hush"), "http"), (socks5_proxy, "socks5")]
)
async def test_a_proxy_is_the_way_to_the_csms(greeting: Any, scheme: str) -> None:
    password = "me:hush@" if scheme == "http" else ""
    async with csms() as behind, Network(greeting=greeting) as network:
        proxy = f"--proxy={scheme}://{password}127.0.0.1:{network.port}"
        async with (
            bedside(f"--csms-url=ws://127.0.0.1:{behind.port}", proxy) as made,
            charger(made) as metal,
        ):
            assert (await metal.call("BootNotification"))["status"] == "Accepted"
            assert network.visitors == 1


async def test_a_proxy_that_refuses_is_explained_without_its_password() -> None:
    async with Network(greeting=connect_proxy("me:other")) as network:
        proxy = f"--proxy=http://me:hush@127.0.0.1:{network.port}"
        async with bedside("--csms-url=ws://127.0.0.1:9/ocpp", proxy) as made:
            with pytest.raises((ConnectionError, InvalidMessage)):
                async with charger(made):
                    pass
            await until(lambda: made.hosts[0].charger.charge_point_id == "CP01")
            host = made.hosts[0].charger
            await until(lambda: "proxy does not let us through" in host.snapshot.link.trouble)
            assert "hush" not in host.snapshot.link.trouble


async def test_a_csms_that_is_away_is_explained() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with bedside(f"--csms-url=ws://127.0.0.1:{port}/ocpp") as made:
        with pytest.raises((ConnectionError, InvalidMessage)):
            async with charger(made):
                pass
        await until(lambda: made.hosts[0].charger.charge_point_id == "CP01")
        host = made.hosts[0].charger
        await until(lambda: "connection refused" in host.snapshot.link.trouble)


async def test_a_port_in_use_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        made = Bedside(settings(f"--listen=127.0.0.1:{port}"))
        made.start()
        await until(lambda: made.failure)
        assert made.failure == (
            f"No charger can be let in at 127.0.0.1:{port}: another program uses that port: end "
            "it, or choose another port (--listen)."
        )
        assert made.exit_code == 2
        assert await asyncio.to_thread(made.stop, 5.0)


async def test_a_relay_to_itself_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = Bedside(settings(f"--listen={port}", f"--csms-url=ws://127.0.0.1:{port}"))
    made.start()
    await until(lambda: made.failure)
    assert "is the address that we listen on ourselves" in made.failure


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("9000", ("127.0.0.1", 9000)),
        ("0.0.0.0:9000", ("0.0.0.0", 9000)),
        ("localhost:1", ("localhost", 1)),
        ("[::1]:9000", ("::1", 9000)),
    ],
)
def test_where_it_listens(given: str, place: tuple[str, int]) -> None:
    assert place_to_listen(given) == place


@pytest.mark.parametrize(
    "given", [":9000", "*:9000", "cp.example:9000", "1.2.3.4", "1.2.3.4:x", ""]
)
def test_it_never_listens_beyond_loopback_unless_told_so(given: str) -> None:
    with pytest.raises(ListenError):
        place_to_listen(given)
    if given:
        with pytest.raises(ConfigError, match="BEDSIDE_LISTEN"):
            settings(f"--listen={given}")


def test_alone_it_listens_on_loopback() -> None:
    assert place_to_listen(BedsideSettings().bedside_listen) == ("127.0.0.1", 9000)


async def test_tls_on_both_sides(tmp_path: Path) -> None:
    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1")
    cert, key, ca = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    own.cert_chain_pems[0].write_to_path(cert)
    own.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.configure_cert(server)
    client = ssl.create_default_context(cafile=str(ca))
    async with (
        csms(ssl=server) as behind,
        bedside(
            f"--csms-url=wss://127.0.0.1:{behind.port}/ocpp",
            f"--ca-cert={ca}",
            f"--listen-cert={cert}",
            f"--listen-key={key}",
        ) as made,
        charger(made, ssl=client) as metal,
    ):
        assert made.address.startswith("wss://")
        assert (await metal.call("BootNotification"))["status"] == "Accepted"
        with pytest.raises(ssl.SSLError):
            await connect(f"{made.address}/CP02", ssl=ssl.create_default_context())

        def said() -> bool:
            texts = [event.text for event in made.events.since(0)[1]]
            return any("no TLS handshake" in text for text in texts)

        await until(said)
        await metal.call("Heartbeat")


def test_a_certificate_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    cert.write_text("no certificate")
    made = Bedside(settings(f"--listen-cert={cert}"))
    made.start()
    assert made.wait(10)
    assert made.failure.startswith("BEDSIDE_CERT, BEDSIDE_KEY (--listen-cert, --listen-key): ")
