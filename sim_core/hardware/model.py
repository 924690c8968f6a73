"""A make of charger, as data: what `models/*.toml` and a user's own file say.

Only the shape is here, and beside each field what it may be: a text is as long as its place on the
wire (OCPP 1.6 §6, §7), a number is one that metal can have. Reading files is the part of
`sim_core.settings.model_file`, so that metal stays pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from sim_core.hardware.distribution import POINTS, Distribution, at


@dataclass(frozen=True)
class Text:
    """A text that can be printed, of so many characters."""

    most: int
    least: int = 0

    @property
    def allowed(self) -> str:
        """What it may be, as people read it."""
        size = f"{self.least} to {self.most}" if self.least else f"at most {self.most}"
        return f"a text in quotes of {size} characters that can be printed"

    def takes(self, value: object) -> bool:
        """Whether a value is one of these."""
        return (
            isinstance(value, str) and self.least <= len(value) <= self.most and value.isprintable()
        )


@dataclass(frozen=True)
class Number:
    """A number of `unit` from `low` to `high`."""

    low: float
    high: float
    unit: str = ""

    @property
    def allowed(self) -> str:
        """What it may be, as people read it."""
        of_unit = f" of {self.unit}" if self.unit else ""
        return f"a number{of_unit} from {self.low:.15g} to {self.high:.15g}"

    def takes(self, value: object) -> bool:
        """Whether a value is one of these."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return self.low <= value <= self.high and math.isfinite(value)


@dataclass(frozen=True)
class Varying(Number):
    """A number of `unit` from `low` to `high`, or how it differs from one occasion to the next."""

    @property
    def allowed(self) -> str:
        """What it may be, as people read it."""
        return f"{self.one.allowed}, or {{ median, p10, p90 }} of such"

    @property
    def one(self) -> Number:
        """What each of its numbers may be."""
        return Number(self.low, self.high, self.unit)

    def takes(self, value: object) -> bool:
        """Whether a value is one of these."""
        points = value.points if isinstance(value, Distribution) else (value,)
        return all(self.one.takes(point) for point in points)


Steps = tuple[tuple[float, float], ...]
"""(Until so many seconds after the start, at most so many W), rising in seconds at any pace."""


@dataclass(frozen=True)
class StepList:
    """`Steps`, of times that `until` takes and powers that `power` takes."""

    until: Varying
    power: Number

    @property
    def allowed(self) -> str:
        """What it may be, as people read it."""
        return (
            f"a list of [until, W]: until is {self.until.allowed}, later with each step; "
            f"W is {self.power.allowed}"
        )

    def takes(self, value: object) -> bool:
        """Whether a value is one of these."""
        if not isinstance(value, tuple):
            return False
        if not all(self.until.takes(until) and self.power.takes(w) for until, w in value):
            return False
        paces = [[at(until, share) for until, _ in value] for share in POINTS]
        return all(pace == sorted(set(pace)) for pace in paces)


