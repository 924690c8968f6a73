"""Sessions at the charge point: plug and card in any order, and every way to end (OCPP 1.6 §4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sim_core.commands import (
    Accepted,
    ClearFault,
    JamLock,
    Plug,
    Refused,
    RemoveCable,
    Start,
    Stop,
    Swipe,
    Unplug,
)
from sim_core.wire.timestamps import moment
from tests.conformance.acts import calls, charge, checked, configure, lanes, payloads, said
from tests.harness import Harness
from tests.scripted_csms import Payload

ACCEPTED = {"status": "Accepted"}
FIRST = "StatusNotification 1 "
DETACHABLE = {"detachable_cable": True}
REFUSALS = ("Invalid", "Blocked", "Expired", "ConcurrentTx")


# -- plug and card ---------------------------------------------------


@pytest.mark.row(18, "TC_003_CS")
async def test_plug_then_card() -> None:
    async with Harness(meter_start_wh=1234) as harness:
        harness.csms.clear()
        assert await harness.submit(Plug(1)) == Accepted()
        assert isinstance(await harness.submit(Swipe(1, "TAG")), Accepted)
        await checked(harness)
        assert said(harness) == [
            FIRST + "Preparing",
            "Authorize",
            "StartTransaction",
            FIRST + "Charging",
        ]
        assert payloads(harness, "Authorize") == [{"idTag": "TAG"}]
        (start,) = payloads(harness, "StartTransaction")
        assert set(start) == {"connectorId", "idTag", "meterStart", "timestamp"}
        assert (start["connectorId"], start["idTag"], start["meterStart"]) == (1, "TAG", 1234)
        assert type(start["meterStart"]) is int
        energized_at = moment(start["timestamp"]) + timedelta(seconds=harness.timing.energize_s)
        assert abs(harness.clock.now() - energized_at) < timedelta(seconds=0.01)


@pytest.mark.row(19, "TC_004_1_CS")
async def test_card_then_plug() -> None:
    async with Harness() as harness:
        harness.csms.clear()
        assert isinstance(await harness.submit(Swipe(1, "TAG")), Accepted)
        assert said(harness) == ["Authorize", FIRST + "Preparing"]
        await harness.advance(30)
        await harness.submit(Plug(1))
        await checked(harness)
        assert said(harness)[2:] == ["StartTransaction", FIRST + "Charging"]


@pytest.mark.row(20, "TC_004_2_CS")
async def test_card_and_no_plug() -> None:
    async with Harness(keys={"ConnectionTimeOut": "45"}) as harness:
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        await harness.advance(44)
        assert said(harness) == ["Authorize", FIRST + "Preparing"]
        await harness.advance(1)
        assert said(harness)[2:] == [FIRST + "Available"]
        await harness.submit(Plug(1))
        await harness.advance(60)
        assert said(harness)[3:] == [FIRST + "Preparing"], "the card no longer counts"


@pytest.mark.row(21, "S§9.1")
async def test_connection_time_out_counts_from_the_card_and_ends_with_the_plug() -> None:
    async with Harness(
        keys={"ConnectionTimeOut": "45", "MeterValueSampleInterval": "0"}
    ) as harness:
        await harness.submit(Swipe(1, "TAG"))
        await harness.advance(40)
        await harness.submit(Plug(1))
        await harness.advance(300)
        assert harness.status() == "Charging"
        harness.csms.clear()
        await harness.submit(Swipe(2, "TAG"))
        await harness.advance(30)
        await configure(harness, ConnectionTimeOut="100")
        await harness.advance(15)
        assert harness.status(2) == "Available", "a new value counts for the next card"


@pytest.mark.row(21, "S§9.1")
async def test_a_cable_that_stayed_in_starts_again_by_the_next_card() -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.submit(Swipe(1, "TAG"))
        assert harness.status() == "Finishing"
        await harness.advance(600)
        assert harness.status() == "Finishing"
        harness.csms.clear()
        await harness.submit(Swipe(1, "OTHER"))
        await checked(harness)
        says = [word for word in said(harness) if word != FIRST + "Preparing"]  # on its way, or not
        assert says == ["Authorize", "StartTransaction", FIRST + "Charging"]
        assert payloads(harness, "StartTransaction")[0]["idTag"] == "OTHER"


@pytest.mark.row(21, "S§9.1")
async def test_a_time_out_of_0_never_lapses() -> None:
    async with Harness(keys={"ConnectionTimeOut": "0"}) as harness:
        await harness.submit(Swipe(1, "TAG"))
        await harness.advance(86_400)
        assert harness.status() == "Preparing"
        await harness.submit(Plug(1))
        await checked(harness)
        assert harness.status() == "Charging"


# -- who may stop ----------------------------------------------------


@pytest.mark.row(22, "TC_068_CS")
async def test_only_the_card_that_started_stops() -> None:
    async with Harness() as harness:
        await charge(harness, id_tag="TAG")
        await harness.advance(5)
        assert isinstance(await harness.submit(Swipe(1, "OTHER")), Refused)
        assert said(harness) == []
        assert harness.status() == "Charging"
        assert isinstance(await harness.submit(Swipe(1, "TAG")), Accepted)
        assert lanes(said(harness)) == lanes(["StopTransaction", FIRST + "Finishing"])
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["idTag"], stop["reason"]) == ("TAG", "Local")


@pytest.mark.row(23, "TC_069_CS")
@pytest.mark.parametrize("told_by", ["Authorize", "StartTransaction"])
async def test_a_card_of_the_same_parent_stops(told_by: str) -> None:
    async with Harness() as harness:
        family: Payload = {"status": "Accepted", "parentIdTag": "FAMILY"}
        alone: Payload = {"idTagInfo": {"status": "Accepted"}}
        harness.csms.tags = {"TAG": family, "TAG2": {**family, "parentIdTag": "family"}}
        silent = {"Authorize": "StartTransaction", "StartTransaction": "Authorize"}[told_by]
        harness.csms.script[silent].append({"transactionId": 1000, **alone})
        await charge(harness, id_tag="TAG")
        assert isinstance(await harness.submit(Swipe(1, "TAG2")), Accepted)
        assert lanes(said(harness)) == lanes(["Authorize", "StopTransaction", FIRST + "Finishing"])
        assert payloads(harness, "Authorize") == [{"idTag": "TAG2"}]
        assert payloads(harness, "StopTransaction")[0]["idTag"] == "TAG2"


@pytest.mark.row(23, "TC_069_CS")
@pytest.mark.parametrize(
    "stranger",
    [
        {"status": "Accepted", "parentIdTag": "NEIGHBOURS"},
        {"status": "Accepted"},
        {"status": "Blocked", "parentIdTag": "FAMILY"},
    ],
)
async def test_a_card_of_another_parent_or_a_blocked_one_does_not_stop(stranger: Payload) -> None:
    async with Harness() as harness:
        harness.csms.tags = {
            "TAG": {"status": "Accepted", "parentIdTag": "FAMILY"},
            "STRANGER": stranger,
        }
        await charge(harness, id_tag="TAG")
        assert isinstance(await harness.submit(Swipe(1, "STRANGER")), Refused)
        assert said(harness) == ["Authorize"]
        assert harness.status() == "Charging"


# -- the vehicle's side is unplugged ---------------------------------


@pytest.mark.row(24, "TC_005_1_CS")
async def test_unplugging_the_vehicle_stops_and_unlocks() -> None:
    keys = {
        "StopTransactionOnEVSideDisconnect": "true",
        "UnlockConnectorOnEVSideDisconnect": "true",
    }
    async with Harness(keys=keys, behaviour=DETACHABLE) as harness:
        await charge(harness)
        assert isinstance(await harness.submit(RemoveCable(1)), Refused), "it is locked"
        await harness.submit(Unplug(1))
        assert lanes(said(harness)) == lanes(["StopTransaction", FIRST + "Finishing"])
        assert payloads(harness, "StopTransaction")[0]["reason"] == "EVDisconnected"
        await harness.advance(60)
        assert await harness.submit(RemoveCable(1)) == Accepted()
        assert said(harness)[2:] == [FIRST + "Available"]


@pytest.mark.row(24, "TC_005_1_CS")
async def test_unplugging_a_fixed_cable_leaves_nothing_behind() -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.submit(Unplug(1))
        assert lanes(said(harness)) == lanes(["StopTransaction", FIRST + "Available"])
        assert payloads(harness, "StopTransaction")[0]["reason"] == "EVDisconnected"


@pytest.mark.row(25, "TC_005_2_CS")
@pytest.mark.parametrize("opened_by", ["UnlockConnector", "card"])
async def test_unplugging_the_vehicle_stops_and_keeps_the_cable(opened_by: str) -> None:
    keys = {
        "StopTransactionOnEVSideDisconnect": "true",
        "UnlockConnectorOnEVSideDisconnect": "false",
    }
    async with Harness(keys=keys, behaviour=DETACHABLE) as harness:
        await charge(harness, id_tag="TAG")
        await harness.submit(Unplug(1))
        assert lanes(said(harness)) == lanes(["StopTransaction", FIRST + "Finishing"])
        assert payloads(harness, "StopTransaction")[0]["reason"] == "EVDisconnected"
        assert await harness.submit(RemoveCable(1)) == Refused(
            "connector 1 holds the cable: show the card again or unlock it"
        )
        if opened_by == "card":
            assert await harness.submit(Swipe(1, "tag")) == Accepted("unlocked")
        else:
            asked = await harness.ask("UnlockConnector", connectorId=1)
            assert asked == {"status": "Unlocked"}
        assert len(calls(harness)) == 2, "the cable is still in: Finishing"
        assert await harness.submit(RemoveCable(1)) == Accepted()
        assert said(harness)[2:] == [FIRST + "Available"]


@pytest.mark.row(25, "TC_005_2_CS")
async def test_a_cable_without_a_lock_of_ours_is_not_unlocked() -> None:
    async with Harness(behaviour={"lockable": False}) as harness:
        asked = await harness.ask("UnlockConnector", connectorId=1)
        assert asked == {"status": "NotSupported"}


@pytest.mark.row(26, "TC_005_3_CS")
@pytest.mark.parametrize("unlock", ["true", "false"])
async def test_unplugging_the_vehicle_only_suspends(unlock: str) -> None:
    """StopTransactionOnEVSideDisconnect=false has the last word: the cable stays locked (§9.1)."""
    keys = {
        "StopTransactionOnEVSideDisconnect": "false",
        "UnlockConnectorOnEVSideDisconnect": unlock,
        "MeterValueSampleInterval": "0",
    }
    async with Harness(keys=keys, behaviour=DETACHABLE) as harness:
        await charge(harness)
        await harness.submit(Unplug(1))
        await harness.advance(100)
        assert said(harness) == [FIRST + "SuspendedEV"]
        assert isinstance(await harness.submit(RemoveCable(1)), Refused)
        assert await harness.ask("RemoteStopTransaction", transactionId=1000) == ACCEPTED
        assert lanes(said(harness)[1:]) == lanes(["StopTransaction", FIRST + "Finishing"])
        assert payloads(harness, "StopTransaction")[0]["reason"] == "Remote"
        assert await harness.submit(RemoveCable(1)) == Accepted()
        assert said(harness)[3:] == [FIRST + "Available"]


@pytest.mark.row(26, "TC_005_3_CS")
@pytest.mark.parametrize("detachable", [True, False])
async def test_the_vehicle_that_returns_goes_on_charging(detachable: bool) -> None:
    keys = {"StopTransactionOnEVSideDisconnect": "false", "MeterValueSampleInterval": "0"}
    async with Harness(keys=keys, behaviour={"detachable_cable": detachable}) as harness:
        await charge(harness)
        await harness.advance(600)
        before = harness.connector()
        await harness.submit(Unplug(1))
        unplugged_wh = harness.connector().register_wh
        assert unplugged_wh == pytest.approx(before.register_wh, abs=1), "the same moment"
        await harness.advance(100)
        assert harness.connector().register_wh == unplugged_wh, "no vehicle, no energy"
        await harness.submit(Plug(1))
        again = harness.connector()
        assert again.vehicle == before.vehicle
        assert again.soc_percent == pytest.approx(before.soc_percent, abs=0.01)
        await harness.advance(100)
        assert harness.connector().register_wh > before.register_wh
        assert said(harness) == [FIRST + "SuspendedEV", FIRST + "Charging"]


# -- the lock --------------------------------------------------------


@pytest.mark.row(30, "TC_024_CS")
@pytest.mark.parametrize("detachable", [True, False])
async def test_a_lock_that_does_not_close_starts_nothing(detachable: bool) -> None:
    async with Harness(behaviour={"detachable_cable": detachable}) as harness:
        assert await harness.submit(JamLock(1)) == Accepted()
        await harness.submit(Plug(1))
        harness.csms.clear()
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.advance(60)
        assert said(harness) == ["Authorize", FIRST + "Faulted"]
        (report,) = payloads(harness, "StatusNotification")
        assert report["errorCode"] == "ConnectorLockFailure"
        assert (harness.connector().power_w, harness.connector().register_wh) == (0, 0)
        await harness.submit(ClearFault(1))
        assert harness.status() == "Preparing"
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        assert harness.status() == "Charging"


@pytest.mark.row(30, "TC_024_CS")
async def test_a_lock_that_does_not_open_holds_the_cable_and_says_so() -> None:
    async with Harness(behaviour=DETACHABLE) as harness:
        await charge(harness)
        await harness.submit(JamLock(1))
        assert said(harness) == [], "nobody has asked it to move yet"
        await harness.submit(Stop(1))
        assert lanes(said(harness)) == lanes(["StopTransaction", FIRST + "Faulted"])
        assert payloads(harness, "StatusNotification")[0]["errorCode"] == "ConnectorLockFailure"
        assert isinstance(await harness.submit(RemoveCable(1)), Refused)
        assert await harness.ask("UnlockConnector", connectorId=1) == {"status": "UnlockFailed"}
        await harness.submit(ClearFault(1))
        assert await harness.submit(RemoveCable(1)) == Accepted()
        assert said(harness)[2:] == [FIRST + "Finishing", FIRST + "Available"]


# -- the transaction's messages --------------------------------------


@pytest.mark.row(31, "S§4.8")
@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("opened_by", ["UnlockConnector", "card"])
async def test_a_card_refused_afterwards_stops(status: str, opened_by: str) -> None:
    keys = {"StopTransactionOnInvalidId": "true"}
    async with Harness(keys=keys, behaviour=DETACHABLE) as harness:
        await harness.submit(Plug(1))
        harness.csms.clear()
        refused = {"transactionId": 77, "idTagInfo": {"status": status}}
        harness.csms.script["StartTransaction"].append(refused)
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        assert lanes([a for a in said(harness) if a != FIRST + "Charging"]) == lanes(
            [
                "Authorize",
                "StartTransaction",
                "StopTransaction",
                FIRST + "Finishing",
            ]
        )
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (77, "DeAuthorized")
        assert isinstance(await harness.submit(RemoveCable(1)), Refused)
        if opened_by == "card":
            assert await harness.submit(Swipe(1, "TAG")) == Accepted("unlocked")
        else:
            asked = await harness.ask("UnlockConnector", connectorId=1)
            assert asked == {"status": "Unlocked"}
        assert await harness.submit(RemoveCable(1)) == Accepted()
        assert said(harness)[-1] == FIRST + "Available"
        assert len(harness.csms.of("StopTransaction")) == 1


@pytest.mark.row(31, "S§4.8")
async def test_a_held_cable_is_free_for_the_next_card() -> None:
    async with Harness(
        keys={"StopTransactionOnInvalidId": "true"}, behaviour=DETACHABLE
    ) as harness:
        await harness.submit(Plug(1))
        harness.csms.script["StartTransaction"].append(
            {"transactionId": 77, "idTagInfo": {"status": "Invalid"}}
        )
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.submit(Start(1, "OTHER"))
        await checked(harness)
        assert harness.status() == "Charging"
        harness.csms.clear()
        assert isinstance(await harness.submit(Swipe(1, "TAG")), Refused)
        assert said(harness) == [], "the first card has no say any more"


@pytest.mark.row(32, "S§4.8")
@pytest.mark.parametrize("status", REFUSALS)
async def test_a_card_refused_afterwards_gets_no_energy(status: str) -> None:
    keys = {"StopTransactionOnInvalidId": "false"}
    async with Harness(keys=keys) as harness:
        await harness.submit(Plug(1))
        harness.csms.clear()
        refused = {"transactionId": 77, "idTagInfo": {"status": status}}
        harness.csms.script["StartTransaction"].append(refused)
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.advance(300)
        assert harness.status() == "SuspendedEVSE"
        assert harness.connector().register_wh == 0
        assert harness.csms.of("StopTransaction") == []
        await harness.submit(Swipe(1, "TAG"))
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["transactionId"], stop["reason"], stop["meterStop"]) == (77, "Local", 0)
        assert harness.status() == "Finishing"


@pytest.mark.row(32, "S§4.8")
async def test_max_energy_on_invalid_id() -> None:
    keys = {"StopTransactionOnInvalidId": "false", "MaxEnergyOnInvalidId": "500"}
    async with Harness(keys=keys, meter_start_wh=7_000) as harness:
        await harness.submit(Plug(1))
        harness.csms.script["StartTransaction"].append(
            {"transactionId": 77, "idTagInfo": {"status": "Invalid"}}
        )
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        assert harness.status() == "Charging"
        await harness.advance(600)
        assert harness.status() == "SuspendedEVSE"
        assert harness.connector().register_wh == pytest.approx(7_500)
        assert harness.connector().register_wh <= 7_500
        assert harness.csms.of("StopTransaction") == []
        await harness.submit(Stop(1))
        await harness.submit(Start(1, "ANOTHER"))
        await checked(harness)
        await harness.advance(600)
        assert harness.connector().register_wh > 8_000, "the limit was that transaction's"


@pytest.mark.row(33, "S§4.8")
@pytest.mark.parametrize("transaction_id", [0, -1, -(2**31), 2**31 - 1, 2**40])
async def test_a_transaction_id_is_any_integer(transaction_id: int) -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        harness.csms.script["StartTransaction"].append(
            {"transactionId": transaction_id, "idTagInfo": {"status": "Accepted"}}
        )
        await charge(harness)
        await harness.advance(10)
        assert payloads(harness, "MeterValues")[0]["transactionId"] == transaction_id
        asked = await harness.ask("RemoteStopTransaction", transactionId=transaction_id)
        assert asked == ACCEPTED
        assert payloads(harness, "StopTransaction")[0]["transactionId"] == transaction_id


@pytest.mark.row(35, "S§4.10")
@pytest.mark.parametrize("way", ["card", "button", "unplugged", "remote", "unlocked", "reset"])
async def test_however_it_stops_it_is_told_once(way: str) -> None:
    async with Harness(meter_start_wh=999) as harness:
        harness.csms.clear()
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.advance(100)
        if way == "card":
            await harness.submit(Swipe(1, "TAG"))
        elif way == "button":
            await harness.submit(Stop(1))
        elif way == "unplugged":
            await harness.submit(Unplug(1))
        elif way == "remote":
            await harness.ask("RemoteStopTransaction", transactionId=1000)
        elif way == "unlocked":
            await harness.ask("UnlockConnector", connectorId=1)
        else:
            await harness.ask("Reset", type="Soft")
        await harness.advance(600)
        (start,) = payloads(harness, "StartTransaction")
        (stop,) = payloads(harness, "StopTransaction")
        assert stop["transactionId"] == 1000
        assert stop["meterStop"] > start["meterStart"] == 999
        began, ended = moment(start["timestamp"]), moment(stop["timestamp"])
        assert began is not None
        assert ended is not None
        assert (ended - began).total_seconds() == pytest.approx(100, abs=1)
        reasons = {
            "card": "Local",
            "button": "Local",
            "unplugged": "EVDisconnected",
            "remote": "Remote",
            "unlocked": "UnlockCommand",
            "reset": "SoftReset",
        }
        assert stop["reason"] == reasons[way]


@pytest.mark.row(35, "S§4.10")
async def test_a_clock_set_back_does_not_stop_before_the_start() -> None:
    async with Harness() as harness:
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        harness.csms.script["Heartbeat"].append({"currentTime": "2026-01-01T11:00:00Z"})
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        await harness.advance(5)
        await harness.submit(Stop(1))
        (start,) = payloads(harness, "StartTransaction")
        (stop,) = payloads(harness, "StopTransaction")
        assert stop["timestamp"] >= start["timestamp"]
