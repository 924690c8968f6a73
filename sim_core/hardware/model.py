"""A make of charger, as data: what `models/*.toml` and a user's own file say.

Only the shape is here. Reading files is `sim_core.models`' part, so that metal stays pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Identity:
    """What BootNotification says (OCPP 1.6 §6.3); None is left out."""

    vendor: str
    model: str
    serial_number: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None


@dataclass(frozen=True)
class Ratings:
    """What the metal can do."""

    connector_power_w: float
    connector_current_a: float
    cabinet_power_w: float
    cabinet_reserve_w: float = 0.0
    """Held free for a connector that is about to charge."""
    minimum_power_w: float = 0.0
    """Less than that a power module cannot give: a lower limit pauses the charging."""
    mains_v: float = 230.0
    """What an ampere of a charging profile is counted with: it is one per phase of the mains."""


@dataclass(frozen=True)
class Timing:
    """How long the metal takes, in seconds."""

    boot_s: float = 0.0
    """From the open socket to BootNotification."""
    cable_check_s: float = 0.0
    """From the authorisation of a plugged vehicle to StartTransaction."""
    energize_s: float = 0.0
    """From StartTransaction to Charging."""
    reboot_s: float = 1.0
    """From the end of the link to the next dial, after Reset."""
    precharge_s: float = 0.0
    """From Charging to the first current: the voltages are brought together."""
    ramp_w_per_s: float = 1e9
    hard_reset_s: float | None = None
    """From the last word before a hard reset to the end of the link; None: `reset_s`."""
    hard_reboot_s: float | None = None
    """The same after a hard reset; None: as long as `reboot_s`."""
    install_s: float = 2.0
    """From a complete firmware file to the reboot, where the file does not say."""
    reset_s: float = 0.0
    """From the last word before a reset to the end of the link."""
    mac_s: float = 0.0
    """From the plug to the vehicle's id on the cable (SLAC). 0: there is no handshake."""
    mac_retry_s: float = 0.0
    """What a vehicle adds that answers only the second time."""
    mac_retry_share: float = 0.0
    """The share of handshakes that need the second time."""
    late_start_s: float = 0.0
    """From an authorisation after the cable check to StartTransaction."""
    stop_s: float = 0.0
    """From an accepted RemoteStopTransaction to the end of the energy."""
    second_gun_share: float = 1.0
    """The share of remote starts beside a charging connector that take very long and come to
    nothing, in a make that has that habit (`slow_second_gun`)."""
    emergency_s: float = 0.0
    """From the emergency button to the end of the energy."""
    expiry_s: float = 0.0
    """From the end of a reservation to when the connector is free of it."""
    spread: float = 0.0
    """By which share these times vary from one occasion to the next."""


@dataclass(frozen=True)
class Behaviour:
    """Where the OCPP text leaves a charger free, and what this one does."""

    boot_on_reconnect: bool = False
    """BootNotification after every connect, not only after a start."""
    remote_start_needs_vehicle: bool = False
    """RemoteStartTransaction without a plugged vehicle is Rejected."""
    lockable: bool = True
    """There is a lock that UnlockConnector can open."""
    detachable_cable: bool = False
    """The cable is the driver's and goes into a socket; else it is fixed to the charger."""
    resume_after_power_loss: bool = False
    """A transaction that a power cut has interrupted goes on, instead of ending with PowerLoss."""
    power_backup: bool = False
    """A battery lets the firmware stop what runs, and say so, when the mains fail."""
    vendor_fields: bool = False
    """StatusNotification always carries vendorErrorCode, info and vendorId."""
    status_order: str = "charge_point_first"
    """Who reports first: charge_point_first (connector 0) or charge_point_last."""
    begin_end_samples: bool = False
    """MeterValues at the begin and the end of a transaction, beside the periodic ones."""
    samples_while_suspended: bool = True
    """MeterValues go on while a transaction is suspended."""
    clears_disabled_cache: bool = False
    """ClearCache is Accepted although AuthorizationCacheEnabled is false."""
    stamps_reports: bool = False
    """StatusNotification carries the moment of the report, not that of the change."""
    relative_maximum: bool = True
    """A ChargePointMaxProfile may be Relative and counts from when it was set; False: refused.
    Where a relative schedule begins is the charge point's to say (§7.9), and makes differ."""
    security_extension: bool = True
    """It speaks "Improved security for OCPP 1.6-J" (GetLog, SecurityEventNotification …)."""
    only_named_keys: bool = False
    """There are no configuration keys but those of the file, in the order of the file."""


@dataclass(frozen=True)
class Quirks:
    """Where a make leaves the OCPP text, or does what nobody expects; each can be switched.

    What a quirk is and what a CSMS must survive stands in the model's file, under its name.
    """

    pipelining: bool = False
    forgets_unanswered: bool = False
    send_tick: bool = False
    json_c: bool = False
    whole_second_clock: bool = False
    autocharge_mac: bool = False
    ev_gives_up: bool = False
    truncated_meter_stop: bool = False
    two_entry_stop_data: bool = False
    erratic_power_offered: bool = False
    rated_power_offered: bool = False
    watts_power_offered: bool = False
    frozen_samples: bool = False
    early_samples: bool = False
    busy_samples: bool = False
    slow_minute: bool = False
    late_heartbeats: bool = False
    free_running_samples: bool = False
    late_clock_samples: bool = False
    repeated_preparing: bool = False
    vendor_faults: bool = False
    status_before_answer: bool = False
    asks_for_any_card: bool = False
    remote_start_twice: bool = False
    slow_second_gun: bool = False
    stops_unheard: bool = False
    late_connector_0: bool = False
    never_suspended: bool = False
    connectors_after_reconnect: bool = False
    hard_reset_speaks: bool = False
    late_power_loss: bool = False
    offline_duplicate: bool = False
    mute_transfers: bool = False
    below_profile: bool = False
    plug_ends_reserved: bool = False


@dataclass(frozen=True)
class QuirkText:
    """A quirk that a make has: `says` for people, `keys` that it sets at the first start."""

    says: str
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class VendorFault:
    """A fault that the make has a code of its own for."""

    info: str
    everywhere: bool = False
    """It strikes every connector and the charge point itself (connectorId 0)."""
    stops: str | None = None
    """The reason with which it ends transactions at once; None: it does not."""
    fails_start: bool = False
    """It is found while a vehicle starts, and passes by itself."""


@dataclass(frozen=True)
class KeyText:
    """What a model's file says of one configuration key; None leaves it as OCPP has it."""

    value: str
    readonly: bool | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Metering:
    """What is measured and how it is written."""

    kilowatts: bool = False
    """MeterValues in kWh and kW (meterStart and meterStop are always Wh)."""
    number_format: str = "fixed"
    """fixed (decimals by unit) or g6 (six significant digits)."""
    location: bool = True


@dataclass(frozen=True)
class Model:
    """A make of charger."""

    name: str
    identity: Identity
    ratings: Ratings
    timing: Mapping[str, Timing]
    behaviour: Behaviour = field(default_factory=Behaviour)
    metering: Metering = field(default_factory=Metering)
    keys: Mapping[str, KeyText] = field(default_factory=dict)
    """OCPP configuration keys that differ from the defaults, and the vendor's own."""
    quirks: Mapping[str, QuirkText] = field(default_factory=dict)
    """The quirks that this make has, by name. All are off until somebody turns them on."""
    faults: Mapping[str, VendorFault] = field(default_factory=dict)
    """The make's own faults by vendorErrorCode."""
