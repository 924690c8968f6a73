"""The firmware finds a moment later that a transaction has ended."""

from __future__ import annotations

from sim_core.commands import InjectFault, Stop, Unplug
from tests.quirks.acts import (
    charge,
    charge_in_time,
    contexts_of,
    departures,
    gresgying,
    payloads,
    stamped_s,
    statuses,
)


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        await harness.submit(Stop(1))
        assert harness.status() == "Finishing", "who stands there sees it at once"
        await harness.advance(2)
        assert statuses(harness, 1) == ["Finishing"]
        (status,) = payloads(harness, "StatusNotification")
        (end,) = payloads(harness, "StopTransaction")
        (sample,) = (
            s for s in payloads(harness, "MeterValues") if "Transaction.End" in contexts_of(s)
        )
        late_s = stamped_s(status) - stamped_s(end)
        assert sample["meterValue"][0]["timestamp"] == end["timestamp"]
        assert late_s == 0 or 0.31 <= late_s <= 0.9
        return late_s > 0


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


async def test_who_unplugs_before_is_never_finishing(quirk: str) -> None:
    async with gresgying(quirk) as harness:
        await charge(harness)
        await harness.submit(Stop(1))
        await harness.advance(0.2)
        await harness.submit(Unplug(1))
        await harness.advance(2)
        assert statuses(harness, 1) == ["Available"]


async def test_a_fault_shows_at_once(quirk: str) -> None:
    async with gresgying(quirk) as harness:
        await charge(harness)
        await harness.submit(Stop(1))
        await harness.submit(InjectFault(1, error_code="OverCurrentFailure"))
        assert statuses(harness, 1) == ["Faulted"]
        await harness.advance(2)
        assert statuses(harness, 1) == ["Faulted"]


async def test_it_leaves_before_the_stop(quirk: str) -> None:
    async with gresgying(f"{quirk},send_tick,pipelining") as harness:
        await charge_in_time(harness)
        await harness.submit(Stop(1))
        await harness.advance(10)
        order = [left.said for left in departures(harness)]
        assert order.index("StatusNotification 1 Finishing") < order.index("StopTransaction")
