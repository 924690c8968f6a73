"""The page about model files is that of the code, and its schema judges as the reader does."""

from __future__ import annotations

import json
import sys
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from sim_core.hardware import model as source
from sim_core.hardware.model import (
    Behaviour,
    Equipment,
    FrameText,
    Identity,
    KeyText,
    Metering,
    Number,
    Quirks,
    Ratings,
    SaidTable,
    StepList,
    TableList,
    Text,
    TextList,
    Timing,
    VariableText,
    Varying,
    VendorFault,
    WireText,
    Word,
)
from sim_core.settings.model_file import FOLDER, SECTIONS, ModelError, load_model, shipped
from tests.model_docs import (
    EXAMPLE,
    LISTS,
    PAGE,
    SCHEMA,
    docs,
    is_required,
    meaning,
    page,
    quirks,
    schema,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REGENERATE = "run `python -m tests.pictures` and look at what changed"
SCHEMA_NOW = jsonschema_rs.validator_for(json.loads(schema()))
FILES = [*(FOLDER / f"{name}.toml" for name in shipped()), EXAMPLE]
SMALLEST: dict[str, Any] = {
    "identity": {"vendor": "V", "model": "M"},
    "ratings": {"connector_power_w": 1e9, "connector_current_a": 1, "cabinet_power_w": 1e9},
}
TABLES = {
    ("identity",): Identity,
    ("ratings",): Ratings,
    ("timing", "swift"): Timing,
    ("timing", "real"): Timing,
    ("behaviour",): Behaviour,
    ("equipment",): Equipment,
    ("metering",): Metering,
    ("wire",): WireText,
    ("frames", "StatusNotification"): FrameText,
    ("keys", "Rate"): KeyText,
    ("variables", "EVSE.Power"): VariableText,
    ("faults", "E1"): VendorFault,
}
"""Where in a file a dataclass is filled."""
FIELDS = [(place, field) for place, kind in TABLES.items() for field in fields(kind)]


def test_the_page_is_that_of_the_code() -> None:
    assert PAGE.read_text("utf-8") == page(), REGENERATE


def test_the_schema_is_that_of_the_code() -> None:
    assert SCHEMA.read_text("utf-8") == schema(), REGENERATE


def test_every_field_of_a_model_says_what_it_is_for() -> None:
    for kind in {*TABLES.values(), source.QuirkText}:
        assert docs()[kind.__name__].text, kind
        for field in fields(kind):
            assert meaning(kind, field.name), f"{kind.__name__}.{field.name}"
    assert [quirk.name for quirk in quirks()] == [field.name for field in fields(Quirks)]
    assert [quirk.name for quirk in quirks() if not quirk.says] == []


def test_every_section_is_on_the_page() -> None:
    assert [field.name for field in fields(source.Model)] == ["name", *SECTIONS]
    assert {place[0] for place in TABLES} | {"quirks", "answers", "transfers"} == set(SECTIONS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_there_to_copy_is_right(path: Path) -> None:
    load_model(str(path))
    SCHEMA_NOW.validate(tomllib.loads(path.read_text("utf-8")))


def test_the_example_names_the_schema() -> None:
    first = EXAMPLE.read_text("utf-8").splitlines()[0]
    assert (EXAMPLE.parent / first.removeprefix("#:schema ")).resolve() == SCHEMA


# -- the schema says what the reader says ----------------------------------------------------------


def judged(document: dict[str, Any], folder: Path) -> bool:
    """Whether a model of this may be used; both must say the same."""
    path = folder / "mine.toml"
    path.write_text(as_toml(document), "utf-8")
    document = tomllib.loads(path.read_text("utf-8"))
    try:
        load_model(str(path))
    except ModelError:
        taken = False
    else:
        taken = True
    assert SCHEMA_NOW.is_valid(document) is taken
    return taken


def as_toml(value: object) -> str:
    """A document as TOML, each of its sections as a table in one line."""

    def one(value: object) -> str:
        if isinstance(value, dict):
            inside = ", ".join(f"{json.dumps(key)} = {one(part)}" for key, part in value.items())
            return f"{{ {inside} }}"
        if isinstance(value, list):
            return f"[{', '.join(map(one, value))}]"
        return json.dumps(value)

    assert isinstance(value, dict)
    return "".join(f"{json.dumps(name)} = {one(section)}\n" for name, section in value.items())


def with_value(place: tuple[str, ...], name: str, value: object) -> dict[str, Any]:
    """The smallest model, and in this table of it this value."""
    document: dict[str, Any] = json.loads(json.dumps(SMALLEST))
    table = document
    for step in place:
        table = table.setdefault(step, {})
    for field in fields(TABLES[place]):
        if is_required(field):
            table.setdefault(field.name, "x")
    table[name] = value
    return document


def right_and_wrong(field: Field[Any]) -> tuple[list[object], list[object]]:
    """Values at the limits of a field, and values beyond them."""
    limit = field.metadata.get("limit")
    if field.name in LISTS:
        assert isinstance(limit, Text)
        first, *rest = LISTS[field.name]
        most = f"{first}{' ' * (limit.most - len(first))}"
        strangers = [f"{first}s", f"{first} {rest[0]}", f"{first};{rest[0]}", f"{first},\n"]
        return ["", f" {first} ,,{rest[0]}", most], [f"{most} ", *strangers, 7, True]
    if isinstance(limit, Text):
        least = ["x" * (limit.least - 1)] if limit.least else []
        wrong = [*least, "x" * (limit.most + 1), "a\nb", 7, True]
        return ["x" * limit.least, "é" * limit.most], wrong
    if isinstance(limit, StepList):
        pace = {"median": 7, "p10": 6, "p90": 8}
        wrong = [[7, 0], [[7]], [[7, 0, 1]], [["7", 0]], [[7, -1]], [[{"median": 7}, 0]], 7, True]
        return [[], [[7, 0], [9.5, 4000]], [[pace, 0], [12, 4000]]], wrong
    if isinstance(limit, Varying):
        ends = {"median": limit.high, "p10": limit.low, "p90": limit.high}
        bounds = {"least": limit.low, "most": limit.high}
        wrong = [
            {},
            {"median": limit.low},
            {**ends, "p15": limit.low},
            {**ends, "p10": limit.low - 1},
            {**ends, "most": limit.high * 2},
            {**ends, "median": "1"},
        ]
        one = right_and_wrong_numbers(field, limit)
        return [*one[0], ends, {**ends, **bounds}], [*one[1], *wrong]
    if isinstance(limit, Number):
        return right_and_wrong_numbers(field, limit)
    if isinstance(limit, Word):
        return list(limit.words), ["x", 7, []]
    if isinstance(limit, TextList):
        each = limit.each
        one = each.words[0] if isinstance(each, Word) else "Heartbeat"
        long = "x" if isinstance(each, Word) else "x" * (each.most + 1)
        return [[], [one], [one] * 2], [one, [""], [7], [long], 7]
    if isinstance(limit, SaidTable):
        right = {"a": "x", "b": 1, "c": True, "d": [], "e": {"Charging": "y"}}
        wrong = [{"a": 1.5}, {"a": [1]}, {"a": {"b": 1}}, {"a": "x" * 501}, 7, []]
        return [{}, right], wrong
    if isinstance(limit, TableList):
        line = {"measurand": "Voltage"}
        return [[], [line, {**line, "when": ["Trigger"]}]], [[{}], [{**line, "typo": 1}], [7], 7]
    return [True, False], ["true", 1, 0.0, []]


def right_and_wrong_numbers(field: Field[Any], limit: Number) -> tuple[list[object], list[object]]:
    """The same of a number."""
    fraction = [1.5] if str(field.type).startswith("int") else []
    wrong = [limit.low - 1, limit.high * 2, *fraction, "1", True, []]
    whole = [int(limit.low), int(limit.high)] if limit.low == int(limit.low) else []
    return whole or [limit.low, limit.high], wrong


def ids(value: object) -> str:
    return value.name if isinstance(value, Field) else ".".join(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(("place", "field"), FIELDS, ids=ids)
def test_both_know_the_limits_of_a_field(
    place: tuple[str, ...], field: Field[Any], tmp_path: Path
) -> None:
    right, wrong = right_and_wrong(field)
    assert [one for one in right if not judged(with_value(place, field.name, one), tmp_path)] == []
    assert [one for one in wrong if judged(with_value(place, field.name, one), tmp_path)] == []


@pytest.mark.parametrize(("place", "field"), FIELDS, ids=ids)
def test_both_know_which_fields_are_required(
    place: tuple[str, ...], field: Field[Any], tmp_path: Path
) -> None:
    document = with_value(place, field.name, right_and_wrong(field)[0][0])
    table = document
    for step in place:
        table = table[step]
    del table[field.name]
    assert judged(document, tmp_path) is not is_required(field)


@pytest.mark.parametrize(
    "more",
    [
        {"behavior": {}},
        {"timing": {"fast": {}}},
        {"timing": {"real": {"boot": 1}}},
        {"timing": 3},
        {"keys": {"Rate": 3}},
        {"keys": {"Rate": "x" * 501}},
        {"keys": {"Rate": {"value": "1", "min": 3}}},
        {"faults": {"9" * 51: "x"}},
        {"faults": {"": "x"}},
        {"answers": {"Reset": 3}},
        {"answers": {"Reset": {"status": "Rejected", "when": "never"}}},
        {"transfers": {}},
        {"transfers": [{"data": "x"}]},
        {"faults": {"9": {"everywhere": True}}},
        {"quirks": {"typo": "x"}},
        {"quirks": {"json_c": 3}},
        {"quirks": {"json_c": {"keys": {}}}},
        {"quirks": {"json_c": {"says": "x", "keys": {"A": 3}}}},
        {"quirks": {"json_c": {"says": "x", "keys": 3}}},
        {"quirks": {"json_c": {"says": "x", "more": "y"}}},
    ],
    ids=json.dumps,
)
def test_a_wrong_file_fails_both(more: dict[str, Any], tmp_path: Path) -> None:
    assert not judged(SMALLEST | more, tmp_path)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"keys": {"Rate": "1", "Mode": {"value": "2"}}},
        {"faults": {"9" * 50: "x", "8": {"info": "y"}}},
        {"answers": {"Reset": "Rejected", "TriggerMessage MeterValues": {"silent": True}}},
        {"transfers": [{"vendor_id": "V", "data": "{status}", "after": "StatusNotification"}]},
        {"quirks": {"json_c": "x", "send_tick": {"says": "y", "keys": {"A": "3"}}}},
    ],
    ids=json.dumps,
)
def test_a_right_file_passes_both(more: dict[str, Any], tmp_path: Path) -> None:
    assert judged(SMALLEST | more, tmp_path)
