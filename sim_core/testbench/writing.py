"""Writes a scenario as the YAML that `reading` reads.

Every word is that of the tables `reading` goes by, and what is as ever is left out, so that the
file is what a person would have written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from sim_core.commands import ACTION_BY_NAME
from sim_core.redaction import one_line
from sim_core.testbench.scenario import (
    FIRST,
    Act,
    Again,
    Ask,
    ChargePointOptions,
    Scenario,
    Step,
    Together,
    Wait,
    duration,
)


class _Dumper(yaml.SafeDumper):
    """Writes nothing where there is nothing to say: `link_down:`."""


_Dumper.add_representer(
    type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", "")
)


def as_yaml(scenario: Scenario, about: Sequence[str] = ()) -> str:
    """The file. `about` are lines for people at its top, as comments.

    Steps that expect something cannot be written yet: nobody makes them but people. Raises KeyError
    for one.
    """
    head = "".join(f"# {one_line(line)}\n" for line in about)
    fields = _fields(scenario)
    told = yaml.dump(fields, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return f"{head}{told}"


def _fields(scenario: Scenario) -> dict[str, Any]:
    usual = Scenario("", "", scenario.at, "")
    said: tuple[tuple[str, Any, Any], ...] = (
        ("proves", scenario.proves, ""),
        ("clause", scenario.clause, ""),
        ("must not", scenario.must_not, ""),
        ("ocpp", scenario.ocpp, usual.ocpp),
        ("charge points", _points(scenario.charge_points), {FIRST: {}}),
        ("variables", dict(scenario.variables), {}),
        ("tolerates", list(scenario.tolerates), []),
        ("always", list(scenario.always), []),
        ("answers within", duration(scenario.answers_within_s), duration(usual.answers_within_s)),
        ("seed", scenario.seed, usual.seed),
    )
    first = scenario.charge_points[0].name
    return {
        "scenario": scenario.title,
        **{name: value for name, value, as_ever in said if value != as_ever},
        "steps": [_row(step, first) for step in scenario.steps],
    }


def _points(points: Sequence[ChargePointOptions]) -> dict[str, dict[str, str]]:
    return {one.name: dict(one.options) for one in points}


def _row(step: Step, first: str) -> Any:
    row = WRITE[type(step)](step, first)
    refused = getattr(step, "refused", None)
    if refused is not None:
        row["refused"] = refused
    if step.on != first and not isinstance(step, (Wait, Together)):
        row["charge point"] = step.on
    word, *beside = row
    return word if not beside and row[word] is None else row


def _act(step: Act, _: str) -> dict[str, Any]:
    said = dict(step.said)
    alone = ACTION_BY_NAME[step.action].on_connector and said.keys() == {"connector"}
    return {step.action: said["connector"] if alone else said or None}


def _ask(step: Ask, _: str) -> dict[str, Any]:
    payload: Mapping[str, Any] = step.payload
    return {"csms": step.action, **({"payload": dict(payload)} if payload else {})}


WRITE: dict[type[Step], Callable[[Any, str], dict[str, Any]]] = {
    Act: _act,
    Again: lambda step, _: {"again": step.action},
    Ask: _ask,
    Wait: lambda step, _: {"wait": duration(step.seconds)},
    Together: lambda step, first: {"together": [_row(act, first) for act in step.acts]},
}
"""How each kind of step is written: the word that it begins with, and what stands beside it."""
