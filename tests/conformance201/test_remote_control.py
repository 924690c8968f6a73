"""What a CSMS starts, stops, unlocks and triggers (block F), and availability (block G)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import (
    ClearFault,
    InjectFault,
    JamLock,
    LinkDown,
    LinkUp,
    Plug,
    Stop,
    Swipe,
    Unplug,
)
from tests.conformance201.acts import (
    OWN,
    charge,
    contexts,
    events,
    points,
    said,
    set_variables,
    told,
)
from tests.harness import Harness
from tests.scripted_csms import Payload


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


async def start(h: Harness, evse_id: int | None = 1, **more: Any) -> Payload:
    where = {} if evse_id is None else {"evseId": evse_id}
    answer = await h.ask(
        "RequestStartTransaction", **{"idToken": OWN, "remoteStartId": 7, **where, **more}
    )
    await h.advance(1)
    return answer


# -- start -----------------------------------------------------------------------------------------


@pytest.mark.row(149, "F01.FR.03")
async def test_a_start_from_afar_with_the_cable_in() -> None:
    async with harness() as h:
        await h.submit(Plug(1))
        h.csms.clear()
        assert (await start(h))["status"] == "Accepted"
        assert said(h) == [
            "Authorize",
            "Started RemoteStart EVConnected",
            "Updated ChargingStateChanged Charging",
        ]
        first = events(h)[0]
        assert first["transactionInfo"]["remoteStartId"] == 7
        assert first["idToken"] == OWN
        assert all("remoteStartId" not in e["transactionInfo"] for e in events(h)[1:])


@pytest.mark.row(150, "F01.FR.13")
async def test_a_transaction_that_is_open_is_named_in_the_answer() -> None:
    async with harness() as h:
        await points(h, "EVConnected", "EVConnected")
        await h.submit(Plug(1))
        answer = await start(h)
        assert answer["transactionId"] == events(h)[0]["transactionInfo"]["transactionId"]
        named = [e for e in events(h) if "remoteStartId" in e["transactionInfo"]]
        assert [told(event) for event in named] == ["Updated RemoteStart EVConnected"]


@pytest.mark.row(151, "F02.FR.01")
async def test_a_start_from_afar_before_the_cable() -> None:
    async with harness() as h:
        assert (await start(h))["status"] == "Accepted"
        assert said(h)[-1] == "Authorize"
        await h.submit(Plug(1))
        assert "Started RemoteStart EVConnected" in said(h)
    async with harness() as h:
        h.csms.tags["TAG"] = {"status": "Blocked"}
        assert (await start(h))["status"] == "Accepted"
        await h.submit(Plug(1))
        await h.advance(5)
        assert events(h) == []


@pytest.mark.row(152, "F01.FR.02")
async def test_a_start_from_afar_without_a_question() -> None:
    async with harness() as h:
        await set_variables(h, AuthCtrlr__AuthorizeRemoteStart="false")
        await h.submit(Plug(1))
        h.csms.clear()
        await start(h)
        assert said(h)[0] == "Started RemoteStart EVConnected"


@pytest.mark.row(153, "F02.FR.21")
async def test_a_start_from_afar_beats_the_cable() -> None:
    async with harness() as h:
        await points(h, "EVConnected", "EVConnected")
        await start(h)
        await h.submit(Plug(1))
        first = events(h)[0]
        assert told(first) == "Started RemoteStart EVConnected"
        assert first["idToken"] == OWN
        assert first["evse"]["id"] == 1


@pytest.mark.row(154, "F02.FR.07")
async def test_nobody_plugs_in_after_a_start_from_afar() -> None:
    async with harness() as h:
        await points(h, "Authorized", "Authorized")
        await set_variables(h, TxCtrlr__EVConnectionTimeOut="20")
        await start(h)
        await h.advance(21)
        assert told(events(h)[-1]) == "Ended EVConnectTimeout Idle Timeout"
        assert (await start(h))["status"] == "Accepted"


@pytest.mark.row(155, "F01.FR.20")
async def test_without_an_evse_one_is_chosen() -> None:
    async with harness() as h:
        await h.submit(Plug(2))
        assert (await start(h, None))["status"] == "Accepted"
        assert events(h)[0]["evse"]["id"] == 2


@pytest.mark.row(156, "F01.FR.21")
async def test_a_start_from_afar_that_cannot_be() -> None:
    async with harness() as h:
        until = (h.clock.now() + timedelta(hours=1)).isoformat()
        other = {"idToken": "OTHER", "type": "ISO14443"}
        await h.ask("ReserveNow", id=1, expiryDateTime=until, idToken=other, evseId=1)
        assert (await start(h, 1))["status"] == "Rejected"
        await h.ask("ChangeAvailability", operationalStatus="Inoperative", evse={"id": 2})
        assert (await start(h, 2))["status"] == "Rejected"
        assert (await start(h, 9))["status"] == "Rejected"
    async with harness() as h:
        await h.submit(InjectFault(1))
        assert (await start(h, 1))["status"] == "Rejected"
        await charge(h, 2)
        assert (await start(h, 2))["status"] == "Rejected"


def profile(**more: Any) -> Payload:
    schedule = {
        "id": 1,
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5000.0}],
    }
    return {
        "id": 3,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
        **more,
    }


@pytest.mark.row(157, "F01.FR.09")
async def test_a_profile_comes_with_a_start() -> None:
    async with harness() as h:
        await h.submit(Plug(1))
        wrong = await start(h, chargingProfile=profile(chargingProfilePurpose="TxDefaultProfile"))
        assert wrong["status"] == "Rejected"
        wrong = await start(h, chargingProfile=profile(transactionId="x"))
        assert wrong["status"] == "Rejected"
        assert (await start(h, chargingProfile=profile()))["status"] == "Accepted"
        await h.advance(5)
        assert 0 < h.connector().power_w <= 5000
        await h.submit(Stop(1))
        await h.submit(Unplug(1))
        await charge(h)
        await h.advance(5)
        assert h.connector().power_w > 5000


@pytest.mark.row(158, "F01.FR.12")
async def test_where_smart_charging_is_off_the_profile_of_a_start_is_left_aside() -> None:
    async with harness() as h:
        assert await set_variables(h, SmartChargingCtrlr__Enabled="false") == ["Accepted"]
        await h.submit(Plug(1))
        assert (await start(h, chargingProfile=profile()))["status"] == "Accepted"
        await h.advance(5)
        assert h.connector().power_w > 5000


# -- unlock ----------------------------------------------------------------------------------------


@pytest.mark.row(161, "F05.FR.02")
@pytest.mark.row(162, "F05.FR.03")
async def test_unlock() -> None:
    async with harness(behaviour={"lockable": True}) as h:
        assert await h.ask("UnlockConnector", evseId=1, connectorId=1) == {"status": "Unlocked"}
        unknown = await h.ask("UnlockConnector", evseId=1, connectorId=2)
        assert unknown["status"] == "UnknownConnector"
        await charge(h)
        answer = await h.ask("UnlockConnector", evseId=1, connectorId=1)
        assert answer["status"] == "OngoingAuthorizedTransaction"
        assert h.connector().transaction is not None
        await h.submit(JamLock(2))
        answer = await h.ask("UnlockConnector", evseId=2, connectorId=1)
        assert answer["status"] == "UnlockFailed"
    async with harness(behaviour={"lockable": False}) as h:
        answer = await h.ask("UnlockConnector", evseId=1, connectorId=1)
        assert answer["status"] == "UnlockFailed"


# -- trigger ---------------------------------------------------------------------------------------


async def trigger(h: Harness, message: str, evse_id: int | None = None, **more: Any) -> str:
    evse = {} if evse_id is None else {"evse": {"id": evse_id, **more}}
    h.csms.clear()
    answer = await h.ask("TriggerMessage", requestedMessage=message, **evse)
    return str(answer["status"])


@pytest.mark.row(163, "F06.FR.02")
async def test_meter_values_are_triggered() -> None:
    async with harness() as h:
        await set_variables(h, AlignedDataCtrlr__Measurands="Voltage,SoC")
        assert await trigger(h, "MeterValues", 2) == "Accepted"
        (call,) = h.csms.of("MeterValues")
        assert call.payload["evseId"] == 2
        assert contexts(call.payload) == ["Trigger"]
        sampled = call.payload["meterValue"][0]["sampledValue"]
        assert [one["measurand"] for one in sampled] == ["Voltage", "SoC"]
        assert await trigger(h, "MeterValues") == "Accepted"
        assert [call.payload["evseId"] for call in h.csms.of("MeterValues")] == [1, 2]


@pytest.mark.row(164, "F06.FR.07")
async def test_a_transaction_event_is_triggered() -> None:
    async with harness() as h:
        assert await trigger(h, "TransactionEvent") == "Rejected"
        await charge(h, 1)
        await charge(h, 2)
        assert await trigger(h, "TransactionEvent", 1) == "Accepted"
        assert [told(event) for event in events(h)] == ["Updated Trigger Charging"]
        assert contexts(events(h)[0]) == ["Trigger"]
        assert await trigger(h, "TransactionEvent") == "Accepted"
        assert len(events(h)) == 2


@pytest.mark.row(165, "F06.FR.12")
async def test_a_status_is_triggered() -> None:
    async with harness() as h:
        assert await trigger(h, "StatusNotification", 2, connectorId=1) == "Accepted"
        assert said(h) == ["SN 2 Available"]
        assert await trigger(h, "StatusNotification", 9, connectorId=1) == "Rejected"


@pytest.mark.row(166, "F06.FR.14")
@pytest.mark.row(167, "F06.FR.03")
async def test_statuses_of_files_are_triggered() -> None:
    async with harness() as h:
        assert await trigger(h, "LogStatusNotification") == "Accepted"
        assert h.csms.calls[-1].payload == {"status": "Idle"}
        assert await trigger(h, "FirmwareStatusNotification", 9) == "Accepted"
        assert h.csms.calls[-1].payload == {"status": "Idle"}


@pytest.mark.row(168, "F06.FR.08")
@pytest.mark.row(169, "F06.FR.09")
async def test_what_cannot_be_triggered_and_what_can_always_be() -> None:
    async with harness() as h:
        assert await trigger(h, "BootNotification") == "Rejected"
        assert await trigger(h, "SignCombinedCertificate") == "NotImplemented"
        assert await trigger(h, "PublishFirmwareStatusNotification") == "NotImplemented"
        assert await trigger(h, "Heartbeat") == "Accepted"
        assert said(h) == ["Heartbeat"]


# -- availability ----------------------------------------------------------------------------------


async def change(h: Harness, status: str, evse_id: int | None = None, **more: Any) -> str:
    evse = {} if evse_id is None else {"evse": {"id": evse_id, **more}}
    h.csms.clear()
    answer = await h.ask("ChangeAvailability", operationalStatus=status, **evse)
    return str(answer["status"])


@pytest.mark.row(170, "G01.FR.01")
async def test_plug_and_unplug() -> None:
    async with harness() as h:
        h.csms.clear()
        await h.submit(Plug(1))
        await h.submit(Unplug(1))
        assert said(h) == ["SN 1 Occupied", "SN 1 Available"]
        assert set(h.csms.calls[0].payload) == {
            "timestamp",
            "connectorStatus",
            "evseId",
            "connectorId",
        }


@pytest.mark.row(171, "G01.FR.03")
async def test_statuses_are_told_in_one_style() -> None:
    async with harness() as h:
        await h.submit(Plug(1))
        assert h.csms.of("NotifyEvent") == []
        assert "SN 1 Occupied" in said(h)
    async with harness(behaviour={"status_by_events": True}) as h:
        assert told_by_events(h) == [(1, "Available"), (2, "Available")]
        h.csms.clear()
        await h.submit(Plug(1))
        await h.submit(Unplug(1))
        await h.ask("TriggerMessage", requestedMessage="StatusNotification",
                    evse={"id": 2, "connectorId": 1})  # fmt: skip
        assert told_by_events(h) == [(1, "Occupied"), (1, "Available"), (2, "Available")]
        (event,) = h.csms.of("NotifyEvent")[0].payload["eventData"]
        assert event["trigger"] == "Delta"
        assert event["component"] == {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}
        await h.submit(LinkDown())
        await h.submit(Plug(2))
        h.csms.clear()
        await h.submit(LinkUp())
        await h.advance(30)
        assert told_by_events(h) == [(2, "Occupied")], "B04: what has changed meanwhile"
        numbers = [event["eventId"] for event in events_told(h)]
        assert len(set(numbers)) == len(numbers)
        assert h.csms.of("StatusNotification") == []


def events_told(h: Harness) -> list[Payload]:
    """What NotifyEvent has told so far."""
    return [event for call in h.csms.of("NotifyEvent") for event in call.payload["eventData"]]


def told_by_events(h: Harness) -> list[tuple[int, str]]:
    """By EVSE the states of connectors that were told so."""
    return [
        (event["component"]["evse"]["id"], event["actualValue"])
        for event in events_told(h)
        if event["variable"]["name"] == "AvailabilityState"
    ]


@pytest.mark.row(172, "G01.FR.06")
async def test_a_stranger_plugs_in_where_it_is_reserved() -> None:
    async with harness() as h:
        until = (h.clock.now() + timedelta(hours=1)).isoformat()
        await h.ask("ReserveNow", id=1, expiryDateTime=until, idToken=OWN, evseId=1)
        h.csms.clear()
        await h.submit(Plug(1))
        assert said(h) == []
        await h.submit(Swipe(1, "STRANGER"))
        await h.advance(5)
        assert h.status() == "Reserved"
        assert h.connector().power_w == 0
        await h.submit(Swipe(1, "TAG"))
        assert "SN 1 Occupied" in said(h)


@pytest.mark.row(173, "G03.FR.01")
@pytest.mark.row(175, "G03.FR.03")
@pytest.mark.parametrize("place", [{}, {"connectorId": 1}])
async def test_an_evse_goes_out_of_service_and_comes_back(place: dict[str, int]) -> None:
    async with harness() as h:
        assert await change(h, "Inoperative", 1, **place) == "Accepted"
        assert said(h) == ["SN 1 Unavailable"]
        assert await change(h, "Inoperative", 1, **place) == "Accepted"
        assert await change(h, "Operative", 1, **place) == "Accepted"
        assert said(h) == ["SN 1 Available"]
        assert await change(h, "Inoperative", 9) == "Rejected"
        assert await change(h, "Inoperative", 1, connectorId=2) == "Rejected"


@pytest.mark.row(174, "G04.FR.01")
async def test_the_station_goes_out_of_service_and_comes_back() -> None:
    async with harness() as h:
        assert await change(h, "Inoperative") == "Accepted"
        assert said(h) == ["SN 1 Unavailable", "SN 2 Unavailable"]
        assert await change(h, "Operative") == "Accepted"
        assert said(h) == ["SN 1 Available", "SN 2 Available"]


@pytest.mark.row(176, "G03.FR.05")
async def test_a_busy_evse_goes_out_of_service_when_it_is_free() -> None:
    async with harness() as h:
        await charge(h)
        assert await change(h, "Inoperative", 1) == "Scheduled"
        await h.advance(5)
        assert h.csms.of("StatusNotification") == []
        await h.submit(Stop(1))
        await h.submit(Unplug(1))
        assert "SN 1 Unavailable" in said(h)


@pytest.mark.row(177, "G04.FR.06")
async def test_with_one_evse_busy_the_others_go_now() -> None:
    async with harness() as h:
        await charge(h, 1)
        assert await change(h, "Inoperative") == "Scheduled"
        assert said(h) == ["SN 2 Unavailable"]
        await h.submit(Stop(1))
        await h.submit(Unplug(1))
        assert "SN 1 Unavailable" in said(h)


@pytest.mark.row(178, "G03.FR.06")
async def test_each_level_keeps_what_it_was_told(tmp_path: Path) -> None:
    async with harness(state=tmp_path) as h:
        await change(h, "Inoperative", 1, connectorId=1)
        await change(h, "Inoperative", 1)
        await change(h, "Inoperative")
        assert await change(h, "Operative") == "Accepted"
        assert said(h) == ["SN 2 Available"]
        assert await change(h, "Operative", 1) == "Accepted"
        assert said(h) == []
    async with harness(state=tmp_path) as h:
        assert h.status(1) == "Unavailable"
        assert await change(h, "Operative", 1, connectorId=1) == "Accepted"
        assert said(h) == ["SN 1 Available"]


@pytest.mark.row(180, "G01.FR.01")
async def test_a_fault_and_its_end() -> None:
    async with harness() as h:
        h.csms.clear()
        await h.submit(InjectFault(1, "GroundFailure"))
        assert "SN 1 Faulted" in said(h)
        problem = [call.payload["eventData"][0] for call in h.csms.of("NotifyEvent")]
        assert {"name": "Problem"} in [one["variable"] for one in problem]
        await h.submit(ClearFault(1))
        assert said(h, "NotifyEvent")[-1] == "SN 1 Available"


@pytest.mark.row(181, "G02.FR.01")
async def test_heartbeats_set_the_clock() -> None:
    async with harness() as h:
        await set_variables(h, OCPPCommCtrlr__HeartbeatInterval="60")
        ahead = (h.clock.now() + timedelta(seconds=161)).isoformat()
        h.csms.script["Heartbeat"].append({"currentTime": ahead})
        h.csms.clear()
        await h.advance(61)
        assert said(h)[0] == "Heartbeat"
        assert abs(h.station.snapshot.clock_ahead_s - 100) < 2
        types = [one.payload["type"] for one in h.csms.of("SecurityEventNotification")]
        assert types == ["SettingSystemTime"]


@pytest.mark.row(183, "C-04")
async def test_a_status_that_flips_back_is_not_told() -> None:
    async with harness() as h:
        await set_variables(h, OCPPCommCtrlr__MinimumStatusDuration="10")
        h.csms.clear()
        await h.submit(Plug(1))
        await h.advance(5)
        await h.submit(Unplug(1))
        await h.advance(20)
        assert said(h) == []
        await h.submit(Plug(1))
        await h.advance(11)
        assert said(h) == ["SN 1 Occupied"]
