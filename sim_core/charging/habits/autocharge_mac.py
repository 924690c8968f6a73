"""A vehicle's MAC is announced, and asked about beside whatever card is shown meanwhile.

Hangs on `ids_beside_s`. The switch also sets the key AutoCharge, in the model's file. Measured: the
announcement and Authorize in the same millisecond; none where a card came well before the MAC.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points

BESIDE_S = 1.0
"""So long after a card was accepted the part of the firmware that reads MACs may not know it."""


def hang(points: Points) -> Points:
    return replace(points, ids_beside_s=BESIDE_S)
