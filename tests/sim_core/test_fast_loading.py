"""What is read at a look is what the full way reads, and whatever is not plain is left to it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim_core.fleet.options import FleetSettings
from sim_core.settings.fast_loading import HAVE_A_SAY, READ, load_fast
from sim_core.settings.full_loading import load_full
from sim_core.settings.loading import load
from sim_core.settings.options import ConfigError, Settings, flags_of, option_names, options_of

OPTIONS = options_of(FleetSettings)
LEFT_TO_THE_FULL_WAY = {"SecretStr", "dict[str, str]"}
SOME = {
    "csms_url": "wss://csms.example:9000/ocpp/1.6",
    "cpid": "CP-01",
    "connectors": "4",
    "model": "generic",
    "timing": "real",
    "quirks": "json_c",
    "cp_vendor": "V",
    "id_tag": "TAG",
    "garage": "mine.toml",
    "meter_start_wh": "1000",
    "meter_rate_w": "1500.5",
    "temperature_unit": "Celcius",
    "noise_w_percent": "0",
    "http_host": "0.0.0.0",
    "http_port": "0",
    "proxy": "http://proxy:3128",
    "state_dir": ":memory:",
    "log_file": "/tmp/a.log",
    "log_format": "json",
    "ocpp_version": "1.6",
    "security_profile": "0",
    "stop_on_exit": "true",
    "message_log_size": "100",
    "theme": "nord",
    "ascii": "true",
    "keep_running": "false",
    "seed": "7",
    "time_scale": "2.5",
    "fps": "30",
}
ODD = (
    *("0", "00", "1_0", "+4", "65536", "-1", "True", "null", "None", "1e3", "x" * 49, "ws://"),
    *("", " ", "a b", "[1]", '{"a": 1}', "http://a", "x=y", "--cpid", "é", "a,b", "~", "."),
    *("1.", ".5", "0.10", "1.5.2", "nan", "inf", "9" * 8, "T-#", "CPID", "on", "2.0.1", "a" * 21),
)
TEXTS = st.sampled_from([*SOME.values(), *ODD]) | st.text(max_size=8)


@pytest.fixture(autouse=True)
def nothing_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*OPTIONS, *HAVE_A_SAY):
        monkeypatch.delenv(name.upper(), raising=False)


def test_there_is_one_table() -> None:
    """Both ways read what it has: every option, its default and its kinds."""
    fast = load_fast(FleetSettings, [])
    assert fast == load_full(FleetSettings, [], "x") == FleetSettings()
    assert {one.name for one in fields(FleetSettings)} == {*OPTIONS, "sources"}
    assert {one.kind for one in OPTIONS.values()} == set(READ) | LEFT_TO_THE_FULL_WAY


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(sorted(flags_of(FleetSettings))), TEXTS, st.booleans(), st.booleans())
def test_what_is_plain_reads_as_the_full_way_reads_it(
    flag: str, text: str, as_flag: bool, in_one: bool
) -> None:
    argv = [f"{flag}={text}"] if in_one else [flag, text]
    with pytest.MonkeyPatch.context() as patch:
        if not as_flag:
            if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
                return
            patch.setenv(flags_of(FleetSettings)[flag].upper(), text)
            argv = []
        fast = load_fast(FleetSettings, argv)
        if fast is not None:
            full = load_full(FleetSettings, argv, "x")
            assert fast == full
            assert fast.sources.flags == full.sources.flags
            for name in OPTIONS:
                assert type(getattr(fast, name)) is type(getattr(full, name))


@pytest.mark.parametrize(("name", "text"), SOME.items())
def test_a_plain_option_is_read_without_pydantic(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = option_names(name)[1]
    as_flag = load_fast(Settings, [flag, text])
    assert as_flag == load_full(Settings, [flag, text], "x")
    monkeypatch.setenv(name.upper(), text)
    assert load_fast(Settings, []) == as_flag


def test_a_switch_may_stand_alone() -> None:
    known = load_fast(Settings, ["--keep-running", "--ascii", "--fps", "3"])
    assert known is not None
    assert (known.keep_running, known.ascii, known.fps) == (True, True, 3)


def test_a_flag_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPID", "FROM-ENV")
    known = load_fast(Settings, ["--cpid", "FROM-FLAG"])
    assert known is not None
    assert known.cpid == "FROM-FLAG"


@pytest.mark.parametrize(
    "argv",
    [
        ["--seed", "-4"],
        ["--cpid"],
        ["--cpid", "A", "--cpid", "B"],
        ["--cp-id", "A"],
        ["A"],
        ["--help"],
        ["--http-api-key", "A"],
        ["--ocpp-keys", "{}"],
        ["--http-port", "99999"],
        ["--timing", "slow"],
        ["--id-tag", "A" * 21],
    ],
)
def test_what_is_not_plain_is_left_to_the_full_way(argv: list[str]) -> None:
    assert load_fast(Settings, argv) is None


@pytest.mark.parametrize(
    "variable", ["TLS_CA_CERT", "CHARGEFORGE_CONFIG", "cpid", "AUTHORIZATION_KEY"]
)
def test_a_variable_that_is_not_plain_is_left_to_it(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "4")
    assert load_fast(Settings, []) is None


@pytest.mark.parametrize("file", [".env", "chargeforge.toml"])
def test_a_file_is_left_to_it(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text("")
    assert load_fast(Settings, []) is None


def test_what_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError, match=r"HTTP_PORT \(--http-port\) is '99999'"):
        load(["--http-port", "99999"])


def test_an_option_of_the_environment_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MODEL", "nope")
    known = load_fast(Settings, ["--cpid", "A"])
    assert known is not None
    assert known.sources.of("model") == " It comes from the environment variable MODEL."
    assert known.sources.of("cpid") == ""
