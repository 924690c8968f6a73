"""What binds, over HTTP and in the picture: profiles with what they allow when, reservations, cards
that are known, and what is to be out of service."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import jsonschema_rs
import pytest

from sim_core.commands import Plug, Start
from sim_core.sidecar import openapi
from sim_core.station_snapshot import COMPOSITE_S
from tests.harness import Harness
from tests.sidecar.beside import beside

PATHS = {
    "/profiles": "Profiles",
    "/reservations": "Reservations",
    "/tokens": "Tokens",
    "/availability": "Availability",
    "/sessions": "Sessions",
}
NOON = datetime.fromisoformat("2026-01-01T12:00:00+00:00")


async def install(harness: Harness, *periods: tuple[int, float]) -> None:
    profile = {
        "chargingProfileId": 5,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "W",
            "startSchedule": NOON.isoformat(),
            "chargingSchedulePeriod": [
                {"startPeriod": start, "limit": limit} for start, limit in periods
            ],
        },
    }
    answer = await harness.ask("SetChargingProfile", connectorId=1, csChargingProfiles=profile)
    assert answer == {"status": "Accepted"}


async def get(here: Any, path: str) -> Any:
    told = (await here.http.get(path)).json()
    jsonschema_rs.Draft202012Validator(openapi.SCHEMAS[PATHS[path]]).validate(told)
    return told


@pytest.mark.parametrize("path", PATHS)
async def test_where_nothing_binds_that_is_told_too(path: str) -> None:
    async with beside() as here:
        await get(here, path)


async def test_what_is_allowed_when_is_told_ahead() -> None:
    async with beside() as here:
        assert (await get(here, "/profiles"))["composite"] == []
        await install(here.harness, (0, 7_000.0), (600, 11_000.0))
        await here.harness.submit(Plug(1))
        await here.harness.submit(Start(1, "TAG"))
        told = await get(here, "/profiles")
        whole, first, second = told["composite"]
        assert [one["limit_w"] for one in first["steps"]] == [7_000.0, 11_000.0]
        begins = [datetime.fromisoformat(one["from"]) for one in first["steps"]]
        assert (begins[1] - NOON).total_seconds() == pytest.approx(600, abs=1)
        reach = datetime.fromisoformat(first["until"]) - begins[0]
        assert reach.total_seconds() == COMPOSITE_S
        assert (whole["connector"], second["connector"]) == (0, 2)
        assert len(second["steps"]) == 1
        in_force = {one["connector"]: one["profile"] for one in told["in_force"]}
        assert in_force[1]["profile_id"] == 5
        assert in_force[2] is None
        await here.harness.advance(601)
        told = await get(here, "/profiles")
        assert [one["limit_w"] for one in told["composite"][1]["steps"]] == [11_000.0]
        await here.harness.ask("ClearChargingProfile", id=5)
        assert (await get(here, "/profiles"))["composite"] == []


async def test_what_lies_ahead_is_worked_out_anew_as_time_goes_on() -> None:
    async with beside() as here:
        await install(here.harness, (0, 7_000.0))
        first = (await get(here, "/profiles"))["composite"][1]["until"]
        await here.harness.advance(3600)
        await here.harness.submit(Plug(1))
        later = (await get(here, "/profiles"))["composite"][1]["until"]
        passed = datetime.fromisoformat(later) - datetime.fromisoformat(first)
        assert passed.total_seconds() >= 3600


async def test_what_others_allow_is_told_and_counts() -> None:
    async with beside() as here:
        said = {"limit_w": "20000", "source": "SO", "grid_critical": "true"}
        assert (await here.http.post("/external-limits", params=said)).json()["ok"]
        said = {"limit_w": "7000", "connector": "2"}
        assert (await here.http.post("/external-limits", params=said)).json()["ok"]
        told = await get(here, "/profiles")
        assert [
            (one["connector"], one["source"], one["whose"], one["limit_w"], one["grid_critical"])
            for one in told["external"]
        ] == [(0, "SO", "grid operator", 20_000, True), (2, "EMS", "energy manager", 7_000, False)]
        allowed_w = [one["steps"][0]["limit_w"] for one in told["composite"]]
        assert allowed_w == [20_000, 20_000, 7_000]
        refused = await here.http.post(
            "/external-limits", params={"limit_w": "1", "connector": "9"}
        )
        assert (refused.status_code, refused.json()["error"]) == (
            409,
            "there is no connector 9: 0 is all together",
        )
        gone = await here.http.delete("/external-limits", params={"connector": "2"})
        assert gone.json()["ok"]
        assert [one["source"] for one in (await get(here, "/profiles"))["external"]] == ["SO"]
        assert (await here.http.delete("/external-limits")).json()["ok"]
        assert (await get(here, "/profiles"))["external"] == []


async def test_every_reservation_is_told() -> None:
    async with beside() as here:
        until = "2099-01-01T00:00:00+00:00"
        request = {"connectorId": 2, "expiryDate": until, "idTag": "TAG", "reservationId": 7}
        await here.harness.ask("ReserveNow", **request, parentIdTag="GROUP")
        (held,) = (await get(here, "/reservations"))["reservations"]
        assert (held["connector"], held["reservation_id"]) == (2, 7)
        assert (held["id_tag"], held["parent_id_tag"]) == ("TAG", "GROUP")
        await here.harness.ask("CancelReservation", reservationId=7)
        assert (await get(here, "/reservations"))["reservations"] == []


async def test_the_cards_that_are_known_are_told() -> None:
    async with beside() as here:
        entry = {"idTag": "LISTED", "idTagInfo": {"status": "Blocked"}}
        answer = await here.harness.ask(
            "SendLocalList", listVersion=3, updateType="Full", localAuthorizationList=[entry]
        )
        assert answer == {"status": "Accepted"}
        await here.harness.submit(Plug(1))
        await here.harness.submit(Start(1, "TAG"))
        told = await get(here, "/tokens")
        assert told["local_list"]["version"] == 3
        assert told["local_list"]["tokens"] == [
            {"id_tag": "LISTED", "status": "Blocked", "parent_id_tag": None, "expires_at": None}
        ]
        assert [one["id_tag"] for one in told["cache"]["tokens"]] == ["TAG"]
        await here.harness.ask("ClearCache")
        assert (await get(here, "/tokens"))["cache"]["length"] == 0


async def test_what_is_to_be_out_of_service_is_told_before_it_is() -> None:
    async with beside() as here:
        await here.harness.submit(Plug(1))
        await here.harness.submit(Start(1, "TAG"))
        answer = await here.harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert answer == {"status": "Scheduled"}
        await here.harness.ask("ChangeAvailability", connectorId=2, type="Inoperative")
        told = await get(here, "/availability")
        assert told["in_service"] is True
        first, second = told["connectors"]
        assert (first["in_service"], first["scheduled"]) == (False, "Inoperative")
        assert (second["in_service"], second["status"]) == (False, "Unavailable")
        await here.harness.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        assert (await get(here, "/availability"))["in_service"] is False
