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
from tests.pair import Pair
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
    async with Pair(keys={"AuthorizeRemoteTxRequests": str(authorize).lower()}) as pair:
        await pair.submit(Plug(1))
        assert said(pair)[-1] == "StatusNotification 1 Preparing"
        pair.csms.clear()
        assert await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED
        await checked(pair)
        assert said(pair) == [
            *(["Authorize"] if authorize else []),
            "StartTransaction",
            "StatusNotification 1 Charging",
        ]
        kinds = [json.loads(frame)[0] for frame in pair.csms.frames]
        assert kinds[0] == 3, "the answer goes out before anything that follows from it"
        (start,) = payloads(pair, "StartTransaction")
        assert (start["connectorId"], start["idTag"]) == (1, "TAG")
        assert "reservationId" not in start


@pytest.mark.row(38, "TC_011_1_CS")
@pytest.mark.row(40, "S§5.11")
@pytest.mark.parametrize("authorize", [True, False])
async def test_remote_start_before_the_plug(authorize: bool) -> None:
    keys = {"AuthorizeRemoteTxRequests": str(authorize).lower()}
    async with Pair(keys=keys, behaviour=UNPLUGGED) as pair:
        pair.csms.clear()
        assert await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED
        before = [*(["Authorize"] if authorize else []), "StatusNotification 1 Preparing"]
        assert said(pair) == before
        await pair.submit(Plug(1))
        await checked(pair)
        assert said(pair)[len(before) :] == [
            "StartTransaction",
            "StatusNotification 1 Charging",
        ]


@pytest.mark.row(39, "TC_011_2_CS")
async def test_remote_start_and_nobody_plugs_in() -> None:
    async with Pair(keys={"ConnectionTimeOut": "30"}, behaviour=UNPLUGGED) as pair:
        pair.csms.clear()
        assert await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED
        await pair.advance(29)
        assert said(pair) == ["Authorize", "StatusNotification 1 Preparing"]
        await pair.advance(1)
        assert said(pair)[2:] == ["StatusNotification 1 Available"]
        await pair.submit(Plug(1))
        await pair.advance(60)
        assert not payloads(pair, "StartTransaction")


@pytest.mark.row(40, "S§5.11")
@pytest.mark.parametrize("pre_authorize", [True, False])
async def test_a_known_card_may_replace_the_authorize_of_a_remote_start(
    pre_authorize: bool,
) -> None:
    async with Pair(keys={"LocalPreAuthorize": str(pre_authorize).lower()}) as pair:
        await charge(pair)  # the card is in the cache from now on
        await pair.submit(Stop(1))
        await pair.submit(Unplug(1))
        await pair.submit(Plug(1))
        pair.csms.clear()
        assert await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED
        await checked(pair)
        assert len(payloads(pair, "Authorize")) == (0 if pre_authorize else 1)
        assert pair.status() == "Charging"


@pytest.mark.row(41, "S§5.11")
async def test_without_a_connector_the_plugged_one_is_taken_then_a_free_one_then_none() -> None:
    async with Pair(behaviour=UNPLUGGED) as pair:
        await pair.submit(Plug(2))
        assert await pair.ask("RemoteStartTransaction", idTag="A") == ACCEPTED
        await checked(pair)
        assert pair.status(2) == "Charging"
        assert await pair.ask("RemoteStartTransaction", idTag="B") == ACCEPTED
        assert pair.status(1) == "Preparing"
        assert await pair.ask("RemoteStartTransaction", idTag="C") == REJECTED
        await pair.submit(Plug(1))
        await checked(pair)
        assert [(s["connectorId"], s["idTag"]) for s in payloads(pair, "StartTransaction")] == [
            (2, "A"),
            (1, "B"),
        ]


@pytest.mark.row(41, "S§5.11")
async def test_without_a_connector_a_broken_one_is_passed_over() -> None:
    async with Pair(behaviour=UNPLUGGED) as pair:
        await pair.submit(InjectFault(1))
        assert await pair.ask("RemoteStartTransaction", idTag="TAG") == ACCEPTED
        assert (pair.status(1), pair.status(2)) == ("Faulted", "Preparing")


@pytest.mark.row(42, "TC_026_CS")
async def test_remote_start_where_a_transaction_runs() -> None:
    async with Pair() as pair:
        await charge(pair)
        assert await pair.ask("RemoteStartTransaction", idTag="OTHER", connectorId=1) == REJECTED
        assert said(pair) == []
        assert pair.status() == "Charging"


