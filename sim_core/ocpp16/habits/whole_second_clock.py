"""Every BootNotification sets the clock to a whole second."""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech


def hang(speech: Speech) -> Speech:
    return replace(speech, whole_seconds=True)
