"""What is read at a look is what the settings say, and whatever is not plain is left to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim_core.settings.options import OLDER_NAMES, ConfigError, Settings, load, option_names
from sim_core.settings.plain_options import OTHERS, PLAIN, PlainSettings, load_late, plain_options

SOME = {
    "csms_url": "wss://csms.example:9000/ocpp/1.6",
    "cpid": "CP-01",
    "connectors": "4",
    "model": "generic",
    "timing": "real",
    "quirks": "all",
    "id_tag": "TAG",
    "http_host": "0.0.0.0",
    "http_port": "0",
    "state_dir": ":memory:",
    "log_file": "/tmp/a.log",
    "stop_on_exit": "true",
    "message_log_size": "100",
    "theme": "nord",
    "ascii": "true",
    "keep_running": "false",
    "fps": "30",
}
ODD = (
    *("0", "00", "1_0", "+4", "65536", "-1", "True", "null", "None", "1e3", "x" * 49, "ws://"),
    *("", " ", "a b", "[1]", '{"a": 1}', "http://a", "x=y", "--cpid", "é", "a,b", "~", "."),
)
TEXTS = st.sampled_from([*SOME.values(), *ODD]) | st.text(max_size=8)


@pytest.fixture(autouse=True)
def nothing_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*PLAIN, *OTHERS):
        monkeypatch.delenv(name.upper(), raising=False)


def test_every_option_has_its_place() -> None:
    elsewhere = {"chargeforge_config", *(name.lower() for name in OLDER_NAMES)}
    assert set(PLAIN) | OTHERS == set(Settings.model_fields) | elsewhere
    assert not set(PLAIN) & OTHERS


def test_the_defaults_are_those_of_the_settings() -> None:
    known = plain_options([])
    assert known == {name: getattr(load([]), name) for name in PLAIN}
    assert load_late([], "x").state_folder() == load([]).state_folder()


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(sorted(PLAIN)), TEXTS, st.booleans(), st.booleans())
def test_what_is_plain_reads_as_the_settings_read_it(
    name: str, text: str, as_flag: bool, in_one: bool
) -> None:
    flag = option_names(name)[1]
    argv = [f"{flag}={text}"] if in_one else [flag, text]
    with pytest.MonkeyPatch.context() as patch:
        if not as_flag:
            if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
                return
            patch.setenv(name.upper(), text)
            argv = []
        known = plain_options(argv)
        if known is not None:
            assert known == {name: getattr(load(argv), name) for name in PLAIN}


@pytest.mark.parametrize(("name", "text"), SOME.items())
def test_a_plain_option_is_read_without_the_settings(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = option_names(name)[1]
    assert isinstance(load_late([flag, text], "x"), PlainSettings)
    monkeypatch.setenv(name.upper(), text)
    assert isinstance(load_late([], "x"), PlainSettings)


def test_a_flag_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPID", "FROM-ENV")
    assert load_late(["--cpid", "FROM-FLAG"], "x").cpid == "FROM-FLAG"


@pytest.mark.parametrize(
    "argv", [["--seed", "4"], ["--cpid"], ["--cpid", "A", "--cpid", "B"], ["--cp-id", "A"], ["A"]]
)
def test_what_is_not_plain_is_left_to_the_settings(argv: list[str]) -> None:
    assert plain_options(argv) is None


@pytest.mark.parametrize("variable", ["SEED", "TLS_CA_CERT", "CHARGEFORGE_CONFIG", "cpid"])
def test_a_variable_that_is_not_plain_is_left_to_them(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "4")
    assert plain_options([]) is None


@pytest.mark.parametrize("file", [".env", "chargeforge.toml"])
def test_a_file_is_left_to_them(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text("")
    assert plain_options([]) is None


def test_what_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError, match=r"HTTP_PORT \(--http-port\) is '99999'"):
        load_late(["--http-port", "99999"], "x")


def test_more_than_the_plain_ones_is_read_when_it_is_asked_for() -> None:
    late = load_late(["--cpid", "CP-01"], "x")
    assert (late.cpid, late.noise_w_percent, late.model_copy().cpid) == ("CP-01", 5.0, "CP-01")