@pytest.mark.row(42, "TC_026_CS")
async def test_of_two_remote_starts_at_once_one_connector_takes_one() -> None:
    async with Pair(connectors=1) as pair:
        await pair.submit(Plug(1))
        answers = await asyncio.gather(
            *(pair.csms.ask("RemoteStartTransaction", idTag=tag, connectorId=1) for tag in "AB")
        )
        await pair.settle()
        await checked(pair)
        assert answers == [ACCEPTED, REJECTED]
        (start,) = payloads(pair, "StartTransaction")
        assert start["idTag"] == "A"


@pytest.mark.row(41, "S§5.11")
async def test_two_remote_starts_at_once_without_a_connector_take_two_connectors() -> None:
    async with Pair() as pair:
        await pair.submit(Plug(1))
        await pair.submit(Plug(2))
        answers = await asyncio.gather(
            *(pair.csms.ask("RemoteStartTransaction", idTag=tag) for tag in "ABC")
        )
        await pair.settle()
        await checked(pair)
        assert answers == [ACCEPTED, ACCEPTED, REJECTED]
        starts = payloads(pair, "StartTransaction")
        assert {(s["connectorId"], s["idTag"]) for s in starts} == {(1, "A"), (2, "B")}


@pytest.mark.row(42, "TC_026_CS")
async def test_a_card_at_the_reader_and_a_remote_start_do_not_share_a_transaction() -> None:
    async with Pair(keys={"AuthorizeRemoteTxRequests": "false"}) as pair:
        await pair.submit(Plug(1))
        release = asyncio.Event()
        pair.csms.script["Authorize"].append(Hold(release))
        swipe = asyncio.ensure_future(pair.station.submit(Swipe(1, "LOCAL")))
        await pair.csms.next_call("Authorize")
        assert await pair.ask("RemoteStartTransaction", idTag="REMOTE", connectorId=1) == REJECTED
        release.set()
        assert isinstance(await swipe, Accepted)
        await pair.settle()
        await checked(pair)
        (start,) = payloads(pair, "StartTransaction")
        assert start["idTag"] == "LOCAL"


@pytest.mark.row(43, "TC_027_CS")
async def test_remote_start_on_connector_0() -> None:
    async with Pair() as pair:
        pair.csms.clear()
        assert await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=0) == REJECTED
        assert said(pair) == []


@pytest.mark.row(44, "S§5.11")
@pytest.mark.parametrize("connector_id", [3, 99, -1, 10**30])
async def test_remote_start_on_a_connector_that_there_is_not(connector_id: int) -> None:
    async with Pair() as pair:
        pair.csms.clear()
        answer = await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=connector_id)
        assert answer == REJECTED
        assert said(pair) == []


@pytest.mark.row(44, "S§5.11")
async def test_remote_start_on_an_unavailable_connector() -> None:
    async with Pair(behaviour=UNPLUGGED) as pair:
        await pair.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == REJECTED
        await pair.ask("ChangeAvailability", connectorId=1, type="Operative")
        assert await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED


@pytest.mark.row(44, "S§5.11")
async def test_remote_start_on_a_connector_that_is_about_to_leave() -> None:
    async with Pair() as pair:
        await pair.submit(Plug(1))
        await pair.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == REJECTED


@pytest.mark.row(44, "S§5.11")
async def test_remote_start_on_a_faulted_connector() -> None:
    async with Pair() as pair:
        await pair.submit(Plug(1))
        await pair.submit(InjectFault(1))
        assert await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == REJECTED
        await pair.submit(ClearFault(1))
        assert await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED


@pytest.mark.row(44, "S§5.11")
async def test_remote_start_with_an_empty_card() -> None:
    async with Pair() as pair:
        await pair.submit(Plug(1))
        assert await pair.ask("RemoteStartTransaction", idTag="", connectorId=1) == REJECTED


@pytest.mark.row(45, "TC_023_5")
@pytest.mark.parametrize("status", ["Invalid", "Blocked", "Expired", "ConcurrentTx"])
async def test_remote_start_for_a_card_that_is_refused(status: str) -> None:
    async with Pair() as pair:
        pair.csms.tags["TAG"] = {"status": status}
        await pair.submit(Plug(1))
        pair.csms.clear()
        assert await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == ACCEPTED
        await pair.advance(120)
        assert said(pair) == ["Authorize"]
        assert pair.status() == "Preparing"


