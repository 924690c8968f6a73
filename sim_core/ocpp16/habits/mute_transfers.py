"""Uploads and updates are answered, and never spoken of again."""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech


def hang(speech: Speech) -> Speech:
    return replace(speech, mute_transfers=True)
