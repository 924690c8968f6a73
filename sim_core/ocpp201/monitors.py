"""Monitors of variables: when one has something to tell. Pure (OCPP 2.0.1 Part 2, block N).

A threshold alerts when it is passed and clears when the value is back; a delta tells a change; a
periodic one tells the value again and again. What is remembered of each monitor is `Memory`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Kind(str, Enum):
    """MonitorEnumType."""

    UPPER = "UpperThreshold"
    LOWER = "LowerThreshold"
    DELTA = "Delta"
    PERIODIC = "Periodic"
    ALIGNED = "PeriodicClockAligned"


THRESHOLDS = frozenset({Kind.UPPER, Kind.LOWER})
PERIODIC = frozenset({Kind.PERIODIC, Kind.ALIGNED})
CRITERIA: dict[str, frozenset[Kind]] = {
    "ThresholdMonitoring": THRESHOLDS,
    "DeltaMonitoring": frozenset({Kind.DELTA}),
    "PeriodicMonitoring": PERIODIC,
}
"""MonitoringCriterionEnumType."""

ALERTING, CHANGED, AGAIN = "Alerting", "Delta", "Periodic"
"""EventTriggerEnumType."""


@dataclass(frozen=True)
class Memory:
    """What a monitor remembers of its variable."""

    told: str | None = None
    """The value that was told last, or that there was when it was set."""
    exceeded: bool = False
    """Its threshold is passed, and that was told."""


@dataclass(frozen=True)
class Alert:
    """What a monitor has to tell."""

    trigger: str
    cleared: bool = False


def look(kind: Kind, limit: float, value: str, memory: Memory) -> tuple[Alert | None, Memory]:
    """What there is to tell now that the variable has this value; periodic ones tell nothing by
    themselves. Beyond a threshold is strictly beyond (N07.FR.16)."""
    if kind in THRESHOLDS:
        number = as_number(value)
        if number is None:
            return None, memory
        beyond = number > limit if kind is Kind.UPPER else number < limit
        if beyond is memory.exceeded:
            return None, memory
        return Alert(ALERTING, cleared=not beyond), replace(memory, exceeded=beyond)
    if kind is Kind.DELTA and moved(memory.told, value, limit):
        return Alert(CHANGED), replace(memory, told=value)
    return None, memory


def moved(before: str | None, value: str, by: float) -> bool:
    """Whether a value has moved by more than that; what is no number, whether it has changed
    (N07.FR.19)."""
    if before is None:
        return False
    one, other = as_number(before), as_number(value)
    if one is None or other is None:
        return before != value
    return abs(one - other) > by if by > 0 else one != other


def as_number(text: str) -> float | None:
    """A value as a number; None where it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number == number and abs(number) != float("inf") else None
