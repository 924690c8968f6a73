"""The firmware speaks and answers about once a second.

Hangs on `wire.loop`. Measured, as medians: an answer after 1.07 s, one to a remote start after
2.07 s; the next transaction message 1.1 s after an answer, 2.1 s after that to StartTransaction.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import Speech
from sim_core.wire.wire_format import Loop

LOOP = Loop(tick_s=1.0, gathering=(0.7, 1.3), after_answer=(1.0, 1.1), answering=(1.0, 1.15))


def hang(speech: Speech) -> Speech:
    return replace(speech, wire=replace(speech.wire, loop=LOOP))
