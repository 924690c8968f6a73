"""While a card waits for the plug, the same Preparing is said again and again.

Hangs on `preparing_again_s`. Measured: every 10.0 s.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech

AGAIN_S = 10.0


def hang(speech: Speech) -> Speech:
    return replace(speech, preparing_again_s=AGAIN_S)
