"""Another card during a transaction is asked about, although it cannot stop it."""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points


def hang(points: Points) -> Points:
    return replace(points, asks_for_any_card=True)
