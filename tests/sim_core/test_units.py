"""Where a value is measured and in which unit: what a make says of it, what an operator may choose
of the unit of Temperature, and who needs that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sim_core.commands import Stop
from sim_core.from_settings import model_of
from sim_core.hardware.meter import Reading
from sim_core.hardware.model import TEMPERATURE_UNITS, Metering
from sim_core.ocpp16.dialect import OCPP_16
from sim_core.ocpp16.metering import sampled_values_of
from sim_core.settings.model_file import load_model
from tests.conformance.acts import charge, payloads
from tests.harness import Harness, settings
from tests.scripted_csms import CallError

LISTS = {
    "MeterValuesSampledData": "Energy.Active.Import.Register,Temperature",
    "StopTxnSampledData": "Energy.Active.Import.Register,Temperature",
}
WAY_OUT = "TEMPERATURE_UNIT=Celcius (--temperature-unit Celcius)"


@pytest.mark.parametrize("unit", TEMPERATURE_UNITS)
@pytest.mark.parametrize("number_format", ["fixed", "g6"])
def test_a_temperature_in_each_unit(unit: str, number_format: str) -> None:
    style = Metering(temperature_unit=unit, number_format=number_format)
    reading = Reading(0.0, temperature_c=25.0)
    (value,) = sampled_values_of(style).of(reading, ("Temperature",), "Sample.Periodic")
    shown = {"K": 298.15, "Fahrenheit": 77.0}.get(unit, 25.0)
    assert (value["unit"], float(value["value"])) == (unit, pytest.approx(shown, abs=0.06))
    stamped = {"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [value]}
    assert (
        OCPP_16.schemas.request_fault("MeterValues", {"connectorId": 1, "meterValue": [stamped]})
        is None
    )


def test_a_model_may_leave_the_location_out() -> None:
    (value,) = sampled_values_of(Metering(location=False)).of(
        Reading(0.0), ("Voltage",), "Sample.Periodic"
    )
    assert "location" not in value


@pytest.mark.parametrize("kilowatts", [False, True])
def test_where_each_value_is_measured(kilowatts: bool) -> None:
    """A make that counts in kWh has its meter in the body; all else of it is where it is."""
    style, meter = Metering(kilowatts=kilowatts), "Body" if kilowatts else "Outlet"
    where = {
        "Energy.Active.Import.Register": meter,
        "Current.Import": meter,
        "Current.Offered": meter,
        "Voltage": meter,
        "Power.Active.Import": meter,
        "Power.Offered": meter,
        "SoC": "EV",
        "Temperature": "Outlet",
    }
    values = sampled_values_of(style).of(Reading(0.0), tuple(where), "Sample.Periodic")
    assert {value["measurand"]: value["location"] for value in values} == where


@pytest.mark.parametrize("model", ["generic", "gresgying-f3-eu180"])
def test_an_option_has_its_way_over_the_model(model: str) -> None:
    assert model_of(settings(model=model)).metering.temperature_unit == "Celsius"
    chosen = model_of(settings(model=model, temperature_unit="Celcius"))
    assert chosen.metering == replace(load_model(model).metering, temperature_unit="Celcius")


def units(harness: Harness, action: str, inside: str) -> set[str]:
    return {
        sampled["unit"]
        for payload in payloads(harness, action)
        for value in payload.get(inside, [])
        for sampled in value["sampledValue"]
        if sampled["measurand"] == "Temperature"
    }


async def test_celcius_is_in_every_message_that_has_a_temperature() -> None:
    model = load_model("generic")
    celcius = replace(model, metering=replace(model.metering, temperature_unit="Celcius"))
    async with Harness(model=celcius, keys=LISTS) as harness:
        await charge(harness)
        await harness.advance(30)
        await harness.ask("TriggerMessage", requestedMessage="MeterValues", connectorId=1)
        await harness.submit(Stop(1))
        assert units(harness, "MeterValues", "meterValue") == {"Celcius"}
        assert units(harness, "StopTransaction", "transactionData") == {"Celcius"}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CallError("FormationViolation", "meterValue.0.sampledValue.1.unit"), True),
        (CallError("TypeConstraintViolation", ""), True),
        (CallError("PropertyConstraintViolation", "must be one of Wh, kWh"), True),
        (CallError("InternalError", "'Celsius' is not one of ['Wh', 'Celcius']"), True),
        (CallError("GenericError", "no enum constant UnitOfMeasure.CELSIUS"), True),
        (CallError("InternalError", "database is down"), False),
        (CallError("NotSupported", ""), False),
    ],
)
@pytest.mark.parametrize("action", ["MeterValues", "StopTransaction"])
async def test_a_refusal_names_the_way_out(action: str, error: Any, told: bool) -> None:
    keys = {**LISTS, "TransactionMessageAttempts": "1"}
    async with Harness(keys=keys) as harness:
        harness.csms.script[action].append(error)
        await charge(harness)
        await harness.advance(10)
        await harness.submit(Stop(1))
        await harness.advance(10)
        warnings = [one for one in harness.station.snapshot.warnings if WAY_OUT in one]
        assert len(warnings) == told
        if told:
            assert warnings[0].startswith(f"the CSMS refused {action} with a Temperature in Cel")
            await harness.ask("ChangeConfiguration", key="StopTxnSampledData", value="SoC")
            assert not [one for one in harness.station.snapshot.warnings if WAY_OUT in one]


async def test_a_refusal_without_a_temperature_has_another_reason() -> None:
    async with Harness(keys={"TransactionMessageAttempts": "1"}) as harness:
        harness.csms.script["MeterValues"].append(CallError("FormationViolation", "unit"))
        await charge(harness)
        await harness.advance(10)
        assert payloads(harness, "MeterValues")
        assert not [one for one in harness.station.snapshot.warnings if WAY_OUT in one]
