"""The standard components and variables of a DC station with one connector an EVSE, as data.

Names are those of the appendix of OCPP 2.0.1 (Part 2, appendix 3); values are this charger's. What
the station tells of itself as it is now (`operational`) is filled in by `live_values`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sim_core.hardware.measurands import REGISTER, measurands_of
from sim_core.hardware.model import Equipment, Model
from sim_core.ocpp201.network_profile import SLOTS
from sim_core.ocpp201.variables import Access, Address, Component, Kind, Name, Variable

R, RW, W = Access.READ_ONLY, Access.READ_WRITE, Access.WRITE_ONLY
STATES = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")
POINTS = ("EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer")
"""Those that every charger can tell."""
TOKEN_TYPES = "Central,eMAID,ISO14443,ISO15693,Local,MacAddress,NoAuthorization"
SAMPLED = f"{REGISTER},Power.Active.Import,Voltage,Current.Import,SoC"
MONITORING_BASES = ("All", "FactoryDefault", "HardWiredOnly")


@dataclass(frozen=True)
class Row:
    """One variable of a component that is there once."""

    name: str
    kind: Kind
    value: str = ""
    access: Access = R
    meaning: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    key: str = ""
    instance: str | None = None
    reboot: bool = False
    operational: bool = False
    needs: str = ""
    """The field of the model's equipment without which there is no such variable."""


S, N, D, B = Kind.STRING, Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN
OPTION, MEMBERS, SEQUENCE = Kind.OPTION, Kind.MEMBERS, Kind.SEQUENCE

STATION: tuple[Row, ...] = (
    Row("Available", B, "true", meaning="The station is there"),
    Row("AvailabilityState", OPTION, "Available", values=STATES, operational=True,
        meaning="What the station as a whole is doing"),
    Row("SupplyPhases", N, "3", low=0, high=3, meaning="Phases of the mains"),
    Row("Problem", B, "false", operational=True, meaning="Something of the whole is broken"),
    Row("Model", S, operational=True, meaning="What its vendor calls it"),
    Row("VendorName", S, operational=True, meaning="Who has made it"),
    Row("SerialNumber", S, operational=True, meaning="Its number"),
    Row("FirmwareVersion", S, operational=True, meaning="What runs on it"),
    Row("AllowNewSessionsPendingFirmwareUpdate", B, "false", RW,
        "Sessions may begin while new firmware waits for the last one to end"),
)  # fmt: skip

EVSE: tuple[Row, ...] = (
    Row("Available", B, "true", meaning="The EVSE is there"),
    Row("AvailabilityState", OPTION, "Available", values=STATES, operational=True,
        meaning="What the EVSE is doing"),
    Row("SupplyPhases", N, "0", low=0, high=3, meaning="0: it gives DC"),
    Row("Power", D, "0", unit="W", operational=True, meaning="Power that flows now"),
    Row("AllowReset", B, "true", meaning="It can be reset alone"),
    Row("Problem", B, "false", operational=True, meaning="Something of it is broken"),
)  # fmt: skip

CONNECTOR: tuple[Row, ...] = (
    Row("Available", B, "true", meaning="The connector is there"),
    Row("ConnectorType", S, "cCCS2", meaning="Its plug"),
    Row("SupplyPhases", N, "0", low=0, high=3, meaning="0: it gives DC"),
    Row("AvailabilityState", OPTION, "Available", values=STATES, operational=True,
        meaning="What the connector is doing"),
    Row("Problem", B, "false", operational=True, meaning="Something of it is broken"),
)  # fmt: skip

BAY: tuple[Row, ...] = (
    Row("Enabled", B, "true", meaning="The sensor looks into the bay"),
    Row("Active", B, "false", operational=True, meaning="A car stands there"),
)  # fmt: skip

BAY_SENSOR = "BayOccupancySensor"
LOCK = "ConnectorPlugRetentionLock"
LOCKS: tuple[Row, ...] = (
    Row("Problem", B, "false", operational=True, meaning="The lock does not close or open"),
)

METERING: tuple[Row, ...] = (
    Row("EnergyImportRegister", D, "0", unit="Wh", operational=True,
        meaning="Energy that has ever passed"),
)  # fmt: skip

