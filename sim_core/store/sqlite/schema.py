"""The tables of a state file, in this version's words; what older files have, `migration` knows.

A transaction's samples, rows and profiles go with it. AUTOINCREMENT: no number is given twice, for
what a CSMS still knows by one must not turn up as something else. `transaction_id` has no type: it
stays the number or the text that the CSMS has given.
"""

from __future__ import annotations

import re

SCHEMA_VERSION = 2
SCHEMA = """
CREATE TABLE registers (connector_id INTEGER PRIMARY KEY, register_wh REAL NOT NULL);
CREATE TABLE availability (connector_id INTEGER PRIMARY KEY, operative INTEGER NOT NULL);
CREATE TABLE configuration (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (name TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE transactions (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    connector_id INTEGER NOT NULL,
    token TEXT NOT NULL,
    group_token TEXT,
    meter_start_wh INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    reservation_id INTEGER,
    vehicle TEXT,
    vehicle_wh REAL,
    transaction_id,
    ended INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE samples (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    transaction_key INTEGER NOT NULL REFERENCES transactions(key) ON DELETE CASCADE,
    sample TEXT NOT NULL
);
CREATE INDEX samples_by_transaction ON samples(transaction_key);
CREATE TABLE journal (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    transaction_key INTEGER REFERENCES transactions(key) ON DELETE CASCADE,
    connector_id INTEGER NOT NULL,
    written_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE given_up (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    connector_id INTEGER NOT NULL,
    transaction_id,
    written_at TEXT NOT NULL,
    given_up_at TEXT NOT NULL,
    why TEXT NOT NULL
);
CREATE TABLE sessions (
    key INTEGER PRIMARY KEY,
    connector_id INTEGER NOT NULL,
    token TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    meter_start_wh INTEGER NOT NULL,
    meter_stop_wh INTEGER NOT NULL,
    reason TEXT NOT NULL,
    transaction_id,
    vehicle TEXT,
    soc_begin_percent REAL,
    soc_end_percent REAL,
    told TEXT NOT NULL
);
CREATE TABLE known_tokens (
    token TEXT PRIMARY KEY COLLATE NOCASE,
    status TEXT NOT NULL,
    group_token TEXT,
    expires_at TEXT,
    learned_at TEXT NOT NULL
);
CREATE TABLE local_list (
    folded TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    status TEXT NOT NULL,
    group_token TEXT,
    expires_at TEXT
);
CREATE TABLE local_list_version (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL
);
CREATE TABLE reservations (
    reservation_id INTEGER PRIMARY KEY,
    connector_id INTEGER NOT NULL,
    token TEXT NOT NULL,
    group_token TEXT,
    until TEXT NOT NULL
);
CREATE TABLE charging_profiles (
    profile_id INTEGER PRIMARY KEY,
    connector_id INTEGER NOT NULL,
    transaction_key INTEGER REFERENCES transactions(key) ON DELETE CASCADE,
    profile TEXT NOT NULL
);
CREATE TABLE security_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    info TEXT NOT NULL,
    waits INTEGER NOT NULL
);
"""
LATER = frozenset({"sessions"})
"""Tables that files of this version have got later: one that lacks them is given them empty."""


def making(table: str) -> str:
    """The statement that makes one table."""
    found = re.search(rf"CREATE TABLE {table} \([^;]*;", SCHEMA)
    assert found is not None
    return found[0]


OUR_TABLES = frozenset(re.findall(r"CREATE TABLE (\w+)", SCHEMA))
NUMBERED = tuple(
    re.findall(r"CREATE TABLE (\w+) \(\s*\w+ INTEGER PRIMARY KEY AUTOINCREMENT", SCHEMA)
)
"""The tables whose numbers are not given twice."""
