"""Reservations (OCPP 1.6 §5.1, §5.13), and the table of §4.9 where it knows Reserved.

Row 100 asks for Rejected where reservations are switched off: OCPP has no key for it, so a make
without the profile answers that. Row 101 leaves open what a reservation of connector 0 shows: here
the last connector that is free is Reserved, and no other.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import (
    Accepted,
    ClearFault,
    InjectFault,
    Plug,
    PowerOff,
    PowerOn,
    Refused,
    Start,
    Stop,
    Swipe,
    Unplug,
)
from sim_core.settings.garage_file import load_garage
from sim_core.settings.model_file import load_model
from sim_core.wire.timestamps import stamp
from tests.conformance.acts import (
    all_statuses,
    charge,
    checked,
    configure,
    lanes,
    payloads,
    plug_network,
    rebooted,
    said,
    unplug_network,
)
from tests.harness import Harness
from tests.scripted_csms import Drop, Hold, Payload

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
FIRST = "StatusNotification 1 "
SECOND = "StatusNotification 2 "
OVER = {"expiryDate": "2020-01-01T00:00:00Z"}
ZERO = {"ReserveConnectorZeroSupported": "true"}
TWIN = {"model": "gresgying-f3-eu180"}
GROUP = {"status": "Accepted", "parentIdTag": "GROUP"}


def asked(
    harness: Harness, connector_id: int = 1, in_s: float = 600, **more: Any
) -> dict[str, Any]:
    """The request that reserves a connector for HOLDER, with id 7."""
    request = {
        "connectorId": connector_id,
        "expiryDate": stamp(harness.clock.now() + timedelta(seconds=in_s)),
        "idTag": "HOLDER",
        "reservationId": 7,
    }
    return {**request, **more}


async def reserve(harness: Harness, connector_id: int = 1, in_s: float = 600, **more: Any) -> str:
    """Ask for a reservation; returns the status word."""
    answer = await harness.ask("ReserveNow", **asked(harness, connector_id, in_s, **more))
    return str(answer["status"])


async def cancel(harness: Harness, reservation_id: int = 7) -> dict[str, Any]:
    return await harness.ask("CancelReservation", reservationId=reservation_id)


# -- used ------------------------------------------------------------


@pytest.mark.row(97, "TC_046_1_CS")
async def test_of_two_reservations_that_of_the_connector_is_used() -> None:
    async with Harness(keys=ZERO) as harness:
        assert await reserve(harness, 0, reservationId=8) == "Accepted"
        assert await reserve(harness, 1) == "Accepted"
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "HOLDER"))
        await checked(harness)
        assert payloads(harness, "StartTransaction")[0]["reservationId"] == 7
        assert await cancel(harness, 8) == {"status": "Accepted"}, "the other one is still there"


@pytest.mark.row(97, "TC_046_1_CS")
async def test_the_holder_uses_the_reservation_by_card() -> None:
    async with Harness() as harness:
        harness.csms.clear()
        assert await reserve(harness) == "Accepted"
        assert said(harness) == [FIRST + "Reserved"]
        refused = await harness.submit(Swipe(1, "OTHER"))
        assert isinstance(refused, Refused)
        assert said(harness) == [FIRST + "Reserved"], "nobody is asked about the other card"
        await harness.submit(Swipe(1, "holder"))
        await harness.submit(Plug(1))
        await checked(harness)
        assert said(harness)[1:4] == ["Authorize", FIRST + "Preparing", "StartTransaction"]
        assert said(harness)[-1] == FIRST + "Charging"
        (start,) = payloads(harness, "StartTransaction")
        assert start["reservationId"] == 7
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        assert harness.status() == "Available"
        await charge(harness)
        assert not payloads(harness, "StartTransaction")


@pytest.mark.row(97, "TC_046_1_CS")
@pytest.mark.parametrize(
    ("make", "order"),
    [
        ({}, ["conf", "Reserved", "conf", "Available"]),
        (TWIN | {"quirks": "status_before_answer"}, ["Reserved", "conf", "Available", "conf"]),
    ],
    ids=["clean", "quirk"],
)
async def test_the_answer_comes_before_the_status(make: dict[str, Any], order: list[str]) -> None:
    """But for a make that has the habit to say it the other way round."""
    async with Harness(**make) as harness:
        harness.csms.clear()
        await reserve(harness)
        await cancel(harness)
        frames = [json.loads(frame) for frame in harness.csms.frames]
        assert [frame[3]["status"] if frame[0] == 2 else "conf" for frame in frames] == order


@pytest.mark.row(97, "TC_046_1_CS")
async def test_the_refusal_says_for_whom_and_until_when() -> None:
    async with Harness() as harness:
        await reserve(harness, in_s=3600)
        await harness.submit(Plug(1))
        until = harness.connector().reservation
        assert until is not None
        sentence = (
            f"connector 1 is reserved for HOLDER until {until.until:%H:%M:%S} UTC; "
            "swipe that card, or let the CSMS cancel the reservation"
        )
        for command in (Swipe(1, "OTHER"), Start(1, "OTHER")):
            assert await harness.submit(command) == Refused(sentence)
        assert isinstance(await harness.submit(Start(1, "HOLDER")), Accepted)


@pytest.mark.row(97, "TC_046_1_CS")
@pytest.mark.parametrize(
    "make",
    [{}, TWIN | {"quirks": "plug_ends_reserved"}],
    ids=["as OCPP has it", "quirk"],
)
async def test_another_vehicle_at_a_reserved_connector(make: dict[str, Any]) -> None:
    """§4.9 G2: only the holder leads from Reserved to Preparing. A make that lets every plug do so
    comes back by Available: there is no way from Preparing to Reserved but that one."""
    async with Harness(**make) as harness:
        await reserve(harness)
        harness.csms.clear()
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "OTHER")), Refused)
        await harness.submit(Unplug(1))
        moves = [FIRST + "Preparing", FIRST + "Available", FIRST + "Reserved"]
        assert said(harness) == (
            moves if harness.station.charger.config.quirks.plug_ends_reserved else []
        )
        assert harness.status() == "Reserved"


@pytest.mark.row(97, "TC_046_1_CS")
@pytest.mark.parametrize("quirks", ["none", "autocharge_mac"])
async def test_the_id_of_another_vehicle_is_not_asked_about(quirks: str) -> None:
    """AutoCharge: a vehicle's own id is a card like any other."""
    (vehicle,) = [kind for kind in load_garage() if kind.name == "Commuter 64"]
    assert vehicle.vid
    async with Harness(**TWIN, quirks=quirks) as harness:
        await configure(harness, AutoCharge="true")
        await reserve(harness)
        harness.csms.clear()
        await harness.submit(Plug(1, vehicle.name))
        await harness.advance(60)
        asked_about = harness.csms.of("Authorize", "DataTransfer", "StartTransaction")
        assert asked_about == []
        await harness.submit(Unplug(1))
        await cancel(harness)
        await reserve(harness, idTag=vehicle.vid)
        await harness.submit(Plug(1, vehicle.name))
        await harness.advance(60)
        assert payloads(harness, "StartTransaction")[0]["reservationId"] == 7, "its own it is"


