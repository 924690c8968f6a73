"""The tables of a state file.

A transaction's samples, rows and profiles go with it. AUTOINCREMENT: no number is given twice, for
what a CSMS still knows by one must not turn up as something else.
"""

from __future__ import annotations

import re

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE registers (connector_id INTEGER PRIMARY KEY, register_wh REAL NOT NULL);
CREATE TABLE availability (connector_id INTEGER PRIMARY KEY, operative INTEGER NOT NULL);
CREATE TABLE configuration (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE transactions (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    connector_id INTEGER NOT NULL,
    id_tag TEXT NOT NULL,
    parent_id_tag TEXT,
    meter_start_wh INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    reservation_id INTEGER,
    vehicle TEXT,
    vehicle_wh REAL,
    transaction_id INTEGER,
    stopped INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE samples (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    transaction_key INTEGER NOT NULL REFERENCES transactions(key) ON DELETE CASCADE,
    meter_value TEXT NOT NULL
);
CREATE INDEX samples_by_transaction ON samples(transaction_key);
CREATE TABLE journal (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    action TEXT NOT NULL,
    payload TEXT NOT NULL,
    transaction_key INTEGER NOT NULL REFERENCES transactions(key) ON DELETE CASCADE,
    connector_id INTEGER NOT NULL,
    written_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE given_up (
    number INTEGER PRIMARY KEY,
    action TEXT NOT NULL,
    payload TEXT NOT NULL,
    connector_id INTEGER NOT NULL,
    transaction_id INTEGER,
    written_at TEXT NOT NULL,
    given_up_at TEXT NOT NULL,
    why TEXT NOT NULL
);
CREATE TABLE known_tags (
    id_tag TEXT PRIMARY KEY COLLATE NOCASE,
    status TEXT NOT NULL,
    parent_id_tag TEXT,
    expiry_date TEXT,
    learned_at TEXT NOT NULL
);
"""
LATER = """
CREATE TABLE IF NOT EXISTS charging_profiles (
    profile_id INTEGER PRIMARY KEY,
    connector_id INTEGER NOT NULL,
    transaction_key INTEGER REFERENCES transactions(key) ON DELETE CASCADE,
    profile TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS local_list (
    tag TEXT PRIMARY KEY,
    id_tag TEXT NOT NULL,
    status TEXT NOT NULL,
    parent_id_tag TEXT,
    expiry_date TEXT
);
CREATE TABLE IF NOT EXISTS local_list_version (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS reservations (
    reservation_id INTEGER PRIMARY KEY,
    connector_id INTEGER NOT NULL,
    id_tag TEXT NOT NULL,
    parent_id_tag TEXT,
    until TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS security_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    info TEXT NOT NULL,
    waits INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, document TEXT NOT NULL);
"""
"""Tables that a file of this version may still lack: made whenever it is opened."""
OUR_TABLES = frozenset(re.findall(r"CREATE TABLE (\w+)", SCHEMA))
