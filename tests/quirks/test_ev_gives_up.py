"""A vehicle that waits too long for its authorisation has gone to sleep, or was made to."""

from __future__ import annotations

from sim_core.commands import EVGiveUp, Plug, Start, Swipe, Unplug
from tests.quirks.acts import REAL, gresgying, payloads, statuses, values_of


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
        assert end["reason"] in ("EVDisconnected", "Other")
        assert end["meterStop"] == start["meterStart"]
        assert statuses(harness, 1) == ["Available", "Preparing"]
        return True


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


async def test_one_that_is_made_to_sleep_fails_its_start_until_it_is_plugged_in_anew(
    quirk: str,
) -> None:
    async with gresgying(quirk, timing=REAL) as harness:
        await harness.advance(2)
        reasons = set()
        for _ in range(8):
            await harness.submit(Plug(1))
            await harness.advance(20)
            assert (await harness.submit(EVGiveUp(1))).ok
            harness.csms.clear()
            assert (await harness.submit(Start(1, "TAG"))).ok
            await harness.advance(60)
            (begin,) = payloads(harness, "MeterValues")
            (end,) = payloads(harness, "StopTransaction")
            reasons.add(end["reason"])
            assert values_of(begin)["SoC"] == "0"
            assert statuses(harness, 1) == ["Available", "Preparing"]
            await harness.submit(Unplug(1))
        assert reasons == {"EVDisconnected", "Other"}
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.advance(60)
        assert harness.status() == "Charging", "it is awake again"


async def test_one_that_gives_up_while_it_starts(quirk: str) -> None:
    async with gresgying(quirk, timing=REAL) as harness:
        await harness.advance(2)
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.advance(20)
        assert harness.connector().starting
        await harness.submit(EVGiveUp(1))
        await harness.advance(60)
        assert len(payloads(harness, "StopTransaction")) == 1
        assert harness.status() == "Preparing"
