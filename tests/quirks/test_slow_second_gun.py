"""A remote start beside a charging connector takes very long, and comes to nothing."""

from __future__ import annotations

import pytest

from sim_core.commands import Plug
from tests.quirks.acts import (
    charge,
    contexts_of,
    departures,
    gresgying,
    payloads,
    stamped_s,
    statuses,
    values_of,
)


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        await harness.submit(Plug(2))
        asked = await harness.ask("RemoteStartTransaction", connectorId=2, idTag="TAG")
        assert asked == {"status": "Accepted"}
        await harness.advance(131)
        if payloads(harness, "StartTransaction"):
            assert harness.status(2) == "Charging"
            return False
        await harness.advance(2)
        (start,) = payloads(harness, "StartTransaction")
        assert not payloads(harness, "StopTransaction"), "it is told much later"
        samples = [s for s in payloads(harness, "MeterValues") if s["connectorId"] == 2]
        assert [contexts_of(sample)[0] for sample in samples] == ["Transaction.Begin"]
        values = values_of(samples[0])
        assert (values["SoC"], len(values)) == ("0", 6)
        await harness.advance(50)
        (end,) = payloads(harness, "StopTransaction")
        assert (end["reason"], end["meterStop"]) == ("Other", start["meterStart"])
        assert stamped_s(end) - stamped_s(start) == pytest.approx(0.093)
        *_, finishing = (
            left for left in departures(harness) if left.said == "StatusNotification 2 Finishing"
        )
        assert stamped_s(finishing.payload) - stamped_s(start) == pytest.approx(0.6)
        return (
            statuses(harness, 2) == ["Preparing", "Finishing"] and harness.status(1) == "Charging"
        )


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


async def test_the_first_has_all_the_power_again_once_it_has_failed(quirk: str) -> None:
    async with gresgying(quirk) as harness:
        await charge(harness)
        await harness.submit(Plug(2))
        await harness.ask("RemoteStartTransaction", connectorId=2, idTag="TAG")
        await harness.advance(120)
        shared_w = harness.connector(1).power_w
        await harness.advance(20)
        assert harness.connector(1).power_w > shared_w
