"""A long interval of heartbeats is a little longer: the clock of the make is slow.

Hangs on `heartbeat_s`. Measured: 602.4 to 602.8 s in place of 600; 300 s are exact.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Chance
from sim_core.ocpp16.points import Speech

LONG_S = 600
LATE_SHARE = (2.4 / 600, 2.8 / 600)


def _late(interval_s: float, chance: Chance) -> float:
    return interval_s * (1 + chance.uniform(*LATE_SHARE)) if interval_s >= LONG_S else interval_s


def hang(speech: Speech) -> Speech:
    return replace(speech, heartbeat_s=_late)
