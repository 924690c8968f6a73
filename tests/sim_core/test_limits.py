"""Limits of charging profiles by themselves, whatever is spoken to the CSMS."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from sim_core.charging.connector import Authorization, Connector, Transaction
from sim_core.charging.domain_events import ProfileInstalled, RateChanged
from sim_core.charging.environment import Environment
from sim_core.charging.external_limits import ExternalLimits
from sim_core.charging.installed_profiles import InstalledProfiles
from sim_core.charging.limits import Limits
from sim_core.charging.policy import Feature, Setting
from sim_core.charging.profile import (
    SECOND,
    Installed,
    Kind,
    Moment,
    Period,
    Profile,
    ProfileRules,
    Purpose,
    Recurrency,
    moment_of,
)
from sim_core.hardware.model import Ratings, Timing
from sim_core.hardware.outlet import Outlet
from sim_core.runtime.clock import GuardedClock, ManualClock
from sim_core.runtime.random_numbers import RandomNumbers
from sim_core.runtime.tasks import Tasks
from sim_core.snapshot import ExternalLimit
from sim_core.store.interface import MEMORY, Store
from sim_core.store.makers import store_in
from sim_core.store.records import StoredProfile

RATINGS = Ratings(
    connector_power_w=60_000.0,
    connector_current_a=200.0,
    cabinet_power_w=70_000.0,
    minimum_power_w=500.0,
)
BESIDE = ProfileRules({purpose: purpose.value for purpose in Purpose}, lambda kept, new: False)
"""Of a protocol that lets two profiles of one level be beside each other."""
ONE_OF_A_PURPOSE = ProfileRules(BESIDE.words, lambda kept, new: kept.owner == new.owner)


class Settings:
    """What a CSMS has set: room for two profiles."""

    smart = True

    def flag(self, setting: Setting) -> bool:
        return False

    def number(self, setting: Setting) -> int:
        return {Setting.MOST_PROFILES: 2}[setting]

    def items(self, setting: Setting) -> tuple[str, ...]:
        return ()

    def has(self, feature: Feature) -> bool:
        return self.smart and feature is Feature.SMART_CHARGING

    def name(self, setting: Setting) -> str:
        return "Most"


def profile(
    profile_id: int,
    limit_w: float,
    purpose: Purpose = Purpose.DEFAULT,
    *,
    stack_level: int = 0,
    starts_at: Moment | None = None,
    duration_s: int | None = None,
) -> Profile:
    return Profile(
        profile_id,
        stack_level,
        purpose,
        Kind.RELATIVE if starts_at is None else Kind.ABSOLUTE,
        "W",
        (Period(0, limit_w),),
        duration_s=duration_s,
        starts_at=starts_at,
    )


class Bench:
    """Two connectors, their limits, and the metal that is brought up to now as `power` does it."""

    def __init__(self, store: Store, clock: ManualClock, rules: ProfileRules) -> None:
        tasks = Tasks()
        self.clock = clock
        self.told: list[str] = []
        self.environment = Environment(
            GuardedClock(clock, tasks.fail), tasks, RandomNumbers(1), Timing(), self._note
        )
        self.connectors = {
            number: Connector(
                number,
                Outlet(
                    RATINGS,
                    register_wh=0.0,
                    ramp_w_per_s=1e9,
                    rng=random.Random(1),
                    now_s=clock.monotonic(),
                ),
                lockable=False,
            )
            for number in (1, 2)
        }
        self.heard: list[ProfileInstalled] = []
        self.profiles = InstalledProfiles(
            store.profiles,
            self.connectors,
            Settings(),
            self.environment,
            rules=rules,
            hear=self.heard.append,
        )
        self.laid: list[tuple[float, float | None]] = []
        """When limits were crossed on the way, and what connector 1 was allowed from there on."""
        self.external = ExternalLimits(store.documents, self.connectors)
        self.rates: list[RateChanged] = []
        self.limits = Limits(
            self.profiles,
            self.external,
            self.connectors,
            RATINGS,
            Settings(),
            self.environment,
            hear=self.rates.append,
            advance=self.advance,
            limits_changed=lambda: self.told.append("limits"),
            powers_changed=lambda: self.told.append("powers"),
        )
        self.limits.refresh()

    def _note(self, kind: str, text: str, connector_id: int | None = None) -> None:
        self.told.append(text)

    @property
    def now(self) -> Moment:
        return moment_of(self.environment.now())

    def advance(self) -> None:
        while self.limits.due_s is not None and self.limits.due_s <= self.clock.monotonic():
            crossed_s = self.limits.due_s
            self.limits.cross()
            self.laid.append((crossed_s, self.allowed_w(1)))

    def allowed_w(self, number: int) -> float | None:
        return self.connectors[number].metal.profile_w

    def told_w(self, number: int) -> float:
        """The one limit of the composite schedule."""
        told = self.limits.composite(number, self.now, 3_600, "W")
        (period,) = told.periods
        assert (told.unit, told.reach_s, period.start_s) == ("W", 3_600, 0)
        return period.limit

    def begin(self, number: int, key: int, brought: Profile | None = None) -> None:
        connector = self.connectors[number]
        connector.transaction = Transaction(key, "CARD", None, self.environment.now(), 0)
        self.limits.begin(connector, connector.transaction, brought)

    def end(self, number: int, key: int) -> None:
        self.connectors[number].transaction = None
        self.limits.end(key)
        self.limits.refresh()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(clock: ManualClock) -> Store:
    return store_in(MEMORY, "CP01", clock.now())


async def test_what_cannot_be_beside_another_is_for_the_protocol_to_say(
    store: Store, clock: ManualClock
) -> None:
    beside = Bench(store, clock, BESIDE)
    for profile_id in (1, 2):
        beside.limits.install(Installed(1, profile(profile_id, 7_000.0)))
    assert [one.profile_id for one in beside.profiles.snapshots] == [1, 2]
    assert {one.purpose for one in beside.profiles.snapshots} == {"default"}

    instead = Bench(store, clock, ONE_OF_A_PURPOSE)
    instead.limits.install(Installed(1, profile(3, 7_000.0, stack_level=5)))
    assert [one.profile_id for one in instead.profiles.snapshots] == [3]
    assert [one.profile_id for one in Bench(store, clock, BESIDE).profiles.snapshots] == [3]


async def test_an_id_is_one_profiles_whatever_is_spoken(store: Store, clock: ManualClock) -> None:
    bench = Bench(store, clock, BESIDE)
    first, second = Installed(1, profile(1, 7_000.0)), Installed(2, profile(1, 8_000.0))
    bench.limits.install(first)
    bench.limits.install(second)
    assert [one.connector_id for one in bench.profiles.snapshots] == [2]
    assert bench.heard == [ProfileInstalled(first, None), ProfileInstalled(second, first)]


async def test_what_is_long_over_makes_room(store: Store, clock: ManualClock) -> None:
    bench = Bench(store, clock, BESIDE)
    bench.limits.install(Installed(1, profile(1, 1.0, starts_at=bench.now, duration_s=60)))
    bench.limits.install(Installed(1, profile(2, 1.0)))
    third = Installed(1, profile(3, 1.0))
    refused = "2 charging profiles are installed already (Most): clear one first"
    assert bench.profiles.why_no_room(third) == refused
    await clock.advance(61.0)
    assert bench.profiles.why_no_room(third) is None
    bench.limits.install(third)
    assert [one.profile_id for one in bench.profiles.snapshots] == [2, 3]


async def test_what_came_with_a_waiting_card_has_its_room(store: Store, clock: ManualClock) -> None:
    bench = Bench(store, clock, BESIDE)
    first = Installed(1, profile(1, 7_000.0))
    bench.limits.install(first)
    waiting = Authorization("CARD", profile=profile(2, 8_000.0, Purpose.TRANSACTION))
    bench.connectors[2].authorization = waiting
    assert bench.profiles.why_no_room(Installed(1, profile(3, 9_000.0))) is not None
    assert bench.profiles.why_no_room(first) is None  # it takes its own place


async def test_a_default_of_a_connector_stands_in_for_that_of_all(
    store: Store, clock: ManualClock
) -> None:
    """With its stack level only, and also while it has nothing to say (OCPP 1.6 §3.13.2)."""
    bench = Bench(store, clock, BESIDE)
    bench.limits.install(Installed(0, profile(1, 7_000.0)))
    later = bench.now + 60 * SECOND
    bench.limits.install(Installed(1, profile(2, 8_000.0, starts_at=later)))
    for number in (1, 2):
        bench.begin(number, 76 + number)
    assert (bench.allowed_w(1), bench.allowed_w(2)) == (None, 7_000.0)


async def test_a_transaction_takes_its_own_profile_along(store: Store, clock: ManualClock) -> None:
    bench = Bench(store, clock, BESIDE)
    bench.limits.install(Installed(0, profile(1, 9_000.0)))
    bench.begin(1, 77, profile(2, 11_000.0, Purpose.TRANSACTION))
    bench.begin(2, 78, profile(3, 12_000.0, Purpose.TRANSACTION))
    assert (bench.allowed_w(1), bench.allowed_w(2)) == (11_000.0, 9_000.0)
    assert bench.told[-1] == (
        "connector 2: the profile of the start is left out: 2 charging profiles are installed "
        "already (Most): clear one first"
    )
    bench.end(1, 77)
    assert bench.allowed_w(1) is None
    assert [one.profile_id for one in bench.profiles.snapshots] == [1]


async def test_an_edge_is_crossed_at_its_own_moment_however_late(
    store: Store, clock: ManualClock
) -> None:
    bench = Bench(store, clock, BESIDE)
    bench.begin(1, 77)
    for profile_id, starts_s in ((1, 10), (2, 20)):
        at = bench.now + starts_s * SECOND
        brought = profile(profile_id, 1_000.0 * starts_s, stack_level=profile_id, starts_at=at)
        bench.limits.install(Installed(1, brought))
    bench.limits.close()  # nobody comes round
    await clock.advance(15.0)
    assert bench.allowed_w(1) is None
    bench.limits.install(Installed(2, profile(3, 1.0)))
    assert bench.laid == [(10.0, 10_000.0)]
    bench.limits.close()
    await clock.advance(15.0)
    bench.limits.remove([3])
    assert bench.laid == [(10.0, 10_000.0), (20.0, 20_000.0)]
    assert bench.limits.due_s is None


async def test_a_timer_waits_for_the_edge_and_tells_of_it(store: Store, clock: ManualClock) -> None:
    bench = Bench(store, clock, BESIDE)
    bench.begin(1, 77)
    at = bench.now + 10 * SECOND
    bench.limits.install(Installed(1, profile(1, 5_000.0, starts_at=at, duration_s=10)))
    assert (bench.allowed_w(1), bench.told) == (None, ["limits"])
    await clock.advance(9.9)
    assert bench.laid == []
    await clock.advance(0.1)
    assert (bench.laid, bench.told) == ([(10.0, 5_000.0)], ["limits", "powers"])
    await clock.advance(10.0)
    assert bench.laid[1:] == [(20.0, None)]
    assert bench.told == ["limits", "powers", "powers"]


async def test_a_clock_that_is_set_moves_the_edges_of_the_day(
    store: Store, clock: ManualClock
) -> None:
    bench = Bench(store, clock, BESIDE)
    bench.begin(1, 77)
    by_the_day = profile(1, 5_000.0, starts_at=bench.now + 3_600 * SECOND)
    from_the_start = profile(2, 3_000.0, stack_level=1, duration_s=100)
    for one in (by_the_day, from_the_start):
        bench.limits.install(Installed(1, one))
    await clock.advance(50.0)
    hour = timedelta(hours=1)
    bench.environment.shift(hour)
    bench.limits.clock_shifted(hour)
    assert bench.allowed_w(1) == 3_000.0
    await clock.advance(50.0)
    assert bench.allowed_w(1) == 5_000.0


async def test_the_sum_is_bounded_beside_what_each_may_have(
    store: Store, clock: ManualClock
) -> None:
    bench = Bench(store, clock, BESIDE)
    rated = ((0, 70_000.0), (1, 60_000.0), (2, 60_000.0))
    assert [(number, bench.told_w(number)) for number, _ in rated] == list(rated)
    assert bench.limits.cap_w is None
    bench.limits.install(Installed(0, profile(1, 20_000.0, Purpose.STATION, starts_at=bench.now)))
    bench.limits.install(Installed(2, profile(2, 15_000.0)))
    bench.begin(2, 78)
    assert (bench.limits.cap_w, bench.limits.least_w) == (20_000.0, 500.0)
    assert bench.allowed_w(2) == 15_000.0
    bounded = ((0, 20_000.0), (1, 20_000.0), (2, 15_000.0))
    assert [(number, bench.told_w(number)) for number, _ in bounded] == list(bounded)


def external(limit_w: float, source: str = "SO", connector_id: int = 0) -> ExternalLimit:
    return ExternalLimit(source, limit_w, connector_id, False, ManualClock().now())


async def test_what_others_allow_counts_beside_profiles(store: Store, clock: ManualClock) -> None:
    bench = Bench(store, clock, BESIDE)
    bench.limits.install(Installed(0, profile(1, 20_000.0, Purpose.STATION, starts_at=bench.now)))
    bench.limits.install(Installed(2, profile(2, 15_000.0)))
    bench.begin(2, 78)
    bench.limits.allow_others([external(30_000.0), external(12_000.0, "EMS", 2)])
    assert (bench.limits.cap_w, bench.limits.cap_by) == (20_000.0, "profile")
    second = bench.connectors[2].metal
    assert (second.profile_w, second.outside_w) == (15_000.0, 12_000.0)
    assert second.outside_by == "energy manager"
    assert [bench.told_w(number) for number in (0, 1, 2)] == [20_000.0, 20_000.0, 12_000.0]
    bench.limits.allow_others([external(18_000.0), external(9_000.0, "Other"), external(11_000.0)])
    assert (bench.limits.cap_w, bench.limits.cap_by) == (9_000.0, "another system")
    assert [bench.told_w(number) for number in (0, 1, 2)] == [9_000.0, 9_000.0, 9_000.0]
    assert bench.connectors[2].metal.outside_w is None
    bench.limits.allow_others([])
    assert (bench.limits.cap_w, bench.limits.cap_by) == (20_000.0, "profile")


async def test_others_are_found_again_and_a_connector_that_is_gone_is_not(
    store: Store, clock: ManualClock
) -> None:
    kept = [external(30_000.0), external(12_000.0, "EMS", 2)]
    Bench(store, clock, BESIDE).limits.allow_others(kept)
    assert Bench(store, clock, BESIDE).external.all == tuple(kept)
    assert ExternalLimits(store.documents, [1]).all == tuple(kept[:1])


async def test_what_was_kept_before_smart_charging_was_switched_off_bounds_nobody(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(store, clock, BESIDE)
    bench.limits.install(Installed(0, profile(1, 7_000.0)))
    bench.limits.install(Installed(0, profile(2, 9_000.0, Purpose.STATION, starts_at=bench.now)))
    bench.begin(1, 77)
    assert (bench.allowed_w(1), bench.limits.cap_w) == (7_000.0, 9_000.0)
    monkeypatch.setattr(Settings, "smart", False)
    bench.limits.refresh()
    assert (bench.allowed_w(1), bench.limits.cap_w) == (None, None)
    assert len(bench.profiles) == 2


AS_IN_A_FILE = {
    "profile_id": 5,
    "stack_level": 2,
    "purpose": "ChargePointMaxProfile",
    "kind": "Recurring",
    "unit": "A",
    "periods": [{"start_s": 0, "limit": 16.0, "phases": 1}],
    "duration_s": 60,
    "starts_at": 0,
    "recurrency": "Weekly",
    "valid_from": None,
    "valid_to": 10**18,
    "least": 6.0,
    "transaction_id": None,
}


async def test_files_of_state_keep_their_words(store: Store, clock: ManualClock) -> None:
    """What a ChargeForge before this one has written is read, and written so again."""
    store.profiles.install(StoredProfile(5, 0, None, AS_IN_A_FILE))
    bench = Bench(store, clock, BESIDE)
    kept = bench.profiles.profile(5)
    assert kept == Profile(
        5,
        2,
        Purpose.STATION,
        Kind.RECURRING,
        "A",
        (Period(0, 16.0, 1),),
        duration_s=60,
        starts_at=0,
        recurrency=Recurrency.WEEKLY,
        valid_to=10**18,
        least=6.0,
    )
    bench.limits.remove([5])
    assert store.profiles.all() == []
    bench.limits.install(Installed(0, kept))
    (row,) = store.profiles.all()
    assert row.profile == AS_IN_A_FILE
    assert list(row.profile) == list(AS_IN_A_FILE)
