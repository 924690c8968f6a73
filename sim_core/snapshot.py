"""What may be seen of a charge point: frozen pictures, replaced whole.

Viewers on other threads read `Station.snapshot` without locks: the attribute is swapped for a new
picture, and a picture never changes. Equal parts compare equal, so a viewer that keeps the last
one knows what not to redraw. Countdowns are given as moments (`*_at`, on the charge point's
clock); a viewer subtracts `Station.now()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class LinkState(str, Enum):
    """What the socket is doing."""

    DOWN = "down"
    """Taken down by the operator; nothing is dialled."""
    CONNECTING = "connecting"
    WAITING = "waiting"
    """The last attempt failed or the link was lost; dials again at `retry_at`."""
    CONNECTED = "connected"


class Registration(str, Enum):
    """What BootNotification was answered (OCPP 1.6 §4.2)."""

    NONE = "none"
    PENDING = "Pending"
    REJECTED = "Rejected"
    ACCEPTED = "Accepted"


@dataclass(frozen=True)
class LinkSnapshot:
    """The connection to the CSMS."""

    url: str
    state: LinkState
    registration: Registration = Registration.NONE
    online: bool = True
    """False while the operator keeps the charge point silent on an open socket."""
    attempt: int = 0
    """How many times it has dialled since the last connection."""
    retry_at: datetime | None = None
    trouble: str = ""
    """Why the last attempt failed or the link was lost, as a sentence without full stop."""
    boot_retry_at: datetime | None = None
    heartbeat_at: datetime | None = None
    heard_at: datetime | None = None
    """When the last frame came from the CSMS on this connection."""
    waiting_since: datetime | None = None
    """When the oldest of our calls that is still open was sent; None if none is."""
    queued: int = 0
    """Transaction messages in the journal that the CSMS has not answered yet."""


@dataclass(frozen=True)
class FaultSnapshot:
    """The fault that a connector shows."""

    error_code: str
    vendor_error_code: str
    info: str
    since: datetime


@dataclass(frozen=True)
class TransactionSnapshot:
    """A running transaction."""

    transaction_id: int | None
    """As the CSMS gave it; None until it has answered StartTransaction."""
    id_tag: str
    started_at: datetime
    meter_start_wh: int
    energy_wh: float


@dataclass(frozen=True)
class ConnectorSnapshot:
    """One connector."""

    connector_id: int
    status: str
    """ChargePointStatus as OCPP 1.6 spells it."""
    plugged: bool = False
    vehicle: str | None = None
    vid: str | None = None
    soc_percent: float | None = None
    power_w: float = 0.0
    voltage_v: float = 0.0
    current_a: float = 0.0
    register_wh: float = 0.0
    rated_power_w: float = 0.0
    """Full scale of the trace."""
    limited_by: str = ""
    """What holds the power where it is: `vehicle` (its curve and largest current), `cabinet` (its
    share of the pool), `charger` (rated power and current), `profile`, `ramp` (power rises only so
    fast), `meter rate` (METER_RATE_W); empty while nothing flows."""
    limit_w: float | None = None
    """What that lets through."""
    transaction: TransactionSnapshot | None = None
    id_tag: str | None = None
    """The card that is authorised, waiting for the plug or charging."""
    authorizing: bool = False
    """A card was shown and the answer is awaited."""
    plug_by: datetime | None = None
    """When an authorisation that waits for the plug lapses."""
    cable_in: bool = False
    """A detachable cable is in the socket, with or without a vehicle."""
    locked: bool = False
    lock_jammed: bool = False
    fault: FaultSnapshot | None = None
    operative: bool = True
    scheduled_availability: str | None = None
    """Operative or Inoperative, where a change waits for the end of the transaction."""
    trace_w: tuple[float, ...] = ()
    """Power, one value a second, newest last; at most `TRACE_LENGTH`."""
    refusals: Mapping[str, str] = field(default_factory=dict)
    """Name of each action that would be refused now -> the sentence that says why."""


@dataclass(frozen=True)
class JournalEntry:
    """A transaction message that the CSMS has not answered yet."""

    number: int
    """Its place in the journal's own counting; lower ones go first."""
    action: str
    connector_id: int
    written_at: datetime
    attempts: int
    """How often the CSMS has failed to process it."""
    transaction_key: int
    """Our own name of the transaction: what stands in for the id until there is one."""
    transaction_id: int | None
    """As the CSMS gave it; None until it has answered StartTransaction."""


@dataclass(frozen=True)
class LostEntry:
    """A transaction message whose attempts were spent."""

    action: str
    connector_id: int
    transaction_id: int | None
    given_up_at: datetime
    why: str


@dataclass(frozen=True)
class JournalSnapshot:
    """What waits to be answered by the CSMS, oldest first, and what was given up, newest first.

    Only the first `JOURNAL_SHOWN` of either; `LinkSnapshot.queued` has the whole count.
    """

    waiting: tuple[JournalEntry, ...] = ()
    lost: tuple[LostEntry, ...] = ()


@dataclass(frozen=True)
class StationSnapshot:
    """The charge point as a whole."""

    charge_point_id: str
    vendor: str
    model: str
    firmware_version: str
    link: LinkSnapshot
    connectors: tuple[ConnectorSnapshot, ...]
    status: str = "Available"
    """Status of connector 0: the charge point itself."""
    journal: JournalSnapshot = JournalSnapshot()
    powered: bool = True
    """The mains are there."""
    vehicles: tuple[str, ...] = ()
    """The garage, by name: what may be plugged in."""
    resumes: bool = False
    """A transaction that is cut off goes on at the next start (else it ends with PowerLoss)."""
    refusals: Mapping[str, str] = field(default_factory=dict)
    """As a connector's, for the actions that concern the whole charge point."""
    warnings: tuple[str, ...] = ()
    """Standing warnings, as sentences: a port in use, state that is not kept."""


TRACE_LENGTH = 600
JOURNAL_SHOWN = 100
