"""What a meter can say: the words of OCPP, and what only some makes measure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ocpp.v16.enums import Location, UnitOfMeasure
from ocpp.v16.enums import Measurand as Word

from sim_core.errors import UserError
from sim_core.hardware.measurands import (
    MEASURANDS,
    USUAL_MEASURANDS,
    Measurand,
    measurands_of,
)
from sim_core.hardware.model import Metering
from sim_core.settings.model_file import load_model
from tests.harness import Harness

LISTS = ("MeterValuesSampledData", "MeterValuesAlignedData", "StopTxnSampledData")
GENERIC = load_model("generic")
REACTIVE = Measurand("var", "Inlet", 0, lambda reading: 49.98, "kvar", usual=False)
OF_A_FILE = """
[identity]
vendor = "V"
model = "M"
[ratings]
connector_power_w = 1
connector_current_a = 1
cabinet_power_w = 1
[metering]
also_measures = "Power.Reactive.Import, Voltage"
"""


@pytest.mark.parametrize("name", MEASURANDS)
def test_a_measurand_is_said_in_words_that_ocpp_has(name: str) -> None:
    row = MEASURANDS[name]
    assert name in {word.value for word in Word}
    assert row.location in {place.value for place in Location}
    units = {unit.value for unit in UnitOfMeasure} | {"Celsius", ""}
    assert {row.unit, row.kilo_unit or row.unit} <= units


def test_a_make_measures_what_is_usual_and_what_its_file_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MEASURANDS, "Power.Reactive.Import", REACTIVE)
    path = tmp_path / "mine.toml"
    path.write_text(OF_A_FILE, "utf-8")
    measured = measurands_of(load_model(str(path)).metering)
    assert sorted(measured) == sorted([*USUAL_MEASURANDS, "Power.Reactive.Import"])
    assert measurands_of(GENERIC.metering) == USUAL_MEASURANDS


def test_a_measurand_that_nobody_has_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OF_A_FILE.replace("Power.Reactive.Import", "Voltaje"), "utf-8")
    with pytest.raises(UserError) as error:
        load_model(str(path))
    told = str(error.value)
    assert "metering.also_measures has 'Voltaje': allowed is Energy.Active" in told
    assert told.endswith("Did you mean Voltage?")


@pytest.mark.parametrize("has_it", [True, False])
async def test_a_csms_may_ask_for_what_the_make_measures(
    has_it: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MEASURANDS, "Power.Reactive.Import", REACTIVE)
    also = Metering(also_measures="Power.Reactive.Import" if has_it else "")
    async with Harness(model=replace(GENERIC, metering=also)) as harness:
        for name in LISTS:
            answer = await harness.ask(
                "ChangeConfiguration", key=name, value="Voltage,Power.Reactive.Import"
            )
            assert answer["status"] == ("Accepted" if has_it else "Rejected")
            told = await harness.ask("GetConfiguration", key=[f"{name}MaxLength"])
            most = len(USUAL_MEASURANDS) + has_it
            assert told["configurationKey"][0]["value"] == str(most)
        if has_it:
            asked = await harness.ask(
                "TriggerMessage", requestedMessage="MeterValues", connectorId=1
            )
            assert asked["status"] == "Accepted"
            said = (await harness.csms.next_call("MeterValues")).payload["meterValue"][0]
            assert said["sampledValue"][1] == {
                "value": "50",
                "context": "Trigger",
                "format": "Raw",
                "measurand": "Power.Reactive.Import",
                "location": "Inlet",
                "unit": "var",
            }
