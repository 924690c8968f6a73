"""A charge point that sends nonsense: its connection and the server stay up, memory is bounded."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.csms import Boot, CallRefusedError, events, frames
from sim_core.csms.ledger import (
    CHARGE_POINT_LIMIT,
    CONNECTOR_LIMIT,
    HISTORY_LIMIT,
    Connector,
    Ledger,
    Start,
    parse_time,
)
from sim_core.csms.peer import JUNK_SHOWN, LATE_BOOTS
from sim_core.csms.rules import now
from sim_core.csms.text import printable
from sim_core.csms.tolerance import ALLOWED
from tests.csms.conftest import STAMP, CallError

DEEP = "[" * 100_000 + "]" * 100_000
SILENT = {
    "empty": "",
    "not JSON": "hello",
    "no array": "{}",
    "empty array": "[]",
    "null": "null",
    "alone": "[2]",
    "type 9": '[9,"x","Heartbeat",{}]',
    "type is text": '["2","x","Heartbeat",{}]',
    "type is true": '[true,"x","Heartbeat",{}]',
    "id is a number": '[2,5,"Heartbeat",{}]',
    "id is long": json.dumps([2, "x" * 300, "Heartbeat", {}]),
    "deep": DEEP,
    "deep payload": f'[2,"x","DataTransfer",{{"vendorId":"v","data":{DEEP}}}]',
    "huge integer in an answer": f'[3,"nobody",{{"transactionId":{"9" * 5000}}}]',
    "unknown id": '[3,"nobody",{}]',
    "unknown error": '[4,"nobody","GenericError","",{}]',
    "short error": '[4,"nobody"]',
    "result arity": '[3,"nobody",{},{}]',
    "binary": b"\xff\xfe\x00",
}
ANSWERED = {
    "arity 3": ('[2,"x","Heartbeat"]', "FormationViolation"),
    "arity 5": ('[2,"x","Heartbeat",{},{}]', "FormationViolation"),
    "action a list": ('[2,"x",["Heartbeat"],{}]', "FormationViolation"),
    "action an object": ('[2,"x",{"a":1},{}]', "FormationViolation"),
    "payload a list": ('[2,"x","Heartbeat",[]]', "FormationViolation"),
    "payload null": ('[2,"x","Heartbeat",null]', "FormationViolation"),
    "unknown action": ('[2,"x","MakeCoffee",{}]', "NotImplemented"),
    "wrong direction": ('[2,"x","Reset",{"type":"Soft"}]', "NotSupported"),
    "missing field": ('[2,"x","Authorize",{}]', "ProtocolError"),
    "wrong type": ('[2,"x","Authorize",{"idTag":5}]', "TypeConstraintViolation"),
    "too long": (
        json.dumps([2, "x", "Authorize", {"idTag": "t" * 21}]),
        "PropertyConstraintViolation",
    ),
    "extra field": ('[2,"x","Heartbeat",{"a":1}]', "FormationViolation"),
    "bad enum": (
        '[2,"x","DiagnosticsStatusNotification",{"status":"Maybe"}]',
        "PropertyConstraintViolation",
    ),
    "huge integer": (
        f'[2,"x","MeterValues",{{"connectorId":{"9" * 5000},"meterValue":[]}}]',
        "PropertyConstraintViolation",
    ),
    "far too long": (
        json.dumps(
            [2, "x", "BootNotification", {"chargePointVendor": "v" * 1001, "chargePointModel": "m"}]
        ),
        "PropertyConstraintViolation",
    ),
    "data without vendor": ('[2,"x","DataTransfer",{"data":{"a":1}}]', "ProtocolError"),
}


@pytest.mark.parametrize("name", SILENT)
async def test_junk_is_told_about_and_survived(csms, charge_point, name):
    await charge_point.socket.send(SILENT[name])
    await charge_point.call("Heartbeat")
    assert await csms.reset("TestCP01") == "Accepted"
    assert charge_point.errors == []
    assert any(isinstance(event, events.FrameIgnored) for event in csms.events)


@pytest.mark.parametrize("name", ANSWERED)
async def test_a_bad_call_is_answered_with_an_ocpp_16_error_code(csms, charge_point, name):
    frame, code = ANSWERED[name]
    await charge_point.socket.send(frame)
    await charge_point.call("Heartbeat")
    (error,) = charge_point.errors
    assert error[:3] == [4, "x", code]
    assert len(error[3]) <= 255
    assert error[4] == {}


@pytest.mark.parametrize("number", [10**18, 2**63, -(2**63), 2**64, 10**39])
async def test_numbers_of_any_counter_are_answered(csms, charge_point, number):
    await charge_point.status(number, "Available")
    assert csms.ledger.status("TestCP01", number) == "Available"
    started = await charge_point.start(number, "TAG", number)
    await charge_point.call(
        "MeterValues",
        {
            "connectorId": number,
            "transactionId": number,
            "meterValue": [{"timestamp": STAMP, "sampledValue": [{"value": "1"}]}],
        },
    )
    await charge_point.stop(number, number)
    await charge_point.stop(started["transactionId"], number + 1)
    assert {row.transaction_id for row in csms.ledger.history} >= {number}
    assert charge_point.errors == []


TOO_LONG = [
    (action, field, limit) for action, rows in ALLOWED.items() for field, limit in rows.items()
]
REQUIRED = {
    "BootNotification": {"chargePointVendor": "v", "chargePointModel": "m"},
    "DataTransfer": {"vendorId": "v"},
    "SecurityEventNotification": {"type": "t", "timestamp": STAMP},
    "StatusNotification": {"connectorId": 1, "status": "Faulted", "errorCode": "OtherError"},
}


@pytest.mark.parametrize(("action", "field", "limit"), TOO_LONG)
async def test_a_text_for_people_may_be_too_long(csms, charge_point, action, field, limit):
    for _ in range(2):
        await charge_point.call(action, {**REQUIRED[action], field: "x" * limit})
    assert not any(isinstance(event, events.Remarked) for event in csms.events)
    for _ in range(2):
        await charge_point.call(action, {**REQUIRED[action], field: "x" * (limit + 30)})
    (remark,) = (event for event in csms.events if isinstance(event, events.Remarked))
    assert f"{limit + 30} characters of {field}, OCPP allows {limit}" in remark.text


async def test_an_info_of_80_characters_is_kept_whole(csms, charge_point):
    await charge_point.status(1, "Faulted", info="i" * 80)
    assert csms.ledger.connector("TestCP01", 1).info == "i" * 80


async def test_not_more_boots_wait_than_may_and_the_others_hear_why(csms, charge_point):
    csms.rules.boot = Boot(delay_s=3600)
    boots = [asyncio.ensure_future(charge_point.boot()) for _ in range(LATE_BOOTS + 2)]
    for one_too_many in boots[LATE_BOOTS:]:
        with pytest.raises(CallError, match="GenericError"):
            await one_too_many
    assert not any(boot.done() for boot in boots[:LATE_BOOTS])
    for boot in boots:
        boot.cancel()


async def test_thousands_of_answers_to_nothing_are_forgotten(csms, charge_point):
    for number in range(5000):
        await charge_point.socket.send(f'[3,"junk-{number}",{{}}]')
    assert await csms.reset("TestCP01") == "Accepted"
    ignored = [event for event in csms.events if isinstance(event, events.FrameIgnored)]
    assert len(ignored) == JUNK_SHOWN
    assert "further ones are not shown" in ignored[-1].text


async def test_long_answers_are_not_kept(csms, charge_point):
    charge_point.replies["Reset"] = {"status": "x" * 1_000_000}
    assert len(await csms.reset("TestCP01")) == 1_000_000
    charge_point.replies["Reset"] = ["Code" * 1000, "x" * 1_000_000, {}]
    with pytest.raises(CallRefusedError):
        await csms.reset("TestCP01")
    assert all(len(repr(event)) < 1000 for event in csms.events)


async def test_a_boot_that_waits_for_its_answer_ends_with_the_connection(csms, charge_point):
    csms.rules.boot = Boot(delay_s=60)
    for number in range(50):
        boot = {"chargePointVendor": "V", "chargePointModel": "M"}
        await charge_point.socket.send(json.dumps([2, str(number), "BootNotification", boot]))
    await charge_point.call("Heartbeat")
    await charge_point.close()
    await csms.wait_for(events.Disconnected)
    assert not any(isinstance(event, events.Booted) for event in csms.events)


async def test_a_frame_beyond_the_limit_ends_only_its_own_connection(csms, dial):
    bad, good = await dial("bad"), await dial("good")
    await bad.socket.send(json.dumps([2, "x", "DataTransfer", {"data": "x" * (5 << 20)}]))
    gone = await csms.wait_for(events.Disconnected)
    assert gone.cpid == "bad"
    assert await good.call("Heartbeat")


async def test_a_frame_of_three_mebibytes_is_read(csms, charge_point):
    answer = await charge_point.call("DataTransfer", {"vendorId": "v", "data": "x" * (3 << 20)})
    assert answer["status"] == "UnknownVendorId"
    assert len(csms.events[-1].text) < 400


async def test_half_a_surrogate_pair_is_no_harm(csms, charge_point):
    await charge_point.socket.send(
        r'[2,"x","StatusNotification",{"connectorId":1,"errorCode":"NoError",'
        r'"status":"Available","info":"\ud800\u001b[2J\u202e"}]'
    )
    reported = await csms.wait_for(events.StatusReported)
    assert reported.text.endswith(r"(\ud800\x1b[2J\u202e)")
    assert reported.text.encode()


async def test_events_are_safe_to_print(csms, dial):
    charge_point = await dial("\x1b]0;owned\x07\n")
    await charge_point.call("Authorize", {"idTag": "\x1b[31m\r\n"})
    for event in csms.events:
        assert event.text.isprintable()


@given(st.text())
def test_printable_is_printable(text):
    assert printable(text).isprintable()


@given(st.one_of(st.text(), st.binary()))
def test_any_text_is_a_frame_or_junk(raw):
    assert frames.parse(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.tuples(st.sampled_from([2, 3, 4]), JSON, JSON, JSON, JSON), st.integers(1, 5))
def test_any_array_is_a_frame_or_junk(parts, length):
    assert frames.parse(json.dumps(parts[:length]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00+00:00"),
        ("2026-11-22T10:00:00.5Z", "2026-11-22T10:00:00.500000+00:00"),
        ("2026-11-22T10:00:00.123456789+07:00", "2026-11-22T03:00:00.123456+00:00"),
        ("2026-11-22T10:00:00", "2026-11-22T10:00:00+00:00"),
    ],
)
def test_timestamps_of_the_field_are_read(text, expected):
    assert parse_time(text).isoformat() == expected


@pytest.mark.parametrize("text", ["0", "soon", "", None, 5, "9" * 100, "0001-01-01T00:00:00+23:00"])
def test_other_timestamps_are_none(text):
    assert parse_time(text) is None


@given(st.text())
def test_any_timestamp_is_survived(text):
    parse_time(text)


def test_tables_are_bounded():
    ledger, at = Ledger(1), now()
    for number in range(CHARGE_POINT_LIMIT + 50):
        cpid = f"cp{number}"
        ledger.connect(cpid)
        ledger.start(Start(cpid, 1, "T", 0, "x"), at)
        ledger.disconnect(cpid)
    assert len(ledger.charge_points) == CHARGE_POINT_LIMIT
    assert len(ledger.active) <= CHARGE_POINT_LIMIT + 1

    ledger.connect("bad")
    for number in range(3 * HISTORY_LIMIT):
        ledger.report_status(Connector("bad", number, "Available", "NoError"))
        ledger.report_meter("bad", number, number + 10_000, (), at)
        ledger.start(Start("bad", number, "T", number, "x"), at)
    assert len([row for row in ledger.connectors if row.cpid == "bad"]) == CONNECTOR_LIMIT
    assert len([row for row in ledger.active if row.cpid == "bad"]) <= CONNECTOR_LIMIT
    assert len(ledger.history) == HISTORY_LIMIT
