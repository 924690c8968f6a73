"""ConnectorStatusEnumType and ChargingStateEnumType: the words of OCPP 2.0.1 for the facts. Pure.

They are two axes: a status says whether a connector can be used, a charging state what the
transaction is doing (Part 2, block G and E01.FR.18).
"""

from __future__ import annotations

from enum import Enum

from sim_core.charging.facts import ChargingState, Facts
from sim_core.snapshot import ConnectorState


class Status(str, Enum):
    """ConnectorStatusEnumType."""

    AVAILABLE = "Available"
    OCCUPIED = "Occupied"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


def connector_status(facts: Facts) -> Status:
    """The status of a connector, the most telling fact first.

    A vehicle at a connector that is out of service does not make it Occupied (TC_G_11), and whoever
    is plugged in at one that is Reserved for somebody else, it stays Reserved (G01.FR.06).
    """
    if facts.fault:
        return Status.FAULTED
    if not facts.operative and not facts.transaction:
        return Status.UNAVAILABLE
    held = facts.reserved_for is not None or facts.reserved_first
    if held and not facts.authorized and not facts.transaction:
        return Status.RESERVED
    return Status.OCCUPIED if facts.plugged or facts.cable else Status.AVAILABLE


STATES: dict[ChargingState, str] = {
    ChargingState.IDLE: "Idle",
    ChargingState.CONNECTED: "EVConnected",
    ChargingState.PAUSED_BY_CHARGER: "SuspendedEVSE",
    ChargingState.PAUSED_BY_VEHICLE: "SuspendedEV",
    ChargingState.CHARGING: "Charging",
}
"""ChargingStateEnumType."""

SHOWN: dict[ChargingState, ConnectorState] = {
    ChargingState.IDLE: ConnectorState.PAUSED_BY_VEHICLE,
    ChargingState.CONNECTED: ConnectorState.PREPARING,
    ChargingState.PAUSED_BY_CHARGER: ConnectorState.PAUSED_BY_CHARGER,
    ChargingState.PAUSED_BY_VEHICLE: ConnectorState.PAUSED_BY_VEHICLE,
    ChargingState.CHARGING: ConnectorState.CHARGING,
}


def shown_state(facts: Facts, state: ChargingState | None) -> ConnectorState:
    """What viewers see: finer than the five words."""
    status = connector_status(facts)
    if status is Status.FAULTED:
        return ConnectorState.FAULTED
    if state is not None:
        return SHOWN[state]
    if status is Status.UNAVAILABLE:
        return ConnectorState.OUT_OF_SERVICE
    if status is Status.RESERVED:
        return ConnectorState.RESERVED
    if facts.authorized:
        return ConnectorState.PREPARING
    if status is Status.OCCUPIED:
        return ConnectorState.ENDED if facts.ended else ConnectorState.PREPARING
    return ConnectorState.FREE


def whole_status(*, usable: bool, broken: bool) -> Status:
    """The station as a whole (ChargingStation.AvailabilityState)."""
    if broken:
        return Status.FAULTED
    return Status.AVAILABLE if usable else Status.UNAVAILABLE
