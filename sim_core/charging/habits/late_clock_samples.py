"""Samples by the clock are taken some tenths of a second after it, one after the other.

Hangs on `aligned_late_s` and `aligned_apart_s`. Measured: 0.175 to 0.805 s after the clock, the
second connector 3 ms after the first.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Chance, Points

LATE_S = (0.175, 0.805)
APART_S = 0.003


def _late(chance: Chance) -> float:
    return chance.uniform(*LATE_S)


def hang(points: Points) -> Points:
    return replace(points, aligned_late_s=_late, aligned_apart_s=APART_S)
