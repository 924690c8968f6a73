"""After its process has restarted in mid-session voltage and current stand still for a while.

Hangs on `frozen_s`. Seen once, over several restarts: 5 minutes; register and SoC moved meanwhile.
After a loss of the network nothing stood still.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points

FROZEN_S = 300.0


def hang(points: Points) -> Points:
    return replace(points, frozen_s=FROZEN_S)
