"""A message as a form, made of its JSON schema: a row for each field that it has or may have.

Pure: schema and payload in, rows out, and a payload with one field changed. A payload is never
changed in place. Fields that the schema does not know are rows too: what is said on purpose shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
Path = tuple["str | int", ...]

DEEPEST = 12
"""Levels of a payload that are shown."""
MOST_ITEMS = 50
"""Items of a list that are shown."""
NOT_OFFERED = frozenset({"customData"})
"""Fields that each object of OCPP 2.0.1 may have, and that nobody looks for in a form."""
OFTEN = ("transactionId", "firmwareVersion")
"""Fields that may be left out, and that a charge point which knows them usually tells."""
CONTAINERS = frozenset({"object", "array"})


@dataclass(frozen=True)
class Field:
    """One row of the form."""

    path: Path
    kind: str
    """The type as JSON schema names it; empty where the schema knows no such field."""
    present: bool
    value: Any = None
    required: bool = False
    choices: tuple[str, ...] = ()
    longest: int | None = None
    adds: bool = False
    """It is no field: taking it adds an item to the list at `path`."""

    @property
    def name(self) -> str:
        """What it is called; an item is called by its list and number."""
        last = self.path[-1]
        return str(last) if isinstance(last, str) else f"{self.path[-2]} {last + 1}"

    @property
    def depth(self) -> int:
        """How deep it lies."""
        return len(self.path) - 1

    @property
    def holds_others(self) -> bool:
        """Whether it is an object or a list."""
        return self.kind in CONTAINERS or isinstance(self.value, (dict, list))


def form(schema: Schema, payload: Mapping[str, Any]) -> list[Field]:
    """The rows, required fields of each object first."""
    return list(_fields(schema, schema, payload, ()))


def _fields(
    root: Schema, schema: Schema, payload: Mapping[str, Any], path: Path
) -> Iterator[Field]:
    known: Mapping[str, Schema] = schema.get("properties", {})
    required = set(schema.get("required", ()))
    for name in sorted(known, key=lambda one: one not in required):
        if name in payload or name not in NOT_OFFERED:
            yield from _rows(root, known[name], payload, (*path, name), name in required)
    for name in payload:
        if name not in known:
            yield Field((*path, name), "", True, payload[name])


def _rows(
    root: Schema, schema: Schema, payload: Mapping[str, Any], path: Path, required: bool
) -> Iterator[Field]:
    name = path[-1]
    present = name in payload
    value = payload.get(str(name))
    yield from _row(root, schema, value, path, present=present, required=required)


def _row(
    root: Schema, schema: Schema, value: object, path: Path, *, present: bool, required: bool
) -> Iterator[Field]:
    schema = resolved(root, schema)
    kind = str(schema.get("type", ""))
    yield Field(
        path,
        kind,
        present,
        value,
        required,
        tuple(str(one) for one in schema.get("enum", ())),
        schema.get("maxLength"),
    )
    if not present or len(path) > DEEPEST:
        return
    if kind == "object" and isinstance(value, dict):
        yield from _fields(root, schema, value, path)
    elif kind == "array" and isinstance(value, list):
        items = schema.get("items", {})
        for place, item in enumerate(value[:MOST_ITEMS]):
            yield from _row(root, items, item, (*path, place), present=True, required=False)
        yield Field(path, "array", True, value, adds=True)


def resolved(root: Schema, schema: Schema) -> Schema:
    """A schema itself where it only names one of the definitions."""
    for _ in range(DEEPEST):
        name = schema.get("$ref")
        if not isinstance(name, str):
            break
        schema = root.get("definitions", {}).get(name.rpartition("/")[2], {})
    return schema


def at(root: Schema, path: Path) -> Schema:
    """The schema of the field at a path; empty where there is none."""
    schema = root
    for step in path:
        schema = resolved(root, schema)
        known = schema.get("items") if isinstance(step, int) else schema.get("properties", {})
        schema = (known if isinstance(step, int) else (known or {}).get(step)) or {}
    return resolved(root, schema)


# -- filling in ------------------------------------------------------------------------------------


def filled(root: Schema, schema: Schema, facts: Mapping[str, Any], name: str = "") -> Any:
    """The least that a field may hold: what is required, by name from `facts` where they know."""
    schema = resolved(root, schema)
    kind, choices = schema.get("type"), schema.get("enum", ())
    known = facts.get(name)
    if known is not None and (not choices or known in choices) and _fits(kind, known):
        return known
    if choices:
        return choices[0]
    if kind == "object":
        properties = schema.get("properties", {})
        often = [one for one in OFTEN if one in properties and facts.get(one) is not None]
        wanted = dict.fromkeys((*schema.get("required", ()), *often))
        return {one: filled(root, properties.get(one, {}), facts, one) for one in wanted}
    if kind == "array":
        least = max(1, schema.get("minItems", 1))
        return [filled(root, schema.get("items", {}), facts, name) for _ in range(least)]
    empty: dict[Any, Any] = {"integer": 0, "number": 0, "boolean": False}
    return empty.get(kind, "")


def _fits(kind: object, value: object) -> bool:
    wanted: dict[object, tuple[type, ...]] = {
        "integer": (int,),
        "number": (int, float),
        "string": (str,),
        "boolean": (bool,),
        "object": (dict,),
        "array": (list,),
    }
    return isinstance(value, wanted.get(kind, (object,)))


# -- changing --------------------------------------------------------------------------------------


def read(field: Field, typed: str) -> Any:
    """What was typed as a value. What does not fit the type stays the text that it is: it is said
    on purpose, and the sheet tells what is wrong with it."""
    if field.kind == "string":
        return typed
    try:
        value = json.loads(typed)
    except (ValueError, RecursionError):
        return typed
    return value


def shown(field: Field) -> str:
    """The value as it is typed."""
    if field.kind == "string" and isinstance(field.value, str):
        return field.value
    return json.dumps(field.value, ensure_ascii=False)


def with_value(payload: Any, path: Path, value: Any) -> Any:
    """The payload with one field set; objects on the way are made where they are missing."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items = list(payload) if isinstance(payload, list) else []
        items[step : step + 1] = [
            with_value(items[step] if step < len(items) else None, rest, value)
        ]
        return items
    known = dict(payload) if isinstance(payload, Mapping) else {}
    known[step] = with_value(known.get(step), rest, value)
    return known


def without(payload: Any, path: Path) -> Any:
    """The payload with one field, or one item, left out."""
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items = list(payload)
        items[step : step + 1] = [without(items[step], rest)] if rest else []
        return items
    return {
        name: without(value, rest) if name == step and rest else value
        for name, value in payload.items()
        if name != step or rest
    }
