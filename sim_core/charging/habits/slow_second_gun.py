"""A remote start beside a charging connector takes very long, and comes to nothing."""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points

TAKES_S = 132.0


def hang(points: Points) -> Points:
    return replace(points, second_start_s=TAKES_S)
