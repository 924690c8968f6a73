"""MeterValues: how a sample is written, measurand by measurand (OCPP 1.6 §4.7, §7.31).

When samples are taken is the charger's (`charging.sampling`). What of a sampledValue does not hang
on the reading is settled once for each list of measurands and context, as a plan: a fleet writes
the same seven values a thousand times a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from sim_core.charging.domain_events import Sample
from sim_core.hardware.measurands import CELSIUS, MEASURANDS, REGISTER, Measurand
from sim_core.hardware.meter import ROUNDING, Reading
from sim_core.hardware.model import Metering, SampledLine
from sim_core.wire.timestamps import stamp


def _as_it_is(celsius: float) -> float:
    return celsius


TEMPERATURE: dict[str, Callable[[float], float]] = {
    "Celsius": _as_it_is,
    "Celcius": _as_it_is,
    "K": lambda celsius: celsius + 273.15,
    "Fahrenheit": lambda celsius: celsius * 1.8 + 32,
}
"""A temperature in each unit that OCPP 1.6 has a word for (§7.45)."""


FACTORS = ("Current.Import", "Voltage")
SHARED_BY_PHASES = ("Current.Import", "Current.Export", "Power.Active.Import", REGISTER)
PLANS_KEPT = 64
"""Of one make: a CSMS may set any list of measurands, and any number of them."""


class Column(NamedTuple):
    """How one sampledValue of a plan is made."""

    value: Callable[[Reading], float]
    """What is shown, in the unit in which it is."""
    digits: str
    """How that is written: a format of Python."""
    rest: dict[str, str]
    """What of it is the same in each sample."""


def cut(value: float, decimals: int) -> float:
    """What a display shows of a value: no more than there is, so no limit seems to be passed."""
    scale = 10.0**decimals
    return math.floor(value * scale + ROUNDING) / scale


@lru_cache(maxsize=32)
def sampled_values_of(style: Metering) -> SampledValues:
    """How a make writes its samples: charge points of one make share their plans."""
    return SampledValues(style)


class SampledValues:
    """The samples of one make."""

    def __init__(self, style: Metering) -> None:
        self._style = style
        self._plan = lru_cache(maxsize=PLANS_KEPT)(self._planned)

    def meter_value(self, sample: Sample) -> dict[str, Any]:
        """One meterValue."""
        values = self.of(sample.reading, sample.measurands, sample.context._value_)
        return {"timestamp": stamp(sample.at), "sampledValue": values}

    def of(
        self, reading: Reading, measurands: tuple[str, ...], context: str
    ) -> list[dict[str, Any]]:
        """The sampledValue list of one meter value; an empty list of measurands means the
        register."""
        plan = self._plan(measurands, context)
        return [{"value": f"{value(reading):{digits}}", **rest} for value, digits, rest in plan]

    def _planned(self, measurands: tuple[str, ...], context: str) -> tuple[Column, ...]:
        style, names = self._style, measurands or (REGISTER,)
        lines = lines_of(style, context)
        ruled = {line.measurand for line in style.values} if lines else set()
        return (
            *(_by_line(line, lines, context) for line in lines if line.measurand in names),
            *(_as_usual(name, context, style) for name in names if name not in ruled),
        )


def lines_of(style: Metering, context: str) -> tuple[SampledLine, ...]:
    """The lines that are for a sample of this context."""
    named = tuple(line for line in style.values if context in line.when)
    return named or tuple(line for line in style.values if not line.when)


# -- a make's own lines --------------------------------------------------


def _by_line(line: SampledLine, lines: tuple[SampledLine, ...], context: str) -> Column:
    """A sampledValue as its line has it."""
    measurand = MEASURANDS[line.measurand]
    unit = measurand.unit if line.unit is None else line.unit
    decimals = measurand.decimals if line.decimals is None else line.decimals
    kilo = bool(measurand.unit) and unit == f"k{measurand.unit}"
    converted = TEMPERATURE.get(unit) if measurand.unit == CELSIUS else None

    def value(reading: Reading) -> float:
        shown = measurand.read(reading)
        if converted is not None:
            shown = converted(shown)
        shown = _of_phase(line, lines, shown)
        if kilo:
            shown /= 1000
        if line.step:
            shown = math.floor(shown / line.step + ROUNDING) * line.step
        return cut(shown, decimals) if line.measurand == REGISTER else shown  # never more than is

    digits = f".{line.significant}g" if line.significant else f".{decimals}f"
    if line.exponent and not line.significant:
        digits = f".{decimals}e"
    fields = {
        "context": context if line.context is None else line.context,
        "format": line.format,
        "measurand": line.measurand if line.names_measurand else "",
        "phase": line.phase,
        "location": line.location,
        "unit": unit,
    }
    return Column(value, digits, {name: said for name, said in fields.items() if said})


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


# -- every other measurand -----------------------------------------------


def _as_usual(name: str, context: str, style: Metering) -> Column:
    """A sampledValue as the rest of the make's section has it."""
    measurand, tenths = MEASURANDS[name], style.number_format == "g6"
    unit = measurand.unit
    if unit == CELSIUS:
        unit = style.temperature_unit
    kilo = style.kilowatts and measurand.kilo_unit
    if kilo:
        unit = kilo
    location = measurand.location
    if style.kilowatts and location == "Outlet" and name != "Temperature":
        location = "Body"
    rest = {
        "context": context,
        "format": "Raw",
        "measurand": name,
        **({"location": location} if style.location else {}),
        **({"unit": unit} if unit else {}),
    }
    value = _shown(name, measurand, unit, tenths)
    if kilo:
        value = _thousandth(value)
    if not tenths:
        return Column(value, f".{measurand.decimals}f", rest)
    if not unit.startswith("k") and name not in FACTORS:
        # Percent has a resolution of 1, all else of 0.1, to which A and V are cut already; kWh and
        # kW are printed as they are.
        value = _rounded(value, min(1, measurand.decimals))
    return Column(value, "g", rest)


def _shown(name: str, measurand: Measurand, unit: str, tenths: bool) -> Callable[[Reading], float]:
    """What the make's meter shows of a measurand in its plain unit."""
    read, decimals = measurand.read, measurand.decimals
    if measurand.unit == CELSIUS:
        converted = TEMPERATURE[unit]
        return read if converted is _as_it_is else lambda reading: converted(read(reading))
    if name == REGISTER:  # whole Wh, never more than the meter has counted
        return lambda reading: float(int(read(reading)))
    if name == "Power.Active.Import":
        if tenths:  # A make that tells the product of A and V takes them as it shows them.
            return lambda reading: cut(reading.voltage_v, 1) * cut(reading.current_a, 1)
        return lambda reading: cut(read(reading), decimals)
    if tenths and name in FACTORS:
        return lambda reading: cut(read(reading), 1)
    return read


def _thousandth(value: Callable[[Reading], float]) -> Callable[[Reading], float]:
    return lambda reading: value(reading) / 1000


def _rounded(value: Callable[[Reading], float], digits: int) -> Callable[[Reading], float]:
    return lambda reading: round(value(reading), digits)
