"""SuspendedEV and SuspendedEVSE are never said."""

from __future__ import annotations

from sim_core.commands import Resume, Stop, SuspendEV, SuspendEVSE
from tests.quirks.acts import charge, gresgying, statuses


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "0"}) as harness:
        await charge(harness)
        for pause in (SuspendEV(1), SuspendEVSE(1)):
            await harness.submit(pause)
            await harness.advance(10)
            assert harness.connector().power_w == 0
            await harness.submit(Resume(1))
        await harness.submit(Stop(1))
        said = statuses(harness, 1)
        assert said[-1] == "Finishing"
        return said == ["Finishing"]


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
