"""After a power loss the transaction is charging again for a moment before it ends."""

from __future__ import annotations

from sim_core.commands import PowerOff, PowerOn
from tests.quirks.acts import charge, gresgying, payloads, statuses


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "600"}) as harness:
        await charge(harness)
        await harness.advance(60)
        await harness.submit(PowerOff())
        await harness.advance(90)
        harness.csms.clear()
        await harness.submit(PowerOn())
        shown = "Charging" in statuses(harness, 1)
        register_wh = harness.connector().register_wh
        await harness.advance(10)
        (end,) = payloads(harness, "StopTransaction")
        assert (end["reason"], end["meterStop"]) == ("PowerLoss", int(register_wh))
        assert harness.status() == "Finishing"
        return shown and statuses(harness, 1)[-1] == "Finishing"


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
