"""The energy meter of one outlet: W × t = Wh, in a register that never falls."""

from __future__ import annotations

from typing import NamedTuple

ROUNDING = 1e-6
"""More than sums of floating point numbers lose, less than any meter shows; in any unit."""


class Reading(NamedTuple):
    """What the meter shows at one moment. `power_w` is `voltage_v` × `current_a`, always.

    Every sample makes two of them: a frozen dataclass takes thrice as long.
    """

    register_wh: float
    voltage_v: float = 0.0
    current_a: float = 0.0
    soc_percent: float | None = None
    offered_w: float = 0.0
    temperature_c: float = 25.0

    @property
    def power_w(self) -> float:
        return self.voltage_v * self.current_a


class Meter:
    """Counts energy. The register lasts as long as the charger: it is never set back."""

    def __init__(self, register_wh: float = 0.0) -> None:
        self._register_wh = register_wh

    @property
    def register_wh(self) -> float:
        """Energy that has ever passed, in Wh."""
        return self._register_wh

    def count(self, power_w: float, seconds: float) -> float:
        """Add `power_w` over `seconds` and return the energy in Wh."""
        energy_wh = max(0.0, power_w) * max(0.0, seconds) / 3600
        self._register_wh += energy_wh
        return energy_wh

    def reach(self, register_wh: float) -> None:
        """Stand there now, in Wh: for what is computed from further back than the last look."""
        if register_wh > self._register_wh:
            self._register_wh = register_wh
