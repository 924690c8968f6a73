"""The register at begin and end comes from a number of kWh that is cut off.

Hangs on `whole_wh`. Measured: 128033 Wh where a sample says 128.034 kWh.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points


def _cut_off(register_wh: float) -> int:
    return int(int(register_wh) / 1000 * 1000.0)


def hang(points: Points) -> Points:
    return replace(points, whole_wh=_cut_off)
