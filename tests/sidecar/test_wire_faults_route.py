"""Faults on the wire over HTTP: made, seen, ended, and a held frame let go, edited or dropped."""

from __future__ import annotations

import asyncio
import json

from sim_core.commands import Send
from sim_core.wire_faults import KINDS
from tests.sidecar.beside import beside


async def test_a_fault_is_made_seen_and_ended() -> None:
    async with beside() as here:
        rule = {"fault": "change", "action": "Heartbeat", "path": "a", "becomes": {"b": 1}}
        made = await here.http.post("/wire-faults", json={**rule, "chance": 0.5, "seed": 4})
        assert made.json()["detail"] == "fault 1"
        seen = (await here.http.get("/wire-faults")).json()
        (fault,) = seen["faults"]
        assert fault["rule"] == {**rule, "becomes": '{"b": 1}', "chance": 0.5, "seed": 4}
        assert (fault["seed"], fault["met"], fault["spent"]) == (4, 0, False)
        assert [kind["name"] for kind in seen["kinds"]] == [kind.name for kind in KINDS]
        assert (await here.http.delete("/wire-faults?number=2")).status_code == 409
        assert (await here.http.delete("/wire-faults?number=1")).status_code == 200
        assert (await here.http.get("/wire-faults")).json()["faults"] == []


async def test_a_held_frame_is_let_go_edited_or_dropped() -> None:
    async with beside() as here:
        station = here.harness.station
        rule = {"fault": "hold", "action": "Heartbeat", "kind": "request"}
        await here.http.post("/wire-faults", json=rule)
        said = asyncio.ensure_future(station.submit(Send("Heartbeat")))
        await station.until(lambda seen: bool(seen.held_frames))
        (held,) = (await here.http.get("/wire-faults")).json()["held"]
        kind, message_id, action, _ = json.loads(held["frame"])
        edited = json.dumps([kind, message_id, action, {"edited": 1}])
        body = {"held": held["number"], "frame": edited}
        assert (await here.http.post("/held-frames", json=body)).status_code == 200
        assert (await said).ok
        assert edited in here.harness.csms.frames
        (row,) = [
            one
            for one in (await here.http.get("/messages")).json()["exchanges"]
            if one["action"] == "Heartbeat"
        ]
        assert "let go edited" in row["injected"]
        lost = asyncio.ensure_future(station.submit(Send("Heartbeat")))
        await station.until(lambda seen: bool(seen.held_frames))
        assert (await here.http.delete("/held-frames")).status_code == 200
        assert (await here.http.delete("/held-frames")).status_code == 409
        await here.harness.advance(31)
        assert "no answer" in str(await lost)


async def test_what_cannot_be_says_why() -> None:
    async with beside() as here:
        for body, status, sentence in (
            ({}, 422, "fault is missing"),
            ({"fault": "explode"}, 422, "'explode' is no fault; there are: drop"),
            ({"fault": "drop", "chance": 2}, 422, "chance is a number from 0"),
            ({"fault": "change"}, 409, "path is missing"),
        ):
            answer = await here.http.post("/wire-faults", json=body)
            assert answer.status_code == status, body
            told = answer.json()
            assert sentence in told.get("detail", told.get("error"))
