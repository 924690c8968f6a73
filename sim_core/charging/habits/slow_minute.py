"""A sample interval of a minute is a little longer.

Hangs on `sample_interval_s`, before what others have hung there: such an interval is not late
besides. Measured: 61.82 to 61.84 s in place of 60; 10 and 30 s are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sim_core.charging.points import Chance, Points

MINUTE_S, SLOW_S = 60.0, 61.83


def hang(points: Points) -> Points:
    before = points.sample_interval_s

    def slow(interval_s: float, others_busy: Callable[[], bool], chance: Chance) -> float:
        if interval_s >= MINUTE_S:
            return interval_s * SLOW_S / MINUTE_S
        return before(interval_s, others_busy, chance)

    return replace(points, sample_interval_s=slow)
