"""The register at begin and end comes from a number of kWh that is cut off."""

from __future__ import annotations

from sim_core.hardware.meter import Meter
from tests.quirks.acts import charge_and_keep, energy, gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        harness.station.charger.connectors[1].metal.meter = Meter(128_034.4)
        await charge_and_keep(harness)
        (start,) = payloads(harness, "StartTransaction")
        assert energy(payloads(harness, "MeterValues")[0]) == "128.034"
        return bool(start["meterStart"] == 128_033)


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
