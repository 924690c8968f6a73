"""A vehicle that is plugged in ends Reserved, whoever's it is."""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points


def hang(points: Points) -> Points:
    return replace(points, plug_ends_reserved=True)
