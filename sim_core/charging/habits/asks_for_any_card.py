"""Another card during a transaction is asked about, although it cannot stop it.

Hangs on `asks_for_any_card`. Measured: the card of the transaction is not asked about; another one
is, and where it is Invalid the session goes on.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Points


def hang(points: Points) -> Points:
    return replace(points, asks_for_any_card=True)
