"""When a transaction begins, what is told of it, and when it ends (block E)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim_core.commands import (
    Accepted,
    ClearFault,
    DriveIn,
    DriveOff,
    EVStop,
    InjectFault,
    LinkDown,
    LinkUp,
    Plug,
    Refused,
    Resume,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    Unplug,
)
from tests.conformance201.acts import (
    OWN,
    begin,
    charge,
    contexts,
    events,
    get_variable,
    points,
    register,
    said,
    set_variables,
    told,
)
from tests.harness import Harness
from tests.scripted_csms import CallError, Drop

BAY = "BayOccupancySensor.Active"
BEGIN, END = "Transaction.Begin", "Transaction.End"


def harness(**more: object) -> Harness:
    return Harness(version="2.0.1", **more)  # type: ignore[arg-type]


# -- begins ----------------------------------------------------------------------------------------


@pytest.mark.row(101, "E01.FR.02")
async def test_with_the_cable() -> None:
    async with harness() as h:
        await points(h, "EVConnected", "EVConnected")
        await h.submit(Plug(1))
        (event,) = events(h)
        assert told(event) == "Started CablePluggedIn EVConnected"
        assert event["evse"] == {"id": 1, "connectorId": 1}
        assert "idToken" not in event
        assert sorted(said(h)) == ["SN 1 Occupied", "Started CablePluggedIn EVConnected"]


@pytest.mark.row(102, "E01.FR.03")
async def test_with_a_card_before_the_cable() -> None:
    async with harness() as h:
        await points(h, "Authorized", "EVConnected,Authorized")
        await h.submit(Swipe(1, "TAG"))
        assert said(h) == ["Authorize", "Started Authorized Idle"]
        assert events(h)[0]["idToken"] == {"idToken": "TAG", "type": "ISO14443"}


@pytest.mark.row(102, "E01.FR.03")
async def test_with_a_start_from_afar() -> None:
    async with harness() as h:
        await points(h, "Authorized", "EVConnected,Authorized")
        token = {"idToken": "TAG", "type": "ISO14443"}
        answer = await h.ask("RequestStartTransaction", idToken=token, remoteStartId=9, evseId=1)
        assert answer["status"] == "Accepted"
        assert said(h) == ["Authorize", "Started RemoteStart Idle"]
        assert events(h)[0]["transactionInfo"]["remoteStartId"] == 9


@pytest.mark.row(104, "E01.FR.05")
@pytest.mark.parametrize("card_first", [True, False])
async def test_with_card_and_cable(card_first: bool) -> None:
    async with harness() as h:
        acts = [Swipe(1, "TAG"), Plug(1)]
        for act in acts if card_first else reversed(acts):
            assert events(h) == []
            await h.submit(act)
        first = events(h)[0]
        trigger = "CablePluggedIn" if card_first else "Authorized"
        assert told(first) == f"Started {trigger} EVConnected"
        assert first["evse"] == {"id": 1, "connectorId": 1}
        assert first["idToken"]["idToken"] == "TAG"


@pytest.mark.row(105, "E01.FR.06")
async def test_with_the_energy() -> None:
    async with harness() as h:
        await points(h, "EnergyTransfer", "EVConnected")
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        first = events(h)[0]
        assert told(first) == "Started ChargingStateChanged Charging"
        assert (first["evse"]["id"], first["idToken"]["idToken"]) == (1, "TAG")


@pytest.mark.row(106, "§2.6.4")
async def test_of_several_points_the_first_begins_it_once() -> None:
    async with harness() as h:
        await points(h, "EVConnected,Authorized", "EVConnected")
        await h.submit(Swipe(1, "TAG"))
        await h.submit(Plug(1))
        kinds = [event["eventType"] for event in events(h)]
        assert kinds[0] == "Started"
        assert kinds.count("Started") == 1
    async with harness() as h:
        assert await set_variables(h, TxCtrlr__TxStartPoint="DataSigned") == ["Rejected"]
        assert await set_variables(h, TxCtrlr__TxStopPoint="Nonsense") == ["Rejected"]


@pytest.mark.row(100, "TC_E_12")
async def test_a_car_in_the_bay_begins_it() -> None:
    async with harness() as h:
        assert await set_variables(h, TxCtrlr__TxStartPoint="ParkingBayOccupancy") == ["Rejected"]
        refused = await h.submit(DriveIn(1))
        assert isinstance(refused, Refused)
        assert refused.reason.startswith("the bay of EVSE 1 has no sensor")
    async with harness(equipment="bay_sensor") as h:
        await points(h, "ParkingBayOccupancy", "ParkingBayOccupancy")
        assert (await get_variable(h, BAY, evse=1))["attributeValue"] == "false"
        assert await h.submit(DriveIn(1)) == Accepted()
        assert (await get_variable(h, BAY, evse=1))["attributeValue"] == "true"
        assert said(h) == ["Started EVDetected Idle"]
        (first,) = events(h)
        assert "idToken" not in first, "nobody has shown a card yet"
        await begin(h)
        assert said(h, "StatusNotification", "Authorize") == [
            "Started EVDetected Idle",
            "Updated CablePluggedIn EVConnected",
            "Updated Authorized EVConnected",
            "Updated ChargingStateChanged Charging",
        ]
        assert [event["seqNo"] for event in events(h)] == [0, 1, 2, 3]
        assert await h.submit(DriveIn(1)) == Refused(
            "a car stands in the bay of EVSE 1 already: let it drive off first"
        )


@pytest.mark.row(103, "TC_E_11")
async def test_a_signed_reading_begins_it() -> None:
    async with harness() as h:
        assert await set_variables(h, TxCtrlr__TxStartPoint="DataSigned") == ["Rejected"]
    async with harness(equipment="signing_meter") as h:
        assert await set_variables(h, TxCtrlr__TxStartPoint="DataSigned") == ["Rejected"]
        assert await set_variables(h, SampledDataCtrlr__SignReadings="true") == ["Accepted"]
        await points(h, "DataSigned", "EVConnected,Authorized")
        assert await set_variables(h, SampledDataCtrlr__SignReadings="false") == ["Rejected"]
        await begin(h)
        assert [told(event) for event in events(h)] == [
            "Started SignedDataReceived EVConnected",
            "Updated ChargingStateChanged Charging",
        ]
        first = events(h)[0]
        assert first["idToken"] == OWN
        assert first["evse"] == {"id": 1, "connectorId": 1}
        assert contexts(first) == [BEGIN]
        assert "signedMeterValue" in first["meterValue"][0]["sampledValue"][0]
        await h.submit(Stop(1))
        assert told(events(h)[-1]) == "Ended StopAuthorized EVConnected Local"


@pytest.mark.row(128, "TC_E_19")
async def test_the_bay_is_left_and_that_ends_it(tmp_path: Path) -> None:
    async with harness() as h:
        assert await set_variables(h, TxCtrlr__TxStopPoint="ParkingBayOccupancy") == ["Rejected"]
    async with harness(equipment="bay_sensor", state=tmp_path) as h:
        await points(h, "ParkingBayOccupancy", "ParkingBayOccupancy")
        await charge(h)
        assert isinstance(await h.submit(Swipe(1, "TAG")), Accepted)
        assert isinstance(await h.submit(DriveOff(1)), Refused)
        await h.submit(Unplug(1))
        assert said(h, "StatusNotification") == [
            "Updated StopAuthorized EVConnected",
            "Updated EVCommunicationLost Idle",
        ]
        h.csms.clear()
        await h.power_off()
        await h.power_on()  # the car stands there still
        await h.settle()
        assert await h.submit(DriveOff(1)) == Accepted()
        assert [told(event) for event in events(h)] == ["Ended EVDeparted Idle Local"]
        await h.submit(DriveIn(2))
        await h.submit(DriveOff(2))
        assert [told(event) for event in events(h)][1:] == [
            "Started EVDetected Idle",
            "Ended EVDeparted Idle Local",
        ]


# -- ids and numbers -------------------------------------------------------------------------------


@pytest.mark.row(107, "E01.FR.08")
async def test_its_id_is_the_stations_own_and_never_given_twice(tmp_path: Path) -> None:
    met: set[str] = set()
    for _ in range(3):
        async with harness(state=tmp_path) as h:
            met.add(await charge(h))
            await h.submit(Stop(1))
            await h.submit(Unplug(1))
            met.add(await charge(h, 2))
            await h.submit(Unplug(2))
    assert len(met) == 6
    assert all(len(one) <= 36 for one in met)


@pytest.mark.row(108, "E01.FR.07")
async def test_events_are_numbered_from_0_without_a_gap() -> None:
    async with harness() as h:
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        await h.advance(35)
        await h.submit(SuspendEV(1))
        await h.submit(Resume(1))
        await h.submit(LinkDown())
        await h.advance(30)
        await h.submit(LinkUp())
        await h.advance(60)
        await h.submit(Stop(1))
        numbers = [event["seqNo"] for event in events(h)]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) > 8


@pytest.mark.row(109, "E01.FR.09")
async def test_its_begin_has_the_reading() -> None:
    async with harness() as h:
        await set_variables(
            h, SampledDataCtrlr__TxStartedMeasurands="Energy.Active.Import.Register,SoC"
        )
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        first = events(h)[0]
        assert contexts(first) == [BEGIN]
        measurands = [one["measurand"] for one in first["meterValue"][0]["sampledValue"]]
        assert measurands == ["Energy.Active.Import.Register", "SoC"]


@pytest.mark.row(110, "E01.FR.10")
async def test_its_card_is_told_once_and_once_more_when_it_stops() -> None:
    async with harness() as h:
        await points(h, "EVConnected", "EVConnected")
        await h.submit(Plug(1))
        await h.submit(Swipe(1, "TAG"))
        await h.advance(25)
        await h.submit(Swipe(1, "TAG"))
        told_with = [told(event).split()[1] for event in events(h) if "idToken" in event]
        assert told_with == ["Authorized", "StopAuthorized"]


@pytest.mark.row(111, "E01.FR.16")
async def test_the_evse_is_told_after_plugging() -> None:
    async with harness() as h:
        await points(h, "Authorized", "EVConnected")
        await h.submit(Swipe(1, "TAG"))
        await h.submit(Plug(1))
        plugged = next(e for e in events(h) if e["triggerReason"] == "CablePluggedIn")
        assert plugged["evse"] == {"id": 1, "connectorId": 1}
        later = events(h)[events(h).index(plugged) + 1 :]
        assert all("evse" not in event for event in later)


@pytest.mark.row(112, "E01.FR.18")
@pytest.mark.row(119, "E01.FR.19")
async def test_each_new_state_is_told() -> None:
    async with harness() as h:
        await charge(h)
        await h.submit(SuspendEV(1))
        await h.submit(Resume(1))
        await h.submit(SuspendEVSE(1))
        await h.submit(SuspendEV(1))
        await h.submit(Resume(1))
        states = [told(event) for event in events(h)]
        assert states == [
            "Updated ChargingStateChanged SuspendedEV",
            "Updated ChargingStateChanged Charging",
            "Updated ChargingStateChanged SuspendedEVSE",
            "Updated ChargingStateChanged Charging",
        ]
        assert h.status(1) == "Occupied"
        assert h.csms.of("StatusNotification") == []


@pytest.mark.row(113, "E01.FR.15")
async def test_of_one_moment_each_reason_is_told_and_the_telling_one_first() -> None:
    """A sample by the clock beside one of the transaction; and what the plug changes is told by the
    plug alone."""
    async with harness() as h:
        await points(h, "Authorized", "EVConnected")
        await h.submit(Swipe(1, "TAG"))
        await h.submit(Plug(1))
        states = [told(event) for event in events(h)]
        assert states[1] == "Updated CablePluggedIn EVConnected"
        assert "Updated ChargingStateChanged EVConnected" not in states
        await set_variables(
            h, AlignedDataCtrlr__Interval="10", SampledDataCtrlr__TxUpdatedInterval="1"
        )
        h.csms.clear()
        await h.advance(11)
        at_once: dict[str, list[str]] = {}
        for event in events(h):
            at_once.setdefault(event["timestamp"], []).append(event["triggerReason"])
        assert ["MeterValueClock", "MeterValuePeriodic"] in map(sorted, at_once.values())


@pytest.mark.row(114, "E01.FR.14")
@pytest.mark.row(120, "E02.FR.18")
async def test_one_evse_has_one_transaction_and_dc_has_no_phases() -> None:
    async with harness() as h:
        await charge(h)
        token = {"idToken": "OTHER", "type": "ISO14443"}
        answer = await h.ask("RequestStartTransaction", idToken=token, remoteStartId=9, evseId=1)
        assert answer["status"] == "Rejected"
        await h.submit(Swipe(1, "OTHER"))
        await h.advance(20)
        assert len({event["transactionInfo"]["transactionId"] for event in events(h)}) == 1
        assert not [event for event in events(h) if "numberOfPhasesUsed" in event]


@pytest.mark.row(69, "C01.FR.23")
async def test_a_transaction_without_authorisation_is_still_its_cards() -> None:
    async with harness() as h:
        await points(h, "EVConnected", "EVConnected")
        transaction_id = await charge(h)
        await h.submit(Swipe(1, "TAG"))
        refused = await h.submit(Start(1, "OTHER"))
        assert isinstance(refused, Refused)
        assert "TAG" in refused.reason
        token = {"idToken": "OTHER", "type": "ISO14443"}
        answer = await h.ask("RequestStartTransaction", idToken=token, remoteStartId=9, evseId=1)
        assert answer["status"] == "Rejected"
        await h.submit(Start(1, "tag"))
        await h.advance(1)
        assert told(events(h)[-1]) == "Updated ChargingStateChanged Charging"
        await h.submit(Swipe(1, "TAG"))
        await h.submit(Unplug(1))
        assert {e["transactionInfo"]["transactionId"] for e in events(h)} == {transaction_id}
        assert await charge(h, 1, "OTHER") != transaction_id


@pytest.mark.row(116, "E02.FR.01")
async def test_cable_first() -> None:
    async with harness() as h:
        await points(h, "EVConnected", "EVConnected,Authorized")
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        assert said(h)[-3:] == [
            "Authorize",
            "Updated Authorized EVConnected",
            "Updated ChargingStateChanged Charging",
        ]


@pytest.mark.row(117, "E03.FR.01")
async def test_card_first() -> None:
    async with harness() as h:
        await points(h, "Authorized", "EVConnected,Authorized")
        await h.submit(Swipe(1, "TAG"))
        await h.submit(Plug(1))
        assert [one for one in said(h) if not one.startswith("SN")] == [
            "Authorize",
            "Started Authorized Idle",
            "Updated CablePluggedIn EVConnected",
            "Updated ChargingStateChanged Charging",
        ]
        assert "SN 1 Occupied" in said(h)


@pytest.mark.row(118, "E03.FR.05")
async def test_nobody_plugs_in_in_time() -> None:
    async with harness() as h:
        await points(h, "Authorized", "Authorized")
        await set_variables(h, TxCtrlr__EVConnectionTimeOut="20")
        await h.submit(Swipe(1, "TAG"))
        await h.advance(21)
        assert told(events(h)[-1]) == "Ended EVConnectTimeout Idle Timeout"
        h.csms.clear()
        await h.submit(Plug(1))
        assert said(h) == ["SN 1 Occupied"]


@pytest.mark.row(118, "TC_E_39")
async def test_nobody_plugs_in_where_the_card_ends_nothing() -> None:
    async with harness() as h:
        await points(h, "Authorized", "EVConnected")
        await set_variables(h, TxCtrlr__EVConnectionTimeOut="20")
        await h.submit(Swipe(1, "TAG"))
        await h.advance(21)
        assert told(events(h)[-1]) == "Updated EVConnectTimeout Idle"


# -- offline ---------------------------------------------------------------------------------------


@pytest.mark.row(121, "E04.FR.01")
@pytest.mark.row(124, "E08.FR.01")
async def test_a_session_without_a_link_is_told_in_order_later() -> None:
    async with harness() as h:
        await h.submit(Swipe(1, "TAG"))
        await h.submit(Swipe(1, "TAG"))
        h.csms.clear()
        await h.submit(LinkDown())
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        await h.advance(25)
        await h.submit(Swipe(1, "TAG"))
        await h.submit(Unplug(1))
        await h.advance(40)
        await h.submit(LinkUp())
        await h.advance(60)
        later = events(h)
        assert all(event["offline"] for event in later)
        assert told(later[0]).startswith("Started Authorized")
        assert told(later[-1]) == "Ended StopAuthorized EVConnected Local"
        assert [event["seqNo"] for event in later] == list(range(len(later)))
        stamps = [event["timestamp"] for event in later]
        assert stamps == sorted(stamps)
        assert stamps[-1] < later[-1]["timestamp"] + "Z"


@pytest.mark.row(123, "E11.FR.01")
async def test_what_sat_in_the_queue_when_the_link_broke_was_offline_too() -> None:
    async with harness() as h:
        transaction_id = await charge(h)
        await h.submit(LinkDown())
        await h.advance(25)
        await h.submit(LinkUp())
        await h.advance(40)
        flags = [bool(event.get("offline")) for event in events(h)]
        assert flags[0] is True
        assert flags[-1] is False
        assert {e["transactionInfo"]["transactionId"] for e in events(h)} == {transaction_id}


# -- refused afterwards ----------------------------------------------------------------------------


async def refused_afterwards(h: Harness) -> None:
    """A transaction begins, and the CSMS refuses its card in the answer to its begin."""
    h.csms.script["TransactionEvent"].append({"idTokenInfo": {"status": "Invalid"}})
    await h.submit(Plug(1))
    await h.submit(Start(1, "TAG"))
    await h.advance(1)


@pytest.mark.row(125, "E05.FR.10")
async def test_a_card_that_is_refused_afterwards_ends_it() -> None:
    async with harness() as h:
        await refused_afterwards(h)
        assert told(events(h)[-1]) == "Ended Deauthorized EVConnected DeAuthorized"
        assert "offline" not in events(h)[-1]
        assert h.connector().power_w == 0


@pytest.mark.row(126, "E05.FR.09")
async def test_where_the_card_ends_nothing_the_energy_stops() -> None:
    async with harness() as h:
        await points(h, "PowerPathClosed", "EVConnected")
        await refused_afterwards(h)
        assert told(events(h)[-1]) == "Updated Deauthorized EVConnected"
        await h.advance(5)
        assert h.connector().power_w == 0


@pytest.mark.row(127, "E05.FR.02")
async def test_where_nothing_ends_the_energy_is_withheld() -> None:
    async with harness() as h:
        await set_variables(h, TxCtrlr__StopTxOnInvalidId="false")
        await refused_afterwards(h)
        assert told(events(h)[-1]) == "Updated ChargingStateChanged SuspendedEVSE"
        h.csms.clear()
        await h.submit(Swipe(1, "TAG"))
        assert told(events(h)[-1]) == "Ended StopAuthorized EVConnected Local"


# -- ends ------------------------------------------------------------------------------------------


@pytest.mark.row(129, "E06.FR.02")
@pytest.mark.row(137, "E07.FR.01")
async def test_with_the_cable_after_a_stop() -> None:
    async with harness() as h:
        await points(h, "EVConnected", "EVConnected")
        await charge(h)
        await h.submit(Swipe(1, "TAG"))
        assert told(events(h)[-1]) == "Updated StopAuthorized EVConnected"
        assert events(h)[-1]["idToken"]["idToken"] == "TAG"
        await h.submit(Unplug(1))
        assert told(events(h)[-1]) == "Ended EVCommunicationLost Idle Local"
        assert "SN 1 Available" in said(h)


@pytest.mark.row(130, "TC_E_20")
async def test_unplugged_by_the_vehicle_while_it_pauses() -> None:
    async with harness() as h:
        await points(h, "EVConnected", "EVConnected")
        await set_variables(h, TxCtrlr__StopTxOnEVSideDisconnect="false")
        await charge(h)
        await h.submit(SuspendEV(1))
        await h.submit(Unplug(1))
        assert told(events(h)[-1]) == "Ended EVCommunicationLost Idle EVDisconnected"


@pytest.mark.row(131, "E06.FR.03")
async def test_with_its_own_card() -> None:
    async with harness() as h:
        await charge(h)
        await h.submit(Swipe(1, "TAG"))
        assert [told(event) for event in events(h)] == ["Ended StopAuthorized EVConnected Local"]
        assert events(h)[-1]["idToken"]["idToken"] == "TAG"
        assert h.status(1) == "Occupied"


@pytest.mark.row(131, "E07.FR.02")
@pytest.mark.row(159, "F03.FR.02")
async def test_from_afar() -> None:
    async with harness() as h:
        transaction_id = await charge(h)
        answer = await h.ask("RequestStopTransaction", transactionId=transaction_id)
        assert answer == {"status": "Accepted"}
        assert told(events(h)[-1]) == "Ended RemoteStop EVConnected Remote"
        assert "idToken" not in events(h)[-1]
        again = await h.ask("RequestStopTransaction", transactionId=transaction_id)
        assert again["status"] == "Rejected"


@pytest.mark.row(132, "E06.FR.06")
@pytest.mark.parametrize("by_card", [True, False])
async def test_with_the_power_path(by_card: bool) -> None:
    async with harness() as h:
        await points(h, "PowerPathClosed", "PowerPathClosed")
        await charge(h)
        await h.submit(Swipe(1, "TAG") if by_card else Unplug(1))
        expected = (
            "Ended StopAuthorized EVConnected Local"
            if by_card
            else "Ended EVCommunicationLost Idle EVDisconnected"
        )
        assert told(events(h)[-1]) == expected


@pytest.mark.row(133, "E06.FR.07")
async def test_with_the_energy_that_the_vehicle_stops() -> None:
    async with harness() as h:
        await points(h, "PowerPathClosed", "EnergyTransfer")
        await charge(h)
        await h.submit(SuspendEV(1))
        assert told(events(h)[-1]) == "Ended ChargingStateChanged SuspendedEV StoppedByEV"


@pytest.mark.row(134, "E06.FR.08")
async def test_every_end_has_its_reason() -> None:
    async with harness() as h:
        for end in (Stop(1), EVStop(1), Unplug(1)):
            await charge(h)
            await h.submit(end)
            if not isinstance(end, Unplug):
                await h.submit(Unplug(1))
            ended = next(event for event in events(h) if event["eventType"] == "Ended")
            assert ended["transactionInfo"]["stoppedReason"] in {
                "Local",
                "StoppedByEV",
                "EVDisconnected",
            }


@pytest.mark.row(136, "E06.FR.16")
async def test_a_fault() -> None:
    async with harness() as h:
        await charge(h)
        await h.submit(InjectFault(1, "GroundFailure"))
        assert "SN 1 Faulted" in said(h)
        assert told(events(h)[-1]) == "Ended AbnormalCondition EVConnected GroundFault"
        await h.submit(ClearFault(1))
        assert said(h, "NotifyEvent")[-1] == "SN 1 Occupied"


@pytest.mark.row(138, "E09.FR.01")
async def test_unplugging_by_the_vehicle_ends_it() -> None:
    async with harness() as h:
        await charge(h)
        await h.submit(Unplug(1))
        assert told(events(h)[-1]) == "Ended EVCommunicationLost Idle EVDisconnected"
        assert "SN 1 Available" in said(h)


@pytest.mark.row(135, "E06.FR.10")
@pytest.mark.row(139, "E09.FR.03")
async def test_the_cable_is_released_in_the_end() -> None:
    """By its card, whatever else goes on. It is fixed to the station: UnlockOnEVSideDisconnect is
    false for good, and who has unplugged at the vehicle has unplugged it."""
    async with harness() as h:
        metal = h.station.charger.connectors[1].metal
        for stop in ("EVConnected,Authorized", "EVConnected"):
            await points(h, "Authorized", stop)
            await charge(h)
            assert metal.locked
            await h.submit(Swipe(1, "TAG"))
            assert events(h)[-1]["triggerReason"] == "StopAuthorized"
            assert not metal.locked
            await h.submit(Unplug(1))
        assert await set_variables(h, OCPPCommCtrlr__UnlockOnEVSideDisconnect="true") == [
            "Rejected"
        ]
        await charge(h)
        await h.submit(Unplug(1))
        assert told(events(h)[-1]) == "Ended EVCommunicationLost Idle EVDisconnected"
        assert "SN 1 Available" in said(h)


@pytest.mark.row(141, "E10.FR.02")
async def test_who_does_not_come_back_to_an_interrupted_one_ends_it() -> None:
    async with harness() as h:
        await points(h, "Authorized", "Authorized")
        await set_variables(
            h, TxCtrlr__StopTxOnEVSideDisconnect="false", TxCtrlr__EVConnectionTimeOut="20"
        )
        await charge(h)
        await h.submit(Unplug(1))
        await h.advance(15)
        await h.submit(Plug(1))
        await h.advance(15)
        assert h.connector().transaction is not None, "it has come back in time"
        await h.submit(Unplug(1))
        await h.advance(21)
        assert told(events(h)[-1]) == "Ended EVConnectTimeout Idle Timeout"


@pytest.mark.row(140, "E10.FR.01")
async def test_unplugging_by_the_vehicle_may_only_interrupt_it() -> None:
    async with harness() as h:
        await points(h, "Authorized", "Authorized")
        await set_variables(h, TxCtrlr__StopTxOnEVSideDisconnect="false")
        await charge(h)
        await h.submit(Unplug(1))
        assert told(events(h)[-1]) == "Updated EVCommunicationLost Idle"
        await h.submit(Plug(1))
        await h.advance(1)
        assert [told(event) for event in events(h)[-2:]] == [
            "Updated CablePluggedIn EVConnected",
            "Updated ChargingStateChanged Charging",
        ]


# -- retries, status -------------------------------------------------------------------------------


@pytest.mark.row(142, "E13.FR.02")
@pytest.mark.parametrize("answer", [CallError("InternalError"), Drop()])
async def test_an_event_is_sent_again_and_then_dropped(answer: CallError | Drop) -> None:
    async with harness() as h:
        await charge(h)
        for _ in range(3):
            h.csms.script["TransactionEvent"].append(answer)
        await h.submit(SuspendEV(1))
        await h.advance(200)
        suspended = [event for event in events(h) if "SuspendedEV" in told(event)]
        same = [event for event in suspended if event["seqNo"] == suspended[0]["seqNo"]]
        assert len(same) == 3
        await h.submit(Resume(1))
        assert told(events(h)[-1]) == "Updated ChargingStateChanged Charging"


@pytest.mark.row(143, "E14.FR.01")
@pytest.mark.row(144, "E14.FR.06")
async def test_the_status_of_a_transaction() -> None:
    async with harness() as h:
        transaction_id = await charge(h)
        ask = "GetTransactionStatus"
        status = await h.ask(ask, transactionId=transaction_id)
        assert status == {"ongoingIndicator": True, "messagesInQueue": False}
        assert await h.ask(ask) == {"messagesInQueue": False}
        h.csms.script["TransactionEvent"].append(Drop())
        await h.submit(Stop(1))
        status = await h.ask(ask, transactionId=transaction_id)
        assert status == {"ongoingIndicator": False, "messagesInQueue": True}
        assert await h.ask(ask) == {"messagesInQueue": True}
        unknown = await h.ask(ask, transactionId="nobody's")
        assert unknown == {"ongoingIndicator": False, "messagesInQueue": False}


@pytest.mark.row(146, "E04.FR.02")
async def test_a_power_cut_ends_it_with_the_rest_of_the_queue_before(tmp_path: Path) -> None:
    h = harness(state=tmp_path)
    await h.csms.start()
    await h.power_on()
    await h.settle()
    transaction_id = await charge(h)
    await h.submit(LinkDown())
    await h.advance(25)
    await h.power_cut()
    h.csms.clear()
    await h.power_on()
    await h.settle()
    await h.advance(30)
    later = events(h)
    assert {event["transactionInfo"]["transactionId"] for event in later} == {transaction_id}
    assert told(later[-1]) == "Ended AbnormalCondition EVConnected PowerLoss"
    assert later[0]["offline"]
    numbers = [event["seqNo"] for event in later]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    await h.power_off()
    await h.csms.stop()


@pytest.mark.row(147, "F03.FR.08")
async def test_a_transaction_that_there_is_not() -> None:
    async with harness() as h:
        answer = await h.ask("RequestStopTransaction", transactionId="nobody's")
        assert answer["status"] == "Rejected"
        message = {"id": 1, "priority": "InFront", "transactionId": "nobody's"}
        message |= {"message": {"format": "UTF8", "content": "x"}}  # type: ignore[dict-item]
        shown = await h.ask("SetDisplayMessage", message=message)
        assert shown["status"] == "UnknownTransaction"


@pytest.mark.row(205, "E06.FR.11")
async def test_its_end_has_the_first_and_the_last_reading() -> None:
    async with harness() as h:
        await charge(h)
        await h.advance(30)
        await h.submit(Stop(1))
        ended = events(h)[-1]
        assert contexts(ended) == [BEGIN, END]
        assert register(ended, 0) <= register(ended, -1)
    async with harness() as h:
        await set_variables(h, SampledDataCtrlr__TxEndedInterval="10")
        await charge(h)
        await h.advance(35)
        await h.submit(Stop(1))
        assert contexts(events(h)[-1]) == [BEGIN, *["Sample.Periodic"] * 3, END]
    async with harness() as h:
        await set_variables(h, SampledDataCtrlr__TxEndedMeasurands="")
        await charge(h)
        await h.submit(Stop(1))
        assert "meterValue" not in events(h)[-1]
