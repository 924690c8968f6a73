"""Under a charging profile the power keeps a distance from the limit.

Hangs on `profile_share`. Measured: 14.2 to 14.5 kW of 15, 42.8 to 43.1 kW of 45.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points

SHARE = 0.953
"""Of the limit."""


def hang(points: Points) -> Points:
    return replace(points, profile_share=SHARE)