@dataclass(frozen=True)
class Word:
    """One of these words."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """What it may be, as people read it."""
        return ", ".join(repr(word) for word in self.words)

    def takes(self, value: object) -> bool:
        """Whether a value is one of these."""
        return value in self.words


@dataclass(frozen=True)
class TextList:
    """Texts, in the order in which they count."""

    each: Text | Word

    @property
    def allowed(self) -> str:
        """What it may be, as people read it."""
        return f"a list of such: {self.each.allowed}"

    def takes(self, value: object) -> bool:
        """Whether a value is one of these."""
        return isinstance(value, tuple) and all(map(self.each.takes, value))


Said = str | int | bool | tuple[()] | Mapping[str, str]
"""What a field of a frame says; by status where it is a mapping; `()` is an empty list."""


@dataclass(frozen=True)
class SaidTable:
    """`Said` by the name of a field."""

    text: Text

    @property
    def allowed(self) -> str:
        """What it may be, as people read it."""
        return (
            "a table FIELD = what it says: true, false, a whole number, an empty list, "
            f"{self.text.allowed}, or such texts by status"
        )

    def takes(self, value: object) -> bool:
        """Whether a value is one of these."""
        return isinstance(value, Mapping) and all(map(self._takes, value.values()))

    def _takes(self, said: object) -> bool:
        if isinstance(said, Mapping):
            return all(map(self.text.takes, said.values()))
        return isinstance(said, (bool, int)) or said == () or self.text.takes(said)


@dataclass(frozen=True)
class TableList:
    """Tables `[[…]]` of one kind, in the order in which they count."""

    kind: type

    @property
    def allowed(self) -> str:
        """What it may be, as people read it."""
        return "tables in double brackets"

    def takes(self, value: object) -> bool:
        """Whether a value is one of these."""
        return isinstance(value, tuple) and all(isinstance(one, self.kind) for one in value)


Limit = Text | Number | StepList | Word | TextList | SaidTable | TableList


def of(limit: Limit) -> Mapping[str, Limit]:
    """What a field may be, as its metadata."""
    return {"limit": limit}


REASONS = (
    "EmergencyStop",
    "EVDisconnected",
    "HardReset",
    "Local",
    "Other",
    "PowerLoss",
    "Reboot",
    "Remote",
    "SoftReset",
    "UnlockCommand",
    "DeAuthorized",
)
"""Why a transaction may end (Reason, OCPP 1.6 §7)."""
SECONDS = Varying(0, 86_400, "seconds")
SHARE = Number(0, 1)
MOST_W = 1e9
WATTS = Number(1, MOST_W, "W")
CELSIUS = Varying(-60, 120, "°C")
TEMPERATURE_UNITS = ("Celsius", "Celcius", "K", "Fahrenheit")


@dataclass(frozen=True)
class Identity:
    """What BootNotification says (OCPP 1.6 §6.3); what is not given is left out."""

    vendor: str = field(metadata=of(Text(20, least=1)))
    """Who makes it (chargePointVendor)."""
    model: str = field(metadata=of(Text(20, least=1)))
    """What the vendor calls it (chargePointModel)."""
    serial_number: str | None = field(default=None, metadata=of(Text(25)))
    """Its serial number (chargePointSerialNumber)."""
    firmware_version: str | None = field(default=None, metadata=of(Text(50)))
    """Its firmware (firmwareVersion), until an update gives it another."""
    iccid: str | None = field(default=None, metadata=of(Text(20)))
    """The number of the SIM card."""
    imsi: str | None = field(default=None, metadata=of(Text(20)))
    """The number of the SIM card's subscriber."""
    charge_box_serial_number: str | None = field(default=None, metadata=of(Text(25)))
    """The serial number of the box in it (chargeBoxSerialNumber); OCPP 1.6 advises against it."""
    meter_type: str | None = field(default=None, metadata=of(Text(25)))
    """The make of the main energy meter."""
    meter_serial_number: str | None = field(default=None, metadata=of(Text(25)))
    """The serial number of that meter."""


@dataclass(frozen=True)
class Ratings:
    """What the metal can do."""

    connector_power_w: float = field(metadata=of(Number(1, MOST_W, "W")))
    """The most power that one connector gives."""
    connector_current_a: float = field(metadata=of(Number(0.1, 1e5, "A")))
    """The most current that one connector gives."""
    cabinet_power_w: float = field(metadata=of(Number(1, MOST_W, "W")))
    """The power that all connectors share."""
    cabinet_reserve_w: float = field(default=0.0, metadata=of(Number(0, MOST_W, "W")))
    """Held free for a connector that is about to charge."""
    minimum_power_w: float = field(default=0.0, metadata=of(Number(0, MOST_W, "W")))
    """Less than that a power module cannot give: a lower limit pauses the charging."""
    mains_v: float = field(default=230.0, metadata=of(Number(1, 1e5, "V")))
    """What an ampere of a charging profile is counted with: it is one per phase of the mains."""