@pytest.mark.row(97, "TC_046_1_CS")
async def test_the_id_of_a_vehicle_that_is_asked_about_beside_a_card_takes_nothing_reserved() -> (
    None
):
    timing = replace(load_model(TWIN["model"]).timing["swift"], mac_s=2.0)
    async with Harness(**TWIN, quirks="autocharge_mac", timing=timing) as harness:
        await reserve(harness)
        await harness.submit(Plug(1, "Commuter 64"))
        release = asyncio.Event()
        blocked: Payload = {"idTagInfo": {"status": "Blocked"}}
        harness.csms.script["Authorize"].append(Hold(release, blocked))
        asking = asyncio.ensure_future(harness.station.submit(Swipe(1, "HOLDER")))
        await harness.advance(3)
        harness.csms.clear()
        release.set()
        assert isinstance(await asking, Refused)
        await harness.advance(60)
        assert len(harness.csms.of("Authorize")) == 1, "the vehicle was asked about, and accepted"
        assert harness.csms.of("StartTransaction") == []
        assert harness.status() == "Reserved"


@pytest.mark.row(97, "TC_046_1_CS")
@pytest.mark.parametrize("how", ["card", "remote start"])
async def test_the_holder_comes_where_another_vehicle_stands(how: str) -> None:
    async with Harness() as harness:
        await reserve(harness)
        await harness.submit(Plug(1))
        harness.csms.clear()
        if how == "card":
            assert isinstance(await harness.submit(Swipe(1, "HOLDER")), Accepted)
        else:
            ask = {"connectorId": 1, "idTag": "HOLDER"}
            assert await harness.ask("RemoteStartTransaction", **ask) == ACCEPTED
        await checked(harness)
        statuses, messages = lanes(said(harness))
        assert statuses == [FIRST + "Preparing", FIRST + "Charging"]
        assert messages == ["Authorize", "StartTransaction"]
        assert payloads(harness, "StartTransaction")[0]["reservationId"] == 7
        await harness.submit(Stop(1))
        assert harness.status() == "Finishing"


