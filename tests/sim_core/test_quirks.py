"""Every quirk of the Gresgying model: what it does to the wire, and that nothing of it is there
while it is off."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import (
    ClearFault,
    InjectFault,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    Refused,
    Resume,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    Unplug,
)
from sim_core.errors import UserError
from sim_core.hardware.meter import Meter
from sim_core.hardware.model import Quirks
from sim_core.ocpp16.timestamps import stamp
from sim_core.settings.models import chosen_quirks, load_model
from tests.harness import Harness
from tests.scripted_csms import Drop, Payload, describe

MODEL = load_model("gresgying-f3-eu180")
REAL = replace(MODEL.timing["real"], spread=0.0, mac_retry_share=0.0)
Look = Callable[[str], Awaitable[bool]]
"""Plays a scene under these quirks and says whether the quirk's effect was on the wire."""


def gresgying(quirks: str, **options: Any) -> Harness:
    return Harness(model=MODEL, quirks=quirks, **options)


def payloads(harness: Harness, action: str) -> list[Payload]:
    """What the charge point has sent under this action."""
    return [call.payload for call in harness.csms.of(action)]


def statuses(harness: Harness, number: int) -> list[str]:
    """The words that the charge point has said of a connector."""
    return [
        p["status"] for p in payloads(harness, "StatusNotification") if p["connectorId"] == number
    ]


async def asking(harness: Harness, action: str, **payload: Any) -> asyncio.Task[dict[str, Any]]:
    """Ask, without waiting for an answer that takes time."""
    task = asyncio.ensure_future(harness.csms.ask(action, **payload))
    await harness.settle()
    return task