@dataclass(frozen=True)
class Timing:
    """How long the metal takes, in seconds, and how its values move meanwhile."""

    boot_s: float = field(default=0.0, metadata=of(SECONDS))
    """From the open socket to BootNotification."""
    cable_check_s: float = field(default=0.0, metadata=of(SECONDS))
    """From the authorisation of a plugged vehicle to StartTransaction."""
    energize_s: float = field(default=0.0, metadata=of(SECONDS))
    """From StartTransaction to Charging."""
    reboot_s: float = field(default=1.0, metadata=of(SECONDS))
    """From the end of the link to the next dial, after Reset and when the process restarts."""
    precharge_s: float = field(default=0.0, metadata=of(SECONDS))
    """From Charging to the first current: the voltages are brought together."""
    ramp_w_per_s: float = field(default=1e9, metadata=of(WATTS))
    """How much more power a connector gives from one second to the next."""
    ramp_steps: Steps = field(default=(), metadata=of(StepList(SECONDS, Number(0, MOST_W, "W"))))
    """The staircase of a start: until so many seconds after StartTransaction a connector gives at
    most so much, 0 while the voltages are brought together; after the last step only the other
    limits hold. One draw is for all steps of a start: a slow one is slow at each. Later on power
    rises by `ramp_w_per_s` alone."""
    drawn_share: float = field(default=1.0, metadata=of(Varying(0.5, 1.05)))
    """The share of what it is allowed that the power really is, anew each second. Above 1 only the
    charger's own limits are passed: never a charging profile's, nor what the vehicle takes."""
    cabinet_c: float | None = field(default=None, metadata=of(CELSIUS))
    """The temperature of the cabinet between sessions. Not given: there is no cabinet around the
    contacts; they warm by the current that flows, from 25 °C."""
    fan_fall_c: float = field(default=0.0, metadata=of(Varying(0, 30, "°C")))
    """By how much that falls when current flows and the fan turns, in the first half minute."""
    warming_c_per_h: float = field(default=0.0, metadata=of(Number(0, 600, "°C")))
    """By how much it rises in an hour of charging."""
    jitter_c: float = field(default=0.0, metadata=of(Number(0, 10, "°C")))
    """By how much it may read wrong at any time."""
    hard_reset_s: float | None = field(default=None, metadata=of(SECONDS))
    """From the last word before a hard reset to the end of the link; not given: `reset_s`."""
    hard_reboot_s: float | None = field(default=None, metadata=of(SECONDS))
    """From the end of the link to the next dial, after a hard reset; not given: `reboot_s`."""
    install_s: float = field(default=2.0, metadata=of(SECONDS))
    """From a complete firmware file to the reboot, where the file does not say."""
    reset_s: float = field(default=0.0, metadata=of(SECONDS))
    """From the last word before a reset to the end of the link."""
    mac_s: float = field(default=0.0, metadata=of(SECONDS))
    """From the plug to the vehicle's id on the cable (SLAC). 0: there is no handshake."""
    mac_retry_s: float = field(default=0.0, metadata=of(SECONDS))
    """What a vehicle adds that answers only the second time."""
    mac_retry_share: float = field(default=0.0, metadata=of(SHARE))
    """The share of handshakes that need the second time."""
    late_start_s: float = field(default=0.0, metadata=of(SECONDS))
    """From an authorisation after the cable check to StartTransaction."""
    stop_s: float = field(default=0.0, metadata=of(SECONDS))
    """From an accepted RemoteStopTransaction to the end of the energy."""
    second_gun_share: float = field(default=1.0, metadata=of(SHARE))
    """The share of remote starts beside a charging connector that take very long and come to
    nothing, in a make that has that habit (`slow_second_gun`)."""
    answer_s: float = field(default=0.0, metadata=of(SECONDS))
    """From a request of the CSMS to its answer, where no firmware's turn (`send_tick`) decides."""
    emergency_s: float = field(default=0.0, metadata=of(SECONDS))
    """From the emergency button to the end of the energy."""
    expiry_s: float = field(default=0.0, metadata=of(SECONDS.one))
    """From the end of a reservation to when the connector is free of it."""
    spread: float = field(default=0.0, metadata=of(SHARE))
    """By which share those of these times vary that are plain numbers."""

    @property
    def moves(self) -> bool:
        """Whether the metal itself draws from chance."""
        drawn = (self.drawn_share, self.cabinet_c, self.fan_fall_c)
        varies = any(isinstance(number, Distribution) for number in drawn)
        return varies or bool(self.ramp_steps or self.jitter_c)


