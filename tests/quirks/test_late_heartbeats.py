"""A long interval of heartbeats is a little longer: the clock of the make is slow."""

from __future__ import annotations

from tests.quirks.acts import gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, keys={"ClockAlignedDataInterval": "0"}) as harness:
        await harness.ask("ChangeConfiguration", key="HeartbeatInterval", value="300")
        await harness.advance(300.1)
        assert len(payloads(harness, "Heartbeat")) == 1, "a short one is exact"
        await harness.ask("ChangeConfiguration", key="HeartbeatInterval", value="600")
        await harness.advance(602.3)
        late = len(payloads(harness, "Heartbeat")) == 1
        await harness.advance(0.6)
        assert len(payloads(harness, "Heartbeat")) == 2
        return late


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
