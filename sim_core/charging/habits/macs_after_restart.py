"""After a restart of the process vehicles that wait say their MAC anew, and are asked about.

Hangs on `ids_after_restart_s`. Seen once, with two vehicles in Preparing: 3.3 and 10.1 s after
BootNotification, of which about 0.7 s is the loop's turn. AutoCharge had been switched meanwhile.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Chance, Points

FIRST_S, NEXT_S = 2.6, 6.8


def _says(before: int, chance: Chance) -> float:
    return FIRST_S + before * NEXT_S


def hang(points: Points) -> Points:
    return replace(points, ids_after_restart_s=_says)
