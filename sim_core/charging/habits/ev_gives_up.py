"""A vehicle that waits too long for its authorisation has gone to sleep.

Hangs on `sleepy_vehicle`. Measured twice: given up 38 s after the MAC and later; Available 0.6 s
after the start, Preparing again 1.3 s after that; the end is stamped 57 to 61 ms after the start.
At 38 s it was sent 33 s later with Other, at 53 s 8 s later with EVDisconnected: which of the two,
and when, is taken to follow from how long the vehicle sleeps.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import FailedStart, Points, SleepyVehicle

SLEEPY = SleepyVehicle(
    waits_s=30.0,
    noticed_s=0.55,
    shows_s=0.6,
    away_s=1.35,
    light_s=15.0,
    light=FailedStart(ends_s=(0.045, 0.12), told_s=(25.0, 32.0)),
    deep=FailedStart(ends_s=(0.045, 0.12), told_s=(3.0, 6.0)),
)


def hang(points: Points) -> Points:
    return replace(points, sleepy_vehicle=SLEEPY)
