"""What a log tells becomes a model file, with evidence, and what it does not tell is said so."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim_core.from_settings import why_no_key
from sim_core.hardware.model import Model
from sim_core.learning.command import main
from sim_core.learning.learner import learn
from sim_core.settings.model_file import load_model
from tests.learning.made import Paper, stamp, value, wallbox
from tests.learning.round_trip import round_trip

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture(scope="module")
def learnt() -> str:
    return wallbox().learnt()


@pytest.fixture
def model(learnt: str, tmp_path: Path) -> Model:
    return loaded(learnt, tmp_path)


def loaded(text: str, folder: Path) -> Model:
    path = folder / "learnt.toml"
    path.write_text(text, "utf-8")
    return load_model(str(path))


# -- what is learnt --------------------------------------------------------------------------------


def test_who_it_is(model: Model) -> None:
    identity = model.identity
    assert (identity.vendor, identity.model) == ("Maker", "One")
    assert (identity.serial_number, identity.meter_type) == ("SN-0001", "V1")
    assert (identity.imsi, identity.iccid) == ("", None)


def test_what_its_metal_can_do_at_least(model: Model) -> None:
    assert model.ratings.connector_power_w == 11_000
    assert model.ratings.connector_current_a == 16


def test_what_it_says_on_connect(model: Model) -> None:
    words = ("DataTransfer gateway", "BootNotification", "StatusNotification")
    assert model.behaviour.on_connect == words
    assert model.behaviour.status_order == "charge_point_first"
    assert [one.data for one in model.transfers] == ['{"SN":"{chargePointSerialNumber}"}']


def test_keys_with_their_access_and_no_secret(model: Model, learnt: str) -> None:
    assert list(model.keys)[:2] == ["MeterValuesSampledData", "HeartbeatInterval"]
    assert model.keys["Maker.Mode"].value == "1.TRS"
    assert model.keys["Maker.Mode"].readonly
    assert model.behaviour.only_named_keys
    assert "very secret" not in learnt
    assert "AuthorizationKey: a secret" in learnt


def test_the_least_number_that_a_key_takes(tmp_path: Path) -> None:
    paper = Paper()
    paper.boot(0)
    key = "MeterValueSampleInterval"
    listed = [{"key": key, "readonly": False, "value": "30"}]
    paper.asked(1, "GetConfiguration", {}, {"configurationKey": listed})
    for place, (number, status) in enumerate((("2", "Rejected"), ("10", "Accepted"))):
        request = {"key": key, "value": number}
        paper.asked(2 + place, "ChangeConfiguration", request, {"status": status})
    assert loaded(paper.learnt(), tmp_path).keys[key].low == 3


def test_each_sampled_value(model: Model) -> None:
    lines = model.metering.values
    assert [(one.measurand.split(".")[0], one.phase, one.decimals) for one in lines] == [
        ("Energy", "", 1),
        ("Voltage", "L1-N", 1),
        ("Voltage", "L2-N", 1),
        ("Voltage", "L3-N", 1),
        ("Current", "L1", 2),
        ("Current", "L2", 2),
        ("Current", "L3", 2),
        ("Power", "", 0),
        ("Frequency", "", 2),
    ]
    assert {one.context for one in lines} == {""}
    assert lines[0].unit == "kWh"


def test_fields_and_texts(model: Model) -> None:
    frames = model.frames
    assert frames["MeterValues"].fields == ("meterValue", "connectorId", "transactionId")
    assert frames["meterValue"].fields == ("sampledValue", "timestamp")
    assert frames["StopTransaction"].without == ("idTag", "transactionData")
    assert frames["StatusNotification"].says == {
        "info": {
            "Available": "A;0",
            "Preparing": "B;400",
            "Charging": "C;400",
            "Finishing": "B;400",
        }
    }
    assert frames["GetConfiguration.conf"].says == {"unknownKey": ()}


def test_answers(model: Model) -> None:
    answers = model.answers
    assert answers["TriggerMessage MeterValues"].status == "Rejected"
    assert answers["ClearCache"].error == "NotSupported"
    assert answers["ClearCache"].description == "no cache"
    assert answers["GetLocalListVersion"].silent


def test_how_frames_are_written(model: Model) -> None:
    assert (model.wire.message_ids, model.wire.first_message_id) == ("counter", 101)
    assert (model.wire.timestamps, model.wire.utc) == ("s", "Z")


def test_how_long_a_step_takes(model: Model) -> None:
    assert model.timing["real"].energize_s == 2.0
    assert float(model.timing["real"].answer_s) == pytest.approx(0.1)


def test_every_line_says_where_it_is_known_from_and_what_was_not_seen_is_a_comment(
    learnt: str,
) -> None:
    assert "# 4 of 4, made" in learnt
    assert "# lockable = true: not seen, the default" in learnt
    assert "without an occasion: " in learnt
    read = tomllib.loads(learnt)
    assert "lockable" not in read["behaviour"]


def test_a_log_without_times_tells_all_but_times(tmp_path: Path) -> None:
    paper = Paper(timed=False)
    paper.says(0, "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    paper.says(0, "Heartbeat", {})
    model = loaded(paper.learnt(), tmp_path)
    assert model.identity.vendor == "V"
    assert not model.timing["real"].answer_s


def test_of_several_logs_what_most_say_counts(tmp_path: Path) -> None:
    paths = []
    for place, firmware in enumerate(("1.0", "2.0", "2.0")):
        paper = Paper()
        paper.boot(0, firmwareVersion=firmware)
        paths.append(tmp_path / f"log-{place}.jsonl")
        paths[-1].write_text(paper.text(), "utf-8")
    output = tmp_path / "mine.toml"
    assert main([*map(str, paths), "--output", str(output)]) == 0
    assert 'firmware_version = "2.0"  # 2 of 3, log-1, log-2' in output.read_text("utf-8")


def test_one_log_with_milliseconds_tells_that_the_others_had_none_by_chance(
    tmp_path: Path,
) -> None:
    logs = []
    for name, at in (("a", ".000"), ("b", ".000"), ("c", ".908")):
        paper = Paper()
        paper.boot(0)
        paper.status(1, 1, "Available", timestamp=f"2026-03-01T08:00:01{at}Z")
        paper.status(2, 1, "Preparing", timestamp=stamp(2, "milliseconds"))
        logs.append(paper.log(name))
    assert loaded(learn(logs, why_no_key).text(), tmp_path).wire.timestamps == "ms"
    assert loaded(learn(logs[:2], why_no_key).text(), tmp_path).wire.timestamps == "zeros"


# -- the round trip --------------------------------------------------------------------------------


def test_the_charger_says_again_what_was_learnt(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    path.write_text(wallbox().text(), "utf-8")
    result = round_trip(path)
    assert result is not None
    assert result.missing == {}
    assert (result.again, result.orders_kept) == (result.fields, result.orders)
    assert result.fields > 100
    assert result.answered_alike == result.answers == 3


def test_samples_of_a_trigger_are_written_in_their_own_way(tmp_path: Path) -> None:
    paper = Paper()
    paper.boot(0)
    for place in range(3):
        at_s = 10 + 10 * place
        values = [
            value(f"1.{place}0", measurand="Current.Import", unit="A", context="Sample.Periodic"),
            value(f"{place}", measurand="Power.Active.Import", unit="W", context="Sample.Periodic"),
        ]
        paper.says(at_s, "MeterValues", sample(at_s, values))
    paper.asked(50, "TriggerMessage", {"requestedMessage": "MeterValues"}, {"status": "Accepted"})
    paper.says(51, "MeterValues", sample(51, [value("1.5", measurand="Current.Import", unit="A")]))
    path = tmp_path / "made.jsonl"
    path.write_text(paper.text(), "utf-8")
    model = loaded(paper.learnt(), tmp_path)
    assert [(one.measurand, one.when, one.decimals) for one in model.metering.values] == [
        ("Current.Import", (), 2),
        ("Power.Active.Import", (), 0),
        ("Current.Import", ("Trigger",), 1),
    ]
    result = round_trip(path)
    assert result is not None
    assert result.missing == {}


def sample(at_s: float, values: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "connectorId": 1,
        "transactionId": 3,
        "meterValue": [{"timestamp": stamp(at_s), "sampledValue": values}],
    }


# -- frames are hostile ----------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(['"""', "\\", "a\nb", "\x7f", "\ud800", "{status}", "]", "#", "x" * 600]),
)
NAMES = st.one_of(TEXTS, st.sampled_from(["info", "timestamp", "connectorId", "a.b", ""]))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), TEXTS, st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
PAYLOADS = st.dictionaries(
    st.one_of(
        NAMES,
        st.sampled_from(
            [
                "chargePointVendor",
                "chargePointModel",
                "meterValue",
                "vendorId",
                "messageId",
                "data",
                "status",
                "errorCode",
                "vendorErrorCode",
                "transactionId",
                "key",
                "configurationKey",
                "unknownKey",
            ]
        ),
    ),
    JSON,
    max_size=6,
)
SAID = st.sampled_from(
    [
        "BootNotification",
        "StatusNotification",
        "MeterValues",
        "DataTransfer",
        "StartTransaction",
        "StopTransaction",
        'Odd"Action',
    ]
)
ASKED = st.sampled_from(["GetConfiguration", "ChangeConfiguration", "TriggerMessage", "Reset"])
FRAMES = st.lists(
    st.one_of(
        st.tuples(st.just(True), SAID, PAYLOADS, PAYLOADS),
        st.tuples(st.just(False), ASKED, PAYLOADS, PAYLOADS),
    ),
    min_size=1,
    max_size=8,
)