OCPP_VERSIONS = ("1.6", "2.0.1")
"""Those that a make here may speak."""


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
    status_order: str = field(
        default="charge_point_first",
        metadata=of(Word(("charge_point_first", "charge_point_last"))),
    )
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
    """A ChargePointMaxProfile may be Relative and counts from when it was set; false: refused.
    Where a relative schedule begins is the charge point's to say (§7.9), and makes differ."""
    security_extension: bool = True
    """It speaks "Improved security for OCPP 1.6-J" (GetLog, SecurityEventNotification …)."""
    status_by_events: bool = False
    """In OCPP 2.0.1 a status is told by NotifyEvent of AvailabilityState, never by
    StatusNotification: the text lets a charger choose one of the two (G01)."""
    speaks: tuple[str, ...] = field(default=(), metadata=of(TextList(Word(OCPP_VERSIONS))))
    """The versions of OCPP that it speaks; empty: any."""
    only_named_keys: bool = False
    """There are no configuration keys but those of the file, in the order of the file."""
    on_connect: tuple[str, ...] = field(default=(), metadata=of(TextList(Text(80, least=1))))
    """What is said once the link is up after a start, in this order: BootNotification,
    StatusNotification (of all connectors), Heartbeat, SecurityEventNotification (what is not told
    yet, and its start; without it only under a security profile), and DataTransfer with the
    message_id of one of `[[transfers]]` behind it. Without BootNotification it is said when the
    CSMS triggers it. Empty: BootNotification, then StatusNotification."""
    on_reconnect: tuple[str, ...] = field(default=(), metadata=of(TextList(Text(80, least=1))))
    """The same for a link that is there again, where BootNotification was Accepted before. Empty:
    what has changed, or all that follows a boot where `boot_on_reconnect` is true."""


@dataclass(frozen=True)
class Equipment:
    """What is built in that not every charger has. OCPP 1.6 has no words for it."""

    keypad: bool = False
    """Keys for a code that serves as card (KeyCode)."""
    bay_sensor: bool = False
    """A sensor in each parking bay says whether a car stands there (BayOccupancySensor)."""
    signing_meter: bool = False
    """Meters that sign what they show, as OCMF with a key of their own (SignReadings)."""


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
    restart_samples: bool = False
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
    heartbeats_from_last: bool = False
    backlog_behind_status: bool = False
    late_finishing: bool = False
    macs_after_restart: bool = False


@dataclass(frozen=True)
class QuirkText:
    """A quirk that a make has: `says` for people, `keys` that it sets at the first start."""

    says: str
    """What it does and what a CSMS must survive, for people."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Configuration keys that it sets at the first start."""


@dataclass(frozen=True)
class VendorFault:
    """A fault that the make has a code of its own for."""

    info: str = field(metadata=of(Text(50)))
    """What StatusNotification says of it as info."""
    everywhere: bool = False
    """It strikes every connector and the charge point itself (connectorId 0)."""
    stops: str | None = field(default=None, metadata=of(Word(REASONS)))
    """The reason with which it ends transactions at once; not given: it ends none."""
    fails_start: bool = False
    """It is found while a vehicle starts, and passes by itself."""


@dataclass(frozen=True)
class KeyText:
    """What a model's file says of one configuration key; what is not given is as OCPP has it."""

    value: str = field(metadata=of(Text(500)))
    """What it is at the first start."""
    absent: bool = False
    """This make has no such key: a CSMS that asks for it hears that it is unknown."""
    readonly: bool | None = None
    """A CSMS may read it and not change it."""
    low: int | None = field(default=None, metadata=of(Number(0, 2**31 - 1)))
    """The least number that a CSMS may set."""
    high: int | None = field(default=None, metadata=of(Number(0, 2**31 - 1)))
    """The greatest number that a CSMS may set."""


VARIABLE_KINDS = (
    "string",
    "decimal",
    "integer",
    "dateTime",
    "boolean",
    "OptionList",
    "SequenceList",
    "MemberList",
)
"""What the value of a variable may mean (DataEnumType, OCPP 2.0.1)."""


@dataclass(frozen=True)
class VariableText:
    """What a model's file says of one variable of OCPP 2.0.1; what is not given is as usual."""

    value: str | None = field(default=None, metadata=of(Text(1000)))
    """What it is at the first start."""
    type: str | None = field(default=None, metadata=of(Word(VARIABLE_KINDS)))
    """What its value means; needed where only this make has such a variable."""
    absent: bool = False
    """This make has no such variable: a CSMS that asks for it hears that it is unknown."""
    readonly: bool | None = None
    """A CSMS may read it and not change it."""
    low: float | None = field(default=None, metadata=of(Number(-1e12, 1e12)))
    """The least number; of a text, how many characters it has at least; of a list, items."""
    high: float | None = field(default=None, metadata=of(Number(-1e12, 1e12)))
    """The greatest number; of a text, how many characters it has at most; of a list, items."""
    values: tuple[str, ...] = field(default=(), metadata=of(TextList(Text(100, least=1))))
    """What an OptionList, a SequenceList or a MemberList may have."""
    unit: str | None = field(default=None, metadata=of(Text(16)))
    """The unit of a number."""
    meaning: str | None = field(default=None, metadata=of(Text(200)))
    """What it is for, for people."""
    reboot: bool | None = None
    """A new value counts from the next boot on."""


