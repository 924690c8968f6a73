"""The security log: of more than SECURITY_EVENTS_KEPT the oldest go."""

from __future__ import annotations

from datetime import datetime

from sim_core.store.records import SECURITY_EVENTS_KEPT, SecurityEvent
from sim_core.store.sqlite.database import Database


class SecurityLog:
    """See `interface.SecurityLog`."""

    __slots__ = ("_db",)

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, kind: str, at: datetime, info: str, *, waits: bool) -> None:
        with self._db.together():
            cursor = self._db.execute(
                "INSERT INTO security_events (kind, at, info, waits) VALUES (?, ?, ?, ?)",
                (kind, at.isoformat(), info, int(waits)),
            )
            oldest = (cursor.lastrowid or 0) - SECURITY_EVENTS_KEPT
            self._db.execute("DELETE FROM security_events WHERE number <= ?", (oldest,))

    def all(self) -> list[SecurityEvent]:
        rows = self._db.execute("SELECT number, kind, at, info FROM security_events ORDER BY 1")
        return [
            SecurityEvent(row[0], row[1], datetime.fromisoformat(row[2]), row[3]) for row in rows
        ]

    def next_waiting(self) -> SecurityEvent | None:
        row = self._db.execute(
            "SELECT number, kind, at, info FROM security_events WHERE waits ORDER BY 1 LIMIT 1"
        ).fetchone()
        return row and SecurityEvent(row[0], row[1], datetime.fromisoformat(row[2]), row[3])

    def told(self, number: int) -> None:
        with self._db.together():
            self._db.execute("UPDATE security_events SET waits = 0 WHERE number = ?", (number,))