@pytest.mark.row(97, "TC_046_1_CS")
async def test_a_holder_who_takes_the_card_back_is_waited_for_again() -> None:
    timing = replace(load_model("generic").timing["swift"], cable_check_s=5)
    async with Harness(timing=timing) as harness:
        await reserve(harness)
        await harness.submit(Plug(1))
        harness.csms.clear()
        await harness.submit(Swipe(1, "HOLDER"))
        await harness.submit(Swipe(1, "HOLDER"))
        assert said(harness) == [
            "Authorize",
            FIRST + "Preparing",
            FIRST + "Available",
            FIRST + "Reserved",
        ]


@pytest.mark.row(104, "S§5.13")
@pytest.mark.parametrize("word", ["Unavailable", "Faulted"])
async def test_from_reserved_with_a_vehicle_it_goes_straight_there(word: str) -> None:
    """§4.9 G8, G9: nobody charges there, so nobody is waited for."""
    async with Harness() as harness:
        await reserve(harness)
        await harness.submit(Plug(1))
        harness.csms.clear()
        if word == "Faulted":
            await harness.submit(InjectFault(1))
        else:
            ask = {"connectorId": 1, "type": "Inoperative"}
            assert await harness.ask("ChangeAvailability", **ask) == ACCEPTED
        assert said(harness) == [FIRST + word]
        assert harness.connector().reservation is None
        if word == "Faulted":
            await harness.submit(ClearFault(1))
            assert harness.status() == "Preparing"


@pytest.mark.row(104, "S§5.13")
async def test_a_vehicle_at_a_reserved_connector_after_a_boot() -> None:
    async with Harness() as harness:
        await reserve(harness)
        await harness.submit(Plug(1))
        await harness.submit(PowerOff())
        await harness.submit(PowerOn())
        assert harness.status() == "Reserved"
        assert await cancel(harness) == ACCEPTED
        assert said(harness)[-2:] == [FIRST + "Available", FIRST + "Preparing"]


@pytest.mark.row(97, "TC_046_1_CS")
async def test_a_holder_who_never_plugs_in_keeps_the_reservation() -> None:
    async with Harness(keys={"ConnectionTimeOut": "20"}) as harness:
        await reserve(harness)
        harness.csms.clear()
        await harness.submit(Swipe(1, "HOLDER"))
        await harness.advance(21)
        assert said(harness) == [
            "Authorize",
            FIRST + "Preparing",
            FIRST + "Available",
            FIRST + "Reserved",
        ]


@pytest.mark.row(97, "TC_046_1_CS")
async def test_a_holder_whom_the_csms_refuses() -> None:
    async with Harness() as harness:
        await reserve(harness)
        harness.csms.tags["HOLDER"] = {"status": "Blocked"}
        assert isinstance(await harness.submit(Swipe(1, "HOLDER")), Refused)
        assert harness.status() == "Reserved"


@pytest.mark.row(97, "TC_046_1_CS")
async def test_a_reservation_is_used_offline() -> None:
    keys = {"LocalAuthorizeOffline": "true", "AllowOfflineTxForUnknownId": "true"}
    async with Harness(keys=keys) as harness:
        await reserve(harness)
        await unplug_network(harness)
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "OTHER")), Refused)
        assert isinstance(await harness.submit(Start(1, "HOLDER")), Accepted)
        await checked(harness)
        await plug_network(harness)
        assert payloads(harness, "StartTransaction")[0]["reservationId"] == 7


@pytest.mark.row(98, "TC_046_2_CS")
async def test_the_holder_uses_the_reservation_by_remote_start() -> None:
    async with Harness() as harness:
        await reserve(harness)
        await harness.submit(Plug(1))
        harness.csms.clear()
        ask = {"connectorId": 1, "idTag": "OTHER"}
        assert await harness.ask("RemoteStartTransaction", **ask) == REJECTED
        assert said(harness) == []
        ask["idTag"] = "HOLDER"
        assert await harness.ask("RemoteStartTransaction", **ask) == ACCEPTED
        await checked(harness)
        assert payloads(harness, "StartTransaction")[0]["reservationId"] == 7
        assert harness.status() == "Charging"


