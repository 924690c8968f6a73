"""Reservations, until they are used, cancelled or over."""

from __future__ import annotations

from sim_core.store.memory.undo import Undo
from sim_core.store.records import Reservation


class Reservations:
    """See `interface.Reservations`."""

    __slots__ = ("_rows", "_undo")

    def __init__(self, undo: Undo) -> None:
        self._undo = undo
        self._rows: dict[int, Reservation] = {}

    def all(self) -> list[Reservation]:
        return sorted(self._rows.values(), key=lambda kept: kept.reservation_id)

    def save(self, reservation: Reservation) -> None:
        self._undo.put(self._rows, reservation.reservation_id, reservation)

    def remove(self, reservation_id: int) -> None:
        self._undo.take(self._rows, reservation_id)
