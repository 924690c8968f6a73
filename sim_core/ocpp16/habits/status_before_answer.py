"""The status that a command causes comes before the answer to that command.

Hangs on `status_before_answer`. Measured: both in the same millisecond.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech


def hang(speech: Speech) -> Speech:
    return replace(speech, status_before_answer=True)
