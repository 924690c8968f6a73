"""What a make tells of its offered power: a habit is chosen for a transaction and stays with it."""

from __future__ import annotations

from sim_core.commands import Stop, Unplug
from tests.conformance.acts import charge
from tests.harness import Harness

QUIRKS = "erratic_power_offered,rated_power_offered,watts_power_offered"
METAL = "gresgying-f3-eu180"


async def test_a_habit_lasts_as_long_as_its_transaction_and_another_may_have_another() -> None:
    async with Harness(model=METAL, quirks=QUIRKS) as harness:
        seen = set()
        for _ in range(12):
            await charge(harness)
            await harness.advance(30)
            connector = harness.station.charger.connectors[1]
            offers = [harness.station.charger.readings.of(connector).offered_w for _ in range(20)]
            assert len(set(offers)) == 1, "at one moment of one transaction it is one value"
            seen.add(offers[0])
            await harness.submit(Stop(1))
            assert harness.station.charger.readings.of(connector).offered_w == 0
            await harness.submit(Unplug(1))
        assert len(seen) > 1


async def test_without_the_habit_it_is_what_the_metal_offers() -> None:
    async with Harness(model=METAL) as harness:
        await charge(harness)
        await harness.advance(30)
        connector = harness.station.charger.connectors[1]
        assert harness.station.charger.readings.of(connector) == connector.metal.reading()