@pytest.mark.row(98, "TC_046_2_CS")
@pytest.mark.parametrize(("id_tag", "connector_id"), [("HOLDER", 2), ("OTHER", 1)])
async def test_a_remote_start_that_may_choose(id_tag: str, connector_id: int) -> None:
    """The holder gets the connector that is kept free, and nobody else does."""
    async with Harness() as harness:
        await reserve(harness, 2)
        await harness.submit(Plug(1))
        await harness.submit(Plug(2))
        assert await harness.ask("RemoteStartTransaction", idTag=id_tag) == ACCEPTED
        await checked(harness)
        (start,) = payloads(harness, "StartTransaction")
        assert start["connectorId"] == connector_id
        assert ("reservationId" in start) == (id_tag == "HOLDER")


@pytest.mark.row(44, "S§5.11")
async def test_remote_start_where_everything_is_reserved_for_another() -> None:
    async with Harness() as harness:
        await reserve(harness, 1)
        await reserve(harness, 2, reservationId=8)
        await harness.submit(Plug(1))
        harness.csms.clear()
        assert await harness.ask("RemoteStartTransaction", idTag="OTHER") == REJECTED
        assert said(harness) == []


# -- over ------------------------------------------------------------


@pytest.mark.row(99, "TC_047_CS")
async def test_a_reservation_expires() -> None:
    async with Harness() as harness:
        await reserve(harness, in_s=30)
        harness.csms.clear()
        await harness.advance(29.9)
        assert said(harness) == []
        await harness.advance(0.2)
        assert said(harness) == [FIRST + "Available"]
        assert await cancel(harness) == REJECTED
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "OTHER")), Accepted)
        await checked(harness)
        assert "reservationId" not in payloads(harness, "StartTransaction")[0]


@pytest.mark.row(99, "TC_047_CS")
async def test_a_make_that_notices_late_that_a_reservation_is_over() -> None:
    timing = replace(load_model(TWIN["model"]).timing["swift"], expiry_s=1.8)
    async with Harness(**TWIN, timing=timing) as harness:
        await reserve(harness, in_s=30)
        await harness.advance(31.7)
        assert harness.status() == "Reserved"
        await harness.advance(0.2)
        assert harness.status() == "Available"


@pytest.mark.row(99, "TC_047_CS")
async def test_a_make_that_notices_late_notices_each_of_them_late() -> None:
    timing = replace(load_model(TWIN["model"]).timing["swift"], expiry_s=1.8)
    async with Harness(**TWIN, timing=timing) as harness:
        await reserve(harness, 1, in_s=30)
        await reserve(harness, 2, in_s=31, reservationId=8)
        await harness.advance(31.9)
        assert (harness.status(1), harness.status(2)) == ("Available", "Reserved")
        await harness.advance(1)
        assert harness.status(2) == "Available"


@pytest.mark.row(99, "TC_047_CS")
async def test_reservations_expire_one_after_the_other() -> None:
    async with Harness() as harness:
        await reserve(harness, 1, in_s=60)
        await reserve(harness, 2, in_s=30, reservationId=8)
        harness.csms.clear()
        await harness.advance(45)
        assert said(harness) == [SECOND + "Available"]
        await harness.advance(30)
        assert said(harness) == [SECOND + "Available", FIRST + "Available"]


@pytest.mark.row(99, "TC_047_CS")
async def test_a_reservation_expires_while_its_holder_is_plugged_in() -> None:
    async with Harness() as harness:
        await reserve(harness, in_s=30)
        await harness.submit(Plug(1))
        harness.csms.clear()
        await harness.advance(60)
        assert said(harness) == [FIRST + "Available", FIRST + "Preparing"], "G1"
        assert isinstance(await harness.submit(Start(1, "HOLDER")), Accepted)
        await checked(harness)
        assert "reservationId" not in payloads(harness, "StartTransaction")[0]


@pytest.mark.row(99, "TC_047_CS")
async def test_the_time_is_that_of_the_csms() -> None:
    """A Heartbeat sets the clock two minutes on: what was to last five lasts three."""
    async with Harness() as harness:
        await reserve(harness, in_s=300)
        ahead = harness.clock.now() + timedelta(seconds=120)
        harness.csms.script["Heartbeat"].append({"currentTime": stamp(ahead)})
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        await harness.advance(175)
        assert harness.status() == "Reserved"
        await harness.advance(10)
        assert harness.status() == "Available"


@pytest.mark.row(99, "TC_047_CS")
async def test_what_expires_offline_is_told_once_online() -> None:
    async with Harness() as harness:
        await reserve(harness, in_s=30)
        await unplug_network(harness)
        await harness.advance(60)
        await plug_network(harness)
        assert FIRST + "Available" in said(harness)
        assert FIRST + "Reserved" not in said(harness)


