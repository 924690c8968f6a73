"""A new HeartbeatInterval counts from the last Heartbeat or BootNotification, not from its change.

Hangs on `heartbeat_from_last`. Measured: 600 s set 284 s after BootNotification, and the Heartbeat
came 599.9 s after that; 601.7 and 602.7 s elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech


def hang(speech: Speech) -> Speech:
    return replace(speech, heartbeat_from_last=True)
