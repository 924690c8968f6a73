"""What may be broken in a charger, a row each, under the names that people use for it.

The names are the words of ChargePointErrorCode (OCPP 1.6 §7.6) without NoError, which is no fault.
Makers, CSMSs and whoever repairs a charger know its faults by them whatever protocol it speaks, so
a second set of names would only have to be translated back. What else is said of a kind of fault is
a column here: OCPP 2.0.1 has no error codes, it reports that a variable of a component is true
(part 2, appendix 3).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault. Of OCPP 2.0.1's device model, `variable` of `component` tells it."""

    error_code: str
    meaning: str
    """In everyday words."""
    component: str
    variable: str = "Problem"


FAULT_KINDS: tuple[FaultKind, ...] = (
    FaultKind(
        "ConnectorLockFailure", "the lock does not close or open", "ConnectorPlugRetentionLock"
    ),
    FaultKind("EVCommunicationError", "the vehicle does not answer", "EVSE"),
    FaultKind("GroundFailure", "the ground-fault protection tripped", "RCD", "Tripped"),
    FaultKind("HighTemperature", "too hot inside", "TemperatureSensor"),
    FaultKind("InternalError", "hardware or software inside", "ChargingStation"),
    FaultKind("LocalListConflict", "the local list conflicts with the CSMS", "ChargingStation"),
    FaultKind("OtherError", "something else, which the info names", "ChargingStation"),
    FaultKind(
        "OverCurrentFailure",
        "the over-current protection tripped",
        "OverCurrentProtection",
        "Operated",
    ),
    FaultKind("OverVoltage", "the voltage is too high", "ElectricalFeed"),
    FaultKind("PowerMeterFailure", "the energy meter cannot be read", "FiscalMetering"),
    FaultKind("PowerSwitchFailure", "the contactor does not switch", "PowerContactor"),
    FaultKind("ReaderFailure", "the card reader fails", "TokenReader"),
    FaultKind("ResetFailure", "a reset could not be done", "ChargingStation"),
    FaultKind("UnderVoltage", "the voltage is too low", "ElectricalFeed"),
    FaultKind("WeakSignal", "the radio signal is weak", "DataLink"),
)

FAULT_KIND: dict[str, FaultKind] = {kind.error_code: kind for kind in FAULT_KINDS}
ERROR_CODES: tuple[str, ...] = tuple(FAULT_KIND)


@dataclass(frozen=True)
class ChargerFault:
    """Something that is broken, at one connector or in the whole charger."""

    error_code: str
    """One of `ERROR_CODES`."""
    vendor_error_code: str = ""
    info: str = ""
