"""A new HeartbeatInterval counts from the last Heartbeat or BootNotification."""

from __future__ import annotations

from tests.quirks.acts import departures, gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, keys={"ClockAlignedDataInterval": "0"}) as harness:
        await harness.advance(284)
        await harness.ask("ChangeConfiguration", key="HeartbeatInterval", value="600")
        await harness.advance(315)
        assert not payloads(harness, "Heartbeat")
        await harness.advance(2)
        return len(payloads(harness, "Heartbeat")) == 1


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


async def test_from_then_on_it_is_the_interval(quirk: str) -> None:
    async with gresgying(quirk, keys={"ClockAlignedDataInterval": "0"}) as harness:
        harness.csms.interval = 600
        await harness.ask("TriggerMessage", requestedMessage="BootNotification")
        await harness.advance(650)
        harness.csms.clear()
        await harness.ask("ChangeConfiguration", key="HeartbeatInterval", value="200")
        assert not payloads(harness, "Heartbeat"), "50 s of 200 are gone"
        await harness.advance(149)
        assert not payloads(harness, "Heartbeat")
        await harness.advance(401)
        first, second, third = (
            left.at_s for left in departures(harness) if left.said == "Heartbeat"
        )
        assert (second - first, third - second) == (200, 200)


async def test_an_interval_that_is_over_already_is_over_now(quirk: str) -> None:
    async with gresgying(quirk, keys={"ClockAlignedDataInterval": "0"}) as harness:
        await harness.advance(284)
        await harness.ask("ChangeConfiguration", key="HeartbeatInterval", value="60")
        assert len(payloads(harness, "Heartbeat")) == 1