@given(frames=FRAMES)
@settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_was_said_the_file_loads(
    frames: list[tuple[bool, str, dict[str, Any], dict[str, Any]]], tmp_path: Path
) -> None:
    paper = Paper()
    for place, (by_charger, action, payload, answer) in enumerate(frames):
        if by_charger:
            paper.says(place, action, payload, answer)
        else:
            paper.asked(place, action, payload, answer)
    paper.lines = [line for line in paper.lines if "NaN" not in line and "Infinity" not in line]
    paper.says(99, "Heartbeat", {})
    loaded(paper.learnt(), tmp_path)


# -- the command -----------------------------------------------------------------------------------


def test_it_writes_the_file_and_says_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, output = tmp_path / "a.jsonl", tmp_path / "mine.toml"
    log.write_text(wallbox().text(), "utf-8")
    assert main([str(log), "--output", str(output)]) == 0
    assert "chargeforge compare" in capsys.readouterr().err
    assert load_model(str(output)).identity.vendor == "Maker"
    assert main([str(log), "--output", str(output)]) == 1
    assert "is there already: name another file, or add --force." in capsys.readouterr().err
    assert main([str(log), "--output", str(output), "--force"]) == 0


def test_without_a_place_it_goes_to_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(wallbox().text(), "utf-8")
    assert main([str(log)]) == 0
    assert tomllib.loads(capsys.readouterr().out)["identity"]["model"] == "One"


