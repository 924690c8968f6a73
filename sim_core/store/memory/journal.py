"""The journal: rows that leave only when they are answered, or given up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from sim_core.store.memory.sessions import Sessions
from sim_core.store.memory.transactions import Transactions
from sim_core.store.memory.undo import Undo
from sim_core.store.records import ENDED, DeadLetter, JournalRow, Told, TransactionId


class Journal:
    """See `interface.Journal`."""

    __slots__ = ("_aside", "_given_up", "_rows", "_sessions", "_transactions", "_undo", "revision")

    def __init__(self, undo: Undo, transactions: Transactions, sessions: Sessions) -> None:
        self._undo = undo
        self._sessions = sessions
        self._transactions = transactions
        self.revision = 0
        # The first row of a plain dictionary is slow to find after many that have left.
        self._rows: OrderedDict[int, JournalRow] = OrderedDict()
        self._given_up: dict[int, DeadLetter] = {}
        self._aside: dict[int, int] = {}
        """Rows of another language: number, and the key of the transaction."""

    @property
    def on_rollback(self) -> Callable[[], None]:
        return self._undo.on_rollback

    @on_rollback.setter
    def on_rollback(self, told: Callable[[], None]) -> None:
        self._undo.on_rollback = told

    def append(
        self, kind: str, content: dict[str, Any], *, key: int, connector_id: int, at: datetime
    ) -> None:
        number = self._undo.number("journal")
        row = JournalRow(number, kind, content, key, connector_id, at, 0, None)
        self._undo.put(self._rows, number, row)
        self.revision += 1

    def set_aside(self, foreign: Callable[[JournalRow], bool]) -> None:
        rows = [row for row in map(self._with_id, self._rows.values()) if foreign(row)]
        with self._undo.together():
            for number in list(self._aside):
                self._undo.take(self._aside, number)
            for row in rows:
                self._undo.put(self._aside, row.number, row.transaction_key)
        self.revision += 1

    @property
    def aside(self) -> int:
        return len(self._aside)

    @property
    def depth(self) -> int:
        return len(self._rows) - len(self._aside)

    def first(self, limit: int) -> list[JournalRow]:
        rows: Iterable[JournalRow] = self._rows.values()
        if self._aside:
            rows = (row for row in rows if row.number not in self._aside)
        return [self._with_id(row) for row in islice(rows, limit)]

    def _with_id(self, row: JournalRow) -> JournalRow:
        known = self._transactions.id_of(row.transaction_key)
        if known is None or row.transaction_id == known:
            return row
        # Every message passes here, some more than once: `replace` takes thrice as long.
        return JournalRow(
            row.number,
            row.kind,
            row.content,
            row.transaction_key,
            row.connector_id,
            row.written_at,
            row.attempts,
            known,
        )

    def restate(self, rows: Mapping[int, JournalRow | None]) -> None:
        with self._undo.together():
            for number, row in rows.items():
                if row is None:
                    self._undo.take(self._rows, number)
                else:
                    self._undo.put(self._rows, number, replace(row, attempts=0))
        self.revision += 1

    def count_attempt(self, number: int) -> int:
        self.revision += 1
        row = self._rows.get(number)
        if row is None:
            return 0
        self._undo.put(self._rows, number, replace(row, attempts=row.attempts + 1))
        return row.attempts + 1

    def confirm(self, row: JournalRow, transaction_id: TransactionId | None = None) -> None:
        with self._undo.together():
            if transaction_id is not None:
                self._transactions.set_id(row.transaction_key, transaction_id)
                self._sessions.set_id(row.transaction_key, transaction_id)
            self._leave(row, Told.TOLD)

    def give_up(self, row: JournalRow, why: str, at: datetime) -> None:
        with self._undo.together():
            gone = DeadLetter(row.kind, row.connector_id, row.transaction_id, at, why)
            self._undo.put(self._given_up, row.number, gone)
            self._leave(row, Told.GIVEN_UP)

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        newest = sorted(
            self._given_up.items(), key=lambda row: (row[1].given_up_at, row[0]), reverse=True
        )
        return [gone for _, gone in newest[:limit]]

    def _leave(self, row: JournalRow, told: Told) -> None:
        self._undo.take(self._rows, row.number)
        self.revision += 1
        key = row.transaction_key
        if row.kind != ENDED or key in self._aside.values():
            return
        self._sessions.tell(key, told)
        self._transactions.forget(key)
        for number in [n for n, other in self._rows.items() if other.transaction_key == key]:
            self._undo.take(self._rows, number)
