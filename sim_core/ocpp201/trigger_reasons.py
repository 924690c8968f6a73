"""Why an event of a transaction is told, and why it ended: OCPP 2.0.1's words for causes.

TriggerReasonEnumType and ReasonEnumType. The two spell one word differently: Deauthorized, and
DeAuthorized (Part 2, T2).
"""

from __future__ import annotations

from typing import NamedTuple

from sim_core.charging.vocabulary import Cause, Context, StopReason
from sim_core.hardware.faults import ChargerFault


class Ending(NamedTuple):
    """How an end is told: triggerReason, and stoppedReason."""

    trigger: str
    stopped: str


ENDINGS: dict[StopReason, Ending] = {
    StopReason.LOCAL: Ending("StopAuthorized", "Local"),
    StopReason.REMOTE: Ending("RemoteStop", "Remote"),
    StopReason.UNPLUGGED: Ending("EVCommunicationLost", "EVDisconnected"),
    StopReason.RESET_AT_ONCE: Ending("ResetCommand", "ImmediateReset"),
    StopReason.RESET_IN_ORDER: Ending("ResetCommand", "ImmediateReset"),
    StopReason.REBOOT: Ending("AbnormalCondition", "Reboot"),
    StopReason.POWER_LOSS: Ending("AbnormalCondition", "PowerLoss"),
    StopReason.EMERGENCY_STOP: Ending("AbnormalCondition", "EmergencyStop"),
    StopReason.UNLOCKED: Ending("UnlockCommand", "Other"),
    StopReason.REFUSED: Ending("Deauthorized", "DeAuthorized"),
    StopReason.MASTER_PASS: Ending("StopAuthorized", "MasterPass"),
    StopReason.OTHER: Ending("AbnormalCondition", "Other"),
}
BY_VEHICLE = Ending("ChargingStateChanged", "StoppedByEV")
FAULTS: dict[str, str] = {
    "GroundFailure": "GroundFault",
    "OverCurrentFailure": "OvercurrentFault",
    "OverVoltage": "PowerQuality",
    "UnderVoltage": "PowerQuality",
}
"""What a fault is called as the reason of an end; every other one is Other."""

LAPSES: dict[Cause, Ending] = {
    Cause.TIMEOUT: Ending("EVConnectTimeout", "Timeout"),
    Cause.CARD: Ending("StopAuthorized", "Local"),
    Cause.REMOTE: Ending("RemoteStop", "Remote"),
    Cause.CABLE: Ending("EVCommunicationLost", "EVDisconnected"),
    Cause.FAULT: Ending("AbnormalCondition", "Other"),
    Cause.RESET: Ending("ResetCommand", "ImmediateReset"),
    Cause.POWER: Ending("AbnormalCondition", "PowerLoss"),
}
"""How it is told that an authorisation no longer counts, by who has ended it."""

SAMPLE_TRIGGERS = {
    Context.PERIODIC: "MeterValuePeriodic",
    Context.CLOCK: "MeterValueClock",
    Context.TRIGGER: "Trigger",
}
"""Why a sample is told; those of the begin and the end are told with these."""


def ending_of(reason: StopReason, cause: Cause, fault: ChargerFault | None) -> Ending:
    """How the end of a session is told."""
    if cause is Cause.TIMEOUT:
        return LAPSES[cause]
    if reason is StopReason.OTHER and cause is Cause.VEHICLE:
        return BY_VEHICLE
    if reason is StopReason.OTHER and fault is not None:
        return Ending("AbnormalCondition", FAULTS.get(fault.error_code, "Other"))
    return ENDINGS[reason]


def lapse_of(cause: Cause) -> Ending:
    """How the end of an authorisation is told that has led to no session."""
    return LAPSES.get(cause, Ending("Deauthorized", "DeAuthorized"))
