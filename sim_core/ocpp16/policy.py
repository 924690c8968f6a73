"""The charger's settings, as OCPP 1.6 has them: which configuration key each of them is (§9)."""

from __future__ import annotations

from sim_core.charging.policy import Feature, Setting
from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.text_limits import TEXT_LIMITS
from sim_core.snapshot import TextLimits

KEYS: dict[Setting, str] = {
    Setting.AUTOCHARGE: "AutoCharge",
    Setting.ENDS_ON_UNPLUG: "StopTransactionOnEVSideDisconnect",
    Setting.UNLOCKS_ON_UNPLUG: "UnlockConnectorOnEVSideDisconnect",
    Setting.ENDS_WHEN_REFUSED: "StopTransactionOnInvalidId",
    Setting.AUTHORIZES_REMOTE_STARTS: "AuthorizeRemoteTxRequests",
    Setting.PREAUTHORIZES: "LocalPreAuthorize",
    Setting.DECIDES_OFFLINE: "LocalAuthorizeOffline",
    Setting.ADMITS_UNKNOWN_OFFLINE: "AllowOfflineTxForUnknownId",
    Setting.CACHES_TOKENS: "AuthorizationCacheEnabled",
    Setting.LIST_COUNTS: "LocalAuthListEnabled",
    Setting.RESERVES_ANY: "ReserveConnectorZeroSupported",
    Setting.PLUG_TIMEOUT_S: "ConnectionTimeOut",
    Setting.SAMPLE_INTERVAL_S: "MeterValueSampleInterval",
    Setting.ALIGNED_INTERVAL_S: "ClockAlignedDataInterval",
    Setting.REFUSED_ENERGY_WH: "MaxEnergyOnInvalidId",
    Setting.MOST_LISTED: "LocalAuthListMaxLength",
    Setting.MOST_LISTED_AT_ONCE: "SendLocalListMaxLength",
    Setting.MOST_PROFILES: "MaxChargingProfilesInstalled",
    Setting.HIGHEST_STACK_LEVEL: "ChargeProfileMaxStackLevel",
    Setting.MOST_PERIODS: "ChargingScheduleMaxPeriods",
    Setting.SAMPLED: "MeterValuesSampledData",
    Setting.ALIGNED: "MeterValuesAlignedData",
    Setting.ENDED_SAMPLED: "StopTxnSampledData",
    Setting.ENDED_ALIGNED: "StopTxnAlignedData",
    Setting.RATE_UNITS: "ChargingScheduleAllowedChargingRateUnit",
}
FIXED: dict[Setting, bool] = {
    Setting.ASKS_ABOUT_CARDS: True,
    Setting.TRUSTS_REFUSED_CACHED: False,
    Setting.TRUSTS_REFUSED_LISTED: False,
    Setting.SIGNS_SAMPLED: False,
    Setting.SIGNS_ALIGNED: False,
    Setting.OBEYS_OTHERS: True,
}
"""What 1.6 has no key for."""
PROFILES: dict[Feature, str] = {
    Feature.LOCAL_LIST: "LocalAuthListManagement",
    Feature.RESERVATION: "Reservation",
    Feature.SMART_CHARGING: "SmartCharging",
    Feature.FIRMWARE: "FirmwareManagement",
}
"""The feature profile in which OCPP 1.6 has it (§3.2)."""


class KeyPolicy:
    """The settings of one charge point, read from its configuration keys."""

    __slots__ = ("_configuration",)

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    @property
    def text_limits(self) -> TextLimits:
        return TEXT_LIMITS

    def flag(self, setting: Setting) -> bool:
        return FIXED[setting] if setting in FIXED else self._configuration.flag(KEYS[setting])

    def number(self, setting: Setting) -> int:
        if setting is Setting.REPLUG_TIMEOUT_S:  # §4.7: a suspended transaction waits on
            return 0
        return self._configuration.number(KEYS[setting])

    def items(self, setting: Setting) -> tuple[str, ...]:
        if setting is Setting.MASTER_GROUP:
            return ()
        return self._configuration.items(KEYS[setting])

    def has(self, feature: Feature) -> bool:
        # Without a profile 1.6 has no word for it.
        return feature in PROFILES and self._configuration.supports(PROFILES[feature])

    def name(self, setting: Setting) -> str:
        return KEYS.get(setting, setting.value)