def test_a_folder_is_all_the_logs_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(wallbox().text(), "utf-8")
    assert main([str(tmp_path)]) == 0
    assert "in 2 logs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "cannot be read"),
        ("nothing here\n", "no OCPP-J frame"),
        (json.dumps({"dir": "cp->csms", "t": None, "msg": [3, "1", {}]}), "no request"),
    ],
)
def test_what_cannot_be_learnt_from_is_a_sentence(
    text: str | None, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "a.jsonl"
    if text is not None:
        log.write_text(text, "utf-8")
    assert main([str(log), "--output", str(tmp_path / "mine.toml")]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert "There is nothing to learn from" in said
    assert not (tmp_path / "mine.toml").exists()


def test_a_folder_that_is_not_there_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["x.jsonl", "--output", str(tmp_path / "none" / "mine.toml")]) == 1
    assert "is no folder: make it first." in capsys.readouterr().err


def test_the_steps_of_a_start_are_found_where_samples_of_many_are_laid_over_each_other(
    tmp_path: Path,
) -> None:
    """Steps of 10 kW every 5 s: each start is sampled at another moment, and none is as quick as
    another."""
    paper = Paper()
    paper.boot(0)
    starts = ((4, 0), (7, 1), (11, 0), (12, -1), (16, 0), (22, 1), (13, 1))
    for number, (first, quick) in enumerate(starts, 1):
        begin = 200.0 * number
        start = {"connectorId": 1, "idTag": "CARD", "meterStart": 0, "timestamp": stamp(begin)}
        given = {"transactionId": number, "idTagInfo": {"status": "Accepted"}}
        paper.says(begin, "StartTransaction", start, given)
        for age in (first, first + 10, first + 40, first + 50):
            kw = 0.995 * min(50, 10 * max(0, (age + quick) // 5 - 1))
            sampled = [
                value(f"{kw:g}", measurand="Power.Active.Import", unit="kW"),
                value("400", measurand="Voltage", unit="V"),
                value(f"{kw / 0.4:.1f}", measurand="Current.Import", unit="A"),
            ]
            taken = {"timestamp": stamp(begin + age), "sampledValue": sampled}
            told = {"connectorId": 1, "transactionId": number, "meterValue": [taken]}
            paper.says(begin + age + 1, "MeterValues", told)
    file = tmp_path / "learnt.toml"
    file.write_text(paper.learnt(), "utf-8")
    steps = load_model(str(file)).timing["real"].ramp_steps
    assert [watts for _, watts in steps] == [0, 10000, 20000, 30000, 40000]
    for place, (until, _) in enumerate(steps):
        assert abs(float(until) - 5 * (place + 2)) < 3, steps


def test_one_session_without_its_configuration_tells_what_its_end_tells(tmp_path: Path) -> None:
    paper = Paper()
    paper.boot(0)
    data = [
        {
            "timestamp": stamp(at_s),
            "sampledValue": [value(wh, measurand="Energy.Active.Import.Register", unit="Wh")],
        }
        for at_s, wh in ((10, "5000"), (70, "5100"))
    ]
    start = {"connectorId": 1, "idTag": "CARD", "meterStart": 5000, "timestamp": stamp(10)}
    accepted = {"idTagInfo": {"status": "Accepted"}}
    paper.says(10, "StartTransaction", start, {"transactionId": 7, **accepted})
    stop = {"transactionId": 7, "meterStop": 5100, "timestamp": stamp(70), "transactionData": data}
    paper.says(71, "StopTransaction", stop)
    keys = loaded(paper.learnt(), tmp_path).keys
    assert keys["StopTxnSampledData"].value == "Energy.Active.Import.Register"
