"""Every BootNotification sets the clock to a whole second.

Hangs on `whole_seconds`. Measured: 27.262131 s in the answer, 27.011 s in the next stamp.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech


def hang(speech: Speech) -> Speech:
    return replace(speech, whole_seconds=True)
