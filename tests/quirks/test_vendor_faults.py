"""The make's own fault codes strike as they do on the metal."""

from __future__ import annotations

from sim_core.commands import ClearFault, InjectFault, Plug, Start, Unplug
from tests.quirks.acts import charge, gresgying, payloads, statuses
from tests.scripted_csms import describe


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        await harness.submit(InjectFault(2, vendor_error_code="85"))
        words = [statuses(harness, number) for number in (0, 1, 2)]
        ends = [end["reason"] for end in payloads(harness, "StopTransaction")]
        if words != [["Faulted"]] * 3:
            assert (words, ends) == ([[], [], ["Faulted"]], [])
            return False
        report = payloads(harness, "StatusNotification")[0]
        assert ends == ["EmergencyStop"]
        assert (report["errorCode"], report["vendorErrorCode"], report["info"]) == (
            "InternalError",
            "85",
            "System emergency stop failure",
        )
        await harness.submit(Unplug(1))
        harness.csms.clear()
        await harness.submit(ClearFault(1))
        return sorted(map(describe, harness.csms.calls)) == [
            f"StatusNotification {number} Available" for number in (0, 1, 2)
        ]


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


async def test_a_broken_insulation_shows_at_the_start_and_passes() -> None:
    async with gresgying("vendor_faults") as harness:
        await harness.submit(Plug(1))
        harness.csms.clear()
        await harness.submit(InjectFault(1, vendor_error_code="83"))
        assert harness.csms.calls == [], "nobody looks before the start"
        await harness.submit(Start(1, "TAG"))
        await harness.advance(40)
        assert statuses(harness, 1) == ["Faulted", "Available"]
        assert statuses(harness, 0) == statuses(harness, 2) == []
        report = payloads(harness, "StatusNotification")[0]
        assert (report["vendorErrorCode"], report["info"]) == ("83", "Insulation failure")
        (start,), (end,) = (
            payloads(harness, "StartTransaction"),
            payloads(harness, "StopTransaction"),
        )
        assert (end["reason"], end["meterStop"]) == ("Other", start["meterStart"])
        (sample,) = payloads(harness, "MeterValues")
        assert sample["meterValue"][0]["sampledValue"][0]["context"] == "Transaction.Begin"


async def test_an_open_door_is_everywhere() -> None:
    async with gresgying("vendor_faults", connect=False) as harness:
        await harness.submit(InjectFault(1, vendor_error_code="88"))
        harness._connect = True
        harness.station.open()
        await harness.settle()
        assert harness.csms.actions() == [
            "BootNotification",
            *(f"StatusNotification {number} Faulted" for number in (1, 2, 0)),
        ]
