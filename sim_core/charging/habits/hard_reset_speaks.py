"""What a hard reset ends is told before the link goes.

Hangs on `speaks_before_hard_reset`. Measured: StopTransaction 6 s after the answer, the end of the
link 17 s after it.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points


def hang(points: Points) -> Points:
    return replace(points, speaks_before_hard_reset=True)
