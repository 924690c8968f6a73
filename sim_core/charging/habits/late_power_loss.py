"""After a power loss the transaction is charging again for a moment before it ends.

Hangs on `cut_off_shows_s`. Measured: it ends 0.45, 2.9 and 5.8 s after Charging.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points

SHOWS_S = 4.0


def hang(points: Points) -> Points:
    return replace(points, cut_off_shows_s=SHOWS_S)
