"""One outlet, and what flows through it.

`advance` brings the metal to a moment. W = V × A, and the energy that the meter counts is the
energy that the battery gets: one chain, no second source of truth.

Where nothing but the charge itself moves the power, every moment is computed from the last turn
(`course`): what was switched, a limit that took the place of another, a bend of the curve, a pause,
a full battery, the end of what was allowed. A look in between changes nothing. Noise goes along the
course, too, and so does the voltage of a pack that polarises, which goes a way of its own in time;
where that could move the power, for a largest current bounds it, there is a turn every second.

Where a make's chance moves the power (a drawn share, stairs, a cabinet's air) there is no course:
what bounds it is looked up at each step, and each look ends one.
"""

from __future__ import annotations

import math
import random

from sim_core.hardware.course import Course, Line, Turn, course_of
from sim_core.hardware.distribution import at, drawn
from sim_core.hardware.meter import ROUNDING, Reading
from sim_core.hardware.model import Ratings, Steps
from sim_core.hardware.noise import Noise
from sim_core.hardware.vehicle import Vehicle
from sim_core.hardware.warmth import Contacts, Warmth
from sim_core.hardware.wiring import Wiring

STEP_S = 1.0
"""The longest time over which power is taken as constant."""
CONSTANT_STEP_S = 10.0
"""The same where it is constant: bound by a number that no battery has a say in."""
LONGEST_COURSE_S = 60.0
"""From one turn to the next at the most: so long the contacts are warmed by what the current is
between its begin and now, which is as good as all that it was while it hardly changes. A pack
that polarises is taken to have had a current that went evenly from one to the other."""

CHARGERS_OWN = frozenset({"cabinet", "charger", "ramp"})
"""Limits that the charger's own control may pass by a little: nobody has set them from outside."""


