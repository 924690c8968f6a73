"""MeterValueType: how a sample is written in OCPP 2.0.1, measurand by measurand (block J).

A value is a JSON number, and never NaN or Infinity, which no JSON has (X17).
"""

from __future__ import annotations

import math
from typing import Any

from sim_core.charging.domain_events import Sample
from sim_core.hardware.measurands import MEASURANDS, REGISTER
from sim_core.hardware.model import Metering
from sim_core.wire.timestamps import stamp

LEFT_OUT = frozenset({"Temperature"})
"""Measurands of OCPP 1.6 that 2.0.1 has no word for (MeasurandEnumType)."""


def known(measurands: tuple[str, ...]) -> tuple[str, ...]:
    """Those that OCPP 2.0.1 has a word for."""
    return tuple(name for name in measurands if name not in LEFT_OUT)


def meter_value(sample: Sample, style: Metering) -> dict[str, Any]:
    """One MeterValueType; an empty list of measurands means the register."""
    names = known(sample.measurands) or (REGISTER,)
    return {
        "timestamp": stamp(sample.at),
        "sampledValue": [_sampled(name, sample, style) for name in names],
    }


def _sampled(name: str, sample: Sample, style: Metering) -> dict[str, Any]:
    measurand = MEASURANDS[name]
    value, unit, decimals = measurand.read(sample.reading), measurand.unit, measurand.decimals
    if not math.isfinite(value):
        value = 0.0
    if name == REGISTER:
        value = float(int(value))  # whole Wh, never more than the meter has counted
    if style.kilowatts and measurand.kilo_unit:
        value, unit, decimals = value / 1000, measurand.kilo_unit, decimals + 3
    said: dict[str, Any] = {
        "value": round(value, decimals),
        "context": sample.context.value,
        "measurand": name,
    }
    if style.location:
        said["location"] = measurand.location
    return {**said, "unitOfMeasure": {"unit": unit}}
