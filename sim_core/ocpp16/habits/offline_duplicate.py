"""A start that began offline and was answered with id -1 is sent again."""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech


def hang(speech: Speech) -> Speech:
    return replace(speech, repeats_refused_start=True)
