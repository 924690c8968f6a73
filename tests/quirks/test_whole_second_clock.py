"""Every BootNotification sets the clock to a whole second."""

from __future__ import annotations

from sim_core.commands import Plug
from tests.quirks.acts import gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await harness.advance(7.25)
        current = harness.clock.now().isoformat().replace("+00:00", "Z")
        harness.csms.script["BootNotification"].append(
            {"currentTime": current, "interval": 3600, "status": "Accepted"}
        )
        await harness.ask("TriggerMessage", requestedMessage="BootNotification")
        harness.csms.clear()
        await harness.submit(Plug(1))
        (report,) = payloads(harness, "StatusNotification")
        assert report["timestamp"].endswith((".000Z", ".250Z"))
        return bool(report["timestamp"].endswith(".000Z"))


async def test_the_first_stamps_are_just_behind_it(quirk: str) -> None:
    async with gresgying(quirk) as harness:
        await harness.advance(7.25)
        harness.csms.clear()
        await harness.csms.cut()
        await harness.advance(5)
        stamps = [p["timestamp"] for p in payloads(harness, "StatusNotification")]
        assert len(stamps) == 3
        assert all(".011" <= stamp[-5:-1] <= ".069" for stamp in stamps)


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
