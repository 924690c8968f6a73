"""The file of a charge point's state: what is in a new one, and whether one that is found is whole.

A new file is made under another name and moved to its place when its tables are in it, in the file
itself and not in its write-ahead log. So a file that lies there and has no tables never was one of
ours, or has been: it is damaged, and never taken for new.
"""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from sim_core.store.database import PATIENT_MS, StoreError, refusal_of

MEMORY = Path(":memory:")
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


class DamagedError(Exception):
    """A file that cannot be what it was; the words say why."""


def which(path: Path) -> tuple[int, int]:
    """Which file it is that has this name just now. Raises OSError."""
    found = path.stat()
    return found.st_dev, found.st_ino


def beside(path: Path, suffix: str) -> Path:
    """A file that belongs to the one at `path`: SQLite's, or our lock."""
    return path.with_name(path.name + suffix)


def is_new(path: Path) -> bool:
    """Whether nothing was kept here yet. Raises DamagedError when only a part of it is left, and
    StoreError when it is kept where a link leads, and that is not there just now."""
    if path.exists():
        return False
    if path.is_symlink():
        raise StoreError(
            f"STATE_DIR: {path} is a link to {path.readlink()}, and nothing is there: mount what "
            "that is on, or remove the link to begin with new state."
        )
    wal = beside(path, "-wal")
    if wal.exists() and wal.stat().st_size:
        raise DamagedError(f"the file is gone, and only {wal.name} is left of it")
    return True


def make_file(path: Path) -> None:
    """Make a new file at `path`. Raises StoreError where that cannot be."""
    new = beside(path, ".new")
    try:
        for suffix in ("", "-wal", "-shm"):  # of a process that was killed here
            beside(new, suffix).unlink(missing_ok=True)
            beside(path, suffix).unlink(missing_ok=True)
        new.touch(mode=0o600)  # a CSMS's AuthorizationKey may be in it
        db = make(new)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        new.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise unusable(path, error) from None


def make(path: Path) -> sqlite3.Connection:
    """Make the tables in an empty file, or in memory."""
    db = _connect(path)
    try:
        db.executescript(f"BEGIN;{SCHEMA}{LATER}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")
    except BaseException:
        db.close()
        raise
    return db


def open_file(path: Path) -> sqlite3.Connection:
    """Open the file that is there.

    Raises DamagedError when it is not whole, StoreError when it cannot be used now.
    """
    db = None
    try:
        if not path.stat().st_size:  # SQLite would take it for a new one
            raise DamagedError("it is empty")
        db = _connect(path)
        _check(db, path)
        db.executescript(f"BEGIN;{LATER}COMMIT;")
    except BaseException as error:
        if db is not None:
            db.close()
        if isinstance(error, (OSError, sqlite3.OperationalError)):
            raise unusable(path, error) from None
        if isinstance(error, sqlite3.DatabaseError):
            raise DamagedError(str(error)) from None
        raise
    return db


def unusable(path: Path, error: Exception) -> StoreError:
    """The sentence for a file that cannot be made, or opened."""
    why = refusal_of(error, path, "then start again") or f"{path} cannot be used: {error}."
    return StoreError(f"STATE_DIR: {why}")


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=PATIENT_MS / 1000
    )
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def _check(db: sqlite3.Connection, path: Path) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, SCHEMA_VERSION):
        raise StoreError(
            f"{path} was written by another version of ChargeForge (schema {version}): "
            "choose another STATE_DIR."
        )
    if db.execute("PRAGMA quick_check").fetchone()[0] != "ok":
        raise DamagedError("its pages do not fit together")
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if version == 0 or OUR_TABLES - tables:
        raise DamagedError("what ChargeForge keeps is not in it")
