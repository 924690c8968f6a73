"""The JSON Schema of what `chargeforge drive` hears and says, and of the tools that agents have.

Made of the dataclasses by which requests are read, and of the table of actions with the words that
HTTP has for their fields. Nothing is described twice.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from sim_core.commands import Action
from sim_core.sidecar.command_routes import QUERIES
from sim_core.testbench.drive.requests import OPS, PROTOCOL, Answer, AnyRequest, Event
from sim_core.testbench.reading import DO, OPTIONS

CONNECTOR = {"type": "integer", "minimum": 0, "default": 1, "description": "Counted from 1"}
REFERENCE = "#/$defs/{model}"


def schema() -> dict[str, Any]:
    """The schema of a line, in either direction."""
    kinds: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        ("Request", "validation", TypeAdapter(AnyRequest)),
        ("Answer", "serialization", TypeAdapter(Answer)),
        ("Event", "serialization", TypeAdapter(Event)),
        *(
            (f"Result of {name}", "serialization", TypeAdapter(op.result))
            for name, op in OPS.items()
        ),
    ]
    made, whole = TypeAdapter.json_schemas(kinds, ref_template=REFERENCE)
    parts = {name: _untitled(part) for name, part in whole["$defs"].items()}
    parts |= {name: _untitled(made[name, mode]) for name, mode, _ in kinds if name not in parts}
    parts["Start"]["properties"]["options"]["propertyNames"] = {"enum": sorted(OPTIONS)}
    parts["Do"]["properties"]["action"]["enum"] = [action.name for action in DO]
    parts["Do"]["allOf"] = [
        {
            "if": {"properties": {"action": {"const": action.name}}},
            "then": {"properties": {"values": values_of(action)}},
        }
        for action in DO
    ]
    lines = ("Request", "Answer", "Event")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"The lines of chargeforge drive, protocol {PROTOCOL}",
        "anyOf": [{"$ref": REFERENCE.format(model=name)} for name in lines],
        "$defs": dict(sorted(parts.items())),
    }


def values_of(action: Action) -> dict[str, Any]:
    """What an action says, as an object."""
    inside: dict[str, Any] = {"connector": CONNECTOR} if action.on_connector else {}
    for one in fields(action.command):
        if query := QUERIES.get(one.name):  # how long a text may be is known only on the link
            inside[one.name] = {**query.schema, "description": query.text}
    needed = [
        one.name
        for one in fields(action.command)
        if one.default is MISSING and one.name != "connector_id"
    ]
    return {
        "type": "object",
        "description": action.help,
        "properties": inside,
        **({"required": needed} if needed else {}),
        "additionalProperties": False,
    }


def arguments_of(name: str) -> dict[str, Any]:
    """What a request says beside its name and its id, as an object without references."""
    made = _untitled(TypeAdapter(OPS[name].request).json_schema(ref_template=REFERENCE))
    inside = {
        field: part
        for field, part in made["properties"].items()
        if field not in ("id", "op", "beside", "watch")
    }
    if "options" in inside:
        inside["options"]["propertyNames"] = {"enum": sorted(OPTIONS)}
    needed = [field for field in made.get("required", ()) if field in inside]
    return {
        "type": "object",
        "properties": inside,
        **({"required": needed} if needed else {}),
        "additionalProperties": False,
    }


def _untitled(part: Any) -> Any:
    """Without the titles that repeat the names of fields."""
    if isinstance(part, list):
        return [_untitled(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        name: {field: _untitled(one) for field, one in value.items()}
        if name in ("properties", "$defs")
        else _untitled(value)
        for name, value in part.items()
        if not (name == "title" and isinstance(value, str))
    }
