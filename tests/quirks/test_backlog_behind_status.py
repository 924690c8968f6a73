"""What has queued without a link waits for the status of connector 0."""

from __future__ import annotations

from sim_core.commands import LinkDown, LinkUp, Stop
from tests.quirks.acts import REAL, charge_in_time, departures, gresgying

OTHERS = "send_tick,pipelining,late_connector_0,connectors_after_reconnect"
"""A make that lets its messages overtake each other."""


async def is_on_the_wire(quirks: str, *, over: bool = False) -> bool:
    others = OTHERS if quirks == "none" else f"{quirks},{OTHERS}"
    keys = {"MeterValueSampleInterval": "10"}
    async with gresgying(others, timing=REAL, keys=keys) as harness:
        await charge_in_time(harness)
        await harness.submit(LinkDown())
        await harness.advance(25)
        if over:
            await harness.submit(Stop(1))
        harness.csms.clear()
        await harness.submit(LinkUp())
        await harness.advance(15)
        left = departures(harness)
        (boot,) = (one for one in left if one.said == "BootNotification")
        zero = next(one for one in left if one.said.startswith("StatusNotification 0"))
        first = next(one for one in left if one.said == "MeterValues")
        behind_s = first.at_s - zero.at_s
        if behind_s < 0:
            return False
        assert 1.03 <= first.at_s - boot.at_s <= 2.3
        return over or behind_s == 0


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


async def test_it_waits_also_where_the_transaction_is_over(quirk: str) -> None:
    assert await is_on_the_wire(quirk, over=True)
