"""Sessions: of more than SESSIONS_IN_MEMORY the oldest go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sim_core.store.memory.undo import Undo
from sim_core.store.records import SESSIONS_IN_MEMORY, Session, Told, TransactionId


class Sessions:
    """See `interface.Sessions`."""

    __slots__ = ("_rows", "_undo", "revision")

    def __init__(self, undo: Undo) -> None:
        self._undo = undo
        self._rows: dict[int, Session] = {}
        self.revision = 0

    def add(self, session: Session) -> None:
        self.revision += 1
        with self._undo.together():
            self._undo.put(self._rows, session.key, session)
            for key in sorted(self._rows)[:-SESSIONS_IN_MEMORY]:
                self._undo.take(self._rows, key)

    def all(self) -> list[Session]:
        return [self._rows[key] for key in sorted(self._rows, reverse=True)]

    # -- for the journal ---------------------------------------------

    def set_id(self, key: int, transaction_id: TransactionId) -> None:
        """The CSMS has given the transaction its id."""
        self._change(key, transaction_id=transaction_id)

    def tell(self, key: int, told: Told) -> None:
        """The end of the transaction has left the journal."""
        self._change(key, told=told)

    def _change(self, key: int, **changes: Any) -> None:
        if key in self._rows:
            self._undo.put(self._rows, key, replace(self._rows[key], **changes))
            self.revision += 1
