"""The power that is offered is in W, and says kW."""

from __future__ import annotations

import pytest

from tests.quirks.acts import charge, gresgying, payloads, values_of


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        await harness.advance(60)
        (*_, sample) = payloads(harness, "MeterValues")
        (offered,) = [
            value
            for value in sample["meterValue"][0]["sampledValue"]
            if value["measurand"] == "Power.Offered"
        ]
        power_w = 1000 * float(values_of(sample)["Power.Active.Import"])
        assert offered["unit"] == "kW"
        return float(offered["value"]) == pytest.approx(power_w, rel=0.01)


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
