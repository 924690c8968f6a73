"""Options: four ways to say the same, and one sentence for what cannot be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim_core.fleet.options import FleetSettings
from sim_core.settings.loading import load
from sim_core.settings.options import ConfigError, Settings, option_names, options_of


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for field in options_of(Settings):
        monkeypatch.delenv(option_names(field)[0], raising=False)
    monkeypatch.delenv("CHARGEFORGE_CONFIG", raising=False)


def test_the_defaults_are_those_of_the_documentation() -> None:
    settings = load([])
    assert settings.csms_url == "ws://127.0.0.1:9000/ocpp"
    assert settings.cpid == "TestCP01"
    assert settings.connectors == 2
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 7071)


def test_flag_beats_environment_beats_dotenv_beats_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chargeforge.toml").write_text('cpid = "FILE"\nconnectors = 3\nfps = 7\nseed = 5\n')
    (tmp_path / ".env").write_text("CPID=DOTENV\nCONNECTORS=4\nFPS=8\n")
    monkeypatch.setenv("CPID", "ENV")
    monkeypatch.setenv("CONNECTORS", "5")
    settings = load(["--cpid", "FLAG"])
    assert (settings.cpid, settings.connectors, settings.fps, settings.seed) == ("FLAG", 5, 8, 5)


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (
            ["--connectors", "0"],
            "CONNECTORS (--connectors) is '0': allowed is a whole number from 1 to 64.",
        ),
        (
            ["--connectors", "two"],
            "CONNECTORS (--connectors) is 'two': allowed is a whole number from 1 to 64.",
        ),
        (
            ["--csms-url", "http://x"],
            "CSMS_URL (--csms-url) is 'http://x': allowed is a ws:// or wss:// URL.",
        ),
        (
            ["--ocpp-keys", "[1]"],
            "OCPP_KEYS (--ocpp-keys) is '[1]': allowed is a JSON object such as "
            '{"HeartbeatInterval": "60"}.',
        ),
        (
            ["--ocpp-version", "2.1"],
            "OCPP_VERSION (--ocpp-version) is '2.1': allowed is 1.6, 2.0.1 or auto.",
        ),
        (
            ["--http-port", "70000"],
            "HTTP_PORT (--http-port) is '70000': allowed is a port from 0 to 65535 (0: off).",
        ),
    ],
)
def test_a_bad_value_is_a_sentence(argv: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(argv)
    assert str(caught.value) == sentence


def test_a_file_that_is_no_toml_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "chargeforge.toml").write_text("cpid = \n")
    with pytest.raises(ConfigError, match=r"^chargeforge\.toml: "):
        load([])


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_API_KEY", "open sesame")
    assert "sesame" not in repr(load([]))


def test_every_option_says_what_it_is_and_what_is_allowed() -> None:
    for name, option in options_of(Settings).items():
        assert option.meaning, name
        assert option.allowed, name


UNNAMED: dict[str, set[float]] = {"meter_start_wh": {10**12}}
"""Limits that nobody reaches, and that are not told."""


def test_what_is_allowed_names_every_limit() -> None:
    for name, option in options_of(FleetSettings).items():
        limits = [option.ge, option.le, option.min_length or None, option.max_length]
        numbers = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", option.allowed)}
        named = {limit for limit in limits if limit is not None} - UNNAMED.get(name, set())
        assert named <= numbers, name
        assert [word for word in option.words if word not in option.allowed] == []


def test_keys_may_be_given_as_json_says_them() -> None:
    given = '{"AuthorizeRemoteTxRequests": true, "HeartbeatInterval": 60}'
    assert load(["--ocpp-keys", given]).ocpp_keys == {
        "AuthorizeRemoteTxRequests": "true",
        "HeartbeatInterval": "60",
    }
