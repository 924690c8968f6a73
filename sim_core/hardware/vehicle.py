"""What stands at the other end of the cable: a battery with a charging curve, and its habits.

Pack voltage follows from the state of charge and the current (`V = V0(SoC) + R·I`), so that power
and current determine each other in one place and W = V × A holds by construction. Part of what the
current adds may come only after some time, and go so: the pack polarises.

What a vehicle does by itself (it is full, it pauses) happens at a state of charge, not at a time:
`room_wh` says how much energy is left until then, and whoever charges goes exactly that far.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim_core.hardware.course import Line
from sim_core.hardware.meter import ROUNDING


@dataclass(frozen=True)
class Pause:
    """From this state of charge on the vehicle takes nothing for so long (it cools, it thinks)."""

    from_percent: float
    seconds: float


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
    """Where it wants no more: the end of the battery, or what its driver has set."""
    stops_when_full: bool = False
    """It ends the session when it is full; otherwise it stays connected and takes nothing."""
    pauses: tuple[Pause, ...] = ()
    polarisation_ohm: float = 0.0
    """What the pack adds with every ampere beside `resistance_ohm`, slowly …"""
    polarisation_s: float = 30.0
    """… most of it in so long."""
    handshake_late_s: float = 0.0
    """How much later than others it is ready to charge after it was plugged in."""
    vid: str | None = None
    """The EV's MAC as some chargers read it: `VID:` and 12 hexadecimal digits."""
    only_by_name: bool = False
    """It comes when it is named, never as the next one."""


