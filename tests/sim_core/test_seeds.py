"""SEED repeats what is left to chance, and no two charge points of one SEED dial in step."""

from __future__ import annotations

from sim_core.wire.pauses import FIRST_PAUSE_S, SPREAD
from tests.harness import Harness

LONGEST_S = 30.0


async def pauses(charge_point_id: str, count: int = 8) -> list[float]:
    """Between attempts to reach a CSMS that is gone."""
    found: list[float] = []
    async with Harness(charge_point_id=charge_point_id) as harness:
        link = harness.station.link
        await harness.csms.stop()
        await harness.settle()
        while len(found) < count:
            assert link.retry_at is not None
            found.append((link.retry_at - harness.clock.now()).total_seconds())
            await harness.advance(found[-1] + 0.001)
    return found


async def test_the_same_charge_point_with_the_same_seed_waits_as_long_again() -> None:
    first = await pauses("CP01")
    assert first == await pauses("CP01")
    for nth, pause_s in enumerate(first):
        longest_s = min(LONGEST_S, FIRST_PAUSE_S * 2**nth)
        assert longest_s * SPREAD[0] <= pause_s <= longest_s * SPREAD[1]


async def test_charge_points_of_one_seed_do_not_come_back_in_step() -> None:
    one, other = await pauses("CP01"), await pauses("CP02")
    assert all(mine != theirs for mine, theirs in zip(one, other, strict=True))
