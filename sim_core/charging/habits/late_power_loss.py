"""After a power loss the transaction is charging again for a moment before it ends.

Hangs on `cut_off_shows_s` and `cut_off_sample_s`. Measured: a sample of 0 V, stamped 1.5 s before
BootNotification; Charging a second after the answer to that, two where another charges before it;
the end 0.45, 2.9 and 5.8 s after Charging.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Chance, Points

CHARGING_S = 1.0
"""How long the firmware takes at each connector that charges before it shows."""
SHOWS_S = (0.45, 5.8)
SAMPLE_S = 0.45
"""A second before BootNotification it dials."""


def _shows(before: int, chance: Chance) -> float:
    return (before + 1) * CHARGING_S + chance.uniform(*SHOWS_S)


def hang(points: Points) -> Points:
    return replace(points, cut_off_shows_s=_shows, cut_off_sample_s=SAMPLE_S)
