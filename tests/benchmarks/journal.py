"""Transaction messages through the journal, against SQLite alone with the same rows and pragmas.

A message is written durably, read when its turn comes, and deleted durably when it was answered.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from sim_core.store.records import NewTransaction
from sim_core.store.sqlite.store import SqliteStore
from tests.benchmarks.codec import meter_values
from tests.benchmarks.measure import Row, Size, in_turns, load_note

AT = datetime(2026, 1, 1, tzinfo=timezone.utc)
PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
TABLES = """
CREATE TABLE transactions (key INTEGER PRIMARY KEY AUTOINCREMENT, id_tag TEXT NOT NULL,
    transaction_id INTEGER);
CREATE TABLE journal (number INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL,
    payload TEXT NOT NULL, transaction_key INTEGER NOT NULL REFERENCES transactions(key),
    connector_id INTEGER NOT NULL, written_at TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0);
"""


def measure(size: Size) -> list[Row]:
    count, rounds = size.of(300, 3), size.of(9, 1)
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "alone.sqlite3", isolation_level=None)
        store = SqliteStore(Path(folder) / "ours.sqlite3", AT)
        with contextlib.closing(db), contextlib.closing(store):
            bare, bare_cpu = _alone(db, count)
            ours, ours_cpu = _ours(store, count)
            baseline, own = in_turns(rounds, bare, ours)
            baseline_cpu, own_cpu = in_turns(rounds, bare_cpu, ours_cpu)
    return [
        Row("journal.wall", "journal: one durable transaction message, in and out", "us", own,
            baseline, 1.5, note=f"{1e6 / own:.0f}/s against {1e6 / baseline:.0f}/s; {load_note()}"),
        Row("journal.cpu", "journal: CPU of it", "us CPU", own_cpu, baseline_cpu, 1.5),
    ]  # fmt: skip


Harness = tuple[Callable[[], float], Callable[[], float]]


def _both(work: Callable[[], None], count: int) -> Harness:
    def timed(clock: Callable[[], float]) -> Callable[[], float]:
        def run() -> float:
            began = clock()
            for _ in range(count):
                work()
            return (clock() - began) / count * 1e6

        return run

    return timed(time.perf_counter), timed(time.process_time)


def _alone(db: sqlite3.Connection, count: int) -> Harness:
    for pragma in PRAGMAS:
        db.execute(f"PRAGMA {pragma}")
    db.executescript(TABLES)
    db.execute("INSERT INTO transactions VALUES (1, 'TAG', 1042)")

    def work() -> None:
        text = json.dumps(meter_values())
        db.execute("BEGIN IMMEDIATE")
        db.execute(
            "INSERT INTO journal (action, payload, transaction_key, connector_id, written_at)"
            " VALUES (?, ?, ?, ?, ?)",
            ("MeterValues", text, 1, 1, AT.isoformat()),
        )
        db.execute("COMMIT")
        row = db.execute(
            "SELECT j.number, j.action, j.payload, t.transaction_id FROM journal j"
            " JOIN transactions t ON t.key = j.transaction_key ORDER BY j.number LIMIT 1"
        ).fetchone()
        json.loads(row[2])
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM journal WHERE number = ?", (row[0],))
        db.execute("COMMIT")

    return _both(work, count)


def _ours(store: SqliteStore, count: int) -> Harness:
    key = store.transactions.begin(NewTransaction(
        connector_id=1, token="TAG", group=None, meter_start_wh=0, started_at=AT,
        reservation_id=None,
    ))  # fmt: skip

    def work() -> None:
        store.journal.append("MeterValues", meter_values(), key=key, connector_id=1, at=AT)
        store.journal.confirm(store.journal.first(1)[0])

    return _both(work, count)
