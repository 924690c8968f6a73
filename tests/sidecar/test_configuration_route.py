"""The configuration over HTTP: the same rows as on the screen, and set by the same rules."""

from __future__ import annotations

from pydantic import SecretStr

from tests.sidecar.beside import beside


async def test_read_set_and_read_again() -> None:
    async with beside() as here:
        await here.harness.advance(5)
        done = await here.http.put("/configuration?name=ConnectionTimeOut&value=77")
        assert (done.status_code, done.json()["ok"]) == (200, True)
        rows = (await here.http.get("/configuration")).json()["settings"]
        row = next(one for one in rows if one["name"] == "ConnectionTimeOut")
        assert row["value"] == "77"
        assert row["change"]["by"] == "operator"
        assert row["change"]["before"] == row["default"]
        refused = await here.http.put("/configuration", params={"key": "NoKey", "value": "1"})
        assert refused.status_code == 409
        assert "there is no configuration key 'NoKey'" in refused.json()["error"]


async def test_an_empty_value_is_a_value_and_a_missing_one_is_not() -> None:
    async with beside() as here:
        emptied = await here.http.put("/configuration?name=StopTxnSampledData&value=")
        assert emptied.status_code == 200
        missing = await here.http.put("/configuration?name=StopTxnSampledData")
        assert missing.status_code == 422
        assert missing.json()["detail"] == "value is missing: add ?value=60"


async def test_who_has_no_key_may_look_and_not_set() -> None:
    async with beside(http_api_key=SecretStr("k" * 16)) as here:
        assert (await here.http.get("/configuration")).status_code == 200
        put = await here.http.put("/configuration?name=HeartbeatInterval&value=1")
        assert put.status_code == 401
