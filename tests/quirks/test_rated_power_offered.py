"""The power that is offered is the rating, whatever is given."""

from __future__ import annotations

from tests.quirks.acts import charge, gresgying, payloads, values_of


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        await harness.advance(60)
        rows = [values_of(sample) for sample in payloads(harness, "MeterValues")]
        assert all(float(row["Power.Active.Import"]) <= 60 for row in rows)
        return {row["Power.Offered"] for row in rows} == {"180"}


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
