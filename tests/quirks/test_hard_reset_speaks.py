"""What a hard reset ends is told before the link goes."""

from __future__ import annotations

from tests.quirks.acts import charge, gresgying


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        before = harness.csms.connections
        await harness.ask("Reset", type="Hard")
        await harness.advance(10)
        (end,) = harness.csms.of("StopTransaction")
        assert end.payload["reason"] == "HardReset"
        assert harness.csms.connections == before + 1
        return end.connection == before


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
