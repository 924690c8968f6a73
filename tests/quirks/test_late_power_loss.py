"""After a power loss the transaction is charging again for a moment before it ends."""

from __future__ import annotations

from sim_core.commands import PowerOff, PowerOn
from tests.quirks.acts import charge, gresgying, payloads, statuses


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "600"}) as pair:
        await charge(pair)
        await pair.advance(60)
        await pair.submit(PowerOff())
        await pair.advance(90)
        pair.csms.clear()
        await pair.submit(PowerOn())
        shown = "Charging" in statuses(pair, 1)
        register_wh = pair.connector().register_wh
        await pair.advance(10)
        (end,) = payloads(pair, "StopTransaction")
        assert (end["reason"], end["meterStop"]) == ("PowerLoss", int(register_wh))
        assert pair.status() == "Finishing"
        return shown and statuses(pair, 1)[-1] == "Finishing"


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
