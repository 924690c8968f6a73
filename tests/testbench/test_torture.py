"""`chargeforge torture`: faults that were planted are found and made small, and ours has none."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from junitparser import JUnitXml

from sim_core.csms import Csms
from sim_core.csms.api import ApiServer
from sim_core.runtime.clock import SystemClock
from sim_core.runtime.event_loop_thread import EventLoopThread
from sim_core.settings.options import Settings
from sim_core.testbench import command as test_command
from sim_core.testbench.invariants.table import INVARIANTS
from sim_core.testbench.own_csms import OwnHouse, RefusedError, SessionsOverHttp
from sim_core.testbench.playing import play
from sim_core.testbench.reading import read, read_file
from sim_core.testbench.schema import schema
from sim_core.testbench.sessions import SessionsError, sessions_in
from sim_core.testbench.stage import House, VirtualStage
from sim_core.testbench.torture.command import main
from sim_core.testbench.torture.lives import Plan, life
from sim_core.testbench.torture.trial import GOES_ON, Finding, Trial, tried
from sim_core.testbench.writing import as_yaml
from tests.testbench.broken_csms import BrokenHouse, Flaw, refuses, silent
from tests.testbench.small_csms import FAULTS, SmallCsms

ALL = os.environ.get("TORTURE") == "all"
"""`make torture`: every fault, and many lives before our own CSMS."""
SOME = ("energy is off by one sample", "an answer has a foreign id")
FLAWS_201 = {
    "never-silent": silent("TransactionEvent"),
    "refuses-nothing": refuses("TransactionEvent"),
    "valid-answers": Flaw("Authorize", "says nothing", lambda it: [3, it[1], {}]),
}
LIVES = 100 if ALL else 3
MOST_STEPS = 6


class Quiet:
    """Hears how it goes, and says nothing."""

    def life(self, trial: Trial, number: int) -> None: ...

    def smaller(self, trial: Trial, name: str, steps: int) -> None: ...

    def found(self, trial: Trial, finding: Finding) -> None: ...


async def tortured(plan: Plan, house: House, lives: int) -> Trial:
    """What comes of so many lives, or of fewer where one finds something."""
    trial = Trial(plan)

    def more(so_far: Trial) -> bool:
        return so_far.lives < lives and not so_far.findings

    await tried(
        trial,
        lambda scenario: VirtualStage(scenario, Settings(), scenario.seed, house),
        more,
        Quiet(),
    )
    assert not trial.trouble
    return trial


PLAN_16 = Plan(versions=("1.6",), asks=True, sessions=True)


@pytest.mark.parametrize("fault", FAULTS if ALL else SOME)
async def test_a_planted_fault_is_found_and_made_small(fault: str) -> None:
    trial = await tortured(PLAN_16, SmallCsms(fault), 60)
    (found,) = trial.findings
    small = found.result.scenario
    assert found.name == FAULTS[fault]
    assert len(small.steps) <= MOST_STEPS, [step.line() for step in small.steps]
    written = read(as_yaml(small, ["a comment"]), Path("torture.yaml"))
    stage = VirtualStage(written, Settings(), written.seed, SmallCsms(fault))
    again = await play(written, stage, written.seed)
    assert (again.breach or GOES_ON, again.why) == (found.name, found.result.why)


@pytest.mark.parametrize("name", FLAWS_201 if ALL else ["valid-answers"])
async def test_so_is_one_in_ocpp_201(name: str) -> None:
    trial = await tortured(Plan(versions=("2.0.1",)), BrokenHouse(FLAWS_201[name]), 30)
    (found,) = trial.findings
    assert found.name == name
    assert len(found.result.scenario.steps) <= MOST_STEPS


async def test_the_same_seed_finds_the_same() -> None:
    fault = "an answer has no status"
    first, second = [await tortured(PLAN_16, SmallCsms(fault), 20) for _ in range(2)]
    for one, other in zip(first.findings, second.findings, strict=True):
        assert one.life == other.life
        assert one.plays == other.plays
        assert one.result.scenario == other.result.scenario
        assert one.result.why == other.result.why
    assert first.messages == second.messages


@pytest.mark.parametrize("stations", [1, 2, 5] if ALL else [2])
async def test_our_own_csms_keeps_all_of_them(stations: int) -> None:
    plan = Plan(seed=stations, stations=stations, asks=True, sessions=True)
    trial = await tortured(plan, OwnHouse(), LIVES)
    assert [(one.name, one.result.why) for one in trial.findings] == []
    assert trial.lives == LIVES


def test_the_table_says_what_holds_and_what_it_rests_on() -> None:
    assert len({row.name for row in INVARIANTS}) == len(INVARIANTS)
    assert set(FAULTS.values()) == {row.name for row in INVARIANTS} | {GOES_ON}
    for row in INVARIANTS:
        assert row.sentence, row.name
        assert row.clause, row.name


@pytest.mark.parametrize("number", [24, 25])
def test_a_life_is_written_as_a_scenario_and_read_again(number: int) -> None:
    drawn = life(Plan(asks=True, sessions=True), number)
    assert drawn == life(Plan(asks=True, sessions=True), number)
    text = as_yaml(drawn)
    jsonschema_rs.validator_for(schema()).validate(yaml.safe_load(text))
    again = read(text, Path(f"{drawn.name}.yaml"))
    assert [step.line() for step in again.steps] == [step.line() for step in drawn.steps]
    assert as_yaml(again) == text
    assert (again.charge_points, again.always) == (drawn.charge_points, drawn.always)
    assert (again.ocpp, again.seed, again.name) == (drawn.ocpp, drawn.seed, drawn.name)


@pytest.fixture
def broken_url() -> Iterator[str]:
    """A small CSMS with a fault, on a thread of its own: somebody else's."""
    csms, up = SmallCsms("an answer has no status"), threading.Event()

    async def live(ending: asyncio.Event) -> None:
        await csms.start(SystemClock())
        up.set()
        await ending.wait()
        await csms.close()

    thread = EventLoopThread("a small CSMS", live, ended=lambda: None)
    thread.start()
    assert up.wait(30)
    yield csms.url
    assert thread.stop(30)


