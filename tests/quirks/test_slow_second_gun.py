"""A remote start beside a charging connector takes very long, and comes to nothing."""

from __future__ import annotations

from sim_core.commands import Plug
from tests.quirks.acts import charge, gresgying, payloads, statuses


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "0"}) as harness:
        await charge(harness)
        await harness.submit(Plug(2))
        asked = await harness.ask("RemoteStartTransaction", connectorId=2, idTag="TAG")
        assert asked == {"status": "Accepted"}
        await harness.advance(131)
        if payloads(harness, "StartTransaction"):
            assert harness.status(2) == "Charging"
            return False
        await harness.advance(2)
        assert len(payloads(harness, "StartTransaction")) == 1
        await harness.advance(50)
        (end,) = payloads(harness, "StopTransaction")
        (start,) = payloads(harness, "StartTransaction")
        assert (end["reason"], end["meterStop"]) == ("Other", start["meterStart"])
        return (
            statuses(harness, 2) == ["Preparing", "Finishing"] and harness.status(1) == "Charging"
        )


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
