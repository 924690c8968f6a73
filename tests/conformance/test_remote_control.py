"""Remote control (OCPP 1.6 §5.11, §5.12), unlock (§5.18), reset (§5.14), availability (§5.2).

Row 44 names a connector that is reserved for somebody else: that is in `test_reservation`.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from sim_core.commands import (
    Accepted,
    ClearFault,
    InjectFault,
    JamLock,
    Plug,
    Refused,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    Unlock,
    Unplug,
)
from sim_core.settings.model_file import load_model
from tests.conformance.acts import (
    all_statuses,
    charge,
    checked,
    configure,
    lanes,
    payloads,
    rebooted,
    said,
)
from tests.harness import Harness
from tests.scripted_csms import Hold

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
UNPLUGGED = {"remote_start_needs_vehicle": False}
"""A make may refuse a remote start where nobody is plugged in; these rows are of one that waits."""


# -- RemoteStartTransaction ------------------------------------------


@pytest.mark.row(37, "TC_010_CS")
@pytest.mark.row(40, "S§5.11")
@pytest.mark.parametrize("authorize", [True, False])
async def test_remote_start_with_the_vehicle_plugged(authorize: bool) -> None:
    async with Harness(keys={"AuthorizeRemoteTxRequests": str(authorize).lower()}) as harness:
        await harness.submit(Plug(1))
        assert said(harness)[-1] == "StatusNotification 1 Preparing"
        harness.csms.clear()
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED
        await checked(harness)
        assert said(harness) == [
            *(["Authorize"] if authorize else []),
            "StartTransaction",
            "StatusNotification 1 Charging",
        ]
        kinds = [json.loads(frame)[0] for frame in harness.csms.frames]
        assert kinds[0] == 3, "the answer goes out before anything that follows from it"
        (start,) = payloads(harness, "StartTransaction")
        assert (start["connectorId"], start["idTag"]) == (1, "TAG")
        assert "reservationId" not in start


@pytest.mark.row(38, "TC_011_1_CS")
@pytest.mark.row(40, "S§5.11")
@pytest.mark.parametrize("authorize", [True, False])
async def test_remote_start_before_the_plug(authorize: bool) -> None:
    keys = {"AuthorizeRemoteTxRequests": str(authorize).lower()}
    async with Harness(keys=keys, behaviour=UNPLUGGED) as harness:
        harness.csms.clear()
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED
        before = [*(["Authorize"] if authorize else []), "StatusNotification 1 Preparing"]
        assert said(harness) == before
        await harness.submit(Plug(1))
        await checked(harness)
        assert said(harness)[len(before) :] == [
            "StartTransaction",
            "StatusNotification 1 Charging",
        ]


@pytest.mark.row(39, "TC_011_2_CS")
async def test_remote_start_and_nobody_plugs_in() -> None:
    async with Harness(keys={"ConnectionTimeOut": "30"}, behaviour=UNPLUGGED) as harness:
        harness.csms.clear()
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED
        await harness.advance(29)
        assert said(harness) == ["Authorize", "StatusNotification 1 Preparing"]
        await harness.advance(1)
        assert said(harness)[2:] == ["StatusNotification 1 Available"]
        await harness.submit(Plug(1))
        await harness.advance(60)
        assert not payloads(harness, "StartTransaction")


@pytest.mark.row(40, "S§5.11")
@pytest.mark.parametrize("pre_authorize", [True, False])
async def test_a_known_card_may_replace_the_authorize_of_a_remote_start(
    pre_authorize: bool,
) -> None:
    async with Harness(keys={"LocalPreAuthorize": str(pre_authorize).lower()}) as harness:
        await charge(harness)  # the card is in the cache from now on
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        await harness.submit(Plug(1))
        harness.csms.clear()
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED
        await checked(harness)
        assert len(payloads(harness, "Authorize")) == (0 if pre_authorize else 1)
        assert harness.status() == "Charging"


@pytest.mark.row(41, "S§5.11")
async def test_without_a_connector_the_plugged_one_is_taken_then_a_free_one_then_none() -> None:
    async with Harness(behaviour=UNPLUGGED) as harness:
        await harness.submit(Plug(2))
        assert await harness.ask("RemoteStartTransaction", idTag="A") == ACCEPTED
        await checked(harness)
        assert harness.status(2) == "Charging"
        assert await harness.ask("RemoteStartTransaction", idTag="B") == ACCEPTED
        assert harness.status(1) == "Preparing"
        assert await harness.ask("RemoteStartTransaction", idTag="C") == REJECTED
        await harness.submit(Plug(1))
        await checked(harness)
        assert [(s["connectorId"], s["idTag"]) for s in payloads(harness, "StartTransaction")] == [
            (2, "A"),
            (1, "B"),
        ]


@pytest.mark.row(41, "S§5.11")
async def test_without_a_connector_a_broken_one_is_passed_over() -> None:
    async with Harness(behaviour=UNPLUGGED) as harness:
        await harness.submit(InjectFault(1))
        assert await harness.ask("RemoteStartTransaction", idTag="TAG") == ACCEPTED
        assert (harness.status(1), harness.status(2)) == ("Faulted", "Preparing")


@pytest.mark.row(42, "TC_026_CS")
async def test_remote_start_where_a_transaction_runs() -> None:
    async with Harness() as harness:
        await charge(harness)
        assert await harness.ask("RemoteStartTransaction", idTag="OTHER", connectorId=1) == REJECTED
        assert said(harness) == []
        assert harness.status() == "Charging"


@pytest.mark.row(42, "TC_026_CS")
async def test_of_two_remote_starts_at_once_one_connector_takes_one() -> None:
    async with Harness(connectors=1) as harness:
        await harness.submit(Plug(1))
        answers = await asyncio.gather(
            *(harness.csms.ask("RemoteStartTransaction", idTag=tag, connectorId=1) for tag in "AB")
        )
        await harness.settle()
        await checked(harness)
        assert answers == [ACCEPTED, REJECTED]
        (start,) = payloads(harness, "StartTransaction")
        assert start["idTag"] == "A"


@pytest.mark.row(41, "S§5.11")
async def test_two_remote_starts_at_once_without_a_connector_take_two_connectors() -> None:
    async with Harness() as harness:
        await harness.submit(Plug(1))
        await harness.submit(Plug(2))
        answers = await asyncio.gather(
            *(harness.csms.ask("RemoteStartTransaction", idTag=tag) for tag in "ABC")
        )
        await harness.settle()
        await checked(harness)
        assert answers == [ACCEPTED, ACCEPTED, REJECTED]
        starts = payloads(harness, "StartTransaction")
        assert {(s["connectorId"], s["idTag"]) for s in starts} == {(1, "A"), (2, "B")}


@pytest.mark.row(42, "TC_026_CS")
async def test_a_card_at_the_reader_and_a_remote_start_do_not_share_a_transaction() -> None:
    async with Harness(keys={"AuthorizeRemoteTxRequests": "false"}) as harness:
        await harness.submit(Plug(1))
        release = asyncio.Event()
        harness.csms.script["Authorize"].append(Hold(release))
        swipe = asyncio.ensure_future(harness.station.submit(Swipe(1, "LOCAL")))
        await harness.csms.next_call("Authorize")
        assert (
            await harness.ask("RemoteStartTransaction", idTag="REMOTE", connectorId=1) == REJECTED
        )
        release.set()
        assert isinstance(await swipe, Accepted)
        await harness.settle()
        await checked(harness)
        (start,) = payloads(harness, "StartTransaction")
        assert start["idTag"] == "LOCAL"


@pytest.mark.row(43, "TC_027_CS")
async def test_remote_start_on_connector_0() -> None:
    async with Harness() as harness:
        harness.csms.clear()
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=0) == REJECTED
        assert said(harness) == []


@pytest.mark.row(44, "S§5.11")
@pytest.mark.parametrize("connector_id", [3, 99, -1, 10**30])
async def test_remote_start_on_a_connector_that_there_is_not(connector_id: int) -> None:
    async with Harness() as harness:
        harness.csms.clear()
        answer = await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=connector_id)
        assert answer == REJECTED
        assert said(harness) == []


@pytest.mark.row(44, "S§5.11")
async def test_remote_start_on_an_unavailable_connector() -> None:
    async with Harness(behaviour=UNPLUGGED) as harness:
        await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == REJECTED
        await harness.ask("ChangeAvailability", connectorId=1, type="Operative")
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED


@pytest.mark.row(44, "S§5.11")
async def test_remote_start_on_a_connector_that_is_about_to_leave() -> None:
    async with Harness() as harness:
        await harness.submit(Plug(1))
        await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == REJECTED


@pytest.mark.row(44, "S§5.11")
async def test_remote_start_on_a_faulted_connector() -> None:
    async with Harness() as harness:
        await harness.submit(Plug(1))
        await harness.submit(InjectFault(1))
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == REJECTED
        logged = harness.messages.since(0)[1][-1]
        assert logged.trouble.startswith("connector 1 is Faulted"), "why, for whoever reads the log"
        await harness.submit(ClearFault(1))
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED


@pytest.mark.row(44, "S§5.11")
async def test_remote_start_with_an_empty_card() -> None:
    async with Harness() as harness:
        await harness.submit(Plug(1))
        assert await harness.ask("RemoteStartTransaction", idTag="", connectorId=1) == REJECTED


@pytest.mark.row(45, "TC_023_5")
@pytest.mark.parametrize("status", ["Invalid", "Blocked", "Expired", "ConcurrentTx"])
async def test_remote_start_for_a_card_that_is_refused(status: str) -> None:
    async with Harness() as harness:
        harness.csms.tags["TAG"] = {"status": status}
        await harness.submit(Plug(1))
        harness.csms.clear()
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED
        await harness.advance(120)
        assert said(harness) == ["Authorize"]
        assert harness.status() == "Preparing"


# -- RemoteStopTransaction -------------------------------------------


@pytest.mark.row(46, "TC_012_CS")
async def test_remote_stop() -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.advance(5)
        assert await harness.ask("RemoteStopTransaction", transactionId=1000) == ACCEPTED
        await harness.submit(Unplug(1))
        assert lanes(said(harness)) == lanes(
            [
                "StopTransaction",
                "StatusNotification 1 Finishing",
                "StatusNotification 1 Available",
            ]
        )
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "Remote")
        assert json.loads(harness.csms.frames[0])[0] == 3, "the answer first"


@pytest.mark.row(46, "TC_012_CS")
async def test_a_remote_stop_that_takes_its_time_is_of_that_transaction_only() -> None:
    timing = replace(load_model("generic").timing["swift"], stop_s=5.0)
    async with Harness(timing=timing) as harness:
        await charge(harness)
        assert await harness.ask("RemoteStopTransaction", transactionId=1000) == ACCEPTED
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        await charge(harness)
        await harness.advance(10)
        assert harness.status() == "Charging"


@pytest.mark.row(46, "TC_012_CS")
@pytest.mark.parametrize("pause", [SuspendEV(1), SuspendEVSE(1), InjectFault(1)])
async def test_remote_stop_of_a_transaction_that_rests(
    pause: SuspendEV | SuspendEVSE | InjectFault,
) -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.submit(pause)
        assert await harness.ask("RemoteStopTransaction", transactionId=1000) == ACCEPTED
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "Remote")


@pytest.mark.row(46, "TC_012_CS")
async def test_two_remote_stops_at_once_make_one_stop() -> None:
    async with Harness() as harness:
        await charge(harness)
        answers = await asyncio.gather(
            *(harness.csms.ask("RemoteStopTransaction", transactionId=1000) for _ in range(2))
        )
        await harness.settle()
        assert answers == [ACCEPTED, REJECTED]
        assert len(payloads(harness, "StopTransaction")) == 1


@pytest.mark.row(47, "TC_028_CS")
@pytest.mark.parametrize("transaction_id", [999, 0, -1, 10**30])
async def test_remote_stop_of_a_transaction_that_there_is_not(transaction_id: int) -> None:
    async with Harness() as harness:
        await charge(harness)
        assert await harness.ask("RemoteStopTransaction", transactionId=transaction_id) == REJECTED
        assert said(harness) == []
        assert harness.status() == "Charging"


# -- Reset -----------------------------------------------------------


@pytest.mark.row(48, "TC_013_CS / TC_014_CS")
@pytest.mark.parametrize("kind", ["Hard", "Soft"])
async def test_reset_keeps_a_connector_out_of_service(kind: str) -> None:
    async with Harness() as harness:
        harness.csms.clear()
        answer = await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert answer == ACCEPTED
        assert said(harness) == ["StatusNotification 1 Unavailable"]
        harness.csms.clear()
        assert await harness.ask("Reset", type=kind) == ACCEPTED
        assert not harness.csms.connected, "the link really drops"
        assert said(harness) == []
        await rebooted(harness)
        assert harness.csms.connections == 2
        assert said(harness) == ["BootNotification", *all_statuses(harness, _1="Unavailable")]
        harness.csms.clear()
        await harness.ask("ChangeAvailability", connectorId=1, type="Operative")
        assert said(harness) == ["StatusNotification 1 Available"]


@pytest.mark.row(48, "TC_013_CS / TC_014_CS")
async def test_a_second_reset_while_the_first_goes_on() -> None:
    async with Harness() as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].append(Hold(release := asyncio.Event()))
        assert await harness.ask("Reset", type="Soft") == ACCEPTED
        assert await harness.ask("Reset", type="Hard") == REJECTED
        refused = await harness.submit(Start(2))
        assert refused == Refused("the charge point is rebooting: wait until it is back")
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=2) == REJECTED
        release.set()
        await harness.settle()
        await rebooted(harness)
        assert harness.csms.connections == 2
        assert await harness.ask("Reset", type="Hard") == ACCEPTED


@pytest.mark.row(49, "TC_015_CS")
async def test_hard_reset_stops_the_transaction() -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.advance(60)
        harness.csms.clear()
        assert await harness.ask("Reset", type="Hard") == ACCEPTED
        assert not harness.csms.connected
        await rebooted(harness)
        assert sorted(said(harness)) == sorted(
            [
                "BootNotification",
                "StopTransaction",
                *all_statuses(harness, _1="Finishing"),
            ]
        )
        assert said(harness)[0] == "BootNotification"
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "HardReset")
        assert stop["meterStop"] > 0


@pytest.mark.row(49, "TC_015_CS")
async def test_the_stop_of_a_hard_reset_survives_that_the_power_goes_too(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await charge(harness)
        assert await harness.ask("Reset", type="Hard") == ACCEPTED
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "HardReset")


@pytest.mark.row(49, "TC_015_CS")
async def test_a_hard_reset_before_the_start_is_answered() -> None:
    async with Harness() as harness:
        await harness.submit(Plug(1))
        harness.csms.script["StartTransaction"].append(Hold(asyncio.Event()))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        assert await harness.ask("Reset", type="Hard") == ACCEPTED
        await rebooted(harness)
        first, again = harness.csms.of("StartTransaction")
        assert first.payload == again.payload, "recognisably the same"
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "HardReset")


@pytest.mark.row(50, "TC_016_CS")
async def test_soft_reset_waits_for_the_answer_to_the_stop() -> None:
    async with Harness() as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].append(Hold(release := asyncio.Event()))
        assert await harness.ask("Reset", type="Soft") == ACCEPTED
        await harness.advance(10)
        assert harness.csms.connections == 1
        assert harness.csms.connected, "without the answer there is no reboot"
        release.set()
        await harness.settle()
        assert not harness.csms.connected
        assert lanes(said(harness)) == lanes(["StopTransaction", "StatusNotification 1 Finishing"])
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "SoftReset")
        harness.csms.clear()
        await rebooted(harness)
        assert said(harness) == ["BootNotification", *all_statuses(harness, _1="Finishing")]


@pytest.mark.row(50, "TC_016_CS")
async def test_soft_reset_does_not_wait_for_ever_and_loses_nothing() -> None:
    async with Harness() as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].append(Hold(asyncio.Event()))
        assert await harness.ask("Reset", type="Soft") == ACCEPTED
        await harness.advance(60)
        assert harness.csms.connections == 2
        calls = harness.csms.of("StopTransaction")
        assert [call.connection for call in calls] == [1, 2]
        assert calls[0].payload == calls[1].payload


# -- UnlockConnector -------------------------------------------------


@pytest.mark.row(51, "TC_017_1_CS")
async def test_unlock_in_every_state_without_a_transaction() -> None:
    async with Harness(connectors=1) as harness:

        async def unlocks_in(status: str) -> None:
            assert harness.status() == status
            harness.csms.clear()
            assert await harness.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
            assert said(harness) == []
            assert harness.status() == status

        await unlocks_in("Available")
        await harness.submit(Swipe(1, "TAG"))
        await unlocks_in("Preparing")
        await harness.submit(Plug(1))
        await checked(harness)
        await harness.submit(Stop(1))
        await unlocks_in("Finishing")
        await harness.submit(InjectFault(1))
        await unlocks_in("Faulted")
        await harness.submit(ClearFault(1))
        await harness.submit(Unplug(1))
        await harness.submit(Plug(1))
        await unlocks_in("Preparing")
        await harness.submit(Unplug(1))
        await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        await unlocks_in("Unavailable")


@pytest.mark.row(51, "TC_017_2_CS")
@pytest.mark.row(52, "TC_018_2_CS")
async def test_a_fixed_cable_has_nothing_to_unlock() -> None:
    async with Harness(behaviour={"lockable": False}) as harness:
        assert await harness.ask("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
        await charge(harness)
        assert await harness.ask("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
        assert said(harness) == []
        assert harness.status() == "Charging"


@pytest.mark.row(52, "TC_018_1_CS")
@pytest.mark.parametrize("pause", [None, SuspendEV(1), SuspendEVSE(1)])
async def test_unlock_ends_a_transaction(pause: SuspendEV | SuspendEVSE | None) -> None:
    async with Harness() as harness:
        await charge(harness)
        if pause is not None:
            await harness.submit(pause)
        harness.csms.clear()
        assert await harness.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
        await harness.submit(Unplug(1))
        assert lanes(said(harness)) == lanes(
            [
                "StopTransaction",
                "StatusNotification 1 Finishing",
                "StatusNotification 1 Available",
            ]
        )
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "UnlockCommand")
        assert json.loads(harness.csms.frames[0])[0] == 3, "the answer first"


@pytest.mark.row(53, "TC_030_CS")
async def test_a_jammed_lock() -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.submit(JamLock(1))
        harness.csms.clear()
        assert await harness.ask("UnlockConnector", connectorId=1) == {"status": "UnlockFailed"}
        assert said(harness) == [], "what cannot be unlocked is not stopped either"
        assert await harness.submit(Unlock(1)) == Refused(
            "the lock of connector 1 is jammed: clear the fault first"
        )
        await harness.submit(ClearFault(1))
        assert await harness.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}


@pytest.mark.row(54, "TC_031_CS")
@pytest.mark.parametrize("connector_id", [0, 3, 99, -1])
async def test_unlock_of_a_connector_that_there_is_not(connector_id: int) -> None:
    async with Harness() as harness:
        answer = await harness.ask("UnlockConnector", connectorId=connector_id)
        assert answer == {"status": "NotSupported"}


# -- ChangeAvailability ----------------------------------------------


@pytest.mark.row(55, "S§5.2")
async def test_an_idle_connector_goes_out_of_service_and_back() -> None:
    async with Harness() as harness:
        harness.csms.clear()
        for kind in ("Inoperative", "Inoperative", "Operative", "Operative"):
            assert await harness.ask("ChangeAvailability", connectorId=2, type=kind) == ACCEPTED
        assert said(harness) == [
            "StatusNotification 2 Unavailable",
            "StatusNotification 2 Available",
        ]


@pytest.mark.row(55, "S§5.2")
async def test_unavailable_with_a_vehicle_is_unavailable_already() -> None:
    async with Harness() as harness:
        await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        await harness.submit(Plug(1))
        harness.csms.clear()
        answer = await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert answer == ACCEPTED
        assert said(harness) == []


@pytest.mark.row(55, "S§5.2")
@pytest.mark.parametrize("connector_id", [0, 1])
async def test_back_in_service_with_a_vehicle_it_is_preparing(connector_id: int) -> None:
    """§4.9 H2: from Unavailable no way leads to Finishing."""
    async with Harness() as harness:
        await charge(harness)
        await harness.submit(Stop(1))
        harness.csms.clear()
        for kind in ("Inoperative", "Operative"):
            ask = {"connectorId": connector_id, "type": kind}
            assert await harness.ask("ChangeAvailability", **ask) == ACCEPTED
        assert [word for word in said(harness) if " 1 " in word] == [
            "StatusNotification 1 Unavailable",
            "StatusNotification 1 Preparing",
        ]
        await harness.submit(Unplug(1))
        assert harness.status() == "Available"


@pytest.mark.row(56, "S§5.2")
async def test_during_a_transaction_it_is_scheduled(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await charge(harness)
        answer = await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert answer == {"status": "Scheduled"}
        await harness.advance(5)
        assert said(harness) == []
        assert harness.status() == "Charging"
        await harness.submit(Stop(1))
        assert lanes(said(harness)) == lanes(
            ["StopTransaction", "StatusNotification 1 Unavailable"]
        )


@pytest.mark.row(56, "S§5.2")
async def test_a_scheduled_change_can_be_taken_back() -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        answer = await harness.ask("ChangeAvailability", connectorId=1, type="Operative")
        assert answer == ACCEPTED
        await harness.submit(Stop(1))
        assert lanes(said(harness)) == lanes(["StopTransaction", "StatusNotification 1 Finishing"])


@pytest.mark.row(56, "S§5.2")
@pytest.mark.parametrize("how", ["reset", "power cut"])
async def test_a_scheduled_change_comes_true_over_a_reboot(tmp_path: Path, how: str) -> None:
    async with Harness(state=tmp_path) as harness:
        await charge(harness)
        await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        if how == "reset":
            await harness.ask("Reset", type="Soft")
            await rebooted(harness)
        else:
            await harness.power_cut()
            await harness.power_on()
            await harness.settle()
        boot = said(harness).index("BootNotification")
        assert "StatusNotification 1 Unavailable" in said(harness)[boot:]
        assert harness.status() == "Unavailable"


@pytest.mark.row(57, "S§5.2")
async def test_the_whole_charge_point_idle(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        harness.csms.clear()
        answer = await harness.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        assert answer == ACCEPTED
        assert sorted(said(harness)) == [
            "StatusNotification 0 Unavailable",
            "StatusNotification 1 Unavailable",
            "StatusNotification 2 Unavailable",
        ]
        harness.csms.clear()
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        words = {f"_{number}": "Unavailable" for number in (0, 1, 2)}
        assert said(harness) == ["BootNotification", *all_statuses(harness, **words)]
        harness.csms.clear()
        await harness.ask("ChangeAvailability", connectorId=0, type="Operative")
        assert sorted(said(harness)) == sorted(all_statuses(harness))


@pytest.mark.row(57, "S§5.2")
async def test_the_whole_charge_point_while_it_is_used() -> None:
    async with Harness(connectors=3) as harness:
        await charge(harness)
        await harness.submit(Plug(2))
        harness.csms.clear()
        answer = await harness.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        assert answer == {"status": "Scheduled"}
        assert sorted(said(harness)) == [
            "StatusNotification 0 Unavailable",
            "StatusNotification 3 Unavailable",
        ]
        assert isinstance(await harness.submit(Start(2)), Refused), (
            "a leaving connector starts nothing"
        )
        harness.csms.clear()
        await harness.submit(Stop(1))
        assert lanes(said(harness)) == lanes(
            ["StopTransaction", "StatusNotification 1 Unavailable"]
        )
        harness.csms.clear()
        await harness.submit(Unplug(2))
        assert said(harness) == [  # §4.9: Preparing leads to Available only
            "StatusNotification 2 Available",
            "StatusNotification 2 Unavailable",
        ]


@pytest.mark.row(58, "S§5.2")
@pytest.mark.parametrize("connector_id", [3, 99, -1])
async def test_availability_of_a_connector_that_there_is_not(connector_id: int) -> None:
    async with Harness() as harness:
        harness.csms.clear()
        answer = await harness.ask(
            "ChangeAvailability", connectorId=connector_id, type="Inoperative"
        )
        assert answer == REJECTED
        assert said(harness) == []


@pytest.mark.row(62, "TC_021_CS")
async def test_a_remote_start_follows_a_change_of_its_key_at_once() -> None:
    async with Harness(behaviour=UNPLUGGED) as harness:
        await configure(harness, AuthorizeRemoteTxRequests="false")
        harness.csms.clear()
        await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1)
        assert said(harness) == ["StatusNotification 1 Preparing"]


@pytest.mark.row(46, "TC_012_CS")
async def test_remote_stop_right_behind_the_transaction_id() -> None:
    """Two frames in one read: the id that RemoteStop names has only just arrived."""
    async with Harness() as harness:
        release = asyncio.Event()
        harness.csms.script["StartTransaction"].append(
            Hold(release, {"transactionId": 77, "idTagInfo": {"status": "Accepted"}})
        )
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        release.set()
        await asyncio.sleep(0)  # the held answer is written first, the request directly behind it
        assert await harness.ask("RemoteStopTransaction", transactionId=77) == {
            "status": "Accepted"
        }
        (stop,) = harness.csms.of("StopTransaction")
        assert stop.payload["transactionId"] == 77
