"""Files with options: their encodings, their mistakes, and where a bad value came from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sim_core.fleet.options import FleetSettings
from sim_core.settings.loading import load, load_as
from sim_core.settings.model_file import ModelError
from sim_core.settings.options import ConfigError, option_names, options_of

ENV, TOML = ".env", "chargeforge.toml"
NO_OPTION = "there is no option"
LATIN_1 = "is not UTF-8 (latin-1, perhaps): save the file again as UTF-8."


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for field in options_of(FleetSettings):
        monkeypatch.delenv(option_names(field)[0], raising=False)
    monkeypatch.delenv("CHARGEFORGE_CONFIG", raising=False)
    return tmp_path


def refused(argv: list[str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(argv or [])
    return str(caught.value)


def outcome(argv: list[str]) -> str:
    """What came of it: a sentence, or that there are settings. Nothing else may be raised."""
    try:
        load(argv)
    except ConfigError as error:
        return str(error)
    return "settings"


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        (ENV, "FPS=2\nCPID=é\n".encode("latin-1"), f".env, line 2: byte 0xe9 {LATIN_1}"),
        (ENV, "FPS=2\n".encode("utf-16"), ".env is UTF-16, not UTF-8: save it again as UTF-8."),
        (ENV, "FPS=2\n".encode("utf-16-le"), ".env is UTF-16, not UTF-8: save it again"),
        (TOML, 'cpid = "é"'.encode("latin-1"), f"{TOML}, line 1: byte 0xe9 {LATIN_1}"),
        (TOML, "fps = 2\n".encode("utf-16"), f"{TOML} is UTF-16, not UTF-8"),
        (TOML, b"\nconectors = 4\n", f"{TOML}, line 2: {NO_OPTION} 'conectors': did you mean conn"),
        (TOML, b"[fleet]\ncount = 4\n", f"{TOML}, line 1: {NO_OPTION} 'fleet'"),
        (TOML, b"[chargeforge]\nfps = 2\nfsp = 4\n", f"{TOML}, line 3: {NO_OPTION} 'fsp': did you"),
        (TOML, b"fps = 1\n[chargeforge]\nfps = 2\n", "'fps' is given twice."),
        (TOML, b"chargeforge = 2\n", "chargeforge is a table of options"),
        (TOML, b"fps = \n", f"{TOML}: Invalid value"),
        (TOML, b"connectors = true\n", "CONNECTORS (--connectors) is 'true': allowed is a whole"),
        (TOML, b"[ocpp_keys]\nHeartbeatInterval = [60]\n", "OCPP_KEYS (--ocpp-keys) is '"),
        (TOML, b"[ocpp_keys.a]\nb = 1\n", "OCPP_KEYS (--ocpp-keys) is '"),
        (TOML, b"[keys]\nstop = ['X']\n", "KEYS (--keys) is '"),
        (ENV, b'FPS=2\n\nCPID="s3cret\nFPS=3\n', ".env, line 3: what CPID is has no end"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    folder: Path, name: str, data: bytes, sentence: str
) -> None:
    (folder / name).write_bytes(data)
    assert sentence in refused()


def test_a_line_of_env_that_sets_nothing_is_a_remark_that_does_not_quote_it(folder: Path) -> None:
    (folder / ENV).write_text("FPS=2\n\nmy s3cret\n=x\nOTHER='s3cret\n")
    assert load([]).remarks == (
        ".env, line 3 is left out: it is not NAME=value",
        ".env, line 4 is left out: it is not NAME=value",
        ".env, line 5 is left out: it is not NAME=value",
    )


def test_what_is_left_of_a_password_behind_a_hash_is_not_shown(folder: Path) -> None:
    (folder / ENV).write_text("CSMS_URL=ws://me:s3cret #more@127.0.0.1:9000/x\n")
    said = refused()
    assert "'ws://me:(hidden)': the port is a whole number" in said
    assert "s3cret" not in said


def test_a_pipe_is_no_config_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell's <(…): what was read once is gone, and defaults would take its place."""
    os.mkfifo(folder / "pipe")
    monkeypatch.setenv("CHARGEFORGE_CONFIG", "pipe")
    assert "'pipe': that is a pipe, which cannot be read twice; name a file." in refused()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", "CONNECTORS=7\n"),
        ("chargeforge.toml", "connectors = 7\n"),
        ("chargeforge.toml", "[chargeforge]\nconnectors = 7\n"),
        ("chargeforge.toml", "CONNECTORS = 7\n"),
    ],
)
def test_a_byte_order_mark_and_a_table_are_no_trouble(folder: Path, name: str, text: str) -> None:
    (folder / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load([]).connectors == 7


def test_names_with_dashes_and_those_of_a_fleet(folder: Path) -> None:
    (folder / "chargeforge.toml").write_text("http-port = 7\nfleet-count = 3\n")
    assert load([]).http_port == 7
    assert load_as(FleetSettings, [], "x").fleet_count == 3


def test_a_config_file_that_is_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGEFORGE_CONFIG", "nowhere.toml")
    assert refused() == (
        "CHARGEFORGE_CONFIG is 'nowhere.toml': there is no such file; mend or unset it."
    )
    monkeypatch.setenv("CHARGEFORGE_CONFIG", str(folder))
    assert "that is a folder, not a TOML file" in refused()


def test_a_bad_value_says_where_it_comes_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "chargeforge.toml").write_text("\nconnectors = 99\n")
    assert refused().endswith(" It comes from chargeforge.toml, line 2.")
    (folder / ".env").write_text("FPS=2\nexport CONNECTORS=98\n")
    assert refused().endswith("from 1 to 64. It comes from .env, line 2.")
    monkeypatch.setenv("CONNECTORS", "97")
    assert refused().endswith(" It comes from the environment variable CONNECTORS.")
    assert refused(["--connectors", "96"]).endswith("from 1 to 64."), "they have typed it"


