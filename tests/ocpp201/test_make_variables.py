"""What a model's file makes of the device model, as a CSMS hears of it; and who speaks 2.0.1."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim_core.errors import UserError
from sim_core.from_settings import model_of
from sim_core.hardware.model import KeyText, VariableText
from sim_core.ocpp201.make_variables import of_make
from sim_core.ocpp201.standard_variables import variables_of
from sim_core.ocpp201.variables import Address
from sim_core.settings.loading import load
from sim_core.settings.model_file import ModelError, load_model
from tests.harness import Harness, settings

FILE = """
[identity]
vendor = "V"
model = "M"
[ratings]
connector_power_w = 60000
connector_current_a = 200
cabinet_power_w = 120000
[keys]
ConnectionTimeOut = "77"
MeterValuesSampledData = "Nonsense"
[variables]
"AlignedDataCtrlr.Interval" = "900"
"EVSE.Power" = { high = 50000 }
"EVSE 2.Power" = { high = 20000 }
"EVSE 9.Fan" = { type = "boolean", value = "true" }
"OCPPCommCtrlr.MessageTimeout[Default]" = { value = "20", readonly = true }
"DisplayMessageCtrlr.Enabled" = { absent = true }
"Fan[Left] 1.Mode[Night]" = { value = "auto", type = "OptionList", values = ["Auto", "Silent"], \
readonly = false, meaning = "How loud" }
"""


def asked(name: str, **more: Any) -> dict[str, Any]:
    address = Address.read(name)
    assert address is not None
    assert str(address) == name
    return {**address.wire(), **more}


async def test_a_csms_finds_the_variables_of_the_make(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(FILE)

    async def get(name: str) -> tuple[str, str | None]:
        answer = await harness.ask("GetVariables", getVariableData=[asked(name)])
        (row,) = answer["getVariableResult"]
        return row["attributeStatus"], row.get("attributeValue")

    async def set_to(name: str, value: str) -> str:
        row = asked(name, attributeValue=value)
        answer = await harness.ask("SetVariables", setVariableData=[row])
        status: str = answer["setVariableResult"][0]["attributeStatus"]
        return status

    async with Harness(version="2.0.1", model=load_model(str(path))) as harness:
        assert await get("AlignedDataCtrlr.Interval") == ("Accepted", "900")
        assert await get("TxCtrlr.EVConnectionTimeOut") == ("Accepted", "77")
        assert await get("DisplayMessageCtrlr.Enabled") == ("UnknownVariable", None)
        assert await get("EVSE 9.Fan") == ("UnknownComponent", None)
        timeout = "OCPPCommCtrlr.MessageTimeout[Default]"
        assert await get(timeout) == ("Accepted", "20")
        assert await set_to(timeout, "30") == "Rejected"
        mode = "Fan[Left] 1.Mode[Night]"
        assert await get(mode) == ("Accepted", "Auto")
        assert await set_to(mode, "Loud") == "Rejected"
        assert await set_to(mode, "silent") == "Accepted"
        assert await get(mode) == ("Accepted", "Silent")
        await harness.ask("GetBaseReport", requestId=1, reportBase="FullInventory")
        await harness.settle()
        reported = {
            (row["component"]["name"], (row["component"].get("evse") or {}).get("id"),
             row["variable"]["name"]): row["variableCharacteristics"]
            for call in harness.csms.of("NotifyReport")
            for row in call.payload["reportData"]
        }  # fmt: skip
        assert reported["EVSE", 1, "Power"]["maxLimit"] == 50000
        assert reported["EVSE", 2, "Power"]["maxLimit"] == 20000
        assert reported["Fan", 1, "Mode"]["valuesList"] == "Auto,Silent"
        assert ("DisplayMessageCtrlr", None, "Enabled") not in reported


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("HeartbeatInterval", VariableText("9"), "names no variable: write Component.Variable"),
        ("EVSE.Colour", VariableText("9"), "no standard variable: mend its spelling, or say its"),
        ("EVSE.Colour", VariableText(absent=True), "is absent anyway: leave it out"),
        ("OCPPCommCtrlr.HeartbeatInterval", VariableText("soon"), "cannot be 'soon': OCPPCommCtr"),
        ("TxCtrlr.TxStopPoint", VariableText("Never"), "cannot have Never: allowed is EVConnected"),
    ],
)
def test_what_a_file_says_wrong_is_a_sentence(name: str, text: VariableText, sentence: str) -> None:
    model = replace(load_model("generic"), variables={name: text})
    with pytest.raises(UserError, match=sentence) as error:
        of_make(model, variables_of(model, 2))
    assert str(error.value).startswith(f"the model generic: variables.{name} ")


def test_a_key_of_1_6_that_means_nothing_here_changes_nothing() -> None:
    model = replace(load_model("generic"), keys={"OwnKey": KeyText("1")})
    standard = variables_of(model, 1)
    assert of_make(model, standard) == standard


def test_a_make_that_speaks_1_6_only_says_so_and_the_usual_one_gives_way() -> None:
    spoken = settings(ocpp_version="2.0.1")
    assert model_of(spoken).name == "generic"
    assert model_of(settings()).name == "gresgying-f3-eu180"
    flags = ["--ocpp-version", "2.0.1", "--model", "gresgying-f3-eu180"]
    with pytest.raises(ModelError, match=r"speaks OCPP 1\.6 only.*MODEL to generic"):
        model_of(load(flags, prog="test"))
