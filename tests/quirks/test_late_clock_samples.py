"""Samples by the clock are taken some tenths of a second after it, one after the other."""

from __future__ import annotations

from tests.quirks.acts import gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await harness.advance(1801)
        one, two = (
            sample["meterValue"][0]["timestamp"] for sample in payloads(harness, "MeterValues")
        )
        assert one.startswith("2026-01-01T12:30:00.")
        if one.endswith(".000Z"):
            return False
        return int(two[-4:-1]) - int(one[-4:-1]) == 3 and 175 <= int(one[-4:-1]) <= 805


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
