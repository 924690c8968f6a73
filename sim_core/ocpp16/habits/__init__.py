"""What makes say that the text of OCPP does not have in mind: one module a habit.

Each hangs on named points (`ocpp16.points`) and bears the name of its switch in the model's file.
Its `hang` takes the points as they are and gives them back as this make has them. Habits of what a
charger does are in `charging.habits`.
"""

from __future__ import annotations

from functools import lru_cache

from sim_core.charging.hanging import hung
from sim_core.hardware.model import Quirks
from sim_core.ocpp16.points import AS_WRITTEN, Speech


@lru_cache(maxsize=64)
def speech_of(quirks: Quirks) -> Speech:
    """The points of a charge point with these quirks. Charge points of one make share them."""
    return hung(AS_WRITTEN, quirks, __name__, __path__)
