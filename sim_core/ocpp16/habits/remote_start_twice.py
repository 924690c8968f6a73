"""A second RemoteStartTransaction in the first moment is Accepted, with a second Authorize.

Hangs on `second_remote_start_s`. Measured: Accepted 0.79 s after the first, whose own answer was
still on its way; Rejected 3.5 s after.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech

WITHIN_S = 1.0


def hang(speech: Speech) -> Speech:
    return replace(speech, second_remote_start_s=WITHIN_S)
