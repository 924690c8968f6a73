"""What is one value by its key: registers, availability, configuration, documents."""

from __future__ import annotations

import json
from typing import Any

from sim_core.store.sqlite.database import Database

SAVE_REGISTER = (
    "INSERT INTO registers VALUES (?, ?) ON CONFLICT(connector_id) DO UPDATE"
    " SET register_wh = max(register_wh, excluded.register_wh)"
)


class Registers:
    """See `interface.Registers`."""

    __slots__ = ("_db",)

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> dict[int, float]:
        return dict(self._db.execute("SELECT connector_id, register_wh FROM registers"))

    def save(self, connector_id: int, register_wh: float) -> None:
        with self._db.together():
            self._db.execute(SAVE_REGISTER, (connector_id, register_wh))

    def save_lightly(self, registers: dict[int, float]) -> None:
        if not self._db.refusal:
            with self._db.together(lightly=True):
                self._db.executemany(SAVE_REGISTER, registers.items())


class Availability:
    """See `interface.Availability`."""

    __slots__ = ("_db",)

    def __init__(self, db: Database) -> None:
        self._db = db

    def inoperative(self) -> set[int]:
        rows = self._db.execute("SELECT connector_id FROM availability WHERE operative = 0")
        return {connector_id for (connector_id,) in rows}

    def save(self, connector_id: int, operative: bool) -> None:
        with self._db.together():
            self._db.execute(
                "INSERT OR REPLACE INTO availability VALUES (?, ?)", (connector_id, int(operative))
            )


class Configuration:
    """See `interface.Configuration`."""

    __slots__ = ("_db",)

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT key, value FROM configuration"))

    def save(self, key: str, value: str) -> None:
        with self._db.together():
            self._db.execute("INSERT OR REPLACE INTO configuration VALUES (?, ?)", (key, value))


class Documents:
    """See `interface.Documents`."""

    __slots__ = ("_db",)

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, name: str) -> dict[str, Any] | None:
        row = self._db.execute("SELECT document FROM documents WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, name: str, document: dict[str, Any] | None) -> None:
        with self._db.together():
            if document is None:
                self._db.execute("DELETE FROM documents WHERE name = ?", (name,))
            else:
                text = json.dumps(document, separators=(",", ":"))
                self._db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?)", (name, text))
