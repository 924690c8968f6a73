"""A sample interval of a minute is a little longer."""

from __future__ import annotations

from tests.quirks.acts import charge, gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "60"}) as harness:
        await charge(harness)
        began = harness.clock.monotonic()
        while not payloads(harness, "MeterValues"):
            await harness.advance(0.1)
        took_s = harness.clock.monotonic() - began
        return bool(abs(took_s - 61.83 + 0.4) < 0.2)


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
