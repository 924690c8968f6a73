"""After a boot connector 0 reports a moment after the others."""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech

LATE_S = 0.13


def hang(speech: Speech) -> Speech:
    return replace(speech, connector_0_late_s=LATE_S)
