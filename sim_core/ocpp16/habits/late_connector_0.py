"""After a boot connector 0 reports a moment after the others.

Hangs on `connector_0_late`. Measured: 120 to 150 ms after them, stamped up to 1 ms before.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import LateConnector0, Speech

LATE = LateConnector0(late_s=0.13, stamped_before_s=0.001)


def hang(speech: Speech) -> Speech:
    return replace(speech, connector_0_late=LATE)
