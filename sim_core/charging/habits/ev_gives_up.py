"""A vehicle that waits too long for its authorisation has gone to sleep."""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points

WAITS_S = 30.0


def hang(points: Points) -> Points:
    return replace(points, vehicle_gives_up_s=WAITS_S)
