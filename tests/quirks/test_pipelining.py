"""Two calls are open at a time, and after a while one no longer counts as open."""

from __future__ import annotations

from sim_core.commands import Plug, Unplug
from tests.quirks.acts import gresgying, statuses
from tests.scripted_csms import Drop


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await harness.submit(Plug(1))
        await harness.submit(Plug(2))
        harness.csms.clear()
        harness.csms.script["StatusNotification"].append(Drop())
        await harness.submit(Unplug(1))
        await harness.submit(Unplug(2))
        return statuses(harness, 2) == ["Available"]


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
