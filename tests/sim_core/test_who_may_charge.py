"""Cards, the local list and reservations of a charger that speaks no protocol.

What they come to on the wire of OCPP 1.6 is asked in tests/conformance; here are the words and the
events that no version has given.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from sim_core.charging.authorization import Authorizer
from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.csms import Asked
from sim_core.charging.domain_events import ReservationEnded
from sim_core.charging.environment import Environment
from sim_core.charging.policy import Feature, Setting
from sim_core.charging.reservation_rules import ANY, Booking
from sim_core.charging.reservations import Booked, Reservations
from sim_core.charging.token_list import Changes, TokenList
from sim_core.charging.vocabulary import CAUSE_OF_RESERVATION_END, Cause, ReservationEnd, Verdict
from sim_core.hardware.faults import ChargerFault
from sim_core.hardware.model import Ratings, Timing
from sim_core.hardware.outlet import Outlet
from sim_core.ocpp16.reservation import STATUS
from sim_core.ocpp16.text_limits import TEXT_LIMITS
from sim_core.runtime.clock import GuardedClock, ManualClock
from sim_core.runtime.random_numbers import RandomNumbers
from sim_core.runtime.tasks import Tasks
from sim_core.store.memory.store import MemoryStore
from sim_core.store.records import KnownToken, Reservation

RATINGS = Ratings(connector_power_w=60_000, connector_current_a=150, cabinet_power_w=60_000)
NUMBERS = {Setting.MOST_LISTED: 3, Setting.MOST_LISTED_AT_ONCE: 2}
ACCEPTED = Verdict("Accepted")


@dataclass
class Settings:
    """All that is switched on; names are those of nobody's protocol."""

    on: set[Setting] = field(default_factory=set)
    lacks: set[Feature] = field(default_factory=set)

    text_limits = TEXT_LIMITS

    def flag(self, setting: Setting) -> bool:
        return setting in self.on

    def number(self, setting: Setting) -> int:
        return NUMBERS[setting]

    def items(self, setting: Setting) -> tuple[str, ...]:
        return ()

    def has(self, feature: Feature) -> bool:
        return feature not in self.lacks

    def name(self, setting: Setting) -> str:
        return f"<{setting.name}>"


@dataclass
class Authority:
    """Somebody who knows about cards; None: nobody answers."""

    says: Verdict | None = None
    refusal: str = ""
    online: bool = True
    asked: list[str] = field(default_factory=list)
    learn: Callable[[str, Verdict], None] = lambda *_: None

    def why_alone(self) -> str:
        return "on the moon"

    async def ask(self, token: str, learn: Callable[[str, Verdict], None]) -> Asked:
        self.asked.append(token)
        self.learn = learn
        return Asked(self.says, self.refusal)


def metal() -> Outlet:
    return Outlet(RATINGS, register_wh=0.0, ramp_w_per_s=1e9, rng=random.Random(1), now_s=0.0)


class Site:
    """A charger with two connectors, as far as cards and reservations see it."""

    def __init__(self, *on: Setting, authority: Authority | None = None) -> None:
        self.clock = ManualClock()
        self.notes: list[str] = []
        self.ended: list[ReservationEnded] = []
        self.changes = 0
        self.settings = Settings({Setting.ASKS_ABOUT_CARDS, *on})
        self.authority = authority or Authority()
        self.store = MemoryStore()
        self.condition = Condition(operative=True)
        tasks = Tasks()
        self.environment = Environment(
            GuardedClock(self.clock, tasks.fail), tasks, RandomNumbers(1), Timing(), self.note
        )
        self.connectors = {number: Connector(number, metal(), lockable=False) for number in (1, 2)}
        self.token_list = TokenList(self.settings, self.store, self.note, self.changed)
        self.authorizer = Authorizer(
            self.settings, self.store, self.token_list, self.authority, self.environment.now
        )
        self.reservations = self.restarted()

    def restarted(self) -> Reservations:
        """The reservations as they are after a boot."""
        reservations = Reservations(
            self.environment,
            self.connectors,
            self.condition,
            self.settings,
            self.store,
            hear=self.ended.append,
            changed=self.changed,
            plug_ends_reserved=False,
        )
        reservations.start()
        return reservations

    def note(self, kind: str, text: str, connector_id: int | None = None) -> None:
        self.notes.append(text)

    def changed(self) -> None:
        self.changes += 1

    def wanted(self, connector_id: int = 1, in_s: float = 60, number: int = 7) -> Reservation:
        until = self.environment.now() + timedelta(seconds=in_s)
        return Reservation(number, connector_id, "HOLDER", None, until)

    def ends(self) -> list[tuple[int, int, ReservationEnd, Cause]]:
        return [(end.reservation_id, end.connector_id, end.how, end.cause) for end in self.ended]


