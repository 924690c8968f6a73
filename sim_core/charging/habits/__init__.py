"""What makes do that the text of OCPP does not have in mind: one module a habit.

Each hangs on named points (`charging.points`) and bears the name of its switch in the model's file.
Habits of the protocol's side have a room of their own beside the protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from sim_core.charging.habits import (
    asks_for_any_card,
    autocharge_mac,
    below_profile,
    busy_samples,
    early_samples,
    erratic_power_offered,
    ev_gives_up,
    free_running_samples,
    frozen_samples,
    hard_reset_speaks,
    late_clock_samples,
    late_power_loss,
    plug_ends_reserved,
    rated_power_offered,
    slow_minute,
    slow_second_gun,
    truncated_meter_stop,
    two_entry_stop_data,
    vendor_faults,
    watts_power_offered,
)
from sim_core.charging.points import AS_WRITTEN, Points
from sim_core.hardware.model import Quirks

HABITS: dict[str, Callable[[Points], Points]] = {
    "asks_for_any_card": asks_for_any_card.hang,
    "autocharge_mac": autocharge_mac.hang,
    "below_profile": below_profile.hang,
    "busy_samples": busy_samples.hang,
    "early_samples": early_samples.hang,
    "erratic_power_offered": erratic_power_offered.hang,
    "ev_gives_up": ev_gives_up.hang,
    "free_running_samples": free_running_samples.hang,
    "frozen_samples": frozen_samples.hang,
    "hard_reset_speaks": hard_reset_speaks.hang,
    "late_clock_samples": late_clock_samples.hang,
    "late_power_loss": late_power_loss.hang,
    "plug_ends_reserved": plug_ends_reserved.hang,
    "rated_power_offered": rated_power_offered.hang,
    "slow_minute": slow_minute.hang,
    "slow_second_gun": slow_second_gun.hang,
    "truncated_meter_stop": truncated_meter_stop.hang,
    "two_entry_stop_data": two_entry_stop_data.hang,
    "vendor_faults": vendor_faults.hang,
    "watts_power_offered": watts_power_offered.hang,
}
"""By the name of the switch, in the order in which they are hung: of two on one point the later one
decides first."""


@lru_cache(maxsize=64)
def points_of(quirks: Quirks) -> Points:
    """The points of a charger with these quirks. Charge points of one make share them."""
    points = AS_WRITTEN
    for name, hang in HABITS.items():
        if getattr(quirks, name):
            points = hang(points)
    return points
