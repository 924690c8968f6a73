"""The composite schedule: what charging profiles, others and ratings together allow, as one. Pure.

What is allowed is a look at one moment; the schedule is that look, taken once after every edge, and
written down in the unit that the CSMS wants to read. No protocol is in it: each tells the periods
in its own message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter, mul

from sim_core.charging.profile import SECOND, Moment, Period
from sim_core.charging.schedule import PHASES, Limit, Stack, Sweep, limit_w, watts
from sim_core.hardware.meter import ROUNDING

MOST_PERIODS = 1_000
"""The longest composite schedule."""
LOOKS = 2_000
"""How many edges are looked at for one."""


@dataclass(frozen=True)
class CompositeSchedule:
    """Limits in `unit` (A or W) from the moment that was asked about, good for `reach_s`."""

    unit: str
    periods: tuple[Period, ...]
    reach_s: int


@dataclass(frozen=True)
class Allowed:
    """So much power, and over how many phases of the mains it is counted in A."""

    power_w: float
    phases: int = PHASES


_POWER = attrgetter("power_w")


def allowed(limit: Limit, mains_v: float) -> Allowed:
    """What a limit allows."""
    phases = limit.period.phases if limit.profile.unit == "A" else None
    return Allowed(limit_w(limit, mains_v), phases or PHASES)


class _Together:
    """What profiles, others and ratings allow, from edge to edge."""

    def __init__(
        self,
        stacks: Sequence[Stack],
        cap: Stack,
        at: Moment,
        *,
        most_w: Sequence[float],
        pool_w: float,
        mains_v: float,
        summed: bool,
    ) -> None:
        self._cap, self._sweep = Sweep((cap,), at), Sweep(stacks, at)
        self._pool_w = pool_w
        self._mains_v = mains_v
        self._summed = summed
        alike = Counter(zip(self._sweep.alike, most_w, strict=True))
        self._places = [place for place, _ in alike]
        """Of each part where in `different` its stack is: equal stacks of equal bounds are one."""
        self._most = [Allowed(bound_w) for _, bound_w in alike]
        self._often = list(alike.values())
        self._parts_at: dict[int, list[int]] = {}
        for part, place in enumerate(self._places):
            self._parts_at.setdefault(place, []).append(part)
        self._parts = [self._part(part) for part in range(len(self._places))]
        self._powers_w = [part.power_w for part in self._parts]

    def at(self, moment: Moment) -> Allowed:
        """What is allowed at a moment; back is no way."""
        self._cap.go_to(moment)
        for place in self._sweep.go_to(moment):
            for part in self._parts_at[place]:
                now = self._parts[part] = self._part(part)
                self._powers_w[part] = now.power_w
        whole = self._parts[0]
        if self._summed:
            whole = Allowed(min(self._pool_w, sum(map(mul, self._powers_w, self._often))))
        return self._within(self._cap.limits[0], whole)

    def next_edge(self, _: Moment) -> Moment | None:
        """The next moment at which that may change."""
        edges = (sweep.next_edge() for sweep in (self._cap, self._sweep))
        return min((edge for edge in edges if edge is not None), default=None)

    def _part(self, part: int) -> Allowed:
        return self._within(self._sweep.limit_of(self._places[part]), self._most[part])

    def _within(self, limit: Limit | None, most: Allowed) -> Allowed:
        return most if limit is None else min(allowed(limit, self._mains_v), most, key=_POWER)


def composite_schedule(
    stacks: Sequence[Stack],
    cap: Stack,
    at: Moment,
    duration_s: int,
    unit: str,
    *,
    most_w: Sequence[float],
    pool_w: float,
    mains_v: float,
    summed: bool,
) -> CompositeSchedule:
    """What is allowed from `at` on. `stacks` are those of the connectors, `most_w` what each of
    them gives at most whatever its profiles allow, `cap` what bounds their sum. `summed`: of all
    connectors together, no more than `pool_w`; else of the first."""
    together = _Together(
        stacks, cap, at, most_w=most_w, pool_w=pool_w, mains_v=mains_v, summed=summed
    )
    periods, reach_s = composite(together.at, together.next_edge, at, duration_s, unit, mains_v)
    return CompositeSchedule(unit, tuple(periods), reach_s)


Course = Callable[[Moment], Allowed]
"""What is allowed at a moment."""
Edges = Callable[[Moment], "Moment | None"]
"""The next moment after one at which that may change."""


def composite(
    course: Course, edges: Edges, at: Moment, duration_s: int, unit: str, mains_v: float
) -> tuple[list[Period], int]:
    """(periods from `at` on in `unit`, for how many seconds they hold).

    Equal neighbours are one period. A schedule that would be endless is cut after `MOST_PERIODS`:
    the second value then says how far it reaches. Starts are whole seconds, so an edge between two
    seconds is told at the nearer one.
    """
    end = at + duration_s * SECOND
    steps = [(at, course(at))]
    moment = at
    for _ in range(LOOKS):
        edge = edges(moment)
        if edge is None or edge >= end:
            break
        moment = edge
        if (now := course(edge)) != steps[-1][1]:
            if len(steps) == MOST_PERIODS:
                end = edge
                break
            steps.append((edge, now))
    else:
        end = moment
    told: dict[int, Period] = {}
    for start, part in steps:
        start_s = (start - at + SECOND // 2) // SECOND
        phases = part.phases if unit == "A" else None
        rate = part.power_w / watts(1.0, unit, part.phases, mains_v)
        told[start_s] = Period(start_s, tenths(rate), phases)
    return list(told.values()), (end - at) // SECOND


def tenths(rate: float) -> float:
    """A limit as it is told: a multiple of 0.1 (OCPP 1.6 §7.14; in 2.0.1 at most one decimal).

    Validators that divide floating point numbers find that 8.7 is none. What a CSMS has written
    itself is told as it has; of what is converted, and so rounded anyhow, a tenth is told that all
    of them take, at most two below.
    """
    told = round(rate, 1)
    if abs(told - rate) < ROUNDING:
        return told
    below = (round(told - step / 10, 1) for step in range(3))
    return next((one for one in below if one >= 0 and (one / 0.1).is_integer()), told)
