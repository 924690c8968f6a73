"""What may be seen of a charge point: frozen pictures, replaced whole.

Viewers on other threads read `Station.snapshot` without locks: the attribute is swapped for a new
picture, and a picture never changes. Equal parts compare equal, so a viewer that keeps the last
one knows what not to redraw. Countdowns are given as moments (`*_at`, on the charge point's
clock); a viewer subtracts `Station.now()`.

A picture has the same shape whichever OCPP is spoken. What a viewer decides by (a glyph, a button,
the next key) is a word of ours, like `ConnectorState`; the protocol's own word stands beside it and
is only shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sim_core.wire_faults import WireFault

TransactionId = int | str
"""A number that the CSMS gave (OCPP 1.6), or a text that the charger made itself (2.0.1)."""


class LinkState(str, Enum):
    """What the socket is doing."""

    DOWN = "down"
    """Taken down by the operator; nothing is dialled."""
    CONNECTING = "connecting"
    WAITING = "waiting"
    """The last attempt failed or the link was lost; dials again at `retry_at`."""
    CONNECTED = "connected"


class Registration(str, Enum):
    """What BootNotification was answered, in the words of every OCPP."""

    NONE = "none"
    PENDING = "Pending"
    REJECTED = "Rejected"
    ACCEPTED = "Accepted"


class ConnectorState(Enum):
    """What a connector is doing, whichever words the protocol has for it.

    OCPP 2.0.1 says Occupied to five of these, OCPP 1.6 tells them apart.
    """

    UNKNOWN = "unknown"
    """Nobody has said yet: so only of a charger that is watched from outside."""
    FREE = "free"
    PREPARING = "preparing"
    """A vehicle, a cable or a card is there, and something else is awaited before it charges."""
    CHARGING = "charging"
    PAUSED_BY_VEHICLE = "paused by the vehicle"
    PAUSED_BY_CHARGER = "paused by the charger"
    """Also where both pause."""
    ENDED = "ended"
    """The transaction is over and the vehicle still plugged in."""
    RESERVED = "reserved"
    OUT_OF_SERVICE = "out of service"
    FAULTED = "faulted"

    @property
    def paused(self) -> bool:
        """A transaction goes on in which no energy flows."""
        return self in (ConnectorState.PAUSED_BY_VEHICLE, ConnectorState.PAUSED_BY_CHARGER)


@dataclass(frozen=True)
class LinkSnapshot:
    """The connection to the CSMS."""

    url: str
    state: LinkState
    registration: Registration = Registration.NONE
    """As it counts on this connection; NONE without one."""
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
    spoken: str = ""
    """The version that the CSMS has chosen on this connection, as people read it, where it had a
    choice; else empty."""
    queued: int | None = 0
    """Transaction messages in the journal that the CSMS has not answered yet; None where nobody
    can know."""

    @property
    def frames_pass(self) -> bool:
        """There is a link, and nobody keeps the charge point silent."""
        return self.state is LinkState.CONNECTED and self.online


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

    transaction_id: TransactionId | None
    """None as long as it has none: in OCPP 1.6 until the CSMS has answered StartTransaction."""
    token: str
    """The card that it is charged for: an idTag, an idToken."""
    started_at: datetime | None
    """None where it began before anybody watched, as what follows it."""
    meter_start_wh: int | None
    energy_wh: float | None
    vehicle: str | None = None
    """The one that it began with."""
    soc_begin_percent: float | None = None


@dataclass(frozen=True)
class SessionSnapshot:
    """What has been charged, or is being charged, in one transaction."""

    connector_id: int
    transaction_id: TransactionId | None
    """None as long as it has none; at the end of a session: it never got one."""
    token: str
    started_at: datetime | None
    ended_at: datetime | None
    """None: it goes on."""
    meter_start_wh: int | None
    energy_wh: float | None
    """By the meter of the charge point."""
    reason: str = ""
    """Why it ended, like Local or EVDisconnected."""
    vehicle: str | None = None
    soc_begin_percent: float | None = None
    soc_end_percent: float | None = None
    told: str = ""
    """What the CSMS knows of its end: `waiting`, `told` or `given up`; empty while it goes on."""

    @property
    def csms_energy_wh(self) -> float | None:
        """What the CSMS bills, for it has taken begin and end; None: it does not know."""
        return self.energy_wh if self.told == "told" and self.transaction_id is not None else None


@dataclass(frozen=True)
class ReservationSnapshot:
    """For whom a connector is kept free."""

    reservation_id: int
    token: str
    group: str | None
    """Cards of this group may use it too."""
    until: datetime
    connector_id: int = 0
    """The one that it names; 0: whichever is free."""


@dataclass(frozen=True)
class ProfileSnapshot:
    """The charging profile that holds the power down, and by how much."""

    limit_w: float
    """What it allows, in W, however its schedule is written."""
    purpose: str
    """As the protocol spells it, like TxProfile."""
    profile_id: int
    stack_level: int
    limit: float
    """As the schedule has it, in `unit`."""
    unit: str
    """W or A."""
    until: datetime | None = None
    """When something else will hold; None: it goes on like this."""


LIMITERS: dict[str, str] = {
    "EMS": "energy manager",
    "SO": "grid operator",
    "Other": "another system",
}
"""Who may limit the power beside the CSMS: OCPP 2.0.1's word (ChargingLimitSourceEnumType; the CSMS
itself is CSO) -> what people call it."""


@dataclass(frozen=True)
class ExternalLimit:
    """What somebody beside the CSMS allows, until it is lifted."""

    source: str
    """A word of `LIMITERS`."""
    limit_w: float
    connector_id: int
    """0: all connectors together."""
    grid_critical: bool
    """The grid is in danger without it."""
    since: datetime

    @property
    def whose(self) -> str:
        """Who it is, as people call it. A picture from elsewhere may have any word."""
        return LIMITERS.get(self.source, self.source)


@dataclass(frozen=True)
class CompositeSnapshot:
    """What charging profiles and ratings together allow from now on, at a connector or (0) at all
    of them together."""

    connector_id: int
    steps: tuple[tuple[datetime, float], ...]
    """From when on, and how much in W; the first is when it was worked out."""
    until: datetime
    """How far it was worked out."""


@dataclass(frozen=True)
class TokenEntry:
    """What the CSMS has said of a card, and is remembered."""

    token: str
    status: str
    """As the protocol spells it, like Accepted."""
    group: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class TokensSnapshot:
    """The cards that are known here: on the local list, which the CSMS has sent, and in the cache
    of its answers. Only the first `TOKENS_SHOWN` of either."""

    list_version: int = 0
    list_length: int = 0
    listed: tuple[TokenEntry, ...] = ()
    list_counts: bool = True
    """False: this charge point has none, or it is switched off."""
    cache_length: int = 0
    cached: tuple[TokenEntry, ...] = ()
    cache_counts: bool = True


@dataclass(frozen=True)
class InstalledProfile:
    """A charging profile that is kept, whether or not it counts just now."""

    connector_id: int
    profile_id: int
    purpose: str
    kind: str
    """Both as the protocol spells them."""
    stack_level: int
    unit: str
    periods: tuple[tuple[int, float], ...]
    """Start in seconds and limit in `unit`."""
    transaction_id: TransactionId | None = None
    recurrency: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    start_schedule: datetime | None = None
    duration_s: int | None = None


# A fleet keeps one of each connector, and with 30 fields Python takes 1.5 KiB for each of them.
@dataclass(frozen=True, slots=True)
class ConnectorSnapshot:
    """One connector."""

    connector_id: int
    state: ConnectorState
    status: str
    """The same as the protocol spells it, to be shown and not to be read."""
    plugged: bool | None = False
    """None, here and in what follows: nobody has said. So only of a charger that is watched from
    outside."""
    vehicle: str | None = None
    vid: str | None = None
    soc_percent: float | None = None
    power_w: float | None = 0.0
    voltage_v: float | None = 0.0
    current_a: float | None = 0.0
    register_wh: float | None = 0.0
    rated_power_w: float = 0.0
    """Full scale of the trace."""
    limited_by: str = ""
    """What holds the power where it is: `vehicle` (its curve and largest current), `cabinet` (its
    share of the pool), `charger` (rated power and current), `profile`, one of those in `LIMITERS`,
    `ramp` (power rises only so fast), `meter rate` (METER_RATE_W); empty while nothing flows."""
    limit_w: float | None = None
    """What that lets through."""
    profile: ProfileSnapshot | None = None
    """The charging profile that allows least here now, whether or not the vehicle could take more;
    None: no profile counts. While `limited_by` is `profile`, it is what binds."""
    external: ExternalLimit | None = None
    """The lowest of what others than the CSMS allow, here or all connectors together."""
    transaction: TransactionSnapshot | None = None
    last_session: SessionSnapshot | None = None
    """What was charged here last, once it has ended."""
    token: str | None = None
    """The card that is authorised, waiting for the plug or charging."""
    identifying: bool = False
    """The charger is about to read the vehicle's identity and to show it as a card (AutoCharge): it
    starts by itself."""
    authorizing: bool = False
    """A card was shown and the answer is awaited."""
    starting: bool = False
    """Authorised and plugged: the cable is checked, and then the transaction begins."""
    plug_by: datetime | None = None
    """When an authorisation that waits for the plug lapses."""
    reservation: ReservationSnapshot | None = None
    """For whom it is kept free: its own reservation, or that of the charge point as a whole
    (connector 0) where this is the last connector that is free for it."""
    vehicle_asleep: bool = False
    """The vehicle has given up: it charges no more before it is plugged in anew."""
    cable_in: bool = False
    """A detachable cable is in the socket, with or without a vehicle."""
    locked: bool = False
    lock_jammed: bool = False
    fault: FaultSnapshot | None = None
    operative: bool = True
    in_service: bool = True
    """As the CSMS wants it, lastingly; `operative` is as it is."""
    scheduled_availability: str | None = None
    """Operative or Inoperative, where a change waits for the end of the transaction."""
    trace_w: tuple[float, ...] = ()
    """Power, one value for each `trace_step_s`, newest last; at most `TRACE_LENGTH`."""
    trace_step_s: int = 1
    """Seconds of the charge point's time; more than one where that passes faster than usual."""
    screen: tuple[str, ...] = ()
    """What the CSMS has the charger show to the driver here: words for the card, costs."""
    refusals: Mapping[str, str] = field(default_factory=dict)
    """Name of each action that would be refused now -> the sentence that says why."""


