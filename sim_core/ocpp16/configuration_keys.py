"""The configuration keys as one table (OCPP 1.6 §9): type, range, access, when a change counts.

A row says everything that GetConfiguration and ChangeConfiguration need to know.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

from sim_core.errors import UserError
from sim_core.hardware.measurands import REGISTER, USUAL_MEASURANDS, measurands_of
from sim_core.hardware.model import Model, SameModel
from sim_core.settings.authorization_key import key_bytes


class Kind(str, Enum):
    """What a value looks like."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    LIST = "list"
    TEXT = "text"
    SECRET = "secret"
    """Written by the CSMS, and never read back."""


@dataclass(frozen=True, eq=False)
class Key:
    """One configuration key. `allowed` limits the items of a list. Equal to itself only: all charge
    points that are built alike have the same ones."""

    name: str
    kind: Kind
    default: str
    readonly: bool = False
    low: int = 0
    high: int = 2**31 - 1
    allowed: tuple[str, ...] | None = None
    most: int = 100
    """The largest number of items in a list."""
    reboot: bool = False
    """A change counts only after a reboot (RebootRequired)."""
    off: bool = False
    """0 is allowed whatever `low` is: it means never (§9.1)."""
    own_low: int | None = None
    """What an operator may set at the start where this make refuses it to a CSMS; None: `low`."""
    profile: str = "Core"
    """The feature profile that it belongs to: where that is not supported, neither is the key."""
    hidden: bool = False
    """This make has no such key: the default counts, and the CSMS neither sees nor sets it."""

    def normal(self, value: str) -> str | None:
        """The value as it is kept, or None when it is not allowed."""
        return NORMAL[self.kind](self, value)


LONGEST_NAME, LONGEST_VALUE = 50, 500
"""Characters of a key and of its value (KeyValue, OCPP 1.6 §7: CiString50 and CiString500)."""
COUNTED = "MaxLength"
"""What the name of a key ends in that says how many items the list before it may have (§9.1)."""


def cannot_leave(name: str, value: str) -> str:
    """Why a key could not be told to a CSMS, as a sentence without full stop; empty: it can."""
    shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
    if not name or not name.isprintable():
        return f"{shown!r} is no name of a key: take letters that can be printed"
    if len(name) > LONGEST_NAME:
        return f"{shown} has {len(name)} characters: a key has at most {LONGEST_NAME} (CiString50)"
    if len(value) > LONGEST_VALUE:
        return (
            f"the value of {name} has {len(value)} characters: GetConfiguration can tell "
            f"{LONGEST_VALUE} (CiString500)"
        )
    if not value.isprintable():
        return f"the value of {name} has a character that cannot be printed"
    return ""


def _boolean(key: Key, value: str) -> str | None:
    word = value.strip().lower()
    return word if word in ("true", "false") else None


def _integer(key: Key, value: str) -> str | None:
    digits = value.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 10:
        return None
    number = int(digits)
    allowed = key.low <= number <= key.high or (number == 0 and key.off)
    return str(number) if allowed else None


def _list(key: Key, value: str) -> str | None:
    items = [item.strip() for item in value.split(",")] if value.strip() else []
    if any(item != raw for item, raw in zip(items, value.split(","), strict=False)):
        return None  # §9: a comma separated list, without spaces
    if len(items) > key.most or len(set(items)) != len(items):
        return None
    if key.allowed is not None and not set(items) <= set(key.allowed):
        return None
    return _text(key, ",".join(items))


def _text(key: Key, value: str) -> str | None:
    # What cannot be printed could not be kept (half a surrogate pair), or would draw on a screen.
    return value if len(value) <= LONGEST_VALUE and value.isprintable() else None


def _secret(key: Key, value: str) -> str | None:
    return value if key_bytes(value) is not None else None


NORMAL: dict[Kind, Callable[[Key, str], str | None]] = {
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.LIST: _list,
    Kind.TEXT: _text,
    Kind.SECRET: _secret,
}

DAY_S = 86_400
PROFILES = (
    "Core",
    "FirmwareManagement",
    "LocalAuthListManagement",
    "Reservation",
    "SmartCharging",
    "RemoteTrigger",
)
"""The feature profiles that are built (OCPP 1.6 §3.2). A make has all of them or names its own."""
SUPPORTED = "SupportedFeatureProfiles"
FILES_BY = "FTP,FTPS,HTTP,HTTPS"
LIST_MOST = 20_000
"""So many cards fill a SendLocalList of 1 MiB."""
PHASES = ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")


