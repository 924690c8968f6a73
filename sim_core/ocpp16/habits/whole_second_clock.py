"""Every BootNotification sets the clock to a whole second.

Hangs on `whole_seconds` and `first_stamp_s`. Measured: 27.262131 s in the answer, 27.011 s in the
next stamp, which is always 11 to 69 ms behind the second.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Chance
from sim_core.ocpp16.points import Speech

FIRST_S = (0.011, 0.069)


def _first(chance: Chance) -> float:
    return chance.uniform(*FIRST_S)


def hang(speech: Speech) -> Speech:
    return replace(speech, whole_seconds=True, first_stamp_s=_first)
