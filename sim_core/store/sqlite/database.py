"""One SQLite file that may refuse to be written for a while: locked, full, or read-only.

Nobody may wait for a disk on the loop of a charge point, and what has happened cannot be undone
because a disk is full. So a commit that the file refuses is not raised: from then on a copy of the
whole state in memory is read and written in its place, and what is written is *owed* to the file,
statement by statement. `retry` pays all of it in one commit, in the order in which it happened, and
goes back to the file. The statements are the same and find the same rows, so numbers and keys that
were given out meanwhile are those that the file will give.

What is owed is lost when the process ends before. Whoever promises anything on the strength of a
row therefore asks `refusal` first, and waits while it is not empty: the outbox sends no transaction
message then. Where the promise itself would be the lie (a CSMS's "Accepted" to a setting),
`strictly` makes a refused write an error instead.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sim_core.store.interface import DiskRefusesError, StoreError

BUSY_MS = 50
"""How long a write waits for another program's lock before it is owed: no frame misses that."""
PATIENT_MS = 2_000
"""The same while nothing else waits: when the file is opened, and when it is closed."""

MEANWHILE = "transaction messages wait, and what happens is lost if ChargeForge ends before"
REFUSALS = (
    ("is locked", "the state is locked by another program: close what has {path} open; {then}."),
    ("disk is full", "the disk is full: free some space for {path}; {then}."),
    ("readonly database", "the state may not be written: make {path} writable; {then}."),
    ("disk i/o error", "the disk fails: look at the one that has {path}; {then}."),
    (
        "unable to open database file",
        "the state cannot be written: see whether the folder of {path} is writable; {then}.",
    ),
)
"""What SQLite says where a later attempt may succeed, and what an operator reads."""

Statement = tuple[bool, str, Any]
"""Whether it is one for many rows, its SQL, and its values."""


