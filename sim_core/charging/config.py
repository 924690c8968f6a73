"""What a charge point is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim_core.hardware.model import Model, Quirks, Timing
from sim_core.hardware.vehicle import Garage

NO_QUIRKS = Quirks()


@dataclass(frozen=True)
class ChargePointConfig:
    """One charge point, as the options and the model's file describe it."""

    charge_point_id: str
    model: Model
    timing: Timing
    connectors: int
    initial_keys: dict[str, str]
    """Settings that differ from the make's, under the names of the protocol."""
    garage: Garage
    """The vehicles that may arrive; at least one."""
    default_id_tag: str = "MY_TAG"
    """The card that is shown where none is named."""
    meter_start_wh: int = 0
    constant_power_w: float | None = None
    noise: float | None = None
    """The share of the current that may be missing; None: the power wavers as the model says."""
    time_scale: float = 1.0
    """How fast time passes here against the CSMS's."""
    quirks: Quirks = NO_QUIRKS
    own_keys: Mapping[str, str] = field(default_factory=dict)
    """Configuration keys that tell what is so at this charge point only, where people have not set
    them: what the others have alike is made once for all of them."""
    cabinets_c: Mapping[int, float] = field(default_factory=dict)
    """By connector how warm it is around it at first, where that is known."""
