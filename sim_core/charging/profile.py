"""A charging profile as it is kept: read once, strictly, by who speaks to the CSMS, and then only
looked at. The arithmetic (`schedule`) takes it on trust.

Moments are whole microseconds of POSIX time: sums of them are exact, and no year that a CSMS may
invent is out of their range.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

Moment = int
"""Microseconds of POSIX time."""

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

MOST, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
ABSOLUTE, RECURRING, RELATIVE = "Absolute", "Recurring", "Relative"
ROUND_S = {"Daily": 86_400, "Weekly": 604_800}

LONGEST_S = 2**31 - 1
LARGEST_LIMIT = 1e9
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Period:
    """From `start_s` of the schedule on, so much (§7.10). `phases` None: 3 are meant."""

    start_s: int
    limit: float
    phases: int | None = None


@dataclass(frozen=True)
class Profile:
    """One charging profile. `periods` begin at 0 and rise; limits are in `unit` (A or W)."""

    profile_id: int
    stack_level: int
    purpose: str
    kind: str
    unit: str
    periods: tuple[Period, ...]
    duration_s: int | None = None
    starts_at: Moment | None = None
    """Where the schedule begins; None: with the transaction."""
    recurrency: str | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    least: float | None = None
    """minChargingRate, in `unit`: with less than that nothing is charged at all."""
    transaction_id: int | None = None


def moment_of(at: datetime) -> Moment:
    """A date as a moment."""
    return (at - EPOCH) // timedelta(microseconds=1)


def date_of(at: Moment | None) -> datetime | None:
    """A moment as a date; None where the calendar has none for it."""
    try:
        return None if at is None else EPOCH + timedelta(microseconds=at)
    except OverflowError:
        return None