CONTROLLERS: dict[str, tuple[Row, ...]] = {
    "OCPPCommCtrlr": (
        Row("Enabled", B, "true", meaning="It speaks OCPP"),
        Row("ActiveNetworkProfile", N, "1", operational=True,
            meaning="Slot of the network profile that is in use"),
        Row("NetworkConfigurationPriority", SEQUENCE, "1", RW, low=1, reboot=True,
            values=tuple(map(str, SLOTS)),
            meaning="Slots of network profiles, the best first"),
        Row("NetworkProfileConnectionAttempts", N, "3", RW, low=1, high=1000,
            meaning="Tries with a slot before the next one is taken"),
        Row("FileTransferProtocols", MEMBERS, "HTTP,HTTPS,FTP,FTPS",
            values=("FTP", "FTPS", "HTTP", "HTTPS", "SFTP"), key="SupportedFileTransferProtocols",
            meaning="How files can be fetched and handed in"),
        Row("HeartbeatInterval", N, "300", RW, "Time between heartbeats", "s", 1, 2**31 - 1,
            key="HeartbeatInterval"),
        Row("WebSocketPingInterval", N, "30", RW, "Time between pings; 0: none", "s", 0, 2**31 - 1,
            key="WebSocketPingInterval"),
        Row("RetryBackOffWaitMinimum", N, "1", RW, "First pause before it dials again", "s", 0,
            86_400),
        Row("RetryBackOffRandomRange", N, "2", RW, "Up to so much is added", "s", 0, 86_400),
        Row("RetryBackOffRepeatTimes", N, "5", RW, "How often it is doubled", low=0, high=20),
        Row("MessageTimeout", N, "30", unit="s", instance="Default",
            meaning="How long an answer is awaited"),
        Row("MessageAttempts", N, "3", RW, "How often a TransactionEvent is sent", low=1, high=1000,
            key="TransactionMessageAttempts", instance="TransactionEvent"),
        Row("MessageAttemptInterval", N, "10", RW, "Pause before it is sent again, times the tries",
            "s", 0, 86_400, key="TransactionMessageRetryInterval", instance="TransactionEvent"),
        Row("OfflineThreshold", N, "60", RW, "After a longer outage every status is told anew", "s",
            0, 2**31 - 1),
        Row("ResetRetries", N, "3", RW, "How often a reset is tried", low=0, high=1000,
            key="ResetRetries"),
        Row("UnlockOnEVSideDisconnect", B, "false",
            meaning="The cable is released when the EV's side is unplugged (it is fixed here)"),
        Row("PublicKeyWithSignedMeterValue", OPTION, "OncePerTransaction", RW,
            "How often the key is told by which a signed reading can be checked",
            values=("Never", "OncePerTransaction", "EveryMeterValue"), needs="signing_meter"),
        Row("QueueAllMessages", B, "false",
            meaning="Other messages than TransactionEvent wait for a CSMS that is away, too"),
        Row("MinimumStatusDuration", N, "0", RW, "A status that does not last so long is not told",
            "s", 0, 3600, key="MinimumStatusDuration"),
    ),
    "DeviceDataCtrlr": (
        Row("Enabled", B, "true", meaning="There is a device model"),
        *(
            row
            for message in ("GetReport", "GetVariables", "SetVariables")
            for row in (
                Row("ItemsPerMessage", N, "100", instance=message,
                    meaning="So many items in one request"),
                Row("BytesPerMessage", N, "65536", instance=message,
                    meaning="So many bytes in one request"),
            )
        ),
        Row("ConfigurationValueSize", N, "1000", high=1000, meaning="Characters of a value set"),
        Row("ReportingValueSize", N, "2500", high=2500, meaning="Characters of a value told"),
    ),
    "ClockCtrlr": (
        Row("Enabled", B, "true", meaning="It has a clock"),
        Row("DateTime", Kind.DATE_TIME, operational=True, meaning="Its time of day"),
        Row("TimeSource", SEQUENCE, "Heartbeat", RW, values=("Heartbeat",), low=1,
            meaning="Who sets the clock"),
        Row("TimeZone", S, "UTC", RW, "Time zone of people who stand before it", high=50),
        Row("TimeAdjustmentReportingThreshold", N, "20", RW,
            "A clock that is set by more than that is a security event", "s", 0, 86_400),
    ),
    "SecurityCtrlr": (
        Row("Enabled", B, "true", meaning="It has security profiles"),
        Row("SecurityProfile", N, "0", low=0, high=3, operational=True,
            meaning="The security profile that is in use"),
        Row("OrganizationName", S, "ChargeForge", RW, "Whose it is", high=40, key="CpoName"),
        Row("CertificateEntries", N, "0", high=10, operational=True,
            meaning="Certificates that are installed"),
        Row("BasicAuthPassword", S, "", W, "Its password at the CSMS", low=16, high=64),
        Row("Identity", S, operational=True, high=48, meaning="Its name at the CSMS"),
        Row("AdditionalRootCertificateCheck", B, "false",
            meaning="Only one root of the CSMS at a time"),
        Row("AllowCSMSTLSWildcards", B, "true",
            meaning="The CSMS's certificate may be one for *.its.domain"),
        Row("CertSigningWaitMinimum", N, "60", RW,
            "How long a signed certificate is awaited, and twice as long the next time",
            "s", 1, 86_400),
        Row("CertSigningRepeatTimes", N, "3", RW, "How often it is asked for again", low=0,
            high=20),
        Row("MaxCertificateChainSize", N, "10000", high=10_000,
            meaning="Characters of a certificate chain"),
    ),
    "AuthCtrlr": (
        Row("Enabled", B, "true", RW, "Cards are asked about"),
        Row("AuthorizeRemoteStart", B, "true", RW, "A card of a remote start is asked about",
            key="AuthorizeRemoteTxRequests"),
        Row("LocalAuthorizeOffline", B, "true", RW, "It decides about cards while it is alone",
            key="LocalAuthorizeOffline"),
        Row("LocalPreAuthorize", B, "false", RW, "A card that is known here is not asked about",
            key="LocalPreAuthorize"),
        Row("OfflineTxForUnknownIdEnabled", B, "false", RW,
            "A card that nobody knows may charge while it is alone",
            key="AllowOfflineTxForUnknownId"),
        Row("MasterPassGroupId", S, "", RW, "Cards of this group stop every transaction", high=36),
        Row("DisableRemoteAuthorization", B, "false", RW,
            "Cards that are not known here are never asked about"),
        Row("SupportedIdTokenTypes", MEMBERS, TOKEN_TYPES, values=tuple(TOKEN_TYPES.split(",")),
            meaning="The kinds of cards that it can read"),
    ),
    "AuthCacheCtrlr": (
        Row("Enabled", B, "true", RW, "What the CSMS says of a card is remembered",
            key="AuthorizationCacheEnabled"),
        Row("Available", B, "true", meaning="There is an authorization cache"),
        Row("LifeTime", N, "0", RW, "How long it is remembered; 0: for ever", "s", 0, 2**31 - 1),
        Row("Policy", OPTION, "LRU", values=("LRU", "LFU", "FIFO", "CUSTOM"),
            meaning="Who is forgotten first when it is full"),
        Row("DisablePostAuthorize", B, "false", RW,
            "A card that is known as not accepted is not asked about"),
    ),
    "TxCtrlr": (
        Row("Enabled", B, "true", meaning="It has transactions"),
        Row("TxStartPoint", MEMBERS, "PowerPathClosed", RW, values=POINTS, low=1,
            meaning="What a transaction begins with"),
        Row("TxStopPoint", MEMBERS, "EVConnected,Authorized", RW, values=POINTS, low=1,
            meaning="Whose end ends a transaction"),
        Row("EVConnectionTimeOut", N, "60", RW, "How long an authorisation waits for the plug", "s",
            0, 2**31 - 1, key="ConnectionTimeOut"),
        Row("StopTxOnEVSideDisconnect", B, "true", RW,
            "Unplugging at the vehicle ends the authorisation",
            key="StopTransactionOnEVSideDisconnect"),
        Row("StopTxOnInvalidId", B, "true", RW,
            "A transaction ends when its card is refused afterwards",
            key="StopTransactionOnInvalidId"),
        Row("MaxEnergyOnInvalidId", N, "0", RW,
            "What a card that was refused afterwards may have all the same", "Wh", 0, 2**31 - 1,
            key="MaxEnergyOnInvalidId"),
        Row("TxBeforeAcceptedEnabled", B, "false",
            meaning="Sessions may begin before the CSMS has accepted the station"),
    ),
    "SampledDataCtrlr": (
        Row("Enabled", B, "true", meaning="Transactions are sampled"),
        Row("Available", B, "true", meaning="It has meters"),
        Row("SignReadings", B, "false", RW, "The meter signs the samples of a transaction",
            needs="signing_meter"),
        Row("TxStartedMeasurands", MEMBERS, REGISTER, RW, "What the begin tells"),
        Row("TxUpdatedMeasurands", MEMBERS, SAMPLED, RW, "What a sample tells",
            key="MeterValuesSampledData"),
        Row("TxUpdatedInterval", N, "60", RW, "Time between samples; 0: none", "s", 0, 2**31 - 1,
            key="MeterValueSampleInterval"),
        Row("TxEndedMeasurands", MEMBERS, REGISTER, RW, "What the end tells of the transaction",
            key="StopTxnSampledData"),
        Row("TxEndedInterval", N, "0", RW, "Time between the samples that the end tells; "
            "0: the first and the last", "s", 0, 2**31 - 1),
    ),
    "AlignedDataCtrlr": (
        Row("Enabled", B, "true", meaning="Meters are sampled by the clock"),
        Row("Available", B, "true", meaning="It has meters"),
        Row("SignReadings", B, "false", RW, "The meter signs the samples by the clock",
            needs="signing_meter"),
        Row("Measurands", MEMBERS, REGISTER, RW, "What a sample by the clock tells",
            key="MeterValuesAlignedData"),
        Row("Interval", N, "0", RW, "Time between samples by the clock; 0: none", "s", 0, 86_400,
            key="ClockAlignedDataInterval"),
        Row("TxEndedMeasurands", MEMBERS, "", RW, "What the end tells of samples by the clock",
            key="StopTxnAlignedData"),
        Row("TxEndedInterval", N, "0", RW, "Time between those; 0: none", "s", 0, 86_400),
        Row("SendDuringIdle", B, "false", RW, "They are told only while nothing charges"),
    ),
    "LocalAuthListCtrlr": (
        Row("Enabled", B, "true", RW, "The local list counts", key="LocalAuthListEnabled"),
        Row("Available", B, "true", meaning="There is a local list"),
        Row("Entries", N, "0", high=1000, operational=True, meaning="Cards on it"),
        Row("ItemsPerMessage", N, "250", meaning="So many cards in one request",
            key="SendLocalListMaxLength"),
        Row("BytesPerMessage", N, "65536", meaning="So many bytes in one request"),
        Row("DisablePostAuthorize", B, "false", RW,
            "A card that is listed as not accepted is not asked about"),
        Row("SupportsExpiryDateTime", B, "true", meaning="Cards on it may expire"),
    ),
    "ReservationCtrlr": (
        Row("Enabled", B, "true", RW, "EVSEs can be reserved"),
        Row("Available", B, "true", meaning="There are reservations"),
        Row("NonEvseSpecific", B, "true", meaning="A reservation may leave the EVSE open",
            key="ReserveConnectorZeroSupported"),
    ),
    "SmartChargingCtrlr": (
        Row("Enabled", B, "true", RW, "Charging profiles count"),
        Row("Available", B, "true", meaning="There are charging profiles"),
        Row("ProfileStackLevel", N, "10", meaning="The highest stack level",
            key="ChargeProfileMaxStackLevel"),
        Row("RateUnit", MEMBERS, "A,W", values=("A", "W"), meaning="Units of a limit"),
        Row("PeriodsPerSchedule", N, "100", meaning="Periods of a schedule",
            key="ChargingScheduleMaxPeriods"),
        Row("Entries", N, "0", high=20, instance="ChargingProfiles", operational=True,
            meaning="Charging profiles that are installed"),
        Row("LimitChangeSignificance", D, "1.0", RW,
            "A change of the limit by more than that is told", "Percent", 0, 100),
        Row("ExternalControlSignalsEnabled", B, "true", RW,
            "Others than the CSMS may limit the power"),
        Row("NotifyChargingLimitWithSchedules", B, "false", RW,
            "What others allow is told with its schedule"),
        Row("Phases3to1", B, "false", meaning="It can switch to one phase"),
    ),
    "MonitoringCtrlr": (
        Row("Enabled", B, "true", RW, "Variables are monitored"),
        Row("Available", B, "true", meaning="Variables can be monitored"),
        *(
            row
            for message in ("SetVariableMonitoring", "ClearVariableMonitoring")
            for row in (
                Row("ItemsPerMessage", N, "100", instance=message,
                    meaning="So many items in one request"),
                Row("BytesPerMessage", N, "65536", instance=message,
                    meaning="So many bytes in one request"),
            )
        ),
        Row("OfflineQueuingSeverity", N, "5", RW,
            "Events up to this severity wait for a CSMS that is away", low=0, high=9),
        Row("ActiveMonitoringBase", OPTION, "All", values=MONITORING_BASES,
            operational=True, meaning="Which monitors count"),
        Row("ActiveMonitoringLevel", N, "9", low=0, high=9, operational=True,
            meaning="Events up to this severity are told"),
    ),
    "TariffCostCtrlr": (
        Row("Enabled", B, "true", RW, "Prices are shown", instance="Tariff"),
        Row("Enabled", B, "true", RW, "Costs are shown", instance="Cost"),
        Row("Available", B, "true", meaning="It can show prices", instance="Tariff"),
        Row("Available", B, "true", meaning="It can show costs", instance="Cost"),
        Row("Currency", S, "EUR", RW, "Of prices and costs", high=3),
        Row("TariffFallbackMessage", S, "", RW, "Shown where no price is known", high=255),
        Row("TotalCostFallbackMessage", S, "", RW, "Shown where no cost is known", high=255),
    ),
    "DisplayMessageCtrlr": (
        Row("Enabled", B, "true", RW, "Messages of the CSMS are shown"),
        Row("Available", B, "true", meaning="It has a screen"),
        Row("DisplayMessages", N, "0", high=20, operational=True,
            meaning="Messages that are kept for the screen"),
        Row("SupportedFormats", MEMBERS, "ASCII,UTF8", values=("ASCII", "HTML", "URI", "UTF8"),
            meaning="How a message may be written"),
        Row("SupportedPriorities", MEMBERS, "AlwaysFront,InFront,NormalCycle",
            values=("AlwaysFront", "InFront", "NormalCycle"), meaning="How a message may be shown"),
        Row("SupportedStates", MEMBERS, "Charging,Faulted,Idle,Unavailable",
            values=("Charging", "Faulted", "Idle", "Unavailable"),
            meaning="When a message may be shown"),
    ),
}  # fmt: skip
"""Component -> its variables."""

