"""A session from the plug to the unplug, as a person or a CSMS would drive it."""

from __future__ import annotations

import pytest

from sim_core.commands import Accepted, InjectFault, Plug, Refused, Start, Stop, Unplug
from tests.harness import Harness


async def test_the_whole_way_from_available_to_available() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        assert harness.csms.actions() == [
            "BootNotification",
            "StatusNotification 0 Available",
            "StatusNotification 1 Available",
            "StatusNotification 2 Available",
        ]
        harness.csms.clear()
        assert await harness.submit(Plug(1)) == Accepted()
        assert isinstance(await harness.submit(Start(1, "TAG")), Accepted)
        assert harness.status() == "Charging"
        await harness.advance(30)
        assert await harness.submit(Stop(1)) == Accepted()
        assert harness.status() == "Finishing"
        assert await harness.submit(Unplug(1)) == Accepted()
        assert harness.csms.actions() == [
            "StatusNotification 1 Preparing",
            "Authorize",
            "StartTransaction",
            "StatusNotification 1 Charging",
            "MeterValues",
            "MeterValues",
            "MeterValues",
            "StopTransaction",
            "StatusNotification 1 Finishing",
            "StatusNotification 1 Available",
        ]
        samples = [call.payload for call in harness.csms.of("MeterValues")]
        registers = [int(s["meterValue"][0]["sampledValue"][0]["value"]) for s in samples]
        assert 0 < registers[0] < registers[1] < registers[2]
        assert {s["transactionId"] for s in samples} == {1000}
        stop = harness.csms.of("StopTransaction")[0].payload
        assert stop["transactionId"] == 1000
        assert stop["reason"] == "Local"
        assert stop["meterStop"] >= registers[2]


async def test_a_refusal_is_a_sentence() -> None:
    async with Harness() as harness:
        assert await harness.submit(Start(2)) == Refused(
            "connector 2 has no vehicle: plug in first"
        )


@pytest.mark.parametrize(
    ("vendor", "info", "sentence"),
    [
        ("v" * 51, None, "the vendor error code has at most 50 characters, not 51: shorten it"),
        (None, "i" * 200, "the info has at most 50 characters, not 200: shorten it"),
        (None, "two\nlines", "the info has no control characters: leave them out"),
    ],
)
async def test_what_a_fault_cannot_say_is_refused_and_not_cut(
    vendor: str | None, info: str | None, sentence: str
) -> None:
    async with Harness() as harness:
        refused = await harness.submit(InjectFault(1, "OtherError", vendor, info))
        assert refused == Refused(sentence)
        assert harness.connector().fault is None
        assert await harness.submit(InjectFault(1, "OtherError", "v" * 50, "i" * 50)) == Accepted()
        fault = harness.connector().fault
        assert fault is not None
        assert (fault.vendor_error_code, fault.info) == ("v" * 50, "i" * 50)
