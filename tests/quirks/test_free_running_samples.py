"""The first sample comes when the meter's own timer comes round."""

from __future__ import annotations

from tests.quirks.acts import charge, gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "60"}) as harness:
        await charge(harness)
        await harness.advance(58)
        return bool(payloads(harness, "MeterValues"))


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
