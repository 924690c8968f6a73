"""A vehicle that is plugged in ends Reserved, whoever's it is."""

from __future__ import annotations

from datetime import timedelta

from sim_core.commands import Plug, Refused, Start, Unplug
from sim_core.wire.timestamps import stamp
from tests.quirks.acts import gresgying, statuses


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        until = harness.clock.now() + timedelta(seconds=600)
        await harness.ask(
            "ReserveNow",
            connectorId=1,
            expiryDate=stamp(until),
            idTag="HOLDER",
            reservationId=7,
        )
        harness.csms.clear()
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "OTHER")), Refused)
        await harness.submit(Unplug(1))
        assert harness.status() == "Reserved"
        said = statuses(harness, 1)
        assert said in ([], ["Preparing", "Available", "Reserved"])
        return said != []


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
