"""With a transaction running, a new connection begins with connector 0, and the firmware spends a
second at each connector that charges.

Hangs on `connectors_late_s`. Measured: with a transaction on 2, connector 1 together with connector
0 and connector 2 a second later; with one on both, 1 s and 2 s later.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech

LATE_S = 1.0


def hang(speech: Speech) -> Speech:
    return replace(speech, connectors_late_s=LATE_S)
