"""ChargePointStatus: the word of OCPP 1.6 for the facts of a connector (§4.9, §7.7). Pure.

The transition table of §4.9 judges this in the tests; it is not the mechanism.
"""

from __future__ import annotations

from enum import Enum

from sim_core.charging.facts import Facts
from sim_core.snapshot import ConnectorState


class Status(str, Enum):
    """ChargePointStatus of OCPP 1.6 §7.7."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


def connector_status(facts: Facts) -> Status:
    """The OCPP 1.6 word for these facts (§4.9, §7.7)."""
    if facts.fault:
        return Status.FAULTED
    if facts.transaction:
        return _status_in_transaction(facts)
    if not facts.operative:
        return Status.UNAVAILABLE
    if facts.authorized:
        return Status.PREPARING
    if facts.reserved_first:  # G1, G2: only its end and its holder lead away from Reserved
        return Status.RESERVED
    if facts.plugged or facts.cable:
        return Status.FINISHING if facts.ended else Status.PREPARING
    if facts.reserved_for is not None:
        return Status.RESERVED
    return Status.AVAILABLE


def _status_in_transaction(facts: Facts) -> Status:
    if not facts.evse_ready:  # §7.7: of both, SuspendedEVSE takes precedence
        return Status.SUSPENDED_EVSE
    if not facts.plugged or not facts.ev_ready:
        return Status.SUSPENDED_EV
    if facts.energized:
        return Status.CHARGING
    return Status.SUSPENDED_EV if facts.interrupted else Status.PREPARING


def whole_status(*, usable: bool, broken: bool) -> Status:
    """The word for connector 0: Available, Unavailable or Faulted (§4.9)."""
    if broken:
        return Status.FAULTED
    return Status.AVAILABLE if usable else Status.UNAVAILABLE


STATES: dict[Status, ConnectorState] = {
    Status.AVAILABLE: ConnectorState.FREE,
    Status.PREPARING: ConnectorState.PREPARING,
    Status.CHARGING: ConnectorState.CHARGING,
    Status.SUSPENDED_EV: ConnectorState.PAUSED_BY_VEHICLE,
    Status.SUSPENDED_EVSE: ConnectorState.PAUSED_BY_CHARGER,
    Status.FINISHING: ConnectorState.ENDED,
    Status.RESERVED: ConnectorState.RESERVED,
    Status.UNAVAILABLE: ConnectorState.OUT_OF_SERVICE,
    Status.FAULTED: ConnectorState.FAULTED,
}
"""What viewers see in each word."""
