"""The firmware speaks and answers about once a second.

Hangs on `wire.loop`. Measured, as medians: an answer after 1.07 s, one to a remote start after
2.07 s; a status 1.2 s on its way, a sample 1.6 s; the next transaction message 1.18 s after an
answer, 2.1 s after that to StartTransaction.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.hardware.distribution import Distribution
from sim_core.ocpp16.points import Speech
from sim_core.wire.wire_format import Loop

LOOP = Loop(
    call_s=Distribution(1.22, p10=0.63, p90=1.75, least=0.3, most=3.05).drawn,
    row_s=Distribution(1.6, p10=0.9, p90=2.2, least=0.5, most=3.2).drawn,
    next_row_s=Distribution(1.15, p10=1.1, p90=1.28, least=1.0, most=1.4).drawn,
    answer_s=Distribution(1.07, p10=0.91, p90=1.29, least=0.45, most=2.1).drawn,
    slow_answer_s=Distribution(2.07, p10=1.24, p90=2.25, least=1.1, most=2.4).drawn,
)


def hang(speech: Speech) -> Speech:
    return replace(speech, wire=replace(speech.wire, loop=LOOP))
