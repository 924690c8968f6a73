"""The power that is offered is the rating, whatever is given.

Hangs on `offered`, as one way of several. Measured: 180 for as long as it charged.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import OfferedTold, Points

OFTEN = 3


def hang(points: Points) -> Points:
    told = OfferedTold(OFTEN, lambda facts: facts.rated_w)
    return replace(points, offered=(*points.offered, told))