# -- cards -----------------------------------------------------------


async def test_a_refusal_names_a_setting_as_the_protocol_does() -> None:
    site = Site(authority=Authority(online=False))
    verdict = await site.authorizer.decide("T")
    assert verdict.reason == (
        "the charge point is on the moon and may not decide about the card T itself: "
        "<DECIDES_OFFLINE> = true lets it"
    )
    site.settings.on.add(Setting.DECIDES_OFFLINE)
    verdict = await site.authorizer.decide("T")
    assert verdict.reason == (
        "the charge point is on the moon and does not know the card T: "
        "<ADMITS_UNKNOWN_OFFLINE> = true lets it charge all the same"
    )
    assert not site.authority.asked


async def test_who_cannot_deal_with_the_question_is_no_yes() -> None:
    on = (Setting.DECIDES_OFFLINE, Setting.ADMITS_UNKNOWN_OFFLINE, Setting.CACHES_TOKENS)
    site = Site(*on, authority=Authority(refusal="it has no idea"))
    assert await site.authorizer.decide("T") == Verdict("Invalid", reason="it has no idea")
    assert site.store.tokens.find("T") is None


async def test_what_is_said_is_learned_with_its_time_also_when_it_comes_late() -> None:
    site = Site(Setting.CACHES_TOKENS, Setting.DECIDES_OFFLINE)
    over_at = site.environment.now() + timedelta(seconds=30)
    assert not (await site.authorizer.decide("T")).accepted, "nobody answers"
    site.authority.learn("T", Verdict("Accepted", "GROUP", expires_at=over_at))
    site.authority.online = False
    assert await site.authorizer.decide("t") == Verdict("Accepted", "GROUP")
    await site.clock.advance(30)
    assert (await site.authorizer.decide("T")).status == "Expired"


async def test_a_refusal_whose_time_has_run_out_is_forgotten_but_for_one_on_the_list() -> None:
    offline = (Setting.DECIDES_OFFLINE, Setting.ADMITS_UNKNOWN_OFFLINE)
    site = Site(Setting.CACHES_TOKENS, *offline, authority=Authority(online=False))
    over_at = site.environment.now() + timedelta(seconds=30)
    site.authorizer.learn("T", Verdict("Blocked", expires_at=over_at))
    assert (await site.authorizer.decide("T")).status == "Blocked"
    await site.clock.advance(30)
    assert (await site.authorizer.decide("T")).accepted, "nobody knows it any more"
    listed = Changes((KnownToken("T", "Blocked", None, over_at),))
    assert site.token_list.change(1, listed, full=True)
    site.settings.on.add(Setting.LIST_COUNTS)
    assert (await site.authorizer.decide("T")).status == "Blocked"


async def test_without_a_cache_nothing_is_learned() -> None:
    site = Site(authority=Authority(says=ACCEPTED))
    assert (await site.authorizer.decide("T")).accepted
    assert site.store.tokens.find("T") is None


# -- the list --------------------------------------------------------


