"""Reservations: a connector is kept free for a card until a moment (OCPP 1.6 §3.11, §5.1, §5.13).

What is kept is on disk before it is answered, and outlives reboots. For whom a connector is held
just now is derived from that, as status is from facts: by its own reservation, or by one of
connector 0 where this is the last connector that is left for it. `settle` derives it anew after
every change, and ends what a fault or ChangeAvailability has ended.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, CancelReservationStatus, ReservationStatus

from sim_core.ocpp16.outlet import Authorization, Outlet
from sim_core.ocpp16.routing import on
from sim_core.ocpp16.timestamps import moment
from sim_core.runtime.clock import Timer
from sim_core.store.records import Reservation
from sim_core.wire.endpoint import Refusal, Reply

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint

PROFILE = "Reservation"
ANY = 0
"""The connector of a reservation that holds whichever is left (§5.13)."""
IDS = range(-(2**63), 2**63)
TIMER_EARLY = timedelta(milliseconds=1)
"""A timer may be so much early."""


def admits(reservation: Reservation, id_tag: str, parent_id_tag: str | None) -> bool:
    """Whether a reservation is for this card or, where it has a group, for the card's group."""
    if reservation.id_tag.casefold() == id_tag.casefold():
        return True
    group = (reservation.parent_id_tag or "").casefold()
    return bool(group) and group == (parent_id_tag or "").casefold()


def free(outlet: Outlet) -> bool:
    """Whether somebody could begin here: in service, whole, empty, no card accepted."""
    taken = outlet.transaction or outlet.authorization or outlet.metal.occupied
    return outlet.operative and outlet.metal.fault is None and not taken


