"""A remote start beside a charging connector takes very long, and comes to nothing."""

from __future__ import annotations

from sim_core.commands import Plug
from tests.quirks.acts import charge, gresgying, payloads, statuses


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "0"}) as pair:
        await charge(pair)
        await pair.submit(Plug(2))
        asked = await pair.ask("RemoteStartTransaction", connectorId=2, idTag="TAG")
        assert asked == {"status": "Accepted"}
        await pair.advance(131)
        if payloads(pair, "StartTransaction"):
            assert pair.status(2) == "Charging"
            return False
        await pair.advance(2)
        assert len(payloads(pair, "StartTransaction")) == 1
        await pair.advance(50)
        (end,) = payloads(pair, "StopTransaction")
        (start,) = payloads(pair, "StartTransaction")
        assert (end["reason"], end["meterStop"]) == ("Other", start["meterStart"])
        return statuses(pair, 2) == ["Preparing", "Finishing"] and pair.status(1) == "Charging"


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
