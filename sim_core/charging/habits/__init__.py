"""What makes do that the text of OCPP does not have in mind: one module a habit.

Each hangs on named points (`charging.points`) and bears the name of its switch in the model's file.
Its `hang` takes the points as they are and gives them back as this make has them. Habits of the
protocol's side have a room of their own beside the protocol.
"""

from __future__ import annotations

from functools import lru_cache

from sim_core.charging.hanging import hung
from sim_core.charging.points import AS_WRITTEN, Points
from sim_core.hardware.model import Quirks


@lru_cache(maxsize=64)
def points_of(quirks: Quirks) -> Points:
    """The points of a charger with these quirks. Charge points of one make share them."""
    return hung(AS_WRITTEN, quirks, __name__, __path__)
