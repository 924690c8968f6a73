"""The charger's own words: why something ends, who is behind it, who a card is.

Each protocol has words of its own for these, and a table that says which. Where the field has one
word for a thing, it is that word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class StopReason(str, Enum):
    """Why a transaction ends; the value is the word for people."""

    EMERGENCY_STOP = "EmergencyStop"
    UNPLUGGED = "EVDisconnected"
    RESET_AT_ONCE = "HardReset"
    RESET_IN_ORDER = "SoftReset"
    LOCAL = "Local"
    """The driver, at the charger."""
    OTHER = "Other"
    """The vehicle, a start that came to nothing, or whatever no other word is for."""
    POWER_LOSS = "PowerLoss"
    REBOOT = "Reboot"
    REMOTE = "Remote"
    UNLOCKED = "UnlockCommand"
    REFUSED = "DeAuthorized"
    """The CSMS has refused the card afterwards."""
    MASTER_PASS = "MasterPass"
    """A card that may stop every transaction."""


class Cause(Enum):
    """Who or what is behind something: every domain event has one."""

    CARD = "card"
    REMOTE = "remote"
    VEHICLE = "vehicle"
    """By itself: it identifies itself, pauses, is full, gives up."""
    CABLE = "cable"
    """It was put in or taken out."""
    BUTTON = "button"
    """The operator, or the driver without a card."""
    VERDICT = "verdict"
    """What the CSMS thinks of a card."""
    LIMIT = "limit"
    """A charging profile, the cabinet, or the energy that was allowed."""
    TIMEOUT = "timeout"
    FAULT = "fault"
    LOCK = "lock"
    RESET = "reset"
    POWER = "power"
    """The mains."""
    CLOCK = "clock"
    """A moment has come that was agreed upon."""
    TRIGGER = "trigger"
    """The CSMS wants to know it now."""
    CSMS = "csms"
    """The CSMS has ordered it otherwise: a setting, an availability, a reservation."""


CAUSE_OF_STOP: dict[StopReason, Cause] = {
    StopReason.EMERGENCY_STOP: Cause.FAULT,
    StopReason.UNPLUGGED: Cause.CABLE,
    StopReason.RESET_AT_ONCE: Cause.RESET,
    StopReason.RESET_IN_ORDER: Cause.RESET,
    StopReason.LOCAL: Cause.CARD,
    StopReason.OTHER: Cause.VEHICLE,
    StopReason.POWER_LOSS: Cause.POWER,
    StopReason.REBOOT: Cause.RESET,
    StopReason.REMOTE: Cause.REMOTE,
    StopReason.UNLOCKED: Cause.LOCK,
    StopReason.REFUSED: Cause.VERDICT,
    StopReason.MASTER_PASS: Cause.CARD,
}
"""Who is behind an end, where whoever ends it says no more than why."""


class ReservationEnd(Enum):
    """What has become of a reservation; the value ends the sentence "the reservation for T …"."""

    USED = "is used"
    EXPIRED = "has expired"
    CANCELLED = "was cancelled by the CSMS"
    FAULTED = "has ended: it is Faulted"
    UNAVAILABLE = "has ended: it is Unavailable"


CAUSE_OF_RESERVATION_END: dict[ReservationEnd, Cause] = {
    ReservationEnd.USED: Cause.CARD,
    ReservationEnd.EXPIRED: Cause.CLOCK,
    ReservationEnd.CANCELLED: Cause.CSMS,
    ReservationEnd.FAULTED: Cause.FAULT,
    ReservationEnd.UNAVAILABLE: Cause.CSMS,
}
"""Who is behind it."""


class Context(str, Enum):
    """Why a sample was taken. OCPP 1.6 and 2.0.1 have the same words for it."""

    BEGIN = "Transaction.Begin"
    PERIODIC = "Sample.Periodic"
    CLOCK = "Sample.Clock"
    END = "Transaction.End"
    TRIGGER = "Trigger"


ACCEPTED, EXPIRED, INVALID, CONCURRENT = "Accepted", "Expired", "Invalid", "ConcurrentTx"


@dataclass(frozen=True)
class Verdict:
    """What was decided about a card: `status` is Accepted, Blocked, Expired, Invalid,
    ConcurrentTx (OCPP has had these words since 1.5). `reason` is the sentence for a refusal."""

    status: str
    group: str | None = None
    """Cards of one group may stop each other's transactions."""
    reason: str = ""
    expires_at: datetime | None = None
    """The CSMS says so up to this moment; None: until it says otherwise."""
    only_at: tuple[int, ...] = ()
    """The connectors at which it counts; nothing: at all of them."""

    def counts_at(self, connector_id: int) -> bool:
        """Whether it counts at a connector."""
        return not self.only_at or connector_id in self.only_at

    @property
    def accepted(self) -> bool:
        return self.status == ACCEPTED
