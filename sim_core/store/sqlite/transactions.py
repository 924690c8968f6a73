"""Transactions, and the samples that are told at their end."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sim_core.store.records import NewTransaction, StoredTransaction
from sim_core.store.sqlite.database import Database


class Transactions:
    """See `interface.Transactions`."""

    __slots__ = ("_db",)

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, new: NewTransaction) -> int:
        with self._db.together():
            cursor = self._db.execute(
                "INSERT INTO transactions (connector_id, token, group_token, meter_start_wh,"
                " started_at, reservation_id, vehicle, vehicle_wh)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    new.connector_id,
                    new.token,
                    new.group,
                    new.meter_start_wh,
                    new.started_at.isoformat(),
                    new.reservation_id,
                    new.vehicle,
                    new.vehicle_wh,
                ),
            )
        return int(cursor.lastrowid or 0)

    def end(self, key: int) -> None:
        with self._db.together():
            self._db.execute("UPDATE transactions SET ended = 1 WHERE key = ?", (key,))
            self._db.execute("DELETE FROM charging_profiles WHERE transaction_key = ?", (key,))

    def open(self) -> list[StoredTransaction]:
        rows = self._db.execute(
            "SELECT key, connector_id, token, group_token, meter_start_wh, started_at,"
            " reservation_id, vehicle, vehicle_wh, transaction_id FROM transactions"
            " WHERE ended = 0 ORDER BY key"
        )
        return [
            StoredTransaction(
                key=row[0],
                connector_id=row[1],
                token=row[2],
                group=row[3],
                meter_start_wh=row[4],
                started_at=datetime.fromisoformat(row[5]),
                reservation_id=row[6],
                vehicle=row[7],
                vehicle_wh=row[8],
                transaction_id=row[9],
            )
            for row in rows
        ]

    def add_sample(self, key: int, sample: dict[str, Any]) -> int:
        with self._db.together():
            self._db.execute(
                "INSERT INTO samples (transaction_key, sample) VALUES (?, ?)",
                (key, json.dumps(sample)),
            )
            count: int = self._db.execute(
                "SELECT count(*) FROM samples WHERE transaction_key = ?", (key,)
            ).fetchone()[0]
        return count

    def thin_samples(self, key: int) -> None:
        rows = self._db.execute(
            "SELECT number, json_extract(sample, '$.context') FROM samples"
            " WHERE transaction_key = ? ORDER BY number",
            (key,),
        ).fetchall()
        met: dict[str, int] = {}
        superfluous = []
        for number, context in rows:
            nth = met[context] = met.get(context, -1) + 1
            if nth % 2:
                superfluous.append((number,))
        with self._db.together():
            self._db.executemany("DELETE FROM samples WHERE number = ?", superfluous)

    def samples(self, key: int) -> list[dict[str, Any]]:
        rows = self._db.execute(
            "SELECT sample FROM samples WHERE transaction_key = ? ORDER BY number", (key,)
        )
        return [json.loads(text) for (text,) in rows]
