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
    ramp_w_per_s: float = 1e9


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
    keys: Mapping[str, str] = field(default_factory=dict)
    """OCPP configuration keys that differ from the defaults, and the vendor's own."""
