"""The make's own fault codes strike as they do on the metal."""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points


def hang(points: Points) -> Points:
    return replace(points, own_fault_codes=True)