def test_the_command_finds_it_in_somebodys_csms_and_the_test_bench_plays_it(
    broken_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, junit = f"--csms-url={broken_url}", tmp_path / "j.xml"
    written = [f"--scenarios={tmp_path / 'found'}", f"--junit={junit}"]
    argv = [url, "--ocpp-version=1.6", "--stop-early", "--within=60", *written]
    assert main(argv) == 1
    out = capsys.readouterr().out
    assert "FAILED valid-answers: Each answer is one that its schema allows" in out
    assert '"status" is a required property' in out
    assert out.splitlines()[-1].endswith("13 invariants: 1 FAILED")
    (suite,) = JUnitXml.fromfile(str(junit))
    assert (suite.tests, suite.failures) == (13, 1)
    file = tmp_path / "found" / "torture-valid-answers.yaml"
    assert "always:\n- valid-answers\n" in file.read_text("utf-8")
    assert test_command.main([str(file), url, "--json"]) == 1
    (played,) = json.loads(capsys.readouterr().out)["results"]
    assert "valid-answers: Authorize of CP01" in played["why"]


def test_interrupted_it_says_what_it_has_seen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(scenario: object, *_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim_core.testbench.torture.command.VirtualStage", interrupted)
    assert main(["--json"]) == 130
    told = capsys.readouterr()
    assert "Interrupted: the rest was not played." in told.err
    found = json.loads(told.out)
    assert (found["lives"], found["findings"]) == (0, [])
    assert {row["name"] for row in found["invariants"]} == {row.name for row in INVARIANTS}


def test_interrupted_while_it_makes_something_small_it_says_what_it_has(
    broken_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim_core.testbench.torture.command._Run.smaller", interrupted)
    argv = [f"--csms-url={broken_url}", "--ocpp-version=1.6", "--within=60"]
    assert main([*argv, f"--scenarios={tmp_path}"]) == 130
    assert "FAILED valid-answers" in capsys.readouterr().out
    assert read_file(tmp_path / "torture-valid-answers.yaml").always


async def test_what_is_broken_once_is_not_found_again() -> None:
    house = SmallCsms("an answer has no status")
    trial = Trial(replace(PLAN_16, deeds=6))
    await tried(
        trial,
        lambda scenario: VirtualStage(scenario, Settings(), scenario.seed, house),
        lambda so_far: so_far.lives < 6,
        Quiet(),
    )
    assert [one.name for one in trial.findings] == ["valid-answers"]


def test_a_csms_that_is_not_there_is_said_once(
    unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([f"--csms-url=ws://127.0.0.1:{unused_tcp_port}/ocpp"]) == 2
    told = capsys.readouterr()
    assert told.err.count("the CSMS is not reached: connection refused") == 1
    assert "nothing was seen" in told.out


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([], 'no {"sessions": […]}'),
        ({"sessions": ["x"]}, "session 1 of the CSMS is no JSON object"),
        ({"sessions": [{"cpid": "A"}]}, "session 1 of the CSMS has no transactionId"),
        ({"sessions": [{"cpid": "A", "transactionId": 1, "energy": "5"}]}, "no number of Wh"),
    ],
)
def test_what_an_adapter_tells_of_sessions_is_looked_at(told: object, said: str) -> None:
    with pytest.raises(SessionsError) as caught:
        sessions_in(told)
    assert said in str(caught.value)


async def test_sessions_are_asked_for_over_http() -> None:
    async with Csms() as csms:
        api = ApiServer(csms, "key-of-a-test")
        await api.start(port=0)
        try:
            url = f"http://127.0.0.1:{api.port}/api/v1/history"
            assert await SessionsOverHttp(url, "key-of-a-test").ended() == []
            with pytest.raises(RefusedError, match="answers 401"):
                await SessionsOverHttp(url, "another").ended()
        finally:
            await api.stop()