@dataclass(frozen=True)
class JournalEntry:
    """A transaction message that the CSMS has not answered yet."""

    number: int
    """Its place in the journal's own counting; lower ones go first."""
    action: str
    """As the protocol spells it, like StopTransaction."""
    connector_id: int
    written_at: datetime
    attempts: int
    """How often the CSMS has failed to process it."""
    transaction_key: int
    """Our own name of the transaction: what stands in for the id until there is one."""
    transaction_id: TransactionId | None
    """None as long as it has none, as in a running transaction."""


@dataclass(frozen=True)
class LostEntry:
    """A transaction message whose attempts were spent."""

    action: str
    connector_id: int
    transaction_id: TransactionId | None
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
class FirmwareSnapshot:
    """An update of the firmware, or how the last one ended."""

    status: str = "Idle"
    """How far it is, as the protocol spells it."""
    active: bool = False
    """An update is under way, be it that it waits; else `status` is the end of the last one."""
    version: str = ""
    """What is installed, or was to be; empty until the file is there."""
    percent: int | None = None
    """How much of the file is there; None where that cannot be told."""
    since: datetime | None = None
    """When it came to this status."""
    due_at: datetime | None = None
    """When it goes on: the retrieve date, the next try, the end of the installation; None where
    no clock decides."""
    trouble: str = ""
    """Why it failed or what it waits for, as a sentence without full stop."""
    failed: bool = False
    """The last step came to nothing; it is tried again while `active`."""