@pytest.mark.row(104, "S§5.13")
@pytest.mark.parametrize("how", ["fault", "availability", "availability of all"])
async def test_a_reservation_ends_with_a_fault_or_out_of_service(how: str) -> None:
    async with Harness() as harness:
        await reserve(harness)
        connector_id = 0 if how == "availability of all" else 1
        if how == "fault":
            await harness.submit(InjectFault(1))
            assert harness.status() == "Faulted"
            await harness.submit(ClearFault(1))
        else:
            ask = {"connectorId": connector_id, "type": "Inoperative"}
            assert await harness.ask("ChangeAvailability", **ask) == ACCEPTED
            assert harness.status() == "Unavailable"
            ask["type"] = "Operative"
            assert await harness.ask("ChangeAvailability", **ask) == ACCEPTED
        assert harness.status() == "Available"
        assert await cancel(harness) == REJECTED
        assert isinstance(await harness.submit(Swipe(1, "OTHER")), Accepted)


# -- refused ---------------------------------------------------------


@pytest.mark.row(100, "TC_048 / TC_050")
@pytest.mark.parametrize("over", [{}, OVER], ids=["to come", "over"])
@pytest.mark.parametrize("connector_id", [1, 0])
@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("faulted", "Faulted"),
        ("plugged", "Occupied"),
        ("card shown", "Occupied"),
        ("charging", "Occupied"),
        ("finishing", "Occupied"),
        ("reserved", "Occupied"),
        ("inoperative", "Unavailable"),
    ],
)
async def test_what_cannot_be_reserved(
    connector_id: int, state: str, status: str, over: dict[str, str]
) -> None:
    """With one connector, what is true of it is true of the charge point. That is told before
    anything is said of a date that is over."""
    async with Harness(connectors=1, keys=ZERO) as harness:
        if state == "faulted":
            await harness.submit(InjectFault(1))
        elif state == "plugged":
            await harness.submit(Plug(1))
        elif state == "card shown":
            await harness.submit(Swipe(1, "OTHER"))
        elif state == "reserved":
            assert await reserve(harness, connector_id, reservationId=6) == "Accepted"
        elif state == "inoperative":
            ask = {"connectorId": connector_id, "type": "Inoperative"}
            assert await harness.ask("ChangeAvailability", **ask) == ACCEPTED
        else:
            await charge(harness)
            if state == "finishing":
                await harness.submit(Stop(1))
        before = harness.status()
        harness.csms.clear()
        assert await reserve(harness, connector_id, **over) == status
        assert (said(harness), harness.status()) == ([], before)


@pytest.mark.row(100, "TC_048 / TC_050")
async def test_a_connector_that_is_just_asked_for_cannot_be_reserved() -> None:
    """While the answer to a card is open the connector is that card's."""
    async with Harness() as harness:
        harness.csms.script["Authorize"].append(Drop())
        asking = asyncio.ensure_future(harness.station.submit(Swipe(1, "OTHER")))
        await harness.settle()
        assert await reserve(harness) == "Occupied"
        assert await reserve(harness, 2, reservationId=8) == "Accepted"
        await harness.advance(31)
        assert isinstance(await asking, Refused)
        assert await reserve(harness) == "Accepted"


@pytest.mark.row(100, "TC_048 / TC_050")
@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"connectorId": 3}, "connector 3 was not reserved: there is no such connector"),
        ({"connectorId": -1}, "there is no such connector"),
        ({"connectorId": 10**30}, "there is no such connector"),
        ({"reservationId": 2**63}, "its reservationId does not fit into 64 bits"),
        ({"idTag": ""}, "its idTag or parentIdTag is no card"),
        ({"idTag": "with\nbreak"}, "its idTag or parentIdTag is no card"),
        ({"parentIdTag": "\x1b[2J"}, "its idTag or parentIdTag is no card"),
        (OVER, "connector 1 was not reserved: its expiryDate is over, here it is "),
    ],
)
async def test_reservations_that_make_no_sense(request_: dict[str, Any], why: str) -> None:
    async with Harness() as harness:
        harness.csms.clear()
        answer = await harness.ask("ReserveNow", **{**asked(harness), **request_})
        assert answer == REJECTED
        assert said(harness) == []
        (note,) = [e.text for e in harness.events.since(0)[1] if e.kind == "reservation"]
        assert why in note
        assert note.isprintable()


@pytest.mark.row(100, "TC_048 / TC_050")
async def test_an_expiry_date_that_is_none() -> None:
    async with Harness() as harness:
        answer = await harness.csms.ask_raw(
            "ReserveNow", {**asked(harness), "expiryDate": "tomorrow"}
        )
        assert (answer[0], answer[2]) == (4, "PropertyConstraintViolation")
        assert harness.status() == "Available"


