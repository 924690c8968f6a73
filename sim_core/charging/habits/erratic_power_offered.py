"""The power that is offered lags what is drawn, in steps.

Hangs on `offered`, as one way of several, on `measurands`, and on `even_ticks`. Measured: 0, 10, 20
… 60 kW, 10 to 15 s behind; the end of a transaction says nothing of it in 8 of 51.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Measurands, OfferedFacts, OfferedTold, Points
from sim_core.charging.vocabulary import Context

OFTEN = 8
LAG_TICKS, STEP_W, NEARLY_ALL = 12, 10_000, 0.9
OFFERED = "Power.Offered"


def _lagging(facts: OfferedFacts) -> float:
    before_w = facts.trace_w[-LAG_TICKS] if len(facts.trace_w) >= LAG_TICKS else 0.0
    steps_w = round(before_w / STEP_W) * STEP_W
    all_of_it = before_w >= NEARLY_ALL * facts.most_w
    return round(facts.most_w if all_of_it else min(steps_w, facts.most_w), -3)


def _not_at_a_limited_end(measurands: Measurands, context: Context, limited: bool) -> Measurands:
    if context is Context.END and limited:
        return tuple(name for name in measurands if name != OFFERED)
    return measurands


def hang(points: Points) -> Points:
    return replace(
        points,
        offered=(*points.offered, OfferedTold(OFTEN, _lagging)),
        measurands=_not_at_a_limited_end,
        even_ticks=True,
    )
