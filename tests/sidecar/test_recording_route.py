"""A recording over HTTP: begun, read, ended, played."""

from __future__ import annotations

import json

from tests.sidecar.beside import beside


async def test_record_and_play() -> None:
    async with beside() as here:
        assert (await here.http.get("/recording")).json() == {"recording": False, "steps": []}
        assert (await here.http.post("/recording")).status_code == 200
        await here.http.post("/plug/1")
        seen = (await here.http.get("/recording")).json()
        assert seen == {
            "recording": True,
            "steps": [{"at": 0.0, "do": "plug", "connector": 1}],
        }
        ended = (await here.http.delete("/recording")).json()
        assert ended["answer"] == {"steps": seen["steps"]}
        await here.http.post("/unplug/1")
        for recording in (seen, json.dumps(seen), "- {do: plug, connector: 1}"):
            played = await here.http.post("/play", json={"recording": recording})
            assert played.json()["detail"] == "1 step"
            await here.harness.settle()
            assert here.harness.connector(1).plugged
            await here.http.post("/unplug/1")
        assert (await here.http.delete("/play")).status_code == 409


async def test_what_cannot_be_played_says_why() -> None:
    async with beside() as here:
        listed = await here.http.post("/play", json={"recording": []})
        assert (listed.status_code, "recording is to be a text" in listed.text) == (422, True)
        for odd in ({}, {"steps": 7}, {"steps": [{"do": 3}]}):
            assert (await here.http.post("/play", json={"recording": odd})).status_code == 409
        refused = await here.http.post("/play", json={"recording": "- {do: plgu}"})
        assert refused.status_code == 409
        assert "did you mean plug?" in refused.json()["error"]
