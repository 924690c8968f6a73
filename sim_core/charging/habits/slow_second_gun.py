"""A remote start beside a charging connector takes very long, and comes to nothing.

Hangs on `second_start`; how often it happens is `second_gun_share` in the model's file. Measured:
seen once, so these are its figures and no rule. 132 s to the start; then it is a failed start as
others are: Finishing 0.6 s after it, a sample of the begin without SoC and Power.Offered, none of
the end, and the end is stamped 93 ms after the begin and sent 50 s after it.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import FailedStart, Points, VainStart

IN_VAIN = VainStart(
    takes_s=132.0,
    remote_s=40.0,
    shows_s=0.6,
    start=FailedStart(
        ends_s=(0.093, 0.093), told_s=(45.5, 45.5), untold=frozenset({"Power.Offered"})
    ),
)


def hang(points: Points) -> Points:
    return replace(points, second_start=IN_VAIN)
