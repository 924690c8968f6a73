"""The HTTP API over real sockets, in the words and numbers that its users rely on."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from sim_core.csms import ApiServer, Csms, events
from sim_core.csms.api import DEFAULT_API_KEY, ROUTES, create_app
from sim_core.csms.ledger import parse_time
from tests.patience import PROMPT_S

KEY = {"X-API-Key": DEFAULT_API_KEY}
CP = "Gresgying02"


@pytest.fixture
async def http(csms: Csms):
    server = ApiServer(csms)
    await server.start("127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=base, headers=KEY, trust_env=False) as client:
        yield client
    await server.stop()


@pytest.fixture
async def charger(dial):
    """A charge point that does what RemoteStart and RemoteStop ask, on plugged connectors."""
    charge_point = await dial(CP)
    meters = {1: 1000, 2: 2000}
    running: dict[int, int] = {}

    async def begin(payload):
        connector = payload["connectorId"]
        started = await charge_point.start(
            connector, payload["idTag"], meters[connector], "2026-11-22T10:00:00Z"
        )
        running[started["transactionId"]] = connector
        await charge_point.status(connector, "Charging")

    async def end(payload):
        connector = running.pop(payload["transactionId"])
        meters[connector] += 250
        await charge_point.stop(
            payload["transactionId"], meters[connector], "2026-11-22T10:01:30Z", reason="Remote"
        )
        await charge_point.status(connector, "Finishing")

    charge_point.reacts = {"RemoteStartTransaction": begin, "RemoteStopTransaction": end}
    charge_point.replies["UnlockConnector"] = {"status": "Unlocked"}
    await charge_point.boot()
    for connector_id in (1, 2, 0):
        await charge_point.status(connector_id, "Available")
    return charge_point


async def active(http):
    return (await http.get("/api/v1/active")).json()["sessions"]


async def start(csms, http, connector_id, **extra):
    mark = csms.event_count
    answer = await http.post(
        "/api/v1/start", json={"cpid": CP, "connectorId": connector_id, **extra}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"ok": True, "message": "RemoteStartTransaction sent"}
    await csms.wait_for(events.StatusReported, lambda e: e.status == "Charging", since=mark)
    return await csms.wait_for(events.TransactionStarted, since=mark)


async def test_health_needs_no_key(http):
    answer = await http.get("/api/v1/health", headers={"X-API-Key": ""})
    body = answer.json()
    assert body["ok"] is True
    assert body["time"].endswith("Z")
    assert parse_time(body["time"])


@pytest.mark.parametrize(("verb", "path"), [(verb, path) for verb, path, _ in ROUTES[1:]])
@pytest.mark.parametrize("key", ["", "wrong", "ÿ\u00fe"])
async def test_everything_else_does(http, verb, path, key):
    answer = await http.request(verb, path, headers={"X-API-Key": key.encode("latin-1")}, json={})
    assert (answer.status_code, answer.json()) == (401, {"detail": "invalid api key"})


def test_an_empty_key_is_no_key():
    with pytest.raises(ValueError, match="must not be empty"):
        create_app(Csms(), "")


async def test_start_active_stop_by_transaction(csms, http, charger):
    assert await active(http) == []
    await start(csms, http, 1, id_tag="VID:01")
    assert await active(http) == [
        {"cpid": CP, "connectorId": 1, "idTag": "VID:01", "transactionId": 1}
    ]
    answer = await http.post("/api/v1/stop", json={"cpid": CP, "transactionId": 1})
    assert answer.status_code == 200
    assert answer.json() == {
        "ok": True,
        "transactionId": 1,
        "message": "RemoteStopTransaction sent",
    }
    await csms.wait_for(events.TransactionStopped)
    assert await active(http) == []


async def test_two_connectors_start_and_stop_independently(csms, http, charger):
    one = await start(csms, http, 1, idTag="A")
    two = await start(csms, http, 2, idTag="B")
    assert [row["transactionId"] for row in await active(http)] == [1, 2]
    for connector, url in ((one, "/api/v1/stop"), (two, "/charge/stop")):
        mark = csms.event_count
        answer = await http.post(url, json={"cpid": CP, "connectorId": connector.connector_id})
        assert answer.json()["transactionId"] == connector.transaction_id
        stopped = await csms.wait_for(events.TransactionStopped, since=mark)
        assert stopped.transaction_id == connector.transaction_id
        rest = [row["transactionId"] for row in await active(http)]
        assert connector.transaction_id not in rest
    assert await active(http) == []


async def test_an_omitted_id_tag_and_the_fields_of_other_clients(csms, http, charger):
    started = await start(csms, http, 1, hash="ab" * 32, timestamp="2026-11-22T10:00:00Z", vid="-")
    assert started.id_tag == "DEMO_IDTAG"
    body = {"cpid": CP, "connector_id": 1}
    assert (await http.post("/api/v1/stop", json=body)).status_code == 200
    await csms.wait_for(events.TransactionStopped)
    answer = await http.post("/api/v1/release", json=body)
    assert answer.json() == {"ok": True, "message": "UnlockConnector sent"}


async def test_history_has_the_energy(csms, http, charger):
    assert (await http.get("/api/v1/history")).json() == {"sessions": []}
    await start(csms, http, 2, idTag="VID:02")
    await http.post("/api/v1/stop", json={"cpid": CP, "connectorId": 2})
    await csms.wait_for(events.TransactionStopped)
    (session,) = (await http.get("/api/v1/history")).json()["sessions"]
    assert session == {
        "cpid": CP,
        "connectorId": 2,
        "idTag": "VID:02",
        "transactionId": 1,
        "meterStart": 2000,
        "meterStop": 2250,
        "energy": 250,
        "startTime": "2026-11-22T10:00:00.000Z",
        "stopTime": "2026-11-22T10:01:30.000Z",
        "durationSecs": 90.0,
    }


async def test_status_has_connector_0(http, charger):
    assert (await http.get("/api/v1/status")).json() == {
        "connectors": [
            {"cpid": CP, "connectorId": number, "status": "Available"} for number in (0, 1, 2)
        ]
    }


async def test_an_event_of_four_visits(csms, http, charger):
    """Start both, look, stop by transaction, history, stop by connector, release, health."""
    for first, second in (("VID:A", "VID:B"), ("VID:C", "VID:D")):
        begun = [await start(csms, http, 1, idTag=first), await start(csms, http, 2, idTag=second)]
        assert {row["idTag"] for row in await active(http)} == {first, second}
        mark = csms.event_count
        body = {"cpid": CP, "transactionId": begun[0].transaction_id}
        assert (await http.post("/api/v1/stop", json=body)).status_code == 200
        await csms.wait_for(events.TransactionStopped, since=mark)
        mark = csms.event_count
        body = {"cpid": CP, "connectorId": 2}
        assert (await http.post("/charge/stop", json=body)).status_code == 200
        await csms.wait_for(events.TransactionStopped, since=mark)
        for connector_id in (1, 2):
            body = {"cpid": CP, "connectorId": connector_id}
            assert (await http.post("/api/v1/release", json=body)).status_code == 200
    rows = (await http.get("/api/v1/history")).json()["sessions"]
    assert [row["idTag"] for row in rows] == ["VID:A", "VID:B", "VID:C", "VID:D"]
    assert all(row["energy"] > 0 for row in rows)


async def test_a_session_that_the_car_started_is_seen_and_stopped(csms, http, charger):
    charger.replies["RemoteStartTransaction"] = {"status": "Rejected"}
    charger.reacts.pop("RemoteStartTransaction")
    await charger.start(1, "VID:000000000001", 11190)
    body = {"cpid": CP, "connectorId": 1}
    answer = await http.post("/api/v1/start", json=body)
    assert answer.status_code == 409
    assert answer.json() == {"detail": "RemoteStart rejected: Rejected"}
    (session,) = await active(http)
    assert session["idTag"] == "VID:000000000001"
    charger.reacts.pop("RemoteStopTransaction")
    assert (await http.post("/api/v1/stop", json=body)).status_code == 200


async def test_a_session_survives_the_loss_of_the_link(csms, http, dial, charger):
    await start(csms, http, 1)
    await charger.close()
    await csms.wait_for(events.Disconnected)
    assert len(await active(http)) == 1
    body = {"cpid": CP, "connectorId": 1}
    assert (await http.post("/api/v1/stop", json=body)).status_code == 404
    await dial(CP)
    assert (await http.post("/api/v1/stop", json=body)).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "detail"),
    [
        ("/api/v1/start", {"cpid": "X", "connectorId": 1}, 404, "ChargePoint 'X' not connected"),
        ("/api/v1/stop", {"cpid": "X", "connectorId": 1}, 404, "ChargePoint 'X' not connected"),
        ("/api/v1/reset", {"cpid": "X"}, 404, "ChargePoint 'X' not connected"),
        ("/api/v1/stop", {"cpid": CP, "transactionId": 9}, 404, "No matching active transaction"),
        ("/api/v1/stop", {"cpid": CP, "connectorId": 9}, 404, "No matching active transaction"),
        (
            "/charge/stop",
            {"cpid": CP, "connectorId": 1},
            404,
            "No active transaction for this connector",
        ),
    ],
)
async def test_what_is_not_there(http, charger, path, body, status, detail):
    answer = await http.post(path, json=body)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


async def test_release_is_refused_during_a_session(csms, http, charger):
    await start(csms, http, 1)
    answer = await http.post("/api/v1/release", json={"cpid": CP, "connectorId": 1})
    assert answer.status_code == 400
    assert answer.json() == {"detail": "Connector has active transaction"}


async def test_reset_availability_and_config(http, charger):
    for path, body in (
        ("reset", {"type": "Soft"}),
        ("reset", {"type": "Hard"}),
        ("availability", {"connectorId": 1, "available": False}),
        ("availability", {"connectorId": 0, "available": True}),
        ("config", {"key": "HeartbeatInterval", "value": "60"}),
    ):
        answer = await http.post(f"/api/v1/{path}", json={"cpid": CP, **body})
        assert answer.json() == {"ok": True, "status": "Accepted"}
    assert charger.commands[-5:] == [
        ("Reset", {"type": "Soft"}),
        ("Reset", {"type": "Hard"}),
        ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}),
        ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}),
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
    ]
    charger.replies["Reset"] = {"status": "Rejected"}
    answer = await http.post("/api/v1/reset", json={"cpid": CP})
    assert (answer.status_code, answer.json()) == (409, {"detail": "Reset rejected: Rejected"})
    charger.replies["ChangeAvailability"] = {"status": "Scheduled"}
    answer = await http.post(
        "/api/v1/availability", json={"cpid": CP, "connectorId": 1, "available": False}
    )
    assert answer.json() == {"ok": True, "status": "Scheduled"}


async def test_any_request_of_ocpp(http, charger):
    payload = {
        "connectorId": 1,
        "expiryDate": "2030-01-01T00:00:00Z",
        "idTag": "TAG",
        "reservationId": 7,
    }
    charger.replies["ReserveNow"] = {"status": "Occupied"}
    body = {"cpid": CP, "action": "ReserveNow", "payload": payload}
    answer = await http.post("/api/v1/call", json=body)
    assert answer.json() == {"ok": True, "answer": {"status": "Occupied"}}
    assert charger.commands[-1] == ("ReserveNow", payload)
    charger.replies["GetLocalListVersion"] = {"listVersion": 3}
    answer = await http.post("/api/v1/call", json={"cpid": CP, "action": "GetLocalListVersion"})
    assert answer.json() == {"ok": True, "answer": {"listVersion": 3}}
    charger.replies["GetLocalListVersion"] = ["NotSupported", "no list", {}]
    answer = await http.post("/api/v1/call", json={"cpid": CP, "action": "GetLocalListVersion"})
    assert answer.status_code == 502
    assert "NotSupported no list" in answer.json()["detail"]


async def test_a_charge_point_that_answers_badly(csms, http, charger):
    body = {"cpid": CP, "connectorId": 1}
    charger.reacts.clear()
    charger.replies["RemoteStartTransaction"] = ["InternalError", "\x1b[2J\ud800", {}]
    answer = await http.post("/api/v1/start", json=body)
    assert answer.status_code == 502
    assert "InternalError" in answer.json()["detail"]
    assert answer.content.isascii()
    charger.replies["RemoteStartTransaction"] = {"status": ["Accepted"]}
    answer = await http.post("/api/v1/start", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "RemoteStart rejected: no status",
    )
    csms.rules.call_timeout_s = 0.05
    charger.replies["RemoteStartTransaction"] = None
    answer = await http.post("/api/v1/start", json=body)
    assert answer.status_code == 504
    csms.rules.call_timeout_s = 5

    async def hang_up(_payload):
        await charger.socket.close()

    charger.reacts["RemoteStartTransaction"] = hang_up
    answer = await http.post("/api/v1/start", json=body)
    assert answer.status_code == 404
    assert "disconnected before it answered" in answer.json()["detail"]


OK = {"cpid": CP, "connectorId": 1}
BAD_BODIES = [
    ("start", b"", "not JSON"),
    ("start", b"{", "not JSON"),
    ("start", b"\xff\xfe{", "not JSON"),
    ("start", b"[" * 30_000, "not JSON"),
    ("start", b'{"connectorId":' + b"9" * 5000 + b"}", "not JSON"),
    ("start", b"[]", "must be a JSON object"),
    ("start", b"null", "must be a JSON object"),
    ("start", {}, "connectorId must be"),
    ("start", {"cpid": CP}, "connectorId must be"),
    ("start", {"connectorId": 1}, "cpid must be"),
    ("start", {**OK, "cpid": 5}, "cpid must be"),
    ("start", {**OK, "cpid": ""}, "cpid must be"),
    ("start", {**OK, "connectorId": "1"}, "connectorId must be"),
    ("start", {**OK, "connectorId": True}, "connectorId must be"),
    ("start", {**OK, "connectorId": 1.0}, "connectorId must be"),
    ("start", {**OK, "connectorId": 0}, "connectorId must be"),
    ("start", {**OK, "connectorId": 2**31}, "connectorId must be"),
    ("start", {**OK, "idTag": 5}, "idTag must be"),
    ("start", {**OK, "id_tag": "x" * 21}, "idTag must be"),
    ("stop", {"cpid": CP}, "transactionId or connectorId"),
    ("stop", {"cpid": CP, "transactionId": "1"}, "transactionId must be"),
    ("release", {"cpid": CP}, "connectorId must be"),
    ("reset", {"cpid": CP, "type": "Warm"}, "type must be"),
    ("reset", {"cpid": CP, "type": 1}, "type must be"),
    ("availability", OK, "available must be"),
    ("availability", {**OK, "available": 1}, "available must be"),
    ("config", {"cpid": CP, "key": "a"}, "value must be"),
    ("config", {"cpid": CP, "key": 1, "value": "a"}, "key must be"),
    ("call", {"cpid": CP}, "action must be"),
    ("call", {"cpid": CP, "action": "../Reset"}, "action must be the name"),
    ("call", {"cpid": CP, "action": "Reset", "payload": []}, "payload must be"),
    ("call", {"cpid": CP, "action": "Reset", "payload": {}}, "Reset was not sent"),
    ("call", {"cpid": CP, "action": "NoSuchThing"}, "is no OCPP 1.6 action"),
]


@pytest.mark.parametrize(("path", "body", "sentence"), BAD_BODIES)
async def test_a_bad_body_is_422_with_a_sentence(http, charger, path, body, sentence):
    content = body if isinstance(body, bytes) else json.dumps(body)
    answer = await http.post(f"/api/v1/{path}", content=content)
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]
    assert charger.commands == []


async def test_a_large_body_is_413(http):
    answer = await http.post("/api/v1/start", content=b" " * 70_000)
    assert answer.status_code == 413
    assert "65536" in answer.json()["detail"]


async def test_unknown_paths_and_verbs_are_json_too(http):
    answer = await http.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    answer = await http.get("/api/v1/start")
    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})
    assert answer.headers["allow"]


async def test_wire_text_is_answered_as_ascii_json(csms, http, dial):
    charge_point = await dial("evil\x1b[2J\n")
    await charge_point.start(1, "\x1b]0;x\x07\ud800")
    answer = await http.get("/api/v1/active")
    assert answer.content.isascii()
    assert b"\x1b" not in answer.content
    assert answer.json()["sessions"][0]["cpid"] == "evil\x1b[2J\n"
    answer = await http.post("/api/v1/start", content=b'{"cpid":"\\ud800\\u001b","connectorId":1}')
    assert answer.status_code == 404


async def test_a_port_in_use_is_an_exception_not_an_exit(csms):
    first, second = ApiServer(csms), ApiServer(csms)
    await first.start(port=0)
    with pytest.raises(OSError, match="in use"):
        await second.start(port=first.port)
    await second.stop()
    await asyncio.wait_for(first.stop(), PROMPT_S)
