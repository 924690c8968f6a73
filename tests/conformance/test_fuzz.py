"""Whatever a CSMS sends: the charge point charges on and answers the next good call.

The same frames go out while it charges; then a good call must be answered on the same connection.
Answers to the charge point's own calls are fuzzed too. Memory is measured where frames are big.
"""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim_core.commands import Plug, Start, Stop, Unplug
from tests.conformance.acts import charge, payloads
from tests.examples import examples
from tests.harness import Harness
from tests.scripted_csms import Hold, Payload

MIB = 1024 * 1024
HUGE = "9" * 4301
"""More digits than Python turns into a number."""


def nested(depth: int, inside: str = "1") -> str:
    """A JSON list in a list in a list."""
    return "[" * depth + inside + "]" * depth


HAND_PICKED: list[str | bytes] = [
    # not JSON, not a message
    *("", " ", "\x00", "nonsense", "{", "[", "]", "[2,", '[2,"a"', "NaN", "Infinity", "[NaN]"),
    *("[]", "{}", "null", "true", "[null]", "[[]]", "[[[]]]", "[2]", "[3]", "[4]", "[{},{},{},{}]"),
    # wrong types, missing and extra elements
    *('[2,"a"]', '[3,"a"]', '[4,"a"]', '[2,"a","Reset"]', '[2,"a","Reset",{},{},{}]'),
    '[2,"a",{"x":1},{}]',
    '[2,"a",["Reset"],{}]',
    '[2,"a",5,{}]',
    '[2,{"a":1},"Reset",{}]',
    '[2,["a"],"Reset",{}]',
    '[2.0,"a","Nothing",{}]',
    '[2e0,"a","Nothing",{}]',
    '[-2,"a","Reset",{}]',
    '[3,"a",null]',
    '[3,"a",[]]',
    '[3,"a",{},{},{}]',
    '[4,"a","GenericError"]',
    '[4,"a",null,null,null]',
    '[4,"a",{"x":1},["y"],"z"]',
    '[5,"a",{}]',
    f'[{HUGE},"a","Reset",{{}}]',
    # numbers
    f'[2,"a","RemoteStopTransaction",{{"transactionId":{HUGE}}}]',
    f'[2,"a","RemoteStopTransaction",{{"transactionId":{"9" * 4000}}}]',
    f'[2,"a","RemoteStopTransaction",{{"transactionId":-{"9" * 400}}}]',
    '[2,"a","RemoteStopTransaction",{"transactionId":1e400}]',
    '[2,"a","RemoteStopTransaction",{"transactionId":NaN}]',
    '[2,"a","RemoteStopTransaction",{"transactionId":-Infinity}]',
    f'[2,"a","UnlockConnector",{{"connectorId":{"1" * 400}}}]',
    f'[2,"a","TriggerMessage",{{"requestedMessage":"MeterValues","connectorId":{"1" * 30}}}]',
    # text
    '[2,"a","Reset",{"type":"\\ud800"}]',
    '[2,"\\ud800","GetConfiguration",{}]',
    '[2,"a","\\ud800",{}]',
    '[2,"a","RemoteStartTransaction",{"idTag":"\\ud800","connectorId":2}]',
    '[2,"a","RemoteStartTransaction",{"idTag":"\\u0000","connectorId":2}]',
    '[2,"a","GetConfiguration",{"key":["\\ud800","\\u0000",""]}]',
    '[2,"a","ChangeConfiguration",{"key":"\\ud800","value":"\\ud800"}]',
    '[2,"a","ChangeConfiguration",{"key":"MeterValueSampleInterval","value":"\\ud800"}]',
    '[2,"a","DataTransfer",{"vendorId":"\\ud800","data":"\\ud800"}]',
    '[2,"a","DataTransfer",{"vendorId":"v","self":1,"_":2,"vendor_id":"w"}]',
    '[2,"a","DataTransfer",{"vendorId":"v","vendorId":"w","":1,"\\ud800":2}]',
    '[2,"a","[bold red]Reset[/]",{"x":"[/]"}]',
    '[2,"a","__class__",{"__init__":1}]',
    f'[2,"{"i" * MIB}","GetConfiguration",{{}}]',
    f'[2,"a","{"A" * MIB}",{{}}]',
    # depth
    nested(500),
    nested(990),
    nested(100_000),
    "[" * 2 * MIB,
    f'[2,"a","DataTransfer",{{"vendorId":"v","data":{nested(900)}}}]',
    f'[2,"a","DataTransfer",{{"vendorId":"v","data":{nested(100_000)}}}]',
    f'[2,"a","GetConfiguration",{{"key":{nested(900)}}}]',
    f'[3,"a",{{"x":{nested(900)}}}]',
    # 2 MiB
    "x" * 2 * MIB,
    '"' + "x" * 2 * MIB + '"',
    f'[2,"a","DataTransfer",{{"vendorId":"v","data":"{"x" * 2 * MIB}"}}]',
    f'[2,"a","DataTransfer",{{"vendorId":"{"x" * 2 * MIB}"}}]',
    f'[2,"a","DataTransfer",{{"vendorId":"v","{"x" * 2 * MIB}":1}}]',
    f'[2,"a","Reset",{{"type":"{"x" * 2 * MIB}"}}]',
    '[2,"a","GetConfiguration",{"key":[' + '"x",' * 400_000 + '"x"]}]',
    f'[3,"a",{{"x":"{"x" * 2 * MIB}"}}]',
    f'[4,"a","{"x" * MIB}","{"y" * MIB}",{{}}]',
    # binary
    *(b"", b"\x00", b"\xff\xfe\xfd", b"\xed\xa0\x80", bytes(range(256)) * 16),
    b'[2,"a","Nothing",{}]',
    b'\xef\xbb\xbf[2,"a","Nothing",{}]',
    '[2,"a","Nothing",{}]'.encode("utf-16"),
    bytes(2 * MIB),
]