class Reservations:
    """All reservations, and the handlers of the Reservation profile."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        known = {ANY, *charge_point.outlets}
        self._kept: dict[int, Reservation] = {
            kept.reservation_id: kept
            for kept in charge_point.store.reservations()
            if kept.connector_id in known and charge_point.configuration.supports(PROFILE)
        }
        self._moved: dict[int, Outlet] = {}
        """Connectors that are held for somebody else than when they were last looked at."""
        self._timer: Timer | None = None
        self._end_expired()
        self.settle()
        self.rearm()

    def close(self) -> None:
        """Nothing expires any more: what it would be written into is about to close."""
        if self._timer is not None:
            self._timer.cancel()

    # -- who may use what --------------------------------------------

    @property
    def whole(self) -> Reservation | None:
        """The reservation of connector 0."""
        return self._of(ANY)

    def why_not(self, outlet: Outlet, id_tag: str) -> str | None:
        """The sentence that keeps a card from a connector which is held for another, or None.

        Where a group is admitted and this card is not the holder's own, only an Authorize can tell
        (§5.13): there is nothing against it yet, and `why_not_after` has the last word.
        """
        held = outlet.reservation
        grouped = held is not None and held.parent_id_tag is not None
        return None if grouped else self.why_not_after(outlet, Authorization(id_tag))

    def why_not_after(self, outlet: Outlet, card: Authorization) -> str | None:
        """The same once the card was accepted and its group is known."""
        held = outlet.reservation
        if held is None or admits(held, card.id_tag, card.parent_id_tag):
            return None
        return self._sentence(outlet, held)

    def needs_authorize(self, outlet: Outlet, id_tag: str) -> bool:
        """Whether a card's group decides here, and nobody but the CSMS may know it (§5.13)."""
        held = outlet.reservation
        return held is not None and not admits(held, id_tag, None)

    def preference(self, outlet: Outlet, id_tag: str) -> int:
        """How well a connector suits a card that may choose; less is better."""
        held = outlet.reservation
        if held is None:
            return 1 if outlet.metal.plugged else 2
        return 0 if admits(held, id_tag, None) else 3

    def used_by(self, outlet: Outlet, card: Authorization) -> Reservation | None:
        """The reservation that a transaction of this card on this connector uses up (§5.13)."""
        for kept in (self._of(outlet.number), self.whole):
            if kept is not None and admits(kept, card.id_tag, card.parent_id_tag):
                return kept
        return None

    def end(self, reservation: Reservation, how: str) -> None:
        """Let a reservation go, on disk too. Whoever calls looks at the connectors after that."""
        cp = self._cp
        cp.store.end_reservation(reservation.reservation_id)
        del self._kept[reservation.reservation_id]
        cp.note(
            "reservation",
            f"{_where(reservation)}: the reservation for {reservation.id_tag} {how}",
            reservation.connector_id or None,
        )
        self.rearm()

    # -- what follows from them --------------------------------------

    def settle(self) -> None:
        """Let each connector know for whom it is held now."""
        for kept in list(self._kept.values()):
            if how := self._struck(kept):
                self.end(kept, how)
        for outlet in self._cp.outlets.values():
            held = self._held(outlet)
            outlet.reserved_first = self._came_first(outlet, held)
            if held is not outlet.reservation:
                outlet.reservation = held
                self._moved[outlet.number] = outlet

    def moved(self) -> list[Outlet]:
        """The connectors that are held for somebody else than at the last time of asking."""
        moved = list(self._moved.values())
        self._moved.clear()
        return moved

    def rearm(self) -> None:
        """Wait for the next reservation to expire; the clock may have been set."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._kept:
            due = min(kept.until for kept in self._kept.values()) + self._late
            wait_s = (due - self._cp.now()).total_seconds()
            self._timer = self._cp.clock.call_later(max(0.0, wait_s), self._expire)

    @property
    def _late(self) -> timedelta:
        return timedelta(seconds=self._cp.timing.expiry_s)

    def _expire(self) -> None:
        self._end_expired()
        self.rearm()
        self._cp.reservations_changed()

    def _end_expired(self) -> None:
        now = self._cp.now() + TIMER_EARLY
        for kept in list(self._kept.values()):
            if kept.until + self._late <= now:
                self.end(kept, "has expired")

    def _of(self, connector_id: int) -> Reservation | None:
        for kept in self._kept.values():
            if kept.connector_id == connector_id:
                return kept
        return None

    def _held(self, outlet: Outlet) -> Reservation | None:
        own = self._of(outlet.number)
        if own is not None:
            return own
        whole = self.whole
        if whole is None or outlet.transaction or outlet.authorization:
            return None
        others = [other for other in self._cp.outlets.values() if other is not outlet]
        here = any(self._comes_for(whole, other) for other in others)
        return None if here or self._left(others) else whole

    def _came_first(self, outlet: Outlet, held: Reservation | None) -> bool:
        """Whether a connector was held before the vehicle came that stands there, if one does.

        One with a vehicle cannot be reserved by itself; but by what the others do it may become the
        last one that is left for whom connector 0 is reserved, or stay it.
        """
        if held is None or self._cp.quirks.plug_ends_reserved:
            return False
        by_itself = held.connector_id == outlet.number
        return by_itself or outlet.reserved_first or not outlet.metal.occupied

    def _left(self, outlets: list[Outlet], *, without: int | None = None) -> list[Outlet]:
        """Of these the ones that are free, and that none but reservation `without` names."""
        held = {kept.connector_id for kept in self._kept.values() if kept.reservation_id != without}
        return [outlet for outlet in outlets if free(outlet) and outlet.number not in held]

    def _comes_for(self, whole: Reservation, outlet: Outlet) -> bool:
        """Whether whom connector 0 is reserved for stands at this connector already."""
        card = outlet.authorization
        return card is not None and admits(whole, card.id_tag, card.parent_id_tag)

    def _struck(self, reservation: Reservation) -> str | None:
        """How a reservation has ended by what became of its connector (§5.13); None: it has not."""
        cp = self._cp
        outlets = [
            outlet
            for outlet in cp.outlets.values()
            if reservation.connector_id in (ANY, outlet.number)
        ]
        sound = [outlet for outlet in outlets if outlet.metal.fault is None]
        if cp.fault is not None or not sound:
            return "has ended: it is Faulted"
        closed = reservation.connector_id == ANY and not cp.operative
        if closed or not any(outlet.operative for outlet in sound):
            return "has ended: it is Unavailable"
        return None

    def _sentence(self, outlet: Outlet, held: Reservation) -> str:
        whom = f"{held.id_tag} and the cards of {held.parent_id_tag}"
        return (
            f"connector {outlet.number} is reserved for "
            f"{whom if held.parent_id_tag else held.id_tag} until {self._clock_face(held.until)}; "
            "swipe that card, or let the CSMS cancel the reservation"
        )

    def _clock_face(self, at: datetime) -> str:
        today = at.date() == self._cp.now().date()
        return f"{at:%H:%M:%S} UTC" if today else f"{at:%Y-%m-%d %H:%M:%S} UTC"

    # -- what the CSMS asks ------------------------------------------

    @on(Action.reserve_now)
    def reservation_reserve(
        self,
        connector_id: int,
        expiry_date: str,
        id_tag: str,
        reservation_id: int,
        parent_id_tag: str | None = None,
    ) -> Reply | Refusal:
        """§5.13. A reservation with the same id is replaced, or stays where the new one cannot."""
        until = moment(expiry_date)
        if until is None:
            return Refusal("PropertyConstraintViolation", "expiryDate is no date and time")
        wanted = Reservation(reservation_id, connector_id, id_tag, parent_id_tag or None, until)
        cp, why = self._cp, self._why_rejected(wanted)
        status = ReservationStatus.rejected if why else self._verdict(wanted)
        if status is ReservationStatus.accepted and until <= cp.now():
            status = ReservationStatus.rejected
            why = f"its expiryDate is over, here it is {self._clock_face(cp.now())}"
        if status is not ReservationStatus.accepted:
            known = connector_id if connector_id in cp.outlets else None
            cp.note(
                "reservation", f"{_where(wanted)} was not reserved: {why or status.value}", known
            )
            return Reply(call_result.ReserveNow(status))
        cp.store.reserve(wanted)
        self._kept[reservation_id] = wanted
        self.settle()
        self.rearm()
        cp.note(
            "reservation",
            f"{_where(wanted)} is reserved for {id_tag} until {self._clock_face(until)}",
            connector_id or None,
        )
        return Reply(
            call_result.ReserveNow(status),
            then=cp.reservations_changed,
            first=cp.quirks.status_before_answer,
        )

    @on(Action.cancel_reservation)
    def reservation_cancel(self, reservation_id: int) -> Reply:
        """§5.1."""
        kept = self._kept.get(reservation_id)
        if kept is None:
            return Reply(call_result.CancelReservation(CancelReservationStatus.rejected))
        self.end(kept, "was cancelled by the CSMS")
        self.settle()
        return Reply(
            call_result.CancelReservation(CancelReservationStatus.accepted),
            then=self._cp.reservations_changed,
            first=self._cp.quirks.status_before_answer,
        )

    def _why_rejected(self, wanted: Reservation) -> str | None:
        """What speaks against a request whatever the connector is doing; None: nothing does."""
        cp = self._cp
        zero = wanted.connector_id == ANY
        wrongs = (
            (
                not (
                    wanted.id_tag and f"{wanted.id_tag}{wanted.parent_id_tag or ''}".isprintable()
                ),
                "its idTag or parentIdTag is no card that can be shown",
            ),
            (wanted.reservation_id not in IDS, "its reservationId does not fit into 64 bits"),
            (not (zero or wanted.connector_id in cp.outlets), "there is no such connector"),
            (
                zero and not cp.configuration.flag("ReserveConnectorZeroSupported"),
                "ReserveConnectorZeroSupported is false: name a connector",
            ),
            (cp.rebooting, "the charge point is rebooting"),
            (not cp.powered, "the charge point has no power"),
        )
        return next((sentence for wrong, sentence in wrongs if wrong), None)

    def _verdict(self, wanted: Reservation) -> ReservationStatus:
        """What a request comes to, by the reasons of §5.13.

        What stands in the way at the charge point comes before anything is said of the date: a
        CSMS whose clock is wrong hears all the same that the connector is Faulted.
        """
        cp = self._cp
        zero = wanted.connector_id == ANY
        outlets = list(cp.outlets.values()) if zero else [cp.outlets[wanted.connector_id]]
        sound = [outlet for outlet in outlets if outlet.metal.fault is None]
        if cp.fault is not None or not sound:
            return ReservationStatus.faulted
        if (zero and not cp.operative) or not any(outlet.operative for outlet in sound):
            return ReservationStatus.unavailable
        taken = self._is_taken(wanted, sound)
        return ReservationStatus.occupied if taken else ReservationStatus.accepted

    def _is_taken(self, wanted: Reservation, sound: list[Outlet]) -> bool:
        """Whether none of these connectors is left for a new reservation."""
        cp, zero = self._cp, wanted.connector_id == ANY
        replaced = self._kept.get(wanted.reservation_id)
        if replaced is not None and replaced.connector_id == wanted.connector_id:
            return False
        taken = self._of(wanted.connector_id)
        left = [
            outlet
            for outlet in self._left(sound, without=wanted.reservation_id)
            if outlet.authorizing is None
        ]
        whole = self.whole
        if (taken is not None and taken is not replaced) or not left:
            return True
        if zero or whole is None or whole is replaced:
            return False
        # The last one that is left is for whom connector 0 is held.
        others = [outlet for outlet in cp.outlets.values() if outlet not in left]
        return not self._left(others, without=wanted.reservation_id)


def _where(reservation: Reservation) -> str:
    number = reservation.connector_id
    return "the charge point" if number == ANY else f"connector {number}"