@pytest.mark.row(100, "TC_050_4_CS")
async def test_connector_0_where_it_cannot_be_reserved() -> None:
    async with Harness(keys={"ReserveConnectorZeroSupported": "false"}) as harness:
        assert await reserve(harness, 0) == "Rejected"
        assert await reserve(harness, 1) == "Accepted"


@pytest.mark.row(100, "TC_048_4_CS")
async def test_a_make_without_the_profile() -> None:
    async with Harness(keys={"SupportedFeatureProfiles": "Core,RemoteTrigger"}) as harness:
        assert await reserve(harness) == "Rejected"
        assert await cancel(harness) == REJECTED
        answer = await harness.ask("GetConfiguration", key=["ReserveConnectorZeroSupported"])
        assert answer["unknownKey"] == ["ReserveConnectorZeroSupported"]


# -- connector 0 -----------------------------------------------------


@pytest.mark.row(101, "TC_049_CS")
@pytest.mark.parametrize("connector_id", [1, 2])
async def test_whom_connector_0_is_reserved_for_may_use_any(connector_id: int) -> None:
    async with Harness(keys=ZERO) as harness:
        harness.csms.clear()
        assert await reserve(harness, 0) == "Accepted"
        assert said(harness) == [], "two are free: none is held"
        await harness.submit(Plug(connector_id))
        await harness.submit(Start(connector_id, "HOLDER"))
        await checked(harness)
        assert payloads(harness, "StartTransaction")[0]["reservationId"] == 7
        seen = harness.station.snapshot
        assert seen.reservation is None
        assert all(connector.reservation is None for connector in seen.connectors)


@pytest.mark.row(101, "TC_049_CS")
async def test_one_connector_is_kept_free() -> None:
    async with Harness(keys=ZERO) as harness:
        await reserve(harness, 0)
        await charge(harness, 1, "OTHER")
        assert harness.status(2) == "Reserved"
        assert isinstance(await harness.submit(Swipe(2, "THIRD")), Refused)
        assert await reserve(harness, 2, reservationId=8) == "Occupied"
        await harness.submit(Plug(2))
        assert isinstance(await harness.submit(Start(2, "THIRD")), Refused)
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        assert harness.status(1) == "Reserved", "the other one is taken by a vehicle"
        harness.csms.clear()
        await harness.submit(Unplug(2))
        assert sorted(said(harness)) == [FIRST + "Available", SECOND + "Available"]
        assert {harness.status(1), harness.status(2)} == {"Available"}


@pytest.mark.row(101, "TC_049_CS")
async def test_a_vehicle_that_was_there_first_is_not_hidden() -> None:
    """The one that comes to the connector which is kept changes nothing there; the one that stood
    elsewhere before, where now nothing else is left, goes on being Preparing."""
    async with Harness(keys=ZERO) as harness:
        await harness.submit(Plug(1))
        await reserve(harness, 0)
        assert harness.status(2) == "Reserved"
        harness.csms.clear()
        await harness.submit(Plug(2))
        assert said(harness) == []
        assert [harness.status(n) for n in (1, 2)] == ["Preparing", "Reserved"]
        await harness.submit(Unplug(1))
        moves = [FIRST + "Available", FIRST + "Reserved", SECOND + "Available"]
        assert said(harness) == [*moves, SECOND + "Preparing"]


@pytest.mark.row(101, "TC_049_CS")
async def test_the_last_connector_is_for_the_holder() -> None:
    async with Harness(keys=ZERO) as harness:
        await reserve(harness, 0)
        await charge(harness, 1, "OTHER")
        await harness.submit(Plug(2))
        assert isinstance(await harness.submit(Start(2, "HOLDER")), Accepted)
        await checked(harness)
        (start,) = payloads(harness, "StartTransaction")
        assert (start["connectorId"], start["reservationId"]) == (2, 7)


@pytest.mark.row(101, "TC_049_CS")
async def test_nothing_is_kept_free_for_whom_stands_at_another_connector() -> None:
    async with Harness(keys=ZERO) as harness:
        await reserve(harness, 0)
        harness.csms.clear()
        await harness.submit(Swipe(1, "HOLDER"))
        assert said(harness) == ["Authorize", FIRST + "Preparing"]
        assert isinstance(await harness.submit(Swipe(2, "OTHER")), Accepted)
        await harness.submit(Swipe(1, "HOLDER"))  # takes the card back
        assert harness.status(1) == "Reserved"


