"""Reservations: a connector is kept free for a card until a moment (OCPP 1.6 §3.11, §5.13).

What is kept is on disk before it is answered, and outlives reboots. For whom a connector is held
just now is derived from that, as status is from facts (`reservation_rules`). `settle` derives it
anew after every change, and ends what a fault or the CSMS has taken out of use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sim_core.charging.condition import Condition
from sim_core.charging.connector import Authorization, Connector
from sim_core.charging.domain_events import ReservationEnded
from sim_core.charging.environment import Environment
from sim_core.charging.policy import Feature, Policy, Setting
from sim_core.charging.reservation_rules import (
    ANY,
    Booking,
    admits,
    admits_card,
    holder,
    is_taken,
    naming,
    unusable,
)
from sim_core.charging.vocabulary import CAUSE_OF_RESERVATION_END, ReservationEnd
from sim_core.runtime.clock import Timer
from sim_core.store.interface import Store
from sim_core.store.records import Reservation

TIMER_EARLY = timedelta(milliseconds=1)
"""A timer may be so much early."""


@dataclass(frozen=True)
class Booked:
    """What a request came to; what is REFUSED says why, in a sentence."""

    booking: Booking
    reason: str = ""


ENDED_BY: dict[Booking, ReservationEnd] = {
    Booking.FAULTED: ReservationEnd.FAULTED,
    Booking.UNAVAILABLE: ReservationEnd.UNAVAILABLE,
}
"""What becomes of a reservation where none could be made any more."""


class Reservations:
    """All reservations, and who may use what because of them.

    `hear` learns of every end; `changed` is called when one has expired, for connectors may be held
    for somebody else then.
    """

    __slots__ = (
        "_changed",
        "_condition",
        "_connectors",
        "_environment",
        "_free",
        "_hear",
        "_kept",
        "_moved",
        "_plug_ends_reserved",
        "_policy",
        "_store",
        "_timer",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        condition: Condition,
        policy: Policy,
        store: Store,
        *,
        hear: Callable[[ReservationEnded], None],
        changed: Callable[[], None],
        plug_ends_reserved: bool,
    ) -> None:
        """`plug_ends_reserved`: a make whose reserved connector shows any vehicle that comes."""
        self._environment = environment
        self._connectors = connectors
        self._condition = condition
        self._policy = policy
        self._store = store
        self._hear = hear
        self._changed = changed
        self._plug_ends_reserved = plug_ends_reserved
        known = {ANY, *connectors}
        self._kept: dict[int, Reservation] = {
            kept.reservation_id: kept
            for kept in store.reservations.all()
            if kept.connector_id in known and policy.has(Feature.RESERVATION)
        }
        self._moved: dict[int, Connector] = {}
        """Connectors that are held for somebody else than when they were last looked at."""
        self._free = False
        """No connector is held for anybody, as was settled last."""
        self._timer: Timer | None = None

    def start(self) -> None:
        """End what has expired while the charger was dark, and hold what is reserved."""
        self._end_expired()
        self.settle()
        self.rearm()

    def close(self) -> None:
        """Nothing expires any more: what it would be written into is about to close."""
        if self._timer is not None:
            self._timer.cancel()

    # -- who may use what --------------------------------------------

    @property
    def all(self) -> tuple[Reservation, ...]:
        """Every one that is kept, by its id."""
        return tuple(self._kept[number] for number in sorted(self._kept))

    @property
    def whole(self) -> Reservation | None:
        """The reservation that names no connector."""
        return naming(self._kept.values(), ANY)

    def why_not(self, connector: Connector, token: str) -> str | None:
        """The sentence that keeps a card from a connector which is held for another, or None.

        Where a group is admitted and this card is not the holder's own, only the CSMS can tell
        (§5.13): there is nothing against it yet, and `why_not_after` has the last word.
        """
        held = connector.reservation
        grouped = held is not None and held.group is not None
        return None if grouped else self.why_not_after(connector, Authorization(token))

    def why_not_after(self, connector: Connector, card: Authorization) -> str | None:
        """The same once the card was accepted and its group is known."""
        held = connector.reservation
        if held is None or admits_card(held, card):
            return None
        whom = f"{held.token} and the cards of {held.group}"
        return (
            f"{connector.place} is reserved for "
            f"{whom if held.group else held.token} until {self._clock_face(held.until)}; "
            "swipe that card, or let the CSMS cancel the reservation"
        )

    def needs_authorize(self, connector: Connector, token: str) -> bool:
        """Whether a card's group decides here, and nobody but the CSMS may know it (§5.13)."""
        held = connector.reservation
        return held is not None and not admits(held, token, None)

    def preference(self, connector: Connector, token: str) -> int:
        """How well a connector suits a card that may choose; less is better."""
        held = connector.reservation
        if held is None:
            return 1 if connector.metal.plugged else 2
        return 0 if admits(held, token, None) else 3

    def used_by(self, connector: Connector, card: Authorization) -> Reservation | None:
        """The reservation that a transaction of this card on this connector uses up (§5.13)."""
        for number in (connector.number, ANY):
            kept = naming(self._kept.values(), number)
            if kept is not None and admits_card(kept, card):
                return kept
        return None

    # -- how one comes and goes --------------------------------------

    def reserve(self, wanted: Reservation) -> Booked:
        """Keep a connector free. A reservation with the same id is replaced, or stays where the
        new one cannot be.

        What stands in the way at the charger comes before anything is said of the moment: a CSMS
        whose clock is wrong hears all the same that the connector is Faulted.
        """
        if why := self._why_refused(wanted):
            return Booked(Booking.REFUSED, why)
        booking = unusable(wanted.connector_id, self._connectors, self._condition)
        if booking is None and is_taken(wanted, self._connectors, self._kept.values()):
            booking = Booking.OCCUPIED
        if booking is None and wanted.until <= self._environment.now():
            booking = Booking.TOO_LATE
        if booking is not None:
            return Booked(booking)
        self._store.reservations.save(wanted)
        self._kept[wanted.reservation_id] = wanted
        self.settle()
        self.rearm()
        self._environment.note(
            "reservation",
            f"{self._where(wanted)} is reserved for {wanted.token} "
            f"until {self._clock_face(wanted.until)}",
            wanted.connector_id or None,
        )
        return Booked(Booking.RESERVED)

    def note_refused(self, wanted: Reservation, why: str) -> None:
        """Write down what has kept a request from becoming a reservation."""
        known = wanted.connector_id if wanted.connector_id in self._connectors else None
        self._environment.note(
            "reservation", f"{self._where(wanted)} was not reserved: {why}", known
        )

    def cancel(self, reservation_id: int) -> bool:
        """The CSMS no longer wants it. False: there is no such reservation."""
        kept = self._kept.get(reservation_id)
        if kept is None:
            return False
        self.end(kept, ReservationEnd.CANCELLED)
        self.settle()
        return True

    def end(self, reservation: Reservation, how: ReservationEnd) -> None:
        """Let a reservation go, on disk too. Whoever calls looks at the connectors after that."""
        number, connector_id = reservation.reservation_id, reservation.connector_id
        with self._store.together():
            self._store.reservations.remove(number)
            self._hear(ReservationEnded(number, connector_id, how, CAUSE_OF_RESERVATION_END[how]))
        del self._kept[number]
        self._environment.note(
            "reservation",
            f"{self._where(reservation)}: the reservation for {reservation.token} {how.value}",
            connector_id or None,
        )
        self.rearm()

    def rearm(self) -> None:
        """Wait for the next reservation to expire; the clock may have been set."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._kept:
            due = min(kept.until for kept in self._kept.values()) + self._late
            wait_s = (due - self._environment.now()).total_seconds()
            self._timer = self._environment.clock.call_later(max(0.0, wait_s), self._expire)

    @property
    def _late(self) -> timedelta:
        """From the end of a reservation to when this make notices."""
        return timedelta(seconds=self._environment.timing.expiry_s)

    def _expire(self) -> None:
        self._end_expired()
        self.rearm()
        self._changed()

    def _end_expired(self) -> None:
        now = self._environment.now() + TIMER_EARLY
        for kept in list(self._kept.values()):
            if kept.until + self._late <= now:
                self.end(kept, ReservationEnd.EXPIRED)

    # -- for whom a connector is held --------------------------------

    def settle(self) -> None:
        """Let each connector know for whom it is held now."""
        if self._free and not self._kept:
            return
        for kept in list(self._kept.values()):
            if why := unusable(kept.connector_id, self._connectors, self._condition):
                self.end(kept, ENDED_BY[why])
        for connector in self._connectors.values():
            held = holder(connector, self._connectors, self._kept.values())
            connector.reserved_first = self._came_first(connector, held)
            if held is not connector.reservation:
                connector.reservation = held
                self._moved[connector.number] = connector
        self._free = not self._kept

    def moved(self) -> list[Connector]:
        """The connectors that are held for somebody else than at the last time of asking."""
        moved = list(self._moved.values())
        self._moved.clear()
        return moved

    def _came_first(self, connector: Connector, held: Reservation | None) -> bool:
        """Whether a connector was held before the vehicle came that stands there, if one does.

        One with a vehicle cannot be reserved by itself; but by what the others do it may become the
        last one that is left for a reservation that names none, or stay it.
        """
        if held is None or self._plug_ends_reserved:
            return False
        by_itself = held.connector_id == connector.number
        return by_itself or connector.reserved_first or not connector.metal.occupied

    def _why_refused(self, wanted: Reservation) -> str | None:
        """What speaks against a request whatever the connector is doing; None: nothing does."""
        zero, any_allowed = wanted.connector_id == ANY, Setting.RESERVES_ANY
        wrongs = (
            (not (zero or wanted.connector_id in self._connectors), "there is no such connector"),
            (
                zero and not self._policy.flag(any_allowed),
                f"{self._policy.name(any_allowed)} is false: name a connector",
            ),
            (self._condition.rebooting, "the charge point is rebooting"),
            (not self._condition.powered, "the charge point has no power"),
        )
        return next((sentence for wrong, sentence in wrongs if wrong), None)

    def _clock_face(self, at: datetime) -> str:
        today = at.date() == self._environment.now().date()
        return f"{at:%H:%M:%S} UTC" if today else f"{at:%Y-%m-%d %H:%M:%S} UTC"

    def _where(self, reservation: Reservation) -> str:
        number = reservation.connector_id
        return "the charge point" if number == ANY else self._environment.place(number)
