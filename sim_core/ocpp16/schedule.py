"""The arithmetic of charging profiles (OCPP 1.6 §3.13): which limit holds when. Pure.

A profile is a function of time that is constant between its edges, so everything follows from two
questions: what does it say at a moment, and where is its next edge. Which of several counts is
decided by looking at one moment only; what a schedule is over an hour is that look, taken once
after every edge.

Units: an A of a schedule is an ampere per phase of the mains at the voltage that is set for the
area, with three phases where none are said; W = A × V × phases (§7.12, as the errata have it). A DC
charger holds itself to the W that follow. What flows in its cable is A at the pack's voltage, and
another number.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sim_core.ocpp16.charging_profile import ROUND_S, SECOND, Moment, Period, Profile

PHASES = 3
"""Meant where numberPhases is not said (§7.10)."""
HAIR = 1e-6
MOST_PERIODS = 1_000
"""The longest composite schedule."""
LOOKS, LOOKS_AHEAD = 2_000, 200
"""How many edges are looked at, for a composite schedule and for the next change."""


@dataclass(frozen=True)
class Limit:
    """What counts at a moment: this period of this profile."""

    profile: Profile
    period: Period


def starts_at(profile: Profile, at: Moment, began_at: Moment | None) -> Moment | None:
    """Where the schedule begins that `at` lies in; that of a recurring one, in its present round.

    `began_at` is the transaction's start; without one, what counts from there counts never.
    """
    first = began_at if profile.starts_at is None else profile.starts_at
    if first is None or profile.recurrency is None or at < first:
        return first
    round_ = ROUND_S[profile.recurrency] * SECOND
    return first + (at - first) // round_ * round_


def period_at(profile: Profile, at: Moment, began_at: Moment | None) -> Period | None:
    """The period that counts at `at`; None: the profile says nothing then."""
    if profile.valid_from is not None and at < profile.valid_from:
        return None
    if profile.valid_to is not None and at >= profile.valid_to:
        return None
    start = starts_at(profile, at, began_at)
    if start is None or at < start:
        return None
    into = at - start
    if profile.duration_s is not None and into >= profile.duration_s * SECOND:
        return None
    return profile.periods[_begun(profile, into) - 1]


def _begun(profile: Profile, into: Moment) -> int:
    """How many periods have begun so far into the schedule."""
    return bisect_right(profile.periods, into, key=lambda period: period.start_s * SECOND)


def next_edge(profile: Profile, at: Moment, began_at: Moment | None) -> Moment | None:
    """The first moment after `at` at which the profile may say something else; None: never."""
    start = starts_at(profile, at, began_at)
    edges = [profile.valid_from, profile.valid_to]
    if start is not None:
        begun = _begun(profile, at - start)
        edges += [start + period.start_s * SECOND for period in profile.periods[begun : begun + 1]]
        if profile.duration_s is not None:
            edges.append(start + profile.duration_s * SECOND)
        if profile.recurrency is not None:
            edges.append(start + ROUND_S[profile.recurrency] * SECOND)
    return min((edge for edge in edges if edge is not None and edge > at), default=None)


def is_over(profile: Profile, at: Moment) -> bool:
    """Whether it can never count again, in any transaction."""
    if profile.valid_to is not None and at >= profile.valid_to:
        return True
    if profile.starts_at is None or profile.recurrency is not None or profile.duration_s is None:
        return False
    return at >= profile.starts_at + profile.duration_s * SECOND


def watts(amount: float, unit: str, phases: int | None, mains_v: float) -> float:
    """An amount of a schedule in W."""
    return amount if unit == "W" else round(amount * mains_v * (phases or PHASES), 3)


def limit_w(limit: Limit, mains_v: float) -> float:
    """What a limit is in W."""
    return watts(limit.period.limit, limit.profile.unit, limit.period.phases, mains_v)


def least_w(limit: Limit, mains_v: float) -> float:
    """The minChargingRate of a limit's profile in W; 0 without one."""
    least = limit.profile.least or 0.0
    return watts(least, limit.profile.unit, limit.period.phases, mains_v)


@dataclass(frozen=True)
class Stack:
    """Profiles that concern one connector, of one purpose after another.

    The first purpose that has anything to say decides (a TxProfile overrules the defaults), and
    within it the highest stack level that has (§3.13.2).
    """

    purposes: tuple[tuple[Profile, ...], ...]
    began_at: Moment | None = None

    def limit_at(self, at: Moment) -> Limit | None:
        """What counts at `at`; None: no limit."""
        for profiles in self.purposes:
            found = [
                Limit(profile, period)
                for profile in profiles
                if (period := period_at(profile, at, self.began_at)) is not None
            ]
            if found:
                return max(found, key=lambda limit: limit.profile.stack_level)
        return None

    def next_edge(self, at: Moment) -> Moment | None:
        """The first moment after `at` at which something else may count; None: never."""
        edges = (
            next_edge(profile, at, self.began_at)
            for profiles in self.purposes
            for profile in profiles
        )
        return min((edge for edge in edges if edge is not None), default=None)


def first_edge(stacks: Iterable[Stack], at: Moment) -> Moment | None:
    """The next edge of any of them."""
    edges = (stack.next_edge(at) for stack in stacks)
    return min((edge for edge in edges if edge is not None), default=None)


@dataclass(frozen=True)
class Allowed:
    """So much power, and over how many phases of the mains it is counted in A."""

    power_w: float
    phases: int = PHASES


def allowed(limit: Limit, mains_v: float) -> Allowed:
    """What a limit allows."""
    phases = limit.period.phases if limit.profile.unit == "A" else None
    return Allowed(limit_w(limit, mains_v), phases or PHASES)


Course = Callable[[Moment], Allowed]
"""What is allowed at a moment."""
Edges = Callable[[Moment], "Moment | None"]
"""The next moment after one at which that may change."""


def composite(
    course: Course, edges: Edges, at: Moment, duration_s: int, unit: str, mains_v: float
) -> tuple[list[Period], int]:
    """(periods from `at` on in `unit`, for how many seconds they hold) (§5.7).

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
    """A limit as it is told: a multiple of 0.1 (§7.10).

    Validators that divide floating point numbers find that 8.7 is none. What a CSMS has written
    itself is told as it has; of what is converted, and so rounded anyhow, a tenth is told that all
    of them take, at most two below.
    """
    told = round(rate, 1)
    if abs(told - rate) < HAIR:
        return told
    below = (round(told - step / 10, 1) for step in range(3))
    return next((one for one in below if one >= 0 and (one / 0.1).is_integer()), told)


def until(course: Callable[[Moment], object], edges: Edges, at: Moment) -> Moment | None:
    """When what holds at `at` gives way to something else; None: never, or not soon."""
    held, moment = course(at), at
    for _ in range(LOOKS_AHEAD):
        edge = edges(moment)
        if edge is None:
            return None
        if course(edge) != held:
            return edge
        moment = edge
    return None