def card(token: str, status: str = "Accepted") -> KnownToken:
    return KnownToken(token, status, None, None)


async def test_the_list_takes_all_of_a_change_or_nothing() -> None:
    tokens = Site(Setting.LIST_COUNTS).token_list
    assert tokens.change(1, Changes((card("A"), card("B"))), full=True)
    assert not tokens.change(2, Changes((card("C"), card("D")), ("A",)), full=False), "three"
    assert not tokens.change(2, Changes((card("C"), card("D"))), full=False), "four on the list"
    assert (tokens.version, tokens.length, tokens.entry("C")) == (1, 2, None)
    assert tokens.change(2, Changes((card("C"),), ("A",)), full=False)
    assert (tokens.version, tokens.length, tokens.entry("A")) == (2, 2, None)


async def test_a_contradiction_lasts_until_the_list_is_sent_anew_or_does_not_count() -> None:
    site = Site(Setting.LIST_COUNTS)
    tokens, now = site.token_list, site.environment.now()
    assert tokens.change(1, Changes((card("A"), card("B"))), full=True)
    tokens.compare("A", "ConcurrentTx", now)
    tokens.reconciled()
    assert (tokens.contradiction, site.changes) == ("", 0), "there was none"
    tokens.compare("a", "Blocked", now)
    tokens.compare("A", "Invalid", now)
    assert (tokens.contradiction, site.changes, len(site.notes)) == ("A", 1, 1)
    tokens.compare("B", "Accepted", now)
    assert tokens.contradiction == "A", "that of another card"
    tokens.switched()
    assert tokens.contradiction == "A", "it still counts"
    site.settings.on.clear()
    tokens.switched()
    assert (tokens.contradiction, site.changes) == ("", 2)
    site.settings.on.add(Setting.LIST_COUNTS)
    tokens.compare("A", "Blocked", now)
    tokens.reconciled()
    assert (tokens.contradiction, site.changes) == ("", 4)


@pytest.mark.parametrize("lacks", [set(), {Feature.LOCAL_LIST}])
async def test_a_list_counts_where_there_is_one_and_it_is_switched_on(lacks: set[Feature]) -> None:
    site = Site()
    assert site.token_list.change(1, Changes((card("A"),)), full=True)
    assert not site.token_list.enabled
    site.settings.on.add(Setting.LIST_COUNTS)
    site.settings.lacks = lacks
    assert site.token_list.enabled == (not lacks)
    assert (site.token_list.entry("A") is None) == bool(lacks)


# -- reservations ----------------------------------------------------


def test_each_outcome_has_its_word_in_ocpp_1_6_and_each_end_its_cause() -> None:
    assert set(STATUS) == set(Booking)
    assert set(CAUSE_OF_RESERVATION_END) == set(ReservationEnd)


async def test_every_end_is_heard_with_its_cause() -> None:
    site = Site(Setting.RESERVES_ANY)
    keeper = site.reservations
    used, cancelled, expired = (site.wanted(number=number) for number in (1, 2, 3))
    assert keeper.reserve(used) == Booked(Booking.RESERVED)
    keeper.end(used, ReservationEnd.USED)
    assert keeper.reserve(cancelled) == Booked(Booking.RESERVED)
    assert keeper.cancel(2)
    assert not keeper.cancel(2)
    assert keeper.reserve(expired) == Booked(Booking.RESERVED)
    await site.clock.advance(59)
    assert len(site.ended) == 2
    await site.clock.advance(1)
    assert site.changes == 1
    assert keeper.reserve(site.wanted(ANY, number=4)) == Booked(Booking.RESERVED)
    site.condition.fault = ChargerFault("OtherError")
    keeper.settle()
    site.condition.fault = None
    assert keeper.reserve(site.wanted(2, number=5)) == Booked(Booking.RESERVED)
    site.connectors[2].operative = False
    keeper.settle()
    assert site.ends() == [
        (1, 1, ReservationEnd.USED, Cause.CARD),
        (2, 1, ReservationEnd.CANCELLED, Cause.CSMS),
        (3, 1, ReservationEnd.EXPIRED, Cause.CLOCK),
        (4, 0, ReservationEnd.FAULTED, Cause.FAULT),
        (5, 2, ReservationEnd.UNAVAILABLE, Cause.CSMS),
    ]
    assert site.store.reservations.all() == []


