"""OCPP 2.0.1 at the CSMS: a charging station's day, the same orders as in 1.6, what is refused."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone

import httpx
import pytest

from sim_core.csms import (
    ApiServer,
    CallRefusedError,
    InvalidCallError,
    NotConnectedError,
    events,
    events201,
    variable_names,
)
from sim_core.csms.api import DEFAULT_API_KEY
from tests.csms.conftest import STAMP, CallError

CP = "Station01"
EXPIRY = datetime(2130, 1, 1, tzinfo=timezone.utc)
KEY = {"X-API-Key": DEFAULT_API_KEY}
TX = "b0e4c6f2-0d1a-4c1e-9f3e-000000000001"


@pytest.fixture
async def station(dial):
    return await dial(CP, version="2.0.1")


@pytest.fixture
async def http(csms):
    server = ApiServer(csms)
    await server.start("127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=base, headers=KEY, trust_env=False) as client:
        yield client
    await server.stop()


def event(kind, seq_no, trigger, *, wh=None, context="Sample.Periodic", tx=TX, **more):
    payload = {
        "eventType": kind,
        "timestamp": STAMP,
        "triggerReason": trigger,
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": tx, **more.pop("info", {})},
        **more,
    }
    if wh is not None:
        sample = {"value": wh, "context": context, "unitOfMeasure": {"unit": "Wh"}}
        payload["meterValue"] = [{"timestamp": STAMP, "sampledValue": [sample]}]
    return payload


def token(text):
    return {"idToken": {"idToken": text, "type": "ISO14443"}}


EVSE = {"evse": {"id": 1, "connectorId": 1}}


async def test_a_whole_session(csms, station):
    boot = {
        "reason": "PowerUp",
        "chargingStation": {"vendorName": "ChargeForge", "model": "generic"},
    }
    answer = await station.call("BootNotification", boot)
    assert (answer["status"], answer["interval"]) == ("Accepted", 300)
    for evse in (1, 2):
        status = {"timestamp": STAMP, "evseId": evse, "connectorId": 1}
        await station.call("StatusNotification", {**status, "connectorStatus": "Available"})
    assert [row.place for row in csms.ledger.connectors] == [(1, 1), (2, 1)]
    assert csms.ledger.status(CP, 2) == "Available"
    assert await station.call("Heartbeat")

    csms.ledger.id_tags.set("CARD", parent_id_tag="FLEET", expiry_date=EXPIRY)
    csms.ledger.id_tags.set("THIEF", "Blocked")
    known = await station.call("Authorize", token("card"))
    assert known["idTokenInfo"]["status"] == "Accepted"
    assert known["idTokenInfo"]["groupIdToken"] == {"idToken": "FLEET", "type": "Central"}
    refused = await station.call("Authorize", token("THIEF"))
    assert refused == {"idTokenInfo": {"status": "Blocked"}}

    begin = event("Started", 0, "Authorized", wh=11190, context="Transaction.Begin")
    assert "idTokenInfo" in await station.call("TransactionEvent", begin | token("CARD"))
    # The place comes when the cable does (E03), the energy as it is measured.
    plugged = event("Updated", 1, "CablePluggedIn", info={"chargingState": "Charging"}, **EVSE)
    assert await station.call("TransactionEvent", plugged) == {}
    (session,) = csms.ledger.active
    assert (session.connector_id, session.id_tag, session.meter_start) == (1, "CARD", 11190)
    assert session.charging_state == "Charging"
    assert csms.ledger.session(CP, connector_id=1) == session

    await station.call("TransactionEvent", event("Updated", 2, "MeterValuePeriodic", wh=12000))
    end = event(
        "Ended", 3, "StopAuthorized", wh=12553, context="Transaction.End",
        info={"stoppedReason": "Remote"},
    )  # fmt: skip
    for _ in range(2):  # what is sent again is answered, and counts once
        await station.call("TransactionEvent", end)
    assert csms.ledger.active == ()
    (session,) = csms.ledger.history
    assert (session.energy_wh, session.stop_reason, session.missing) == (1363, "Remote", ())

    told = [event.text for event in csms.events]
    assert f"{CP} connected in OCPP 2.0.1" in told
    assert f"{CP} booted (PowerUp): ChargeForge generic; registration Accepted" in told
    assert f"{CP} EVSE 1 is Available" in told
    assert (
        f"{CP} EVSE 1 ended transaction {TX}, no. 3: StopAuthorized, Remote, 1363 Wh charged, "
        "12553 Wh" in told
    )
    assert f"{CP} EVSE 1 repeated: ended transaction {TX}" in " ".join(told)


async def test_limits_of_others_are_heard(csms, station):
    limit = {"chargingLimitSource": "SO", "isGridCritical": True}
    periods = [{"startPeriod": 0, "limit": 20000.0}, {"startPeriod": 60, "limit": 4000.5}]
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": periods}
    notices = [
        ("NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "EMS"}}),
        (
            "NotifyChargingLimit",
            {"evseId": 2, "chargingLimit": limit, "chargingSchedule": [schedule]},
        ),
        ("ClearedChargingLimit", {"chargingLimitSource": "EMS"}),
        ("ClearedChargingLimit", {"chargingLimitSource": "SO", "evseId": 2}),
    ]
    for action, payload in notices:
        assert await station.call(action, payload) == {}
    assert [event.text for event in csms.events][-4:] == [
        f"{CP} is limited by EMS",
        f"{CP} EVSE 2 is limited by SO to 20000 W, 4000.5 W, critical for the grid",
        f"{CP} is no longer limited by EMS",
        f"{CP} EVSE 2 is no longer limited by SO",
    ]


async def test_numbers_tell_what_was_lost_and_what_came_late(csms, station):
    def updated(seq_no, wh):
        charging = {"chargingState": "Charging"}
        return event("Updated", seq_no, "MeterValuePeriodic", wh=wh, info=charging, **EVSE)

    await station.call("TransactionEvent", updated(4, 500))  # the CSMS is new, the transaction not
    await station.call("TransactionEvent", updated(7, 800))
    gap = await csms.wait_for(events201.EventsMissing)
    assert gap.numbers == (5, 6)
    await station.call("TransactionEvent", updated(5, 600))
    (session,) = csms.ledger.active
    assert (session.missing, session.seq_no) == ((6,), 7)
    assert session.samples[0].value == "800"
    first = next(e for e in csms.events if isinstance(e, events201.TransactionTold))
    assert first.adopted
    # Another one on the same EVSE: the first was lost on the way.
    await station.call("TransactionEvent", event("Started", 0, "Authorized", tx="TX-2", **EVSE))
    assert [row.transaction_id for row in csms.ledger.active] == ["TX-2"]
    assert csms.ledger.history[0].stop_reason == "superseded"


async def test_the_same_orders_as_in_1_6_by_the_words_of_2_0_1(csms, station, http):
    async def order(path, status=200, **body):
        answer = await http.post(f"/api/v1/{path}", json={"cpid": CP, **body})
        assert answer.status_code == status, answer.text
        return answer.json()

    async def last():
        await asyncio.sleep(0)
        return station.commands[-1]

    station.replies["UnlockConnector"] = {"status": "Unlocked"}
    station.replies["SetVariables"] = {
        "setVariableResult": [
            {
                "attributeStatus": "RebootRequired",
                "component": {"name": "OCPPCommCtrlr"},
                "variable": {"name": "HeartbeatInterval"},
            }
        ]
    }
    said = await order("start", connectorId=2, idTag="A-TOKEN-OF-MORE-THAN-20-CHARACTERS")
    assert said == {"ok": True, "message": "RequestStartTransaction sent"}
    action, payload = await last()
    assert payload.pop("remoteStartId") > 0
    assert (action, payload) == (
        "RequestStartTransaction",
        {
            "evseId": 2,
            "idToken": {"idToken": "A-TOKEN-OF-MORE-THAN-20-CHARACTERS", "type": "Central"},
        },
    )

    await station.call("TransactionEvent", event("Started", 0, "RemoteStart", **EVSE))
    running = (await http.get("/api/v1/active")).json()["sessions"]
    assert running == [{"cpid": CP, "connectorId": 1, "idTag": "", "transactionId": TX}]
    for by in ({"transactionId": TX}, {"connectorId": 1}, {"evseId": 1}):
        assert (await order("stop", **by))["transactionId"] == TX
        assert await last() == ("RequestStopTransaction", {"transactionId": TX})
    await order("stop", 404, transactionId="another")

    await order("release", evseId=2)
    assert await last() == ("UnlockConnector", {"evseId": 2, "connectorId": 1})
    for kind, wire in (("Soft", "OnIdle"), ("Hard", "Immediate"), ("OnIdle", "OnIdle")):
        await order("reset", type=kind)
        assert await last() == ("Reset", {"type": wire})
    await order("reset", 422, type="Warm")
    for evse, where in ((0, {}), (2, {"evse": {"id": 2}})):
        await order("availability", connectorId=evse, available=False)
        expected = {"operationalStatus": "Inoperative", **where}
        assert await last() == ("ChangeAvailability", expected)
    assert (await order("config", key="OCPPCommCtrlr.HeartbeatInterval", value="60")) == {
        "ok": True,
        "status": "RebootRequired",
    }
    await order("config", 422, key="HeartbeatInterval", value="60")

    await csms.trigger(CP, "StatusNotification", 1)
    payload = {"requestedMessage": "StatusNotification", "evse": {"id": 1}}
    assert await last() == ("TriggerMessage", payload)
    assert (await order("call", action="ClearCache"))["answer"] == {"status": "Accepted"}
    await order("call", 422, action="RemoteStopTransaction", payload={"transactionId": 1})


async def test_variables_are_read_by_name_and_as_a_whole(csms, station):
    names = ["EVSE 1.Power", "OCPPCommCtrlr.MessageTimeout[Default]", "Connector 2/1.Available"]

    def row(name, value):
        return {**variable_names.read(name), "value": value}

    async def report(asked):
        for seq_no, name in enumerate(names):
            data = row(name, str(seq_no))
            attribute = [{"type": "MaxSet", "value": "9"}, {"value": data.pop("value")}]
            await station.call(
                "NotifyReport",
                {
                    "requestId": asked["requestId"],
                    "generatedAt": STAMP,
                    "seqNo": seq_no,
                    "tbc": seq_no + 1 < len(names),
                    "reportData": [{**data, "variableAttribute": attribute}],
                },
            )

    station.reacts["GetBaseReport"] = report
    assert await csms.get_configuration(CP) == dict(zip(names, "012", strict=True))

    def result(name):
        data = row(name, "7")
        return {
            "attributeStatus": "Accepted",
            "attributeValue": data.pop("value"),
            **data,
        }

    station.replies["GetVariables"] = {"getVariableResult": [result(names[1])]}
    assert await csms.get_configuration(CP, names[1]) == {names[1]: "7"}
    with pytest.raises(InvalidCallError, match=r"Component\.Variable"):
        await csms.get_configuration(CP, "MessageTimeout")

    station.reacts.clear()
    reading = asyncio.create_task(csms.get_configuration(CP))
    await csms.wait_for(events.CommandAnswered, lambda e: e.action == "GetBaseReport",
                        since=csms.event_count)  # fmt: skip
    await station.socket.close()
    with pytest.raises(NotConnectedError):
        await reading


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Nonsense", {}, "NotImplemented"),
        ("StartTransaction", {}, "NotImplemented"),
        ("Reset", {"type": "OnIdle"}, "NotSupported"),
        ("Heartbeat", {"extra": 1}, "OccurrenceConstraintViolation"),
        ("BootNotification", {"reason": "PowerUp"}, "OccurrenceConstraintViolation"),
        ("Authorize", {"idToken": {"idToken": "A" * 37, "type": "Central"}}, "PropertyConstraint"),
        ("Authorize", {"idToken": {"idToken": "A", "type": "Card"}}, "PropertyConstraint"),
        ("Authorize", {"idToken": "A"}, "TypeConstraintViolation"),
    ],
)
async def test_a_request_that_breaks_its_schema_is_refused(station, action, payload, code):
    with pytest.raises(CallError) as refused:
        await station.call(action, payload)
    assert refused.value.code.startswith(code)


async def test_what_is_only_told_on_is_answered_and_custom_data_is_no_offence(csms, station):
    custom = {"customData": {"vendorId": "me", "my_key": {"aB": 1}}}
    assert await station.call("Heartbeat", custom)
    told = {
        "LogStatusNotification": {"status": "Uploaded", "requestId": 7},
        "SecurityEventNotification": {"type": "FirmwareUpdated", "timestamp": STAMP},
        "ReservationStatusUpdate": {"reservationId": 1, "reservationUpdateStatus": "Expired"},
        "MeterValues": {
            "evseId": 0,
            "meterValue": [{"timestamp": STAMP, "sampledValue": [{"value": 1.5}]}],
        },
    }
    for action, payload in told.items():
        assert await station.call(action, payload) == {}
    assert await station.call("DataTransfer", {"vendorId": "v", "data": {"a": [1]}}) == {
        "status": "UnknownVendorId"
    }
    assert (await station.call("SignCertificate", {"csr": "x"}))["status"] == "Rejected"
    texts = " | ".join(event.text for event in csms.events)
    assert "sent LogStatusNotification: status Uploaded, requestId 7" in texts
    assert "EVSE 0 meter: 1.5 Wh" in texts


async def test_an_answer_that_breaks_its_schema_is_told_and_taken(csms, station):
    station.replies["ClearCache"] = {"status": "Perhaps"}
    assert await csms.call(CP, "ClearCache") == {"status": "Perhaps"}
    doubted = await csms.wait_for(events.AnswerDoubted)
    assert "Perhaps" in doubted.text
    station.replies["ClearCache"] = ["RpcFrameworkError", "no", {}]
    with pytest.raises(CallRefusedError):
        await csms.call(CP, "ClearCache")


async def test_a_call_that_is_none_is_refused_in_the_words_of_2_0_1(station):
    await station.socket.send('[2, "x", "Heartbeat"]')
    await station.call("Heartbeat")
    assert station.errors[0][2] == "RpcFrameworkError"
