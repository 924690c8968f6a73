"""With a transaction running, a new connection begins with connector 0 alone.

Hangs on `connectors_late_s`. Measured: the others 1.0 s later.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech

LATE_S = 1.0


def hang(speech: Speech) -> Speech:
    return replace(speech, connectors_late_s=LATE_S)
