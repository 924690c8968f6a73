"""The first sample comes when the meter's own timer comes round.

Hangs on `first_sample_s`. Measured: 2.8 to 52 s after the start, at an interval of a minute.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Chance, Points

FIRST_S = 2.8
"""The earliest."""


def _whenever(interval_s: float, chance: Chance) -> float | None:
    return chance.uniform(FIRST_S, interval_s) if interval_s > FIRST_S else None


def hang(points: Points) -> Points:
    return replace(points, first_sample_s=_whenever)
