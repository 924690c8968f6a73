"""What a store keeps, as its makers and everybody else see it: rows without a word of SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

TransactionId = int | str
"""What a CSMS calls a transaction: a number in OCPP 1.6, a text in OCPP 2.0.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTransaction:
    """A transaction that begins. Whoever's token has the same `group` may end it, too."""

    connector_id: int
    token: str
    group: str | None
    meter_start_wh: int
    started_at: datetime
    reservation_id: int | None
    vehicle: str | None = None
    """Name of the vehicle that it begins with, and what is in its battery then."""
    vehicle_wh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTransaction(NewTransaction):
    """A transaction that has begun. `transaction_id` is None until the CSMS has given one."""

    key: int
    transaction_id: TransactionId | None


BEGAN, SAMPLED, MOVED, ENDED = "began", "sampled", "moved", "ended"
"""What a row of the journal tells of a transaction; MOVED: it does something else than before."""
NO_SESSION = 0
"""Our key in a row of what happens while no session of the charger runs: in OCPP 2.0.1 a
transaction may begin with the cable alone."""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """What happened in a transaction, and the CSMS has not answered yet."""

    number: int
    kind: str
    """BEGAN, SAMPLED, MOVED or ENDED."""
    content: dict[str, Any]
    """The facts. Of schema 1: {"spelt": {"action": …, "payload": …}}, as OCPP 1.6 is to say it."""
    transaction_key: int
    connector_id: int
    written_at: datetime
    attempts: int
    transaction_id: TransactionId | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A row whose attempts were spent: the CSMS has never processed what it tells."""

    kind: str
    connector_id: int
    transaction_id: TransactionId | None
    given_up_at: datetime
    why: str


class Told(str, Enum):
    """What the CSMS knows of a session's end."""

    WAITING = "waiting"
    """It has not been told yet, or has not answered."""
    TOLD = "told"
    GIVEN_UP = "given up"
    """The attempts to tell it are spent: nobody will bill this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A transaction that has ended, as its charger knows it. It outlives its messages."""

    key: int
    """Our own of the transaction."""
    connector_id: int
    token: str
    started_at: datetime
    ended_at: datetime
    meter_start_wh: int
    meter_stop_wh: int
    reason: str
    """Why it ended, in the word for people."""
    transaction_id: TransactionId | None = None
    vehicle: str | None = None
    soc_begin_percent: float | None = None
    soc_end_percent: float | None = None
    told: Told = Told.WAITING


SESSIONS_KEPT = 1_000
"""Of more the oldest go."""
SESSIONS_IN_MEMORY = 50
"""The same where nothing is kept: hundreds of such charge points may be in one process."""


@dataclass(frozen=True, slots=True)
class KnownToken:
    """What the CSMS has said of a token: the authorization cache, or the local list."""

    token: str
    status: str
    group: str | None
    expires_at: datetime | None

    def expired(self, now: datetime) -> bool:
        """Whether the time has run out up to which it was said."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Reservation:
    """A connector (0: any one) that is kept free for a token until a moment."""

    reservation_id: int
    connector_id: int
    token: str
    group: str | None
    until: datetime


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """A charging profile; `transaction_key` where it is for one transaction alone."""

    profile_id: int
    connector_id: int
    transaction_key: int | None
    profile: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """An event of the security log."""

    number: int
    kind: str
    at: datetime
    info: str


SECURITY_EVENTS_KEPT = 1_000
"""Of more the oldest go, whether or not the CSMS knows of them."""