@lru_cache(maxsize=8)
def standard_keys(connectors: int) -> tuple[Key, ...]:
    """Every key that this firmware has for a charger with so many connectors."""
    phases = tuple(f"{c}.{phase}" for c in range(connectors + 1) for phase in PHASES) + PHASES
    measured, most = REGISTER, len(USUAL_MEASURANDS)
    lists, reserving = "LocalAuthListManagement", "Reservation"
    firmware = "FirmwareManagement"
    smart = "SmartCharging"
    b, i, csv = Kind.BOOLEAN, Kind.INTEGER, Kind.LIST
    return (
        Key("AllowOfflineTxForUnknownId", b, "false"),
        Key("AuthorizationCacheEnabled", b, "true"),
        Key("AuthorizationKey", Kind.SECRET, ""),
        Key("AuthorizeRemoteTxRequests", b, "true"),
        Key("ChargeProfileMaxStackLevel", i, "10", readonly=True, profile=smart),
        Key(
            "ChargingScheduleAllowedChargingRateUnit",
            csv,
            "Current,Power",
            readonly=True,
            allowed=("Current", "Power"),
            profile=smart,
        ),
        Key("ChargingScheduleMaxPeriods", i, "100", readonly=True, profile=smart),
        Key("ClockAlignedDataInterval", i, "0", high=DAY_S),
        Key("ConnectionTimeOut", i, "60", high=DAY_S),
        Key("ConnectorPhaseRotation", csv, "NotApplicable", allowed=phases, most=connectors + 1),
        Key("ConnectorPhaseRotationMaxLength", i, str(connectors + 1), readonly=True),
        Key("GetConfigurationMaxKeys", i, "100", readonly=True),
        Key("HeartbeatInterval", i, "300", low=1),
        Key("LocalAuthListEnabled", b, "true", profile=lists),
        Key("LocalAuthListMaxLength", i, str(LIST_MOST), readonly=True, profile=lists),
        Key("LocalAuthorizeOffline", b, "true"),
        Key("LocalPreAuthorize", b, "false"),
        Key("MaxChargingProfilesInstalled", i, "20", readonly=True, profile=smart),
        Key("MaxEnergyOnInvalidId", i, "0"),
        Key("MeterValuesAlignedData", csv, measured, allowed=USUAL_MEASURANDS, most=most),
        Key("MeterValuesAlignedDataMaxLength", i, str(most), readonly=True),
        Key("MeterValuesSampledData", csv, measured, allowed=USUAL_MEASURANDS, most=most),
        Key("MeterValuesSampledDataMaxLength", i, str(most), readonly=True),
        Key("MeterValueSampleInterval", i, "10", high=DAY_S),
        Key("MinimumStatusDuration", i, "0", high=DAY_S),
        Key("NumberOfConnectors", i, str(connectors), readonly=True),
        Key("ReserveConnectorZeroSupported", b, "true", readonly=True, profile=reserving),
        Key("ResetRetries", i, "3"),
        Key("SecurityProfile", i, "0", high=3),
        Key("SendLocalListMaxLength", i, str(LIST_MOST), readonly=True, profile=lists),
        Key("StopTransactionOnEVSideDisconnect", b, "true"),
        Key("StopTransactionOnInvalidId", b, "true"),
        Key("StopTxnAlignedData", csv, "", allowed=USUAL_MEASURANDS, most=most),
        Key("StopTxnAlignedDataMaxLength", i, str(most), readonly=True),
        Key("StopTxnSampledData", csv, "", allowed=USUAL_MEASURANDS, most=most),
        Key("StopTxnSampledDataMaxLength", i, str(most), readonly=True),
        Key(SUPPORTED, csv, ",".join(PROFILES), readonly=True, allowed=PROFILES),
        Key("SupportedFeatureProfilesMaxLength", i, str(len(PROFILES)), readonly=True),
        Key("SupportedFileTransferProtocols", csv, FILES_BY, readonly=True, profile=firmware),
        Key("TransactionMessageAttempts", i, "3", low=1),
        Key("TransactionMessageRetryInterval", i, "10", high=DAY_S),
        Key("UnlockConnectorOnEVSideDisconnect", b, "true"),
        Key("WebSocketPingInterval", i, "30", high=DAY_S),
    )


