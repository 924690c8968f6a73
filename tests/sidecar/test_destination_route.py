"""Another CSMS over HTTP: by the rules of the sheet, with a key like every other write."""

from __future__ import annotations

import concurrent.futures
import json

import httpx
import pytest
from pydantic import SecretStr

from sim_core.commands import Accepted, Outcome, Refused
from sim_core.runtime.across_threads import answered
from sim_core.settings.destination import Destination, destination_of, moved
from sim_core.sidecar.app import Sidecar
from tests.harness import Harness, settings

PASSWORD = "abcdefghijklmnop"
BEFORE = Destination("ws://user:whisper@one/ocpp", "CP-1")


class Where:
    """Who dials, without a network: what it was told, judged by the rules of the options."""

    def __init__(self) -> None:
        self.settings = moved(settings(), BEFORE)
        self.asked: list[Destination] = []

    def connect_to(self, where: Destination) -> concurrent.futures.Future[Outcome]:
        self.asked.append(where)
        try:
            self.settings = moved(self.settings, where)
        except ValueError as error:
            return answered(Refused(str(error)))
        return answered(Accepted())


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"url": "wss://csms.example/ocpp"}, 200, '"url":"wss://csms.example/ocpp"'),
        ({"url": "ws://me:secret@host/ocpp"}, 200, '"url":"ws://host/ocpp"'),
        ({"security_profile": 1, "password": PASSWORD}, 200, '"security_profile":1'),
        ({}, 200, '"url":"ws://one/ocpp"'),
        ({"security_profile": 2}, 409, "needs a password: give one"),
        ({"url": "ftp://x"}, 409, "the URL has to be"),
        ({"security_profile": 4}, 422, "a whole number from 0 to 3"),
        ({"url": 7}, 422, "url is to be a text"),
        ({"charge_point_id": "X"}, 422, "there is no parameter 'charge_point_id'"),
    ],
)
async def test_it_is_told_where_to_dial(body: object, status: int, words: str) -> None:
    where = Where()
    async with Harness() as harness:
        sidecar = Sidecar(harness.station, settings(), harness.station, lambda: where)
        transport = httpx.ASGITransport(sidecar.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            done = await http.put("/destination", json=body)
            looked = await http.get("/destination")
            info = (await http.get("/info")).json()["settings"]
            described = (await http.get("/openapi.json")).json()["paths"]["/destination"]["put"]
        sidecar.stop()
    assert (done.status_code, words in done.text) == (status, True), done.text
    assert str(status) in described["responses"]
    assert "password" in json.dumps(described["requestBody"])
    for secret in (PASSWORD, "secret@", "whisper"):
        assert secret not in done.text + looked.text + json.dumps(info)
    now = destination_of(where.settings).without_secrets
    assert info["csms_url"].endswith(now.url.partition("://")[2]), "what counts now"
    assert (info["cpid"], info["security_profile"]) == ("CP-1", now.security_profile)
    assert looked.json() == {
        "url": now.url,
        "charge_point_id": "CP-1",
        "security_profile": now.security_profile,
    }
    if status == 200:
        assert where.settings.cpid == "CP-1"


async def test_a_change_wants_the_key_and_is_not_there_where_nobody_dials() -> None:
    async with Harness() as harness:
        for where, status in ((lambda: Where(), 401), (None, 405)):
            key = SecretStr("k" * 16) if where else None
            sidecar = Sidecar(harness.station, settings(http_api_key=key), harness.station, where)
            transport = httpx.ASGITransport(sidecar.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                done = await http.put("/destination", json={"url": "ws://x/ocpp"})
                assert done.status_code == status
                paths = (await http.get("/openapi.json")).json()["paths"]
                assert ("put" in paths["/destination"]) == (where is not None)
                assert (await http.get("/destination")).status_code == 200, "looking needs no key"
            sidecar.stop()
