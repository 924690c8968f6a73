"""After a reconnect in mid-session voltage and current stand still for a while.

Hangs on `frozen_s`. Measured: once, 5 minutes; register and SoC moved meanwhile.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points

FROZEN_S = 300.0


def hang(points: Points) -> Points:
    return replace(points, frozen_s=FROZEN_S)
