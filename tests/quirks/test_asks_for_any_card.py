"""Another card during a transaction is asked about, although it cannot stop it."""

from __future__ import annotations

from sim_core.commands import Swipe
from tests.quirks.acts import charge, gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        await harness.submit(Swipe(1, "OTHER"))
        assert harness.status() == "Charging", "it has no say"
        return payloads(harness, "Authorize") == [{"idTag": "OTHER"}]


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
