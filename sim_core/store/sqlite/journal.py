"""The journal: rows that leave only when they are answered, or given up.

How many there are is counted beside them, for it is asked at each turn of the outbox; a commit that
is taken back takes the count back, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sim_core.store.records import ENDED, NO_SESSION, DeadLetter, JournalRow, Told, TransactionId
from sim_core.store.sqlite.database import Database
from sim_core.store.sqlite.sessions import Sessions


class Journal:
    """See `interface.Journal`."""

    __slots__ = (
        "_aside",
        "_aside_before",
        "_db",
        "_depth",
        "_depth_before",
        "_sessions",
        "on_rollback",
        "revision",
    )

    def __init__(self, db: Database, sessions: Sessions) -> None:
        self._db = db
        self._sessions = sessions
        self.revision = 0
        self.on_rollback: Callable[[], None] = lambda: None
        self._depth: int = db.execute("SELECT count(*) FROM journal").fetchone()[0]
        self._depth_before = self._depth
        self._aside: dict[int, int] = {}
        """Rows of another language: number, and the key of the transaction."""
        self._aside_before = self._aside
        db.on_begin = self._remember
        db.on_rollback = self._taken_back

    def _remember(self) -> None:
        self._depth_before, self._aside_before = self._depth, self._aside

    def _taken_back(self) -> None:
        self._depth, self._aside = self._depth_before, self._aside_before
        self.on_rollback()

    def set_aside(self, foreign: Callable[[JournalRow], bool]) -> None:
        self._aside = {}
        rows = [row for row in self.first(self._depth) if foreign(row)]
        self._aside = {row.number: row.transaction_key for row in rows}
        self.revision += 1

    @property
    def aside(self) -> int:
        return len(self._aside)

    @property
    def depth(self) -> int:
        return self._depth - len(self._aside)

    def append(
        self, kind: str, content: dict[str, Any], *, key: int, connector_id: int, at: datetime
    ) -> None:
        with self._db.together():
            self._db.execute(
                "INSERT INTO journal (kind, content, transaction_key, connector_id, written_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    kind,
                    json.dumps(content, separators=(",", ":")),
                    key or None,
                    connector_id,
                    at.isoformat(),
                ),
            )
            self._depth += 1
            self.revision += 1

    def first(self, limit: int) -> list[JournalRow]:
        aside = ",".join(map(str, self._aside))
        without = f" WHERE j.number NOT IN ({aside})" if aside else ""
        rows = self._db.execute(
            "SELECT j.number, j.kind, j.content, j.transaction_key, j.connector_id,"
            " j.written_at, j.attempts, t.transaction_id FROM journal j"
            f" LEFT JOIN transactions t ON t.key = j.transaction_key{without}"
            " ORDER BY j.number LIMIT ?",
            (limit,),
        )
        return [
            JournalRow(
                number=row[0],
                kind=row[1],
                content=json.loads(row[2]),
                transaction_key=row[3] or NO_SESSION,
                connector_id=row[4],
                written_at=datetime.fromisoformat(row[5]),
                attempts=row[6],
                transaction_id=row[7],
            )
            for row in rows
        ]

    def restate(self, rows: Mapping[int, JournalRow | None]) -> None:
        with self._db.together():
            for number, row in rows.items():
                if row is None:
                    gone = self._db.execute("DELETE FROM journal WHERE number = ?", (number,))
                    self._depth -= gone.rowcount
                else:
                    self._db.execute(
                        "UPDATE journal SET kind = ?, content = ?, transaction_key = ?,"
                        " attempts = 0 WHERE number = ?",
                        (
                            row.kind,
                            json.dumps(row.content, separators=(",", ":")),
                            row.transaction_key or None,
                            number,
                        ),
                    )
            self.revision += 1

    def count_attempt(self, number: int) -> int:
        with self._db.together():
            self._db.execute(
                "UPDATE journal SET attempts = attempts + 1 WHERE number = ?", (number,)
            )
            self.revision += 1
            row = self._db.execute(
                "SELECT attempts FROM journal WHERE number = ?", (number,)
            ).fetchone()
        return int(row[0]) if row else 0

    def confirm(self, row: JournalRow, transaction_id: TransactionId | None = None) -> None:
        with self._db.together():
            if transaction_id is not None:
                self._db.execute(
                    "UPDATE transactions SET transaction_id = ? WHERE key = ?",
                    (transaction_id, row.transaction_key),
                )
                self._sessions.set_id(row.transaction_key, transaction_id)
            self._leave(row, Told.TOLD)

    def give_up(self, row: JournalRow, why: str, at: datetime) -> None:
        with self._db.together():
            self._db.execute(
                "INSERT INTO given_up VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    row.number,
                    row.kind,
                    json.dumps(row.content),
                    row.connector_id,
                    row.transaction_id,
                    row.written_at.isoformat(),
                    at.isoformat(),
                    why,
                ),
            )
            self._leave(row, Told.GIVEN_UP)

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        rows = self._db.execute(
            "SELECT kind, connector_id, transaction_id, given_up_at, why FROM given_up"
            " ORDER BY given_up_at DESC, number DESC LIMIT ?",
            (limit,),
        )
        return [
            DeadLetter(kind, connector_id, transaction_id, datetime.fromisoformat(at), why)
            for kind, connector_id, transaction_id, at, why in rows
        ]

    def _leave(self, row: JournalRow, told: Told) -> None:
        cursor = self._db.execute("DELETE FROM journal WHERE number = ?", (row.number,))
        self._depth -= cursor.rowcount
        self.revision += 1
        if row.kind == ENDED and row.transaction_key not in self._aside.values():
            self._sessions.tell(row.transaction_key, told)
            self._db.execute("DELETE FROM transactions WHERE key = ?", (row.transaction_key,))
