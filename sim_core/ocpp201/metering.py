"""MeterValueType: how a sample is written in OCPP 2.0.1, measurand by measurand (block J).

A value is a JSON number, and never NaN or Infinity, which no JSON has (X17). What of it does not
hang on the reading is settled once for each list of measurands and context, as a plan: a fleet
writes the same six values a thousand times a second.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from sim_core.charging.domain_events import Sample
from sim_core.files.ocmf import METHOD
from sim_core.hardware.measurands import MEASURANDS, REGISTER
from sim_core.hardware.meter import Reading
from sim_core.hardware.model import Metering
from sim_core.wire.timestamps import stamp

LEFT_OUT = frozenset({"Temperature"})
"""Measurands of OCPP 1.6 that 2.0.1 has no word for (MeasurandEnumType)."""
PLANS_KEPT = 256
"""Of all makes: a CSMS may set any list of measurands, and any number of them."""


def known(measurands: tuple[str, ...]) -> tuple[str, ...]:
    """Those that OCPP 2.0.1 has a word for."""
    return tuple(name for name in measurands if name not in LEFT_OUT)


def meter_value(sample: Sample, style: Metering, public_key: str = "") -> dict[str, Any]:
    """One MeterValueType; an empty list of measurands means the register. `public_key` is told with
    what its meter has signed: hexadecimal ASN.1, empty where it is not to be told."""
    reading = sample.reading
    plan = _plan(sample.measurands, sample.context.value, style.kilowatts, style.location)
    values: list[dict[str, Any]] = [
        {"value": value(reading), **rest, "unitOfMeasure": {"unit": unit}}
        for value, unit, rest in plan
    ]
    if sample.signed:
        for one in values:
            if one["measurand"] == REGISTER:
                one["signedMeterValue"] = _signed(sample.signed, public_key)
    return {"timestamp": stamp(sample.at), "sampledValue": values}


def _signed(text: str, public_key: str) -> dict[str, str]:
    """SignedMeterValueType: all of its fields are required (J01.FR.21)."""
    key = f"oca:base16:asn1:{public_key}" if public_key else ""
    return {
        "signedMeterData": b64encode(text.encode()).decode(),
        "signingMethod": METHOD,
        "encodingMethod": "OCMF",
        "publicKey": b64encode(key.encode()).decode(),
    }


class Column(NamedTuple):
    """How one sampledValue is made: its value, its unit, and what is the same in each sample."""

    value: Callable[[Reading], float]
    unit: str
    rest: dict[str, str]


@lru_cache(maxsize=PLANS_KEPT)
def _plan(
    measurands: tuple[str, ...], context: str, kilowatts: bool, says_where: bool
) -> tuple[Column, ...]:
    """What of a sample does not hang on its reading."""
    names = known(measurands) or (REGISTER,)
    return tuple(_column(name, context, kilowatts, says_where) for name in names)


def _column(name: str, context: str, kilowatts: bool, says_where: bool) -> Column:
    measurand = MEASURANDS[name]
    unit, decimals = measurand.unit, measurand.decimals
    kilo = measurand.kilo_unit if kilowatts else None
    if kilo:
        unit, decimals = kilo, decimals + 3

    def value(reading: Reading) -> float:
        shown = measurand.read(reading)
        if not math.isfinite(shown):
            shown = 0.0
        if name == REGISTER:
            shown = float(int(shown))  # whole Wh, never more than the meter has counted
        return round(shown / 1000 if kilo else shown, decimals)

    rest = {"context": context, "measurand": name}
    return Column(value, unit, {**rest, **({"location": measurand.location} if says_where else {})})
