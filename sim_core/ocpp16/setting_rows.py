"""The configuration keys as people look at them: rows of no protocol, with what each key means.

GetConfiguration tells name, value and access; what a key is for stands in OCPP's text only (§9, and
the security whitepaper). Here it stands in one line, for whoever does not have that text at hand.
"""

from __future__ import annotations

from collections.abc import Collection

from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.configuration_keys import LONGEST_VALUE, PHASES, Key, Kind
from sim_core.setting_changes import SettingChanges
from sim_core.settings.authorization_key import KEY_BYTES
from sim_core.snapshot import SettingSnapshot

MEANINGS: dict[str, str] = {
    "AllowOfflineTxForUnknownId": "Offline, a card that nobody knows may start",
    "AuthorizationCacheEnabled": "Cards that the CSMS has accepted are remembered",
    "AuthorizationKey": "The password of the charge point at the CSMS; never shown",
    "AuthorizeRemoteTxRequests": "A remote start asks the CSMS about its card first",
    "ChargeProfileMaxStackLevel": "The highest stackLevel of a charging profile",
    "ChargingScheduleAllowedChargingRateUnit": "Units of charging schedules: Current, Power",
    "ChargingScheduleMaxPeriods": "How many periods a charging schedule may have",
    "ClockAlignedDataInterval": "Seconds between meter values by the clock; 0: none",
    "ConnectionTimeOut": "Seconds that a card waits for its cable",
    "ConnectorPhaseRotation": "How the phases are wired, by connector",
    "ConnectorPhaseRotationMaxLength": "How many items ConnectorPhaseRotation may have",
    "GetConfigurationMaxKeys": "How many keys GetConfiguration may ask for at once",
    "HeartbeatInterval": "Seconds of silence after which a Heartbeat is sent",
    "LocalAuthListEnabled": "The list of cards that the CSMS has sent counts",
    "LocalAuthListMaxLength": "How many cards the local list may have",
    "LocalAuthorizeOffline": "Offline, a card that is known here may start",
    "LocalPreAuthorize": "A card that is known here starts before the CSMS has answered",
    "MaxChargingProfilesInstalled": "How many charging profiles are kept",
    "MaxEnergyOnInvalidId": "Wh that a card may still take that turns out not to be valid",
    "MeterValueSampleInterval": "Seconds between meter values of a transaction; 0: none",
    "MeterValuesAlignedData": "What the meter values by the clock tell",
    "MeterValuesAlignedDataMaxLength": "How many items MeterValuesAlignedData may have",
    "MeterValuesSampledData": "What the meter values of a transaction tell",
    "MeterValuesSampledDataMaxLength": "How many items MeterValuesSampledData may have",
    "MinimumStatusDuration": "Seconds that a status must last before it is told",
    "NumberOfConnectors": "How many connectors there are",
    "ReserveConnectorZeroSupported": "A reservation may be for whichever connector is free",
    "ResetRetries": "How often a reset that fails is tried again",
    "SecurityProfile": "0: open, 1: password, 2: password and TLS, 3: certificates",
    "SendLocalListMaxLength": "How many cards one SendLocalList may bring",
    "StopTransactionOnEVSideDisconnect": "Unplugging at the vehicle ends the transaction",
    "StopTransactionOnInvalidId": "A transaction ends whose card turns out not to be valid",
    "StopTxnAlignedData": "What StopTransaction tells of the values by the clock",
    "StopTxnAlignedDataMaxLength": "How many items StopTxnAlignedData may have",
    "StopTxnSampledData": "What StopTransaction tells of the values in between",
    "StopTxnSampledDataMaxLength": "How many items StopTxnSampledData may have",
    "SupportedFeatureProfiles": "The parts of OCPP that this charge point has",
    "SupportedFeatureProfilesMaxLength": "How many items SupportedFeatureProfiles may have",
    "SupportedFileTransferProtocols": "How files come and go",
    "TransactionMessageAttempts": "How often a message is sent that the CSMS cannot process",
    "TransactionMessageRetryInterval": "Seconds before the second try; each waits longer",
    "UnlockConnectorOnEVSideDisconnect": "Unplugging at the vehicle opens the lock here",
    "WebSocketPingInterval": "Seconds between the pings that try the link; 0: none",
    "OcppUrl": "The address of the CSMS, as it is dialled",
}

MOST = 2**31 - 1
"""No bound that anybody would reach."""
SHOWN_ITEMS = 12
"""So many words of a list are named."""


def setting_rows(
    configuration: Configuration, changes: SettingChanges, secret_keys: Collection[str]
) -> tuple[SettingSnapshot, ...]:
    """Every key that a CSMS sees. The values of `secret_keys`, in lower case, are never shown."""
    return tuple(_row(configuration, changes, key, secret_keys) for key in configuration.visible)


def takes(key: Key) -> str:
    """What a key may be set to, in words."""
    if key.readonly:
        return "can only be read"
    return {
        Kind.BOOLEAN: "true or false",
        Kind.INTEGER: _takes_number(key),
        Kind.LIST: _takes_list(key),
        Kind.TEXT: f"a text of at most {LONGEST_VALUE} characters",
        Kind.SECRET: f"{KEY_BYTES[0]} to {KEY_BYTES[-1]} characters, "
        f"or {2 * KEY_BYTES[0]} to {2 * KEY_BYTES[-1]} hexadecimal digits",
    }[key.kind]


def _takes_number(key: Key) -> str:
    bounds = f", {key.low} or more" if key.high >= MOST else f" from {key.low} to {key.high}"
    return f"a whole number{bounds}{', or 0 for never' if key.off and key.low > 0 else ''}"


def _takes_list(key: Key) -> str:
    most = f"up to {key.most} items with commas and no spaces"
    if key.allowed is None:
        return most
    if set(PHASES) <= set(key.allowed):
        return f"{most}, each a connector and a rotation, like 1.RST"
    more = ", …" if len(key.allowed) > SHOWN_ITEMS else ""
    return f"{most}: {', '.join(key.allowed[:SHOWN_ITEMS])}{more}"


def _row(
    configuration: Configuration, changes: SettingChanges, key: Key, secret_keys: Collection[str]
) -> SettingSnapshot:
    hidden = key.kind is Kind.SECRET or key.name.casefold() in secret_keys
    return SettingSnapshot(
        name=key.name,
        group=key.profile,
        value=None if hidden else configuration.text(key.name),
        readonly=key.readonly,
        meaning=MEANINGS.get(key.name, ""),
        takes=takes(key),
        default=None if hidden else configuration.default(key),
        choices=("true", "false") if key.kind is Kind.BOOLEAN else (),
        change=changes.last(key.name),
        after_reboot=None if hidden else configuration.after_reboot(key.name),
    )
