"""Now and then a sample comes just before the start of its transaction.

Hangs on `early_sample_s`. Measured: 4 of 62 starts.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Chance, Points

SHARE, EARLY_S = 4 / 62, (1.1, 1.9)
"""How often, and how long before."""


def _early(start_in_s: float, chance: Chance) -> float | None:
    if chance.random() >= SHARE:
        return None
    return max(0.0, start_in_s - chance.uniform(*EARLY_S))


def hang(points: Points) -> Points:
    return replace(points, early_sample_s=_early)