async def test_what_expired_in_the_dark_is_heard_at_the_start_and_the_rest_is_held() -> None:
    site = Site()
    site.store.reservations.save(site.wanted(1, in_s=-1, number=1))
    site.store.reservations.save(site.wanted(2, number=2))
    site.store.reservations.save(site.wanted(9, number=3))
    site.reservations = site.restarted()
    assert site.ends() == [(1, 1, ReservationEnd.EXPIRED, Cause.CLOCK)]
    assert site.connectors[1].reservation is None
    assert site.connectors[2].reservation == site.wanted(2, number=2)
    assert site.reservations.moved() == [site.connectors[2]]
    assert site.reservations.moved() == []


async def test_a_request_is_refused_in_the_protocols_names() -> None:
    site = Site()
    reserve = site.reservations.reserve
    assert reserve(site.wanted(3)) == Booked(Booking.REFUSED, "there is no such connector")
    assert reserve(site.wanted(ANY)) == Booked(
        Booking.REFUSED, "<RESERVES_ANY> is false: name a connector"
    )
    site.condition.powered = False
    assert reserve(site.wanted()) == Booked(Booking.REFUSED, "the charge point has no power")
    site.condition.rebooting = True
    assert reserve(site.wanted()) == Booked(Booking.REFUSED, "the charge point is rebooting")
    assert site.store.reservations.all() == []


async def test_what_stands_in_the_way_comes_before_the_moment() -> None:
    site = Site()
    reserve, late = site.reservations.reserve, site.wanted(in_s=-1)
    assert reserve(late) == Booked(Booking.TOO_LATE)
    site.connectors[1].authorizing = "OTHER"
    assert reserve(late) == Booked(Booking.OCCUPIED)
    site.connectors[1].operative = False
    assert reserve(late) == Booked(Booking.UNAVAILABLE)
    site.condition.fault = ChargerFault("OtherError")
    assert reserve(late) == Booked(Booking.FAULTED)


async def test_the_last_that_is_left_is_held_for_whoever_named_none() -> None:
    site = Site(Setting.RESERVES_ANY)
    keeper, whole = site.reservations, site.wanted(ANY)
    first, second = site.connectors.values()
    assert keeper.reserve(whole) == Booked(Booking.RESERVED)
    assert keeper.whole == whole
    assert (first.reservation, second.reservation) == (None, None)
    assert keeper.reserve(site.wanted(1, number=8)) == Booked(Booking.RESERVED)
    assert second.reservation == whole
    assert keeper.reserve(site.wanted(2, number=9)) == Booked(Booking.OCCUPIED)
    other = replace(site.wanted(1, number=8), token="OTHER")
    assert keeper.reserve(other) == Booked(Booking.RESERVED), "it takes the place of its own id"
    assert first.reservation == other
    assert [keeper.preference(one, "OTHER") for one in (first, second)] == [0, 3]


async def test_what_is_replaced_stands_in_nobodys_way() -> None:
    site = Site(Setting.RESERVES_ANY)
    keeper, (first, second) = site.reservations, site.connectors.values()
    first.authorizing = "OTHER"
    assert keeper.reserve(site.wanted(2)) == Booked(Booking.RESERVED)
    assert keeper.reserve(site.wanted(ANY)) == Booked(Booking.RESERVED), "the second is its own"
    assert keeper.reserve(site.wanted(2)) == Booked(Booking.RESERVED), "and is so again"
    assert keeper.whole is None
    assert second.reservation == site.wanted(2)
