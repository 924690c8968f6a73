"""A simulated day of the twin beside the times of the metal."""

from __future__ import annotations

import pytest

from tests.twin.day import METAL, Day, differing, figures, table


@pytest.mark.parametrize("seed", [11, 12])
async def test_a_day_of_the_twin_is_as_one_of_the_metal(seed: int) -> None:
    """A fast share of `python -m tests.twin.day`: a third of its sessions."""
    seen = await Day(seed, sessions=12).run()
    assert differing(seen) == {}, table(seen)
    assert len(figures(seen).keys() & METAL.keys()) >= len(METAL) - 2, "rare figures may be missing"


async def test_a_day_of_another_make_is_not() -> None:
    seen = await Day(1, sessions=4).run()
    late = {**seen, "other answers, s": [took_s + 0.3 for took_s in seen["other answers, s"]]}
    ramp = "samples on a stair of the ramp, share"
    late["other answers, s"] *= 4  # as many as a day has
    assert {"other answers, s", ramp} <= differing({**late, ramp: [0.0] * 20}).keys()
    assert "! median" in table({**late, ramp: [0.0] * 20})
