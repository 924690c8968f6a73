"""The firmware finds a moment later that a transaction has ended.

Hangs on `after_end_s`. Measured: Finishing, or Available after an unplug, is stamped 0.31 to 0.90 s
after Transaction.End, 0.47 s as median, 43 times of 43.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.hardware.distribution import Distribution
from sim_core.ocpp16.points import Speech

FOUND_S = Distribution(0.47, 0.36, 0.7, 0.31, 0.9).drawn


def hang(speech: Speech) -> Speech:
    return replace(speech, after_end_s=FOUND_S)
