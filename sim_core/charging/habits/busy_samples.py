"""While another connector is busy too, every other sample is late.

Hangs on `sample_interval_s`, before what others have hung there. Measured: 31 to 34 s in place of
30.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sim_core.charging.points import Chance, Points

SHARE, LATE_S = 0.5, (1.0, 4.0)
"""How often, and by how much."""
LEAST_S = 30.0
"""Of shorter intervals nobody has seen it."""


def hang(points: Points) -> Points:
    before = points.sample_interval_s

    def late(interval_s: float, others_busy: Callable[[], bool], chance: Chance) -> float:
        usual_s = before(interval_s, others_busy, chance)
        if interval_s < LEAST_S or not others_busy() or chance.random() >= SHARE:
            return usual_s
        return usual_s + chance.uniform(*LATE_S)

    return replace(points, sample_interval_s=late)