# -- RemoteStopTransaction -------------------------------------------


@pytest.mark.row(46, "TC_012_CS")
async def test_remote_stop() -> None:
    async with Pair() as pair:
        await charge(pair)
        await pair.advance(5)
        assert await pair.ask("RemoteStopTransaction", transactionId=1000) == ACCEPTED
        await pair.submit(Unplug(1))
        assert lanes(said(pair)) == lanes(
            [
                "StopTransaction",
                "StatusNotification 1 Finishing",
                "StatusNotification 1 Available",
            ]
        )
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "Remote")
        assert json.loads(pair.csms.frames[0])[0] == 3, "the answer first"


@pytest.mark.row(46, "TC_012_CS")
async def test_a_remote_stop_that_takes_its_time_is_of_that_transaction_only() -> None:
    timing = replace(load_model("generic").timing["swift"], stop_s=5.0)
    async with Pair(timing=timing) as pair:
        await charge(pair)
        assert await pair.ask("RemoteStopTransaction", transactionId=1000) == ACCEPTED
        await pair.submit(Stop(1))
        await pair.submit(Unplug(1))
        await charge(pair)
        await pair.advance(10)
        assert pair.status() == "Charging"


@pytest.mark.row(46, "TC_012_CS")
@pytest.mark.parametrize("pause", [SuspendEV(1), SuspendEVSE(1), InjectFault(1)])
async def test_remote_stop_of_a_transaction_that_rests(
    pause: SuspendEV | SuspendEVSE | InjectFault,
) -> None:
    async with Pair() as pair:
        await charge(pair)
        await pair.submit(pause)
        assert await pair.ask("RemoteStopTransaction", transactionId=1000) == ACCEPTED
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "Remote")


@pytest.mark.row(46, "TC_012_CS")
async def test_two_remote_stops_at_once_make_one_stop() -> None:
    async with Pair() as pair:
        await charge(pair)
        answers = await asyncio.gather(
            *(pair.csms.ask("RemoteStopTransaction", transactionId=1000) for _ in range(2))
        )
        await pair.settle()
        assert answers == [ACCEPTED, REJECTED]
        assert len(payloads(pair, "StopTransaction")) == 1


@pytest.mark.row(47, "TC_028_CS")
@pytest.mark.parametrize("transaction_id", [999, 0, -1, 10**30])
async def test_remote_stop_of_a_transaction_that_there_is_not(transaction_id: int) -> None:
    async with Pair() as pair:
        await charge(pair)
        assert await pair.ask("RemoteStopTransaction", transactionId=transaction_id) == REJECTED
        assert said(pair) == []
        assert pair.status() == "Charging"


# -- Reset -----------------------------------------------------------


@pytest.mark.row(48, "TC_013_CS / TC_014_CS")
@pytest.mark.parametrize("kind", ["Hard", "Soft"])
async def test_reset_keeps_a_connector_out_of_service(kind: str) -> None:
    async with Pair() as pair:
        pair.csms.clear()
        answer = await pair.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert answer == ACCEPTED
        assert said(pair) == ["StatusNotification 1 Unavailable"]
        pair.csms.clear()
        assert await pair.ask("Reset", type=kind) == ACCEPTED
        assert not pair.csms.connected, "the link really drops"
        assert said(pair) == []
        await rebooted(pair)
        assert pair.csms.connections == 2
        assert said(pair) == ["BootNotification", *all_statuses(pair, _1="Unavailable")]
        pair.csms.clear()
        await pair.ask("ChangeAvailability", connectorId=1, type="Operative")
        assert said(pair) == ["StatusNotification 1 Available"]


@pytest.mark.row(48, "TC_013_CS / TC_014_CS")
async def test_a_second_reset_while_the_first_goes_on() -> None:
    async with Pair() as pair:
        await charge(pair)
        pair.csms.script["StopTransaction"].append(Hold(release := asyncio.Event()))
        assert await pair.ask("Reset", type="Soft") == ACCEPTED
        assert await pair.ask("Reset", type="Hard") == REJECTED
        refused = await pair.submit(Start(2))
        assert refused == Refused("the charge point is rebooting: wait until it is back")
        assert await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=2) == REJECTED
        release.set()
        await pair.settle()
        await rebooted(pair)
        assert pair.csms.connections == 2
        assert await pair.ask("Reset", type="Hard") == ACCEPTED


