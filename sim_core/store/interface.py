"""What a store promises, whoever keeps it: a file (`sqlite`) or memory that ends with the process.

The order is the promise. What happened in a transaction is a row of the journal before it is a
frame on the wire, and the row leaves only when the CSMS has answered it (or its attempts are
spent). Rows name their transaction by our own key; the CSMS's transaction id is filled in when a
row is sent, so a session that began offline carries the right one. Everything is committed before
a method returns. While a disk refuses that, what is written is kept in memory and owed to it, and
whoever tells anybody of a row looks at `refusal` first.

A store is put together from areas, one a subject. Whoever needs one asks for that one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sim_core.errors import UserError
from sim_core.store.records import (
    DeadLetter,
    JournalRow,
    KnownToken,
    NewTransaction,
    Reservation,
    SecurityEvent,
    Session,
    StoredProfile,
    StoredTransaction,
    TransactionId,
)

MEMORY = Path(":memory:")
"""The path of a store that nobody keeps."""


class StoreError(UserError):
    """State that cannot be used."""


class DiskRefusesError(StoreError):
    """A strict write that the disk has refused; nothing of it was done."""


class Registers(Protocol):
    """The energy registers of the meters."""

    def all(self) -> dict[int, float]:
        """Energy register in Wh by connector."""

    def save(self, connector_id: int, register_wh: float) -> None:
        """Keep a register; it never goes back, whatever is said."""

    def save_lightly(self, registers: dict[int, float]) -> None:
        """Keep registers between two messages: safe from a kill, without waiting for the disk.

        While the disk refuses they are left out: the next ones tell more.
        """


class Availability(Protocol):
    """Which connectors are in service."""

    def inoperative(self) -> set[int]:
        """The connectors (0: the charge point) that are out of service."""

    def save(self, connector_id: int, operative: bool) -> None:
        """Keep whether a connector is in service."""


class Configuration(Protocol):
    """The configuration that was changed."""

    def all(self) -> dict[str, str]:
        """Configuration keys that were changed, with their values."""

    def save(self, key: str, value: str) -> None:
        """Keep a configuration key."""


class Documents(Protocol):
    """What belongs to one feature alone, by a name of its choice: the firmware that is installed,
    an update under way, the vehicle at a connector."""

    def get(self, name: str) -> dict[str, Any] | None:
        """What was put under a name; None where nothing is."""

    def put(self, name: str, document: dict[str, Any] | None) -> None:
        """Keep something under a name in place of what was there; None forgets it."""


class Transactions(Protocol):
    """Transactions until their last message is answered, and their samples."""

    def begin(self, new: NewTransaction) -> int:
        """Write down a transaction and return our key for it."""

    def end(self, key: int) -> None:
        """The transaction has ended, and its charging profiles with it; it is forgotten once its
        last message is answered."""

    def open(self) -> list[StoredTransaction]:
        """Transactions that have begun and not ended: what a power cut left behind."""

    def add_sample(self, key: int, sample: dict[str, Any]) -> int:
        """Keep a sample to be told at the end of the transaction; returns how many there are.

        Its "context" says why it was taken.
        """

    def thin_samples(self, key: int) -> None:
        """Let every second sample go, of each context by itself; the first one stays."""

    def samples(self, key: int) -> list[dict[str, Any]]:
        """The samples kept for a transaction, oldest first."""


class Journal(Protocol):
    """What the CSMS has still to be told of transactions, in order."""

    revision: int
    """Raised by every change."""
    on_rollback: Callable[[], None]
    """Called when what a `together` has written was taken back: its rows never were there."""

    def append(
        self, kind: str, content: dict[str, Any], *, key: int, connector_id: int, at: datetime
    ) -> None:
        """Write at the end what has happened: BEGAN, SAMPLED, MOVED or ENDED, and the facts of it.

        `key` is our own of the transaction, or NO_SESSION; the CSMS's is not known yet.
        """

    def set_aside(self, foreign: Callable[[JournalRow], bool]) -> None:
        """Leave the rows out of `first` and `depth` that are another language's, until this is
        called again: they wait for whoever speaks it, and so does what is known of their
        transactions."""

    @property
    def aside(self) -> int:
        """How many rows are set aside."""

    @property
    def depth(self) -> int:
        """How many rows wait, without those that are set aside."""

    def first(self, limit: int) -> list[JournalRow]:
        """The first `limit` rows, oldest first, with the transaction id as far as it is known."""

    def restate(self, rows: Mapping[int, JournalRow | None]) -> None:
        """Put rows in the place of those with these numbers, as if nobody had tried to send them
        yet; None lets one go, of which nobody is told. One commit."""

    def count_attempt(self, number: int) -> int:
        """The CSMS failed to process a row: count it and return how often that was."""

    def confirm(self, row: JournalRow, transaction_id: TransactionId | None = None) -> None:
        """The CSMS has answered a row: it leaves. The answer to a beginning may bring the
        transaction id. The session learns of either."""

    def give_up(self, row: JournalRow, why: str, at: datetime) -> None:
        """The attempts for a row are spent: it leaves unanswered, and is kept where one can see."""

    def dead_letters(self, limit: int) -> list[DeadLetter]:
        """The last `limit` rows that were given up, newest first."""


class Sessions(Protocol):
    """What has been charged: transactions that have ended, long after their messages have left."""

    revision: int
    """Raised by every change."""

    def add(self, session: Session) -> None:
        """A transaction has ended; the oldest of more than are kept go."""

    def all(self) -> list[Session]:
        """Every session that is kept, newest first."""


class TokenCache(Protocol):
    """What the CSMS has said of tokens when it was asked: the authorization cache."""

    revision: int
    """Raised by every change."""

    def length(self) -> int:
        """How many tokens are remembered."""

    def first(self, limit: int) -> list[KnownToken]:
        """The first `limit` of them, by name."""

    def learn(self, token: KnownToken, at: datetime) -> None:
        """Remember what the CSMS said of a token."""

    def find(self, token: str) -> KnownToken | None:
        """What is remembered of a token, in any case of its ASCII letters."""

    def clear(self) -> None:
        """Forget all of it."""

    def forget(self, token: str) -> None:
        """Forget what is remembered of one token."""


class LocalList(Protocol):
    """The tokens that the CSMS has sent ahead: the local authorization list."""

    revision: int
    """Raised by every change."""

    def first(self, limit: int) -> list[KnownToken]:
        """The first `limit` of them, by name."""

    def version(self) -> int:
        """The version of the list; 0 while nobody is on it."""

    def length(self) -> int:
        """How many tokens are on the list."""

    def find(self, token: str) -> KnownToken | None:
        """What the list says of a token, in any case of its letters."""

    def change(
        self,
        version: int,
        entries: Iterable[KnownToken],
        gone: Iterable[str] = (),
        *,
        full: bool,
        most: int,
    ) -> bool:
        """Put tokens on the list and take others off; `full`: nobody else stays.

        Returns False, and nothing has changed, when more than `most` would be on it.
        """


class Reservations(Protocol):
    """The connectors that are kept free for somebody."""

    def all(self) -> list[Reservation]:
        """Every reservation that is kept."""

    def save(self, reservation: Reservation) -> None:
        """Keep a reservation, in place of the one with its id."""

    def remove(self, reservation_id: int) -> None:
        """Forget a reservation."""


class Profiles(Protocol):
    """The charging profiles that the CSMS has installed."""

    def all(self) -> list[StoredProfile]:
        """The charging profiles that are installed."""

    def install(self, profile: StoredProfile, instead_of: Iterable[int] = ()) -> None:
        """Keep a charging profile, in place of those with these ids and of the one with its own."""

    def remove(self, profile_ids: Iterable[int]) -> None:
        """Forget charging profiles."""


class SecurityLog(Protocol):
    """What concerns security; the oldest of more than SECURITY_EVENTS_KEPT go."""

    def add(self, kind: str, at: datetime, info: str, *, waits: bool) -> None:
        """Write an event down; `waits`: until the CSMS has been told of it."""

    def all(self) -> list[SecurityEvent]:
        """The security log, oldest first."""

    def next_waiting(self) -> SecurityEvent | None:
        """The oldest event that the CSMS has not been told of."""

    def told(self, number: int) -> None:
        """The CSMS has been told of an event."""


class Store(Protocol):
    """One charge point's state. Not for two threads at once."""

    path: Path
    """Where it is; MEMORY: nowhere."""
    trouble: str
    """What was wrong with the file that was found, as a sentence; empty if nothing was."""

    registers: Registers
    availability: Availability
    configuration: Configuration
    documents: Documents
    transactions: Transactions
    journal: Journal
    sessions: Sessions
    tokens: TokenCache
    local_list: LocalList
    reservations: Reservations
    profiles: Profiles
    security_log: SecurityLog

    def together(self) -> AbstractContextManager[None]:
        """All writes inside are one: either each of them is on disk afterwards, or none.

        Raises DiskRefusesError inside of `strictly`.
        """

    def strictly(self) -> AbstractContextManager[None]:
        """Inside, a write that cannot be on disk at once raises DiskRefusesError instead."""

    @property
    def refusal(self) -> str:
        """Why nothing can be written just now, as a sentence; empty while it can.

        Until then all that is written is kept in memory: nobody may be told of it.
        """

    @property
    def owed(self) -> int:
        """How many changes are in memory alone."""

    def tell_refusals(self, told: Callable[[], None]) -> None:
        """Call `told` whenever the disk begins to refuse."""

    def retry(self, *, patiently: bool = False) -> bool:
        """Write what is owed; returns whether all of it is on disk."""

    def explained(self, error: BaseException) -> BaseException:
        """A fault of the disk as a sentence with the file's name; any other as it is."""

    def misplaced(self) -> str:
        """How the file is no longer the one that was opened, as the end of a sentence; empty while
        it is. SQLite goes on writing into the one that it has open, wherever that is now."""

    def claim_again(self) -> bool:
        """Take the lock of the place anew where somebody has removed it, so that nobody else begins
        there unnoticed; False when another ChargeForge has it already."""

    def close(self) -> None:
        """Let go of the file; harmless when done twice."""
