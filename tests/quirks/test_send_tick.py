"""The firmware speaks and answers about once a second."""

from __future__ import annotations

import asyncio

from sim_core.commands import Plug, Start, Stop, Unplug
from tests.harness import Harness
from tests.quirks.acts import REAL, asking, departures, gresgying, stamped_s, statuses


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


async def test_charging_leaves_with_its_start_now_and_then(quirk: str) -> None:
    together, starts = 0, 60
    keys = {"MeterValueSampleInterval": "0", "ClockAlignedDataInterval": "0"}
    async with gresgying(f"{quirk},pipelining", timing=REAL, keys=keys) as harness:
        for _ in range(starts):
            await charge_and_look(harness)
            start, charging = (
                next(left for left in departures(harness) if left.said.startswith(word))
                for word in ("StartTransaction", "StatusNotification 1 Charging")
            )
            assert 0.3 <= start.at_s - stamped_s(start.payload) <= 3.4
            assert start.at_s <= charging.at_s, "it never overtakes the start that it follows"
            together += charging.at_s == start.at_s
            await harness.submit(Stop(1))
            await harness.submit(Unplug(1))
            await harness.advance(10)
    assert 3 <= together <= 20, "9 of 51 on the metal"


async def charge_and_look(harness: Harness) -> None:
    await harness.advance(5)
    harness.csms.clear()
    await harness.submit(Plug(1))
    started = asyncio.ensure_future(harness.station.submit(Start(1, "TAG")))
    await harness.advance(45)
    await started
    assert harness.status() == "Charging"