CONTEXTS = (
    "Interruption.Begin",
    "Interruption.End",
    "Other",
    "Sample.Clock",
    "Sample.Periodic",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
)
"""Why a sample may be taken (ReadingContext, OCPP 1.6 §7.35)."""
SAMPLED_WORD = Text(30)


@dataclass(frozen=True)
class SampledLine:
    """One sampledValue as this make writes it; what is an empty text is left out."""

    measurand: str = field(metadata=of(Text(40, least=1)))
    """What is measured; one of those that a meter here knows."""
    when: tuple[str, ...] = field(default=(), metadata=of(TextList(Word(CONTEXTS))))
    """In samples of which context it is there; empty: in those that no other line names."""
    phase: str = field(default="", metadata=of(SAMPLED_WORD))
    """Which phase: L1, L2-N, L1-L2 … Lines of several phases share a current, power or energy."""
    unit: str | None = field(default=None, metadata=of(SAMPLED_WORD))
    """Its unit; not given: the usual one of the measurand. With a k it counts thousands."""
    decimals: int | None = field(default=None, metadata=of(Number(0, 9)))
    """How many digits stand behind the point; not given: as many as of the measurand elsewhere."""
    exponent: bool = False
    """The number is written as 2e+01."""
    significant: int = field(default=0, metadata=of(Number(0, 15)))
    """So many significant digits at most, without zeros behind them; 0: `decimals` counts."""
    step: float = field(default=0.0, metadata=of(Number(0, 1e6)))
    """It is told in multiples of this; 0: as fine as its digits are."""
    context: str | None = field(default=None, metadata=of(SAMPLED_WORD))
    """The word for the context; not given: that of the sample."""
    format: str = field(default="Raw", metadata=of(SAMPLED_WORD))
    """Its format."""
    location: str = field(default="Outlet", metadata=of(SAMPLED_WORD))
    """Where it is measured."""
    names_measurand: bool = True
    """The measurand is named; else the CSMS takes it for the energy register (§7.43)."""


@dataclass(frozen=True)
class Metering:
    """What is measured and how it is written."""

    kilowatts: bool = False
    """MeterValues in kWh and kW (meterStart and meterStop are always Wh)."""
    number_format: str = field(default="fixed", metadata=of(Word(("fixed", "g6"))))
    """fixed (decimals by unit) or g6 (six significant digits)."""
    location: bool = True
    """Each sampled value says where it was measured."""
    also_measures: str = field(default="", metadata=of(Text(500)))
    """Measurands that not every make has, with commas between them."""
    temperature_unit: str = field(default="Celsius", metadata=of(Word(TEMPERATURE_UNITS)))
    """The unit of Temperature. OCPP 1.6 says Celsius; the first edition's schemas, which some CSMSs
    still check by, know only Celcius. K and Fahrenheit are in both, and the value follows."""

    values: tuple[SampledLine, ...] = field(default=(), metadata=of(TableList(SampledLine)))
    """`[[metering.values]]`: the sampledValues one by one, in their order. In a sample are the
    lines that name its context, or else those without `when`, as far as the CSMS has set their
    measurands; behind them come measurands without any line, as the rest of this section says."""

    def further_measurands(self) -> tuple[str, ...]:
        """Those of `also_measures`."""
        return tuple(name.strip() for name in self.also_measures.split(",") if name.strip())


@dataclass(frozen=True)
class WireText:
    """How every frame is written."""

    message_ids: str = field(
        default="uuid", metadata=of(Word(("uuid", "counter", "digits", "hex")))
    )
    """Message ids: UUIDs, numbers that count up, random digits, or random hexadecimal digits."""
    message_id_prefix: str = field(default="", metadata=of(Text(20)))
    """What stands before them."""
    first_message_id: int = field(default=1, metadata=of(Number(0, 2**53)))
    """Where a counter begins; it goes on over connections and starts anew with the process."""
    message_id_digits: int = field(default=8, metadata=of(Number(1, 36)))
    """How many random digits there are; a counter has zeros before it up to this with `padded`."""
    padded: bool = False
    """A counter has always so many digits."""
    timestamps: str = field(default="ms", metadata=of(Word(("ms", "s", "zeros"))))
    """The fraction of a second in timestamps: milliseconds, none, or always .000."""
    utc: str = field(default="Z", metadata=of(Word(("Z", "+00:00", ""))))
    """What a timestamp ends with."""
    blanks: bool = False
    """A blank stands behind each comma and colon of the JSON."""


