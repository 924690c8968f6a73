"""Rules over HTTP: made, seen, ended, and a request answered by hand."""

from __future__ import annotations

import asyncio

from tests.sidecar.beside import beside


async def test_a_rule_is_made_seen_and_ended() -> None:
    async with beside() as here:
        rule = {"action": "Reset", "way": "delay", "times": 0, "seconds": 2.5}
        made = await here.http.post("/rules", json=rule)
        assert made.json()["detail"] == "rule 1"
        seen = (await here.http.get("/rules")).json()
        assert seen["rules"] == [
            {
                "number": 1,
                "action": "Reset",
                "way": "delay",
                "left": None,
                "seconds": 2.5,
                "code": "",
                "applied": 0,
            }
        ]
        assert (await here.http.delete("/rules?rule=2")).status_code == 409
        assert (await here.http.delete("/rules?rule=1")).status_code == 200
        assert (await here.http.get("/rules")).json() == {"rules": [], "held": []}


async def test_a_request_is_answered_by_hand() -> None:
    async with beside() as here:
        await here.http.post("/rules", json={"action": "ClearCache", "way": "hand"})
        asked = asyncio.ensure_future(here.harness.csms.ask("ClearCache"))
        await here.harness.station.until(lambda seen: bool(seen.held))
        (held,) = (await here.http.get("/rules")).json()["held"]
        assert held["action"] == "ClearCache"
        answer = {"request": held["number"], "way": "answer", "payload": {"status": "Rejected"}}
        assert (await here.http.post("/held", json=answer)).status_code == 200
        assert await asked == {"status": "Rejected"}


async def test_what_cannot_be_says_why() -> None:
    async with beside() as here:
        for body, status, sentence in (
            ({"action": "Reset"}, 422, "way is missing"),
            ({"action": "Reset", "way": "explode"}, 422, "'explode' is no way; there are: refuse"),
            ({"action": "Reset", "way": "delay", "seconds": -1}, 422, "seconds is a number from 0"),
            ({"action": "Reset", "way": "delay", "times": 1.5}, 422, "times is to be a whole"),
            ({"action": "GetConfiguration", "way": "refuse"}, 409, "can say no: take callerror"),
        ):
            answer = await here.http.post("/rules", json=body)
            assert answer.status_code == status
            told = answer.json()
            assert sentence in told.get("detail", told.get("error"))
