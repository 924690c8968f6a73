"""What a hard reset ends is told before the link goes."""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points


def hang(points: Points) -> Points:
    return replace(points, speaks_before_hard_reset=True)
