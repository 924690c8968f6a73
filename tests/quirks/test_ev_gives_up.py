"""A vehicle that waits too long for its authorisation has gone to sleep."""

from __future__ import annotations

from sim_core.commands import Plug, Swipe
from tests.quirks.acts import REAL, gresgying, payloads, statuses


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, timing=REAL) as harness:
        await harness.submit(Plug(1))
        await harness.advance(60)
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        await harness.advance(60)
        ends = payloads(harness, "StopTransaction")
        assert len(payloads(harness, "StartTransaction")) == 1
        if not ends:
            return False
        (start,), (end,) = payloads(harness, "StartTransaction"), ends
        assert (end["reason"], end["meterStop"]) == ("EVDisconnected", start["meterStart"])
        assert statuses(harness, 1) == ["Available", "Preparing"]
        return True


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
