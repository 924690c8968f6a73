"""What has happened at a charger, with who or what is behind it: what a protocol may speak of.

An operation changes facts and emits one of these, synchronously and in the same store commit. OCPP
1.6 drops most causes; OCPP 2.0.1 has a word for each (`triggerReason`). A protocol listens to what
it has words for: an event that nobody listens to costs one call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sim_core.charging.facts import ChargingState, Facts
from sim_core.charging.profile import Installed
from sim_core.charging.vocabulary import Cause, Context, ReservationEnd, StopReason
from sim_core.files.transfer import Flaw
from sim_core.hardware.faults import ChargerFault
from sim_core.hardware.meter import Reading
from sim_core.snapshot import ExternalLimit


@dataclass(frozen=True)
class Plugged:
    """A vehicle was plugged in."""

    connector_id: int
    cause: Cause = Cause.CABLE


@dataclass(frozen=True)
class Unplugged:
    """The cable came out at the vehicle's side."""

    connector_id: int
    cause: Cause = Cause.CABLE


@dataclass(frozen=True)
class BayEntered:
    """A sensor sees a car in the parking bay."""

    connector_id: int
    cause: Cause = Cause.VEHICLE


@dataclass(frozen=True)
class BayLeft:
    """The parking bay is free again."""

    connector_id: int
    cause: Cause = Cause.VEHICLE


@dataclass(frozen=True)
class Identified:
    """A vehicle has said its own id over the cable, in a make that tells it apart from the card."""

    connector_id: int
    vid: str
    cause: Cause = Cause.VEHICLE


@dataclass(frozen=True)
class Authorised:
    """A card may charge."""

    connector_id: int
    token: str
    cause: Cause


@dataclass(frozen=True)
class AuthorisationEnded:
    """A card that waited for the plug, or for its transaction, no longer counts."""

    connector_id: int
    token: str
    cause: Cause


@dataclass(frozen=True)
class TransactionBegan:
    """Energy may be billed from here on. `key` is ours; `content` is kept in the journal."""

    connector_id: int
    key: int
    token: str
    register_wh: int
    at: datetime
    cause: Cause
    reservation_id: int | None = None
    offline: bool = False
    """It began without the CSMS."""


@dataclass(frozen=True)
class TransactionWentOn:
    """A transaction that a power loss had interrupted goes on."""

    connector_id: int
    key: int
    cause: Cause = Cause.POWER


@dataclass(frozen=True)
class TransactionCutOff:
    """The power is gone: nothing more is written of it before the next start."""

    connector_id: int
    key: int
    cause: Cause = Cause.POWER


class Sample(NamedTuple):
    """What a meter showed at a moment, and which of it counts. It is no event but what one tells,
    and made twice of each sample: a frozen dataclass takes thrice as long."""

    at: datetime
    context: Context
    reading: Reading
    measurands: tuple[str, ...]
    signed: str = ""
    """The reading of the register as its meter has signed it (OCMF); empty: it has not."""


@dataclass(frozen=True)
class Sampled:
    """A sample is to be told. Without a `key` it is of no transaction."""

    connector_id: int
    sample: Sample
    cause: Cause
    key: int | None = None


@dataclass(frozen=True)
class TransactionEnded:
    """Nothing more is billed. `samples` are those that were kept for the end, as `to_json` of
    `journal_facts` has them."""

    connector_id: int
    key: int
    reason: StopReason
    cause: Cause
    token: str
    register_wh: int
    at: datetime
    samples: tuple[dict[str, Any], ...] = ()
    later_s: float = 0.0
    """So much later than its other messages it is told."""


@dataclass(frozen=True)
class ChargingStateChanged:
    """A transaction does something else than before; None: it is over."""

    connector_id: int
    state: ChargingState | None
    cause: Cause


@dataclass(frozen=True)
class FaultRaised:
    """Something broke; connector 0 is the charger as a whole."""

    connector_id: int
    fault: ChargerFault
    cause: Cause = Cause.FAULT


@dataclass(frozen=True)
class FaultCleared:
    """What broke is mended."""

    connector_id: int
    fault: ChargerFault
    cause: Cause = Cause.BUTTON


class Looked(NamedTuple):
    """Facts of a connector may have changed: what is true of it now. The commonest event: a frozen
    dataclass takes thrice as long."""

    facts: Facts
    fault: ChargerFault | None
    held: bool
    """It is kept free for somebody."""
    cause: Cause = Cause.CSMS


class LookedAtWhole(NamedTuple):
    """The same of the charger as a whole."""

    usable: bool
    fault: ChargerFault | None
    contradiction: str
    """A card of which the CSMS says otherwise than the local list that it has sent."""
    cause: Cause = Cause.CSMS


@dataclass(frozen=True)
class Restarting:
    """The charger reboots: what waited for that counts from now on. The cause is a reset, the mains
    (`POWER`), or that the process has ended by itself (`FAULT`)."""

    cause: Cause


@dataclass(frozen=True)
class ReservationEnded:
    """A reservation is no more. Connector 0: it was of whichever was left."""

    reservation_id: int
    connector_id: int
    how: ReservationEnd
    cause: Cause


@dataclass(frozen=True)
class ProfileInstalled:
    """A charging profile takes its place; `instead_of` is the one that had its id before."""

    new: Installed
    instead_of: Installed | None
    cause: Cause = Cause.CSMS


@dataclass(frozen=True)
class LimitedByOthers:
    """Others than the CSMS allow something else than before: what stands now."""

    limits: tuple[ExternalLimit, ...]
    cause: Cause = Cause.LIMIT


@dataclass(frozen=True)
class RateChanged:
    """Limits of the CSMS or of others let a transaction charge at another power than before. Where
    it begins or ceases to flow, that is a `ChargingStateChanged` alone."""

    connector_id: int
    before_w: float
    now_w: float
    cause: Cause = Cause.LIMIT


@dataclass(frozen=True)
class UpdateStepped:
    """An update of the firmware has come to another stage: a word of `updates`."""

    status: str
    cause: Cause = Cause.CSMS


@dataclass(frozen=True)
class UploadStepped:
    """A file on its way has come to another stage: a word of `uploads`."""

    what: str
    status: str
    request_id: int | None
    flaw: Flaw = Flaw.OTHER
    """Of one that has failed: in which way."""
    cause: Cause = Cause.CSMS


@dataclass(frozen=True)
class SecurityNoted:
    """Something that concerns security is in the store."""

    kind: str
    cause: Cause = Cause.CSMS


DomainEvent = (
    Plugged
    | Unplugged
    | BayEntered
    | BayLeft
    | Identified
    | Authorised
    | AuthorisationEnded
    | TransactionBegan
    | TransactionWentOn
    | TransactionCutOff
    | Sampled
    | TransactionEnded
    | ChargingStateChanged
    | FaultRaised
    | FaultCleared
    | Looked
    | LookedAtWhole
    | Restarting
    | ReservationEnded
    | ProfileInstalled
    | LimitedByOthers
    | RateChanged
    | UpdateStepped
    | UploadStepped
    | SecurityNoted
)
