"""What is plugged, locked, closed, paused and broken at an outlet, and whether energy may flow.

Facts, and what people and firmware switch. How much flows, and what becomes of it, is `outlet`.
"""

from __future__ import annotations

from sim_core.hardware.faults import ChargerFault
from sim_core.hardware.meter import ROUNDING, Meter
from sim_core.hardware.model import Ratings
from sim_core.hardware.vehicle import Vehicle


class Wiring:
    """See the module."""

    __slots__ = (
        "_detachable_cable",
        "_now_s",
        "_plugged_s",
        "allowed_by",
        "cable_in",
        "cap_wh",
        "contactor_closed",
        "ev_paused",
        "evse_paused",
        "fault",
        "lock_jammed",
        "locked",
        "meter",
        "outside_by",
        "outside_w",
        "permitted",
        "profile_least_w",
        "profile_w",
        "ratings",
        "starved",
        "vehicle",
    )

    def __init__(
        self, ratings: Ratings, register_wh: float, now_s: float, *, detachable_cable: bool
    ) -> None:
        self.ratings = ratings
        self.meter = Meter(register_wh)
        self.vehicle: Vehicle | None = None
        self.fault: ChargerFault | None = None
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
        self.starved = False
        """What bounds the sum leaves nothing for this outlet."""
        self.allowed_by = "cabinet"
        """Whose limit it is what the cabinet gives: `cabinet`, or whoever bounds the sum over all
        (`profile`, or a word as `outside_by` has it)."""
        self.profile_w: float | None = None
        """What charging profiles allow; None: no limit."""
        self.profile_least_w = 0.0
        """With less than that a profile wants nothing to be charged."""
        self.outside_w: float | None = None
        """What somebody allows this outlet who is no charging profile; None: no limit."""
        self.outside_by = ""
        """Who that is, as people call it."""
        self.cap_wh: float | None = None
        """The register that may not be passed; None: no such limit."""
        self._detachable_cable = detachable_cable
        self._now_s = now_s
        self._plugged_s = now_s

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
        vehicle = self.vehicle
        return vehicle is not None and not self.ev_paused and vehicle.wants_energy

    @property
    def left_by_vehicle(self) -> bool:
        """Whether the vehicle has had enough and ends the session, as some do."""
        vehicle = self.vehicle
        return (
            vehicle is not None
            and vehicle.full
            and vehicle.kind.stops_when_full
            and self.contactor_closed
        )

    @property
    def handshake_left_s(self) -> float:
        """How much longer the vehicle needs before it is ready to charge."""
        if self.vehicle is None:
            return 0.0
        return max(0.0, self._plugged_s + self.vehicle.kind.handshake_late_s - self._now_s)

    @property
    def spent(self) -> bool:
        """Whether the energy that was allowed is used up."""
        return self.cap_wh is not None and self.meter.register_wh >= self.cap_wh - ROUNDING

    @property
    def held_back(self) -> bool:
        """Whether somebody allows this outlet less than can be given at all."""
        return bool(self._held_by)

    @property
    def _held_by(self) -> str:
        """Who does; empty: nobody."""
        if self.profile_w is None and self.outside_w is None:
            return ""
        least_w = max(self.ratings.minimum_power_w, self.profile_least_w)
        for limit_w, whose in ((self.profile_w, "profile"), (self.outside_w, self.outside_by)):
            if limit_w is not None and (limit_w <= 0 or limit_w < least_w):
                return whose
        return ""

    @property
    def withheld_by(self) -> str:
        """Whose limit lets nothing flow, a word as in `limited_by`; empty: nobody's."""
        return self.allowed_by if self.starved else self._held_by

    @property
    def withheld(self) -> bool:
        """Whether it is a limit from outside that lets nothing flow."""
        return self.starved or self.held_back

    @property
    def flowing(self) -> bool:
        """Whether energy may flow: contactor closed, nobody pauses, nothing is broken or spared."""
        return not self.starved and self._ready and not self._held_by

    @property
    def _ready(self) -> bool:
        vehicle = self.vehicle
        return (
            vehicle is not None
            and self.contactor_closed
            and self.permitted
            and self.fault is None
            and not self.evse_paused
            and not self.ev_paused
            and vehicle.wants_energy
            and (self.cap_wh is None or not self.spent)
        )

    def plug(self, vehicle: Vehicle) -> None:
        """The cable goes in; into the socket too, where it is detachable."""
        self.vehicle = vehicle
        self._plugged_s = self._now_s
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

    def open_contactor(self) -> None:
        """No energy from now on; pauses of the charge point end with the session."""
        self.contactor_closed = False
        self.permitted = True
        self.evse_paused = False
