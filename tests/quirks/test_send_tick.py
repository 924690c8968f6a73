"""The firmware speaks and answers about once a second."""

from __future__ import annotations

from sim_core.commands import Plug
from tests.quirks.acts import asking, gresgying, statuses


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await harness.advance(5)
        harness.csms.clear()
        await harness.submit(Plug(1))
        at_once = bool(harness.csms.calls)
        began = harness.clock.monotonic()
        answer = await asking(harness, "RemoteStartTransaction", connectorId=2, idTag="TAG")
        while not answer.done():
            await harness.advance(0.1)
        took_s = harness.clock.monotonic() - began
        await harness.advance(3)
        assert statuses(harness, 1) == ["Preparing"]
        assert at_once is (took_s == 0)
        return 1.1 <= took_s <= 2.4


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
