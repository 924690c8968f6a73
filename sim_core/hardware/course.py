"""How a charge goes on by itself until the next turn, in one formula.

Each limit of the power is a line over the energy that has flowed since the last turn: level (the
cabinet, a profile, a rating), or rising or falling with the voltage of the pack or along a piece of
its curve. The lowest one holds until another one crosses it or a piece of the curve ends. Until
then, with x for the energy,

    P(x) = P0 + r·x  and  dx/dt = P / 3600,  so  x(t) = P0 / r · (exp(r·t / 3600) - 1)

and every moment is computed from the turn, not from the moment before it: it makes no difference
how often somebody looks in between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from sim_core.hardware.meter import ROUNDING

LEVEL = 1e-9
"""A line that rises or falls by less with every Wh, in W, is level."""
STEEPEST = 700.0
"""More does not fit into a number as the power of e; no energy that is in sight needs as much."""


class Line(NamedTuple):
    """One limit, from the turn on."""

    power_w: float
    """What it lets through at the turn."""
    rise: float
    """How much more it lets through with every Wh, in W."""
    whose: str


class Course(NamedTuple):
    """The line that holds, and for how long."""

    power_w: float
    whose: str
    rise: float
    most_wh: float
    """After so much energy something else holds; infinity: nothing else in sight."""

    @property
    def highest_w(self) -> float:
        """The most that it comes to."""
        return self.power_w if self.rise <= 0 else self.power_after(self.most_wh)

    def energy_wh(self, seconds: float) -> float:
        """What has flowed so long after the turn."""
        if self.rise:
            grown = math.expm1(min(STEEPEST, self.rise * seconds / 3600))
            flowed_wh = self.power_w / self.rise * grown
        else:
            flowed_wh = self.power_w * seconds / 3600
        return min(flowed_wh, self.most_wh)

    def seconds(self, energy_wh: float) -> float:
        """How long after the turn so much has flowed; infinity where that never comes."""
        if self.power_w <= 0:
            return math.inf
        if not self.rise:
            return energy_wh * 3600 / self.power_w
        grown = self.rise * energy_wh / self.power_w
        return 3600 / self.rise * math.log1p(grown) if grown > -1 else math.inf

    def after(self, energy_wh: float) -> Course:
        """What is left of it once so much has flowed."""
        return self._replace(
            power_w=self.power_after(energy_wh), most_wh=max(0.0, self.most_wh - energy_wh)
        )

    def power_after(self, energy_wh: float) -> float:
        """The power once so much has flowed."""
        if not self.rise:
            return self.power_w
        return max(0.0, self.power_w + self.rise * energy_wh)


class Turn(NamedTuple):
    """A moment from which on all goes by itself, and how everything was then."""

    began_s: float
    until_s: float
    course: Course | None
    """How the energy flows; None: nothing flows."""
    switches: tuple[object, ...]
    allowed_w: float
    register_wh: float
    stored_wh: float
    pause_left_s: float
    polarised_v: float
    ramped_w: float
    current_a: float
    temperature_c: float


def course_of(lines: Sequence[Line], most_wh: float) -> Course:
    """What follows from all limits; `most_wh` is how far they are lines at all.

    Of lines that meet at the turn the one holds that will be lowest behind it, and of those that
    stay together the first is told of.
    """
    power_w = min(lines).power_w
    meet = [line for line in lines if line.power_w <= power_w + ROUNDING]
    holds = meet[0]
    for line in meet:
        if line.rise < holds.rise:
            holds = line
    for line in lines:
        if line.rise < holds.rise and line is not holds:
            most_wh = min(most_wh, (line.power_w - power_w) / (holds.rise - line.rise))
    rise = holds.rise if abs(holds.rise) > LEVEL else 0.0
    return Course(power_w, holds.whose, rise, most_wh)
