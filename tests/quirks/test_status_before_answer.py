"""The status that a command causes comes before the answer to that command."""

from __future__ import annotations

import json

from tests.quirks.acts import gresgying


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        harness.csms.clear()
        await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        kinds = [json.loads(frame)[0] for frame in harness.csms.frames]
        assert sorted(kinds) == [2, 3]
        return kinds == [2, 3]


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
