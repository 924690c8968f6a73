"""The file of a charge point's state: what is in a new one, and whether one that is found is whole.

A new file is made under another name and moved to its place when its tables are in it, in the file
itself and not in its write-ahead log. So a file that lies there and has no tables never was one of
ours, or has been: it is damaged, and never taken for new.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from datetime import datetime
from pathlib import Path

from sim_core.store.interface import StoreError
from sim_core.store.sqlite.database import PATIENT_MS, refusal_of
from sim_core.store.sqlite.migration import TABLES_OF_1, from_1
from sim_core.store.sqlite.place import beside
from sim_core.store.sqlite.schema import LATER, OUR_TABLES, SCHEMA, SCHEMA_VERSION, making

LOG = logging.getLogger(__name__)


class DamagedError(Exception):
    """A file that cannot be what it was; the words say why."""


def open_or_make(path: Path, now: datetime) -> tuple[sqlite3.Connection, str]:
    """The file at `path`, made where there is none; and what was wrong with the one that was found,
    as a sentence, or "". A damaged one is set aside, with `now` in its name.

    Raises StoreError when it cannot be used now.
    """
    try:
        if is_new(path):
            make_file(path)
        return open_file(path), ""
    except DamagedError as error:
        trouble = _set_aside(path, str(error), now)
    make_file(path)
    return open_file(path), trouble


def _set_aside(path: Path, why: str, now: datetime) -> str:
    stamp = now.strftime("%Y%m%d-%H%M%S")
    aside, nth = path.with_name(f"{path.name}.damaged-{stamp}"), 1
    while aside.exists():
        nth += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{nth}")
    for suffix in ("", "-wal"):  # SQLite finds them together under the new name, too
        with contextlib.suppress(FileNotFoundError):
            beside(path, suffix).replace(beside(aside, suffix))
    beside(path, "-shm").unlink(missing_ok=True)
    trouble = f"the state in {path.name} was damaged ({why}) and is now {aside.name}"
    LOG.error(trouble)
    return trouble


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
        db.executescript(f"BEGIN;{SCHEMA}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")
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
        _bring_up_to_date(db, path)
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


def _bring_up_to_date(db: sqlite3.Connection, path: Path) -> None:
    """See whether the file is whole, and take over one of an older version.

    Raises DamagedError and StoreError as `open_file`.
    """
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, 1, SCHEMA_VERSION):
        raise StoreError(
            f"{path} was written by another version of ChargeForge (schema {version}): "
            "choose another STATE_DIR."
        )
    if db.execute("PRAGMA quick_check").fetchone()[0] != "ok":
        raise DamagedError("its pages do not fit together")
    found = frozenset(name for (name,) in db.execute("SELECT name FROM sqlite_master"))
    if version == 0 or (TABLES_OF_1 if version == 1 else OUR_TABLES - LATER) - found:
        raise DamagedError("what ChargeForge keeps is not in it")
    if version == 1:
        from_1(db, found)
    else:
        for table in sorted(LATER - found):
            db.execute(making(table))