@pytest.mark.row(49, "TC_015_CS")
async def test_hard_reset_stops_the_transaction() -> None:
    async with Pair() as pair:
        await charge(pair)
        await pair.advance(60)
        pair.csms.clear()
        assert await pair.ask("Reset", type="Hard") == ACCEPTED
        assert not pair.csms.connected
        await rebooted(pair)
        assert sorted(said(pair)) == sorted(
            [
                "BootNotification",
                "StopTransaction",
                *all_statuses(pair, _1="Finishing"),
            ]
        )
        assert said(pair)[0] == "BootNotification"
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "HardReset")
        assert stop["meterStop"] > 0


@pytest.mark.row(49, "TC_015_CS")
async def test_the_stop_of_a_hard_reset_survives_that_the_power_goes_too(tmp_path: Path) -> None:
    async with Pair(state=tmp_path) as pair:
        await charge(pair)
        assert await pair.ask("Reset", type="Hard") == ACCEPTED
        await pair.power_cut()
        await pair.power_on()
        await pair.settle()
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "HardReset")


@pytest.mark.row(49, "TC_015_CS")
async def test_a_hard_reset_before_the_start_is_answered() -> None:
    async with Pair() as pair:
        await pair.submit(Plug(1))
        pair.csms.script["StartTransaction"].append(Hold(asyncio.Event()))
        await pair.submit(Start(1, "TAG"))
        await checked(pair)
        assert await pair.ask("Reset", type="Hard") == ACCEPTED
        await rebooted(pair)
        first, again = pair.csms.of("StartTransaction")
        assert first.payload == again.payload, "recognisably the same"
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "HardReset")


@pytest.mark.row(50, "TC_016_CS")
async def test_soft_reset_waits_for_the_answer_to_the_stop() -> None:
    async with Pair() as pair:
        await charge(pair)
        pair.csms.script["StopTransaction"].append(Hold(release := asyncio.Event()))
        assert await pair.ask("Reset", type="Soft") == ACCEPTED
        await pair.advance(10)
        assert pair.csms.connections == 1
        assert pair.csms.connected, "without the answer there is no reboot"
        release.set()
        await pair.settle()
        assert not pair.csms.connected
        assert lanes(said(pair)) == lanes(["StopTransaction", "StatusNotification 1 Finishing"])
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "SoftReset")
        pair.csms.clear()
        await rebooted(pair)
        assert said(pair) == ["BootNotification", *all_statuses(pair, _1="Finishing")]


@pytest.mark.row(50, "TC_016_CS")
async def test_soft_reset_does_not_wait_for_ever_and_loses_nothing() -> None:
    async with Pair() as pair:
        await charge(pair)
        pair.csms.script["StopTransaction"].append(Hold(asyncio.Event()))
        assert await pair.ask("Reset", type="Soft") == ACCEPTED
        await pair.advance(60)
        assert pair.csms.connections == 2
        calls = pair.csms.of("StopTransaction")
        assert [call.connection for call in calls] == [1, 2]
        assert calls[0].payload == calls[1].payload


# -- UnlockConnector -------------------------------------------------


@pytest.mark.row(51, "TC_017_1_CS")
async def test_unlock_in_every_state_without_a_transaction() -> None:
    async with Pair(connectors=1) as pair:

        async def unlocks_in(status: str) -> None:
            assert pair.status() == status
            pair.csms.clear()
            assert await pair.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
            assert said(pair) == []
            assert pair.status() == status

        await unlocks_in("Available")
        await pair.submit(Swipe(1, "TAG"))
        await unlocks_in("Preparing")
        await pair.submit(Plug(1))
        await checked(pair)
        await pair.submit(Stop(1))
        await unlocks_in("Finishing")
        await pair.submit(InjectFault(1))
        await unlocks_in("Faulted")
        await pair.submit(ClearFault(1))
        await pair.submit(Unplug(1))
        await pair.submit(Plug(1))
        await unlocks_in("Preparing")
        await pair.submit(Unplug(1))
        await pair.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        await unlocks_in("Unavailable")


