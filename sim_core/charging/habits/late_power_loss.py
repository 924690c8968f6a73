"""After a power loss the transaction is charging again for a moment before it ends."""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points

SHOWS_S = 4.0


def hang(points: Points) -> Points:
    return replace(points, cut_off_shows_s=SHOWS_S)
