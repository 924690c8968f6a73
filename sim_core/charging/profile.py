"""A charging profile as it is kept: read once, strictly, by who speaks to the CSMS, and then only
looked at. The arithmetic (`schedule`) takes it on trust.

Each protocol has its own words for a purpose, and its own idea of which profiles cannot be beside
each other: `ProfileRules` brings both.

Moments are whole microseconds of POSIX time: sums of them are exact, and no year that a CSMS may
invent is out of their range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum

Moment = int
"""Microseconds of POSIX time."""

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

LONGEST_S = 2**31 - 1
LARGEST_LIMIT = 1e9
LARGEST_ID = 2**63 - 1


class Purpose(Enum):
    """What a profile bounds."""

    STATION = "station"
    """The sum over all connectors."""
    DEFAULT = "default"
    """Every transaction of a connector that has no profile of its own."""
    TRANSACTION = "transaction"
    """One transaction."""


class Kind(Enum):
    """From where a schedule counts. OCPP 1.6 and 2.0.1 have the same words for it."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class Recurrency(Enum):
    """How often a schedule begins anew: the word of both protocols, and the seconds of a round."""

    DAILY = ("Daily", 86_400)
    WEEKLY = ("Weekly", 604_800)

    def __init__(self, word: str, round_s: int) -> None:
        self.word = word
        self.round_s = round_s


RECURRENCIES: dict[str, Recurrency] = {recurrency.word: recurrency for recurrency in Recurrency}


@dataclass(frozen=True)
class Period:
    """From `start_s` of the schedule on, so much. `phases` None: 3 are meant."""

    start_s: int
    limit: float
    phases: int | None = None


@dataclass(frozen=True)
class Profile:
    """One charging profile. `periods` begin at 0 and rise; limits are in `unit` (A or W)."""

    profile_id: int
    stack_level: int
    purpose: Purpose
    kind: Kind
    unit: str
    periods: tuple[Period, ...]
    duration_s: int | None = None
    starts_at: Moment | None = None
    """Where the schedule begins; None: with the transaction."""
    recurrency: Recurrency | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    least: float | None = None
    """In `unit`: with less than that nothing is charged at all."""
    transaction_id: int | str | None = None
    """As the CSMS has called the transaction."""


@dataclass(frozen=True)
class Installed:
    """A profile where it is installed. One of a transaction has our key of that."""

    connector_id: int
    """0: the whole charge point."""
    profile: Profile
    transaction_key: int | None = None

    @property
    def owner(self) -> tuple[int, Purpose]:
        """Whose limit it is."""
        return self.connector_id, self.profile.purpose


@dataclass(frozen=True)
class ProfileRules:
    """What a protocol brings along."""

    words: Mapping[Purpose, str]
    """What it calls each purpose."""
    gives_way: Callable[[Installed, Installed], bool]
    """Whether a profile that is kept makes room for a new one, beside the one with its id."""


def moment_of(at: datetime) -> Moment:
    """A date as a moment."""
    return (at - EPOCH) // timedelta(microseconds=1)


def date_of(at: Moment | None) -> datetime | None:
    """A moment as a date; None where the calendar has none for it."""
    try:
        return None if at is None else EPOCH + timedelta(microseconds=at)
    except OverflowError:
        return None
