"""What there is to see over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jsonschema_rs
import pytest
from pydantic import SecretStr

from sim_core.commands import ACTIONS, LinkDown, Plug, Start, Unplug
from sim_core.redaction import public_url
from sim_core.settings.options import options_of
from sim_core.sidecar import openapi
from sim_core.sidecar.read_routes import READ_ROUTES, without_secrets
from tests.harness import Harness, settings
from tests.sidecar.beside import beside, in_process


async def test_health_is_green_while_the_csms_is_away() -> None:
    async with beside(Harness(connect=False)) as here:
        answer = await here.http.get("/health")
        assert answer.status_code == 200
        assert answer.json() == {
            "ok": True,
            "cpid": "CP01",
            "link": "connecting",
            "registration": "none",
            "queued": 0,
        }


async def test_info_tells_what_runs() -> None:
    async with beside() as here:
        await here.harness.submit(Plug(1))
        await here.harness.submit(Start(1, "TAG"))
        told = (await here.http.get("/info")).json()
        assert told["cpid"] == "CP01"
        assert [one["status"] for one in told["connectors"]] == ["Charging", "Available"]
        (session,) = told["active_sessions"]
        assert (session["connector"], session["id_tag"]) == (1, "TAG")
        assert session["transaction_id"] == 1000
        assert told["link"]["state"] == "connected"
        assert set(told["versions"]) >= {"chargeforge", "python", "ocpp"}
        assert told["settings"]["connectors"] == 2


async def test_info_tells_for_whom_is_reserved() -> None:
    async with beside() as here:
        until = "2099-01-01T00:00:00+00:00"
        request = {"connectorId": 2, "expiryDate": until, "idTag": "TAG", "reservationId": 7}
        await here.harness.ask("ReserveNow", **request)
        await here.harness.submit(Plug(1))
        whole = {"connectorId": 0, "reservationId": 8, "parentIdTag": "GROUP"}
        assert await here.harness.ask("ReserveNow", **request | whole) == {"status": "Occupied"}
        await here.harness.submit(Unplug(1))
        assert await here.harness.ask("ReserveNow", **request | whole) == {"status": "Accepted"}
        told = (await here.http.get("/info")).json()
        jsonschema_rs.Draft202012Validator(openapi.SCHEMAS["Info"]).validate(told)
        first, second = told["connectors"]
        held = {"reservation_id": 7, "id_tag": "TAG", "parent_id_tag": None, "until": until}
        assert (second["status"], second["reservation"]) == ("Reserved", held)
        held = {**held, "reservation_id": 8, "parent_id_tag": "GROUP"}
        assert told["reservation"] == held
        assert (first["status"], first["reservation"]) == ("Reserved", held)


async def test_info_tells_which_charging_profiles_are_in_force() -> None:
    async with beside() as here:
        told = (await here.http.get("/info")).json()
        assert (told["profile"], told["profiles"]) == (None, [])
        await here.harness.submit(Plug(1))
        await here.harness.submit(Start(1, "TAG"))
        limit = {
            "chargingRateUnit": "W",
            "duration": 600,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7_000.0}],
        }
        for number, purpose, kind in (
            (1, "TxDefaultProfile", "Relative"),
            (2, "ChargePointMaxProfile", "Absolute"),
        ):
            profile = {
                "chargingProfileId": number,
                "stackLevel": 3,
                "chargingProfilePurpose": purpose,
                "chargingProfileKind": kind,
                "chargingSchedule": limit,
            }
            await here.harness.ask("SetChargingProfile", connectorId=0, csChargingProfiles=profile)
        await here.harness.advance(5)
        told = (await here.http.get("/info")).json()
        jsonschema_rs.Draft202012Validator(openapi.SCHEMAS["Info"]).validate(told)
        first, second = told["connectors"]
        assert (first["limited_by"], first["limit_w"]) == ("profile", 7_000)
        assert (first["profile"]["purpose"], first["profile"]["limit_w"]) == (
            "TxDefaultProfile",
            7_000,
        )
        assert first["profile"]["until"] == "2026-01-01T12:10:00+00:00"
        assert second["profile"] is None
        assert told["profile"]["purpose"] == "ChargePointMaxProfile"
        assert [one["profile_id"] for one in told["profiles"]] == [1, 2]
        assert told["profiles"][0]["periods"] == [{"start_s": 0, "limit": 7_000.0}]
        assert told["profiles"][1]["start_schedule"] == "2026-01-01T12:00:00+00:00"


async def test_info_tells_no_secret() -> None:
    secrets: dict[str, Any] = {
        "csms_url": "wss://user:pa55word@csms.example/ocpp?token=pa55word",
        "http_api_key": SecretStr("pa55word"),
        "authorization_key": SecretStr("pa55word"),
        "ocpp_keys": {"AuthorizationKey": "pa55word", "HeartbeatInterval": "60"},
    }
    async with beside(**secrets) as here:
        text = (await here.http.get("/info")).text
        assert "pa55word" not in text
        assert json.loads(text)["settings"]["ocpp_keys"]["HeartbeatInterval"] == "60"
        assert (
            json.loads(text)["settings"]["csms_url"] == "wss://(hidden)@csms.example/ocpp?(hidden)"
        )


def test_every_setting_is_shown_or_hidden() -> None:
    chosen = settings()
    assert set(without_secrets(chosen)) == set(options_of(type(chosen)))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ws://host:9000/ocpp", "ws://host:9000/ocpp"),
        ("ws://a:b@host/ocpp", "ws://(hidden)@host/ocpp"),
        ("ws://a@host/ocpp", "ws://(hidden)@host/ocpp"),
        ("ws://host/ocpp?key=1", "ws://host/ocpp?(hidden)"),
        ("ws://[::1", "(hidden)"),
    ],
)
def test_a_url_is_shown_without_what_is_secret_in_it(url: str, shown: str) -> None:
    assert public_url(url) == shown


async def test_messages_can_be_followed() -> None:
    async with beside() as here:
        first = (await here.http.get("/messages")).json()
        assert first["exchanges"][0]["action"] == "BootNotification"
        assert first["exchanges"][0]["state"] == "answered"
        assert not first["more"]
        nothing = (await here.http.get(first["next"])).json()
        assert nothing["exchanges"] == []
        await here.harness.submit(Plug(1))
        (new,) = (await here.http.get(first["next"])).json()["exchanges"]
        assert (new["action"], new["connector_id"]) == ("StatusNotification", 1)
        assert json.loads(new["request"])[3]["status"] == "Preparing"


async def test_messages_come_in_pages_and_none_is_missed() -> None:
    async with beside() as here:
        await here.harness.submit(Plug(1))
        seen: dict[int, str] = {}
        path = "/messages?since=0&limit=2"
        for turn in range(100):
            page = (await here.http.get(path)).json()
            assert len(page["exchanges"]) <= 2
            seen.update({one["number"]: one["state"] for one in page["exchanges"]})
            path = page["next"]
            if turn == 0:  # what changes while somebody turns the pages comes after them
                await here.harness.submit(Unplug(1))
            if not page["more"] and not page["exchanges"]:
                break
        assert seen == {one.number: one.state.value for one in here.harness.messages.since(0)[1]}


@pytest.mark.parametrize(
    "query",
    ["since=-1", "since=x", "since=", "limit=0", "limit=1001", "since=1.5", "since=%C2%B2", "a=1"],
)
async def test_a_number_that_cannot_be_is_422(query: str) -> None:
    async with Harness() as harness, in_process(harness) as http:
        assert (await http.get(f"/messages?{query}")).status_code == 422


async def parts(answer: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """Server-sent events, as a browser reads them."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield fields
            fields = {}


