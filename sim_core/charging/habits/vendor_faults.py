"""The make's own fault codes strike as they do on the metal.

Hangs on `own_faults`; which codes there are, and whom each strikes, is `[faults]` of the model's
file. Measured: a fault that is found at a start shows for 2.7 to 3.3 s; the end of that start is
stamped 45 to 121 ms after it, and sent 7 to 42 s later.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import FailedStart, OwnFaults, Points

FAULTS = OwnFaults(passes_s=3.0, start=FailedStart(ends_s=(0.045, 0.12), told_s=(3.0, 30.0)))


def hang(points: Points) -> Points:
    return replace(points, own_faults=FAULTS)