def test_a_value_that_only_the_station_can_judge_does_too(folder: Path) -> None:
    (folder / ".env").write_text("\n\nMODEL=nope\n")
    asked = load([])
    with pytest.raises(ModelError, match=r"It comes from \.env, line 3\.$"), asked.naming_sources():
        raise ModelError("MODEL (--model) is 'nope': there is no such model or file.")


def test_a_name_that_is_nearly_ours_is_a_remark(folder: Path) -> None:
    (folder / ".env").write_text("POSTGRES_DB=x\nCONECTORS=4\nCHARGEFORGE_CONFIG=a.toml\n")
    assert load([]).remarks == (
        ".env, line 2: CONECTORS is no option: did you mean CONNECTORS?",
        ".env, line 3: CHARGEFORGE_CONFIG has no effect there: set it in the environment",
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([".env", "chargeforge.toml"]), st.binary(max_size=40))
@example("chargeforge.toml", b"[" * 2000)
@example("chargeforge.toml", b'"" = 1')
@example("chargeforge.toml", b"keys = {a = {b = 1}}")
@example(".env", b"CSMS_URL='\n")
def test_any_bytes_are_settings_or_a_sentence(folder: Path, name: str, data: bytes) -> None:
    for one in (".env", "chargeforge.toml"):
        (folder / one).unlink(missing_ok=True)
    (folder / name).write_bytes(data)
    assert outcome([]) != ""


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            ["--ascii", "--cpid", "true", "X", "--seed", "-5", "--", "-x", "--ascii=no"]
        )
        | st.text(max_size=6),
        max_size=4,
    )
)
def test_any_words_are_settings_or_a_sentence(folder: Path, argv: list[str]) -> None:
    if {"-h", "--help"} & set(argv):
        return
    assert outcome(argv) != ""


@pytest.mark.parametrize("flag", ["--ascii", "--keep-running", "--http-open", "--stop-on-exit"])
def test_a_switch_may_stand_alone_or_say_it(flag: str) -> None:
    field = flag[2:].replace("-", "_")
    for argv, value in (
        ([flag], True),
        ([flag, "--cpid", "A"], True),
        ([flag, "true"], True),
        ([flag, "false"], False),
        ([f"{flag}=false"], False),
    ):
        assert getattr(load(argv), field) is value, argv


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--connectorz", "5"], "There is no option --connectorz: did you mean --connectors?"),
        (["-cpid", "5"], "There is no option -cpid: did you mean --cpid?"),
        (["--xyzzy"], "There is no option --xyzzy. `chargeforge --help`"),
        (["--cpid"], "--cpid wants a value: 1 to 48 characters."),
        (["--cpid", "--fps", "3"], "--cpid wants a value"),
        (["demo"], "'demo' is neither an option nor the value of one"),
    ],
)
def test_a_misspelt_flag_is_guessed(argv: list[str], sentence: str) -> None:
    assert refused(argv).startswith(sentence)


def test_a_flag_with_underscores_is_the_same() -> None:
    assert load(["--http_port", "8"]).http_port == 8


@pytest.mark.parametrize(
    "argv",
    [
        ["--csms-urll=ws://me:s3cret@host/"],
        ["--authorization-kye=s3cret"],
        ["ws://me:s3cret@host/"],
        ["--csms-urll", "ws://me:s3cret@host/"],
        ["\x1b[2J"],
    ],
)
def test_what_is_misspelt_gives_nothing_away(argv: list[str]) -> None:
    said = refused(argv)
    assert "s3cret" not in said
    assert said.isprintable()
