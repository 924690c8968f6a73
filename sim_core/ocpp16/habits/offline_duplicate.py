"""A start that began offline and was answered with id -1 is sent again, and its stop never.

Hangs on `repeated_start`. Measured twice, both transactions had ended before the link came back:
samples without an id, the start twice, one more sample of 6 values that says Transaction.Begin with
the moment of the begin and the register of the end, and no stop.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.ocpp16.points import RepeatedStart, Speech

REPEATED = RepeatedStart(untold=frozenset({"Power.Offered"}))


def hang(speech: Speech) -> Speech:
    return replace(speech, repeated_start=REPEATED)