@pytest.mark.row(51, "TC_017_2_CS")
@pytest.mark.row(52, "TC_018_2_CS")
async def test_a_fixed_cable_has_nothing_to_unlock() -> None:
    async with Pair(behaviour={"lockable": False}) as pair:
        assert await pair.ask("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
        await charge(pair)
        assert await pair.ask("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
        assert said(pair) == []
        assert pair.status() == "Charging"


@pytest.mark.row(52, "TC_018_1_CS")
@pytest.mark.parametrize("pause", [None, SuspendEV(1), SuspendEVSE(1)])
async def test_unlock_ends_a_transaction(pause: SuspendEV | SuspendEVSE | None) -> None:
    async with Pair() as pair:
        await charge(pair)
        if pause is not None:
            await pair.submit(pause)
        pair.csms.clear()
        assert await pair.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
        await pair.submit(Unplug(1))
        assert lanes(said(pair)) == lanes(
            [
                "StopTransaction",
                "StatusNotification 1 Finishing",
                "StatusNotification 1 Available",
            ]
        )
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "UnlockCommand")
        assert json.loads(pair.csms.frames[0])[0] == 3, "the answer first"


@pytest.mark.row(53, "TC_030_CS")
async def test_a_jammed_lock() -> None:
    async with Pair() as pair:
        await charge(pair)
        await pair.submit(JamLock(1))
        pair.csms.clear()
        assert await pair.ask("UnlockConnector", connectorId=1) == {"status": "UnlockFailed"}
        assert said(pair) == [], "what cannot be unlocked is not stopped either"
        assert await pair.submit(Unlock(1)) == Refused(
            "the lock of connector 1 is jammed: clear the fault first"
        )
        await pair.submit(ClearFault(1))
        assert await pair.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}


@pytest.mark.row(54, "TC_031_CS")
@pytest.mark.parametrize("connector_id", [0, 3, 99, -1])
async def test_unlock_of_a_connector_that_there_is_not(connector_id: int) -> None:
    async with Pair() as pair:
        answer = await pair.ask("UnlockConnector", connectorId=connector_id)
        assert answer == {"status": "NotSupported"}


# -- ChangeAvailability ----------------------------------------------


@pytest.mark.row(55, "S§5.2")
async def test_an_idle_connector_goes_out_of_service_and_back() -> None:
    async with Pair() as pair:
        pair.csms.clear()
        for kind in ("Inoperative", "Inoperative", "Operative", "Operative"):
            assert await pair.ask("ChangeAvailability", connectorId=2, type=kind) == ACCEPTED
        assert said(pair) == [
            "StatusNotification 2 Unavailable",
            "StatusNotification 2 Available",
        ]


@pytest.mark.row(55, "S§5.2")
async def test_unavailable_with_a_vehicle_is_unavailable_already() -> None:
    async with Pair() as pair:
        await pair.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        await pair.submit(Plug(1))
        pair.csms.clear()
        answer = await pair.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert answer == ACCEPTED
        assert said(pair) == []


@pytest.mark.row(55, "S§5.2")
@pytest.mark.parametrize("connector_id", [0, 1])
async def test_back_in_service_with_a_vehicle_it_is_preparing(connector_id: int) -> None:
    """§4.9 H2: from Unavailable no way leads to Finishing."""
    async with Pair() as pair:
        await charge(pair)
        await pair.submit(Stop(1))
        pair.csms.clear()
        for kind in ("Inoperative", "Operative"):
            ask = {"connectorId": connector_id, "type": kind}
            assert await pair.ask("ChangeAvailability", **ask) == ACCEPTED
        assert [word for word in said(pair) if " 1 " in word] == [
            "StatusNotification 1 Unavailable",
            "StatusNotification 1 Preparing",
        ]
        await pair.submit(Unplug(1))
        assert pair.status() == "Available"


@pytest.mark.row(56, "S§5.2")
async def test_during_a_transaction_it_is_scheduled(tmp_path: Path) -> None:
    async with Pair(state=tmp_path) as pair:
        await charge(pair)
        answer = await pair.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert answer == {"status": "Scheduled"}
        await pair.advance(5)
        assert said(pair) == []
        assert pair.status() == "Charging"
        await pair.submit(Stop(1))
        assert lanes(said(pair)) == lanes(["StopTransaction", "StatusNotification 1 Unavailable"])


@pytest.mark.row(56, "S§5.2")
async def test_a_scheduled_change_can_be_taken_back() -> None:
    async with Pair() as pair:
        await charge(pair)
        await pair.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        answer = await pair.ask("ChangeAvailability", connectorId=1, type="Operative")
        assert answer == ACCEPTED
        await pair.submit(Stop(1))
        assert lanes(said(pair)) == lanes(["StopTransaction", "StatusNotification 1 Finishing"])


