"""The power that is offered is in W, and says kW.

Hangs on `offered`, as one way of several. Measured: 59402, 59446, 59512.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import OfferedFacts, OfferedTold, Points

OFTEN = 1


def _a_thousandfold(facts: OfferedFacts) -> float:
    return round(facts.power_w) * 1000.0


def hang(points: Points) -> Points:
    return replace(points, offered=(*points.offered, OfferedTold(OFTEN, _a_thousandfold)))