@pytest.mark.row(101, "TC_049_CS")
async def test_a_connector_reserved_by_itself_is_not_the_one_that_is_kept() -> None:
    async with Harness(connectors=3, keys=ZERO) as harness:
        await reserve(harness, 0)
        assert await reserve(harness, 1, reservationId=8, idTag="OTHER") == "Accepted"
        assert [harness.status(n) for n in (1, 2, 3)] == ["Reserved", "Available", "Available"]
        await harness.submit(Plug(2))
        assert [harness.status(n) for n in (1, 2, 3)] == ["Reserved", "Preparing", "Reserved"]
        assert harness.connector(3).reservation == harness.station.snapshot.reservation
        assert await cancel(harness) == ACCEPTED
        assert [harness.status(n) for n in (1, 2, 3)] == ["Reserved", "Preparing", "Available"]


@pytest.mark.row(101, "TC_049_CS")
async def test_two_cards_at_once_cannot_take_both() -> None:
    """Each was asked about while the other connector was free: the second one finds none left."""
    async with Harness(keys=ZERO) as harness:
        await reserve(harness, 0)
        outcomes = [
            await harness.submit(Swipe(1, "THIRD")),
            await harness.submit(Swipe(2, "FOURTH")),
        ]
        assert isinstance(outcomes[0], Accepted)
        assert isinstance(outcomes[1], Refused)
        assert [harness.status(n) for n in (1, 2)] == ["Preparing", "Reserved"]


@pytest.mark.row(101, "TC_049_CS")
async def test_a_reservation_of_connector_0_ends_when_all_are_out_of_order() -> None:
    async with Harness(keys=ZERO) as harness:
        await reserve(harness, 0)
        await harness.submit(InjectFault(1))
        assert harness.status(2) == "Reserved"
        await harness.submit(InjectFault(2))
        assert harness.station.snapshot.reservation is None
        await harness.submit(ClearFault(2))
        assert harness.status(2) == "Available"


@pytest.mark.row(101, "TC_049_CS")
async def test_a_reservation_of_connector_0_ends_when_that_goes_out_of_service() -> None:
    """Even while a session keeps one connector in service (§5.13)."""
    async with Harness(keys=ZERO) as harness:
        await charge(harness)
        await reserve(harness, 0)
        answer = await harness.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        assert answer == {"status": "Scheduled"}
        assert harness.station.snapshot.reservation is None
        assert await cancel(harness) == REJECTED


# -- cancelled, replaced, kept ---------------------------------------


@pytest.mark.row(102, "TC_051_CS / TC_052_CS")
async def test_a_reservation_is_cancelled() -> None:
    async with Harness() as harness:
        await reserve(harness)
        harness.csms.clear()
        assert await cancel(harness, 8) == REJECTED
        assert said(harness) == []
        assert await cancel(harness, 7) == ACCEPTED
        assert said(harness) == [FIRST + "Available"]
        assert await cancel(harness, 7) == REJECTED
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "HOLDER"))
        await checked(harness)
        assert "reservationId" not in payloads(harness, "StartTransaction")[0]


@pytest.mark.row(103, "TC_053_CS")
@pytest.mark.parametrize("how", ["card", "remote start", "remote start unasked"])
async def test_a_card_of_the_group_uses_the_reservation(how: str) -> None:
    async with Harness(
        keys={"AuthorizeRemoteTxRequests": str(how == "remote start").lower()}
    ) as harness:
        harness.csms.tags["MATE"] = GROUP
        assert await reserve(harness, parentIdTag="group") == "Accepted"
        await harness.submit(Plug(1))
        harness.csms.clear()
        if how == "card":
            assert isinstance(await harness.submit(Swipe(1, "MATE")), Accepted)
        else:
            ask = {"connectorId": 1, "idTag": "MATE"}
            assert await harness.ask("RemoteStartTransaction", **ask) == ACCEPTED
        await checked(harness)
        assert lanes(said(harness))[1][:2] == ["Authorize", "StartTransaction"]
        (start,) = payloads(harness, "StartTransaction")
        assert (start["idTag"], start["reservationId"]) == ("MATE", 7)


@pytest.mark.row(103, "TC_053_CS")
@pytest.mark.parametrize(
    "info", [{"status": "Accepted"}, {"status": "Accepted", "parentIdTag": "ELSE"}]
)
async def test_a_card_of_another_group(info: dict[str, str]) -> None:
    async with Harness() as harness:
        harness.csms.tags["STRANGER"] = info
        await reserve(harness, parentIdTag="GROUP")
        await harness.submit(Plug(1))
        harness.csms.clear()
        refused = await harness.submit(Start(1, "STRANGER"))
        assert isinstance(refused, Refused)
        assert "is reserved for HOLDER and the cards of GROUP until" in refused.reason
        ask = {"connectorId": 1, "idTag": "STRANGER"}
        assert await harness.ask("RemoteStartTransaction", **ask) == ACCEPTED
        await checked(harness)
        assert said(harness) == ["Authorize", "Authorize"], "no StartTransaction"


