"""The power that is offered lags what is drawn, in steps.

Hangs on `offered`, as one way of several, on `measurands`, and on `even_ticks`. Measured: 0, 10, 20
… 60 kW, 10 to 15 s behind; the end of a transaction says nothing of it in 8 of 51: 3 of 4 after a
power loss, 1 of 15 whose vehicle had ended it, 4 of 4 while a charging profile limited.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Chance, Measurands, Occasion, OfferedFacts, OfferedTold, Points
from sim_core.charging.vocabulary import Context, StopReason

OFTEN = 8
LAG_TICKS, STEP_W, NEARLY_ALL = 12, 10_000, 0.9
OFFERED = "Power.Offered"
UNTOLD: dict[StopReason | None, float] = {StopReason.POWER_LOSS: 3 / 4, StopReason.OTHER: 1 / 15}
"""How often an end for this reason says nothing of it, where no charging profile limits."""


def _lagging(facts: OfferedFacts) -> float:
    before_w = facts.trace_w[-LAG_TICKS] if len(facts.trace_w) >= LAG_TICKS else 0.0
    steps_w = round(before_w / STEP_W) * STEP_W
    all_of_it = before_w >= NEARLY_ALL * facts.most_w
    return round(facts.most_w if all_of_it else min(steps_w, facts.most_w), -3)


def _not_at_every_end(
    measurands: Measurands, context: Context, occasion: Occasion, chance: Chance
) -> Measurands:
    if context is not Context.END:
        return measurands
    share = 1.0 if occasion.limited else UNTOLD.get(occasion.reason, 0.0)
    if chance.random() >= share:
        return measurands
    return tuple(name for name in measurands if name != OFFERED)


def hang(points: Points) -> Points:
    return replace(
        points,
        offered=(*points.offered, OfferedTold(OFTEN, _lagging)),
        measurands=_not_at_every_end,
        even_ticks=True,
    )
