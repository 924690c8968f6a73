"""State files that an older ChargeForge has written, taken over without loss.

All of it is one commit, in the file itself: its tables step aside, those of today are made, filled
from them, and they go. A file that cannot be taken over now stays as it was.

Schema 1 kept messages of OCPP 1.6, ready to be sent. Its rows and samples are wrapped as they are,
without being read: `spelt` is what the adapter of that version is to say, in place of facts.
"""

from __future__ import annotations

import sqlite3

from sim_core.store.records import BEGAN, ENDED, SAMPLED
from sim_core.store.sqlite.schema import NUMBERED, SCHEMA, SCHEMA_VERSION

KIND = (
    f"CASE action WHEN 'StartTransaction' THEN '{BEGAN}' WHEN 'MeterValues' THEN '{SAMPLED}'"
    f" WHEN 'StopTransaction' THEN '{ENDED}' ELSE action END"
)
CONTENT = """'{"spelt":{"action":' || json_quote(action) || ',"payload":' || payload || '}}'"""
SAMPLE = (
    """'{"context":' || json_quote(json_extract(meter_value, '$.sampledValue[0].context'))"""
    """ || ',"spelt":' || meter_value || '}'"""
)
ALL = "*"
"""The columns are those of today, whatever they were called."""
FROM_1 = {
    "registers": ("registers", ALL),
    "availability": ("availability", ALL),
    "configuration": ("configuration", ALL),
    "kept": ("documents", ALL),
    "transactions": ("transactions", ALL),
    "samples": ("samples", f"number, transaction_key, {SAMPLE}"),
    "journal": (
        "journal",
        f"number, {KIND}, {CONTENT}, transaction_key, connector_id, written_at, attempts",
    ),
    "given_up": (
        "given_up",
        f"number, {KIND}, {CONTENT}, connector_id, transaction_id, written_at, given_up_at, why",
    ),
    "known_tags": ("known_tokens", ALL),
    "local_list": ("local_list", ALL),
    "local_list_version": ("local_list_version", ALL),
    "reservations": ("reservations", ALL),
    "charging_profiles": ("charging_profiles", ALL),
    "security_events": ("security_events", ALL),
}
"""By table of schema 1: which one it is today, and what goes into its columns."""
TABLES_OF_1 = frozenset(
    {
        "registers",
        "availability",
        "configuration",
        "transactions",
        "samples",
        "journal",
        "given_up",
        "known_tags",
    }
)
"""Those that every file of schema 1 has; it got the others when they were first needed."""


def from_1(db: sqlite3.Connection, found: frozenset[str]) -> None:
    """Bring a file of schema 1 to today's; `found` are the tables that are in it."""
    there = sorted(FROM_1.keys() & found)
    steps = ["BEGIN IMMEDIATE", "DROP INDEX samples_by_transaction"]
    steps += [f"ALTER TABLE {old} RENAME TO old_{old}" for old in there]
    steps += [SCHEMA]
    for old in there:
        new, columns = FROM_1[old]
        steps.append(f"INSERT INTO {new} SELECT {columns} FROM old_{old}")
    for table in NUMBERED:  # where counting goes on; SQLite has renamed it with the table
        steps.append(
            f"DELETE FROM sqlite_sequence WHERE name = '{table}'"
            f" AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'old_{table}')"
        )
        steps.append(f"UPDATE sqlite_sequence SET name = '{table}' WHERE name = 'old_{table}'")
    steps += [f"DROP TABLE old_{old}" for old in there]
    steps += [f"PRAGMA user_version = {SCHEMA_VERSION}", "COMMIT"]
    # Off: what points at a transaction comes before it, and goes by itself. Not inside a commit.
    db.execute("PRAGMA foreign_keys = OFF")
    db.executescript(";".join(steps))
    db.execute("PRAGMA foreign_keys = ON")
