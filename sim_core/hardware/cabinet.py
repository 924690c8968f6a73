"""The power modules that all connectors of a charger share.

One connector alone has the whole pool. While a second one is connecting, a reserve is kept free
for it; once both charge, each has an equal part, and what one cannot take the others may. What
nobody can take is offered all the same, in equal parts.

A limit from outside may bound the sum (`cap_w`). It is shared in the same way; where it is too
little for all, the first ones are served.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Demand(NamedTuple):
    """What one connector asks of the cabinet. A sample asks for all of them: it is made often."""

    wanted_w: float
    """The most it could take now; 0 while it does not charge."""
    charging: bool = False
    connecting: bool = False
    """It is about to charge: its part is held free."""


def served(demands: Sequence[Demand], cap_w: float | None, least_w: float) -> list[bool]:
    """Whom a limit of the sum leaves something for, where less than `least_w` is of no use."""
    if cap_w is None:
        return [True] * len(demands)
    enough = math.inf if cap_w > 0 else 0.0
    places = cap_w // least_w if least_w > 0 else enough
    result = []
    for demand in demands:
        result.append(not demand.charging or places >= 1)
        places -= demand.charging
    return result


def free_w(demands: Sequence[Demand], pool_w: float, reserve_w: float) -> float:
    """What the pool has left for those that charge."""
    held = sum(demand.connecting and not demand.charging for demand in demands)
    return max(0.0, pool_w - reserve_w * held)


def share(
    demands: Sequence[Demand], pool_w: float, reserve_w: float, cap_w: float | None = None
) -> list[float]:
    """Power in W that each connector may draw; the sum exceeds neither `pool_w` nor `cap_w`."""
    allowed = [0.0] * len(demands)
    open_ = [i for i, demand in enumerate(demands) if demand.charging]
    if not open_:
        return allowed
    left = free_w(demands, pool_w, reserve_w)
    if cap_w is not None:
        left = min(left, cap_w)
    while open_:
        part = left / len(open_)
        modest = [i for i in open_ if demands[i].wanted_w <= part]
        if not modest:
            for i in open_:
                allowed[i] = part
            break
        for i in modest:
            allowed[i] = demands[i].wanted_w
            left -= demands[i].wanted_w
            open_.remove(i)
    else:
        charging = [i for i, demand in enumerate(demands) if demand.charging]
        for i in charging:
            allowed[i] += left / len(charging)
    return allowed