class Outlet(Wiring):
    """The metal of one outlet. Times are seconds of a clock that never goes back."""

    # Python keeps no more than 30 attributes without a dictionary of 2 KiB for each instance.
    __slots__ = (
        "_constant_power_w",
        "_current_a",
        "_drawn_share",
        "_goes_in_steps",
        "_noise",
        "_profile_share",
        "_ramp_steps",
        "_ramp_w_per_s",
        "_ramped_w",
        "_rng",
        "_share",
        "_stairs",
        "_turn",
        "_voltage_v",
        "_warmth",
        "allowed_w",
        "limit_w",
        "limited_by",
    )

    def __init__(
        self,
        ratings: Ratings,
        *,
        register_wh: float,
        ramp_w_per_s: float,
        ramp_steps: Steps = (),
        drawn_share: float = 1.0,
        noise: float = 0.0,
        constant_power_w: float | None = None,
        rng: random.Random,
        now_s: float,
        detachable_cable: bool = False,
        profile_share: float = 1.0,
        warmth: Warmth | None = None,
    ) -> None:
        """`ramp_steps` and `drawn_share` are those of a make's timing. `noise` is the share of the
        power that may be missing from one second to the next, in place of `drawn_share`;
        `profile_share` the part of a charging profile's limit that it makes use of; `warmth` what
        its thermometer hangs in, where that are not the contacts alone."""
        super().__init__(ratings, register_wh, now_s, detachable_cable=detachable_cable)
        self.allowed_w = 0.0
        """What the cabinet gives."""
        self.limited_by = ""
        """What holds the power where it is; empty while nothing flows."""
        self.limit_w: float | None = None
        """How much that lets through."""
        self._ramp_w_per_s = ramp_w_per_s
        self._ramp_steps = ramp_steps
        self._stairs: list[tuple[float, float]] = []
        """What is left of the staircase of this start, the last step first: until when, and at most
        how much."""
        self._drawn_share = drawn_share
        self._share = 1.0
        """The share of what is allowed that is drawn just now."""
        self._noise = Noise(noise, rng) if noise else None
        self._profile_share = profile_share
        self._constant_power_w = constant_power_w
        self._rng = rng
        self._ramped_w = 0.0
        self._voltage_v = 0.0
        self._current_a = 0.0
        self._warmth = warmth or Contacts()
        steady = drawn_share == 1.0 and not ramp_steps and self._warmth.by_itself
        self._goes_in_steps = not steady
        """Whether there are no courses. See the module."""
        self._turn: Turn | None = None
        """The last one; None: what was switched since is to be looked at."""

    def close_contactor(self, began_s: float = 0.0) -> None:
        """Energy may flow from now on, rising along the ramp; the start began `began_s` ago."""
        self.contactor_closed = True
        self._turn = None
        self._ramped_w = 0.0
        if self._ramp_steps:
            pace, start_s = self._rng.random(), self._now_s - began_s
            stairs = [(start_s + at(until, pace), most_w) for until, most_w in self._ramp_steps]
            self._stairs = stairs[::-1]

    def open_contactor(self) -> None:
        """See `Wiring`: what flowed stops at once."""
        super().open_contactor()
        self._stairs = []
        self._turn = None
        self._stop_flow()

    def settle(self) -> None:
        """Something was switched: what no longer may flow stops at once, not at the next step."""
        vehicle = self.vehicle
        if vehicle is None or not self.flowing:
            if self._turn is not None and self._turn.course is not None:
                self._turn = None
            self._stop_flow()
            return
        # On a course the power is that of its line, but for what rounding makes of V × A.
        over_w = self.power_w - (ROUNDING if self._turn is not None else 0.0)
        if over_w > self._limit(vehicle)[0]:
            self._turn = None
            self._set_point(vehicle, 0.0)

    def demand_w(self) -> float | None:
        """The most this outlet could use now, whatever the cabinet has; None where something else
        is in the way, so that it takes nothing of that."""
        vehicle = self.vehicle
        if vehicle is None or not self._ready or self._held_by:
            return None
        return max(0.0, self._own_limit(vehicle)[0])

    def advance(self, now_s: float) -> bool:
        """Let the time pass until `now_s`; an earlier moment changes nothing. Returns whether what
        it wants may be something else by now; False where that is known to have stayed."""
        if now_s <= self._now_s:
            return True
        if self._goes_in_steps:
            self._turn = None
            self._step(now_s)
            return True
        turn = before = self._turn
        if turn is None or not self._goes_on(turn):
            turn = self._turn = self._turned()
        while True:
            self._go(turn, min(now_s, turn.until_s))
            if self._now_s >= now_s:
                break
            if self.vehicle is not None:
                self.vehicle.arrive()
            turn = self._turn = self._turned()
        return turn is not before or not self._wants_the_same(turn)

    def _wants_the_same(self, turn: Turn) -> bool:
        """Whether what it wants stays where it is until the next turn: nothing, a level line, or
        more than it gets, and then it makes no difference how much more. On a ramp it may move
        unseen."""
        course = turn.course
        if course is None:
            return not self.starved
        return course.rise == 0 and course.whose != "ramp"

    def next_turn_s(self) -> float:
        """The moment up to which nothing happens by itself, as far as can be told now; infinity
        when only somebody from outside can make anything happen."""
        vehicle = self.vehicle
        if vehicle is None:
            return math.inf
        if vehicle.pausing:
            return self._now_s + vehicle.pause_left_s
        if not self.flowing:
            return math.inf
        power_w, room_wh = self.power_w, self._room_wh(vehicle)
        if power_w <= 0 or self.limited_by == "ramp":
            return self._now_s + self._rises_s(vehicle, room_wh)
        turn = self._turn
        if turn is not None and turn.course is not None:
            flowed_wh = self.meter.register_wh - turn.register_wh
            return self._now_s + turn.course.after(flowed_wh).seconds(room_wh)
        return self._now_s + room_wh * 3600 / power_w

    def _rises_s(self, vehicle: Vehicle, room_wh: float) -> float:
        """How long nothing happens but that the power rises. Where each look ends a step, such a
        look comes with every step."""
        limit_w = self._limit(vehicle)[0]
        if limit_w <= 0 or self._goes_in_steps:
            return STEP_S
        ramp_s = (limit_w - self._ramped_w) / self._ramp_w_per_s
        return max(STEP_S, min(ramp_s, room_wh * 3600 / limit_w))

    # -- from turn to turn -------------------------------------------

    def _switches(self) -> tuple[object, ...]:
        """What somebody may have switched since the last turn."""
        return (
            self.vehicle,
            self.contactor_closed,
            self.permitted,
            self.fault,
            self.evse_paused,
            self.ev_paused,
            self.cap_wh,
            self.profile_w,
            self.profile_least_w,
            self.outside_w,
            self.outside_by,
            self.starved,
            self.allowed_by,
        )

    def _goes_on(self, turn: Turn) -> bool:
        """Whether all is still as it was at the turn. What the cabinet gives may be something else
        as long as it bounds nothing."""
        course = turn.course
        if self._switches() != turn.switches:
            return False
        if course is None or self.allowed_w == turn.allowed_w:
            return True
        return course.whose != self.allowed_by and self.allowed_w >= course.highest_w

    def _turned(self) -> Turn:
        """The turn that this moment is."""
        vehicle, now_s = self.vehicle, self._now_s
        course, until_s, ramped_w = None, math.inf, 0.0
        if vehicle is not None and self.flowing:
            ramped_w = self._ramped_w
            course, longest_s = self._course(vehicle)
            # With noise it takes longer: then the next turn finds how much longer.
            until_s = now_s + min(longest_s, course.seconds(course.most_wh))
            self.limited_by, self.limit_w = course.whose, course.power_after(0.0)
            drawn_w = self.limit_w
            if self._noise is not None:
                self._noise.begin()
                drawn_w *= self._noise.left
            self._current_a, self._voltage_v = vehicle.taking(drawn_w)
        else:
            self._stop_flow()
            if vehicle is not None and vehicle.pausing:
                until_s = now_s + vehicle.pause_left_s
        return Turn(
            now_s,
            # Nothing is so near that a clock does not move on to it.
            max(until_s, math.nextafter(now_s, math.inf)),
            course,
            self._switches(),
            self.allowed_w,
            self.meter.register_wh,
            vehicle.stored_wh if vehicle is not None else 0.0,
            vehicle.pause_left_s if vehicle is not None else 0.0,
            vehicle.polarised_v if vehicle is not None else 0.0,
            ramped_w,
            self._current_a,
            self._warmth.temperature_c,
        )

    def _course(self, vehicle: Vehicle) -> tuple[Course, float]:
        """What holds from now on, and for how many seconds at the most."""
        along, most_wh = vehicle.along_curve()
        lines = [along]
        if not vehicle.polarises:
            amps = vehicle.kind.max_current_a
            lines.append(Line(*vehicle.line_of(amps), "vehicle"))
        if self._constant_power_w is not None:
            lines = [Line(self._constant_power_w, 0.0, "meter rate")]
        if self.profile_w is not None:
            lines.append(Line(self.profile_w * self._profile_share, 0.0, "profile"))
        if self.outside_w is not None:
            lines.append(Line(self.outside_w, 0.0, self.outside_by))
        lines.append(Line(self.ratings.connector_power_w, 0.0, "charger"))
        if not vehicle.polarises:
            lines.append(Line(*vehicle.line_of(self.ratings.connector_current_a), "charger"))
        lines.append(Line(self.allowed_w, 0.0, self.allowed_by))
        holds = course_of(lines, min(most_wh, self._room_wh(vehicle)))
        longest_s = LONGEST_COURSE_S
        if vehicle.polarises and self._may_meet_currents(vehicle, holds):
            longest_s = STEP_S
            limit_w, whose = self._by_current(vehicle, holds.power_w, holds.whose)
            if limit_w < holds.power_w:
                holds = Course(limit_w, whose, 0.0, holds.most_wh)
        if self._constant_power_w is not None:
            return holds, longest_s
        ramped_w = min(holds.power_w, self._ramped_w + self._ramp_w_per_s * STEP_S)
        if ramped_w < holds.power_w:
            return Course(ramped_w, "ramp", 0.0, holds.most_wh), STEP_S
        return holds, longest_s

    def _may_meet_currents(self, vehicle: Vehicle, course: Course) -> bool:
        """Whether the largest currents may bound a course, if a pack's voltage falls as far as it
        can, to where no current has done anything to it."""
        amps = self.ratings.connector_current_a
        if self._constant_power_w is None:
            amps = min(amps, vehicle.kind.max_current_a)
        least_w = amps * (vehicle.voltage_at(amps) - vehicle.polarised_v)
        return course.highest_w > least_w

    def _go(self, turn: Turn, moment_s: float) -> None:
        """Be as everything is at a moment between this turn and the next."""
        passed_s = moment_s - turn.began_s
        vehicle, course = self.vehicle, turn.course
        self._now_s = moment_s
        if vehicle is not None and course is not None:
            noise = self._noise
            energy_wh = course.energy_wh(passed_s if noise is None else noise.left_s(passed_s))
            self.meter.reach(turn.register_wh + energy_wh)
            vehicle.reach(turn.stored_wh + energy_wh)
            limit_w = course.power_after(energy_wh)
            self.limited_by, self.limit_w = course.whose, limit_w
            drawn_w = limit_w if noise is None else limit_w * noise.left
            if vehicle.polarises:
                flows = vehicle.taking_after(passed_s, drawn_w, turn.polarised_v, turn.current_a)
            else:
                flows = vehicle.taking(drawn_w)
            self._current_a, self._voltage_v = flows
            self._ramped_w = min(limit_w, turn.ramped_w + self._ramp_w_per_s * passed_s)
        elif vehicle is not None:
            vehicle.rest(turn.pause_left_s, turn.polarised_v, passed_s)
            if self._voltage_v:
                self._voltage_v = vehicle.open_circuit_v
        self._warmth.temperature_c = turn.temperature_c
        self._warmth.pass_time(passed_s, _mean(turn.current_a, self._current_a))

    def _by_current(self, vehicle: Vehicle, limit_w: float, whose: str) -> tuple[float, str]:
        """A limit, or what the largest currents of vehicle and charger make of it just now."""
        if self._constant_power_w is None:
            most_w = vehicle.kind.max_current_a * vehicle.voltage_at(vehicle.kind.max_current_a)
            if most_w < limit_w:
                limit_w, whose = most_w, "vehicle"
        rated_a = self.ratings.connector_current_a
        rated_w = rated_a * vehicle.voltage_at(rated_a)
        return (rated_w, "charger") if rated_w < limit_w else (limit_w, whose)

    # -- in steps ----------------------------------------------------

    def _step(self, now_s: float) -> None:
        while now_s > self._now_s:
            left_s = now_s - self._now_s
            vehicle = self.vehicle
            if vehicle is not None and self.flowing:
                passed_s = self._flow(vehicle, left_s)
            else:
                self._stop_flow()
                pausing = vehicle is not None and vehicle.pausing
                passed_s = vehicle.pass_time(left_s) if vehicle and pausing else left_s
            self._warmth.pass_time(passed_s, self._current_a)
            if vehicle is not None and vehicle.polarises:
                vehicle.polarise(self._current_a, passed_s)
                if self._voltage_v and not self._current_a:
                    self._voltage_v = vehicle.open_circuit_v
            self._now_s += passed_s

    def reading(self) -> Reading:
        """What the meter shows now."""
        return Reading(
            register_wh=self.meter.register_wh,
            voltage_v=self._voltage_v,
            current_a=self._current_a,
            soc_percent=self.vehicle.soc_percent if self.vehicle else None,
            offered_w=self._offered_w(),
            temperature_c=self._warmth.temperature_c,
        )

    @property
    def power_w(self) -> float:
        """The power that flows now: all of a reading that is needed once a second."""
        return self._voltage_v * self._current_a

    @property
    def rate_w(self) -> float:
        """The power at which it charges where no ramp is in the way; 0 while nothing may flow."""
        if self.vehicle is None or not self.flowing:
            return 0.0
        return max(0.0, self._limit(self.vehicle)[0])

    @property
    def most_w(self) -> float:
        """What cabinet, profile and others leave it, whatever the charger and the vehicle can."""
        most_w = self.allowed_w
        for limit_w in (self.profile_w, self.outside_w):
            if limit_w is not None and limit_w < most_w:
                most_w = limit_w
        return most_w

    def _offered_w(self) -> float:
        """What the vehicle may take, whether it does or not."""
        if not self.contactor_closed or self.vehicle is None or self.withheld:
            return 0.0
        return min(self._rated_w(self.vehicle), self.most_w)

    def _limit(self, vehicle: Vehicle) -> tuple[float, str]:
        """What holds the power down, as (W, whose limit).

        Of equal limits the first is told of: the cabinet gives what the others leave.
        """
        own = self._own_limit(vehicle)
        return (self.allowed_w, self.allowed_by) if self.allowed_w < own[0] else own

    def _own_limit(self, vehicle: Vehicle) -> tuple[float, str]:
        """The same without the cabinet."""
        if self._constant_power_w is not None:
            limit_w, whose = self._constant_power_w, "meter rate"
        else:
            limit_w, whose = vehicle.wanted_power_w(), "vehicle"
        if self.profile_w is not None and self.profile_w * self._profile_share < limit_w:
            limit_w, whose = self.profile_w * self._profile_share, "profile"
        if self.outside_w is not None and self.outside_w < limit_w:
            limit_w, whose = self.outside_w, self.outside_by
        rated_w = self._rated_w(vehicle)
        return (rated_w, "charger") if rated_w < limit_w else (limit_w, whose)

    def _others_w(self, vehicle: Vehicle) -> list[float]:
        """The limits that somebody else has set."""
        if self._constant_power_w is not None:
            others_w = [self._constant_power_w]
        else:
            others_w = [vehicle.wanted_power_w()]
        if self.profile_w is not None:
            others_w.append(self.profile_w * self._profile_share)
        if self.outside_w is not None:
            others_w.append(self.outside_w)
        return others_w if self.allowed_by in CHARGERS_OWN else [*others_w, self.allowed_w]

    def _rated_w(self, vehicle: Vehicle) -> float:
        rated_a = self.ratings.connector_current_a
        return min(self.ratings.connector_power_w, rated_a * vehicle.voltage_at(rated_a))

    def _flow(self, vehicle: Vehicle, left_s: float) -> float:
        """Charge for at most so long; returns for how long it was."""
        constant = self._constant_power_w is not None and self._noise is None
        step_s = min(CONSTANT_STEP_S if constant else STEP_S, left_s)
        if self._stairs:
            step_s = min(step_s, self._stair_left_s())
        if self._noise is not None:
            self._noise.begin()
        elif self._drawn_share != 1.0:
            self._share = drawn(self._drawn_share, self._rng)
        self._set_point(vehicle, step_s)
        power_w = self._voltage_v * self._current_a
        if power_w > 0:
            step_s = min(step_s, self._room_wh(vehicle) * 3600 / power_w)
        vehicle.store(self.meter.count(power_w, step_s))
        return step_s

    def _stair_left_s(self) -> float:
        """How long the staircase stays where it is."""
        stairs = self._stairs
        while stairs and stairs[-1][0] <= self._now_s + ROUNDING:
            stairs.pop()
        return stairs[-1][0] - self._now_s if stairs else math.inf

    def _room_wh(self, vehicle: Vehicle) -> float:
        """Energy until the vehicle does something by itself, or until no more is allowed."""
        room_wh = vehicle.room_wh()
        if self.cap_wh is not None:
            room_wh = min(room_wh, self.cap_wh - self.meter.register_wh)
        return room_wh

    def _set_point(self, vehicle: Vehicle, step_s: float) -> None:
        """Find the power that every limit allows after `step_s` more of the ramp."""
        limit_w, limited_by = self._limit(vehicle)
        if self._constant_power_w is None:
            most_w = min(limit_w, self._stairs[-1][1]) if self._stairs else limit_w
            self._ramped_w = min(most_w, self._ramped_w + self._ramp_w_per_s * step_s)
            if self._ramped_w < limit_w:
                limit_w, limited_by = self._ramped_w, "ramp"
        self.limit_w, self.limited_by = limit_w, limited_by
        drawn_w = limit_w if self._noise is None else limit_w * self._noise.left
        if self._share != 1.0:
            drawn_w = min([limit_w * self._share, *self._others_w(vehicle)])
        self._current_a, self._voltage_v = vehicle.taking(drawn_w)

    def _stop_flow(self) -> None:
        self._ramped_w = 0.0
        self._current_a = 0.0
        self._voltage_v = (
            self.vehicle.open_circuit_v if self.vehicle and self.contactor_closed else 0.0
        )
        by = self.withheld_by if self._ready else ""
        held_w = self.profile_w if by == "profile" else self.outside_w
        self.limited_by = by
        self.limit_w = (0.0 if self.starved else held_w) if by else None


def _mean(one_a: float, other_a: float) -> float:
    """The current that warms as much as these two do, each for half of the time."""
    return math.sqrt((one_a * one_a + other_a * other_a) / 2)
