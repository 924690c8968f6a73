"""Under a charging profile the power keeps a distance from the limit."""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points

SHARE = 0.953
"""Of the limit."""


def hang(points: Points) -> Points:
    return replace(points, profile_share=SHARE)