async def pipelining(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await harness.submit(Plug(1))
        await harness.submit(Plug(2))
        harness.csms.clear()
        harness.csms.script["StatusNotification"].append(Drop())
        await harness.submit(Unplug(1))
        await harness.submit(Unplug(2))
        return statuses(harness, 2) == ["Available"]


async def forgets_unanswered(quirks: str) -> bool:
    others = "pipelining" if quirks == "none" else f"{quirks},pipelining"  # it rests on that one
    async with gresgying(others) as harness:
        await charge(harness)
        harness.csms.script["MeterValues"].append(Drop())
        await harness.advance(10)
        (lost,) = payloads(harness, "MeterValues")
        await harness.advance(300)
        return payloads(harness, "MeterValues").count(lost) == 1


async def send_tick(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await harness.advance(5)
        harness.csms.clear()
        await harness.submit(Plug(1))
        at_once = bool(harness.csms.calls)
        began = harness.clock.monotonic()
        answer = await asking(harness, "RemoteStartTransaction", connectorId=2, idTag="TAG")
        while not answer.done():
            await harness.advance(0.1)
        took_s = harness.clock.monotonic() - began
        await harness.advance(3)
        assert statuses(harness, 1) == ["Preparing"]
        assert at_once is (took_s == 0)
        return 2 <= took_s <= 2.4


async def json_c(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        answered = await harness.ask("GetConfiguration", key=["OcppUrl", "Monetaryunit"])
        values = {entry["key"]: entry["value"] for entry in answered["configurationKey"]}
        assert values["OcppUrl"].endswith("/ocpp/CP01")
        assert values["Monetaryunit"] == "€"
        (frame,) = [f for f in harness.csms.frames if "OcppUrl" in f]
        assert json.loads(frame)[2] == answered
        return "ws:\\/\\/" in frame and "€" in frame


async def whole_second_clock(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await harness.advance(7.25)
        current = harness.clock.now().isoformat().replace("+00:00", "Z")
        harness.csms.script["BootNotification"].append(
            {"currentTime": current, "interval": 3600, "status": "Accepted"}
        )
        await harness.ask("TriggerMessage", requestedMessage="BootNotification")
        harness.csms.clear()
        await harness.submit(Plug(1))
        (report,) = payloads(harness, "StatusNotification")
        assert report["timestamp"].endswith((".000Z", ".250Z"))
        return bool(report["timestamp"].endswith(".000Z"))


async def autocharge_mac(quirks: str) -> bool:
    async with gresgying(quirks, timing=REAL) as harness:
        await harness.advance(3)
        await harness.submit(Plug(1))
        await harness.advance(14.6)
        early = harness.csms.of("DataTransfer", "Authorize")
        await harness.advance(0.2)
        vid = harness.connector().vid
        assert not early
        return [call.payload for call in harness.csms.of("DataTransfer", "Authorize")] in (
            [{"vendorId": "Gresgying", "messageId": "MacID", "data": vid}, {"idTag": vid}],
            [{"idTag": vid}, {"vendorId": "Gresgying", "messageId": "MacID", "data": vid}],
        )


async def ev_gives_up(quirks: str) -> bool:
    async with gresgying(quirks, timing=REAL) as harness:
        await harness.submit(Plug(1))
        await harness.advance(60)
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        await harness.advance(60)
        ends = payloads(harness, "StopTransaction")
        assert len(payloads(harness, "StartTransaction")) == 1
        if not ends:
            return False
        (start,), (end,) = payloads(harness, "StartTransaction"), ends
        assert (end["reason"], end["meterStop"]) == ("EVDisconnected", start["meterStart"])
        assert statuses(harness, 1) == ["Available", "Preparing"]
        return True


async def truncated_meter_stop(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        harness.station.charge_point.outlets[1].metal.meter = Meter(128_034.4)
        await charge_and_keep(harness)
        (start,) = payloads(harness, "StartTransaction")
        assert energy(payloads(harness, "MeterValues")[0]) == "128.034"
        return bool(start["meterStart"] == 128_033)


async def two_entry_stop_data(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge_and_keep(harness)
        await harness.advance(60)
        await harness.submit(Stop(1))
        (end,) = payloads(harness, "StopTransaction")
        data = [
            [(value["context"], value["measurand"]) for value in entry["sampledValue"]]
            for entry in end["transactionData"]
        ]
        register = "Energy.Active.Import.Register"
        return data == [[("Transaction.Begin", register)], [("Transaction.End", register)]]


async def erratic_power_offered(quirks: str) -> bool:
    async with gresgying(quirks, timing=REAL, keys={"MeterValueSampleInterval": "5"}) as harness:
        await harness.submit(Plug(1))
        await harness.advance(30)
        await harness.submit(Start(1, "TAG"))
        await harness.advance(40)
        rows = [values_of(sample) for sample in payloads(harness, "MeterValues")]
        lags = [
            row
            for row in rows
            if float(row["Power.Active.Import"]) > 20 and float(row["Power.Offered"]) <= 20
        ]
        assert all(row["Power.Offered"].isdigit() for row in rows)
        return bool(lags)


async def slow_minute(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "60"}) as harness:
        await charge(harness)
        began = harness.clock.monotonic()
        while not payloads(harness, "MeterValues"):
            await harness.advance(0.1)
        took_s = harness.clock.monotonic() - began
        return bool(abs(took_s - 61.83 + 0.4) < 0.2)


async def free_running_samples(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "60"}) as harness:
        await charge(harness)
        await harness.advance(58)
        return bool(payloads(harness, "MeterValues"))


async def late_clock_samples(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await harness.advance(1801)
        one, two = (
            sample["meterValue"][0]["timestamp"] for sample in payloads(harness, "MeterValues")
        )
        assert one.startswith("2026-01-01T12:30:00.")
        if one.endswith(".000Z"):
            return False
        return int(two[-4:-1]) - int(one[-4:-1]) == 3 and 175 <= int(one[-4:-1]) <= 805


async def repeated_preparing(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        await harness.advance(61)
        said = statuses(harness, 1)
        assert said[-1] == "Available"
        assert set(said[:-1]) == {"Preparing"}
        return len(said) == 7


async def vendor_faults(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        await harness.submit(InjectFault(2, vendor_error_code="85"))
        words = [statuses(harness, number) for number in (0, 1, 2)]
        ends = [end["reason"] for end in payloads(harness, "StopTransaction")]
        if words != [["Faulted"]] * 3:
            assert (words, ends) == ([[], [], ["Faulted"]], [])
            return False
        report = payloads(harness, "StatusNotification")[0]
        assert ends == ["EmergencyStop"]
        assert (report["errorCode"], report["vendorErrorCode"], report["info"]) == (
            "InternalError",
            "85",
            "System emergency stop failure",
        )
        await harness.submit(Unplug(1))
        harness.csms.clear()
        await harness.submit(ClearFault(1))
        return sorted(map(describe, harness.csms.calls)) == [
            f"StatusNotification {number} Available" for number in (0, 1, 2)
        ]


async def status_before_answer(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        harness.csms.clear()
        await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        kinds = [json.loads(frame)[0] for frame in harness.csms.frames]
        assert sorted(kinds) == [2, 3]
        return kinds == [2, 3]


async def asks_for_any_card(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        await harness.submit(Swipe(1, "OTHER"))
        assert harness.status() == "Charging", "it has no say"
        return payloads(harness, "Authorize") == [{"idTag": "OTHER"}]


async def remote_start_twice(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await harness.submit(Plug(1))
        first = await harness.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        await harness.advance(0.5)
        second = await harness.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        await harness.advance(1)
        third = await harness.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        assert (first["status"], third["status"]) == ("Accepted", "Rejected")
        assert len(payloads(harness, "StartTransaction")) == 1
        cards = len(payloads(harness, "Authorize"))
        return (second["status"], cards) == ("Accepted", 2)


async def connectors_after_reconnect(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        await harness.submit(LinkDown())
        await harness.submit(LinkUp())
        first = harness.csms.actions()
        await harness.advance(1)
        late = [a for a in harness.csms.actions()[len(first) :] if a.startswith("Status")]
        assert {"StatusNotification 0 Available", "StatusNotification 1 Charging"} <= set(
            harness.csms.actions()
        )
        return late == ["StatusNotification 1 Charging", "StatusNotification 2 Available"]


async def hard_reset_speaks(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        before = harness.csms.connections
        await harness.ask("Reset", type="Hard")
        await harness.advance(10)
        (end,) = harness.csms.of("StopTransaction")
        assert end.payload["reason"] == "HardReset"
        assert harness.csms.connections == before + 1
        return end.connection == before


async def late_power_loss(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "600"}) as harness:
        await charge(harness)
        await harness.advance(60)
        await harness.submit(PowerOff())
        await harness.advance(90)
        harness.csms.clear()
        await harness.submit(PowerOn())
        shown = "Charging" in statuses(harness, 1)
        register_wh = harness.connector().register_wh
        await harness.advance(10)
        (end,) = payloads(harness, "StopTransaction")
        assert (end["reason"], end["meterStop"]) == ("PowerLoss", int(register_wh))
        assert harness.status() == "Finishing"
        return shown and statuses(harness, 1)[-1] == "Finishing"


async def offline_duplicate(quirks: str) -> bool:
    keys = {"LocalAuthorizeOffline": "true", "AllowOfflineTxForUnknownId": "true"}
    async with gresgying(quirks, keys=keys) as harness:
        await harness.submit(Plug(1))
        await harness.submit(LinkDown())
        await harness.submit(Start(1, "TAG"))
        await harness.advance(15)
        harness.csms.clear()
        refused = {"transactionId": -1, "idTagInfo": {"status": "Invalid"}}
        harness.csms.script["StartTransaction"] += [refused, refused]
        await harness.submit(LinkUp())
        await harness.advance(30)
        await harness.submit(Stop(1))
        starts = payloads(harness, "StartTransaction")
        samples = payloads(harness, "MeterValues")
        if payloads(harness, "StopTransaction"):
            assert len(starts) == 1
            return False
        assert starts[0] == starts[1]
        assert not any("transactionId" in sample for sample in samples)
        last = samples[-1]["meterValue"][0]
        assert last["timestamp"] == starts[0]["timestamp"]
        assert len(last["sampledValue"]) == 6
        return last["sampledValue"][0]["context"] == "Transaction.Begin"


def values_of(sample: dict[str, Any]) -> dict[str, str]:
    """Measurand -> value of a MeterValues request."""
    return {v["measurand"]: v["value"] for v in sample["meterValue"][0]["sampledValue"]}


def contexts_of(sample: dict[str, Any]) -> list[str]:
    return [value["context"] for value in sample["meterValue"][0]["sampledValue"]]


def gaps(harness: Harness) -> set[float]:
    """Seconds between the stamps of connector 1's samples."""
    stamps = [
        datetime.fromisoformat(sample["meterValue"][0]["timestamp"].replace("Z", "+00:00"))
        for sample in payloads(harness, "MeterValues")
        if sample["connectorId"] == 1 and set(contexts_of(sample)) == {"Sample.Periodic"}
    ]
    return {round((b - a).total_seconds(), 3) for a, b in itertools.pairwise(stamps)}


def energy(sample: dict[str, Any]) -> str:
    return values_of(sample)["Energy.Active.Import.Register"]


async def charge_and_keep(harness: Harness) -> None:
    """Plug in and start; the frames stay."""
    await harness.submit(Plug(1))
    await harness.submit(Start(1, "TAG"))
    await harness.advance(1)
    assert harness.status() == "Charging"


async def charge(harness: Harness) -> None:
    """Plug in and start, and forget the frames that it took."""
    await charge_and_keep(harness)
    harness.csms.clear()


async def below_profile(quirks: str) -> bool:
    async with gresgying(quirks, timing=REAL, keys={"MeterValueSampleInterval": "5"}) as harness:
        await harness.submit(Plug(1))
        await harness.advance(30)
        await harness.submit(Start(1, "TAG"))
        await harness.advance(60)
        limit = {
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 15_000.0}],
        }
        profile = {
            "chargingProfileId": 103,
            "stackLevel": 1,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": limit,
        }
        ask = await asking(harness, "SetChargingProfile", connectorId=1, csChargingProfiles=profile)
        await harness.advance(30)
        assert ask.result() == {"status": "Accepted"}
        row = values_of(payloads(harness, "MeterValues")[-1])
        assert row["Power.Offered"] == "15"
        power_kw = float(row["Power.Active.Import"])
        assert power_kw <= 15
        return power_kw < 14.5


async def rated_power_offered(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        await harness.advance(60)
        rows = [values_of(sample) for sample in payloads(harness, "MeterValues")]
        assert all(float(row["Power.Active.Import"]) <= 60 for row in rows)
        return {row["Power.Offered"] for row in rows} == {"180"}


async def watts_power_offered(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        await harness.advance(60)
        (*_, sample) = payloads(harness, "MeterValues")
        (offered,) = [
            value
            for value in sample["meterValue"][0]["sampledValue"]
            if value["measurand"] == "Power.Offered"
        ]
        power_w = 1000 * float(values_of(sample)["Power.Active.Import"])
        assert offered["unit"] == "kW"
        return float(offered["value"]) == pytest.approx(power_w, rel=0.01)


async def frozen_samples(quirks: str) -> bool:
    async with gresgying(quirks, noise=0.05) as harness:
        await charge(harness)
        await harness.advance(60)
        await harness.submit(LinkDown())
        await harness.advance(27)
        await harness.submit(LinkUp())
        harness.csms.clear()
        await harness.advance(290)
        rows = [values_of(sample) for sample in payloads(harness, "MeterValues")]
        shown = {
            tuple(row[name] for name in ("Voltage", "Current.Import", "Power.Active.Import"))
            for row in rows
        }
        registers = [float(row["Energy.Active.Import.Register"]) for row in rows]
        assert registers == sorted(set(registers)), "the register goes on"
        harness.csms.clear()
        await harness.advance(60)
        later = {values_of(sample)["Current.Import"] for sample in payloads(harness, "MeterValues")}
        assert len(later) > 1, "it passes"
        return len(shown) == 1


async def early_samples(quirks: str) -> bool:
    """It happens now and then: so many starts are tried."""
    keys = {"MeterValueSampleInterval": "60"}
    async with gresgying(quirks, timing=REAL, keys=keys) as harness:
        await harness.advance(3)
        early = 0
        for _ in range(40):
            await harness.submit(Plug(1, "Compact 60"))
            await harness.submit(Start(1, "TAG"))
            await harness.advance(32)
            said = harness.csms.of("MeterValues", "StartTransaction")
            names = [call.action for call in said]
            before = [call.payload for call in said[: names.index("StartTransaction")]]
            for payload in before:
                assert "transactionId" not in payload
                assert set(contexts_of(payload)) == {"Sample.Periodic"}
            early += len(before)
            await harness.submit(Unplug(1))
            harness.csms.clear()
        assert early < 10
        return early > 0


async def busy_samples(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "30"}) as harness:
        await charge(harness)
        await harness.advance(301)
        assert gaps(harness) == {30.0}, "alone it is exact"
        await harness.submit(Plug(2))
        harness.csms.clear()
        await harness.advance(301)
        late = {gap - 30 for gap in gaps(harness)} - {0.0}
        assert all(1 <= seconds <= 4 for seconds in late)
        return len(late) > 1


async def late_heartbeats(quirks: str) -> bool:
    async with gresgying(quirks, keys={"ClockAlignedDataInterval": "0"}) as harness:
        await harness.ask("ChangeConfiguration", key="HeartbeatInterval", value="300")
        await harness.advance(300.1)
        assert len(payloads(harness, "Heartbeat")) == 1, "a short one is exact"
        await harness.ask("ChangeConfiguration", key="HeartbeatInterval", value="600")
        await harness.advance(602.3)
        late = len(payloads(harness, "Heartbeat")) == 1
        await harness.advance(0.6)
        assert len(payloads(harness, "Heartbeat")) == 2
        return late


async def slow_second_gun(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "0"}) as harness:
        await charge(harness)
        await harness.submit(Plug(2))
        asked = await harness.ask("RemoteStartTransaction", connectorId=2, idTag="TAG")
        assert asked == {"status": "Accepted"}
        await harness.advance(131)
        if payloads(harness, "StartTransaction"):
            assert harness.status(2) == "Charging"
            return False
        await harness.advance(2)
        assert len(payloads(harness, "StartTransaction")) == 1
        await harness.advance(50)
        (end,) = payloads(harness, "StopTransaction")
        (start,) = payloads(harness, "StartTransaction")
        assert (end["reason"], end["meterStop"]) == ("Other", start["meterStart"])
        return (
            statuses(harness, 2) == ["Preparing", "Finishing"] and harness.status(1) == "Charging"
        )


async def stops_unheard(quirks: str) -> bool:
    others = "send_tick" if quirks == "none" else f"{quirks},send_tick"  # it rests on that one
    async with gresgying(others) as harness:
        await harness.submit(Plug(1))
        begun = asyncio.ensure_future(harness.station.submit(Start(1, "TAG")))
        await harness.advance(10)
        await begun
        assert harness.status() == "Charging"
        ask = await asking(harness, "RemoteStopTransaction", transactionId=1000)
        await harness.submit(LinkDown())
        assert not ask.done()
        ask.cancel()
        await harness.advance(27)
        await harness.submit(LinkUp())
        await harness.advance(10)
        ends = payloads(harness, "StopTransaction")
        assert all(end["reason"] == "Other" for end in ends)
        return len(ends) == 1


async def late_connector_0(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        harness.csms.clear()
        await harness.csms.cut()
        await harness.advance(3)
        began = [call for call in harness.csms.of("StatusNotification") if call.connection == 2]
        one, two, zero = (call.payload for call in began)
        assert [p["connectorId"] for p in (one, two, zero)] == [1, 2, 0]
        _, exchanges = harness.messages.since(0)
        *_, first, second, third = (
            e.requested_at for e in exchanges if e.action == "StatusNotification"
        )
        assert first == second
        late_s = (third - first).total_seconds()
        assert (late_s == pytest.approx(0.13)) is (zero["timestamp"] < one["timestamp"])
        return late_s > 0


async def mute_transfers(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        asked = await harness.ask(
            "GetDiagnostics", location="test", stopTime="2023-02-11T10:10:00Z"
        )
        order = {"location": "test", "retrieveDate": None}
        ordered = await harness.csms.ask_raw("UpdateFirmware", order)
        await harness.ask("GetDiagnostics", location="test")
        await harness.advance(10)
        said = harness.csms.of("DiagnosticsStatusNotification", "FirmwareStatusNotification")
        assert (ordered[0] == 3) == ("fileName" in asked) == (not said)
        return not said


async def never_suspended(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "0"}) as harness:
        await charge(harness)
        for pause in (SuspendEV(1), SuspendEVSE(1)):
            await harness.submit(pause)
            await harness.advance(10)
            assert harness.connector().power_w == 0
            await harness.submit(Resume(1))
        await harness.submit(Stop(1))
        said = statuses(harness, 1)
        assert said[-1] == "Finishing"
        return said == ["Finishing"]


async def plug_ends_reserved(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        until = harness.clock.now() + timedelta(seconds=600)
        await harness.ask(
            "ReserveNow",
            connectorId=1,
            expiryDate=stamp(until),
            idTag="HOLDER",
            reservationId=7,
        )
        harness.csms.clear()
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "OTHER")), Refused)
        await harness.submit(Unplug(1))
        assert harness.status() == "Reserved"
        said = statuses(harness, 1)
        assert said in ([], ["Preparing", "Available", "Reserved"])
        return said != []


SCENES: dict[str, Look] = {
    look.__name__: look
    for look in (
        pipelining,
        forgets_unanswered,
        send_tick,
        json_c,
        whole_second_clock,
        autocharge_mac,
        ev_gives_up,
        truncated_meter_stop,
        two_entry_stop_data,
        erratic_power_offered,
        slow_minute,
        free_running_samples,
        late_clock_samples,
        repeated_preparing,
        vendor_faults,
        status_before_answer,
        asks_for_any_card,
        remote_start_twice,
        connectors_after_reconnect,
        hard_reset_speaks,
        late_power_loss,
        offline_duplicate,
        mute_transfers,
        below_profile,
        rated_power_offered,
        watts_power_offered,
        frozen_samples,
        early_samples,
        busy_samples,
        late_heartbeats,
        slow_second_gun,
        stops_unheard,
        late_connector_0,
        never_suspended,
        plug_ends_reserved,
    )
}


def test_every_quirk_has_a_scene_and_a_sentence() -> None:
    assert set(SCENES) == {field.name for field in fields(Quirks)} == set(MODEL.quirks)
    for quirk in MODEL.quirks.values():
        assert quirk.says.endswith(".")
        assert len(quirk.says) > 40


@pytest.mark.parametrize("name", SCENES)
async def test_on(name: str) -> None:
    assert await SCENES[name](name)


@pytest.mark.parametrize("name", SCENES)
async def test_off(name: str) -> None:
    assert not await SCENES[name]("none")


# -- the twin's metal: times, faults, keys ---------------------------


@pytest.mark.parametrize(("late_s", "starts"), [(0.0, (26, 30)), (10.9, (38, 41))])
async def test_a_vehicle_needs_its_time(late_s: float, starts: tuple[int, int]) -> None:
    """Plug, MAC, cable check, Charging; a vehicle that answers the second time is 11 s later."""
    timing = replace(MODEL.timing["real"], mac_retry_share=1.0 if late_s else 0.0)
    async with gresgying("all", timing=timing) as harness:
        await harness.advance(5)
        await harness.submit(Plug(1))
        began = harness.clock.monotonic()
        while harness.connector().transaction is None:
            await harness.advance(0.1)
        assert starts[0] <= harness.clock.monotonic() - began <= starts[1]
        await harness.advance(1.3)
        assert harness.status() == "Preparing"
        await harness.advance(0.5)
        assert harness.status() == "Charging"
        assert harness.connector().current_a == 0, "the voltages are brought together"
        await harness.advance(4)
        early = harness.connector().power_w
        await harness.advance(30)
        assert early < 10_000 < harness.connector().power_w


async def test_the_seed_decides_which_vehicles_are_late() -> None:
    async with gresgying("all", timing=MODEL.timing["real"]) as harness:
        outlet = harness.station.charge_point.outlets[1]
        took = []
        for _ in range(12):
            await harness.submit(Plug(1))
            took.append((outlet.mac_at_s or 0) - harness.clock.monotonic())
            await harness.submit(Unplug(1))
        assert any(14.3 <= s <= 15.1 for s in took)
        assert any(25 <= s <= 26.2 for s in took)


@pytest.mark.parametrize(("kind", "low", "high"), [("Soft", 35, 46), ("Hard", 94, 110)])
async def test_how_long_a_reset_takes(kind: str, low: int, high: int) -> None:
    async with gresgying("all", timing=MODEL.timing["real"]) as harness:
        await harness.advance(5)
        harness.csms.clear()
        answer = await asking(harness, "Reset", type=kind)
        began = harness.clock.monotonic()
        while not harness.csms.of("BootNotification"):
            await harness.advance(0.25)
        assert answer.result() == {"status": "Accepted"}
        assert low <= harness.clock.monotonic() - began <= high


async def test_a_broken_insulation_shows_at_the_start_and_passes() -> None:
    async with gresgying("vendor_faults") as harness:
        await harness.submit(Plug(1))
        harness.csms.clear()
        await harness.submit(InjectFault(1, vendor_error_code="83"))
        assert harness.csms.calls == [], "nobody looks before the start"
        await harness.submit(Start(1, "TAG"))
        await harness.advance(40)
        assert statuses(harness, 1) == ["Faulted", "Available"]
        assert statuses(harness, 0) == statuses(harness, 2) == []
        report = payloads(harness, "StatusNotification")[0]
        assert (report["vendorErrorCode"], report["info"]) == ("83", "Insulation failure")
        (start,), (end,) = (
            payloads(harness, "StartTransaction"),
            payloads(harness, "StopTransaction"),
        )
        assert (end["reason"], end["meterStop"]) == ("Other", start["meterStart"])
        (sample,) = payloads(harness, "MeterValues")
        assert sample["meterValue"][0]["sampledValue"][0]["context"] == "Transaction.Begin"


async def test_an_open_door_is_everywhere() -> None:
    async with gresgying("vendor_faults", connect=False) as harness:
        await harness.submit(InjectFault(1, vendor_error_code="88"))
        harness._connect = True
        harness.station.open()
        await harness.settle()
        assert harness.csms.actions() == [
            "BootNotification",
            *(f"StatusNotification {number} Faulted" for number in (1, 2, 0)),
        ]


READ_ONLY = [
    "LocalAuthListMaxLength",
    "GetConfigurationMaxKeys",
    "MeterValuesAlignedDataMaxLength",
    "MeterValuesSampledDataMaxLength",
    "NumberOfConnectors",
    "ReserveConnectorZeroSupported",
    "ConnectorPhaseRotationMaxLength",
    "StopTransactionOnEVSideDisconnect",
    "StopTxnAlignedDataMaxLength",
    "StopTxnSampledDataMaxLength",
    "SupportedFeatureProfiles",
    "SupportedFeatureProfilesMaxLength",
    "VendorInfo",
    "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargingScheduleMaxPeriods",
    "MaxChargingProfilesInstalled",
]


@pytest.mark.parametrize("quirks", ["none", "all"])
async def test_the_keys_of_the_make(quirks: str) -> None:
    async with gresgying(quirks) as harness:
        ask = await asking(harness, "GetConfiguration")
        await harness.advance(2)
        entries = ask.result()["configurationKey"]
        assert [entry["key"] for entry in entries] == list(MODEL.keys)
        assert len(entries) == 45
        assert [entry["key"] for entry in entries if entry["readonly"]] == READ_ONLY
        answers = []
        for value in ("1", "2", "10"):
            change = await asking(
                harness, "ChangeConfiguration", key="MeterValueSampleInterval", value=value
            )
            await harness.advance(2)
            answers.append(change.result()["status"])
        assert answers == ["Rejected", "Rejected", "Accepted"]


async def test_a_key_of_the_make_that_is_true_or_false_is_so_in_any_case() -> None:
    async with gresgying("none") as harness:
        for value, kept in (("True", "true"), ("FALSE", "false")):
            answer = await harness.ask("ChangeConfiguration", key="AutoCharge", value=value)
            assert answer == {"status": "Accepted"}
            read = await harness.ask("GetConfiguration", key=["AutoCharge"])
            assert read["configurationKey"][0]["value"] == kept
        answer = await harness.ask("ChangeConfiguration", key="AutoCharge", value="perhaps")
        assert answer == {"status": "Rejected"}


@pytest.mark.parametrize(
    ("value", "status"),
    [("0", "Accepted"), ("1", "Rejected"), ("2", "Rejected"), ("3", "Accepted")],
)
async def test_no_short_sample_intervals_but_none_at_all(value: str, status: str) -> None:
    """OCPP 1.6 §9.1: 0 means that no samples are wanted."""
    async with gresgying("none") as harness:
        key = "MeterValueSampleInterval"
        answer = await harness.ask("ChangeConfiguration", key=key, value=value)
        assert answer == {"status": status}


@pytest.mark.parametrize("quirks", ["json_c,typo", "", "None,all"])
def test_an_unknown_quirk_is_a_sentence(quirks: str) -> None:
    with pytest.raises(UserError, match=r"QUIRKS \(--quirks\) is .* allowed is none, all, or") as e:
        chosen_quirks(quirks, MODEL)
    assert "pipelining" in str(e.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[quirks]\ntypo = "x"', "quirks.typo is not known; allowed is pipelining"),
        ("[quirks]\njson_c = 3", "quirks.json_c is 3: allowed is a text in quotes"),
        ('[faults]\n9 = { infos = "x" }', "faults.9.infos is not known; allowed is info"),
        ("[keys]\nRate = { value = 3 }", "keys.Rate.value is 3: allowed is a text in quotes"),
        ('[keys]\nRate = { readonly = "no", value = "1" }', "keys.Rate.readonly is 'no'"),
        ("[timing.real]\nboot = 1", "timing.real.boot is not known"),
        ("[timing.fast]\nboot_s = 1", "timing.fast is not known; allowed is swift, real"),
    ],
)
def test_a_mistake_in_a_model_is_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "mine.toml"
    head = (
        '[identity]\nvendor = "V"\nmodel = "M"\n'
        "[ratings]\nconnector_power_w = 1\nconnector_current_a = 1\ncabinet_power_w = 1\n"
    )
    path.write_text(head + text + "\n", encoding="utf-8")
    with pytest.raises(UserError) as error:
        load_model(str(path))
    assert sentence in str(error.value)


def test_a_model_of_ones_own_has_its_quirks(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[identity]\nvendor = "V"\nmodel = "M"\n'
        "[ratings]\nconnector_power_w = 1\nconnector_current_a = 1\ncabinet_power_w = 1\n"
        '[quirks]\njson_c = { says = "It writes slashes so.", keys = { Rate = "1" } }\n',
        encoding="utf-8",
    )
    assert chosen_quirks("all", load_model(str(path))) == (Quirks(json_c=True), {"Rate": "1"})