MEASURAND_LISTS = frozenset(
    {"TxStartedMeasurands", "TxUpdatedMeasurands", "TxEndedMeasurands", "Measurands"}
)
"""Lists of what the meter of this make can say."""


FURTHER: dict[str, tuple[str, ...]] = {
    "SupportedIdTokenTypes": ("KeyCode",),
    "TxStartPoint": ("DataSigned", "ParkingBayOccupancy"),
    "TxStopPoint": ("ParkingBayOccupancy",),
}
"""Variable -> what it may have, too, where that is built in."""
BUILT_IN: dict[str, str] = {
    "DataSigned": "signing_meter",
    "KeyCode": "keypad",
    "ParkingBayOccupancy": "bay_sensor",
}
"""Such a word -> the field of the model's equipment that it needs."""


def _variable(component: Component, row: Row) -> Variable:
    return Variable(
        address=Address(component, Name(row.name, row.instance)),
        kind=row.kind,
        value=row.value,
        access=row.access,
        unit=row.unit,
        low=row.low,
        high=row.high,
        values=row.values,
        meaning=row.meaning,
        key=row.key,
        reboot=row.reboot,
        operational=row.operational,
    )


def _of_connectors(model: Model, evses: int) -> Iterator[Variable]:
    rated_w = model.ratings.connector_power_w
    for number in range(1, evses + 1):
        for row in EVSE:
            variable = _variable(Component("EVSE", evse=number), row)
            yield replace(variable, high=rated_w) if row.name == "Power" else variable
        for row in CONNECTOR:
            yield _variable(Component("Connector", evse=number, connector=1), row)
        for row in LOCKS:
            yield _variable(Component(LOCK, evse=number, connector=1), row)
        for row in BAY if model.equipment.bay_sensor else ():
            yield _variable(Component(BAY_SENSOR, evse=number), row)
        for row in METERING:
            yield _variable(Component("FiscalMetering", evse=number), row)


def _further(name: str, equipment: Equipment) -> tuple[str, ...]:
    """What a list may have beside that because of what is built in."""
    return tuple(word for word in FURTHER.get(name, ()) if getattr(equipment, BUILT_IN[word]))


def variables_of(model: Model, evses: int) -> tuple[Variable, ...]:
    """Every standard variable of a station of this make, in the order in which it is reported."""
    measured = measurands_of(model.metering)
    found = [_variable(Component("ChargingStation"), row) for row in STATION]
    found += _of_connectors(model, evses)
    for name, rows in CONTROLLERS.items():
        for row in rows:
            if row.needs and not getattr(model.equipment, row.needs):
                continue
            variable = _variable(Component(name), row)
            if row.name in MEASURAND_LISTS:
                variable = replace(variable, values=measured)
            elif more := _further(row.name, model.equipment):
                value = variable.value if row.access is RW else ",".join((row.value, *more))
                variable = replace(variable, value=value, values=(*row.values, *more))
            found.append(variable)
    return tuple(found)
