"""What stands at the other end of the cable: a battery with a charging curve.

Pack voltage follows from the state of charge and the current (`V = V0(SoC) + R·I`), so that power
and current determine each other in one place and W = V × A holds by construction.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class VehicleType:
    """A make of vehicle. `curve` is (SoC in percent, most power in W), rising in SoC."""

    name: str
    battery_wh: float
    curve: tuple[tuple[float, float], ...]
    max_current_a: float
    empty_v: float
    full_v: float
    resistance_ohm: float
    arrives_at_percent: float = 22.0
    full_at_percent: float = 100.0
    vid: str | None = None
    """The EV's MAC as some chargers read it: `VID:` and 12 hexadecimal digits."""


class Vehicle:
    """One vehicle, with the charge that is in its battery."""

    def __init__(self, kind: VehicleType, stored_wh: float | None = None) -> None:
        """`stored_wh` is what is in its battery; without it, what it arrives with."""
        self.kind = kind
        self._stored_wh = kind.battery_wh * kind.arrives_at_percent / 100
        if stored_wh is not None:
            self._stored_wh = min(kind.battery_wh, stored_wh)

    @property
    def stored_wh(self) -> float:
        """Energy in its battery."""
        return self._stored_wh

    @property
    def soc_percent(self) -> float:
        """State of charge, 0 to 100."""
        return 100 * self._stored_wh / self.kind.battery_wh

    @property
    def full(self) -> bool:
        """Whether it wants no more."""
        return self.soc_percent >= self.kind.full_at_percent

    @property
    def open_circuit_v(self) -> float:
        """Pack voltage while no current flows."""
        kind = self.kind
        return kind.empty_v + (kind.full_v - kind.empty_v) * self.soc_percent / 100

    def wanted_power_w(self) -> float:
        """The most that the battery would take now, by its curve and its largest current."""
        if self.full:
            return 0.0
        current = self.kind.max_current_a
        by_current = current * (self.open_circuit_v + self.kind.resistance_ohm * current)
        return min(self._by_curve(), by_current)

    def current_for(self, power_w: float) -> float:
        """The current in A at which the pack takes `power_w`: the root of R·I² + V0·I = P."""
        if power_w <= 0:
            return 0.0
        v0, r = self.open_circuit_v, self.kind.resistance_ohm
        return 2 * power_w / (v0 + math.sqrt(v0 * v0 + 4 * r * power_w))

    def voltage_at(self, current_a: float) -> float:
        """Pack voltage in V while `current_a` flows."""
        return self.open_circuit_v + self.kind.resistance_ohm * current_a

    def store(self, energy_wh: float) -> None:
        """Take up energy; what does not fit is lost as heat."""
        self._stored_wh = min(self.kind.battery_wh, self._stored_wh + energy_wh)

    def _by_curve(self) -> float:
        curve, soc = self.kind.curve, self.soc_percent
        if soc <= curve[0][0]:
            return curve[0][1]
        for (soc0, w0), (soc1, w1) in itertools.pairwise(curve):
            if soc <= soc1:
                return w0 + (w1 - w0) * (soc - soc0) / (soc1 - soc0)
        return curve[-1][1]


GARAGE: tuple[VehicleType, ...] = (
    VehicleType(
        name="Compact 60",
        battery_wh=60_000,
        curve=((0, 55_000), (10, 62_000), (55, 62_000), (80, 40_000), (95, 12_000), (100, 3_000)),
        max_current_a=150,
        empty_v=394,
        full_v=436,
        resistance_ohm=0.13,
        arrives_at_percent=22,
        vid="VID:00000000A001",
    ),
    VehicleType(
        name="Saloon 82",
        battery_wh=82_000,
        curve=((0, 90_000), (8, 150_000), (45, 130_000), (70, 70_000), (90, 30_000), (100, 5_000)),
        max_current_a=400,
        empty_v=330,
        full_v=398,
        resistance_ohm=0.06,
        arrives_at_percent=34,
        vid="VID:00000000A002",
    ),
    VehicleType(
        name="City 40",
        battery_wh=40_000,
        curve=((0, 30_000), (15, 46_000), (60, 40_000), (80, 22_000), (100, 4_000)),
        max_current_a=125,
        empty_v=330,
        full_v=400,
        resistance_ohm=0.16,
        arrives_at_percent=47,
        vid="VID:00000000A003",
    ),
    VehicleType(
        name="Van 100",
        battery_wh=100_000,
        curve=((0, 80_000), (10, 115_000), (60, 110_000), (80, 60_000), (100, 8_000)),
        max_current_a=300,
        empty_v=350,
        full_v=408,
        resistance_ohm=0.07,
        arrives_at_percent=12,
        vid="VID:00000000A004",
    ),
)
"""Vehicles that arrive where nobody names one, in turn."""


def from_garage(name: str) -> VehicleType | None:
    """The vehicle of that name, in any case; None when there is none."""
    return next((kind for kind in GARAGE if kind.name.casefold() == name.casefold()), None)
