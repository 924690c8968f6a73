"""While another connector is busy too, every other sample is late."""

from __future__ import annotations

import itertools
from datetime import datetime

from sim_core.commands import Plug
from tests.harness import Harness
from tests.quirks.acts import charge, contexts_of, gresgying, payloads


def gaps(harness: Harness) -> set[float]:
    """Seconds between the stamps of connector 1's samples."""
    stamps = [
        datetime.fromisoformat(sample["meterValue"][0]["timestamp"].replace("Z", "+00:00"))
        for sample in payloads(harness, "MeterValues")
        if sample["connectorId"] == 1 and set(contexts_of(sample)) == {"Sample.Periodic"}
    ]
    return {round((b - a).total_seconds(), 3) for a, b in itertools.pairwise(stamps)}


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, keys={"MeterValueSampleInterval": "30"}) as harness:
        await charge(harness)
        await harness.advance(301)
        assert gaps(harness) == {30.0}, "alone it is exact"
        await harness.submit(Plug(2))
        harness.csms.clear()
        await harness.advance(301)
        late = {gap - 30 for gap in gaps(harness)} - {0.0}
        assert all(1 <= seconds <= 4 for seconds in late)
        return len(late) > 1


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
