"""The Reservation profile: ReserveNow and CancelReservation (OCPP 1.6 §3.11, §5.1, §5.13).

What can be reserved, and what follows from it, is `charging.reservations`. Here a request is read,
and its outcome gets the word that 1.6 has for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, CancelReservationStatus, ReservationStatus

from sim_core.charging.reservation_rules import Booking
from sim_core.charging.reservations import Booked, Reservations
from sim_core.store.records import Reservation
from sim_core.wire.routes import Refusal, Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import moment

PROFILE = "Reservation"
IDS = range(-(2**63), 2**63)

STATUS: dict[Booking, ReservationStatus] = {
    Booking.RESERVED: ReservationStatus.accepted,
    Booking.OCCUPIED: ReservationStatus.occupied,
    Booking.FAULTED: ReservationStatus.faulted,
    Booking.UNAVAILABLE: ReservationStatus.unavailable,
    Booking.TOO_LATE: ReservationStatus.rejected,
    Booking.REFUSED: ReservationStatus.rejected,
}
"""The word of the answer to ReserveNow (§5.13)."""


class ReservationProfile:
    """The handlers of the Reservation profile."""

    __slots__ = ("_changed", "_now", "_reservations", "_status_first")

    def __init__(
        self,
        reservations: Reservations,
        now: Callable[[], datetime],
        *,
        changed: Callable[[], None],
        status_first: bool,
    ) -> None:
        """`changed`: a reservation was made or has ended, and that is to be told.
        `status_first`: this make tells it before it answers."""
        self._reservations = reservations
        self._now = now
        self._changed = changed
        self._status_first = status_first

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
        booked = _unreadable(wanted) or self._reservations.reserve(wanted)
        status = STATUS[booked.booking]
        if booked.booking is Booking.RESERVED:
            return self._reply(call_result.ReserveNow(status))
        why = booked.reason or status.value
        if booked.booking is Booking.TOO_LATE:
            why = f"its expiryDate is over, here it is {self._now():%H:%M:%S} UTC"
        self._reservations.note_refused(wanted, why)
        return Reply(call_result.ReserveNow(status), why=why)

    @on(Action.cancel_reservation)
    def reservation_cancel(self, reservation_id: int) -> Reply:
        """§5.1."""
        if self._reservations.cancel(reservation_id):
            return self._reply(call_result.CancelReservation(CancelReservationStatus.accepted))
        rejected = call_result.CancelReservation(CancelReservationStatus.rejected)
        return Reply(rejected, why=f"there is no reservation {reservation_id}")

    def _reply(self, payload: object) -> Reply:
        return Reply(payload, then=self._changed, first=self._status_first)


def _unreadable(wanted: Reservation) -> Booked | None:
    """What is refused for how it is written; None: nothing is wrong with that."""
    shown = wanted.token and f"{wanted.token}{wanted.group or ''}".isprintable()
    if not shown:
        return Booked(Booking.REFUSED, "its idTag or parentIdTag is no card that can be shown")
    if wanted.reservation_id not in IDS:
        return Booked(Booking.REFUSED, "its reservationId does not fit into 64 bits")
    return None
