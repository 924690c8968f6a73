"""While a card waits for the plug, the same Preparing is said again and again."""

from __future__ import annotations

from sim_core.commands import Swipe
from tests.quirks.acts import gresgying, statuses


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        await harness.advance(61)
        said = statuses(harness, 1)
        assert said[-1] == "Available"
        assert set(said[:-1]) == {"Preparing"}
        return len(said) == 7


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
