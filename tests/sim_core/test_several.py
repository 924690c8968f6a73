"""Several charge points of one program: their ids, ports and own options."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim_core.errors import UserError
from sim_core.settings.loading import load
from sim_core.settings.options import Settings
from sim_core.settings.several import several


def of(argv: list[str]) -> list[Settings]:
    return several(load(argv, "chargeforge run"), argv, "chargeforge run")


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_ids_with_commas_are_charge_points_with_ports_and_seeds_of_their_own() -> None:
    made = of(["--cpid", "A, B,C", "--http-port", "8000", "--seed", "5"])
    assert [(one.cpid, one.http_port, one.seed) for one in made] == [
        ("A", 8000, 5),
        ("B", 8001, 6),
        ("C", 8002, 7),
    ]


def test_where_http_is_off_it_is_off_for_all() -> None:
    assert [one.http_port for one in of(["--cpid", "A,B", "--http-port", "0"])] == [0, 0]


def test_a_table_says_what_is_otherwise(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(
        '[[charge_point]]\ncpid = "NORTH"\n'
        '[[charge_point]]\ncpid = "SOUTH"\nmodel = "generic"\nconnectors = 1\nhttp-port = 9000\n'
        'stop_on_exit = true\nocpp_keys = {HeartbeatInterval = "60"}\n'
        '[[charge_point]]\ncpid = "EAST"\n'
    )
    north, south, east = of(
        ["--charge-points", "lab.toml", "--connectors=4", "--http-port", "8000"]
    )
    assert (north.cpid, north.connectors, north.http_port) == ("NORTH", 4, 8000)
    assert (south.cpid, south.connectors, south.http_port) == ("SOUTH", 1, 9000)
    assert (south.model, south.stop_on_exit) == ("generic", True)
    assert south.ocpp_keys == {"HeartbeatInterval": "60"}
    assert (east.cpid, east.http_port) == ("EAST", 8001)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a table \\[\\[charge_point\\]\\] for each"),
        ("charge_point = []\n", "names no charge point"),
        ('cpid = "A"\n', "nothing else"),
        ("charge_point = 5\n", "for each charge point"),
        ('[[charge_point]]\ncpid = "A"\n[[charge_point]]\ncpid = "A"\n', "named twice"),
        ('[[charge_point]]\ncpid = "A,B"\n', "without commas"),
        ('[[charge_point]]\ncpid = "A"\ntheme = "x"\n', "no option of a single"),
        ('[[charge_point]]\ncpid = "A"\nnonsense = 1\n', "no option of a single"),
        ('[[charge_point]]\ncpid = "A"\nconnectors = 99\n', "charge point 1: CONNECTORS"),
        ("[[charge_point\n", "lab.toml: "),
    ],
)
def test_a_file_that_cannot_be_is_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "lab.toml").write_text(text)
    with pytest.raises(UserError, match=said):
        of(["--charge-points", "lab.toml"])


@pytest.mark.parametrize("cpid", ["A,,B", ",", "A,B,A", "A," + 49 * "x", ",".join("x" * 70)])
def test_ids_that_cannot_be_are_a_sentence(cpid: str) -> None:
    with pytest.raises(UserError, match="CPID"):
        of(["--cpid", cpid])


def test_there_must_be_a_port_for_each() -> None:
    with pytest.raises(UserError, match="HTTP_PORT"):
        of(["--cpid", "A,B", "--http-port", "65535"])
