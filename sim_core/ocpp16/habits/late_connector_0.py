"""After a boot connector 0 reports a moment after the others.

Hangs on `connector_0_late`. Measured: 120 to 150 ms after them, stamped up to 1 ms before.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Chance
from sim_core.ocpp16.points import LateConnector0, Speech

LATE_S = (0.12, 0.15)


def _late(chance: Chance) -> float:
    return chance.uniform(*LATE_S)


LATE = LateConnector0(late_s=_late, stamped_before_s=0.001)


def hang(speech: Speech) -> Speech:
    return replace(speech, connector_0_late=LATE)
