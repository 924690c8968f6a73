"""One outlet: cable, vehicle, contactor, faults, meter, and what the world can do to them.

`advance` brings the metal to a moment. Within a step power is constant, W = V × A, and the energy
that the meter counts is the energy that the battery gets: one chain, no second source of truth.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from sim_core.hardware.meter import Meter, Reading
from sim_core.hardware.model import Ratings
from sim_core.hardware.vehicle import Vehicle

STEP_S = 1.0
"""The longest time over which power is taken as constant."""

HAIR_WH = 1e-6
"""Less than any meter shows."""


@dataclass(frozen=True)
class Fault:
    """Something that is broken."""

    error_code: str
    vendor_error_code: str = ""
    info: str = ""


class Connector:
    """The metal of one outlet. Times are seconds of a clock that never goes back."""

    def __init__(
        self,
        ratings: Ratings,
        *,
        register_wh: float,
        ramp_w_per_s: float,
        noise: float = 0.0,
        constant_power_w: float | None = None,
        rng: random.Random,
        now_s: float,
        detachable_cable: bool = False,
    ) -> None:
        """`noise` is the share of the current that may be missing from one moment to the next."""
        self.ratings = ratings
        self.meter = Meter(register_wh)
        self.vehicle: Vehicle | None = None
        self.fault: Fault | None = None
        self.cable_in = False
        """A detachable cable is in the socket; a fixed one never is."""
        self.locked = False
        """The lock holds the cable."""
        self.lock_jammed = False
        """The lock sticks where it is: it neither closes nor opens."""
        self.ev_paused = False
        self.evse_paused = False
        self.permitted = True
        """False while the session may not have energy (a card that was refused afterwards)."""
        self.contactor_closed = False
        self.allowed_w = 0.0
        """What the cabinet gives."""
        self.profile_w: float | None = None
        """What charging profiles allow; None: no limit."""
        self.cap_wh: float | None = None
        """The register that may not be passed; None: no such limit."""
        self.limited_by = ""
        self._detachable_cable = detachable_cable
        self._ramp_w_per_s = ramp_w_per_s
        self._noise = noise
        self._constant_power_w = constant_power_w
        self._rng = rng
        self._now_s = now_s
        self._ramped_w = 0.0
        self._voltage_v = 0.0
        self._current_a = 0.0

    @property
    def plugged(self) -> bool:
        return self.vehicle is not None

    @property
    def occupied(self) -> bool:
        """Whether a vehicle, or a cable that nobody has taken away, is in it."""
        return self.plugged or self.cable_in

    @property
    def ev_ready(self) -> bool:
        """Whether the vehicle wants energy."""
        return self.vehicle is not None and not self.ev_paused and not self.vehicle.full

    @property
    def spent(self) -> bool:
        """Whether the energy that was allowed is used up."""
        return self.cap_wh is not None and self.meter.register_wh >= self.cap_wh - HAIR_WH

    @property
    def flowing(self) -> bool:
        """Whether energy may flow: contactor closed, nobody pauses, nothing is broken."""
        return (
            self.contactor_closed
            and self.permitted
            and self.ev_ready
            and not self.evse_paused
            and not self.spent
            and self.fault is None
        )

    def plug(self, vehicle: Vehicle) -> None:
        """The cable goes in; into the socket too, where it is detachable."""
        self.vehicle = vehicle
        self.cable_in = self._detachable_cable
        self.ev_paused = False

    def unplug(self) -> None:
        """The cable comes out of the vehicle; the contactor has opened before."""
        self.open_contactor()
        self.vehicle = None
        self.ev_paused = False
        self.locked = self.locked and self.cable_in

    def remove_cable(self) -> None:
        """A detachable cable comes out of the socket, and so out of the vehicle."""
        self.unplug()
        self.cable_in = self.locked = False

    def lock(self) -> bool:
        """Close the lock; returns whether it is closed."""
        self.locked = self.locked or not self.lock_jammed
        return self.locked

    def unlock(self) -> bool:
        """Open the lock; returns whether it is open."""
        self.locked = self.locked and self.lock_jammed
        return not self.locked

    def close_contactor(self) -> None:
        """Energy may flow from now on, rising along the ramp."""
        self.contactor_closed = True
        self._ramped_w = 0.0

    def open_contactor(self) -> None:
        """No energy from now on; pauses of the charge point end with the session."""
        self.contactor_closed = False
        self.permitted = True
        self.evse_paused = False
        self._stop_flow()

    def settle(self) -> None:
        """Something was switched: what no longer flows stops at once, not at the next step."""
        if not self.flowing:
            self._stop_flow()

    def wanted_w(self) -> float:
        """The most this outlet could use now, whatever the cabinet has."""
        if not self.flowing or self.vehicle is None:
            return 0.0
        wanted = self.vehicle.wanted_power_w()
        if self._constant_power_w is not None:
            wanted = self._constant_power_w
        limits = [wanted, self.ratings.connector_power_w, self._rated_current_w()]
        if self.profile_w is not None:
            limits.append(self.profile_w)
        return max(0.0, min(limits))

    def advance(self, now_s: float) -> None:
        """Let the time pass until `now_s`; an earlier moment changes nothing."""
        while now_s > self._now_s:
            step_s = min(STEP_S, now_s - self._now_s)
            if self.flowing:
                self._flow(step_s)
            else:
                self._stop_flow()
                step_s = now_s - self._now_s
            self._now_s += step_s

    def reading(self) -> Reading:
        """What the meter shows now."""
        return Reading(
            register_wh=self.meter.register_wh,
            voltage_v=self._voltage_v,
            current_a=self._current_a,
            soc_percent=self.vehicle.soc_percent if self.vehicle else None,
            offered_w=self.allowed_w if self.contactor_closed else 0.0,
        )

    def _rated_current_w(self) -> float:
        if self.vehicle is None:
            return 0.0
        current = self.ratings.connector_current_a
        return current * self.vehicle.voltage_at(current)

    def _flow(self, step_s: float) -> None:
        vehicle = self.vehicle
        if vehicle is None:
            return
        constant = self._constant_power_w is not None
        limits: list[tuple[float, str]] = [
            (self._constant_power_w or 0.0, "meter rate")
            if constant
            else (vehicle.wanted_power_w(), "vehicle"),
            (self.allowed_w, "cabinet"),
            (min(self.ratings.connector_power_w, self._rated_current_w()), "charger"),
        ]
        if self.profile_w is not None:
            limits.append((self.profile_w, "profile"))
        target_w, self.limited_by = min(limits, key=lambda limit: limit[0])
        if not constant:
            self._ramped_w = min(target_w, self._ramped_w + self._ramp_w_per_s * step_s)
            if self._ramped_w < target_w:
                self.limited_by = "ramp"
            target_w = self._ramped_w
        # Noise moves the cause, and only downwards: no limit is ever exceeded.
        current = vehicle.current_for(target_w) * (1 - self._noise * self._rng.random())
        self._current_a = current
        self._voltage_v = vehicle.voltage_at(current)
        if self.cap_wh is not None and self._voltage_v * current > 0:
            left_wh = self.cap_wh - self.meter.register_wh
            step_s = min(step_s, left_wh * 3600 / (self._voltage_v * current))
        vehicle.store(self.meter.count(self._voltage_v * self._current_a, step_s))

    def _stop_flow(self) -> None:
        self._ramped_w = 0.0
        self._current_a = 0.0
        self._voltage_v = (
            self.vehicle.open_circuit_v if self.vehicle and self.contactor_closed else 0.0
        )
        self.limited_by = ""
