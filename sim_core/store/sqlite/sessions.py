"""Sessions: of more than SESSIONS_KEPT the oldest go.

They point at no transaction, for that leaves with its last message; the journal says what the CSMS
has come to know.
"""

from __future__ import annotations

from datetime import datetime

from sim_core.store.records import SESSIONS_KEPT, Session, Told, TransactionId
from sim_core.store.sqlite.database import Database


class Sessions:
    """See `interface.Sessions`."""

    __slots__ = ("_db", "revision")

    def __init__(self, db: Database) -> None:
        self._db = db
        self.revision = 0

    def add(self, session: Session) -> None:
        self.revision += 1
        with self._db.together():
            self._db.execute(
                "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    session.key,
                    session.connector_id,
                    session.token,
                    session.started_at.isoformat(),
                    session.ended_at.isoformat(),
                    session.meter_start_wh,
                    session.meter_stop_wh,
                    session.reason,
                    session.transaction_id,
                    session.vehicle,
                    session.soc_begin_percent,
                    session.soc_end_percent,
                    session.told.value,
                ),
            )
            self._db.execute("DELETE FROM sessions WHERE key <= ?", (session.key - SESSIONS_KEPT,))

    def all(self) -> list[Session]:
        rows = self._db.execute("SELECT * FROM sessions ORDER BY key DESC")
        return [
            Session(
                key=row[0],
                connector_id=row[1],
                token=row[2],
                started_at=datetime.fromisoformat(row[3]),
                ended_at=datetime.fromisoformat(row[4]),
                meter_start_wh=row[5],
                meter_stop_wh=row[6],
                reason=row[7],
                transaction_id=row[8],
                vehicle=row[9],
                soc_begin_percent=row[10],
                soc_end_percent=row[11],
                told=Told(row[12]),
            )
            for row in rows
        ]

    # -- for the journal ---------------------------------------------

    def set_id(self, key: int, transaction_id: TransactionId) -> None:
        """The CSMS has given the transaction its id."""
        self._change("UPDATE sessions SET transaction_id = ? WHERE key = ?", (transaction_id, key))

    def tell(self, key: int, told: Told) -> None:
        """The end of the transaction has left the journal."""
        self._change("UPDATE sessions SET told = ? WHERE key = ?", (told.value, key))

    def _change(self, statement: str, values: tuple[object, ...]) -> None:
        if self._db.execute(statement, values).rowcount:
            self.revision += 1
