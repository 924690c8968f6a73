"""A session from the plug to the unplug, as a person or a CSMS would drive it."""

from __future__ import annotations

from sim_core.commands import Accepted, Plug, Refused, Start, Stop, Unplug
from tests.pair import Pair


async def test_the_whole_way_from_available_to_available() -> None:
    async with Pair(keys={"MeterValueSampleInterval": "10"}) as pair:
        assert pair.csms.actions() == [
            "BootNotification",
            "StatusNotification 0 Available",
            "StatusNotification 1 Available",
            "StatusNotification 2 Available",
        ]
        pair.csms.clear()
        assert await pair.submit(Plug(1)) == Accepted()
        assert isinstance(await pair.submit(Start(1, "TAG")), Accepted)
        assert pair.status() == "Charging"
        await pair.advance(30)
        assert await pair.submit(Stop(1)) == Accepted()
        assert pair.status() == "Finishing"
        assert await pair.submit(Unplug(1)) == Accepted()
        assert pair.csms.actions() == [
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
        samples = [call.payload for call in pair.csms.of("MeterValues")]
        registers = [int(s["meterValue"][0]["sampledValue"][0]["value"]) for s in samples]
        assert 0 < registers[0] < registers[1] < registers[2]
        assert {s["transactionId"] for s in samples} == {1000}
        stop = pair.csms.of("StopTransaction")[0].payload
        assert stop["transactionId"] == 1000
        assert stop["reason"] == "Local"
        assert stop["meterStop"] >= registers[2]


async def test_a_refusal_is_a_sentence() -> None:
    async with Pair() as pair:
        assert await pair.submit(Start(2)) == Refused("connector 2 has no vehicle: plug in first")