@pytest.mark.row(103, "TC_053_CS")
async def test_an_empty_group_is_none() -> None:
    """A card without parentIdTag is not of the group with the empty name."""
    async with Harness() as harness:
        harness.csms.tags["STRANGER"] = {"status": "Accepted", "parentIdTag": ""}
        await reserve(harness, parentIdTag="")
        await harness.submit(Plug(1))
        harness.csms.clear()
        assert isinstance(await harness.submit(Start(1, "STRANGER")), Refused)
        assert said(harness) == []


@pytest.mark.row(104, "S§5.13")
async def test_the_same_id_again_replaces() -> None:
    async with Harness() as harness:
        await reserve(harness, 1)
        harness.csms.clear()
        assert await reserve(harness, 2, idTag="NEXT") == "Accepted"
        assert sorted(said(harness)) == [FIRST + "Available", SECOND + "Reserved"]
        assert isinstance(await harness.submit(Swipe(2, "HOLDER")), Refused)
        assert isinstance(await harness.submit(Swipe(2, "NEXT")), Accepted)
        assert await reserve(harness, 2, idTag="HOLDER", in_s=30) == "Accepted", "it is its own"
        await harness.advance(31)
        assert await cancel(harness) == REJECTED


@pytest.mark.row(104, "S§5.13")
async def test_a_replacement_that_cannot_be_leaves_the_old_one() -> None:
    async with Harness() as harness:
        await reserve(harness, 1)
        await charge(harness, 2)
        assert await reserve(harness, 2) == "Occupied"
        assert harness.status(1) == "Reserved"
        assert await cancel(harness) == ACCEPTED


@pytest.mark.row(104, "S§5.13")
@pytest.mark.parametrize("how", ["soft reset", "power cut", "mains"])
async def test_a_reservation_outlives_a_reboot(tmp_path: Path, how: str) -> None:
    async with Harness(state=tmp_path, keys=ZERO) as harness:
        await reserve(harness, 1, in_s=900)
        await reserve(harness, 0, in_s=900, reservationId=8, parentIdTag="GROUP")
        harness.csms.clear()
        if how == "soft reset":
            await harness.ask("Reset", type="Soft")
            await rebooted(harness)
        elif how == "power cut":
            await harness.power_cut()
            await harness.power_on()
        else:
            await harness.submit(PowerOff())
            await harness.submit(PowerOn())
        await harness.settle()
        words = {"_1": "Reserved", "_2": "Reserved"}
        assert said(harness)[-4:] == ["BootNotification", *all_statuses(harness, **words)][-4:]
        whole = harness.station.snapshot.reservation
        assert whole is not None
        assert (whole.reservation_id, whole.group) == (8, "GROUP")
        assert await cancel(harness, 8) == ACCEPTED
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "HOLDER"))
        await checked(harness)
        assert payloads(harness, "StartTransaction")[0]["reservationId"] == 7


@pytest.mark.row(104, "S§5.13")
async def test_what_expired_in_the_dark_is_over(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await reserve(harness, in_s=60)
        await harness.power_cut()
        harness.csms.clear()
        await harness.advance(120)
        await harness.power_on()
        await harness.settle()
        assert [word for word in said(harness) if word.startswith(FIRST)] == [FIRST + "Available"]
        assert await cancel(harness) == REJECTED


@pytest.mark.row(104, "S§5.13")
async def test_what_was_used_is_gone_with_the_start(tmp_path: Path) -> None:
    """One commit writes StartTransaction and lets the reservation go."""
    async with Harness(state=tmp_path) as harness:
        await reserve(harness)
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "HOLDER"))
        await checked(harness)
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        assert await cancel(harness) == REJECTED


@pytest.mark.row(12, "S§4.9")
async def test_a_short_lived_available_before_reserved_is_not_told() -> None:
    async with Harness() as harness:
        await reserve(harness)
        await harness.submit(Swipe(1, "HOLDER"))
        await configure(harness, MinimumStatusDuration="5")
        harness.csms.clear()
        await harness.submit(Swipe(1, "HOLDER"))  # takes the card back
        await harness.advance(10)
        assert said(harness) == [FIRST + "Reserved"]
