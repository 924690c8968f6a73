"""The charger's settings, as OCPP 2.0.1 has them: which variable each of them is."""

from __future__ import annotations

from sim_core.charging.policy import Feature, Setting
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.snapshot import TextLimits

VARIABLES: dict[Setting, tuple[str, str]] = {
    Setting.ENDS_ON_UNPLUG: ("TxCtrlr", "StopTxOnEVSideDisconnect"),
    Setting.UNLOCKS_ON_UNPLUG: ("OCPPCommCtrlr", "UnlockOnEVSideDisconnect"),
    Setting.ENDS_WHEN_REFUSED: ("TxCtrlr", "StopTxOnInvalidId"),
    Setting.AUTHORIZES_REMOTE_STARTS: ("AuthCtrlr", "AuthorizeRemoteStart"),
    Setting.PREAUTHORIZES: ("AuthCtrlr", "LocalPreAuthorize"),
    Setting.DECIDES_OFFLINE: ("AuthCtrlr", "LocalAuthorizeOffline"),
    Setting.ADMITS_UNKNOWN_OFFLINE: ("AuthCtrlr", "OfflineTxForUnknownIdEnabled"),
    Setting.CACHES_TOKENS: ("AuthCacheCtrlr", "Enabled"),
    Setting.LIST_COUNTS: ("LocalAuthListCtrlr", "Enabled"),
    Setting.ASKS_ABOUT_CARDS: ("AuthCtrlr", "Enabled"),
    Setting.TRUSTS_REFUSED_CACHED: ("AuthCacheCtrlr", "DisablePostAuthorize"),
    Setting.TRUSTS_REFUSED_LISTED: ("LocalAuthListCtrlr", "DisablePostAuthorize"),
    Setting.SIGNS_SAMPLED: ("SampledDataCtrlr", "SignReadings"),
    Setting.SIGNS_ALIGNED: ("AlignedDataCtrlr", "SignReadings"),
    Setting.OBEYS_OTHERS: ("SmartChargingCtrlr", "ExternalControlSignalsEnabled"),
    Setting.MASTER_GROUP: ("AuthCtrlr", "MasterPassGroupId"),
    Setting.RESERVES_ANY: ("ReservationCtrlr", "NonEvseSpecific"),
    Setting.PLUG_TIMEOUT_S: ("TxCtrlr", "EVConnectionTimeOut"),
    Setting.REPLUG_TIMEOUT_S: ("TxCtrlr", "EVConnectionTimeOut"),
    Setting.SAMPLE_INTERVAL_S: ("SampledDataCtrlr", "TxUpdatedInterval"),
    Setting.ALIGNED_INTERVAL_S: ("AlignedDataCtrlr", "Interval"),
    Setting.REFUSED_ENERGY_WH: ("TxCtrlr", "MaxEnergyOnInvalidId"),
    Setting.MOST_LISTED_AT_ONCE: ("LocalAuthListCtrlr", "ItemsPerMessage"),
    Setting.HIGHEST_STACK_LEVEL: ("SmartChargingCtrlr", "ProfileStackLevel"),
    Setting.MOST_PERIODS: ("SmartChargingCtrlr", "PeriodsPerSchedule"),
    Setting.SAMPLED: ("SampledDataCtrlr", "TxUpdatedMeasurands"),
    Setting.ALIGNED: ("AlignedDataCtrlr", "Measurands"),
    Setting.ENDED_SAMPLED: ("SampledDataCtrlr", "TxEndedMeasurands"),
    Setting.ENDED_ALIGNED: ("AlignedDataCtrlr", "TxEndedMeasurands"),
}
LIMITS: dict[Setting, tuple[str, str, str | None]] = {
    Setting.MOST_LISTED: ("LocalAuthListCtrlr", "Entries", None),
    Setting.MOST_PROFILES: ("SmartChargingCtrlr", "Entries", "ChargingProfiles"),
}
"""Numbers that are the largest value of a variable that counts something."""
UNITS = {"A": "Current", "W": "Power"}
FEATURES: dict[Feature, tuple[str, tuple[str, ...]]] = {
    Feature.LOCAL_LIST: ("LocalAuthListCtrlr", ("Available",)),
    Feature.RESERVATION: ("ReservationCtrlr", ("Available",)),
    Feature.SMART_CHARGING: ("SmartChargingCtrlr", ("Available", "Enabled")),
}
"""The controller, and those of its variables that all say that the station has it. What else
Enabled switches off, others ask for."""
HELD_BY_CABLE = frozenset({"EVConnected", "PowerPathClosed"})
"""Stop points with which no session outlives its cable (E06, E09)."""
TEXT_LIMITS = TextLimits(token=36, fault_text=50)
"""IdTokenType.idToken; texts of a fault have no limit of the protocol's own."""


class VariablePolicy:
    """The settings of one station, read from its device model."""

    __slots__ = ("_limits", "_model")

    def __init__(self, model: DeviceModel) -> None:
        self._model = model
        limits: dict[Setting, int] = {}
        for variable in model.with_hidden():
            place, name = variable.address.component.name, variable.address.variable
            for setting, wanted in LIMITS.items():
                if wanted == (place, name.name, name.instance) and variable.high is not None:
                    limits[setting] = int(variable.high)
        self._limits = limits

    @property
    def text_limits(self) -> TextLimits:
        return TEXT_LIMITS

    def flag(self, setting: Setting) -> bool:
        if setting is Setting.AUTOCHARGE:
            return self._model.flag("CustomizationCtrlr", "AutoCharge")
        if setting is Setting.ENDS_ON_UNPLUG and HELD_BY_CABLE.intersection(
            self._model.items("TxCtrlr", "TxStopPoint")
        ):
            return True
        return self._model.flag(*VARIABLES[setting])

    def number(self, setting: Setting) -> int:
        limit = self._limits.get(setting)
        return self._model.number(*VARIABLES[setting]) if limit is None else limit

    def items(self, setting: Setting) -> tuple[str, ...]:
        if setting is Setting.RATE_UNITS:
            return tuple(
                UNITS[unit] for unit in self._model.items("SmartChargingCtrlr", "RateUnit")
            )
        return self._model.items(*VARIABLES[setting])

    def has(self, feature: Feature) -> bool:
        component, variables = FEATURES.get(feature, ("", ()))
        return all(self._model.flag(component, variable) for variable in variables)

    def name(self, setting: Setting) -> str:
        if setting is Setting.AUTOCHARGE:
            return "CustomizationCtrlr.AutoCharge"
        if setting is Setting.RATE_UNITS:
            return "SmartChargingCtrlr.RateUnit"
        if setting in LIMITS:
            return ".".join(LIMITS[setting][:2])
        return ".".join(VARIABLES[setting])
