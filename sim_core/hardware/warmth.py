"""How warm an outlet is: contacts in the open, or contacts in a cabinet with a fan.

Contacts alone go towards the temperature that their current holds them at. A cabinet is warm
already when a vehicle comes: its fan turns while current flows, so it gets colder at first, and
then slowly warmer with each hour of charging; without current it goes back to where it rests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from sim_core.hardware.distribution import Chance, Distribution, drawn

AMBIENT_C = 25.0
CONTACT_C_PER_A2 = 6e-4
"""How much warmer the contacts end up, by the square of the current."""
CONTACT_TIME_S = 3600.0
"""How long they take for most of the way there."""

FAN_TIME_S = 12.0
"""How long the fan takes for most of its part."""
REST_TIME_S = 1800.0
"""How long the cabinet takes for most of the way back to rest."""


class Warmth(Protocol):
    """What a thermometer hangs in."""

    temperature_c: float
    """What it shows."""
    by_itself: bool
    """Nothing but the current moves it, and no chance: it may be computed from any moment before,
    by setting `temperature_c` back to what it was then."""

    def pass_time(self, seconds: float, current_a: float) -> None:
        """Let a current flow for so long."""


class Contacts:
    """Contacts in the open."""

    __slots__ = ("temperature_c",)

    by_itself = True

    def __init__(self) -> None:
        self.temperature_c = AMBIENT_C

    def pass_time(self, seconds: float, current_a: float) -> None:
        """See `Warmth`."""
        ends_c = AMBIENT_C + CONTACT_C_PER_A2 * current_a**2
        self.temperature_c += (ends_c - self.temperature_c) * -math.expm1(-seconds / CONTACT_TIME_S)


@dataclass(frozen=True)
class CabinetAir:
    """What the air in a cabinet does, by a make's file. °C."""

    rest_c: float
    """Between sessions; may be a distribution, as the day goes."""
    fan_fall_c: float
    """By how much the fan cools it; may be a distribution."""
    warming_c_per_h: float
    jitter_c: float


class Cabinet:
    """A cabinet with a fan. It never gets warmer by itself than the warmest rest."""

    __slots__ = ("_air", "_base_c", "_chance", "_fall_c", "_fan_c", "_rest_c", "temperature_c")

    by_itself = False

    def __init__(self, air: CabinetAir, chance: Chance) -> None:
        self._air = air
        self._chance = chance
        self._rest_c = self._base_c = self.temperature_c = drawn(air.rest_c, chance)
        self._fan_c = 0.0
        self._fall_c: float | None = None
        """What the fan does in this session; None: it stands still."""

    def pass_time(self, seconds: float, current_a: float) -> None:
        """See `Warmth`."""
        air, chance = self._air, self._chance
        if current_a > 0:
            if self._fall_c is None:
                self._fall_c = drawn(air.fan_fall_c, chance)
            self._base_c = min(
                max(self._base_c, _most(air.rest_c)),
                self._base_c + air.warming_c_per_h * seconds / 3600,
            )
        else:
            if self._fall_c is not None:
                self._fall_c, self._rest_c = None, drawn(air.rest_c, chance)
            self._base_c += (self._rest_c - self._base_c) * -math.expm1(-seconds / REST_TIME_S)
        ends_c = -(self._fall_c or 0.0)
        self._fan_c += (ends_c - self._fan_c) * -math.expm1(-seconds / FAN_TIME_S)
        wrong_c = air.jitter_c * (2 * chance.random() - 1) if air.jitter_c else 0.0
        self.temperature_c = self._base_c + self._fan_c + wrong_c


def _most(temperature_c: float) -> float:
    return temperature_c.most if isinstance(temperature_c, Distribution) else temperature_c
