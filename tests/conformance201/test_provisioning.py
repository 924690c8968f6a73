"""Booting, variables, reports, resets (block B), and what holds for every message (section 3)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import LinkDown, LinkUp, Plug, PowerOff, PowerOn, Start, Stop, Unplug
from sim_core.snapshot import Registration
from tests.conformance201.acts import (
    OWN,
    charge,
    events,
    get_variable,
    said,
    set_variables,
    told,
    variable,
)
from tests.harness import Harness
from tests.scripted_csms import CallError, Drop, Hold, Payload

STATUSES = ["SN 1 Available", "SN 2 Available"]


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


def boot(status: str, interval: int = 30, **more: Any) -> Payload:
    return {
        "currentTime": "2026-01-01T12:00:00.000Z",
        "interval": interval,
        "status": status,
        **more,
    }


async def booted(h: Harness) -> None:
    """Let a reboot pass."""
    await h.advance(h.timing.reboot_s + 1)


# -- boot ------------------------------------------------------------------------------------------


@pytest.mark.row(24, "B01.FR.01")
@pytest.mark.row(25, "B01.FR.04")
async def test_a_boot_says_who_it_is_then_every_connector() -> None:
    async with harness() as h:
        first = h.csms.calls[0]
        assert first.action == "BootNotification"
        assert first.payload["reason"] == "PowerUp"
        assert set(first.payload["chargingStation"]) == {
            "model",
            "vendorName",
            "serialNumber",
            "firmwareVersion",
        }
        assert said(h)[:3] == ["BootNotification", *STATUSES]
        h.csms.clear()
        await h.advance(3601)
        assert said(h)[-1] == "Heartbeat"
        assert (await get_variable(h, "OCPPCommCtrlr.HeartbeatInterval"))[
            "attributeValue"
        ] == "3600"


@pytest.mark.row(20, "A04.FR.01")
async def test_after_a_boot_comes_the_security_event() -> None:
    async with harness() as h:
        assert said(h)[3] == "SecurityEventNotification"
        assert h.csms.of("SecurityEventNotification")[0].payload["type"] == "StartupOfTheDevice"
        await h.ask("Reset", type="Immediate")
        await booted(h)
        types = [one.payload["type"] for one in h.csms.of("SecurityEventNotification")]
        assert types[1:] == ["ResetOrReboot"]


@pytest.mark.row(20, "TC_B_21")
async def test_a_critical_event_waits_for_a_csms_that_is_away() -> None:
    async with harness() as h:
        await h.submit(LinkDown())
        h.csms.clear()
        h.station.charger.security.note("TamperDetectionActivated", "the door")
        await h.submit(LinkUp())
        await h.advance(40)
        payload = h.csms.of("SecurityEventNotification")[0].payload
        assert (payload["type"], payload["techInfo"]) == ("TamperDetectionActivated", "the door")


@pytest.mark.row(26, "B01.FR.07")
async def test_what_is_out_of_service_stays_so_over_a_boot() -> None:
    async with harness() as h:
        await h.ask("ChangeAvailability", operationalStatus="Inoperative", evse={"id": 1})
        h.csms.clear()
        await h.ask("Reset", type="Immediate")
        await booted(h)
        assert said(h)[1:3] == ["SN 1 Unavailable", "SN 2 Available"]
        await h.submit(PowerOff())
        h.csms.clear()
        await h.submit(PowerOn())
        await h.advance(5)
        assert said(h)[:3] == ["BootNotification", "SN 1 Unavailable", "SN 2 Available"]


@pytest.mark.row(27, "B01.FR.13")
async def test_a_reservation_survives_a_boot() -> None:
    async with harness() as h:
        until = "2026-01-01T13:00:00Z"
        await h.ask("ReserveNow", id=1, expiryDateTime=until, idToken=OWN, evseId=1)
        h.csms.clear()
        await h.ask("Reset", type="Immediate")
        await booted(h)
        assert said(h)[:3] == ["BootNotification", "SN 1 Reserved", "SN 2 Available"]
        assert h.csms.of("BootNotification")[0].payload["reason"] == "RemoteReset"


@pytest.mark.row(28, "B01.FR.08")
async def test_before_it_is_accepted_it_says_nothing_else() -> None:
    async with harness(connect=False) as h:
        for _ in range(3):
            h.csms.script["BootNotification"].append(boot("Pending"))
        h._connect = True
        h.station.open()
        await h.settle()
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        await h.advance(50)
        assert set(said(h)) == {"BootNotification"}


@pytest.mark.row(29, "B02.FR.01")
@pytest.mark.row(30, "B02.FR.04")
async def test_pending() -> None:
    async with harness(connect=False) as h:
        h.csms.script["BootNotification"] += [boot("Pending", 100), boot("Pending", 100)]
        h._connect = True
        h.station.open()
        await h.settle()
        assert h.registration is Registration.PENDING
        assert await set_variables(h, TxCtrlr__EVConnectionTimeOut="30") == ["Accepted"]
        assert (await get_variable(h, "TxCtrlr.EVConnectionTimeOut"))["attributeValue"] == "30"
        answer = await h.ask("RequestStartTransaction", idToken=OWN, remoteStartId=1, evseId=1)
        assert answer["status"] == "Rejected"
        stopped = await h.ask("RequestStopTransaction", transactionId="x")
        assert stopped["status"] == "Rejected"
        report = await h.ask("GetBaseReport", requestId=1, reportBase="ConfigurationInventory")
        assert report["status"] == "Accepted"
        await h.advance(1)
        assert h.csms.of("NotifyReport")
        answer = await h.ask("TriggerMessage", requestedMessage="BootNotification")
        assert answer["status"] == "Accepted"
        boots = h.csms.of("BootNotification")
        assert [one.payload["reason"] for one in boots] == ["PowerUp", "Triggered"]
        await h.advance(99)
        assert len(h.csms.of("BootNotification")) == 2
        await h.advance(2)
        assert h.registration is Registration.ACCEPTED


@pytest.mark.row(31, "B02.FR.07")
@pytest.mark.parametrize("answer", [CallError("InternalError"), boot("Pending", 0)])
async def test_without_a_pause_of_the_csms_it_has_its_own(answer: Any) -> None:
    async with harness(connect=False) as h:
        for _ in range(3):
            h.csms.script["BootNotification"].append(answer)
        h._connect = True
        h.station.open()
        await h.settle()
        await h.advance(9)
        assert len(h.csms.of("BootNotification")) == 1
        await h.advance(60)
        assert 3 <= len(h.csms.of("BootNotification")) <= 5


@pytest.mark.row(32, "B03.FR.02")
@pytest.mark.row(33, "B03.FR.08")
async def test_rejected() -> None:
    async with harness(connect=False) as h:
        h.csms.script["BootNotification"].append(boot("Rejected", 60))
        h._connect = True
        h.station.open()
        await h.settle()
        kind, *rest = await h.csms.ask_raw("Reset", {"type": "Immediate"})
        assert (kind, rest[1]) == (4, "SecurityError")
        await h.advance(59)
        assert said(h) == ["BootNotification"]
        await h.advance(2)
        assert said(h)[:2] == ["BootNotification", "BootNotification"]


# -- outages ---------------------------------------------------------------------------------------


@pytest.mark.row(35, "B04.FR.01")
@pytest.mark.row(36, "B04.FR.02")
@pytest.mark.parametrize(("away_s", "expected"), [(30, ["SN 2 Occupied"]), (90, None)])
async def test_after_an_outage(away_s: float, expected: list[str] | None) -> None:
    async with harness() as h:
        h.csms.clear()
        await h.submit(LinkDown())
        await h.submit(Plug(2))
        await h.advance(away_s)
        await h.submit(LinkUp())
        await h.advance(20)
        assert said(h) == (expected or ["SN 1 Available", "SN 2 Occupied"])


@pytest.mark.row(182, "OCPPCommCtrlr.QueueAllMessages")
async def test_other_messages_do_not_wait_for_a_csms_that_is_away() -> None:
    async with harness() as h:
        await h.submit(LinkDown())
        h.csms.clear()
        await h.submit(Plug(1))
        await h.submit(Unplug(1))
        await h.advance(30)
        await h.submit(LinkUp())
        await h.advance(20)
        assert said(h) == []
        assert (await get_variable(h, "OCPPCommCtrlr.QueueAllMessages"))[
            "attributeValue"
        ] == "false"


# -- variables -------------------------------------------------------------------------------------


@pytest.mark.row(37, "B05.FR.01")
@pytest.mark.row(38, "B05.FR.04")
@pytest.mark.row(39, "B05.FR.07")
async def test_each_value_is_judged_by_itself() -> None:
    async with harness() as h:
        target = {**variable("TxCtrlr.EVConnectionTimeOut", "5"), "attributeType": "Target"}
        data = [
            variable("TxCtrlr.EVConnectionTimeOut", "45"),
            variable("Nonsense.X", "1"),
            variable("TxCtrlr.Nonsense", "1"),
            target,
            variable("TxCtrlr.EVConnectionTimeOut", "soon"),
            variable("OCPPCommCtrlr.HeartbeatInterval", "0"),
            variable("AuthCacheCtrlr.Policy", "LRU"),
            variable("OCPPCommCtrlr.MessageTimeout[Default]", "5"),
            variable("AuthCtrlr.LocalPreAuthorize", "maybe"),
            variable("ocppcommctrlr.offlinethreshold", "17"),
        ]
        answer = await h.ask("SetVariables", setVariableData=data)
        results = answer["setVariableResult"]
        assert [result["attributeStatus"] for result in results] == [
            "Accepted",
            "UnknownComponent",
            "UnknownVariable",
            "NotSupportedAttributeType",
            "Rejected",
            "Rejected",
            "Rejected",
            "Rejected",
            "Rejected",
            "Accepted",
        ]
        for asked, result in zip(data, results, strict=True):
            assert result["component"] == asked["component"]
            assert result["variable"] == asked["variable"]
            assert result["attributeType"] == asked.get("attributeType", "Actual")
        assert (await get_variable(h, "TxCtrlr.EVConnectionTimeOut"))["attributeValue"] == "45"
        assert (await get_variable(h, "OCPPCommCtrlr.OfflineThreshold"))["attributeValue"] == "17"


@pytest.mark.row(37, "B05.FR.10")
async def test_what_is_set_is_kept(tmp_path: Path) -> None:
    async with harness(state=tmp_path) as h:
        await set_variables(h, TxCtrlr__EVConnectionTimeOut="45")
    async with harness(state=tmp_path) as h:
        assert (await get_variable(h, "TxCtrlr.EVConnectionTimeOut"))["attributeValue"] == "45"


@pytest.mark.row(40, "B06.FR.01")
@pytest.mark.row(41, "B06.FR.06")
@pytest.mark.row(42, "B06.FR.09")
async def test_each_value_is_read_by_itself() -> None:
    async with harness() as h:
        evse = {"name": "EVSE", "evse": {"id": 2}}
        asked = [
            {"component": evse, "variable": {"name": "AvailabilityState"}},
            {"component": {"name": "Nonsense"}, "variable": {"name": "X"}},
            {"component": {"name": "EVSE", "evse": {"id": 9}}, "variable": {"name": "Power"}},
            {"component": evse, "variable": {"name": "Nonsense"}},
            {"component": evse, "variable": {"name": "Power"}, "attributeType": "Target"},
            {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}},
            {"component": {"name": "AuthCtrlr"}, "variable": {"name": "MasterPassGroupId"}},
            {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "MessageTimeout"}},
        ]
        answer = await h.ask("GetVariables", getVariableData=asked)
        results = answer["getVariableResult"]
        assert [(r["attributeStatus"], r.get("attributeValue")) for r in results] == [
            ("Accepted", "Available"),
            ("UnknownComponent", None),
            ("UnknownComponent", None),
            ("UnknownVariable", None),
            ("NotSupportedAttributeType", None),
            ("Rejected", None),
            ("Accepted", ""),
            ("UnknownVariable", None),
        ]
        assert {r["attributeType"] for r in results} == {"Actual", "Target"}


@pytest.mark.row(43, "B06.FR.16")
async def test_more_than_a_message_may_have() -> None:
    async with harness() as h:
        asked = [{"component": {"name": "X"}, "variable": {"name": "Y"}}] * 101
        kind, *rest = await h.csms.ask_raw("GetVariables", {"getVariableData": asked})
        assert (kind, rest[1]) == (4, "OccurrenceConstraintViolation")
        data = [variable("TxCtrlr.EVConnectionTimeOut", "45")] * 101
        kind, *rest = await h.csms.ask_raw("SetVariables", {"setVariableData": data})
        assert (kind, rest[1]) == (4, "OccurrenceConstraintViolation")


# -- reports ---------------------------------------------------------------------------------------


async def report(h: Harness, action: str, **fields: Any) -> list[Payload]:
    """The entries of a report; its parts are held to what they promise."""
    h.csms.clear()
    answer = await h.ask(action, requestId=5, **fields)
    assert answer["status"] == "Accepted"
    await h.advance(0.5)
    parts = [call.payload for call in h.csms.of("NotifyReport")]
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False]
    assert {part["requestId"] for part in parts} == {5}
    assert len({part["generatedAt"] for part in parts}) == 1
    return [entry for part in parts for entry in part["reportData"]]


def names(entries: list[Payload]) -> set[str]:
    return {f"{one['component']['name']}.{one['variable']['name']}" for one in entries}


REQUIRED = """
ChargingStation.Available ChargingStation.AvailabilityState ChargingStation.SupplyPhases
EVSE.Available EVSE.AvailabilityState EVSE.SupplyPhases EVSE.Power
Connector.Available Connector.ConnectorType Connector.SupplyPhases Connector.AvailabilityState
OCPPCommCtrlr.ActiveNetworkProfile OCPPCommCtrlr.NetworkConfigurationPriority
OCPPCommCtrlr.NetworkProfileConnectionAttempts OCPPCommCtrlr.FileTransferProtocols
OCPPCommCtrlr.WebSocketPingInterval OCPPCommCtrlr.RetryBackOffWaitMinimum
OCPPCommCtrlr.RetryBackOffRandomRange OCPPCommCtrlr.RetryBackOffRepeatTimes
OCPPCommCtrlr.MessageTimeout OCPPCommCtrlr.MessageAttempts OCPPCommCtrlr.MessageAttemptInterval
OCPPCommCtrlr.OfflineThreshold OCPPCommCtrlr.ResetRetries OCPPCommCtrlr.UnlockOnEVSideDisconnect
DeviceDataCtrlr.ItemsPerMessage DeviceDataCtrlr.BytesPerMessage ClockCtrlr.DateTime
ClockCtrlr.TimeSource SecurityCtrlr.SecurityProfile SecurityCtrlr.OrganizationName
SecurityCtrlr.CertificateEntries SecurityCtrlr.BasicAuthPassword AuthCtrlr.AuthorizeRemoteStart
AuthCtrlr.LocalAuthorizeOffline AuthCtrlr.LocalPreAuthorize TxCtrlr.TxStartPoint
TxCtrlr.TxStopPoint TxCtrlr.EVConnectionTimeOut TxCtrlr.StopTxOnEVSideDisconnect
TxCtrlr.StopTxOnInvalidId SampledDataCtrlr.TxStartedMeasurands
SampledDataCtrlr.TxUpdatedMeasurands SampledDataCtrlr.TxUpdatedInterval
SampledDataCtrlr.TxEndedMeasurands SampledDataCtrlr.TxEndedInterval AlignedDataCtrlr.Measurands
AlignedDataCtrlr.Interval AlignedDataCtrlr.TxEndedMeasurands AlignedDataCtrlr.TxEndedInterval
LocalAuthListCtrlr.Entries LocalAuthListCtrlr.ItemsPerMessage LocalAuthListCtrlr.BytesPerMessage
SmartChargingCtrlr.ProfileStackLevel SmartChargingCtrlr.RateUnit
SmartChargingCtrlr.PeriodsPerSchedule SmartChargingCtrlr.Entries
SmartChargingCtrlr.LimitChangeSignificance MonitoringCtrlr.ItemsPerMessage
MonitoringCtrlr.BytesPerMessage DisplayMessageCtrlr.DisplayMessages
DisplayMessageCtrlr.SupportedFormats DisplayMessageCtrlr.SupportedPriorities
TariffCostCtrlr.Currency TariffCostCtrlr.TariffFallbackMessage
TariffCostCtrlr.TotalCostFallbackMessage
"""


@pytest.mark.row(44, "B07.FR.01")
@pytest.mark.row(46, "B07.FR.08")
@pytest.mark.row(3, "FR.05")
async def test_the_whole_inventory() -> None:
    async with harness() as h:
        entries = await report(h, "GetBaseReport", reportBase="FullInventory")
        assert set(REQUIRED.split()) <= names(entries)
        for entry in entries:
            kind = entry["variableCharacteristics"]["dataType"]
            if kind in ("OptionList", "MemberList", "SequenceList"):
                fixed = entry["variable"]["name"] == "NetworkConfigurationPriority"
                assert fixed or entry["variableCharacteristics"]["valuesList"]
            attribute = entry["variableAttribute"][0]
            write_only = attribute["mutability"] == "WriteOnly"
            assert ("value" in attribute) is not write_only


@pytest.mark.row(45, "B07.FR.07")
async def test_the_inventory_of_what_can_be_set() -> None:
    async with harness() as h:
        entries = await report(h, "GetBaseReport", reportBase="ConfigurationInventory")
        assert {one["variableAttribute"][0]["mutability"] for one in entries} == {
            "ReadWrite",
            "WriteOnly",
        }
        full = await report(h, "GetBaseReport", reportBase="FullInventory")
        settable = [o for o in full if o["variableAttribute"][0]["mutability"] != "ReadOnly"]
        assert names(settable) == names(entries)


@pytest.mark.row(47, "B07.FR.09")
async def test_the_summary() -> None:
    async with harness() as h:
        entries = await report(h, "GetBaseReport", reportBase="SummaryInventory")
        assert names(entries) == {
            "ChargingStation.AvailabilityState",
            "EVSE.AvailabilityState",
            "Connector.AvailabilityState",
        }
        assert len(entries) == 5


@pytest.mark.row(48, "B07.FR.02")
async def test_one_report_at_a_time() -> None:
    async with harness() as h:
        import asyncio

        release = asyncio.Event()
        h.csms.script["NotifyReport"].append(Hold(release))
        await h.csms.ask("GetBaseReport", requestId=1, reportBase="FullInventory")
        await h.settle()
        second = await h.csms.ask("GetBaseReport", requestId=2, reportBase="FullInventory")
        assert second["status"] == "Rejected"
        release.set()
        await h.settle()
        await h.advance(1)
        third = await h.csms.ask("GetBaseReport", requestId=3, reportBase="SummaryInventory")
        assert third["status"] == "Accepted"


@pytest.mark.row(49, "B08.FR.07")
@pytest.mark.row(50, "B08.FR.05")
@pytest.mark.row(51, "B08.FR.15")
@pytest.mark.row(52, "B08.FR.20")
async def test_a_report_by_criteria_and_by_name() -> None:
    async with harness() as h:
        entries = await report(
            h,
            "GetReport",
            componentVariable=[{"component": {"name": "EVSE"}, "variable": {"name": "Power"}}],
        )
        assert [one["component"]["evse"]["id"] for one in entries] == [1, 2]
        entries = await report(
            h,
            "GetReport",
            componentVariable=[{"component": {"name": "EVSE", "evse": {"id": 2}}}],
            componentCriteria=["Available"],
        )
        assert {one["component"]["evse"]["id"] for one in entries} == {2}
        assert len(entries) > 3
        nothing = await h.ask("GetReport", requestId=1, componentCriteria=["Problem"])
        assert nothing["status"] == "EmptyResultSet"
        entries = await report(
            h,
            "GetReport",
            componentVariable=[
                {"component": {"name": "DeviceDataCtrlr"}, "variable": {"name": "ItemsPerMessage"}}
            ],
        )
        assert {one["variable"]["instance"] for one in entries} == {
            "GetReport",
            "GetVariables",
            "SetVariables",
        }
        await set_variables(h, AuthCacheCtrlr__Enabled="false")
        entries = await report(h, "GetReport", componentCriteria=["Enabled"])
        assert "AuthCacheCtrlr.Policy" not in names(entries)
        assert "TxCtrlr.TxStartPoint" in names(entries)


# -- resets ----------------------------------------------------------------------------------------


@pytest.mark.row(58, "B11.FR.01")
@pytest.mark.parametrize("kind", ["Immediate", "OnIdle"])
async def test_a_reset_while_idle(kind: str) -> None:
    async with harness() as h:
        h.csms.clear()
        assert await h.ask("Reset", type=kind) == {"status": "Accepted"}
        await booted(h)
        assert h.csms.of("BootNotification")[0].payload["reason"] == "RemoteReset"
        assert said(h) == ["BootNotification", *STATUSES, "SecurityEventNotification"]


@pytest.mark.row(59, "B12.FR.01")
async def test_a_reset_that_waits_for_the_session() -> None:
    async with harness() as h:
        await charge(h)
        assert await h.ask("Reset", type="OnIdle") == {"status": "Scheduled"}
        await h.advance(30)
        assert h.csms.of("BootNotification") == []
        await h.submit(Stop(1))
        await h.submit(Unplug(1))
        await booted(h)
        assert h.csms.of("BootNotification")[0].payload["reason"] == "ScheduledReset"


@pytest.mark.row(60, "B12.FR.02")
async def test_a_reset_at_once_ends_the_session() -> None:
    async with harness() as h:
        await charge(h)
        h.csms.script["TransactionEvent"].append(Drop())
        assert await h.ask("Reset", type="Immediate") == {"status": "Accepted"}
        await h.advance(40)
        ended = [event for event in events(h) if event["eventType"] == "Ended"]
        assert told(ended[0]) == "Ended ResetCommand EVConnected ImmediateReset"
        assert "idToken" not in ended[0]
        assert ended[-1]["seqNo"] == ended[0]["seqNo"]
        assert h.csms.of("BootNotification")[0].payload["reason"] == "RemoteReset"
        assert "SN 1 Occupied" in said(h)


@pytest.mark.row(61, "B11.FR.06")
async def test_a_reset_that_cannot_be_now() -> None:
    async with harness() as h:
        await h.csms.ask("Reset", type="Immediate")
        second = await h.csms.ask("Reset", type="Immediate")
        assert second["status"] == "Rejected"
        await booted(h)
    async with harness() as h:
        assert (await h.ask("Reset", type="Immediate", evseId=9))["status"] == "Rejected"


@pytest.mark.row(62, "B11.FR.08")
@pytest.mark.row(63, "B12.FR.07")
async def test_one_evse_alone_is_reset() -> None:
    async with harness() as h:
        await charge(h, 1)
        await charge(h, 2)
        assert await h.ask("Reset", type="Immediate", evseId=1) == {"status": "Accepted"}
        assert told(events(h)[0]) == "Ended ResetCommand EVConnected ImmediateReset"
        assert "SN 1 Unavailable" in said(h)
        await booted(h)
        assert said(h)[-1] == "SN 1 Occupied" or "SN 1 Occupied" in said(h)
        assert h.csms.of("BootNotification") == []
        assert h.connector(2).transaction is not None
        h.csms.clear()
        assert await h.ask("Reset", type="OnIdle", evseId=2) == {"status": "Scheduled"}
        await h.submit(Stop(2))
        await h.submit(Unplug(2))
        await booted(h)
        assert [one for one in said(h, "NotifyEvent") if one.startswith("SN 2")][-2:] == [
            "SN 2 Unavailable",
            "SN 2 Available",
        ]


# -- passwords -------------------------------------------------------------------------------------


@pytest.mark.row(11, "A01.FR.01")
@pytest.mark.row(12, "A01.FR.04")
@pytest.mark.row(13, "A01.FR.11")
async def test_a_new_password() -> None:
    async with harness() as h:
        short = await set_variables(h, SecurityCtrlr__BasicAuthPassword="too short")
        assert short == ["Rejected"]
        h.csms.clear()
        password = "a password of 24 letters"
        assert await set_variables(h, SecurityCtrlr__BasicAuthPassword=password) == ["Accepted"]
        await h.advance(5)
        assert h.csms.connections == 2
        log = h.station.charge_point.store.security_log.all()
        assert "ReconfigurationOfSecurityParameters" in [event.kind for event in log]
        told_of = json.dumps([event.text for event in h.events.since(0)[1]])
        frames = json.dumps([[x.request, x.answer] for x in h.messages.since(0)[1]])
        assert password not in told_of + frames
        assert (await get_variable(h, "SecurityCtrlr.BasicAuthPassword"))["attributeStatus"] == (
            "Rejected"
        )


# -- what holds for every message ------------------------------------------------------------------


@pytest.mark.row(1, "FR.01")
async def test_one_call_is_open_at_a_time_and_answers_go_out_meanwhile() -> None:
    async with harness() as h:
        import asyncio

        release = asyncio.Event()
        h.csms.clear()
        h.csms.script["StatusNotification"].append(Hold(release))
        await h.submit(Plug(1))
        await h.submit(Plug(2))
        assert said(h) == ["SN 1 Occupied"]
        answer = await h.csms.ask("GetLocalListVersion")
        assert answer == {"versionNumber": 0}
        release.set()
        await h.settle()
        assert said(h) == ["SN 1 Occupied", "SN 2 Occupied"]


@pytest.mark.row(2, "FR.02")
@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Reset", {}, "OccurrenceConstraintViolation"),
        ("Reset", {"type": "Immediate", "extra": 1}, "OccurrenceConstraintViolation"),
        ("Reset", {"type": "Soft"}, "PropertyConstraintViolation"),
        ("Reset", {"type": 1}, "TypeConstraintViolation"),
        ("Reset", {"type": "Immediate", "evseId": "1"}, "TypeConstraintViolation"),
        ("Nonsense", {}, "NotImplemented"),
        ("PublishFirmware", {"location": "x", "checksum": "y", "requestId": 1}, "NotSupported"),
        ("RemoteStartTransaction", {"idTag": "x"}, "NotImplemented"),
    ],
)
async def test_what_breaks_the_schema_is_a_callerror(action: str, payload: Any, code: str) -> None:
    async with harness() as h:
        kind, *rest = await h.csms.ask_raw(action, payload)
        assert kind == 4
        assert rest[1] == code
        assert rest[3] == {}


@pytest.mark.row(302, "TC_P_03")
async def test_custom_data_is_ignored_anywhere() -> None:
    async with harness() as h:
        custom = {"vendorId": "somebody", "my_key": 1, "socket": {"URL": "x"}}
        token = {**OWN, "customData": custom}
        answer = await h.ask(
            "RequestStartTransaction", idToken=token, remoteStartId=1, evseId=1, customData=custom
        )
        assert answer["status"] == "Accepted"
        data = [{**variable("TxCtrlr.EVConnectionTimeOut", "45"), "customData": custom}]
        answer = await h.ask("SetVariables", setVariableData=data, customData=custom)
        assert answer["setVariableResult"][0]["attributeStatus"] == "Accepted"


@pytest.mark.row(301, "P01.FR.05")
async def test_data_transfer_of_what_nobody_knows() -> None:
    async with harness() as h:
        answer = await h.ask("DataTransfer", vendorId="somebody", data={"any": ["json"]})
        assert answer == {"status": "UnknownVendorId"}
        answer = await h.ask("DataTransfer", vendorId="ChargeForge", messageId="x", data=3)
        assert answer == {"status": "UnknownMessageId"}