@dataclass(frozen=True)
class UploadSnapshot:
    """A file on its way to the CSMS (diagnostics, a log), or how the last one ended."""

    status: str = "Idle"
    """How far it is, as the protocol spells it."""
    active: bool = False
    """It is on its way, be it that it waits for the next try."""
    file_name: str = ""
    percent: int | None = None
    """How much of the file has left."""
    since: datetime | None = None
    due_at: datetime | None = None
    """When the next try begins."""
    trouble: str = ""
    """Why the last try failed, as a sentence without full stop."""
    failed: bool = False
    """The last try came to nothing; there is another while `active`."""


class ChangedBy(str, Enum):
    """Who has given a setting the value that it has."""

    CSMS = "CSMS"
    """By asking for it, or by what it answers (the interval that a boot brings)."""
    OPERATOR = "operator"
    """Somebody at the charge point: by key, palette or HTTP."""
    CHARGER = "charge point"
    """The charge point itself: a security profile that did not connect."""


@dataclass(frozen=True, slots=True)
class SettingChange:
    """The last change of a setting since the charge point runs."""

    before: str
    """The value at the start of the run; empty for one that is never shown."""
    by: ChangedBy
    at: datetime


@dataclass(frozen=True, slots=True)
class SettingSnapshot:
    """One setting as the CSMS sees it: a configuration key, a variable of a component."""

    name: str
    """What it is asked for by: `HeartbeatInterval`, `OCPPCommCtrlr.HeartbeatInterval`."""
    group: str
    """What it belongs to: a feature profile, a component."""
    value: str | None
    """None: it may be written, and is never shown."""
    readonly: bool
    meaning: str
    """In one line; empty for a key that only its maker could explain."""
    takes: str
    """What it may be set to, in words."""
    default: str | None
    """What it is before anybody has set it; None as for `value`."""
    choices: tuple[str, ...] = ()
    """Every value that it may have, where these are few."""
    change: SettingChange | None = None
    """None: it is as it was at the start."""
    after_reboot: str | None = None
    """What will count after the next reboot; None: what counts now."""


