"""Slashes are escaped and letters are not, as the C library json-c writes them.

Hangs on `wire.json_c`. Measured: in every frame that has such a character.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech


def hang(speech: Speech) -> Speech:
    return replace(speech, wire=replace(speech.wire, json_c=True))
