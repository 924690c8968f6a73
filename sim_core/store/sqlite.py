"""What survives: one SQLite file per charge point (`store_in_memory` where nothing is to).

The order is the promise. A transaction message is a row here before it is a frame on the wire, and
the row leaves only when the CSMS has answered it (or its attempts are spent). Rows name their
transaction by our own key; the CSMS's transactionId is filled in when a row is sent, so a session
that began offline carries the right one. Everything is committed before a method returns; while
the disk refuses that, it is kept in memory and owed to the file (`database`), and whoever tells
anybody of a row looks at `refusal` first.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from sim_core.store.database import Database
from sim_core.store.database import DiskRefusesError as DiskRefusesError
from sim_core.store.database import StoreError as StoreError
from sim_core.store.file import MEMORY as MEMORY
from sim_core.store.file import DamagedError, beside, is_new, make, make_file, open_file, which
from sim_core.store.records import (
    ENDED,
    SECURITY_EVENTS_KEPT,
    GivenUp,
    JournalRow,
    KnownTag,
    Reservation,
    SecurityEvent,
    StoredProfile,
    StoredTransaction,
)

LOG = logging.getLogger(__name__)

SAVE_REGISTER = (
    "INSERT INTO registers VALUES (?, ?) ON CONFLICT(connector_id) DO UPDATE"
    " SET register_wh = max(register_wh, excluded.register_wh)"
)


class _TooManyError(Exception):
    """The local authorization list would be too long."""


class Store:
    """One charge point's state. Not for two threads at once."""

    def __init__(self, path: Path, now: datetime) -> None:
        """Open or create the file at `path` (`MEMORY`: nothing is kept).

        `now` names a damaged file that has to be set aside.

        Raises StoreError when the folder cannot be used or another process has the file.
        """
        self.path = path
        self._opened_at = now
        self.trouble = ""
        """What was wrong with the file that was found, as a sentence; empty if nothing was."""
        self._locks: list[FileLock] = []
        self._lock_seen: tuple[int, int] | None = None
        """Which file it is that our lock is on."""
        if path != MEMORY:
            self._claim(path)
        try:
            file = self._open_or_make(path)
        except BaseException:
            self._release()
            raise
        self._db = Database(file, path)
        self._seen = None if path == MEMORY else which(path)
        self.journal_revision = 0
        """Raised by every change of the journal."""
        self.on_rollback: Callable[[], None] = lambda: None
        """Called when what a `together` has written was taken back."""
        self._depth: int = self._db.execute("SELECT count(*) FROM journal").fetchone()[0]

    def close(self) -> None:
        """Let go of the file; harmless when done twice."""
        self._db.close()
        self._release()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """All writes inside are one: either each of them is on disk afterwards, or none.

        Raises DiskRefusesError inside of `strictly`.
        """
        if self._db.inside:
            yield
            return
        depth = self._depth
        try:
            with self._db.together():
                yield
        except BaseException:
            self._depth = depth
            self.on_rollback()
            raise

    # -- a disk that refuses -----------------------------------------

    @property
    def refusal(self) -> str:
        """Why nothing can be written just now, as a sentence; empty while it can.

        Until then all that is written is kept in memory: nobody may be told of it.
        """
        return self._db.refusal

    @property
    def owed(self) -> int:
        """How many changes are in memory alone."""
        return self._db.owed

    def tell_refusals(self, told: Callable[[], None]) -> None:
        """Call `told` whenever the disk begins to refuse."""
        self._db.on_refusal = told

    def retry(self, *, patiently: bool = False) -> bool:
        """Write what is owed; returns whether all of it is on disk."""
        return self._db.retry(patiently=patiently)

    def strictly(self) -> contextlib.AbstractContextManager[None]:
        """Inside, a write that cannot be on disk at once raises DiskRefusesError instead."""
        return self._db.strictly()

    def explained(self, error: BaseException) -> BaseException:
        """A fault of SQLite as a sentence with the file's name; any other as it is."""
        return self._db.explained(error)

    # -- registers, availability, configuration ----------------------

    def registers(self) -> dict[int, float]:
        """Energy register in Wh by connector."""
        return dict(self._db.execute("SELECT connector_id, register_wh FROM registers"))

    def save_register(self, connector_id: int, register_wh: float) -> None:
        """Keep a register; it never goes back, whatever is said."""
        with self.together():
            self._db.execute(SAVE_REGISTER, (connector_id, register_wh))

    def save_registers_lightly(self, registers: dict[int, float]) -> None:
        """Keep registers between two messages: safe from a kill, without waiting for the disk.

        While the disk refuses they are left out: the next ones tell more.
        """
        if not self.refusal:
            with self._db.together(lightly=True):
                self._db.executemany(SAVE_REGISTER, registers.items())

    def inoperative(self) -> set[int]:
        """The connectors (0: the charge point) that are out of service."""
        rows = self._db.execute("SELECT connector_id FROM availability WHERE operative = 0")
        return {connector_id for (connector_id,) in rows}

    def save_operative(self, connector_id: int, operative: bool) -> None:
        """Keep whether a connector is in service."""
        with self.together():
            self._db.execute(
                "INSERT OR REPLACE INTO availability VALUES (?, ?)", (connector_id, int(operative))
            )

    def configuration(self) -> dict[str, str]:
        """Configuration keys that were changed, with their values."""
        return dict(self._db.execute("SELECT key, value FROM configuration"))

    def save_configuration(self, key: str, value: str) -> None:
        """Keep a configuration key."""
        with self.together():
            self._db.execute("INSERT OR REPLACE INTO configuration VALUES (?, ?)", (key, value))

    # -- transactions and the journal --------------------------------

    def begin(
        self,
        *,
        connector_id: int,
        id_tag: str,
        parent_id_tag: str | None,
        meter_start_wh: int,
        started_at: datetime,
        reservation_id: int | None,
        vehicle: str | None = None,
        vehicle_wh: float | None = None,
    ) -> int:
        """Write down a transaction and return our key for it."""
        with self.together():
            cursor = self._db.execute(
                "INSERT INTO transactions (connector_id, id_tag, parent_id_tag, meter_start_wh,"
                " started_at, reservation_id, vehicle, vehicle_wh)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    connector_id,
                    id_tag,
                    parent_id_tag,
                    meter_start_wh,
                    started_at.isoformat(),
                    reservation_id,
                    vehicle,
                    vehicle_wh,
                ),
            )
        return int(cursor.lastrowid or 0)

    def end(self, key: int) -> None:
        """The transaction has stopped; it is forgotten once its last message is answered."""
        with self.together():
            self._db.execute("UPDATE transactions SET stopped = 1 WHERE key = ?", (key,))
            self._db.execute("DELETE FROM charging_profiles WHERE transaction_key = ?", (key,))

    def open_transactions(self) -> list[StoredTransaction]:
        """Transactions that have begun and not stopped: what a power cut left behind."""
        rows = self._db.execute(
            "SELECT key, connector_id, id_tag, parent_id_tag, meter_start_wh, started_at,"
            " reservation_id, vehicle, vehicle_wh, transaction_id FROM transactions"
            " WHERE stopped = 0 ORDER BY key"
        )
        return [
            StoredTransaction(
                key=row[0],
                connector_id=row[1],
                id_tag=row[2],
                parent_id_tag=row[3],
                meter_start_wh=row[4],
                started_at=_moment(row[5]),
                reservation_id=row[6],
                vehicle=row[7],
                vehicle_wh=row[8],
                transaction_id=row[9],
            )
            for row in rows
        ]

    def add_sample(self, key: int, meter_value: dict[str, Any]) -> int:
        """Keep a meter value for StopTransaction.transactionData; returns how many there are."""
        with self.together():
            self._db.execute(
                "INSERT INTO samples (transaction_key, meter_value) VALUES (?, ?)",
                (key, json.dumps(meter_value)),
            )
            count: int = self._db.execute(
                "SELECT count(*) FROM samples WHERE transaction_key = ?", (key,)
            ).fetchone()[0]
        return count

    def thin_samples(self, key: int) -> None:
        """Let every second meter value go, of each context by itself; the first one stays."""
        rows = self._db.execute(
            "SELECT number, json_extract(meter_value, '$.sampledValue[0].context') FROM samples"
            " WHERE transaction_key = ? ORDER BY number",
            (key,),
        ).fetchall()
        met: dict[str, int] = {}
        superfluous = []
        for number, context in rows:
            nth = met[context] = met.get(context, -1) + 1
            if nth % 2:
                superfluous.append((number,))
        with self.together():
            self._db.executemany("DELETE FROM samples WHERE number = ?", superfluous)

    def samples(self, key: int) -> list[dict[str, Any]]:
        """The meter values kept for a transaction, oldest first."""
        rows = self._db.execute(
            "SELECT meter_value FROM samples WHERE transaction_key = ? ORDER BY number", (key,)
        )
        return [json.loads(text) for (text,) in rows]

    def append(
        self, kind: str, content: dict[str, Any], *, key: int, connector_id: int, at: datetime
    ) -> None:
        """Write a transaction message at the end of the journal, without its transactionId."""
        with self.together():
            self._db.execute(
                "INSERT INTO journal (action, payload, transaction_key, connector_id, written_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    kind,
                    json.dumps(content, separators=(",", ":")),
                    key,
                    connector_id,
                    at.isoformat(),
                ),
            )
            self._depth += 1
            self.journal_revision += 1

    @property
    def depth(self) -> int:
        """How many messages wait in the journal."""
        return self._depth

    def journal(self, limit: int) -> list[JournalRow]:
        """The first `limit` rows, oldest first, with the transactionId as far as it is known."""
        rows = self._db.execute(
            "SELECT j.number, j.action, j.payload, j.transaction_key, j.connector_id,"
            " j.written_at, j.attempts, t.transaction_id FROM journal j"
            " LEFT JOIN transactions t ON t.key = j.transaction_key ORDER BY j.number LIMIT ?",
            (limit,),
        )
        return [
            JournalRow(
                number=row[0],
                kind=row[1],
                content=json.loads(row[2]),
                transaction_key=row[3],
                connector_id=row[4],
                written_at=_moment(row[5]),
                attempts=row[6],
                transaction_id=row[7],
            )
            for row in rows
        ]

    def count_attempt(self, number: int) -> int:
        """The CSMS failed to process a row: count it and return how often that was."""
        with self.together():
            self._db.execute(
                "UPDATE journal SET attempts = attempts + 1 WHERE number = ?", (number,)
            )
            self.journal_revision += 1
            row = self._db.execute(
                "SELECT attempts FROM journal WHERE number = ?", (number,)
            ).fetchone()
        return int(row[0]) if row else 0

    def confirm(self, row: JournalRow, transaction_id: int | str | None = None) -> None:
        """The CSMS has answered a row: it leaves. A StartTransaction brings its transactionId."""
        with self.together():
            if transaction_id is not None:
                self._db.execute(
                    "UPDATE transactions SET transaction_id = ? WHERE key = ?",
                    (transaction_id, row.transaction_key),
                )
            self._leave(row)

    def give_up(self, row: JournalRow, why: str, at: datetime) -> None:
        """The attempts for a row are spent: it leaves unanswered, and is kept where one can see."""
        with self.together():
            self._db.execute(
                "INSERT INTO given_up VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    row.number,
                    row.kind,
                    json.dumps(row.content),
                    row.connector_id,
                    row.transaction_id,
                    row.written_at.isoformat(),
                    at.isoformat(),
                    why,
                ),
            )
            self._leave(row)

    def given_up(self, limit: int) -> list[GivenUp]:
        """The last `limit` messages that were given up, newest first."""
        rows = self._db.execute(
            "SELECT action, connector_id, transaction_id, given_up_at, why FROM given_up"
            " ORDER BY given_up_at DESC, number DESC LIMIT ?",
            (limit,),
        )
        return [
            GivenUp(kind, connector_id, transaction_id, _moment(at), why)
            for kind, connector_id, transaction_id, at, why in rows
        ]

    def _leave(self, row: JournalRow) -> None:
        cursor = self._db.execute("DELETE FROM journal WHERE number = ?", (row.number,))
        self._depth -= cursor.rowcount
        self.journal_revision += 1
        if row.kind == ENDED:
            self._db.execute("DELETE FROM transactions WHERE key = ?", (row.transaction_key,))

    # -- the authorization cache -------------------------------------

    def learn(self, tag: KnownTag, at: datetime) -> None:
        """Remember what the CSMS said of an idTag."""
        expiry = tag.expiry_date.isoformat() if tag.expiry_date else None
        with self.together():
            self._db.execute(
                "INSERT OR REPLACE INTO known_tags VALUES (?, ?, ?, ?, ?)",
                (tag.id_tag, tag.status, tag.parent_id_tag, expiry, at.isoformat()),
            )

    def known_tag(self, id_tag: str) -> KnownTag | None:
        """What is remembered of an idTag, in any case (CiString20)."""
        row = self._db.execute(
            "SELECT id_tag, status, parent_id_tag, expiry_date FROM known_tags WHERE id_tag = ?",
            (id_tag,),
        ).fetchone()
        return row and KnownTag(row[0], row[1], row[2], _moment(row[3]) if row[3] else None)

    def forget_tags(self) -> None:
        """Empty the authorization cache."""
        with self.together():
            self._db.execute("DELETE FROM known_tags")

    # -- the local authorization list --------------------------------

    def local_list_version(self) -> int:
        """The version of the list; 0 while nobody is on it (OCPP 1.6 §5.10)."""
        if not self.local_list_length():
            return 0
        row = self._db.execute("SELECT version FROM local_list_version").fetchone()
        return int(row[0]) if row else 0

    def local_list_length(self) -> int:
        """How many cards are on the list."""
        count: int = self._db.execute("SELECT count(*) FROM local_list").fetchone()[0]
        return count

    def listed_tag(self, id_tag: str) -> KnownTag | None:
        """What the list says of an idTag, in any case (CiString20)."""
        row = self._db.execute(
            "SELECT id_tag, status, parent_id_tag, expiry_date FROM local_list WHERE tag = ?",
            (id_tag.casefold(),),
        ).fetchone()
        return row and KnownTag(row[0], row[1], row[2], _moment(row[3]) if row[3] else None)

    def change_local_list(
        self,
        version: int,
        entries: Iterable[KnownTag],
        gone: Iterable[str] = (),
        *,
        full: bool,
        most: int,
    ) -> bool:
        """Put cards on the list and take others off; `full`: nobody else stays.

        Returns False, and nothing has changed, when more than `most` would be on it.
        """
        with contextlib.suppress(_TooManyError), self.together():
            if full:
                self._db.execute("DELETE FROM local_list")
            self._db.executemany(
                "DELETE FROM local_list WHERE tag = ?", ((id_tag.casefold(),) for id_tag in gone)
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO local_list VALUES (?, ?, ?, ?, ?)",
                (
                    (
                        tag.id_tag.casefold(),
                        tag.id_tag,
                        tag.status,
                        tag.parent_id_tag,
                        tag.expiry_date.isoformat() if tag.expiry_date else None,
                    )
                    for tag in entries
                ),
            )
            if self.local_list_length() > most:
                raise _TooManyError
            self._db.execute("INSERT OR REPLACE INTO local_list_version VALUES (1, ?)", (version,))
            return True
        return False

    # -- reservations ------------------------------------------------

    def reservations(self) -> list[Reservation]:
        """Every reservation that is kept."""
        rows = self._db.execute(
            "SELECT reservation_id, connector_id, id_tag, parent_id_tag, until FROM reservations"
            " ORDER BY reservation_id"
        )
        return [
            Reservation(number, connector_id, id_tag, parent_id_tag, _moment(until))
            for number, connector_id, id_tag, parent_id_tag, until in rows
        ]

    def reserve(self, reservation: Reservation) -> None:
        """Keep a reservation, in place of the one with its id."""
        with self.together():
            self._db.execute(
                "INSERT OR REPLACE INTO reservations VALUES (?, ?, ?, ?, ?)",
                (
                    reservation.reservation_id,
                    reservation.connector_id,
                    reservation.id_tag,
                    reservation.parent_id_tag,
                    reservation.until.isoformat(),
                ),
            )

    def end_reservation(self, reservation_id: int) -> None:
        """Forget a reservation."""
        with self.together():
            self._db.execute("DELETE FROM reservations WHERE reservation_id = ?", (reservation_id,))

    # -- the security log --------------------------------------------

    def add_security_event(self, kind: str, at: datetime, info: str, *, waits: bool) -> None:
        """Write an event down; `waits`: until the CSMS has been told of it."""
        with self.together():
            cursor = self._db.execute(
                "INSERT INTO security_events (kind, at, info, waits) VALUES (?, ?, ?, ?)",
                (kind, at.isoformat(), info, int(waits)),
            )
            oldest = (cursor.lastrowid or 0) - SECURITY_EVENTS_KEPT
            self._db.execute("DELETE FROM security_events WHERE number <= ?", (oldest,))

    def security_events(self) -> list[SecurityEvent]:
        """The security log, oldest first."""
        rows = self._db.execute("SELECT number, kind, at, info FROM security_events ORDER BY 1")
        return [SecurityEvent(row[0], row[1], _moment(row[2]), row[3]) for row in rows]

    def waiting_security_event(self) -> SecurityEvent | None:
        """The oldest event that the CSMS has not been told of."""
        row = self._db.execute(
            "SELECT number, kind, at, info FROM security_events WHERE waits ORDER BY 1 LIMIT 1"
        ).fetchone()
        return row and SecurityEvent(row[0], row[1], _moment(row[2]), row[3])

    def told_security_event(self, number: int) -> None:
        """The CSMS has been told of an event."""
        with self.together():
            self._db.execute("UPDATE security_events SET waits = 0 WHERE number = ?", (number,))

    # -- what is under way -------------------------------------------

    def kept(self, name: str) -> dict[str, Any] | None:
        """What was kept under a name: the firmware that is installed, an update under way."""
        row = self._db.execute("SELECT document FROM kept WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def keep(self, name: str, document: dict[str, Any] | None) -> None:
        """Keep something under a name in place of what was there; None forgets it."""
        with self.together():
            if document is None:
                self._db.execute("DELETE FROM kept WHERE name = ?", (name,))
            else:
                text = json.dumps(document, separators=(",", ":"))
                self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, text))

    # -- charging profiles -------------------------------------------

    def charging_profiles(self) -> list[StoredProfile]:
        """The charging profiles that are installed."""
        rows = self._db.execute(
            "SELECT profile_id, connector_id, transaction_key, profile FROM charging_profiles"
            " ORDER BY profile_id"
        )
        return [
            StoredProfile(profile_id, connector_id, key, json.loads(text))
            for profile_id, connector_id, key, text in rows
        ]

    def install_profile(self, profile: StoredProfile, instead_of: Iterable[int] = ()) -> None:
        """Keep a charging profile, in place of those with these ids and of the one with its own."""
        with self.together():
            self.remove_profiles(instead_of)
            self._db.execute(
                "INSERT OR REPLACE INTO charging_profiles VALUES (?, ?, ?, ?)",
                (
                    profile.profile_id,
                    profile.connector_id,
                    profile.transaction_key,
                    json.dumps(profile.profile),
                ),
            )

    def remove_profiles(self, profile_ids: Iterable[int]) -> None:
        """Forget charging profiles."""
        with self.together():
            self._db.executemany(
                "DELETE FROM charging_profiles WHERE profile_id = ?",
                ((profile_id,) for profile_id in profile_ids),
            )

    # -- the file ----------------------------------------------------

    def misplaced(self) -> str:
        """How the file is no longer the one that was opened, as the end of a sentence; empty while
        it is. SQLite goes on writing into the one that it has open, wherever that is now."""
        if self._seen is None:
            return ""
        try:
            same = which(self.path) == self._seen
        except FileNotFoundError:
            return "has been removed"
        except OSError as error:
            return f"cannot be looked at ({error.strerror})"
        return "" if same else "has been replaced by another file"

    def claim_again(self) -> bool:
        """Take the lock of the place anew where somebody has removed it, so that nobody else begins
        there unnoticed; False when another ChargeForge has it already."""
        try:
            if which(_lock_of(self.path)) == self._lock_seen:
                return True
        except OSError:
            pass  # it is gone
        try:
            self._lock_at(self.path)
        except Timeout:
            return False
        except OSError as error:
            LOG.warning("the state's place cannot be locked again: %s", error)
        return True

    def _claim(self, path: Path) -> None:
        try:
            self._lock_at(path)
        except Timeout:
            raise StoreError(
                f"another ChargeForge is running with the state in {path}: end it, "
                "or choose another CPID or STATE_DIR."
            ) from None
        except OSError as error:
            raise StoreError(f"STATE_DIR: {path.parent} cannot be used: {error}.") from None

    def _lock_at(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(_lock_of(path))
        lock.acquire(timeout=0)
        self._locks.append(lock)
        self._lock_seen = which(_lock_of(path))

    def _release(self) -> None:
        for lock in self._locks:
            lock.release()

    def _open_or_make(self, path: Path) -> sqlite3.Connection:
        if path == MEMORY:
            return make(path)
        try:
            if is_new(path):
                make_file(path)
            return open_file(path)
        except DamagedError as error:
            self._set_aside(path, str(error))
        make_file(path)
        return open_file(path)

    def _set_aside(self, path: Path, why: str) -> None:
        stamp = self._opened_at.strftime("%Y%m%d-%H%M%S")
        aside, nth = path.with_name(f"{path.name}.damaged-{stamp}"), 1
        while aside.exists():
            nth += 1
            aside = path.with_name(f"{path.name}.damaged-{stamp}-{nth}")
        for suffix in ("", "-wal"):  # SQLite finds them together under the new name, too
            with contextlib.suppress(FileNotFoundError):
                beside(path, suffix).replace(beside(aside, suffix))
        beside(path, "-shm").unlink(missing_ok=True)
        self.trouble = f"the state in {path.name} was damaged ({why}) and is now {aside.name}"
        LOG.error(self.trouble)


def _lock_of(path: Path) -> Path:
    return beside(path, ".lock")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