@dataclass(frozen=True)
class FrameText:
    """The fields of one message: of a request by its action, of an answer by its action and .conf,
    of the tables in them meterValue and sampledValue."""

    fields: tuple[str, ...] = field(default=(), metadata=of(TextList(Text(50, least=1))))
    """Their order; what is not named comes behind, as usual."""
    without: tuple[str, ...] = field(default=(), metadata=of(TextList(Text(50, least=1))))
    """Those that are left out."""
    says: Mapping[str, Said] = field(default_factory=dict, metadata=of(SaidTable(Text(500))))
    """What they say where the charge point itself has nothing for them, or an empty text; fields
    that OCPP does not know, too. {connectorId} and the other fields of the frame stand for what
    they say, and so do the fields of BootNotification."""


@dataclass(frozen=True)
class AnswerText:
    """How a request is answered, whatever it asks. Nothing follows from it."""

    status: str | None = field(default=None, metadata=of(Text(50, least=1)))
    """The status of the answer."""
    error: str | None = field(default=None, metadata=of(Text(50, least=1)))
    """The error code, where it is CALLERROR."""
    description: str = field(default="", metadata=of(Text(255)))
    """The description of the error."""
    silent: bool = False
    """It is not answered at all."""
    when: str = field(default="always", metadata=of(Word(("always", "idle", "charging"))))
    """Only while no transaction runs, or while one does."""


@dataclass(frozen=True)
class TransferText:
    """A DataTransfer of the make's own."""

    vendor_id: str = field(metadata=of(Text(255, least=1)))
    """vendorId."""
    message_id: str = field(default="", metadata=of(Text(50)))
    """messageId; empty: left out."""
    data: str = field(default="", metadata=of(Text(4000)))
    """data; empty: left out. {connectorId} and the other fields of the message that it follows
    stand for what they say, and so do the fields of BootNotification."""
    after: str = field(default="", metadata=of(Text(50)))
    """The action of the message that it follows, each time, once that is answered; empty: it is
    said where on_connect or on_reconnect have it."""


@dataclass(frozen=True)
class Model:
    """A make of charger. MODEL chooses it; `identity.model` is what its vendor calls it."""

    name: str
    """What it is called here: the stem of its file."""
    identity: Identity
    ratings: Ratings
    timing: Mapping[str, Timing]
    """How long it takes: swift, for demos and tests, or real, as the metal; TIMING chooses."""
    behaviour: Behaviour = field(default_factory=Behaviour)
    equipment: Equipment = field(default_factory=Equipment)
    """What is built in beside plugs and meters; EQUIPMENT adds to it."""
    metering: Metering = field(default_factory=Metering)
    keys: Mapping[str, KeyText] = field(default_factory=dict)
    """OCPP configuration keys that differ from the defaults, and the vendor's own. In OCPP 2.0.1
    they count for the variables that mean the same."""
    variables: Mapping[str, VariableText] = field(default_factory=dict)
    """Variables of OCPP 2.0.1 that differ from the defaults, and the vendor's own."""
    quirks: Mapping[str, QuirkText] = field(default_factory=dict)
    """The quirks that this make has, by name. All are off until somebody turns them on."""
    faults: Mapping[str, VendorFault] = field(default_factory=dict)
    """The make's own faults by vendorErrorCode."""
    wire: WireText = field(default_factory=WireText)
    """How every frame is written."""
    frames: Mapping[str, FrameText] = field(default_factory=dict)
    """`[frames.ACTION]`: order and words of the fields of single messages, by action."""
    answers: Mapping[str, AnswerText] = field(default_factory=dict)
    """Requests that are answered in one way whatever they ask, by action; one of TriggerMessage
    and ChangeConfiguration also by what it asks for, with a blank between: "TriggerMessage
    MeterValues"."""
    transfers: tuple[TransferText, ...] = ()
    """`[[transfers]]`: DataTransfers of the make's own."""


class SameModel:
    """A model that is equal to itself only, for what is made once for all charge points of it: its
    tables cannot be hashed."""

    __slots__ = ("model",)

    def __init__(self, model: Model) -> None:
        self.model = model

    def __hash__(self) -> int:
        return id(self.model)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameModel) and self.model is other.model
