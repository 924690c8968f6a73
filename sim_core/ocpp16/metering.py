"""MeterValues: how a sample is written, measurand by measurand (OCPP 1.6 §4.7, §7.31).

When samples are taken is the charger's (`charging.sampling`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sim_core.charging.domain_events import Sample
from sim_core.hardware.measurands import CELSIUS, MEASURANDS, REGISTER, Measurand
from sim_core.hardware.meter import ROUNDING, Reading
from sim_core.hardware.model import Metering
from sim_core.wire.timestamps import stamp

TEMPERATURE: dict[str, Callable[[float], float]] = {
    "Celsius": lambda celsius: celsius,
    "Celcius": lambda celsius: celsius,
    "K": lambda celsius: celsius + 273.15,
    "Fahrenheit": lambda celsius: celsius * 1.8 + 32,
}
"""A temperature in each unit that OCPP 1.6 has a word for (§7.45)."""


FACTORS = ("Current.Import", "Voltage")


def cut(value: float, decimals: int) -> float:
    """What a display shows of a value: no more than there is, so no limit seems to be passed."""
    scale = 10.0**decimals
    return math.floor(value * scale + ROUNDING) / scale


def sampled_values(
    reading: Reading, measurands: tuple[str, ...], context: str, style: Metering
) -> list[dict[str, Any]]:
    """The sampledValue list of one meter value; an empty list of measurands means the register."""
    names = measurands or (REGISTER,)
    return [_sampled(name, MEASURANDS[name], reading, context, style) for name in names]


def _sampled(
    name: str, measurand: Measurand, reading: Reading, context: str, style: Metering
) -> dict[str, Any]:
    value, unit = measurand.read(reading), measurand.unit
    if unit == CELSIUS:
        unit = style.temperature_unit
        value = TEMPERATURE[unit](value)
    if name == REGISTER:
        value = float(int(value))  # whole Wh, never more than the meter has counted
    tenths = style.number_format == "g6"
    if tenths and name in FACTORS:
        value = cut(value, 1)
    if name == "Power.Active.Import":
        # A make that tells the product of A and V takes them as it shows them.
        of_shown = cut(reading.voltage_v, 1) * cut(reading.current_a, 1)
        value = of_shown if tenths else cut(value, measurand.decimals)
    if style.kilowatts and measurand.kilo_unit:
        value, unit = value / 1000, measurand.kilo_unit
    if style.number_format == "g6":
        # A and V have a resolution of 0.1, percent of 1; kWh and kW are printed as they are.
        shown = value if unit.startswith("k") else round(value, min(1, measurand.decimals))
        text = f"{shown:g}"
    else:
        text = f"{value:.{measurand.decimals}f}"
    location = measurand.location
    if style.kilowatts and location == "Outlet" and name != "Temperature":
        location = "Body"
    said = {"value": text, "context": context, "format": "Raw", "measurand": name}
    where = {"location": location} if style.location else {}
    return {**said, **where, "unit": unit}


def meter_value(sample: Sample, style: Metering) -> dict[str, Any]:
    """One meterValue."""
    return {
        "timestamp": stamp(sample.at),
        "sampledValue": sampled_values(
            sample.reading, sample.measurands, sample.context.value, style
        ),
    }
