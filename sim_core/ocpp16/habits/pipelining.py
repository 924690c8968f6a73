"""Two calls are open at a time, and after a while one no longer counts as open.

Hangs on `wire.open_calls` and `wire.patience_s`. Measured: 139 of 1001 calls left while another was
open, never more than 2.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech

OPEN_CALLS = 2
PATIENCE_S = 3.0


def hang(speech: Speech) -> Speech:
    return replace(speech, wire=replace(speech.wire, open_calls=OPEN_CALLS, patience_s=PATIENCE_S))
