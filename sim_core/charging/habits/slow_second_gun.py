"""A remote start beside a charging connector takes very long, and comes to nothing.

Hangs on `second_start`; how often it happens is `second_gun_share` in the model's file. Measured:
once, 132 s to the start, and 50 s from there to the end.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points, VainStart

IN_VAIN = VainStart(takes_s=132.0, remote_s=40.0, silent_s=50.0)


def hang(points: Points) -> Points:
    return replace(points, second_start=IN_VAIN)
