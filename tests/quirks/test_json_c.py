"""Slashes are escaped and letters are not, as the C library json-c writes them."""

from __future__ import annotations

import json

from tests.quirks.acts import gresgying


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        answered = await harness.ask("GetConfiguration", key=["OcppUrl", "Monetaryunit"])
        values = {entry["key"]: entry["value"] for entry in answered["configurationKey"]}
        assert values["OcppUrl"].endswith("/ocpp/CP01")
        assert values["Monetaryunit"] == "€"
        (frame,) = [f for f in harness.csms.frames if "OcppUrl" in f]
        assert json.loads(frame)[2] == answered
        return "ws:\\/\\/" in frame and "€" in frame


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
