"""Reservations (block H)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sim_core.commands import Accepted, InjectFault, Plug, Refused, Start, Swipe
from tests.conformance201.acts import OWN, charge, events, points, said, set_variables, told
from tests.harness import Harness
from tests.scripted_csms import Payload


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


async def reserve(
    h: Harness, number: int = 1, evse_id: int | None = 1, minutes: float = 60, **more: Any
) -> str:
    until = (h.clock.now() + timedelta(minutes=minutes)).isoformat()
    where = {} if evse_id is None else {"evseId": evse_id}
    h.csms.clear()
    fields: Payload = {"id": number, "expiryDateTime": until, "idToken": OWN, **where, **more}
    return str((await h.ask("ReserveNow", **fields))["status"])


def updates(h: Harness) -> list[Payload]:
    return [call.payload for call in h.csms.of("ReservationStatusUpdate")]


@pytest.mark.row(184, "H01.FR.23")
async def test_an_evse_is_reserved() -> None:
    async with harness() as h:
        assert await reserve(h) == "Accepted"
        assert said(h) == ["SN 1 Reserved"]


@pytest.mark.row(185, "H01.FR.01")
async def test_what_cannot_be_reserved() -> None:
    async with harness() as h:
        await reserve(h, 1)
        assert await reserve(h, 2) == "Occupied"
        await h.submit(Plug(2))
        assert await reserve(h, 3, 2) == "Occupied"
        assert await reserve(h, 4, 9) == "Rejected"
        assert await reserve(h, 5, 2, minutes=-1) in {"Occupied", "Rejected"}
    async with harness() as h:
        await h.submit(InjectFault(1))
        assert await reserve(h) == "Faulted"
        await h.ask("ChangeAvailability", operationalStatus="Inoperative", evse={"id": 2})
        assert await reserve(h, 2, 2) == "Unavailable"
    async with harness() as h:
        await set_variables(h, ReservationCtrlr__Enabled="false")
        assert await reserve(h) == "Rejected"


@pytest.mark.row(186, "H01.FR.02")
async def test_the_same_id_replaces() -> None:
    async with harness() as h:
        await reserve(h, 1)
        other = {"idToken": "OTHER", "type": "ISO14443"}
        assert await reserve(h, 1, idToken=other) == "Accepted"
        kept = h.connector().reservation
        assert kept is not None
        assert (kept.reservation_id, kept.token) == (1, "OTHER")


@pytest.mark.row(187, "H01.FR.04")
@pytest.mark.row(188, "H01.FR.20")
async def test_without_an_evse_one_is_always_kept() -> None:
    async with harness() as h:
        assert await reserve(h, 1, None) == "Accepted"
        assert said(h) == []
        await charge(h, 1, "OTHER")
        assert h.status(2) == "Reserved"
        await h.submit(Plug(2))
        assert isinstance(await h.submit(Start(2, "STRANGER")), Refused)
        assert isinstance(await h.submit(Start(2, "TAG")), Accepted)


@pytest.mark.row(189, "H01.FR.06")
async def test_by_the_type_of_the_connector() -> None:
    async with harness() as h:
        assert await reserve(h, 1, None, connectorType="cCCS2") == "Accepted"
        assert await reserve(h, 2, 1, connectorType="cG105") == "Rejected"


@pytest.mark.row(190, "H01.FR.16")
async def test_what_breaks_is_no_longer_reserved() -> None:
    async with harness() as h:
        await reserve(h)
        await h.submit(InjectFault(1))
        assert "SN 1 Faulted" in said(h)
        assert updates(h) == [{"reservationId": 1, "reservationUpdateStatus": "Removed"}]
    async with harness() as h:
        await reserve(h)
        await h.ask("ChangeAvailability", operationalStatus="Inoperative", evse={"id": 1})
        assert updates(h) == [{"reservationId": 1, "reservationUpdateStatus": "Removed"}]
        assert h.status() == "Unavailable"


@pytest.mark.row(191, "H02.FR.01")
async def test_cancel() -> None:
    async with harness() as h:
        await reserve(h)
        h.csms.clear()
        assert await h.ask("CancelReservation", reservationId=1) == {"status": "Accepted"}
        assert said(h) == ["SN 1 Available"]
        assert (await h.ask("CancelReservation", reservationId=1))["status"] == "Rejected"
        assert updates(h) == []


@pytest.mark.row(192, "H03.FR.01")
async def test_its_card_uses_it_up() -> None:
    async with harness() as h:
        await points(h, "Authorized", "EVConnected")
        await reserve(h)
        h.csms.clear()
        await h.submit(Swipe(1, "TAG"))
        assert "SN 1 Available" in said(h)
        assert events(h)[0]["reservationId"] == 1
        await h.submit(Plug(1))
        assert "SN 1 Occupied" in said(h)
        named = [event for event in events(h) if "reservationId" in event]
        assert len(named) == 1
        assert updates(h) == []


@pytest.mark.row(193, "H03.FR.10")
async def test_plugged_first_then_its_card() -> None:
    async with harness() as h:
        await points(h, "EVConnected", "EVConnected")
        await reserve(h)
        h.csms.clear()
        await h.submit(Plug(1))
        assert said(h) == ["Started CablePluggedIn EVConnected"]
        await h.submit(Swipe(1, "TAG"))
        assert "SN 1 Occupied" in said(h)
        named = [told(event) for event in events(h) if "reservationId" in event]
        assert named == ["Updated Authorized EVConnected"]


@pytest.mark.row(194, "H03.FR.04")
async def test_a_card_of_its_group_uses_it_too() -> None:
    async with harness() as h:
        group = {"idToken": "G", "type": "Central"}
        h.csms.tags["FRIEND"] = {"status": "Accepted", "groupIdToken": group}
        await reserve(h, groupIdToken=group)
        await h.submit(Plug(1))
        assert isinstance(await h.submit(Start(1, "FRIEND")), Accepted)
        assert h.csms.of("Authorize")


@pytest.mark.row(195, "H03.FR.01")
async def test_a_stranger_gets_nothing() -> None:
    async with harness() as h:
        await reserve(h)
        await h.submit(Plug(1))
        assert isinstance(await h.submit(Start(1, "STRANGER")), Refused)
        stranger = {"idToken": "STRANGER", "type": "ISO14443"}
        answer = await h.ask("RequestStartTransaction", idToken=stranger, remoteStartId=1, evseId=1)
        assert answer["status"] == "Rejected"


@pytest.mark.row(196, "H04.FR.01")
async def test_it_expires() -> None:
    async with harness() as h:
        await reserve(h, minutes=1)
        h.csms.clear()
        await h.advance(61)
        assert sorted(said(h)) == ["ReservationStatusUpdate", "SN 1 Available"]
        assert updates(h) == [{"reservationId": 1, "reservationUpdateStatus": "Expired"}]