class Database:
    """A connection to one file, in place of `sqlite3.Connection`. Not for two threads at once."""

    def __init__(self, file: sqlite3.Connection, path: Path) -> None:
        """`file` is open, in autocommit mode, and has its tables."""
        self.refusal = ""
        """Why the file cannot be written just now, as a sentence; empty while it can."""
        self.on_refusal: Callable[[], None] = lambda: None
        """Called when `refusal` is no longer empty."""
        self.on_begin: Callable[[], None] = lambda: None
        """Called before the first write of a `together`, and `on_rollback` when it was taken back:
        for what is counted beside the rows."""
        self.on_rollback: Callable[[], None] = lambda: None
        self._path = path
        self._file = file
        self._at = file
        """What is read and written: the file, or the copy in its place."""
        self._written: list[Statement] = []
        """What this `together` has written so far."""
        self._owed: list[Statement] = []
        self._inside = False
        """A `together` has begun. SQLite itself may have rolled it back: a full disk does that."""
        self._strict = False
        self._be_patient(BUSY_MS)

    @property
    def owed(self) -> int:
        """How many statements the file has still to be given."""
        return len(self._owed)

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        """As sqlite3 has it; what writes belongs into a `together`."""
        return self._do((False, sql, values))

    def executemany(self, sql: str, rows: Iterable[Any]) -> sqlite3.Cursor:
        """As sqlite3 has it, inside a `together`."""
        return self._do((True, sql, list(rows)))

    @contextlib.contextmanager
    def together(self, *, lightly: bool = False) -> Iterator[None]:
        """One commit: all writes inside, or none. `lightly`: safe from a kill, without waiting
        for the disk.

        Raises DiskRefusesError inside of `strictly`.
        """
        if self._inside:
            yield
            return
        self._written = []
        self.on_begin()
        if lightly:
            self._file.execute("PRAGMA synchronous = NORMAL")
        try:
            self._do_here("BEGIN IMMEDIATE")
            self._inside = True
            yield
            self._do_here("COMMIT")
        except BaseException:
            if self._at.in_transaction:
                self._at.execute("ROLLBACK")
            self._inside = False  # who is told may read
            self.on_rollback()
            raise
        finally:
            self._inside = False
            if lightly:
                self._file.execute("PRAGMA synchronous = FULL")
        if self._at is not self._file:
            self._owed += self._written

    @contextlib.contextmanager
    def strictly(self) -> Iterator[None]:
        """Inside, a write that cannot be on disk at once raises DiskRefusesError."""
        before, self._strict = self._strict, True
        try:
            yield
        finally:
            self._strict = before

    def retry(self, *, patiently: bool = False) -> bool:
        """Give the file what it is owed; returns whether it has all of it."""
        if self._at is self._file:
            return True
        try:
            if patiently:
                self._be_patient(PATIENT_MS)
            self._file.execute("BEGIN IMMEDIATE")
            for statement in self._owed:
                _run(self._file, statement)
            self._file.execute("COMMIT")
        except sqlite3.Error as error:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            if not isinstance(error, sqlite3.OperationalError):
                raise
            self.refusal = self._why(error)
            return False
        self._at.close()
        self._at, self._owed, self.refusal = self._file, [], ""
        return True

    def close(self) -> None:
        """Let go of the file; harmless when done twice."""
        self._at.close()
        self._file.close()

    def explained(self, error: BaseException) -> BaseException:
        """A fault of SQLite as a sentence with the file's name; any other as it is."""
        return self._lost(error) if isinstance(error, sqlite3.DatabaseError) else error

    def _lost(self, error: sqlite3.DatabaseError) -> StoreError:
        return StoreError(
            f"the state in {self._path} cannot be used any more ({error}). Start ChargeForge "
            "again: if the file is damaged, it is then set aside."
        )

    # -- while the file refuses --------------------------------------

    def _do(self, statement: Statement) -> sqlite3.Cursor:
        try:
            cursor = _run(self._at, statement)
        except sqlite3.OperationalError as error:
            self._turn_aside(error)
            cursor = _run(self._at, statement)
        if self._inside and not statement[1].startswith("SELECT"):
            self._written.append(statement)
        return cursor

    def _do_here(self, command: str) -> None:
        """Begin or end a transaction, wherever it is written."""
        if self._strict and self.refusal:
            raise DiskRefusesError(self.refusal)
        try:
            self._at.execute(command)
        except sqlite3.OperationalError as error:
            self._turn_aside(error)
            self._at.execute(command)

    def _turn_aside(self, error: sqlite3.OperationalError) -> None:
        """Go on in a copy in memory, with what this `together` has written already."""
        if self._at is not self._file:
            raise error
        refusal = self._why(error)
        if self._file.in_transaction:
            self._file.execute("ROLLBACK")
        if self._strict:
            raise DiskRefusesError(refusal) from None
        aside = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        try:
            self._file.backup(aside)
        except sqlite3.DatabaseError as fault:
            aside.close()
            raise self._lost(fault) from None
        aside.execute("PRAGMA foreign_keys = ON")
        if self._inside:
            aside.execute("BEGIN IMMEDIATE")
            for statement in self._written:
                _run(aside, statement)
        self._at, self.refusal = aside, refusal
        self.on_refusal()

    def _why(self, error: sqlite3.OperationalError) -> str:
        """The sentence for a refusal that may pass; any other fault is raised."""
        sentence = refusal_of(error, self._path)
        if not sentence:
            raise error
        return sentence

    def _be_patient(self, milliseconds: int) -> None:
        self._file.execute(f"PRAGMA busy_timeout = {milliseconds}")


def refusal_of(error: Exception, path: Path, then: str = MEANWHILE) -> str:
    """What an operator reads where a disk refuses, and what comes of it; empty where it is another
    fault."""
    said = str(error).casefold()
    for words, sentence in REFUSALS:
        if words in said:
            return sentence.format(path=path, then=then)
    return ""


def _run(at: sqlite3.Connection, statement: Statement) -> sqlite3.Cursor:
    many, sql, values = statement
    return at.executemany(sql, values) if many else at.execute(sql, values)