@dataclass(frozen=True, slots=True)
class RuleSnapshot:
    """A rule by which requests of the CSMS are answered otherwise."""

    number: int
    """Counted from 1 since the start; it is ended by this."""
    action: str
    """Which requests it concerns; `*`: every one."""
    way: str
    """What becomes of them: refuse, delay, ignore, callerror, hand, answer."""
    left: int | None
    """How many more; None: every one until it is ended."""
    seconds: float = 0.0
    """By which an answer is delayed."""
    code: str = ""
    """Of the CALLERROR."""
    applied: int = 0
    """How many it has met."""


@dataclass(frozen=True, slots=True)
class HeldRequest:
    """A request of the CSMS that waits for somebody to answer it by hand."""

    number: int
    """In the message log; it is answered by this."""
    action: str
    connector_id: int | None
    since: datetime


@dataclass(frozen=True, slots=True)
class WireFaultSnapshot:
    """A rule by which something is done to frames on the wire."""

    number: int
    """Counted from 1 since the start; it is ended by this."""
    rule: WireFault
    words: str
    """The same for people."""
    seed: int
    """What its chance draws from."""
    met: int = 0
    """How many frames have fitted."""
    applied: int = 0
    """To how many something was done."""
    spent: bool = False
    """It takes no more; what it has begun still lasts."""


@dataclass(frozen=True, slots=True)
class HeldFrame:
    """A frame that waits at a breakpoint until somebody lets it go or drops it."""

    number: int
    """Counted from 1 since the start; it is let go by this."""
    fault: int
    """The rule that holds it."""
    direction: str
    """`to_csms` or `from_csms`."""
    kind: str
    """`request`, `answer` or `error`; empty where it is no message."""
    action: str
    """Of the request that it is or answers; empty where that is not known."""
    since: datetime
    frame: str
    """Without secrets."""
    editable: bool
    """Nothing of it is hidden, so it can be let go edited."""


