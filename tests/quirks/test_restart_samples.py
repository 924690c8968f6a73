"""A process that has restarted reads the meters at once, and counts the interval from there."""

from __future__ import annotations

from datetime import timedelta

from sim_core.commands import Restart
from sim_core.wire.timestamps import moment
from tests.quirks.acts import REAL, charge, gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    keys = {"MeterValueSampleInterval": "30"}
    async with gresgying(quirks, keys=keys) as harness:
        await charge(harness)
        await harness.advance(47)
        harness.csms.clear()
        restarted_at = harness.station.now()
        await harness.submit(Restart())
        await harness.advance(harness.timing.reboot_s + REAL.boot_s)
        (boot,) = harness.csms.of("BootNotification")
        await harness.advance(62)
        stamps = [
            moment(sample["meterValue"][0]["timestamp"])
            for sample in payloads(harness, "MeterValues")
        ]
        first, second, *_ = (at - restarted_at for at in stamps if at is not None)
        assert second - first == timedelta(seconds=30)
        early = first < timedelta(seconds=harness.timing.reboot_s)
        calls = [call.action for call in harness.csms.calls]
        assert calls.index("BootNotification") < calls.index("MeterValues"), boot
        return early


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
