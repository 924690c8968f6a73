"""ReserveNow, CancelReservation, ReservationStatusUpdate (OCPP 2.0.1 Part 2, block H).

What can be reserved, and what follows from it, is `charging.reservations`. Here a request is read,
and its outcome gets the word that 2.0.1 has for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.connector import Connector
from sim_core.charging.domain_events import ReservationEnded
from sim_core.charging.reservation_rules import ANY, Booking
from sim_core.charging.reservations import Reservations
from sim_core.charging.vocabulary import ReservationEnd
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.authorization import group_of
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.tokens import TokenTypes
from sim_core.ocpp201.variables import Address, Component, Name
from sim_core.store.records import Reservation
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Refusal, Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import moment

STATUS: dict[Booking, str] = {
    Booking.RESERVED: "Accepted",
    Booking.OCCUPIED: "Occupied",
    Booking.FAULTED: "Faulted",
    Booking.UNAVAILABLE: "Unavailable",
    Booking.TOO_LATE: "Rejected",
    Booking.REFUSED: "Rejected",
}
"""ReserveNowStatusEnumType."""
TOLD: dict[ReservationEnd, str] = {
    ReservationEnd.EXPIRED: "Expired",
    ReservationEnd.FAULTED: "Removed",
    ReservationEnd.UNAVAILABLE: "Removed",
}
"""ReservationUpdateStatusEnumType; of other ends the CSMS knows already (H01.FR.16, H04)."""
CONTROLLER = "ReservationCtrlr"


class ReservationMessages:
    """Handlers of reservations, and who tells of their end."""

    __slots__ = ("_changed", "_connectors", "_model", "_reservations", "_say", "_tokens")

    def __init__(
        self,
        reservations: Reservations,
        connectors: Mapping[int, Connector],
        model: DeviceModel,
        tokens: TokenTypes,
        *,
        changed: Callable[[], None],
        say: Callable[[str, Payload], None],
    ) -> None:
        """`changed`: a reservation was made or has ended, and that is to be told."""
        self._reservations = reservations
        self._connectors = connectors
        self._model = model
        self._tokens = tokens
        self._changed = changed
        self._say = say

    @on(Action.reserve_now)
    def reserve_now(
        self,
        id: int,
        expiry_date_time: str,
        id_token: Payload,
        connector_type: str | None = None,
        evse_id: int | None = None,
        group_id_token: Payload | None = None,
        **_: Any,
    ) -> Reply | Refusal:
        """H01, H02. A reservation with the same id is replaced, or stays where the new one cannot
        be."""
        until = moment(expiry_date_time)
        if until is None:
            return Refusal("PropertyConstraintViolation", "expiryDateTime is no date and time")
        if not self._model.flag(CONTROLLER, "Enabled"):
            return reply("Rejected", code="NotEnabled", why="reservations are switched off here")
        numbers = self._connectors if evse_id is None else [evse_id]
        types = {self._type_of(number) for number in numbers if number in self._connectors}
        if connector_type is not None and types and connector_type not in types:
            why = f"there is no connector of type {connector_type} there"
            return reply("Rejected", code="UnknownConnectorType", why=why)
        token = self._tokens.met(id_token)
        group = group_of(group_id_token)
        wanted = Reservation(id, ANY if evse_id is None else evse_id, token, group, until)
        booked = self._reservations.reserve(wanted)
        status = STATUS[booked.booking]
        if booked.booking is Booking.RESERVED:
            return reply(status, then=self._changed)
        why = booked.reason or status
        if booked.booking is Booking.TOO_LATE:
            why = "its expiryDateTime is over"
        self._reservations.note_refused(wanted, why)
        return reply(status, code="Unspecified", why=why)

    def _type_of(self, number: int) -> str:
        place = Component("Connector", evse=number, connector=1)
        return self._model.value(Address(place, Name("ConnectorType")))

    @on(Action.cancel_reservation)
    def cancel_reservation(self, reservation_id: int, **_: Any) -> Reply:
        """H02."""
        if self._reservations.cancel(reservation_id):
            return reply("Accepted", then=self._changed)
        return reply("Rejected", code="NotFound", why=f"there is no reservation {reservation_id}")

    def use(self, connector: Connector) -> int | None:
        """A reservation is used up when its card is shown (H03.FR.01); returns its id."""
        card = connector.authorization
        used = self._reservations.used_by(connector, card) if card is not None else None
        if used is None:
            return None
        self._reservations.end(used, ReservationEnd.USED)
        self._reservations.settle()
        return used.reservation_id

    def ended(self, event: ReservationEnded) -> None:
        """ReservationStatusUpdate, where the CSMS does not know yet."""
        status = TOLD.get(event.how)
        if status is not None:
            payload = {
                "reservationId": event.reservation_id,
                "reservationUpdateStatus": status,
            }
            self._say("ReservationStatusUpdate", payload)
