"""What follows from the reservations that are kept, and what could be kept beside them: pure.

A reservation that names no connector holds none while several are left; the last one that is left
is held for it (OCPP 1.6 §5.13). All questions are asked of the reservations and the connectors as
they are; `reservations` is who keeps them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import Enum

from sim_core.charging.condition import Condition
from sim_core.charging.connector import Authorization, Connector
from sim_core.store.records import Reservation

ANY = 0
"""The connector of a reservation that holds whichever is left."""

Kept = Collection[Reservation]
Connectors = Mapping[int, Connector]


class Booking(Enum):
    """What a request for a reservation comes to (§5.13)."""

    RESERVED = "reserved"
    OCCUPIED = "occupied"
    FAULTED = "faulted"
    UNAVAILABLE = "unavailable"
    TOO_LATE = "too late"
    """It could be reserved, but the moment up to which is over."""
    REFUSED = "refused"


def admits(reservation: Reservation, token: str, group: str | None) -> bool:
    """Whether a reservation is for this card or, where it has a group, for the card's group."""
    if reservation.token.casefold() == token.casefold():
        return True
    whose = (reservation.group or "").casefold()
    return bool(whose) and whose == (group or "").casefold()


def admits_card(reservation: Reservation, card: Authorization) -> bool:
    """The same of a card that was accepted, so that its group is known."""
    return admits(reservation, card.token, card.group)


def naming(kept: Kept, connector_id: int) -> Reservation | None:
    """The reservation of this connector by itself, or with `ANY` the one that names none."""
    return next((one for one in kept if one.connector_id == connector_id), None)


def holder(connector: Connector, connectors: Connectors, kept: Kept) -> Reservation | None:
    """The reservation that a connector is held for; None: whoever comes may use it."""
    own = naming(kept, connector.number)
    if own is not None:
        return own
    whole = naming(kept, ANY)
    if whole is None or connector.transaction or connector.authorization:
        return None
    others = [other for other in connectors.values() if other is not connector]
    here = any(other.authorization and admits_card(whole, other.authorization) for other in others)
    return None if here or left(others, kept) else whole


def unusable(connector_id: int, connectors: Connectors, condition: Condition) -> Booking | None:
    """FAULTED or UNAVAILABLE where nothing can be held at a connector (§5.13); else None."""
    sound = [one for one in _named(connector_id, connectors) if one.metal.fault is None]
    if condition.fault is not None or not sound:
        return Booking.FAULTED
    closed = connector_id == ANY and not condition.operative
    if closed or not any(connector.operative for connector in sound):
        return Booking.UNAVAILABLE
    return None


def is_taken(wanted: Reservation, connectors: Connectors, kept: Kept) -> bool:
    """Whether none of the connectors that it may come to is left for a new reservation.

    One of the same id and the same connector is replaced where it is.
    """
    id_ = wanted.reservation_id
    replaced = next((one for one in kept if one.reservation_id == id_), None)
    if replaced is not None and replaced.connector_id == wanted.connector_id:
        return False
    staying = [one for one in kept if one is not replaced]
    free = [
        connector
        for connector in left(_named(wanted.connector_id, connectors), staying)
        if connector.authorizing is None
    ]
    if naming(staying, wanted.connector_id) is not None or not free:
        return True
    if wanted.connector_id == ANY or naming(staying, ANY) is None:
        return False
    # The last one that is left is for the reservation that names none.
    others = [connector for connector in connectors.values() if connector not in free]
    return not left(others, staying)


def left(connectors: Iterable[Connector], kept: Kept) -> list[Connector]:
    """Of these the ones at which somebody could begin, and that no reservation names."""
    named = {one.connector_id for one in kept}
    return [one for one in connectors if _is_free(one) and one.number not in named]


def _is_free(connector: Connector) -> bool:
    """In service, whole, empty, no card accepted."""
    taken = connector.transaction or connector.authorization or connector.metal.occupied
    return connector.operative and connector.metal.fault is None and not taken


def _named(connector_id: int, connectors: Connectors) -> list[Connector]:
    """The connectors that a reservation may come to."""
    return list(connectors.values()) if connector_id == ANY else [connectors[connector_id]]
