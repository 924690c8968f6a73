"""The power modules that all connectors of a charger share.

One connector alone has the whole pool. While a second one is connecting, a reserve is kept free
for it; once both charge, each has an equal part, and what one cannot take the others may. What
nobody can take is offered all the same, in equal parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Demand:
    """What one connector asks of the cabinet."""

    wanted_w: float
    """The most it could take now; 0 while it does not charge."""
    charging: bool = False
    connecting: bool = False
    """It is about to charge: its part is held free."""


def share(demands: Sequence[Demand], pool_w: float, reserve_w: float) -> list[float]:
    """Power in W that each connector may draw; the sum never exceeds `pool_w`."""
    allowed = [0.0] * len(demands)
    open_ = [i for i, demand in enumerate(demands) if demand.charging]
    if not open_:
        return allowed
    held = reserve_w * sum(demand.connecting and not demand.charging for demand in demands)
    left = max(0.0, pool_w - held)
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
