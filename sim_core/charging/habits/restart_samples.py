"""A process that has restarted reads the meters at once, and counts the interval from there.

Hangs on `restart_sample_s`. Measured: the sample is stamped 1.5 to 2.2 s before BootNotification,
which follows the open socket after `boot_s`, by a clock that is up to a second behind.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points

BEFORE_S = 0.3


def hang(points: Points) -> Points:
    return replace(points, restart_sample_s=BEFORE_S)
