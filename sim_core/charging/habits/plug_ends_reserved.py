"""A vehicle that is plugged in ends Reserved, whoever's it is.

Hangs on `plug_ends_reserved`. Measured: Reserved, then Preparing, at the plug.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points


def hang(points: Points) -> Points:
    return replace(points, plug_ends_reserved=True)
