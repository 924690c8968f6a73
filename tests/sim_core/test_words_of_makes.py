"""What a model's file says of frames is on the wire: ids, stamps, order, texts, answers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import LinkDown, LinkUp, Plug, Start
from sim_core.hardware.model import (
    AnswerText,
    FrameText,
    Identity,
    Metering,
    Model,
    SampledLine,
    TransferText,
    WireText,
)
from sim_core.settings.model_file import ModelError, load_model
from tests.harness import Harness

GENERIC = load_model("generic")
REGISTER = "Energy.Active.Import.Register"


def spoken(model: Model, **options: Any) -> Harness:
    return Harness(model=model, **options)


def with_(**parts: Any) -> Model:
    return replace(GENERIC, **parts)


def behaving(**switches: Any) -> Model:
    return with_(behaviour=replace(GENERIC.behaviour, **switches))


def actions(harness: Harness) -> list[str]:
    return [call.action for call in harness.csms.calls]


async def sampled(model: Model, context: str, **keys: str) -> Sequence[dict[str, Any]]:
    """The sampled values of a sample in a transaction, of this context."""
    keys = {"MeterValueSampleInterval": "10", **keys}
    async with spoken(model, keys=keys) as harness:
        await harness.submit(Plug(1))
        await harness.submit(Start(1))
        await harness.advance(25)
        if context == "Trigger":
            await harness.ask("TriggerMessage", requestedMessage="MeterValues", connectorId=1)
        *_, last = harness.csms.of("MeterValues")
        return [v for value in last.payload["meterValue"] for v in value["sampledValue"]]


# -- [wire] ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wire", "pattern"),
    [
        (WireText(), r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        (WireText(message_id_prefix="cp-"), r"cp-[0-9a-f]{8}-.*"),
        (WireText(message_ids="digits", message_id_digits=7), r"[0-9]{7}"),
        (WireText(message_ids="hex", message_id_digits=12), r"[0-9a-f]{12}"),
    ],
)
async def test_message_ids_look_as_the_make_writes_them(wire: WireText, pattern: str) -> None:
    async with spoken(with_(wire=wire)) as harness:
        ids = [call.message_id for call in harness.csms.calls]
        assert len(set(ids)) == len(ids) > 2
        assert all(re.fullmatch(pattern, one) for one in ids), ids


async def test_a_counter_goes_on_over_connections() -> None:
    wire = WireText(message_ids="counter", first_message_id=98, message_id_digits=4, padded=True)
    async with spoken(with_(wire=wire)) as harness:
        await harness.submit(LinkDown())
        await harness.submit(LinkUp())
        await harness.advance(60)
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        ids = [call.message_id for call in harness.csms.calls]
        assert ids == [f"{98 + place:04d}" for place in range(len(ids))]
        assert harness.csms.connections == 2


async def test_a_random_id_is_never_that_of_an_open_call() -> None:
    wire = WireText(message_ids="digits", message_id_digits=1)
    async with spoken(with_(wire=wire)) as harness:
        for _ in range(12):
            await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        assert actions(harness).count("Heartbeat") == 12


@pytest.mark.parametrize(
    ("wire", "pattern"),
    [
        (WireText(), r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
        (WireText(timestamps="s"), r"[-\dT:]{19}Z"),
        (WireText(timestamps="zeros", utc="+00:00"), r"[-\dT:]{19}\.000\+00:00"),
        (WireText(timestamps="s", utc=""), r"[-\dT:]{19}"),
    ],
)
async def test_timestamps_look_as_the_make_writes_them(wire: WireText, pattern: str) -> None:
    async with spoken(with_(wire=wire), keys={"MeterValueSampleInterval": "10"}) as harness:
        await harness.submit(Plug(1))
        await harness.submit(Start(1))
        await harness.advance(15)
        stamps = re.findall(r'"timestamp":"([^"]*)"', "".join(harness.csms.frames))
        assert "MeterValues" in actions(harness)
        assert len(stamps) > 4
        assert all(re.fullmatch(pattern, one) for one in stamps), stamps


async def test_blanks_stand_where_the_make_has_them() -> None:
    async with spoken(with_(wire=WireText(blanks=True))) as harness:
        assert harness.csms.frames
        for frame in harness.csms.frames:
            assert frame == json.dumps(json.loads(frame), separators=(", ", ": "))


# -- [frames] --------------------------------------------------------------------------------------


async def test_fields_have_the_order_of_the_make_and_some_are_left_out() -> None:
    text = FrameText(fields=("connectorId", "status"), without=("timestamp",))
    async with spoken(with_(frames={"StatusNotification": text})) as harness:
        for call in harness.csms.of("StatusNotification"):
            assert list(call.payload) == ["connectorId", "status", "errorCode"]


async def test_tables_within_a_message_have_their_order_too() -> None:
    frames = {
        "meterValue": FrameText(fields=("sampledValue", "timestamp")),
        "sampledValue": FrameText(fields=("measurand", "value")),
    }
    async with spoken(with_(frames=frames)) as harness:
        await harness.ask("TriggerMessage", requestedMessage="MeterValues", connectorId=1)
        (value,) = harness.csms.of("MeterValues")[0].payload["meterValue"]
        assert list(value) == ["sampledValue", "timestamp"]
        assert list(value["sampledValue"][0])[:2] == ["measurand", "value"]


async def test_texts_of_the_make_stand_where_the_charger_has_none() -> None:
    says = {
        "info": {"Preparing": "B;{connectorId}", "Available": "A;{connectorId}"},
        "vendorId": "{chargePointVendor} {other}",
        "vendorErrorCode": "0x0000",
        "reservationId": 0,
    }
    model = with_(frames={"StatusNotification": FrameText(says=says)})
    async with spoken(model) as harness:
        await harness.submit(Plug(2))
        said = harness.csms.of("StatusNotification")[-1].payload
        vendor = GENERIC.identity.vendor
        assert said["status"] == "Preparing"
        assert said["info"] == "B;2"
        assert said["vendorId"] == f"{vendor} {{other}}"
        assert said["vendorErrorCode"] == "0x0000"
        assert said["reservationId"] == 0


async def test_what_the_charger_has_to_say_itself_stays() -> None:
    model = with_(frames={"BootNotification": FrameText(says={"firmwareVersion": "of the file"})})
    async with spoken(model) as harness:
        (boot,) = harness.csms.of("BootNotification")
        assert boot.payload["firmwareVersion"] == GENERIC.identity.firmware_version


async def test_an_empty_text_of_the_identity_is_said_and_none_is_left_out() -> None:
    identity = Identity("V", "M", iccid="", imsi=None, meter_type="V1")
    async with spoken(with_(identity=identity)) as harness:
        (boot,) = harness.csms.of("BootNotification")
        assert boot.payload == {
            "chargePointVendor": "V",
            "chargePointModel": "M",
            "iccid": "",
            "meterType": "V1",
        }


async def test_an_answer_is_phrased_as_a_request_is() -> None:
    frames = {"GetConfiguration.conf": FrameText(says={"unknownKey": ()}, fields=("unknownKey",))}
    async with spoken(with_(frames=frames)) as harness:
        answer = await harness.ask("GetConfiguration", key=["HeartbeatInterval"])
        assert list(answer) == ["unknownKey", "configurationKey"]
        assert answer["unknownKey"] == []


# -- [[metering.values]] ---------------------------------------------------------------------------


async def test_each_sampled_value_is_written_as_its_line_has_it() -> None:
    lines = (
        SampledLine("Voltage", phase="L1-N", decimals=1, format=""),
        SampledLine("Voltage", phase="L1-L2", decimals=0, context="", location=""),
        SampledLine("Current.Import", phase="L1", decimals=3, unit=""),
        SampledLine("Current.Import", phase="L2", decimals=3, context="CurrentMax"),
        SampledLine("Current.Import", phase="N", decimals=1),
        SampledLine(REGISTER, unit="kWh", decimals=2, names_measurand=False),
        SampledLine("Power.Active.Import", exponent=True, decimals=0),
        SampledLine("Frequency", significant=4),
    )
    model = with_(metering=Metering(values=lines))
    keys = {
        "MeterValuesSampledData": "Voltage,Current.Import,Energy.Active.Import.Register,"
        "Power.Active.Import,Frequency"
    }
    values = await sampled(model, "Sample.Periodic", **keys)
    usual = {"context": "Sample.Periodic", "format": "Raw", "location": "Outlet"}
    shown = [{k: v for k, v in value.items() if k != "value"} for value in values]
    assert shown == [
        {
            "context": "Sample.Periodic",
            "measurand": "Voltage",
            "phase": "L1-N",
            "location": "Outlet",
            "unit": "V",
        },
        {"format": "Raw", "measurand": "Voltage", "phase": "L1-L2", "unit": "V"},
        {**usual, "measurand": "Current.Import", "phase": "L1"},
        {
            **usual,
            "context": "CurrentMax",
            "measurand": "Current.Import",
            "phase": "L2",
            "unit": "A",
        },
        {**usual, "measurand": "Current.Import", "phase": "N", "unit": "A"},
        {**usual, "unit": "kWh"},
        {**usual, "measurand": "Power.Active.Import", "unit": "W"},
        {**usual, "measurand": "Frequency"},
    ]
    told = [value["value"] for value in values]
    patterns = (r"\d+\.\d", r"\d+", r"\d+\.\d{3}", r"\d+\.\d{3}", r"0\.0", r"\d+\.\d\d")
    for text, pattern in zip(told, patterns, strict=False):
        assert re.fullmatch(pattern, text), (text, pattern)
    assert re.fullmatch(r"\de\+\d\d", told[6])
    assert told[7] == "50"
    assert float(told[1]) == pytest.approx(float(told[0]) * 3**0.5, abs=1)
    assert told[2] == told[3]


async def test_lines_of_a_context_are_for_that_alone() -> None:
    lines = (
        SampledLine(REGISTER, when=("Trigger",), decimals=0, context=""),
        SampledLine("Voltage", decimals=1),
    )
    model = with_(metering=Metering(values=lines))
    keys = {"MeterValuesSampledData": f"{REGISTER},Voltage,Current.Import"}
    triggered = await sampled(model, "Trigger", **keys)
    assert [(v["measurand"], v.get("context")) for v in triggered] == [
        (REGISTER, None),
        ("Current.Import", "Trigger"),  # without any line: as usual
    ]
    periodic = await sampled(model, "Sample.Periodic", **keys)
    assert [v["measurand"] for v in periodic] == ["Voltage", "Current.Import"]
    assert periodic[0]["value"].count(".") == 1


async def test_a_value_in_steps_is_a_multiple_of_them() -> None:
    model = with_(metering=Metering(values=(SampledLine(REGISTER, step=10, decimals=0),)))
    (value,) = await sampled(model, "Sample.Periodic", MeterValuesSampledData=REGISTER)
    assert int(value["value"]) % 10 == 0


# -- on_connect ------------------------------------------------------------------------------------


GATEWAY = TransferText("V", "gatewayInfo", '{"SN":"{chargePointModel}","n":1}')


async def test_a_make_says_what_it_says_on_connect_in_its_order() -> None:
    words = ("DataTransfer gatewayInfo", "BootNotification", "Heartbeat", "StatusNotification")
    model = replace(behaving(on_connect=words), transfers=(GATEWAY,))
    async with spoken(model, connectors=1) as harness:
        await harness.advance(1)
        assert actions(harness) == [
            "DataTransfer",
            "BootNotification",
            "Heartbeat",
            "StatusNotification",
            "StatusNotification",
        ]
        assert harness.csms.of("DataTransfer")[0].payload == {
            "vendorId": "V",
            "messageId": "gatewayInfo",
            "data": f'{{"SN":"{GENERIC.identity.model}","n":1}}',
        }


async def test_a_make_may_boot_only_when_it_is_asked_to() -> None:
    async with spoken(behaving(on_connect=("Heartbeat",))) as harness:
        assert actions(harness) == ["Heartbeat"]
        await harness.ask("TriggerMessage", requestedMessage="BootNotification")
        await harness.submit(Plug(1))
        assert actions(harness) == ["Heartbeat", "BootNotification", "StatusNotification"]


async def test_the_next_links_have_a_list_of_their_own() -> None:
    model = behaving(on_reconnect=("StatusNotification", "Heartbeat"))
    async with spoken(model, connectors=1) as harness:
        before = len(harness.csms.calls)
        await harness.submit(LinkDown())
        await harness.submit(LinkUp())
        await harness.advance(60)
        assert actions(harness)[before:] == ["StatusNotification"] * 2 + ["Heartbeat"]


async def test_security_events_are_told_without_a_profile_where_they_are_in_the_list() -> None:
    words = ("BootNotification", "StatusNotification", "SecurityEventNotification")
    async with spoken(behaving(on_connect=words), connectors=1) as harness:
        assert actions(harness) == [
            "BootNotification",
            *["StatusNotification"] * 2,
            "SecurityEventNotification",
        ]


# -- [answers] -------------------------------------------------------------------------------------


async def test_answers_are_those_of_the_make() -> None:
    answers = {
        "ClearCache": AnswerText(status="Rejected"),
        "SetChargingProfile": AnswerText(error="NotSupported", description="no smart charging"),
        "TriggerMessage MeterValues": AnswerText(status="Rejected", when="idle"),
        "TriggerMessage": AnswerText(status="NotImplemented"),
    }
    async with spoken(with_(answers=answers)) as harness:
        assert await harness.ask("ClearCache") == {"status": "Rejected"}
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5000}],
            },
        }
        refused = await harness.csms.ask_raw(
            "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile}
        )
        assert [refused[0], *refused[2:4]] == [4, "NotSupported", "no smart charging"]
        trigger = {"requestedMessage": "MeterValues", "connectorId": 1}
        assert await harness.ask("TriggerMessage", **trigger) == {"status": "Rejected"}
        beat = await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        assert beat == {"status": "NotImplemented"}
        await harness.submit(Plug(1))
        await harness.submit(Start(1))
        assert await harness.ask("TriggerMessage", **trigger) == {"status": "NotImplemented"}
        assert "MeterValues" not in actions(harness)


async def test_an_answer_may_hold_only_while_nothing_charges() -> None:
    answers = {"TriggerMessage MeterValues": AnswerText(status="Rejected", when="idle")}
    async with spoken(with_(answers=answers)) as harness:
        await harness.submit(Plug(1))
        await harness.submit(Start(1))
        trigger = {"requestedMessage": "MeterValues", "connectorId": 1}
        assert await harness.ask("TriggerMessage", **trigger) == {"status": "Accepted"}


async def test_a_make_may_not_answer_at_all() -> None:
    model = with_(answers={"ClearCache": AnswerText(silent=True)})
    async with spoken(model) as harness:
        await harness.csms.send_text('[2,"never","ClearCache",{}]')
        await harness.advance(120)
        assert not [frame for frame in harness.csms.frames if '"never"' in frame]
        (row,) = [row for row in harness.messages.since(0)[1] if row.action == "ClearCache"]
        assert "never does" in row.trouble
        assert (await harness.ask("GetConfiguration"))["configurationKey"]


async def test_an_answer_takes_its_time() -> None:
    timing = replace(GENERIC.timing["swift"], answer_s=3.0)
    async with spoken(GENERIC, timing=timing) as harness:
        await harness.csms.send_text('[2,"slow","ClearCache",{}]')
        await harness.advance(2.9)
        assert not [frame for frame in harness.csms.frames if '"slow"' in frame]
        await harness.advance(0.2)
        assert [frame for frame in harness.csms.frames if '"slow"' in frame]


# -- [[transfers]] ---------------------------------------------------------------------------------


async def test_a_transfer_follows_its_message_each_time() -> None:
    transfer = TransferText(
        "V", "evbStatus", "{connectorId},{status},{20,8}", after="StatusNotification"
    )
    async with spoken(with_(transfers=(transfer,)), connectors=1) as harness:
        await harness.submit(Plug(1))
        told = [call.payload["data"] for call in harness.csms.of("DataTransfer")]
        assert told == ["0,Available,{20,8}", "1,Available,{20,8}", "1,Preparing,{20,8}"]


# -- the file --------------------------------------------------------------------------------------

FILE = """
[identity]
vendor = "V"
model = "M"
[ratings]
connector_power_w = 1
connector_current_a = 1
cabinet_power_w = 1
"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[behaviour]\non_connect = ["Boot"]', "behaviour.on_connect has 'Boot': allowed is"),
        ('[behaviour]\non_connect = ["DataTransfer x"]', "no [[transfers]] has this message_id"),
        ('[behaviour]\non_reconnect = ["DataTransfer"]', "DataTransfer MESSAGE_ID"),
        ("[behaviour]\non_connect = 3", "behaviour.on_connect is 3: allowed is a list"),
        ('[[metering.values]]\nmeasurand = "Volts"', "metering.values has 'Volts': allowed is"),
        ("[[metering.values]]\ndecimals = 1", "metering.values.1.measurand is missing"),
        ("[metering]\nvalues = 3", "metering.values is 3: allowed is tables [[metering.values]]"),
        ('[answers]\nReset = { when = "idle" }', "one of status, error and silent"),
        ('[answers]\nReset = { status = "A", silent = true }', "one of status, error and silent"),
        ("[frames]\nAuthorize = 3", "Authorize is 3"),
        ("[frames.Authorize]\nsays = { a = 1.5 }", "frames.Authorize.says is {'a': 1.5}"),
        ("transfers = 3", "transfers is 3: allowed is tables [[transfers]]"),
        ('[wire]\nmessage_ids = "guid"', "wire.message_ids is 'guid': allowed is 'uuid', "),
    ],
)
def test_a_mistake_in_a_file_is_a_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text + FILE if text.startswith("transfers") else FILE + text, "utf-8")
    with pytest.raises(ModelError) as error:
        load_model(str(path))
    assert sentence in str(error.value)