class Vehicle:
    """One vehicle, with the charge that is in its battery."""

    __slots__ = (
        "_empty_v",
        "_full_wh",
        "_pause_left_s",
        "_pauses",
        "_polarised_v",
        "_resistance_ohm",
        "_span_v",
        "_stored_wh",
        "kind",
        "polarises",
    )

    def __init__(self, kind: VehicleType, stored_wh: float | None = None) -> None:
        """`stored_wh` is what is in its battery; without it, what it arrives with."""
        self.kind = kind
        self._stored_wh = kind.battery_wh * kind.arrives_at_percent / 100
        if stored_wh is not None:
            self._stored_wh = min(kind.battery_wh, stored_wh)
        self._full_wh = kind.battery_wh * kind.full_at_percent / 100
        self._empty_v, self._span_v = kind.empty_v, kind.full_v - kind.empty_v
        self._resistance_ohm = kind.resistance_ohm
        self._pauses = [
            (kind.battery_wh * pause.from_percent / 100, pause.seconds)
            for pause in sorted(kind.pauses, key=lambda pause: pause.from_percent)
        ]
        """What is to come: energy in the battery where it begins, and how long it lasts."""
        while self._pauses and self._pauses[0][0] < self._stored_wh:
            self._pauses.pop(0)
        self._pause_left_s = 0.0
        self.polarises = kind.polarisation_ohm > 0
        """Its voltage changes with time, too."""
        self._polarised_v = 0.0
        self._pause_where_due()

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
        return self._stored_wh >= self._full_wh - ROUNDING

    @property
    def wants_energy(self) -> bool:
        """Whether it is neither full nor pauses."""
        return self._stored_wh < self._full_wh - ROUNDING and self._pause_left_s <= 0

    @property
    def pausing(self) -> bool:
        """Whether it takes nothing just now, by itself."""
        return self._pause_left_s > 0

    @property
    def pause_left_s(self) -> float:
        """How much longer it takes nothing by itself."""
        return self._pause_left_s

    @property
    def polarised_v(self) -> float:
        """What currents have done to its voltage, beyond the resistance."""
        return self._polarised_v

    @property
    def open_circuit_v(self) -> float:
        """Pack voltage while no current flows, with what is left of the polarisation."""
        soc_percent = 100 * self._stored_wh / self.kind.battery_wh
        return self._empty_v + self._span_v * soc_percent / 100 + self._polarised_v

    def wanted_power_w(self) -> float:
        """The most that the battery would take now, by its curve and its largest current."""
        if not self.wants_energy:
            return 0.0
        current = self.kind.max_current_a
        by_current = current * (self.open_circuit_v + self._resistance_ohm * current)
        return min(self._by_curve(), by_current)

    def along_curve(self) -> tuple[Line, float]:
        """What its curve lets through from here on, and how much energy until the curve bends or it
        does something by itself."""
        along, bends_wh = self._piece()
        return along, min(bends_wh, self.room_wh())

    def line_of(self, current_a: float) -> tuple[float, float]:
        """The power that `current_a` makes here, and by how much it rises with every Wh."""
        rise = current_a * self._span_v / self.kind.battery_wh
        return current_a * (self.open_circuit_v + self._resistance_ohm * current_a), rise

    def taking(self, power_w: float) -> tuple[float, float]:
        """Current in A and voltage in V while the pack takes `power_w`: the root of
        R·I² + V0·I = P, and what lies on then."""
        v0, r = self.open_circuit_v, self._resistance_ohm
        if power_w <= 0:
            return 0.0, v0
        current_a = 2 * power_w / (v0 + math.sqrt(v0 * v0 + 4 * r * power_w))
        return current_a, v0 + r * current_a

    def taking_after(
        self, seconds: float, power_w: float, polarised_v: float, began_a: float
    ) -> tuple[float, float]:
        """The same so long after a moment at which it was polarised so much, where the current has
        gone evenly from `began_a` to what it is now; it is polarised as that leaves it.

        What the current of now has done to the voltage by now is as one more resistance.
        """
        ohm, most_s = self.kind.polarisation_ohm, self.kind.polarisation_s
        gone = -math.expm1(-seconds / most_s)
        behind = gone * most_s / seconds
        own_ohm = ohm * (1 - behind)
        before_v = polarised_v * (1 - gone) + ohm * began_a * (behind - (1 - gone))
        self._polarised_v = before_v
        v0, r = self.open_circuit_v, self._resistance_ohm + own_ohm
        current_a = 2 * power_w / (v0 + math.sqrt(v0 * v0 + 4 * r * power_w))
        self._polarised_v += own_ohm * current_a
        return current_a, v0 + r * current_a

    def voltage_at(self, current_a: float) -> float:
        """Pack voltage in V while `current_a` flows."""
        return self.open_circuit_v + self._resistance_ohm * current_a

    def room_wh(self) -> float:
        """Energy until it does something by itself: until its next pause, or until it is full."""
        ends = self._full_wh
        if self._pauses:
            ends = min(ends, self._pauses[0][0])
        return max(0.0, ends - self._stored_wh)

    def store(self, energy_wh: float) -> None:
        """Take up energy; what does not fit is lost as heat."""
        self._stored_wh = min(self.kind.battery_wh, self._stored_wh + energy_wh)
        if self._pauses:
            self._pause_where_due()

    def reach(self, stored_wh: float) -> None:
        """Have so much in the battery now, without anything happening by itself yet: for what is
        computed from further back than the last look. What is due then `arrives`."""
        self._stored_wh = min(self.kind.battery_wh, stored_wh)

    def arrive(self) -> None:
        """Do what is due at this state of charge."""
        self._pause_where_due()

    def rest(self, pause_left_s: float, polarised_v: float, seconds: float) -> None:
        """Be as it is so long after a moment at which so much was left of its pause, and of what
        currents had done to its voltage; nothing has flowed since."""
        self._pause_left_s = max(0.0, pause_left_s - seconds)
        if self.polarises:
            self._polarised_v = polarised_v
            self.polarise(0.0, seconds)

    def polarise(self, current_a: float, seconds: float) -> None:
        """Let a current flow for so long; what it does to the voltage beyond the resistance."""
        ends_v = self.kind.polarisation_ohm * current_a
        self._polarised_v += (ends_v - self._polarised_v) * -math.expm1(
            -seconds / self.kind.polarisation_s
        )

    def pass_time(self, seconds: float) -> float:
        """Let a pause run for at most so long; returns how much of the time it took."""
        spent_s = min(seconds, self._pause_left_s)
        self._pause_left_s -= spent_s
        return spent_s

    def _pause_where_due(self) -> None:
        while self._pauses and self._stored_wh >= self._pauses[0][0] - ROUNDING:
            self._pause_left_s += self._pauses.pop(0)[1]

    def _piece(self) -> tuple[Line, float]:
        """The curve as a line from here on, and how much energy until it ends."""
        curve, stored_wh, percent_wh = self.kind.curve, self._stored_wh, self.kind.battery_wh / 100
        soc0, w0 = curve[0]
        if stored_wh < soc0 * percent_wh - ROUNDING:
            return Line(w0, 0.0, "vehicle"), soc0 * percent_wh - stored_wh
        for soc1, w1 in curve[1:]:
            ends_wh = soc1 * percent_wh
            if stored_wh < ends_wh - ROUNDING:
                rise = (w1 - w0) / ((soc1 - soc0) * percent_wh)
                along_w = w0 + rise * (stored_wh - soc0 * percent_wh)
                return Line(min(along_w, self._by_curve()), rise, "vehicle"), ends_wh - stored_wh
            soc0, w0 = soc1, w1
        return Line(w0, 0.0, "vehicle"), math.inf

    def _by_curve(self) -> float:
        curve, soc = self.kind.curve, 100 * self._stored_wh / self.kind.battery_wh
        soc0, w0 = curve[0]
        if soc <= soc0:
            return w0
        for soc1, w1 in curve:
            if soc <= soc1:
                return w0 + (w1 - w0) * (soc - soc0) / (soc1 - soc0)
            soc0, w0 = soc1, w1
        return w0


Garage = tuple[VehicleType, ...]
"""The vehicles that there are; those that are not `only_by_name` arrive in turn."""


def named(garage: Garage, name: str) -> VehicleType | None:
    """The vehicle of that name, in any case; None when there is none."""
    return next((kind for kind in garage if kind.name.casefold() == name.casefold()), None)


def next_to_arrive(garage: Garage, arrivals: int, here: frozenset[str]) -> VehicleType:
    """Who comes where nobody is named: in turn, but not who is `here` (by name) already."""
    callers = [kind for kind in garage if not kind.only_by_name] or list(garage)
    first = arrivals % len(callers)
    in_turn = callers[first:] + callers[:first]
    return next((kind for kind in in_turn if kind.name not in here), in_turn[0])