@dataclass(frozen=True, slots=True)
class RecordingSnapshot:
    """What is being recorded."""

    since: datetime
    steps: int
    """Commands so far."""


@dataclass(frozen=True, slots=True)
class PlayingSnapshot:
    """How far a recording is played."""

    done: int
    steps: int


@dataclass(frozen=True)
class TextLimits:
    """How many characters the protocol in use has room for."""

    token: int
    """Of what a card says."""
    fault_text: int
    """Of the maker's own code of a fault, and of what is said of it."""


@dataclass(frozen=True)
class StationSnapshot:
    """The charge point as a whole."""

    charge_point_id: str
    vendor: str
    model: str
    firmware_version: str
    link: LinkSnapshot
    connectors: tuple[ConnectorSnapshot, ...]
    subprotocol: str
    """The OCPP that it speaks, by the name of its WebSocket sub-protocol, like `ocpp1.6`."""
    text_limits: TextLimits
    """Of the texts that a command may bring."""
    status: str = "Available"
    """Status of the charge point itself (connector 0), as the protocol spells it."""
    reservation: ReservationSnapshot | None = None
    """A reservation of connector 0: one connector, whichever, is kept free for it."""
    reservations: tuple[ReservationSnapshot, ...] = ()
    """Every reservation that is kept, whether or not its connector is held just now."""
    operative: bool = True
    """The CSMS wants the charge point as a whole in service."""
    tokens: TokensSnapshot = TokensSnapshot()
    composites: tuple[CompositeSnapshot, ...] = ()
    """What will be allowed when, where any charging profile counts: of the sum (connector 0) and
    of each connector."""
    journal: JournalSnapshot = JournalSnapshot()
    sessions: tuple[SessionSnapshot, ...] = ()
    """What has been charged, the newest first: those that have ended and are still kept."""
    firmware: FirmwareSnapshot = FirmwareSnapshot()
    upload: UploadSnapshot = UploadSnapshot()
    profile: ProfileSnapshot | None = None
    """The charging profile that bounds the sum over the connectors now."""
    profiles: tuple[InstalledProfile, ...] = ()
    """Every charging profile that the CSMS has installed."""
    external_limits: tuple[ExternalLimit, ...] = ()
    """Everything that others than the CSMS allow now."""
    settings: tuple[SettingSnapshot, ...] = ()
    """Its configuration, in the order in which it tells it. Empty where nobody looks from afar: a
    fleet keeps none of it in its pictures."""
    rules: tuple[RuleSnapshot, ...] = ()
    """How requests of the CSMS are answered otherwise; of two that fit the first counts."""
    held: tuple[HeldRequest, ...] = ()
    wire_faults: tuple[WireFaultSnapshot, ...] = ()
    held_frames: tuple[HeldFrame, ...] = ()
    """The requests that wait for an answer by hand, oldest first."""
    recording: RecordingSnapshot | None = None
    """What is done is being recorded; None: it is not."""
    playing: PlayingSnapshot | None = None
    """A recording is being played; None: none is."""
    powered: bool = True
    """The mains are there."""
    clock_ahead_s: float = 0.0
    """By how much the charge point's clock, which the CSMS has set, is ahead of the computer's. The
    message log keeps the computer's time: a viewer adds this, so that all it shows is of one
    clock."""
    vehicles: tuple[str, ...] = ()
    vehicle_words: tuple[str, ...] = ()
    """What each of `vehicles` is like, in their order: its battery, and its habits."""
    """The garage, by name: what may be plugged in."""
    resumes: bool = False
    """A transaction that is cut off goes on at the next start (else it ends with PowerLoss)."""
    refusals: Mapping[str, str] = field(default_factory=dict)
    """As a connector's, for the actions that concern the whole charge point."""
    warnings: tuple[str, ...] = ()
    """Standing warnings, as sentences: a port in use, state that is not kept."""
    screen: tuple[str, ...] = ()
    """What the CSMS has the charger's own screen show, the first first."""


TRACE_LENGTH = 600
JOURNAL_SHOWN = 100
TOKENS_SHOWN = 200
