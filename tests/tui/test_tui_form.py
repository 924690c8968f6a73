"""The form of a message, made of any schema over any payload, and a payload changed by field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.ocpp_versions import VERSIONS
from tui.protocols import form
from tui.protocols.form import Field
from tui.protocols.meanings import MEANINGS, by_use

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(
    st.sampled_from(("connectorId", "meterValue", "sampledValue", "x", "status"))
    | st.text(max_size=4),
    JSON,
    max_size=5,
)
FACTS = {
    "connectorId": 1,
    "idTag": "T",
    "timestamp": "2026-01-01T00:00:00Z",
    "status": "Charging",
    "errorCode": "NoError",
    "meterStart": 7,
    "meterStop": 8,
    "transactionId": 3,
    "value": "12",
}
ASKED = [(version, action) for version in VERSIONS for action in sorted(version.dialect.asks)]


@pytest.mark.parametrize(
    ("version", "action"), ASKED, ids=lambda one: one if isinstance(one, str) else ""
)
def test_what_a_form_opens_with_is_valid(version: Any, action: str) -> None:
    schemas = version.dialect.schemas
    schema = schemas.request_schema(action)
    payload = form.filled(schema, schema, {})
    assert schemas.request_fault(action, payload) is None
    payload = form.filled(schema, schema, FACTS)
    assert (
        schemas.request_fault(action, payload) is None or version.dialect.subprotocol != "ocpp1.6"
    )


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.dialect.version)
def test_every_action_is_explained(version: Any) -> None:
    assert version.dialect.asks <= version.dialect.schemas.actions
    assert version.dialect.schemas.actions <= set(MEANINGS)
    assert by_use(frozenset({"Zzz", "Heartbeat", "Aaa"})) == ["Heartbeat", "Aaa", "Zzz"]


@given(st.sampled_from(ASKED), OBJECTS)
def test_any_payload_has_a_form_and_every_field_of_it_can_be_set_and_left_out(
    asked: Any, payload: dict[str, Any]
) -> None:
    version, action = asked
    schema = version.dialect.schemas.request_schema(action)
    before = json.dumps(payload)
    for field in form.form(schema, payload):
        changed = form.with_value(payload, field.path, "new")
        assert _at(changed, field.path) == "new"
        if field.present and not field.adds:
            left = form.without(payload, field.path)
            assert len(form.form(schema, left)) <= len(form.form(schema, changed)) + 100
        assert isinstance(field.name, str)
        form.at(schema, field.path)
    assert json.dumps(payload) == before


def _at(payload: Any, path: form.Path) -> Any:
    for step in path:
        payload = payload[step]
    return payload


def test_required_fields_come_first_and_unknown_ones_last() -> None:
    schema = VERSIONS[-1].dialect.schemas.request_schema("StatusNotification")
    fields = form.form(schema, {"zebra": 1, "info": "i"})
    names = [one.name for one in fields]
    assert names[:3] == ["connectorId", "errorCode", "status"]
    assert names[-1] == "zebra"
    assert fields[-1].kind == ""


def test_lists_have_a_row_for_each_item_and_one_to_add_to_them() -> None:
    schema = VERSIONS[-1].dialect.schemas.request_schema("MeterValues")
    payload = form.filled(schema, schema, FACTS)
    names = [(one.depth, one.name, one.adds) for one in form.form(schema, payload)]
    assert (1, "meterValue 1", False) in names
    assert (3, "sampledValue 1", False) in names
    assert names[-2][2] or names[-1][2]
    left = form.without(payload, ("meterValue", 0, "sampledValue", 0))
    assert left["meterValue"][0]["sampledValue"] == []


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("string", "12", "12"),
        ("integer", "12", 12),
        ("integer", "twelve", "twelve"),
        ("boolean", "true", True),
        ("", '{"a": 1}', {"a": 1}),
        ("number", "[" * 50_000, "[" * 50_000),
    ],
)
def test_what_is_typed_is_read_by_its_type_and_kept_where_it_does_not_fit(
    kind: str, typed: str, value: object
) -> None:
    assert form.read(Field(("x",), kind, True), typed) == value
