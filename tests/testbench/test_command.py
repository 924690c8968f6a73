"""`chargeforge test`: what it prints and writes, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from junitparser import JUnitXml

from sim_core.csms import Csms
from sim_core.csms.api import ApiServer
from sim_core.settings.loading import load
from sim_core.testbench.command import main
from sim_core.testbench.own_csms import OverHttp
from sim_core.testbench.playing import play
from sim_core.testbench.reading import read
from sim_core.testbench.stage import RealStage
from sim_core.testbench.verdicts import Verdict
from sim_core.traces.reading import read_file

FAILS = """
scenario: <b>It</b> is expected what never comes
proves: "&"
steps:
  - plug: 1
  - expect: StartTransaction
    within: 5 s
"""


def test_passed_scenarios_are_told_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junit, page = tmp_path / "j.xml", tmp_path / "p.html"
    written = [f"--junit={junit}", f"--html={page}", f"--traces={tmp_path / 'traces'}"]
    assert main(["--only=session-by-card", "--set=card=ELSE1", *written]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("  1/1 ok       session-by-card: A session by card (10 min in ")
    assert out[1].startswith("1 scenarios: 1 passed; 10 minutes of charging in ")
    (suite,) = JUnitXml.fromfile(str(junit))
    assert (suite.tests, suite.failures, suite.errors) == (1, 0, 0)
    assert "<script" not in page.read_text("utf-8")
    assert "://" not in page.read_text("utf-8").replace("http://www.w3.org", "")
    trace = read_file(tmp_path / "traces" / "session-by-card.jsonl").trace
    assert trace.ocpp_version == "1.6"
    assert trace.frames[0].message[2] == "BootNotification"
    assert "ELSE1" in (tmp_path / "traces" / "session-by-card.jsonl").read_text("utf-8")


def test_a_failed_scenario_is_told_with_the_frames_before_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(FAILS, "utf-8")
    junit, page = tmp_path / "j.xml", tmp_path / "p.html"
    assert main([str(tmp_path), f"--junit={junit}", f"--html={page}"]) == 1
    out = capsys.readouterr().out
    assert "1/1 FAILED" in out
    assert "expect StartTransaction: it does not come within 5 s" in out
    assert "StatusNotification {" in out
    (suite,) = JUnitXml.fromfile(str(junit))
    assert suite.failures == 1
    assert ElementTree.parse(junit).find(".//failure") is not None
    assert "&lt;b&gt;It&lt;/b&gt;" in page.read_text("utf-8")
    assert "<b>It</b>" not in page.read_text("utf-8")


def test_json_has_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only=card-blocked", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["scenarios"], told["passed"], told["failed"]) == (1, 1, 0)
    (one,) = told["results"]
    assert one["verdict"] == "passed"
    assert [step["passed"] for step in one["steps"]].count(False) == 0
    assert {frame["action"] for frame in one["frames"]} >= {"BootNotification", "Authorize"}


def test_the_list_names_them_and_plays_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) >= 60


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["nowhere.yaml"], "nowhere.yaml: there is no such file or folder."),
        (["--only=xyz"], "There is no scenario that fits 'xyz'"),
        (["--csms-url=nonsense"], "CSMS_URL (--csms-url) is 'nonsense'"),
    ],
)
def test_what_cannot_be_begun_is_a_sentence(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    assert said in capsys.readouterr().err


async def test_it_plays_to_a_csms_over_a_real_link_and_has_it_ask_over_http() -> None:
    scenario = read(
        "scenario: x\nsteps:\n"
        "  - plug: 1\n"
        "  - csms: RemoteStartTransaction\n    payload: {idTag: A1, connectorId: 1}\n"
        "    answer: {status: Accepted}\n"
        "  - expect: StartTransaction\n    where: {idTag: A1}\n    answer: {transactionId: '*'}\n"
        "  - csms: GetConfiguration\n    payload: {key: [HeartbeatInterval]}\n    as: got\n"
        "  - local_stop\n"
        "  - expect: StopTransaction\n    answer: {}\n",
        Path("a.yaml"),
    )
    async with Csms() as csms:
        api = ApiServer(csms, "key-of-a-test")
        await api.start(port=0)
        try:
            asking = OverHttp(f"http://127.0.0.1:{api.port}/api/v1/call", "key-of-a-test")
            base = load([f"--csms-url=ws://127.0.0.1:{csms.port}/ocpp"])
            result = await play(scenario, RealStage(scenario, base, 1, asking), 1)
        finally:
            await api.stop()
    assert (result.verdict, result.why) == (Verdict.PASSED, "")


def test_a_csms_that_is_not_there_is_said_once(
    unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"--csms-url=ws://127.0.0.1:{unused_tcp_port}/ocpp"
    assert main([url, "--time-scale=20", "--only=card*"]) == 2
    out = capsys.readouterr().out
    assert out.count("the CSMS is not reached: connection refused") == 1
    assert "chargeforge doctor" in out


def test_what_needs_the_csms_to_ask_is_left_out_where_nobody_can_tell_it_to(
    unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"--csms-url=ws://127.0.0.1:{unused_tcp_port}/ocpp"
    assert main([url, "--only=unlock*"]) == 0
    assert "2 left out" in capsys.readouterr().out