@pytest.mark.row(56, "S§5.2")
@pytest.mark.parametrize("how", ["reset", "power cut"])
async def test_a_scheduled_change_comes_true_over_a_reboot(tmp_path: Path, how: str) -> None:
    async with Pair(state=tmp_path) as pair:
        await charge(pair)
        await pair.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        if how == "reset":
            await pair.ask("Reset", type="Soft")
            await rebooted(pair)
        else:
            await pair.power_cut()
            await pair.power_on()
            await pair.settle()
        boot = said(pair).index("BootNotification")
        assert "StatusNotification 1 Unavailable" in said(pair)[boot:]
        assert pair.status() == "Unavailable"


@pytest.mark.row(57, "S§5.2")
async def test_the_whole_charge_point_idle(tmp_path: Path) -> None:
    async with Pair(state=tmp_path) as pair:
        pair.csms.clear()
        answer = await pair.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        assert answer == ACCEPTED
        assert sorted(said(pair)) == [
            "StatusNotification 0 Unavailable",
            "StatusNotification 1 Unavailable",
            "StatusNotification 2 Unavailable",
        ]
        pair.csms.clear()
        await pair.power_cut()
        await pair.power_on()
        await pair.settle()
        words = {f"_{number}": "Unavailable" for number in (0, 1, 2)}
        assert said(pair) == ["BootNotification", *all_statuses(pair, **words)]
        pair.csms.clear()
        await pair.ask("ChangeAvailability", connectorId=0, type="Operative")
        assert sorted(said(pair)) == sorted(all_statuses(pair))


@pytest.mark.row(57, "S§5.2")
async def test_the_whole_charge_point_while_it_is_used() -> None:
    async with Pair(connectors=3) as pair:
        await charge(pair)
        await pair.submit(Plug(2))
        pair.csms.clear()
        answer = await pair.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        assert answer == {"status": "Scheduled"}
        assert sorted(said(pair)) == [
            "StatusNotification 0 Unavailable",
            "StatusNotification 3 Unavailable",
        ]
        assert isinstance(await pair.submit(Start(2)), Refused), (
            "a leaving connector starts nothing"
        )
        pair.csms.clear()
        await pair.submit(Stop(1))
        assert lanes(said(pair)) == lanes(["StopTransaction", "StatusNotification 1 Unavailable"])
        pair.csms.clear()
        await pair.submit(Unplug(2))
        assert said(pair) == [  # §4.9: Preparing leads to Available only
            "StatusNotification 2 Available",
            "StatusNotification 2 Unavailable",
        ]


@pytest.mark.row(58, "S§5.2")
@pytest.mark.parametrize("connector_id", [3, 99, -1])
async def test_availability_of_a_connector_that_there_is_not(connector_id: int) -> None:
    async with Pair() as pair:
        pair.csms.clear()
        answer = await pair.ask("ChangeAvailability", connectorId=connector_id, type="Inoperative")
        assert answer == REJECTED
        assert said(pair) == []


@pytest.mark.row(62, "TC_021_CS")
async def test_a_remote_start_follows_a_change_of_its_key_at_once() -> None:
    async with Pair(behaviour=UNPLUGGED) as pair:
        await configure(pair, AuthorizeRemoteTxRequests="false")
        pair.csms.clear()
        await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=1)
        assert said(pair) == ["StatusNotification 1 Preparing"]


@pytest.mark.row(46, "TC_012_CS")
async def test_remote_stop_right_behind_the_transaction_id() -> None:
    """Two frames in one read: the id that RemoteStop names has only just arrived."""
    async with Pair() as pair:
        release = asyncio.Event()
        pair.csms.script["StartTransaction"].append(
            Hold(release, {"transactionId": 77, "idTagInfo": {"status": "Accepted"}})
        )
        await pair.submit(Plug(1))
        await pair.submit(Start(1, "TAG"))
        await checked(pair)
        release.set()
        await asyncio.sleep(0)  # the held answer is written first, the request directly behind it
        assert await pair.ask("RemoteStopTransaction", transactionId=77) == {"status": "Accepted"}
        (stop,) = pair.csms.of("StopTransaction")
        assert stop.payload["transactionId"] == 77
