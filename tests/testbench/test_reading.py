"""A scenario is read, or it is said where it is wrong and what is allowed there."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_core.scenarios.yaml_nodes import ScenarioError
from sim_core.testbench.patterns import Pattern
from sim_core.testbench.reading import read
from sim_core.testbench.scenario import Act, Expect, Wait
from sim_core.testbench.schema import schema
from sim_core.testbench.shipped_set import FOLDER, files
from sim_core.testbench.variables import UnknownError, filled

HEAD = "scenario: x\n"
WRONG = {
    "": "1:1: there is nothing in it",
    "- a": "1:1: a scenario has fields",
    'scenario: "x': "this is no YAML",
    "a: &a [1]\nb: *a": "there are no aliases",
    "scenario: x": "1:1: steps: is missing",
    "steps: []": "1:1: scenario: is missing",
    HEAD + "step: []": "2:1: a scenario has no 'step': did you mean steps?",
    HEAD + "steps: 5": "2:8: steps is a list",
    HEAD + "ocpp: 1.5\nsteps: []": "2:7: ocpp is one of",
    HEAD + "steps:\n  - plugg: 1": "3:5: there is no step 'plugg': did you mean plug?",
    HEAD + "steps:\n  - record": "3:5: there is no step 'record'",
    HEAD + "steps:\n  - plug: {conector: 1}": "3:11: plug: there is no 'conector': did you mean",
    HEAD + "steps:\n  - plug: 1\n    with: 2": "4:5: 'plug' has no 'with'",
    HEAD + "steps:\n  - wait: soon": "3:11: wait is a span of time: 90 s, 10 min, 2 h",
    HEAD + "steps:\n  - wait: 9999 h": "3:11: wait is at most 31 days",
    HEAD + "steps:\n  - expect: Start": "3:13: OCPP 1.6 has no 'Start'",
    HEAD + "steps:\n  - expect: Heartbeat\n    were: {}": "4:5: 'expect' has no 'were'",
    HEAD + "steps:\n  - expect: Heartbeat\n    where: 5": "4:12: it has fields",
    HEAD + "steps:\n  - status: Charged": "3:13: there is no status 'Charged'; there is Available",
    HEAD + "steps:\n  - swipe: {id_tag: $card}": "3:12: nothing has set $card",
    HEAD + "steps:\n  - plug: 1\n    charge point: CP9": "4:19: there is no charge point 'CP9'",
    HEAD + "steps:\n  - csms: Heartbeat": "3:11: Heartbeat is nothing that a CSMS asks",
    HEAD + "steps:\n  - again: Reset": "3:12: Reset is nothing that a charge point asks",
    HEAD + "always: [id-for-one]\nsteps: []": "2:10: there is no invariant 'id-for-one': did you",
    HEAD + "steps:\n  - include: nothing.yaml": "3:14: there is no file 'nothing.yaml'",
    HEAD + "steps:\n  - together: [{wait: 5}]": "3:16: what happens at the same time is done",
    HEAD + "charge points: {A: {modl: x}}\nsteps: []": "2:21: there is no option 'modl'",
    HEAD + "faults: [{fault: drop, action: Start}]\nsteps: []": "2:32: there is no 'Start'",
    HEAD + "faults: [{fault: drop, charge point: B}]\nsteps: []": "2:38: there is no charge point",
    HEAD + "steps:\n  - wire_fault: {fault: change}": "3:17: wire_fault: path is missing",
    HEAD + "steps: []\nsteps: []": "3:1: 'steps' is said twice",
    HEAD
    + "steps:\n  - never: MeterValues\n    where: {a: {at least: 1, b: 2}}": "4:16: conditions",
}


@pytest.mark.parametrize(("text", "said"), WRONG.items())
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ScenarioError) as error:
        read(text, Path("a.yaml"))
    assert said in str(error.value)
    assert str(error.value).startswith("a.yaml:")


def test_what_is_right_is_read() -> None:
    one = read(
        HEAD + "variables: {card: 007}\nsteps:\n"
        "  - swipe: {id_tag: $card}\n"
        "  - plug: 2\n  - link_down\n  - wait: 10 min\n"
        "  - expect: StartTransaction\n    where: {idTag: '007'}\n    as: start\n"
        "  - expect: StopTransaction\n    where: {transactionId: '${start.connectorId}'}\n",
        Path("a.yaml"),
    )
    swipe, plug, down, wait, start, stop = one.steps
    assert isinstance(swipe, Act)
    assert swipe.said == {"id_tag": "$card", "connector": 1}
    assert isinstance(plug, Act)
    assert plug.said == {"connector": 2}
    assert isinstance(down, Act)
    assert down.said == {}
    assert isinstance(wait, Wait)
    assert wait.seconds == 600
    assert isinstance(start, Expect)
    assert start.message.name == "start"
    assert isinstance(stop, Expect)
    assert one.variables == {"card": "007"}, "a card that looks like a number stays a card"


SOME = (FOLDER / "ocpp16" / "profile.yaml").read_text("utf-8")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SOME) - 1), st.integers(0, 12), st.text(max_size=6))
def test_a_text_that_was_mangled_is_read_or_refused_in_a_sentence(
    at: int, cut: int, put: str
) -> None:
    with contextlib.suppress(ScenarioError):  # nothing else may come out of it
        read(SOME[:at] + put + SOME[at + cut :], FOLDER / "ocpp16" / "a.yaml")


def test_every_shipped_scenario_is_as_the_schema_has_it() -> None:
    made = jsonschema_rs.validator_for(schema())
    for path in files([]):
        made.validate(json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8")), default=str)))
    assert not made.is_valid({"scenario": "x", "steps": [{"plugg": 1}]})


@pytest.mark.parametrize(
    ("words", "value", "why"),
    [
        ({"a": 1}, {"a": "1", "b": 2}, ""),
        ({"a": "true"}, {"a": True}, ""),
        ({"a": {"b": "*"}}, {"a": {"b": None}}, ""),
        ({"a": 1}, {}, "a is not there"),
        ({"a": {"present": False}}, {"a": 1}, "a is there"),
        ({"a": {"present": "false"}}, {}, ""),
        ({"a": {"at least": 5}}, {"a": 4}, "a is 4, not at least 5"),
        ({"a": {"at most": 5}}, {"a": "x"}, "a is x, not at most 5"),
        ({"a": {"one of": ["x", "y"]}}, {"a": "y"}, ""),
        ({"a": {"not": 0}}, {"a": 0}, "a is 0, not not 0"),
        ({"a": {"matches": "^V"}}, {"a": "VID:1"}, ""),
        ({"a": [{"b": 2}]}, {"a": [{"b": 1}, {"b": 2, "c": 3}]}, ""),
        ({"a": [{"b": 9}]}, {"a": [{"b": 1}]}, "a has no (b 9)"),
        ({"a": {"b": 1}}, {"a": 5}, "a is 5, and no object"),
        ({"a": 0.1}, {"a": 0.10}, ""),
    ],
)
def test_a_pattern_fits_or_says_why_not(words: object, value: object, why: str) -> None:
    assert Pattern(words).misfit(value) == why


def test_variables_are_filled_in_with_their_type() -> None:
    known = {"start": {"answer": {"transactionId": 7}}, "card": "A"}
    said = {"id": "${start.answer.transactionId}", "text": "it is $card, $$5"}
    assert filled(said, known) == {"id": 7, "text": "it is A, $5"}
    with pytest.raises(UnknownError, match="there is no 'transactionID'"):
        filled("${start.answer.transactionID}", known)
