"""Model files: whatever is wrong with one is a sentence at the start, and nothing of it leaves."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from sim_core.errors import UserError
from sim_core.hardware.model import Behaviour, Identity, KeyText, Metering, Ratings, Timing
from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.configuration_keys import keys_of, standard_keys
from sim_core.ocpp16.dialect import OCPP_16
from sim_core.ocpp16.registration import boot_payload
from sim_core.settings.loading import load
from sim_core.settings.model_file import ModelError, load_model, shipped
from sim_core.settings.options import ConfigError, Settings, options_of
from tests.harness import Harness

IDENTITY = '[identity]\nvendor = "V"\nmodel = "M"\n'
RATINGS = "[ratings]\nconnector_power_w = 1\nconnector_current_a = 1\ncabinet_power_w = 1\n"
HEAD = IDENTITY + RATINGS


def refused(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ModelError) as error:
        load_model(str(path))
    sentence = str(error.value)
    assert sentence.startswith(f"{path}")
    assert len(sentence) < 2_000
    return sentence


LENGTHS = {
    "vendor": 20,
    "model": 20,
    "serial_number": 25,
    "firmware_version": 50,
    "iccid": 20,
    "imsi": 20,
    "charge_box_serial_number": 25,
    "meter_type": 25,
    "meter_serial_number": 25,
}


def test_every_text_of_the_identity_fits_into_boot_notification(tmp_path: Path) -> None:
    assert set(LENGTHS) == {field.name for field in fields(Identity)}
    longest = Identity(**{name: "x" * most for name, most in LENGTHS.items()})
    payload = boot_payload(longest)
    assert len(payload) == len(LENGTHS)
    assert OCPP_16.schemas.request_fault("BootNotification", payload) is None
    for name, most in LENGTHS.items():
        identity = {"vendor": "V", "model": "M", name: "x" * (most + 1)}
        lines = "".join(f'{key} = "{value}"\n' for key, value in identity.items())
        sentence = refused(tmp_path, f"[identity]\n{lines}{RATINGS}")
        assert f"identity.{name} is '" in sentence
        assert f"{most} characters" in sentence


def numbers() -> list[tuple[str, str]]:
    timing = [("timing.real", field.name) for field in fields(Timing)]
    ratings = [("ratings", field.name) for field in fields(Ratings)]
    return [*timing, *ratings]


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "-1", "1e300", "true", '"1"', "[1]", "{}"])
def test_every_number_is_one_that_metal_can_have(tmp_path: Path, value: str) -> None:
    for section, name in numbers():
        if value == "-1" and name == "cabinet_c":
            continue  # it may be that cold
        ratings = dict.fromkeys(
            ("connector_power_w", "connector_current_a", "cabinet_power_w"), "1"
        )
        text = IDENTITY
        if section == "ratings":
            ratings[name] = value
        else:
            text += f"[{section}]\n{name} = {value}\n"
        lines = "".join(f"{key} = {number}\n" for key, number in ratings.items())
        sentence = refused(tmp_path, f"{text}[ratings]\n{lines}")
        assert f"{section}.{name} is " in sentence
        assert "allowed is a number" in sentence or "allowed is a list of [until, W]" in sentence


def test_every_field_says_what_it_may_be() -> None:
    """A field without a limit is true or false: so no number and no text passes unseen."""
    for kind in (Identity, Ratings, Timing, Behaviour, Metering, KeyText):
        for field in fields(kind):
            assert "limit" in field.metadata or str(field.type).startswith("bool"), field.name


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '[metering]\nnumber_format = "g7"',
            "metering.number_format is 'g7': allowed is 'fixed', ",
        ),
        ('[metering]\ntemperature_unit = "C"', "is 'C': allowed is 'Celsius', 'Celcius', 'K', "),
        ('[metering]\nkilowatts = "yes"', "metering.kilowatts is 'yes': allowed is true or false."),
        ("[metering]\nkilowatts = 1", "metering.kilowatts is 1: allowed is true or false."),
        ('[behaviour]\nstatus_order = "last"', "'last': allowed is 'charge_point_first', "),
        ("[behaviour]\nstatus_order = []", "behaviour.status_order is []: allowed is 'charge_"),
        ('[faults]\n9 = { info = "x", stops = "Never" }', "faults.9.stops is 'Never': allowed is"),
        (f'[faults]\n9 = "{"x" * 51}"', "faults.9.info is 'xxx"),
        (f'[faults]\n{"9" * 51} = "x"', "is no code: allowed is a text in quotes of 1 to 50"),
        ('[faults]\n"" = "x"', "faults.'' is no code"),
        ("[behaviour]\nlockabel = true", "is not known; allowed is boot_on_reconnect"),
        ("[behaviour]\nlockabel = true", "Did you mean lockable?"),
        ("[behavior]\nlockable = true", "Did you mean behaviour?"),
        ("[Timing.real]\nboot_s = 1", "Did you mean timing?"),
        ("[timing.Real]\nboot_s = 1", "Did you mean real?"),
        ("[timing.real]\nboot_sec = 1", "Did you mean boot_s?"),
        ("[timing.real]\nspread = 1.5", "spread is 1.5: allowed is a number from 0 to 1."),
        ("[timing.real]\nboot_s = 1e6", "allowed is a number of seconds from 0 to 86400, or {"),
        ("[timing.real]\nramp_w_per_s = 0", "ramp_w_per_s is 0: allowed is a number of W from 1"),
        ('[keys]\nRate = { value = "1", low = 1.5 }', "low is 1.5: allowed is a whole number from"),
        ('[keys]\nRate = { value = "1", low = -1 }', "keys.Rate.low is -1: allowed is a whole"),
        (f'[keys]\nRate = "{"x" * 501}"', "allowed is a text in quotes of at most 500 characters"),
        ('[keys]\nRate = "a\\u0007b"', "that can be printed"),
        ('[quirks]\njson_cc = "x"', "Did you mean json_c?"),
        ('[quirks]\ntypo = "x"', "quirks.typo is not known; allowed is pipelining"),
        ("[quirks]\njson_c = 3", "quirks.json_c is 3: allowed is a text in quotes"),
        ('[faults]\n9 = { infos = "x" }', "faults.9.infos is not known; allowed is info"),
        ("[keys]\nRate = { value = 3 }", "keys.Rate.value is 3: allowed is a text in quotes"),
        ('[keys]\nRate = { readonly = "no", value = "1" }', "keys.Rate.readonly is 'no'"),
        ("[timing.real]\nboot = 1", "timing.real.boot is not known"),
        ("[timing.fast]\nboot_s = 1", "timing.fast is not known; allowed is swift, real"),
        ('[quirks]\njson_c = { says = "x", keys = { A = 3 } }', "quirks.json_c.keys.A is 3"),
        (
            f'[quirks]\njson_c = {{ says = "x", keys = {{ A = "{"x" * 501}" }} }}',
            "allowed is a text in quotes of at most 500 characters",
        ),
    ],
)
def test_what_is_not_allowed_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in refused(tmp_path, f"{HEAD}{text}\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD + "cabinet_reserve_w = 2", "ratings.cabinet_reserve_w is 2: allowed is at most cabi"),
        (
            HEAD + "minimum_power_w = 2",
            "ratings.minimum_power_w is 2: allowed is at most connector",
        ),
        (HEAD.replace('"V"', '"V\\nW"'), "identity.vendor is 'V\\nW'"),
        (HEAD.replace('"V"', '""'), "identity.vendor is ''"),
        (HEAD.replace('"V"', "7"), "identity.vendor is 7"),
        (HEAD.replace('"V"', "[]"), "identity.vendor is []"),
        (HEAD.replace('vendor = "V"', ""), "identity.vendor is missing"),
        (HEAD.replace("power_w = 1", "power_w = " + "9" * 400, 1), "connector_power_w is 999"),
        (HEAD.encode("utf-16"), "is not UTF-8: save it as UTF-8"),
        (HEAD.replace('"V"', '"é"').encode("latin-1"), "is not UTF-8: save it as UTF-8"),
        ("a = " + "[" * 100_000, ""),
        ("a = " + "9" * 5000, ""),
        ("identity = 3\n" + RATINGS, "identity is 3: allowed is a section [identity]."),
    ],
)
def test_a_file_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    assert sentence in refused(tmp_path, text)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("\ufeff" + HEAD, encoding="utf-8")
    assert load_model(str(path)).identity.vendor == "V"


def test_a_model_that_is_nearly_one_is_named() -> None:
    with pytest.raises(ModelError, match=r"Did you mean generic\?"):
        load_model("genric")


# -- configuration keys ----------------------------------------------


def keys_with(connectors: int = 2, **keys: str) -> Any:
    model = replace(load_model("generic"), keys={name: KeyText(v) for name, v in keys.items()})
    return keys_of(model, standard_keys(connectors))


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"K" * 51: "x"}, "has 51 characters: a key has at most 50 (CiString50)"),
        (
            {"Rate": "x" * 501},
            "the value of Rate has 501 characters: GetConfiguration can tell 500",
        ),
        ({"": "x"}, "'' is no name of a key"),
        ({"Ra\tte": "x"}, "is no name of a key"),
        ({"Rate": "a\x00b"}, "the value of Rate has a character that cannot be printed"),
        (
            {"ConnectorPhaseRotation": ",".join(f"{n}.NotApplicable" for n in range(65))},
            "the value of ConnectorPhaseRotation has 1094 characters",
        ),
        (
            {"MeterValuesSampledData": "SoC,Voltage", "MeterValuesSampledDataMaxLength": "1"},
            "MeterValuesSampledData has 2 items, and MeterValuesSampledDataMaxLength allows 1",
        ),
    ],
)
def test_a_key_that_could_not_leave_is_refused_at_the_start(
    keys: dict[str, str], sentence: str
) -> None:
    with pytest.raises(UserError) as of_model:
        keys_with(64, **keys)
    assert sentence in str(of_model.value)
    with pytest.raises(ValueError) as of_option:  # noqa: PT011 - the sentence is what counts
        Configuration(
            standard_keys(64),
            initial=keys,
            stored={},
            save=lambda *_: None,
            on_change=lambda _: None,
        )
    assert sentence in str(of_option.value)


def test_a_key_in_another_spelling_is_not_a_second_one() -> None:
    with pytest.raises(UserError, match=r"keys\.heartbeatinterval is the key Heart"):
        keys_with(heartbeatinterval="60")


@pytest.mark.parametrize("connectors", [2, 64])
@pytest.mark.parametrize("model", shipped())
async def test_every_key_of_every_model_can_leave(model: str, connectors: int) -> None:
    async with Harness(model=model, connectors=connectors) as harness:
        answer = await harness.ask("GetConfiguration")
        assert OCPP_16.schemas.answer_fault("GetConfiguration", answer) is None
        most = ",".join(f"{n}.RST" for n in range(connectors + 1))
        assert len(most) <= 500
        await harness.ask("ChangeConfiguration", key="ConnectorPhaseRotation", value=most)
        answer = await harness.ask("GetConfiguration")
        assert OCPP_16.schemas.answer_fault("GetConfiguration", answer) is None


# -- options that reach the wire -------------------------------------


@pytest.mark.parametrize(
    "name",
    ["CP_VENDOR", "CP_MODEL", "CP_SERIAL_NUMBER", "FIRMWARE_VERSION", "ICCID", "ID_TAG"],
)
@pytest.mark.parametrize("value", ["a\nb", "\x07", "a\u202eb"])
def test_an_option_that_the_csms_reads_can_be_printed(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"{name} .* printable characters"):
        load([])


FLOATS = [name for name, option in options_of(Settings).items() if option.kind == "float"]


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400", "-1"])
def test_an_option_that_is_a_number_is_a_number(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name.upper(), value)
    with pytest.raises(ConfigError, match=name.upper()):
        load([])
