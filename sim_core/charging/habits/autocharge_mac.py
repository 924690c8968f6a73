"""A vehicle's MAC is announced, and asked about beside whatever card is shown meanwhile."""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points


def hang(points: Points) -> Points:
    return replace(points, reads_ids_beside=True)
