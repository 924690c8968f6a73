"""SuspendedEV and SuspendedEVSE are never said.

Hangs on `status`. Measured: in none of 402 reports.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech
from sim_core.ocpp16.status import Status

SUSPENDED = frozenset({Status.SUSPENDED_EV, Status.SUSPENDED_EVSE})


def _charging(status: Status) -> Status:
    return Status.CHARGING if status in SUSPENDED else status


def hang(speech: Speech) -> Speech:
    return replace(speech, status=_charging)