async def test_events_come_as_they_happen_and_go_on_where_they_were_left() -> None:
    async with beside() as here:
        async with here.http.stream("GET", "/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            stream = parts(answer)
            await here.harness.submit(Plug(1))
            first = await anext(stream)
            assert first["event"] == "vehicle"
            told = json.loads(first["data"])
            assert told["connector"] == 1
            assert told["text"].startswith("connector 1: ")
        await here.harness.submit(Unplug(1))
        headers = {"Last-Event-ID": first["id"]}
        async with here.http.stream("GET", "/events", headers=headers) as answer:
            stream = parts(answer)
            texts = [json.loads((await anext(stream))["data"])["text"] for _ in range(3)]
            assert texts[0] == "connector 1 is Preparing"
            assert "unplugged" in texts[1]


async def test_events_of_another_life_begin_anew() -> None:
    async with beside() as here:
        headers = {"Last-Event-ID": "cafe-99999"}
        async with here.http.stream("GET", "/events", headers=headers) as answer:
            one = await anext(parts(answer))
            assert one["id"].endswith("-1")


async def test_events_that_were_forgotten_are_counted() -> None:
    async with beside() as here:
        ring = here.harness.station.events
        _, (some, *_) = ring.since(0)
        for _ in range(10_050):  # more than the ring of the harness keeps
            ring.append(some)
        async with here.http.stream("GET", "/events?since=0") as answer:
            gap = await anext(parts(answer))
            assert gap["event"] == "gap"
            assert json.loads(gap["data"])["lost"] == ring.last - 10_000


async def test_events_carry_no_password() -> None:
    harness = Harness()
    async with beside(harness) as here:
        harness.station.link.url = "ws://user:pa55word@host/ocpp/CP01"
        harness.station.charge_point.environment.note(
            "link", f"connected to {harness.station.link.url}"
        )
        async with here.http.stream("GET", "/events?since=0") as answer:
            async for part in parts(answer):
                assert "pa55word" not in part["data"]
                if "(hidden)" in part["data"]:
                    break


async def test_the_description_has_every_path() -> None:
    async with Harness() as harness, in_process(harness) as http:
        described = (await http.get("/openapi.json")).json()
        assert described["openapi"].startswith("3.1")
        expected = {one.path for one in ACTIONS} | {one.path for one in READ_ROUTES}
        assert set(described["paths"]) == expected


async def test_the_page_fetches_nothing() -> None:
    async with Harness() as harness, in_process(harness) as http:
        answer = await http.get("/docs")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert not re.search(r"<(script|img|link|iframe)|@import|url\(", answer.text)
        assert all(action.path in answer.text for action in ACTIONS)


async def test_looking_changes_nothing() -> None:
    async with beside() as here:
        await here.harness.submit(LinkDown())
        before = here.harness.station.snapshot
        for look in READ_ROUTES:
            if look.media_type != "text/event-stream":
                assert (await here.http.get(look.path)).status_code == 200
        assert here.harness.station.snapshot == before
