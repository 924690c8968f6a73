"""Uploads and updates are answered, and never spoken of again.

Hangs on `mute_transfers`. Measured: an update without a date is taken, diagnostics of any time have
a file name, and no status of either was ever sent.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech


def hang(speech: Speech) -> Speech:
    return replace(speech, mute_transfers=True)
