"""A vehicle that waits too long for its authorisation has gone to sleep.

Hangs on `sleepy_vehicle`. Measured twice: given up 38 s after the MAC and later; Available 0.6 s
after the start, Preparing again 1.3 s after that; the end is stamped 57 to 61 ms after the start,
and sent 8 and 33 s later, once with EVDisconnected and once with Other.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import FailedStart, Points, SleepyVehicle
from sim_core.charging.vocabulary import StopReason

SLEEPY = SleepyVehicle(
    waits_s=30.0,
    noticed_s=0.55,
    shows_s=0.6,
    away_s=1.35,
    reasons=(StopReason.UNPLUGGED, StopReason.OTHER),
    start=FailedStart(ends_s=(0.045, 0.12), told_s=(3.0, 30.0)),
)


def hang(points: Points) -> Points:
    return replace(points, sleepy_vehicle=SLEEPY)
