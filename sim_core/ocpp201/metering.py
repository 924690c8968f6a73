"""MeterValueType: how a sample is written in OCPP 2.0.1, measurand by measurand (block J).

A value is a JSON number, and never NaN or Infinity, which no JSON has (X17).
"""

from __future__ import annotations

import math
from base64 import b64encode
from typing import Any

from sim_core.charging.domain_events import Sample
from sim_core.files.ocmf import METHOD
from sim_core.hardware.measurands import MEASURANDS, REGISTER
from sim_core.hardware.model import Metering
from sim_core.wire.timestamps import stamp

LEFT_OUT = frozenset({"Temperature"})
"""Measurands of OCPP 1.6 that 2.0.1 has no word for (MeasurandEnumType)."""


def known(measurands: tuple[str, ...]) -> tuple[str, ...]:
    """Those that OCPP 2.0.1 has a word for."""
    return tuple(name for name in measurands if name not in LEFT_OUT)


def meter_value(sample: Sample, style: Metering, public_key: str = "") -> dict[str, Any]:
    """One MeterValueType; an empty list of measurands means the register. `public_key` is told with
    what its meter has signed: hexadecimal ASN.1, empty where it is not to be told."""
    names = known(sample.measurands) or (REGISTER,)
    values = [_sampled(name, sample, style) for name in names]
    if sample.signed:
        for value in values:
            if value["measurand"] == REGISTER:
                value["signedMeterValue"] = _signed(sample.signed, public_key)
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