def keys_of(model: Model, keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """The firmware's keys as this make has them: its order, defaults, limits and access.

    Raises UserError with a sentence when the model gives a key what it cannot have.
    """
    return _keys_of(SameModel(model), keys)


@lru_cache(maxsize=8)
def _keys_of(same: SameModel, keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """A fleet is of one make: its keys are read once."""
    model = same.model
    texts = model.keys.items()
    standard = {key.name: key for key in _with_measurands(measurands_of(model.metering), keys)}
    named: dict[str, Key] = {}
    spelled = {name.casefold(): name for name in standard}
    for name, text in texts:
        usual = spelled.setdefault(name.casefold(), name)
        if usual != name:
            raise UserError(
                f"the model {model.name}: keys.{name} is the key {usual} in another spelling: "
                f"write {usual}, once."
            )
        if why := cannot_leave(name, text.value):
            raise UserError(f"the model {model.name}: in [keys] {why}.")
        own = Kind.BOOLEAN if text.value in ("true", "false") else Kind.TEXT
        key = standard.get(name) or Key(name, own, "")
        named[name] = key = replace(
            key,
            readonly=key.readonly if text.readonly is None else text.readonly,
            low=key.low if text.low is None else text.low,
            off=key.low == 0,
            own_low=key.low,
            high=key.high if text.high is None else text.high,
        )
        value = _built(name, text.value, standard)
        normal = key.normal(value)
        if text.absent:
            normal = key.default
        if normal is None:
            shown = "what it is set to" if key.kind is Kind.SECRET else repr(value)
            raise UserError(f"the model {model.name}: keys.{name} cannot be {shown}.")
        named[name] = replace(key, default=normal, hidden=key.hidden or text.absent)
    counted, too_many = with_counts({**standard, **named}, {name for name, _ in texts})
    if too_many:
        raise UserError(f"the model {model.name}: in [keys] {too_many}.")
    named = {name: counted[name] for name in named}
    standard = {name: counted[name] for name in standard}
    others = [key for name, key in standard.items() if name not in named]
    if model.behaviour.only_named_keys:
        return (*named.values(), *(replace(key, hidden=True) for key in others))
    return tuple(named.get(name, key) for name, key in standard.items()) + tuple(
        key for name, key in named.items() if name not in standard
    )


def _with_measurands(names: tuple[str, ...], keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """The keys with lists of all that this make's meter can say."""
    if names == USUAL_MEASURANDS:
        return keys
    lists = {key.name for key in keys if key.allowed == USUAL_MEASURANDS}
    counts = {name + COUNTED for name in lists}
    return tuple(
        replace(key, allowed=names, most=len(names))
        if key.name in lists
        else replace(key, default=str(len(names)))
        if key.name in counts
        else key
        for key in keys
    )


def with_counts(keys: Mapping[str, Key], said: Container[str]) -> tuple[dict[str, Key], str]:
    """The keys with no MaxLength below the list that it counts; and a sentence without full stop
    where one is, though it is one of the keys that somebody has `said`.

    A list that is longer by itself is what was wished: its MaxLength is raised to it.
    """
    counted = dict(keys)
    for name, key in keys.items():
        bound = counted.get(name + COUNTED)
        items = len(key.default.split(",")) if key.default else 0
        if key.kind is Kind.LIST and bound is not None and items > int(bound.default):
            if bound.name in said:
                return counted, f"{name} has {items} items, and {bound.name} allows {bound.default}"
            counted[bound.name] = replace(bound, default=str(items))
    return counted, ""


def bounded(keys: Mapping[str, Key]) -> dict[str, Key]:
    """The keys with every list as short as its MaxLength says (§9.1)."""
    return {
        name: key
        if (counted := keys.get(name + COUNTED)) is None
        else replace(key, most=min(key.most, int(counted.default)))
        for name, key in keys.items()
    }


def _built(name: str, value: str, standard: Mapping[str, Key]) -> str:
    """A model's value, less what is not so here: profiles that are not built, other connectors."""
    if name == SUPPORTED:
        built = standard[name].default.split(",")
        return ",".join(profile for profile in value.split(",") if profile in built)
    if name == "NumberOfConnectors":
        return standard[name].default
    return value
