"""The firmware speaks and answers about once a second.

Hangs on `wire.loop`. Measured, as medians: an answer after 1.07 s, one to a remote start after
2.07 s; a status 1.2 s after its stamp, a sample 1.6 s, that of an end 1.8 s, StartTransaction 1.7 s
(0.7 to 3.4 s), of which half a second is the fraction that the clock lacks (`whole_second_clock`);
the next transaction message 1.1 s after an answer, 2.1 s after that to StartTransaction. What
leaves in one turn leaves in one millisecond: Charging with StartTransaction in 9 of 51 starts,
Finishing with its sample in every second end.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.hardware.distribution import Distribution
from sim_core.ocpp16.points import Speech
from sim_core.wire.wire_format import Loop

LOOP = Loop(
    gathering=Distribution(0.47, 0.15, 0.95, 0.05, 2.0).drawn,
    ripe_s=0.3,
    after_boot=Distribution(1.05, 1.04, 1.07, 1.03, 1.1).drawn,
    starting=Distribution(1.35, 0.6, 1.7, 0.35, 2.8).drawn,
    ending=Distribution(1.4, 1.1, 1.9, 0.8, 2.4).drawn,
    telling=Distribution(1.02, 0.47, 1.6, 0.15, 2.4).drawn,
    after_answer=Distribution(1.07, 1.03, 1.15, 1.0, 1.8).drawn,
    after_start=Distribution(2.08, 1.88, 2.2, 1.85, 2.2).drawn,
    answering=Distribution(1.07, 0.91, 1.29, 0.7, 1.5).drawn,
    answering_slowly=Distribution(2.07, 1.24, 2.25, 1.1, 2.4).drawn,
)


def hang(speech: Speech) -> Speech:
    return replace(speech, wire=replace(speech.wire, loop=LOOP))
