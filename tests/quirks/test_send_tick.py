"""The firmware speaks and answers about once a second."""

from __future__ import annotations

from sim_core.commands import Plug
from tests.quirks.acts import asking, gresgying, statuses


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as pair:
        await pair.advance(5)
        pair.csms.clear()
        await pair.submit(Plug(1))
        at_once = bool(pair.csms.calls)
        began = pair.clock.monotonic()
        answer = await asking(pair, "RemoteStartTransaction", connectorId=2, idTag="TAG")
        while not answer.done():
            await pair.advance(0.1)
        took_s = pair.clock.monotonic() - began
        await pair.advance(3)
        assert statuses(pair, 1) == ["Preparing"]
        assert at_once is (took_s == 0)
        return 2 <= took_s <= 2.4


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
