"""Our verdict on a payload is that of the `ocpp` package, for every message of OCPP 1.6.

The package validates with `jsonschema`, and where a schema says `multipleOf: 0.1` with decimal
numbers; we validate with the same schema files compiled to machine code, and with plain floats.
Both judge payloads that are made from the schemas, spoilt in every single way and at random.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ocpp import messages
from ocpp.exceptions import OCPPError

from sim_core.ocpp16.dialect import OCPP_16
from tests.examples import examples
from tests.versions import OCPP_1_6

Json = dict[str, Any]
Path = tuple[Any, ...]

SCHEMAS: dict[str, Json] = {name: OCPP_1_6.schema(name) for name in OCPP_1_6.schema_names()}
TENTHS = sorted(name for name, schema in SCHEMAS.items() if "multipleOf" in json.dumps(schema))
RESPONSE = "Response"
WRONG: tuple[Any, ...] = (None, True, 0, -1, 1.5, "", "?", [], {}, 2**31, 10**25)
"""Tried in the place of everything."""
NUMBERS: tuple[float, ...] = (0.1, 0.3, 0.7, 1.1, 4.11, 21.4, 32.15, 1e3, 0.05, 123456.7, 1e-9, 16)


def of_the_library(name: str, payload: Any) -> bool:
    """Whether the `ocpp` package takes the payload."""
    payload = copy.deepcopy(payload)
    message = (
        messages.CallResult("1", payload, name.removesuffix(RESPONSE))
        if name.endswith(RESPONSE)
        else messages.Call("1", name, payload)
    )
    try:
        messages._validate_payload(message, OCPP_1_6.name)
    except OCPPError:
        return False
    return True


def of_ours(name: str, payload: Any) -> bool:
    """Whether we take it, as it would come off the wire."""
    payload = json.loads(json.dumps(payload))
    if name.endswith(RESPONSE):
        return OCPP_16.schemas.answer_fault(name.removesuffix(RESPONSE), payload) is None
    return OCPP_16.schemas.request_fault(name, payload) is None


def agreed(name: str, payload: Any) -> bool:
    """The verdict of both."""
    verdict = of_the_library(name, payload)
    assert of_ours(name, payload) is verdict, (name, payload)
    return verdict


def resolved(schema: Json, root: Json) -> Json:
    """The schema that a `$ref` stands for."""
    while "$ref" in schema:
        place: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        schema = place
    return schema


def full(schema: Json, root: Json) -> Any:
    """A valid payload with everything in it."""
    schema = resolved(schema, root)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: full(part, root) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [full(schema["items"], root)]
    values: Json = {"string": "2026-01-01T12:00:00Z", "integer": 1, "number": 16.1, "boolean": True}
    value = values[kind]
    return value[: schema.get("maxLength")] if kind == "string" else value


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The way to everything in a payload."""
    yield path
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for step, part in inside:
        yield from places(part, (*path, step))


def at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def put(payload: Any, path: Path, value: Any) -> Any:
    """The payload with something else in that place."""
    if not path:
        return value
    spoilt = copy.deepcopy(payload)
    at(spoilt, path[:-1])[path[-1]] = value
    return spoilt


def spoilt_once(payload: Json) -> Iterator[Any]:
    """The payload with one thing wrong, or odd, in every place."""
    for path in places(payload):
        here = at(payload, path)
        for wrong in (*WRONG, *(NUMBERS if isinstance(here, float) else ())):
            yield put(payload, path, wrong)
        if path and isinstance(path[-1], str):
            gone = copy.deepcopy(payload)
            del at(gone, path[:-1])[path[-1]]
            yield gone
        if isinstance(here, dict):
            yield put(payload, path, {**here, "unheardOf": 1})
        if isinstance(here, list):
            yield put(payload, path, [*here, *here])
        if isinstance(here, str):
            yield from (put(payload, path, "ä" * length) for length in (20, 21, 50, 51, 255, 2501))


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_message_spoilt_in_every_single_way(name: str) -> None:
    payload = full(SCHEMAS[name], SCHEMAS[name])
    assert agreed(name, payload)
    verdicts = {agreed(name, spoilt) for spoilt in spoilt_once(payload)}
    assert False in verdicts


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_messages_spoilt_at_random(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SCHEMAS)))
    payload = full(SCHEMAS[name], SCHEMAS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(payload))))
        payload = put(payload, path, data.draw(ANYTHING))
    agreed(name, payload)


@pytest.mark.parametrize("name", TENTHS)
@settings(max_examples=examples(60), deadline=None)
@given(st.decimals(-10_000_000, 10_000_000, places=2) | st.decimals(-1000, 1000, places=1))
@example(4.11)
@example(0.3)
def test_a_tenth_is_a_tenth(name: str, number: Any) -> None:
    """0.1 + 0.2 is no multiple of 0.1 in floats; 0.3 as it stands on the wire is one."""
    payload = full(SCHEMAS[name], SCHEMAS[name])
    for path in places(payload):
        if isinstance(at(payload, path), float):
            agreed(name, put(payload, path, float(number)))
