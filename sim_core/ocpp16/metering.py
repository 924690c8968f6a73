"""MeterValues: how a sample is written, measurand by measurand (OCPP 1.6 §4.7, §7.31).

When samples are taken is the charger's (`charging.sampling`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sim_core.charging.domain_events import Sample
from sim_core.hardware.measurands import CELSIUS, MEASURANDS, REGISTER, Measurand
from sim_core.hardware.meter import ROUNDING, Reading
from sim_core.hardware.model import Metering, SampledLine
from sim_core.wire.timestamps import stamp

TEMPERATURE: dict[str, Callable[[float], float]] = {
    "Celsius": lambda celsius: celsius,
    "Celcius": lambda celsius: celsius,
    "K": lambda celsius: celsius + 273.15,
    "Fahrenheit": lambda celsius: celsius * 1.8 + 32,
}
"""A temperature in each unit that OCPP 1.6 has a word for (§7.45)."""


FACTORS = ("Current.Import", "Voltage")
SHARED_BY_PHASES = ("Current.Import", "Current.Export", "Power.Active.Import", REGISTER)


def cut(value: float, decimals: int) -> float:
    """What a display shows of a value: no more than there is, so no limit seems to be passed."""
    scale = 10.0**decimals
    return math.floor(value * scale + ROUNDING) / scale


def sampled_values(
    reading: Reading, measurands: tuple[str, ...], context: str, style: Metering
) -> list[dict[str, Any]]:
    """The sampledValue list of one meter value; an empty list of measurands means the register."""
    names = measurands or (REGISTER,)
    lines = lines_of(style, context)
    if not lines:
        return [_sampled(name, MEASURANDS[name], reading, context, style) for name in names]
    ruled = {line.measurand for line in style.values}
    return [
        *(_by_line(line, lines, reading, context) for line in lines if line.measurand in names),
        *(
            _sampled(name, MEASURANDS[name], reading, context, style)
            for name in names
            if name not in ruled
        ),
    ]


def lines_of(style: Metering, context: str) -> tuple[SampledLine, ...]:
    """The lines that are for a sample of this context."""
    named = tuple(line for line in style.values if context in line.when)
    return named or tuple(line for line in style.values if not line.when)


def _by_line(
    line: SampledLine, lines: tuple[SampledLine, ...], reading: Reading, context: str
) -> dict[str, Any]:
    """A sampledValue as its line has it."""
    measurand = MEASURANDS[line.measurand]
    value, unit = measurand.read(reading), measurand.unit if line.unit is None else line.unit
    if measurand.unit == CELSIUS and unit in TEMPERATURE:
        value = TEMPERATURE[unit](value)
    value = _of_phase(line, lines, value)
    if measurand.unit and unit == f"k{measurand.unit}":
        value /= 1000
    if line.step:
        value = math.floor(value / line.step + ROUNDING) * line.step
    decimals = measurand.decimals if line.decimals is None else line.decimals
    if line.measurand == REGISTER:
        value = cut(value, decimals)  # never more than the meter has counted
    if line.significant:
        text = f"{value:.{line.significant}g}"
    else:
        text = f"{value:.{decimals}e}" if line.exponent else f"{value:.{decimals}f}"
    fields = {
        "value": text,
        "context": context if line.context is None else line.context,
        "format": line.format,
        "measurand": line.measurand if line.names_measurand else "",
        "phase": line.phase,
        "location": line.location,
        "unit": unit,
    }
    return {name: said for name, said in fields.items() if said or name == "value"}


def _of_phase(line: SampledLine, lines: tuple[SampledLine, ...], value: float) -> float:
    """The part of a value that one phase has: what flows is shared, what lies on is not."""
    between = line.phase.count("L") == 2
    if line.measurand == "Voltage":
        return value * math.sqrt(3) if between else value
    if not line.phase or line.measurand not in SHARED_BY_PHASES:
        return value
    if not line.phase.startswith("L"):
        return 0.0  # the neutral of a load that is balanced
    phases = {other.phase for other in lines if other.measurand == line.measurand}
    return value / max(1, sum(phase.startswith("L") for phase in phases))


def _sampled(
    name: str, measurand: Measurand, reading: Reading, context: str, style: Metering
) -> dict[str, Any]:
    value = measurand.read(reading)
    unit, fields = _fields(name, context, style.kilowatts, style.location, style.temperature_unit)
    if measurand.unit == CELSIUS:
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
        value /= 1000
    if tenths:
        # A and V have a resolution of 0.1, percent of 1; kWh and kW are printed as they are.
        shown = value if unit.startswith("k") else round(value, min(1, measurand.decimals))
        text = f"{shown:g}"
    else:
        text = f"{value:.{measurand.decimals}f}"
    return {"value": text, **fields}


@lru_cache(maxsize=1000)
def _fields(
    name: str, context: str, kilowatts: bool, says_where: bool, temperature_unit: str
) -> tuple[str, dict[str, str]]:
    """The unit of a sampledValue, and what of it is the same in each."""
    measurand = MEASURANDS[name]
    unit, location = measurand.unit, measurand.location
    if unit == CELSIUS:
        unit = temperature_unit
    if kilowatts and measurand.kilo_unit:
        unit = measurand.kilo_unit
    if kilowatts and location == "Outlet" and name != "Temperature":
        location = "Body"
    said = {"context": context, "format": "Raw", "measurand": name}
    where = {"location": location} if says_where else {}
    return unit, {**said, **where, **({"unit": unit} if unit else {})}


def meter_value(sample: Sample, style: Metering) -> dict[str, Any]:
    """One meterValue."""
    return {
        "timestamp": stamp(sample.at),
        "sampledValue": sampled_values(
            sample.reading, sample.measurands, sample.context.value, style
        ),
    }
