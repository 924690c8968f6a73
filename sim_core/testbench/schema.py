"""The JSON Schema of a scenario, for editors that complete what is typed.

Made from the same tables that `reading` reads by, so that what it allows is what can be read.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

from sim_core.commands import Action
from sim_core.ocpp_versions import VERSIONS, known_statuses
from sim_core.scenarios.fault_file import SPAN, fault_schema
from sim_core.testbench.invariants.table import INVARIANT_BY_NAME
from sim_core.testbench.reading import DO, MESSAGE, OCPP, OPTIONS, TOP, VERBS
from sim_core.wire_faults import WireFault

PAYLOAD = {"type": "object"}
NAME = {"type": "string"}
NUMBER = {"type": ["number", "string"]}
CONNECTOR = {"type": ["integer", "string"], "description": "Counted from 1"}
ABOUT = {
    "scenario": "What it shows, in one line",
    "proves": "What a CSMS that passes is known to do",
    "clause": "What it rests on",
    "must not": "What a CSMS must not do",
    "ocpp": "The version that is spoken",
    "charge points": "By their ids, each with the options that are not as ever",
    "variables": "Names for values: $name",
    "faults": "What is done to frames on the wire from the beginning",
    "tolerates": "Codes of CALLERRORs that are no failure here",
    "always": "Invariants that hold from the first step to the last",
    "answers within": "So long the CSMS may take for an answer (10 s)",
    "seed": "What chance draws from, where nobody says otherwise (1)",
    "steps": "What is done and expected, in this order",
}
BESIDE: dict[str, dict[str, Any]] = {
    "where": PAYLOAD | {"description": "What the payload is to be like"},
    "answer": PAYLOAD | {"description": "What the payload of the answer is to be like"},
    "error": NAME | {"description": "The answer is a CALLERROR with this code; *: with any"},
    "as": NAME | {"description": "What later steps call it: ${name.answer.transactionId}"},
    "from": {"enum": ["csms", "charge point"]},
    "charge point": NAME | {"description": "The charge point that it is about; the first one else"},
    "within": SPAN,
    "for": SPAN,
    "connector": CONNECTOR,
    "payload": PAYLOAD,
    "refused": NAME
    | {"description": "A part of the sentence by which it is refused; *: be it or not"},
}
SPOKEN = sorted(frozenset().union(*(version.dialect.schemas.actions for version in VERSIONS)))
VALUES: dict[str, dict[str, Any]] = {
    "expect": {"enum": SPOKEN},
    "never": {"enum": SPOKEN},
    "csms": {"enum": SPOKEN},
    "again": {"enum": SPOKEN},
    "status": {"enum": list(known_statuses())},
    "charged": NUMBER | {"description": "Wh, at least"},
    "wait": SPAN,
    "include": NAME | {"description": "A file beside this one that has steps"},
    "power": {
        "type": "object",
        "properties": {"at least": NUMBER, "at most": NUMBER},
        "additionalProperties": False,
    },
    "together": {"type": "array", "items": {"$ref": "#/$defs/step"}},
    "any order": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"expect": {"enum": SPOKEN}, **{one: BESIDE[one] for one in MESSAGE}},
            "required": ["expect"],
            "additionalProperties": False,
        },
    },
}
KINDS = {"int": "integer", "float": "number", "bool": "boolean"}


def schema() -> dict[str, Any]:
    """The schema of a file."""
    options = {"type": "object", "propertyNames": {"enum": sorted(OPTIONS)}}
    points = {
        "anyOf": [
            {"type": "array", "items": NAME},
            {"type": "object", "additionalProperties": {"anyOf": [options, {"type": "null"}]}},
        ]
    }
    fault = fault_schema()
    fault["properties"]["charge point"] = BESIDE["charge point"]
    properties: dict[str, Any] = dict.fromkeys(TOP, NAME)
    properties |= {
        "ocpp": {"enum": list(OCPP)},
        "charge points": points,
        "faults": {"type": "array", "items": fault},
        "variables": PAYLOAD,
        "tolerates": {"type": "array", "items": NAME},
        "always": {"type": "array", "items": {"enum": list(INVARIANT_BY_NAME)}},
        "answers within": SPAN,
        "seed": {"type": ["integer", "string"]},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
    }
    steps = [_verb(name) for name in VERBS] + [_action(action) for action in DO]
    bare = [action.name for action in DO]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of ChargeForge",
        "type": "object",
        "properties": {
            name: {**row, "description": ABOUT[name]} for name, row in properties.items()
        },
        "required": ["scenario", "steps"],
        "additionalProperties": False,
        "$defs": {"step": {"anyOf": [{"enum": bare}, *steps]}},
    }


def _verb(name: str) -> dict[str, Any]:
    beside = {one: BESIDE[one] for one in VERBS[name].beside}
    return _step(name, VALUES[name], beside)


def _action(action: Action) -> dict[str, Any]:
    hints = get_type_hints(action.command)
    inside = {
        "connector" if one.name == "connector_id" else one.name: _kind(str(hints[one.name]))
        for one in fields(action.command)
    }
    if issubclass(action.command, WireFault):
        inside = fault_schema(variables=True)["properties"]
    said: dict[str, Any] = {
        "type": "object",
        "properties": inside,
        "additionalProperties": False,
    }
    alone: list[dict[str, Any]] = [{"type": "null"}]
    if action.on_connector:
        alone.append(CONNECTOR)
    value = {"anyOf": [said, *alone], "description": action.help}
    return _step(action.name, value, {one: BESIDE[one] for one in ("charge point", "refused")})


def _kind(hint: str) -> dict[str, Any]:
    """A field's type; a text that stands for a variable is allowed anywhere."""
    for word, kind in KINDS.items():
        if word in hint:
            return {"type": [kind, "string"]}
    return {"type": ["string", "number", "object"]}


def _step(name: str, value: dict[str, Any], beside: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: value, **beside},
        "required": [name],
        "additionalProperties": False,
    }
