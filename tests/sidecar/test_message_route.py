"""Saying anything over HTTP: the body, the answer that the CSMS gave, and what cannot be."""

from __future__ import annotations

import pytest

from sim_core.http_door.guard import LARGEST_BODY
from tests.sidecar.beside import beside


async def test_a_message_is_answered_with_what_the_csms_said() -> None:
    async with beside() as here:
        said = {"action": "DataTransfer", "payload": {"vendorId": "acme", "data": "x y"}}
        done = await here.http.post("/message", json=said)
        assert done.status_code == 200
        assert done.json()["detail"] == "answered"
        assert isinstance(done.json()["answer"], dict)
        assert here.harness.csms.of("DataTransfer")[-1].payload == said["payload"]


async def test_what_is_not_allowed_wants_anyway() -> None:
    async with beside() as here:
        refused = await here.http.post("/message", json={"action": "Authorize"})
        assert refused.status_code == 409
        assert "is a required property" in refused.json()["error"]
        sent = await here.http.post("/message", json={"action": "Authorize", "anyway": True})
        assert sent.status_code == 200
        frame = {"frame": '[3, "nobody", {}]', "anyway": True}
        assert (await here.http.post("/frame", json=frame)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"", 422, "the body is not JSON"),
        (b"[1]", 422, "the body must be a JSON object"),
        (b"{}", 422, "action is missing: add ?action=Heartbeat"),
        (b'{"action": 7}', 422, "action is to be a text"),
        (b'{"action": "Heartbeat", "anyway": "yes"}', 422, "anyway is to be true or false"),
        (b'{"action": "Heartbeat", "nonsense": 1}', 422, "there is no parameter 'nonsense' here"),
        (b'{"action": "' + b"x" * LARGEST_BODY + b'"}', 413, "larger than"),
        (b"[" * 60_000, 422, "the body is not JSON"),
    ],
)
async def test_a_body_that_cannot_be_read(body: bytes, status: int, sentence: str) -> None:
    async with beside() as here:
        answer = await here.http.post("/message", content=body)
        assert answer.status_code == status
        assert sentence in answer.json()["detail"]
        assert (await here.http.get("/health")).status_code == 200


async def test_a_query_beside_the_body_is_not_guessed_at() -> None:
    async with beside() as here:
        answer = await here.http.post("/message?action=Heartbeat", json={"action": "Heartbeat"})
        assert answer.status_code == 422
