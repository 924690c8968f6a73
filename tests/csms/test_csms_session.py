"""A charge point's day at the CSMS: boot, status, sessions, repeated messages, commands."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from sim_core.csms import (
    Boot,
    CallRefusedError,
    CallTimeoutError,
    Csms,
    InvalidCallError,
    NotConnectedError,
    events,
)
from sim_core.csms.ledger import parse_time
from tests.patience import PATIENCE_S, PROMPT_S


async def test_a_whole_session(csms, charge_point):
    answer = await charge_point.boot()
    assert answer["status"] == "Accepted"
    assert answer["interval"] == 300
    assert parse_time(answer["currentTime"])
    assert answer["currentTime"].endswith("Z")

    for connector_id in (1, 2, 0):
        await charge_point.status(connector_id, "Available")
    assert [row.connector_id for row in csms.ledger.connectors] == [0, 1, 2]

    assert await charge_point.call("Heartbeat")
    tag = await charge_point.call("Authorize", {"idTag": "VID:01"})
    assert tag == {"idTagInfo": {"status": "Accepted"}}

    started = await charge_point.start(1, "VID:01", 11190, "2026-11-22T10:00:00.000Z")
    assert started == {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}
    await charge_point.status(1, "Charging")
    assert csms.ledger.status("TestCP01", 1) == "Charging"

    sampled = [
        {"value": "12.553", "unit": "kWh", "measurand": "Energy.Active.Import.Register"},
        {"value": "59.46", "unit": "kW", "measurand": "Power.Active.Import"},
    ]
    await charge_point.call(
        "MeterValues",
        {
            "connectorId": 1,
            "transactionId": 1,
            "meterValue": [{"timestamp": "2026-11-22T10:00:30Z", "sampledValue": sampled}],
        },
    )
    (session,) = csms.ledger.active
    assert [sample.value for sample in session.samples] == ["12.553", "59.46"]

    stopped = await charge_point.stop(
        1, 12553, "2026-11-22T10:13:05.500Z", idTag="VID:01", reason="Remote"
    )
    assert stopped == {"idTagInfo": {"status": "Accepted"}}
    assert csms.ledger.active == ()
    (session,) = csms.ledger.history
    assert session.energy_wh == 1363
    assert session.duration_s == pytest.approx(785.5)
    assert session.stop_reason == "Remote"

    told = [event.text for event in csms.events]
    assert "TestCP01 connector 1 is Charging" in told
    assert "TestCP01 connector 1 meter in transaction 1: 12.553 kWh, 59.46 kW" in told


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_boot_can_be_held_back(csms, charge_point, status):
    csms.rules.boot = Boot(status=status, interval=10)
    answer = await charge_point.boot()
    assert (answer["status"], answer["interval"]) == (status, 10)


async def test_a_late_boot_answer_leaves_other_messages_alone(csms, charge_point):
    csms.rules.boot = Boot(delay_s=0.05)
    assert (await charge_point.boot())["status"] == "Accepted"
    csms.rules.boot = Boot(delay_s=3600)
    boot = asyncio.create_task(charge_point.boot())
    await charge_point.call("Heartbeat")
    assert not boot.done()
    boot.cancel()


async def test_deaf_boot_asks_first_answers_late_then_sends_data(csms, charge_point):
    csms.rules.boot = Boot(delay_s=0.05, deaf=True)
    charge_point.replies["DataTransfer"] = {"status": "UnknownVendorId"}
    boot = asyncio.create_task(charge_point.boot())
    heartbeat = asyncio.create_task(charge_point.call("Heartbeat"))
    assert (await boot)["status"] == "Accepted"
    await heartbeat
    answered = await csms.wait_for(events.CommandAnswered)
    assert (answered.action, answered.status) == ("DataTransfer", "UnknownVendorId")
    assert [action for action, _ in charge_point.commands] == ["GetConfiguration", "DataTransfer"]
    order = [type(event) for event in csms.events if not isinstance(event, events.FrameIgnored)]
    assert order.index(events.Booted) < order.index(events.HeartbeatReceived)


async def test_a_repeated_start_finds_its_transaction(csms, charge_point):
    first = await charge_point.start(1, "TAG", 500, "2026-11-22T10:00:00.000Z")
    again = await charge_point.start(1, "tag", 500, "2026-11-22T11:00:00+01:00")
    assert first["transactionId"] == again["transactionId"]
    assert len(csms.ledger.active) == 1
    await charge_point.stop(first["transactionId"], 600)
    late = await charge_point.start(1, "TAG", 500, "2026-11-22T10:00:00Z")
    assert late["transactionId"] == first["transactionId"]
    assert csms.ledger.active == ()
    other = await charge_point.start(1, "TAG", 600, "2026-11-22T10:30:00Z")
    assert other["transactionId"] > first["transactionId"]


async def test_a_repeated_stop_is_answered_and_kept_once(csms, charge_point):
    started = await charge_point.start(1, "TAG", 500)
    for _ in range(2):
        assert await charge_point.stop(started["transactionId"], 700, idTag="TAG")
    assert [session.energy_wh for session in csms.ledger.history] == [200]
    repeated = [e.repeated for e in csms.events if isinstance(e, events.TransactionStopped)]
    assert repeated == [False, True]


async def test_a_stop_that_nobody_started_is_answered_and_kept_once(csms, charge_point):
    for _ in range(2):
        assert await charge_point.stop(4711, 700) == {}
    (session,) = csms.ledger.history
    assert (session.transaction_id, session.connector_id, session.energy_wh) == (4711, None, None)


async def test_a_new_start_ends_what_was_left_open_on_the_connector(csms, charge_point):
    lost = await charge_point.start(1, "TAG", 500, "2026-11-22T10:00:00Z")
    await charge_point.start(2, "TAG", 900)
    await charge_point.start(1, "TAG", 600, "2026-11-22T12:00:00Z")
    assert [(row.connector_id, row.meter_start) for row in csms.ledger.active] == [
        (2, 900),
        (1, 600),
    ]
    await charge_point.stop(lost["transactionId"], 600)
    (session,) = csms.ledger.history
    assert (session.energy_wh, session.stop_reason) == (100, "Local")


async def test_the_same_transaction_id_of_another_charge_point_is_another_session(csms, dial):
    one, two = await dial("one"), await dial("two")
    started = await one.start(1, "TAG", 0)
    await two.stop(started["transactionId"], 50)
    assert [session.cpid for session in csms.ledger.active] == ["one"]


async def test_a_transaction_older_than_the_csms_is_adopted_from_its_meter_values(
    csms, charge_point
):
    values = {
        "connectorId": 2,
        "transactionId": 815,
        "meterValue": [{"timestamp": "x", "sampledValue": [{"value": "5"}]}],
    }
    await charge_point.call("MeterValues", values)
    session = csms.ledger.session("TestCP01", connector_id=2)
    assert session.transaction_id == 815
    assert session.samples == (events.Sample("Energy.Active.Import.Register", "5", "Wh"),)
    await charge_point.stop(815, 10)
    await charge_point.call("MeterValues", values)
    assert csms.ledger.active == ()


async def test_meter_values_outside_a_transaction_open_nothing(csms, charge_point):
    meter = [{"timestamp": "2026-11-22T10:00:30Z", "sampledValue": [{"value": "5"}]}]
    for extra in ({}, {"transactionId": -1}):
        await charge_point.call("MeterValues", {"connectorId": 1, "meterValue": meter, **extra})
    assert csms.ledger.active == ()


async def test_id_tags_are_answered_as_listed(csms, charge_point):
    tags = csms.ledger.id_tags
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    tags.set("Bad", "Blocked")
    tags.set("Old", expiry_date=tomorrow - timedelta(days=2))
    tags.set("Kid", parent_id_tag="FAMILY", expiry_date=tomorrow)

    async def status(tag):
        return (await charge_point.call("Authorize", {"idTag": tag}))["idTagInfo"]

    assert await status("BAD") == {"status": "Blocked"}
    assert (await status("old"))["status"] == "Expired"
    kid = await status("kid")
    assert (kid["status"], kid["parentIdTag"]) == ("Accepted", "FAMILY")
    assert await status("anybody") == {"status": "Accepted"}
    tags.forget("bad")
    assert await status("bad") == {"status": "Accepted"}

    tags.set("bad", "Blocked")
    started = await charge_point.start(1, "bad")
    assert started["idTagInfo"] == {"status": "Blocked"}
    assert started["transactionId"] > 0


async def test_notifications_and_data_are_answered(csms, charge_point):
    await charge_point.call("DiagnosticsStatusNotification", {"status": "Uploaded"})
    await charge_point.call("FirmwareStatusNotification", {"status": "Installed"})
    await charge_point.call("LogStatusNotification", {"status": "Uploaded", "requestId": 1})
    await charge_point.call("SignedFirmwareStatusNotification", {"status": "Installed"})
    await charge_point.call(
        "SecurityEventNotification",
        {"type": "ResetOrReboot", "timestamp": "2026-11-22T10:00:00Z"},
    )
    assert (await charge_point.call("SignCertificate", {"csr": "x"}))["status"] == "Rejected"
    csms.rules.vendors.add("Gresgying")
    for vendor, data, status in (
        ("Gresgying", "AA:BB", "Accepted"),
        ("Other", {"mac Address": [1, None]}, "UnknownVendorId"),
        ("Gresgying", 5, "Accepted"),
    ):
        answer = await charge_point.call("DataTransfer", {"vendorId": vendor, "data": data})
        assert answer == {"status": status}
    assert [e.data for e in csms.events if isinstance(e, events.DataReceived)] == [
        "AA:BB",
        '{"mac Address": [1, null]}',
        "5",
    ]


async def test_commands_carry_their_payload(csms, charge_point):
    charge_point.replies["UnlockConnector"] = {"status": "Unlocked"}
    charge_point.replies["GetConfiguration"] = {
        "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]
    }
    assert await csms.remote_start("TestCP01", 1, "TAG") == "Accepted"
    assert await csms.remote_stop("TestCP01", 7) == "Accepted"
    assert await csms.unlock("TestCP01", 2) == "Unlocked"
    assert await csms.reset("TestCP01", "Hard") == "Accepted"
    assert await csms.change_availability("TestCP01", 0, False) == "Accepted"
    assert await csms.change_configuration("TestCP01", "HeartbeatInterval", "60") == "Accepted"
    assert await csms.get_configuration("TestCP01") == {"HeartbeatInterval": "300"}
    assert await csms.get_configuration("TestCP01", "a") == {"HeartbeatInterval": "300"}
    assert await csms.trigger("TestCP01", "StatusNotification", 1) == "Accepted"
    assert await csms.data_transfer("TestCP01", "v", data="d") == {"status": "Accepted"}
    assert await csms.call("TestCP01", "ClearCache") == {"status": "Accepted"}
    assert charge_point.commands == [
        ("RemoteStartTransaction", {"idTag": "TAG", "connectorId": 1}),
        ("RemoteStopTransaction", {"transactionId": 7}),
        ("UnlockConnector", {"connectorId": 2}),
        ("Reset", {"type": "Hard"}),
        ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
        ("GetConfiguration", {}),
        ("GetConfiguration", {"key": ["a"]}),
        ("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}),
        ("DataTransfer", {"vendorId": "v", "data": "d"}),
        ("ClearCache", {}),
    ]


async def test_commands_that_fail_say_why(csms, charge_point):
    with pytest.raises(NotConnectedError, match="ChargePoint 'X' not connected"):
        await csms.remote_start("X", 1, "TAG")

    charge_point.replies["Reset"] = ["NotSupported", "no", {}]
    with pytest.raises(CallRefusedError, match="answered Reset with NotSupported no") as refused:
        await csms.reset("TestCP01")
    assert refused.value.code == "NotSupported"

    charge_point.replies["ClearCache"] = ["MadeUpCode", "", {}]
    with pytest.raises(CallRefusedError, match="MadeUpCode"):
        await csms.call("TestCP01", "ClearCache")

    charge_point.replies["UnlockConnector"] = None
    with pytest.raises(CallTimeoutError, match=r"did not answer UnlockConnector within 0\.05 s"):
        await csms.call("TestCP01", "UnlockConnector", {"connectorId": 1}, timeout_s=0.05)

    with pytest.raises(InvalidCallError, match="RemoteStartTransaction was not sent"):
        await csms.remote_start("TestCP01", 1, "a tag that is far too long")
    with pytest.raises(InvalidCallError, match=r"is no OCPP 1\.6 action"):
        await csms.call("TestCP01", "MakeCoffee")

    charge_point.replies["MakeCoffee"] = {"milk": True}
    assert await csms.call("TestCP01", "MakeCoffee", validate=False) == {"milk": True}


async def test_answers_may_have_fields_that_no_schema_knows(csms, charge_point):
    charge_point.replies["Reset"] = {"status": "Accepted", "vendorNote": {"x": 1}}
    assert await csms.reset("TestCP01") == "Accepted"
    charge_point.replies["Reset"] = {}
    assert await csms.reset("TestCP01") == "no status"


async def test_commands_go_out_one_at_a_time(csms, charge_point):
    charge_point.replies["UnlockConnector"] = None
    first = asyncio.create_task(csms.unlock("TestCP01", 1))
    second = asyncio.create_task(csms.reset("TestCP01"))
    while not charge_point.unanswered:
        await charge_point.call("Heartbeat")
    await charge_point.call("Heartbeat")  # what the CSMS has sent before its answer has come by now
    assert [action for action, _ in charge_point.commands] == ["UnlockConnector"]
    await charge_point.answer(charge_point.unanswered[0], {"status": "Unlocked"})
    assert (await first, await second) == ("Unlocked", "Accepted")
    assert [action for action, _ in charge_point.commands] == ["UnlockConnector", "Reset"]


async def test_a_command_that_is_not_answered_makes_way_for_the_next(csms, charge_point):
    charge_point.replies["UnlockConnector"] = None
    unlock = csms.call("TestCP01", "UnlockConnector", {"connectorId": 1}, timeout_s=0.05)
    first, second = asyncio.create_task(unlock), asyncio.create_task(csms.reset("TestCP01"))
    with pytest.raises(CallTimeoutError):
        await first
    assert await second == "Accepted"


async def test_a_command_ends_with_the_connection(csms, charge_point):
    charge_point.replies["Reset"] = None
    asked = asyncio.Event()

    async def close(_):
        asked.set()

    charge_point.reacts["Reset"] = close
    waiting = [asyncio.create_task(csms.reset("TestCP01")) for _ in range(2)]
    await asked.wait()
    await charge_point.socket.close()
    for task in waiting:
        with pytest.raises(NotConnectedError):
            await asyncio.wait_for(task, PATIENCE_S)


async def test_a_second_connection_replaces_the_first(csms, dial):
    old = await dial("CP")
    started = await old.start(1, "TAG")
    new = await dial("CP")
    await asyncio.wait_for(old.socket.wait_closed(), PATIENCE_S)
    assert old.socket.protocol.close_code == 1000
    assert csms.connected == ("CP",)
    assert await csms.reset("CP") == "Accepted"
    assert new.commands
    assert not old.commands
    assert csms.ledger.session("CP", connector_id=1).transaction_id == started["transactionId"]
    assert not any(isinstance(event, events.Disconnected) for event in csms.events)


async def test_disconnecting_is_noticed(csms, dial):
    charge_point = await dial("CP")
    await charge_point.close()
    gone = await csms.wait_for(events.Disconnected)
    assert (gone.cpid, gone.code) == ("CP", 1000)
    assert not csms.ledger.charge_point("CP").connected


async def test_the_csms_can_hang_up(csms, charge_point):
    csms.disconnect("TestCP01", 1012)
    await asyncio.wait_for(charge_point.socket.wait_closed(), PATIENCE_S)
    assert charge_point.socket.protocol.close_code == 1012


@pytest.mark.parametrize("offer", [None, ["ocpp2.1"]])
async def test_another_sub_protocol_is_refused_with_a_sentence(csms, offer):
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{csms.port}/ocpp/CP", subprotocols=offer)
    assert refused.value.response.status_code == 400
    assert b"ocpp1.6" in refused.value.response.body
    assert csms.connected == ()


@pytest.mark.parametrize(
    ("offer", "spoken"),
    [
        (["ocpp1.6"], "ocpp1.6"),
        (["ocpp2.1", "ocpp1.6"], "ocpp1.6"),
        (["ocpp1.6", "ocpp2.0.1"], "ocpp2.0.1"),
    ],
)
async def test_the_best_sub_protocol_that_is_offered_is_spoken(csms, offer, spoken):
    async with connect(f"ws://127.0.0.1:{csms.port}/ocpp/CP", subprotocols=offer) as socket:
        assert socket.subprotocol == spoken
        await csms.wait_for(events.Connected)
        assert csms.spoken("CP") == spoken.removeprefix("ocpp")


@pytest.mark.parametrize("path", ["/", "/ocpp", "/ocpp/"])
async def test_a_path_without_an_id_is_refused(csms, path):
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{csms.port}{path}", subprotocols=["ocpp1.6"])
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize("cpid", ["CP 1", "CP/1", "เครื่องชาร์จ", "a?b#c%20"])
async def test_ids_are_percent_decoded(csms, dial, cpid):
    await (await dial(cpid, "/EV/Srv/JSON/1.6/")).boot()
    assert csms.connected == (cpid,)


async def test_transaction_ids_go_on_after_a_restart():
    first, second = Csms().ledger, Csms().ledger
    assert first._next_id <= second._next_id <= first._next_id + 60
    assert first._next_id > 0


async def test_waiting_gives_up_with_a_sentence(csms):
    with pytest.raises(TimeoutError, match="no fitting Booted"):
        await csms.wait_for(events.Booted, timeout_s=0.01)
    with pytest.raises(TimeoutError, match="did not come true"):
        await csms.until(lambda ledger: ledger.active, timeout_s=0.01)


async def test_waiting_looks_back_only_as_far_as_asked(csms, charge_point):
    await charge_point.call("Heartbeat")
    mark = csms.event_count
    assert await csms.wait_for(events.HeartbeatReceived)
    with pytest.raises(TimeoutError):
        await csms.wait_for(events.HeartbeatReceived, since=mark, timeout_s=0.01)


async def test_an_observer_that_fails_harms_nobody(csms, charge_point):
    def fail(_event):
        raise RuntimeError("no")

    leave = csms.on_event(fail)
    assert (await charge_point.boot())["status"] == "Accepted"
    leave()
    leave()


async def test_stop_is_quick_even_when_a_client_never_finishes_its_handshake(csms, charge_point):
    reader, writer = await asyncio.open_connection("127.0.0.1", csms.port)
    await asyncio.wait_for(csms.stop(), PROMPT_S)
    assert csms.port is None
    writer.close()
    del reader
