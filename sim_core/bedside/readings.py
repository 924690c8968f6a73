"""What a meter says, out of the sampled values of a MeterValues (OCPP 1.6 §7.43, 2.0.1 part 2).

Makes differ in what they leave out and in how they write it: a phase each, a unit or none, numbers
as texts in any notation. What is not said stays unknown; what cannot be read is not said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ENERGY, POWER = "Energy.Active.Import.Register", "Power.Active.Import"
VOLTAGE, CURRENT, SOC = "Voltage", "Current.Import", "SoC"
SCALES = {
    ENERGY: {"Wh": 1.0, "kWh": 1000.0},
    POWER: {"W": 1.0, "kW": 1000.0},
    VOLTAGE: {"V": 1.0},
    CURRENT: {"A": 1.0},
    SOC: {"Percent": 1.0, "%": 1.0},
}
"""Measurand -> what one of a unit is in ours; the first unit counts where none is said."""
PHASES = ("L1", "L2", "L3")
ELSEWHERE = frozenset({"Inlet", "Body", "Cable"})
"""Places that are not the outlet, which is meant where none is named."""


@dataclass(frozen=True)
class Reading:
    """What is known of a connector's meter; None: nobody has said."""

    power_w: float | None = None
    voltage_v: float | None = None
    current_a: float | None = None
    register_wh: float | None = None
    soc_percent: float | None = None


def reading_of(meter_values: object) -> Reading:
    """The newest that a list of meter values says of each."""
    found: dict[tuple[str, bool, str], float] = {}
    for sample in _samples(meter_values):
        measurand = sample.get("measurand", ENERGY)
        scales = SCALES.get(measurand) if isinstance(measurand, str) else None
        value = _number(sample.get("value"))
        if scales is None or value is None or sample.get("format", "Raw") != "Raw":
            continue
        unit, power = _unit_of(sample, next(iter(scales)))
        scale = scales.get(unit) if isinstance(unit, str) else None
        if scale is None or not -9 <= power <= 9:
            continue
        scale *= 10.0**power
        phase, location = sample.get("phase") or "", sample.get("location")
        elsewhere = location in ELSEWHERE if isinstance(location, str) else False
        found[str(measurand), elsewhere, str(phase)] = value * scale
    return Reading(
        power_w=_of(found, POWER, sum),
        voltage_v=_of(found, VOLTAGE, max),
        current_a=_of(found, CURRENT, max),
        register_wh=_of(found, ENERGY, sum),
        soc_percent=_percent(_of(found, SOC, max)),
    )


def _unit_of(sample: dict[str, Any], usual: str) -> tuple[object, int]:
    """The unit, and the power of ten of which it is a multiple: 2.0.1 has both in an object
    (UnitOfMeasureType), 1.6 the unit alone."""
    measure = sample.get("unitOfMeasure")
    if not isinstance(measure, dict):
        return sample.get("unit", usual), 0
    power = measure.get("multiplier", 0)
    known = isinstance(power, int) and not isinstance(power, bool)
    return measure.get("unit", usual), power if known else 0


def _of(found: dict[tuple[str, bool, str], float], measurand: str, together: Any) -> float | None:
    """The value at the outlet, of all phases; else what the phases make of it together."""
    for elsewhere in (False, True):
        whole = found.get((measurand, elsewhere, ""))
        if whole is not None:
            return whole
        for ending in ("", "-N"):
            each = [found.get((measurand, elsewhere, phase + ending)) for phase in PHASES]
            known = [one for one in each if one is not None]
            if known:
                return float(together(known))
    return None


def _percent(value: float | None) -> float | None:
    return value if value is not None and 0 <= value <= 100 else None


def _samples(meter_values: object) -> Iterator[dict[str, Any]]:
    for meter_value in meter_values if isinstance(meter_values, list) else ():
        samples = meter_value.get("sampledValue") if isinstance(meter_value, dict) else None
        for sample in samples if isinstance(samples, list) else ():
            if isinstance(sample, dict):
                yield sample


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and abs(number) < 1e15 else None
