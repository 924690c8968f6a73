"""RemoteStopTransaction whose answer is lost with the link stops all the same."""

from __future__ import annotations

import asyncio

from sim_core.commands import LinkDown, LinkUp, Plug, Start
from tests.quirks.acts import asking, gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    others = "send_tick" if quirks == "none" else f"{quirks},send_tick"  # it rests on that one
    async with gresgying(others) as harness:
        await harness.submit(Plug(1))
        begun = asyncio.ensure_future(harness.station.submit(Start(1, "TAG")))
        await harness.advance(10)
        await begun
        assert harness.status() == "Charging"
        ask = await asking(harness, "RemoteStopTransaction", transactionId=1000)
        await harness.submit(LinkDown())
        assert not ask.done()
        ask.cancel()
        await harness.advance(27)
        await harness.submit(LinkUp())
        await harness.advance(10)
        ends = payloads(harness, "StopTransaction")
        assert all(end["reason"] == "Other" for end in ends)
        return len(ends) == 1


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
