"""Faults on the wire as people write them: in a file of their own, and in a scenario.

    seed: 7
    faults:
      - {fault: delay, direction: from_csms, action: Authorize, seconds: 20 s}
      - {fault: drop, action: MeterValues, chance: 0.2}

The fields are those of the table (`sim_core.wire_faults`), and so is the schema.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import MISSING, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sim_core.commands import AddWireFault
from sim_core.scenarios.yaml_nodes import Fields, Node, parsed, text_of
from sim_core.settings.spelling import guess
from sim_core.wire_faults import EVERY, KIND_BY_NAME, KINDS, PARAMETERS, SELECTING, why_not

SPAN: dict[str, Any] = {"type": ["string", "number"], "description": "90, 90 s, 10 min, 2 h"}
TRUE_AND_FALSE = {"true": True, "false": False}
SPANS = ("seconds",)
"""Fields that are a span of time."""


def read_faults(path: Path) -> tuple[AddWireFault, ...]:
    """The faults in a file. Raises ScenarioError with file, line and column."""
    return _faults(text_of(path), str(path))


@lru_cache(maxsize=4)
def _faults(text: str, path: str) -> tuple[AddWireFault, ...]:
    top = parsed(text, path, "faults:")
    said = top.fields("a file of faults", ("seed", "faults"))
    if "faults" not in said:
        raise top.wrong("faults: is missing")
    seed = said["seed"][1].whole("seed") if "seed" in said else None
    rules = [fault_of(one, one.fields("a fault")) for one in said["faults"][1].elements("faults")]
    return tuple(replace(one, seed=seed) if one.seed is None else one for one in rules)


def fault_of(node: Node, said: Fields, actions: Collection[str] | None = None) -> AddWireFault:
    """The fault that stands at a place. `actions` are those of the version that is spoken, where
    that is known. Raises ScenarioError."""
    values: dict[str, Any] = {}
    for name, (key, value) in said.items():
        if name not in PARAMETERS:
            raise key.wrong(f"a fault has no {name[:50]!r}{guess(name, PARAMETERS)}")
        values[name] = _value(name, value)
    if "fault" not in values:
        raise node.wrong(f"fault: is missing; it is one of {', '.join(KIND_BY_NAME)}")
    rule = AddWireFault(**values)
    if why := why_not(rule):
        raise _nearest(said, why, node).wrong(f"{why}{guess(rule.fault, KIND_BY_NAME)}")
    kind = KIND_BY_NAME[rule.fault]
    for name, (key, _) in said.items():
        if name not in ("fault", *SELECTING, *kind.parameters):
            listed = f": beside the frames it says {', '.join(kind.parameters)}"
            raise key.wrong(f"{rule.fault} has no {name}{listed if kind.parameters else ''}")
    if actions is not None and rule.action not in (EVERY, *actions):
        raise said["action"][1].wrong(f"there is no {rule.action!r}{guess(rule.action, actions)}")
    return rule


def _nearest(said: Fields, why: str, node: Node) -> Node:
    """Where the field stands that a sentence begins with."""
    word = why.split()[0]
    word = "fault" if word == "a" else word
    return said[word][1] if word in said else node


def _value(name: str, node: Node) -> object:
    """What a field says, as its kind has it."""
    kind = PARAMETERS[name].schema.get("type")
    if name in SPANS:
        return node.seconds(name)
    if kind is None:
        return json.dumps(node.plain())
    if kind == "integer":
        return node.whole(name)
    if kind == "number":
        return node.number(name)
    if kind == "boolean":
        if node.text(name).lower() not in TRUE_AND_FALSE:
            raise node.wrong(f"{name} is true or false")
        return TRUE_AND_FALSE[node.text(name).lower()]
    return node.text(name)


def fault_schema(*, variables: bool = False) -> dict[str, Any]:
    """The JSON schema of a fault; with `variables`, of one that a step makes."""
    told = "; ".join(f"{kind.name}: {kind.does}" for kind in KINDS)
    properties: dict[str, Any] = {}
    for name, parameter in PARAMETERS.items():
        row = dict(SPAN) if name in SPANS and not variables else dict(parameter.schema)
        if variables and row.get("type") in ("integer", "number", "boolean"):
            row = {"type": [row["type"], "string"]}
        text = f"{parameter.text}. {told}" if name == "fault" else parameter.text
        properties[name] = {**row, "description": text}
    needed = [one.name for one in fields(AddWireFault) if one.default is MISSING]
    return {
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": False,
    }
