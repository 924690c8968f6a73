"""The firmware speaks and answers about once a second."""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech

TICK_S = 1.0


def hang(speech: Speech) -> Speech:
    return replace(speech, wire=replace(speech.wire, tick_s=TICK_S))