async def charges_on(harness: Harness) -> None:
    """It charges, counts energy, and answers a good call on the connection that there was."""
    answer = await harness.ask("GetConfiguration", key=["NumberOfConnectors"])
    assert answer["configurationKey"][0]["value"] == "2"
    assert harness.csms.connections == 1
    assert harness.status() == "Charging"
    register_wh = harness.connector().register_wh
    await harness.advance(10)
    assert harness.connector().register_wh > register_wh
    assert payloads(harness, "MeterValues")[-1]["transactionId"] == 1000


def label(frame: object) -> str:
    """A short name for a frame."""
    return f"{len(frame)}-{frame[:40]!r}" if isinstance(frame, (str, bytes)) else ""


@pytest.mark.row("W9", "frames that are no messages")
@pytest.mark.parametrize("frame", HAND_PICKED, ids=label)
async def test_a_hand_picked_frame(frame: str | bytes) -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.csms.send_text(frame)
        await charges_on(harness)


@pytest.mark.row("W9", "frames that are no messages")
async def test_all_hand_picked_frames_at_once() -> None:
    async with Harness() as harness:
        await charge(harness)
        for frame in HAND_PICKED:
            await harness.csms.send_text(frame)
        await charges_on(harness)


ACTIONS = (
    *("RemoteStartTransaction", "RemoteStopTransaction", "UnlockConnector", "ChangeAvailability"),
    *("Reset", "GetConfiguration", "ChangeConfiguration", "ClearCache", "TriggerMessage"),
    *("DataTransfer", "SetChargingProfile", "ReserveNow", "SendLocalList", "UpdateFirmware"),
    *("BootNotification", "Heartbeat", "Nothing", ""),
)
FIELDS = (
    *("connectorId", "idTag", "transactionId", "type", "key", "value", "requestedMessage"),
    *("vendorId", "messageId", "data", "chargingProfile", "reservationId"),
)

numbers = st.integers(-(10**40), 10**40) | st.floats() | st.integers(-2, 4)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=30),
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(FIELDS), inside, max_size=4)
    ),
    max_leaves=12,
)
# One field too many: whatever else it says, the charge point must not obey it.
refused_payloads = st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=5).map(
    lambda fields: {**fields, "surplus": 1}
)
kinds = st.sampled_from((2, 3, 4)) | json_values
ids = st.text(max_size=40) | json_values
messages = st.one_of(
    st.tuples(st.just(2), ids, st.sampled_from(ACTIONS), refused_payloads),
    st.tuples(st.sampled_from((3, 4)), ids, json_values, json_values),
    st.tuples(kinds, ids, json_values, refused_payloads),
    st.tuples(json_values, json_values),
    st.lists(json_values, max_size=7),
    json_values,
)
frames = st.one_of(
    messages.map(json.dumps),
    st.text(max_size=200),
    st.binary(max_size=200),
    st.tuples(messages.map(json.dumps), st.integers(0, 200)).map(lambda cut: cut[0][: cut[1]]),
)

