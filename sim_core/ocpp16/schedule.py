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

import itertools
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from operator import attrgetter

from sim_core.hardware.meter import ROUNDING
from sim_core.ocpp16.charging_profile import ROUND_S, SECOND, Moment, Period, Profile

PHASES = 3
"""Meant where numberPhases is not said (§7.10)."""
MOST_PERIODS = 1_000
"""The longest composite schedule."""
LOOKS, LOOKS_AHEAD = 2_000, 200
"""How many edges are looked at, for a composite schedule and for the next change."""


@dataclass(frozen=True)
class Limit:
    """What counts at a moment: this period of this profile."""

    profile: Profile
    period: Period


_START = attrgetter("start_s")


def look(
    profile: Profile, at: Moment, began_at: Moment | None
) -> tuple[Period | None, Moment | None]:
    """(the period that counts at `at`, the first moment after it at which another may).

    No period: the profile says nothing then. No moment: it says the same for ever. `began_at` is
    the transaction's start; without one, what counts from there counts never.
    """
    valid_from, valid_to = profile.valid_from, profile.valid_to
    if valid_to is not None and at >= valid_to:
        return None, None
    start = began_at if profile.starts_at is None else profile.starts_at
    if start is None:
        return None, None
    if valid_from is not None and at < valid_from:
        return None, valid_from
    if at < start:
        return None, start
    next_round = None
    if profile.recurrency is not None:
        round_ = ROUND_S[profile.recurrency] * SECOND
        start += (at - start) // round_ * round_
        next_round = start + round_
    into = at - start
    if profile.duration_s is not None and into >= profile.duration_s * SECOND:
        return None, next_round
    begun = bisect_right(profile.periods, into // SECOND, key=_START)
    edges = [valid_to, next_round]
    if begun < len(profile.periods):
        edges.append(start + profile.periods[begun].start_s * SECOND)
    if profile.duration_s is not None:
        edges.append(start + profile.duration_s * SECOND)
    edge = min((edge for edge in edges if edge is not None), default=None)
    return profile.periods[begun - 1], edge


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
        return Sweep((self,), at).limits[0]

    def next_edge(self, at: Moment) -> Moment | None:
        """The first moment after `at` at which something else may count; None: never."""
        return Sweep((self,), at).next_edge()


class _Cursor:
    """A profile on its way through time. Stacks share it where it says the same in each."""

    __slots__ = ("began_at", "edge", "heard", "limit", "profile", "users")

    def __init__(self, profile: Profile, began_at: Moment | None, at: Moment) -> None:
        self.profile = profile
        self.began_at = began_at
        self.users: list[tuple[_Ranking, int]] = []
        """Where it counts, and at which rank."""
        self.heard = False
        """Its next edge is waited for: nothing of a higher rank counts, in one stack at least."""
        self.edge: Moment | None = at
        self.limit: Limit | None = None

    def go(self, at: Moment) -> None:
        period, self.edge = look(self.profile, at, self.began_at)
        self.limit = None if period is None else Limit(self.profile, period)


class _Ranking:
    """The profiles of a stack in the order in which they decide, and which of them does."""

    __slots__ = ("cursors", "limit", "place", "rank")

    def __init__(self, place: int, cursors: list[_Cursor]) -> None:
        self.place = place
        self.cursors = cursors
        self.rank = len(cursors)
        self.limit: Limit | None = None


class Sweep:
    """What counts in several stacks, from edge to edge.

    Equal stacks are one, a profile that says the same in several is looked at once, and what
    cannot count as long as another does is not looked at at all. So a step costs what changes in
    it, however many connectors, profiles and periods there are.
    """

    def __init__(self, stacks: Sequence[Stack], at: Moment) -> None:
        self._at = at
        self._edges: list[tuple[Moment, int, _Cursor]] = []
        self._numbers = itertools.count()
        """Of cursors that are waited for: two may have the same edge."""
        self._cursors: dict[tuple[int, Moment | None], _Cursor] = {}
        self._rankings: list[_Ranking] = []
        self.alike: list[int] = []
        """For each stack its place in `different`: equal ones have the same."""
        places: dict[tuple[int, ...], int] = {}
        for stack in stacks:
            cursors = [
                self._cursor(profile, stack.began_at)
                for profiles in stack.purposes
                for profile in sorted(profiles, key=lambda one: -one.stack_level)
            ]
            place = places.setdefault(tuple(map(id, cursors)), len(places))
            if place == len(self._rankings):
                ranking = _Ranking(place, cursors)
                self._rankings.append(ranking)
                for rank, cursor in enumerate(cursors):
                    cursor.users.append((ranking, rank))
                self._decide(ranking, 0)
            self.alike.append(place)

    def _cursor(self, profile: Profile, began_at: Moment | None) -> _Cursor:
        begins = began_at if profile.starts_at is None else None
        key = (id(profile), begins)
        if (cursor := self._cursors.get(key)) is None:
            cursor = self._cursors[key] = _Cursor(profile, begins, self._at)
        return cursor

    @property
    def limits(self) -> list[Limit | None]:
        """What counts now in each stack, in their order; None: no limit."""
        return [self._rankings[place].limit for place in self.alike]

    @property
    def different(self) -> list[Limit | None]:
        """The same, of equal stacks once."""
        return [ranking.limit for ranking in self._rankings]

    def limit_of(self, place: int) -> Limit | None:
        """What counts now at a place of `different`."""
        return self._rankings[place].limit

    def next_edge(self) -> Moment | None:
        """The first moment from here at which something else may count; None: never."""
        return self._edges[0][0] if self._edges else None

    def go_to(self, at: Moment) -> set[int]:
        """Cross all edges up to a moment (back is no way); where in `different` that decided."""
        decided: set[int] = set()
        while self._edges and self._edges[0][0] <= at:
            self._at, _, cursor = heappop(self._edges)
            cursor.heard = False
            for ranking, rank in cursor.users:
                if rank <= ranking.rank:
                    self._decide(ranking, rank)
                    decided.add(ranking.place)
        self._at = at
        return decided

    def _decide(self, ranking: _Ranking, first: int) -> None:
        """Find what counts from that rank on: nothing before it does."""
        cursors = ranking.cursors
        for rank in range(first, len(cursors)):
            cursor = cursors[rank]
            if cursor.edge is not None and not cursor.heard:
                if cursor.edge <= self._at:
                    cursor.go(self._at)
                if cursor.edge is not None:
                    cursor.heard = True
                    heappush(self._edges, (cursor.edge, next(self._numbers), cursor))
            if cursor.limit is not None:
                ranking.rank, ranking.limit = rank, cursor.limit
                return
        ranking.rank, ranking.limit = len(cursors), None


def first_edge(stacks: Sequence[Stack], at: Moment) -> Moment | None:
    """The next edge of any of them."""
    return Sweep(stacks, at).next_edge()


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
    if abs(told - rate) < ROUNDING:
        return told
    below = (round(told - step / 10, 1) for step in range(3))
    return next((one for one in below if one >= 0 and (one / 0.1).is_integer()), told)


def until(stack: Stack, at: Moment) -> Moment | None:
    """When what counts at `at` gives way to something else; None: never, or not soon."""
    sweep = Sweep((stack,), at)
    held = sweep.limits[0]
    for _ in range(LOOKS_AHEAD):
        edge = sweep.next_edge()
        if edge is None:
            return None
        sweep.go_to(edge)
        if sweep.limits[0] != held:
            return edge
    return None
