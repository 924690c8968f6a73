"""What a store keeps, as its makers and everybody else see it: rows without a word of SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class StoredTransaction:
    """A transaction as it is on disk. `transaction_id` is None until the CSMS has given one."""

    key: int
    connector_id: int
    id_tag: str
    parent_id_tag: str | None
    meter_start_wh: int
    started_at: datetime
    reservation_id: int | None
    vehicle: str | None
    """Name of the vehicle that it began with, and what was in its battery then."""
    vehicle_wh: float | None
    transaction_id: int | str | None


BEGAN = "began"
SAMPLED = "sampled"
ENDED = "ended"


@dataclass(frozen=True, slots=True)
class JournalRow:
    """What has happened in a transaction and was not told, or not answered, yet."""

    number: int
    kind: str
    """BEGAN, SAMPLED or ENDED."""
    content: dict[str, Any]
    transaction_key: int
    connector_id: int
    written_at: datetime
    attempts: int
    transaction_id: int | str | None


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A transaction message whose attempts were spent: the CSMS has never processed it."""

    kind: str
    connector_id: int
    transaction_id: int | str | None
    given_up_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class KnownTag:
    """What the CSMS has said of an idTag: the authorization cache, or the local list (§3.5.1-2)."""

    id_tag: str
    status: str
    parent_id_tag: str | None
    expiry_date: datetime | None

    def expired(self, now: datetime) -> bool:
        """Whether the time has run out up to which it was said."""
        return self.expiry_date is not None and self.expiry_date <= now


@dataclass(frozen=True, slots=True)
class Reservation:
    """A connector (0: any one) that is kept free for a card until a moment (OCPP 1.6 §5.13)."""

    reservation_id: int
    connector_id: int
    id_tag: str
    parent_id_tag: str | None
    until: datetime


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """A charging profile (OCPP 1.6 §5.16); `transaction_key` is that of a TxProfile's."""

    profile_id: int
    connector_id: int
    transaction_key: int | None
    profile: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """An event of the security log (whitepaper "Improved security for OCPP 1.6-J")."""

    number: int
    kind: str
    at: datetime
    info: str


SECURITY_EVENTS_KEPT = 1_000
"""Of more the oldest go, whether or not the CSMS knows of them."""
