"""Limits: what charging profiles and others than the CSMS allow now, laid on the metal.

What counts when is arithmetic (`schedule`) over what is installed (`installed_profiles`); here it
meets the transactions, the clock and the metal. Limits are laid on the metal at the exact moment of
an edge, however late anybody comes round to it: whoever brings the metal up to a moment first lets
the edges be crossed that lie before it (`due_s`, `cross`), so no sample and no watt-hour follows a
limit that is over. One timer waits for the next edge; nothing is polled.

On a connector the transaction's own profile overrules the defaults. A default of a connector takes
the place of the one of the whole charger with its stack level, there only (OCPP 1.6 §3.13.2). A
profile of the station bounds the sum over all connectors, which the cabinet shares out. What others
allow (`external_limits`) bounds each of the two beside that: the lower one counts (OCPP 2.0.1
K11.FR.01).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from sim_core.charging import schedule
from sim_core.charging.composite_schedule import CompositeSchedule, composite_schedule
from sim_core.charging.connector import Connector, Transaction
from sim_core.charging.domain_events import RateChanged
from sim_core.charging.environment import Environment
from sim_core.charging.external_limits import ExternalLimits
from sim_core.charging.installed_profiles import InstalledProfiles
from sim_core.charging.policy import Feature, Policy
from sim_core.charging.profile import (
    SECOND,
    Installed,
    Moment,
    Profile,
    Purpose,
    date_of,
    moment_of,
)
from sim_core.charging.schedule import Limit, Stack, Sweep
from sim_core.hardware.model import Ratings
from sim_core.runtime.clock import Timer
from sim_core.snapshot import ExternalLimit, ProfileSnapshot

PROFILE = "profile"
"""Whose limit it is, where that is a charging profile."""


class Limits:
    """What holds now. A viewer sees it in `snapshots` and `in_force`."""

    __slots__ = (
        "_advance",
        "_began",
        "_cap",
        "_connectors",
        "_edge",
        "_environment",
        "_external",
        "_hear",
        "_laid",
        "_limits_changed",
        "_mains_v",
        "_policy",
        "_powers_changed",
        "_profiles",
        "_rates_w",
        "_ratings",
        "_timer",
        "cap_by",
        "cap_w",
        "due_s",
        "least_w",
        "revision",
        "snapshots",
    )

    def __init__(
        self,
        profiles: InstalledProfiles,
        external: ExternalLimits,
        connectors: Mapping[int, Connector],
        ratings: Ratings,
        policy: Policy,
        environment: Environment,
        *,
        hear: Callable[[RateChanged], None],
        advance: Callable[[], None],
        limits_changed: Callable[[], None],
        powers_changed: Callable[[], None],
    ) -> None:
        """`advance` brings the metal up to now, and crosses here what is due; `limits_changed`
        lets it obey at once; `powers_changed` and then `hear` tell what flows otherwise since
        then."""
        self._profiles = profiles
        self._external = external
        self._hear = hear
        self._connectors = connectors
        self._ratings = ratings
        self._policy = policy
        self._environment = environment
        self._advance = advance
        self._limits_changed = limits_changed
        self._powers_changed = powers_changed
        self._mains_v = max(1.0, ratings.mains_v)
        self._began: dict[int, Moment] = {}
        """When the transactions of this life began, by our key, on the clock as it is set now."""
        self._edge: Moment | None = None
        self._timer: Timer | None = None
        self._cap: Limit | None = None
        self._laid = False
        """There was something to lay on the metal when that was looked at last."""
        self._rates_w: dict[int, tuple[int, float]] = {}
        """By connector: our key of its transaction, and at which power that charged before the
        change that is not told yet."""
        self.cap_w: float | None = None
        """What all connectors together are allowed; None: nobody bounds them."""
        self.cap_by = PROFILE
        """Who allows them that: a profile, or a word of `LIMITERS`."""
        self.least_w = ratings.minimum_power_w
        """With less than that out of `cap_w` a connector cannot charge."""
        self.due_s: float | None = None
        """When, on the clock that never goes back, something else may hold; None: never."""
        self.revision = 0
        """Raised whenever something else holds, or will."""
        self.snapshots: dict[int, ProfileSnapshot] = {}
        """What holds for each connector now (0: for their sum), where anything does."""

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- what is installed -------------------------------------------

    def install(self, new: Installed) -> None:
        """A profile counts from now on; until this moment the old limits held."""
        self._before_change()
        self._profiles.install(new)
        self._changed()

    def remove(self, profile_ids: Iterable[int]) -> None:
        """These profiles count no longer."""
        self._before_change()
        self._profiles.remove(profile_ids)
        self._changed()

    def switched(self) -> None:
        """Whether profiles count at all was switched, in the policy."""
        self._before_change()
        self._changed()
        self.tell()

    def allow_others(self, limits: Iterable[ExternalLimit]) -> None:
        """From now on these are the limits of others than the CSMS."""
        self._before_change()
        self._external.keep(limits)
        self._changed()

    def tell(self) -> None:
        """What flows otherwise is told, after whatever is to be said of the limit itself."""
        rates_w, self._rates_w = self._rates_w, {}
        self._powers_changed()
        for number, (key, before_w) in rates_w.items():
            connector = self._connectors[number]
            same = connector.transaction is not None and connector.transaction.key == key
            now_w = connector.metal.rate_w
            if same and before_w and now_w and before_w != now_w:
                self._hear(RateChanged(number, before_w, now_w))

    # -- what comes with a transaction -------------------------------

    def begin(
        self, connector: Connector, transaction: Transaction, profile: Profile | None
    ) -> None:
        """A transaction begins, maybe with a profile of its own. Part of the caller's commit."""
        self._began[transaction.key] = moment_of(transaction.started_at)
        if profile is not None:
            new = Installed(connector.number, profile, transaction.key)
            if why := self._profiles.why_no_room(new):
                self._environment.note_at(
                    "profile",
                    connector.number,
                    f"the profile of the start is left out: {why}",
                )
            else:
                self._profiles.install(new)
        self.refresh()

    def end(self, transaction_key: int) -> None:
        """A transaction ends, and its profiles with it; the store has forgotten them already."""
        self._began.pop(transaction_key, None)
        self._profiles.end(transaction_key)

    # -- time --------------------------------------------------------

    def clock_shifted(self, by: timedelta) -> None:
        """The clock was set: what began before, began by so much later on the new one."""
        for key in self._began:
            self._began[key] += by // timedelta(microseconds=1)
        if self._profiles:
            self._note_rates()
            self._changed()
            self.tell()

    def refresh(self) -> None:
        """Profiles, transactions or the clock are not what they were: find out what holds now."""
        holds = self.any
        if holds or self._laid:
            self._laid = holds
            self._lay(self._now())
            self._look_ahead(self._now(), self._environment.clock.monotonic())
            self._arm()

    def cross(self) -> None:
        """The metal has come to the edge at `due_s`: what holds from there on is laid on it."""
        edge, due_s = self._edge, self.due_s
        if edge is not None and due_s is not None:
            self._note_rates()
            self._lay(edge)
            self._look_ahead(edge, due_s)

    def _look_ahead(self, at: Moment, at_s: float) -> None:
        running = [self._stack(connector, at) for connector in self._running()]
        self._edge = schedule.first_edge([self._cap_stack(), *running], at)
        self.due_s = None if self._edge is None else at_s + (self._edge - at) / SECOND

    def _arm(self) -> None:
        self.close()
        if self.due_s is not None:
            clock = self._environment.clock
            wait_s = max(0.0, self.due_s - clock.monotonic())
            self._timer = clock.call_later(wait_s, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._advance()  # crosses what is due; a timer may wake a hair early
        self._arm()
        self.tell()

    def _before_change(self) -> None:
        """What held until now has its effect until now."""
        self._advance()
        self._note_rates()

    def _note_rates(self) -> None:
        """Limits are about to change: how fast everybody charges as long as they have not."""
        for connector in self._connectors.values():
            if (running := connector.transaction) is not None:
                rate = running.key, connector.metal.rate_w
                self._rates_w.setdefault(connector.number, rate)

    def _changed(self) -> None:
        self.refresh()
        self._limits_changed()

    def _now(self) -> Moment:
        return moment_of(self._environment.now())

    # -- what holds --------------------------------------------------

    def in_force(self, connector: Connector) -> ProfileSnapshot | None:
        """The profile that allows a connector least now; None: none does."""
        own, cap = self.snapshots.get(connector.number), self.snapshots.get(0)
        if cap is None or connector.transaction is None:
            return own
        bounded = connector.metal.allowed_by == PROFILE
        if own is None or (bounded and connector.metal.allowed_w < own.limit_w):
            return cap
        return own

    @property
    def any(self) -> bool:
        """Whether there is any limit beside the ratings: a charging profile, or one of others."""
        return (len(self._profiles) > 0 and self._heeded) or bool(self._external.all)

    def composite(
        self, connector_id: int, at: Moment, duration_s: int, unit: str
    ) -> CompositeSchedule:
        """What profiles, others and ratings allow together from `at` on, in `unit` (A or W).

        Without a transaction it is what one would get that began then. Connector 0 is all of them
        together. Raises KeyError where there is no such connector.
        """
        numbers = [connector_id] if connector_id else list(self._connectors)
        ratings, others = self._ratings, self._external
        pool_w = others.within(0, ratings.cabinet_power_w)
        most_w = min(ratings.connector_power_w, pool_w)
        return composite_schedule(
            [self._stack(self._connectors[number], at) for number in numbers],
            self._cap_stack(),
            at,
            duration_s,
            unit,
            most_w=[others.within(number, most_w) for number in numbers],
            pool_w=pool_w,
            mains_v=self._mains_v,
            summed=connector_id == 0,
        )

    def _lay(self, at: Moment) -> None:
        """Put the limits of a moment on the metal."""
        self.revision += 1
        self.snapshots = {}
        running = {connector.number: self._stack(connector, at) for connector in self._running()}
        stacks = {0: self._cap_stack(), **running}
        sweep = Sweep(tuple(stacks.values()), at)
        limits = dict(zip(stacks, sweep.limits, strict=True))
        places = dict(zip(stacks, sweep.alike, strict=True))
        ends: dict[int, Moment | None] = {}
        """When it ends, by the place of the different stacks."""
        self._lay_cap(limits[0])
        for connector in self._connectors.values():
            limit = limits.get(connector.number)
            metal = connector.metal
            metal.profile_w = schedule.limit_w(limit, self._mains_v) if limit else None
            metal.profile_least_w = schedule.least_w(limit, self._mains_v) if limit else 0.0
            others = self._external.lowest(connector.number)
            metal.outside_w = others.limit_w if others else None
            metal.outside_by = others.whose if others else ""
        for number, limit in limits.items():
            if limit is not None:
                place = places[number]
                if place not in ends:
                    ends[place] = schedule.until(stacks[number], at)
                self.snapshots[number] = self._snapshot(limit, ends[place])

    def _lay_cap(self, limit: Limit | None) -> None:
        """What bounds the sum: a profile of the station or others, whoever allows less."""
        ratings, others = self._ratings, self._external.lowest(0)
        wished_w = schedule.least_w(limit, self._mains_v) if limit else 0.0
        self._cap, self.least_w = limit, max(ratings.minimum_power_w, wished_w)
        self.cap_w = schedule.limit_w(limit, self._mains_v) if limit else None
        self.cap_by = PROFILE
        if others is not None and (self.cap_w is None or others.limit_w < self.cap_w):
            self.cap_w, self.cap_by = others.limit_w, others.whose

    def _snapshot(self, limit: Limit, ends: Moment | None) -> ProfileSnapshot:
        return ProfileSnapshot(
            limit_w=schedule.limit_w(limit, self._mains_v),
            purpose=self._profiles.rules.words[limit.profile.purpose],
            profile_id=limit.profile.profile_id,
            stack_level=limit.profile.stack_level,
            limit=limit.period.limit,
            unit=limit.profile.unit,
            until=date_of(ends),
        )

    def _running(self) -> list[Connector]:
        return [one for one in self._connectors.values() if one.transaction is not None]

    def _cap_stack(self) -> Stack:
        return Stack((self._kept(Purpose.STATION, 0),))

    def _stack(self, connector: Connector, at: Moment) -> Stack:
        """What concerns a connector's transaction, or the one that would begin at `at`."""
        transaction = connector.transaction
        own = self._kept(Purpose.DEFAULT, connector.number)
        levels = {profile.stack_level for profile in own}
        common = tuple(
            profile
            for profile in self._kept(Purpose.DEFAULT, 0)
            if profile.stack_level not in levels
        )
        if transaction is None:
            return Stack(((*own, *common),), at)
        began = self._began.get(transaction.key, moment_of(transaction.started_at))
        its_own = self._profiles.of_transaction(transaction.key) if self._heeded else ()
        return Stack((its_own, (*own, *common)), began)

    @property
    def _heeded(self) -> bool:
        """A charger without smart charging may have kept profiles from the time when it had it."""
        return self._policy.has(Feature.SMART_CHARGING)

    def _kept(self, purpose: Purpose, connector_id: int) -> tuple[Profile, ...]:
        return self._profiles.of(purpose, connector_id) if self._heeded else ()