thorough = settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.row("W9", "frames that are no messages")
@thorough
@given(st.lists(frames, min_size=5, max_size=25))
async def test_arbitrary_frames(some: list[str | bytes]) -> None:
    async with Harness() as harness:
        await charge(harness)
        for frame in some:
            await harness.csms.send_text(frame)
        await charges_on(harness)


ANSWER_FIELDS = (
    *("status", "idTagInfo", "transactionId", "currentTime", "interval", "parentIdTag"),
    *("expiryDate", "surplus"),
)
odd_info = st.fixed_dictionaries(
    {"status": st.sampled_from(("Accepted", "Invalid", "Blocked")) | json_values},
    optional={
        "parentIdTag": json_values | st.just("\ud800") | st.just("x" * 3000),
        "expiryDate": json_values | st.just("2026-01-01T11:00:00+99:99"),
    },
)
odd_answers: st.SearchStrategy[Payload] = st.dictionaries(
    st.sampled_from(ANSWER_FIELDS), json_values | odd_info, max_size=5
) | st.fixed_dictionaries({"idTagInfo": odd_info, "transactionId": numbers | json_values})


@pytest.mark.row("W7", "call timeout")
@pytest.mark.row("W10", "answers to nothing")
@thorough
@given(st.data())
async def test_arbitrary_answers_to_its_own_calls(data: st.DataObject) -> None:
    """Whatever was answered: the next session with a sane CSMS is whole, and nothing is left."""
    keys = {"MeterValueSampleInterval": "10", "TransactionMessageRetryInterval": "1"}
    async with Harness(keys=keys) as harness:
        script = harness.csms.script
        for action in ("StatusNotification", "Authorize", "StartTransaction", "MeterValues"):
            script[action].extend(data.draw(st.lists(odd_answers, max_size=3), action))
        for action in ("StopTransaction", "Heartbeat", "BootNotification"):
            script[action].extend(data.draw(st.lists(odd_answers, max_size=2), action))
        await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1)
        for trigger in ("Heartbeat", "BootNotification"):
            await harness.ask("TriggerMessage", requestedMessage=trigger)
        await a_session_on(harness, 1)
        await harness.advance(900)
        script.clear()
        await harness.advance(900)
        harness.csms.clear()
        await a_session_on(harness, 2)
        transaction_ids = {call.payload["transactionId"] for call in harness.csms.of("MeterValues")}
        (stop,) = payloads(harness, "StopTransaction")
        assert transaction_ids == {stop["transactionId"]}
        assert harness.station.snapshot.link.queued == 0


async def a_session_on(harness: Harness, connector_id: int) -> None:
    """A session by the driver, as far as it goes."""
    await harness.submit(Plug(connector_id))
    await harness.submit(Start(connector_id, "TAG"))
    await harness.advance(25)
    await harness.submit(Stop(connector_id))
    await harness.submit(Unplug(connector_id))


@pytest.mark.row("W10", "answers to nothing")
async def test_memory_stays_bounded_under_big_frames() -> None:
    async with Harness() as harness:
        await charge(harness)
        big: list[Any] = [
            [2, "i" * MIB, "Nothing", {}],
            [2, "a", "A" * 2 * MIB, {}],
            [2, "a", "DataTransfer", {"vendorId": "v", "data": "x" * 2 * MIB}],
            [3, "a", {"x": "x" * 2 * MIB}],
            [9, "a", "x" * 2 * MIB],
        ]
        tracemalloc.start()
        try:
            for round_ in range(9):
                for message in big:
                    await harness.csms.send_text(json.dumps(message))
                for number in range(4):
                    odd = {"vendorId": "v", f"{round_} {number} {'k' * MIB}": 1}
                    await harness.csms.send_text(json.dumps([2, "a", "DataTransfer", odd]))
                await harness.ask("GetConfiguration", key=["NumberOfConnectors"])
                harness.csms.clear()
                if round_ == 0:
                    before, _ = tracemalloc.get_traced_memory()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert after - before < 12 * MIB, "of about 110 MiB that came"
        await charges_on(harness)


@pytest.mark.row("W10", "answers to nothing")
async def test_a_csms_that_asks_for_ever_and_never_answers_fills_no_memory() -> None:
    """Triggered messages wait in memory for their turn; of too many the oldest gives way."""
    async with Harness() as harness:
        await charge(harness)
        harness.csms.script["Heartbeat"].append(Hold(release := asyncio.Event()))
        for _ in range(1700):
            await harness.csms.ask("TriggerMessage", requestedMessage="Heartbeat")
        release.set()
        await harness.settle()
        assert 500 <= len(harness.csms.of("Heartbeat")) <= 1500
        await charges_on(harness)
