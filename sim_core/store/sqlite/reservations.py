"""Reservations, until they are used, cancelled or over."""

from __future__ import annotations

from datetime import datetime

from sim_core.store.records import Reservation
from sim_core.store.sqlite.database import Database


class Reservations:
    """See `interface.Reservations`."""

    __slots__ = ("_db",)

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> list[Reservation]:
        rows = self._db.execute(
            "SELECT reservation_id, connector_id, token, group_token, until FROM reservations"
            " ORDER BY reservation_id"
        )
        return [
            Reservation(number, connector_id, token, group, datetime.fromisoformat(until))
            for number, connector_id, token, group, until in rows
        ]

    def save(self, reservation: Reservation) -> None:
        with self._db.together():
            self._db.execute(
                "INSERT OR REPLACE INTO reservations VALUES (?, ?, ?, ?, ?)",
                (
                    reservation.reservation_id,
                    reservation.connector_id,
                    reservation.token,
                    reservation.group,
                    reservation.until.isoformat(),
                ),
            )

    def remove(self, reservation_id: int) -> None:
        with self._db.together():
            self._db.execute("DELETE FROM reservations WHERE reservation_id = ?", (reservation_id,))
