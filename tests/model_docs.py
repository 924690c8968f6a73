"""The page about model files, and the schema that an editor checks one with.

Both are made from what a file is read into, the dataclasses of `sim_core/hardware/model.py`: their
fields, limits, defaults and docstrings. `python -m tests.pictures` writes them, a test compares.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from sim_core.hardware import model as source
from sim_core.hardware.measurands import MEASURANDS
from sim_core.hardware.model import (
    AnswerText,
    Behaviour,
    Equipment,
    FrameText,
    Identity,
    KeyText,
    Metering,
    Model,
    Number,
    Quirks,
    QuirkText,
    Ratings,
    SaidTable,
    SampledLine,
    StepList,
    TableList,
    Text,
    TextList,
    Timing,
    TransferText,
    VariableText,
    Varying,
    VendorFault,
    WireText,
    Word,
)
from sim_core.settings.model_file import (
    DISTRIBUTION,
    FOLDER,
    KEY_VALUE,
    PACES,
    SECTIONS,
    VENDOR_CODE,
    allowed,
    is_whole,
    load_model,
    shipped,
)
from tests.documents import ROOT, head, row

PAGE = ROOT / "docs" / "model-file.md"
SCHEMA = ROOT / "docs" / "model.schema.json"
EXAMPLE = ROOT / "docs" / "my-charger.toml"
REQUIRED = ("identity", "ratings")
PRINTABLE = r"^[^\u0000-\u001f\u007f-\u009f]*$"
"""What can be printed, nearly: the rest is refused when the file is read."""
LISTS: Mapping[str, tuple[str, ...]] = MappingProxyType({"also_measures": tuple(MEASURANDS)})
"""Texts that are names with commas between them: by field, the names that there are."""


@dataclass(frozen=True)
class Docs:
    """The docstrings of a dataclass, on one line each."""

    text: str
    fields: Mapping[str, str]


@cache
def docs() -> Mapping[str, Docs]:
    """What the classes of the model say of themselves and of their fields."""
    found: dict[str, Docs] = {}
    for node in ast.parse(inspect.getsource(source)).body:
        if isinstance(node, ast.ClassDef):
            texts: dict[str, str] = {}
            for statement, behind in zip(node.body, node.body[1:], strict=False):
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    texts[statement.target.id] = _text(behind)
            found[node.name] = Docs(" ".join((ast.get_docstring(node) or "").split()), texts)
    return MappingProxyType(found)


def _text(node: ast.stmt) -> str:
    """The text that stands there as a statement of its own; empty where none does."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return " ".join(str(node.value.value).split())
    return ""


def meaning(kind: type, name: str) -> str:
    """What a field is for."""
    return docs()[kind.__name__].fields.get(name, "")


@dataclass(frozen=True)
class Quirk:
    """A quirk that can be switched on."""

    name: str
    says: str
    """What it does, in the words of a model that has it."""
    keys: Mapping[str, str]
    """The configuration keys that it sets there."""


def quirks() -> Iterator[Quirk]:
    """Every quirk that there is."""
    shown = {name: text for model in shipped() for name, text in load_model(model).quirks.items()}
    for field in fields(Quirks):
        text = shown.get(field.name, QuirkText(meaning(Quirks, field.name)))
        yield Quirk(field.name, text.says, text.keys)


# -- the schema ------------------------------------------------------------------------------------


def schema() -> str:
    """The schema as JSON, in the draft that editors of TOML know best."""
    keys = {"type": "object", "additionalProperties": _of_text(KEY_VALUE)}
    sections: dict[str, Any] = {
        "identity": _object(Identity),
        "ratings": _object(Ratings),
        "timing": {
            "type": "object",
            "additionalProperties": False,
            "properties": {pace: _object(Timing) for pace in PACES},
        },
        "behaviour": _object(Behaviour),
        "equipment": _object(Equipment),
        "metering": _object(Metering),
        "keys": {"type": "object", "additionalProperties": _entry(KeyText, "value")},
        "variables": {"type": "object", "additionalProperties": _entry(VariableText, "value")},
        "quirks": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                quirk.name: {
                    "description": quirk.says,
                    "anyOf": [
                        {"type": "string"},
                        {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["says"],
                            "properties": {
                                "says": _described({"type": "string"}, QuirkText, "says"),
                                "keys": _described(keys, QuirkText, "keys"),
                            },
                        },
                    ],
                }
                for quirk in quirks()
            },
        },
        "faults": {
            "type": "object",
            "propertyNames": _of_text(VENDOR_CODE),
            "additionalProperties": _entry(VendorFault, "info"),
        },
        "wire": _object(WireText),
        "frames": {"type": "object", "additionalProperties": _object(FrameText)},
        "answers": {"type": "object", "additionalProperties": _entry(AnswerText, "status")},
        "transfers": {"type": "array", "items": _object(TransferText)},
    }
    document = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A model of ChargeForge",
        "description": "A make of charger, for the option MODEL (--model).",
        "type": "object",
        "additionalProperties": False,
        "required": list(REQUIRED),
        "properties": {
            name: {"description": about_section(name), **sections[name]} for name in SECTIONS
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _entry(kind: type, plain: str) -> dict[str, Any]:
    """What may be a text alone, for the field `plain`, or a table."""
    (field,) = (one for one in fields(kind) if one.name == plain)
    return {"anyOf": [_value(field), _object(kind)]}


def _object(kind: type) -> dict[str, Any]:
    known = fields(kind)
    found: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {one.name: _described(_value(one), kind, one.name) for one in known},
    }
    if required := [one.name for one in known if is_required(one)]:
        found["required"] = required
    return found


def _described(of_value: dict[str, Any], kind: type, name: str) -> dict[str, Any]:
    return {"description": meaning(kind, name), **of_value}


def _value(field: Field[Any]) -> dict[str, Any]:
    limit = field.metadata.get("limit")
    found: dict[str, Any]
    if limit is None:
        found = {"type": "boolean"}
    elif isinstance(limit, Text):
        found = _of_text(limit)
        if field.name in LISTS:
            found["pattern"] = _list_of(LISTS[field.name])
    elif isinstance(limit, Varying):
        found = _of_varying(limit)
    elif isinstance(limit, Number):
        found = _of_number(limit, "integer" if is_whole(field) else "number")
    elif isinstance(limit, StepList):
        found = _of_steps(limit)
    elif isinstance(limit, TextList):
        found = {"type": "array", "items": _of_words(limit.each)}
    elif isinstance(limit, SaidTable):
        found = {"type": "object", "additionalProperties": _of_said(limit)}
    elif isinstance(limit, TableList):
        found = {"type": "array", "items": _object(limit.kind)}
    else:
        assert isinstance(limit, Word)
        found = {"enum": list(limit.words)}
    if field.default is not MISSING and field.default not in (None, ()):
        found["default"] = field.default
    return found


def _of_number(limit: Number, type_: str = "number") -> dict[str, Any]:
    return {"type": type_, "minimum": limit.low, "maximum": limit.high}


def _of_varying(limit: Varying) -> dict[str, Any]:
    one = _of_number(limit)
    distribution = {
        "type": "object",
        "additionalProperties": False,
        "required": list(DISTRIBUTION[:3]),
        "properties": {
            point: {"description": DISTRIBUTION_SAYS[point], **one} for point in DISTRIBUTION
        },
    }
    return {"anyOf": [one, distribution]}


def _of_steps(limit: StepList) -> dict[str, Any]:
    step = {
        "type": "array",
        "items": [_of_varying(limit.until), _of_number(limit.power)],
        "minItems": 2,
        "maxItems": 2,
    }
    return {"type": "array", "items": step}


def _of_text(limit: Text) -> dict[str, Any]:
    least = {"minLength": limit.least} if limit.least else {}
    return {"type": "string", **least, "maxLength": limit.most, "pattern": PRINTABLE}


def _of_words(limit: Text | Word) -> dict[str, Any]:
    return {"enum": list(limit.words)} if isinstance(limit, Word) else _of_text(limit)


def _of_said(limit: SaidTable) -> dict[str, Any]:
    text = _of_text(limit.text)
    by_status = {"type": "object", "additionalProperties": text}
    others = [{"type": "integer"}, {"type": "boolean"}, {"type": "array", "maxItems": 0}]
    return {"anyOf": [text, *others, by_status]}


def _list_of(names: tuple[str, ...]) -> str:
    one = f" *(({'|'.join(map(re.escape, names))}) *)?"
    return f"^{one}(,{one})*$"


# -- the page --------------------------------------------------------------------------------------

INTRO = f"""\
# A model file

A *model* is a make of charger: what it is called, what its metal can do, how long it takes, and
where it leaves the text of OCPP or what nobody expects of it. It is one TOML file. Two come along
({{shipped}}); your own is a path:

```sh
chargeforge --model docs/{EXAMPLE.name}
```

`identity` and `ratings` must be there, and all that is marked as required below; the rest may be
left out. A text stands in quotes and has only characters that can be printed. What cannot be used
is one sentence at the start, which names the file, the key, and what is allowed.

## Out of a charger's logs

```sh
chargeforge learn monday.log tuesday.log --output my-charger.toml
chargeforge compare monday.log tuesday.log --model my-charger.toml
```

The first writes the file, the second says in which frames it is not yet that charger.
[Learn](learn.md) has more of it.

## In an editor

Editors that know TOML through [Taplo](https://taplo.tamasfe.dev) (*Even Better TOML* in VS Code,
and others) check a file while you type, complete its keys and show what each means, when its first
line names [{SCHEMA.name}]({SCHEMA.name}), by a path from the file or a URL:

```toml
#:schema ./{SCHEMA.name}
```

`taplo lint docs/{EXAMPLE.name}` does so on a command line. Some things only the start checks:
`cabinet_reserve_w` is at most `cabinet_power_w`, `minimum_power_w` at most `connector_power_w`, a
key of OCPP's in `[keys]` and a variable in `[variables]` has a value of its kind, what is to rise
does (the points of a number
that varies, the steps of a start), a measurand of `[[metering.values]]` is one that there is, and
so is what `on_connect` says.

## An example

[{EXAMPLE.name}]({EXAMPLE.name}):

```toml
{{example}}```
"""


def page() -> str:
    """The page as Markdown."""
    models = " and ".join(
        f"[{name}](../{(FOLDER / name).relative_to(ROOT)}.toml)" for name in shipped()
    )
    text = INTRO.replace("{shipped}", models).replace("{example}", EXAMPLE.read_text("utf-8"))
    for name in SECTIONS:
        title = " and ".join(f"`[timing.{pace}]`" for pace in PACES)
        if name != "timing":
            title = TITLES.get(name, f"`[{name}]`")
        lines = ("", f"## {title}", "", about_section(name), "", *DETAILS[name]())
        text += "\n".join(lines) + "\n"
    return text


def about_section(name: str) -> str:
    """What a section of the file is for."""
    kinds = {
        "identity": Identity,
        "ratings": Ratings,
        "behaviour": Behaviour,
        "equipment": Equipment,
        "metering": Metering,
        "wire": WireText,
        "frames": FrameText,
        "answers": AnswerText,
        "transfers": TransferText,
    }
    return docs()[kinds[name].__name__].text if name in kinds else meaning(Model, name)


def is_required(field: Field[Any]) -> bool:
    """Whether a file must say it."""
    return field.default is MISSING and field.default_factory is MISSING


def _table(kind: type) -> Iterator[str]:
    yield from head("Name", "What it may be", "Default", "Meaning")
    for one in fields(kind):
        yield row(f"`{one.name}`", _allowed(one), _default(one), meaning(kind, one.name))


def _allowed(field: Field[Any]) -> str:
    """What it may be, without what the page says of every text."""
    limit = field.metadata.get("limit")
    if isinstance(limit, Word):
        return ", ".join(f"`{json.dumps(word)}`" for word in limit.words)
    return allowed(field).replace(" in quotes", "").replace(" that can be printed", "")


def _default(field: Field[Any]) -> str:
    if is_required(field):
        return "(required)"
    if field.default is MISSING or field.default in (None, ()):
        return ""
    number = isinstance(field.default, float)
    return f"`{field.default:.15g}`" if number else f"`{json.dumps(field.default)}`"


def _timing() -> Iterator[str]:
    yield from TIMING.splitlines()
    yield from _table(Timing)


def _keys() -> Iterator[str]:
    yield from KEYS.splitlines()
    yield from _table(KeyText)


def _variables() -> Iterator[str]:
    yield from VARIABLES.splitlines()
    yield from _table(VariableText)


def _quirks() -> Iterator[str]:
    yield from QUIRKS.splitlines()
    yield from head("Name", "What it does")
    for quirk in quirks():
        sets = ", ".join(f"`{key} = {json.dumps(value)}`" for key, value in quirk.keys.items())
        yield row(f"`{quirk.name}`", f"{quirk.says} Sets {sets}." if sets else quirk.says)


def _metering() -> Iterator[str]:
    yield from _table(Metering)
    yield from ("", *METERING.splitlines())
    yield from _table(SampledLine)


def _frames() -> Iterator[str]:
    yield from FRAMES.splitlines()
    yield from _table(FrameText)


def _answers() -> Iterator[str]:
    yield from ANSWERS.splitlines()
    yield from _table(AnswerText)


def _transfers() -> Iterator[str]:
    yield from TRANSFERS.splitlines()
    yield from _table(TransferText)


def _faults() -> Iterator[str]:
    yield from FAULTS.splitlines()
    yield from _table(VendorFault)


TITLES: Mapping[str, str] = MappingProxyType(
    {"frames": "`[frames.ACTION]`", "transfers": "`[[transfers]]`"}
)
"""Headings of sections that are more than one table."""
DISTRIBUTION_SAYS: Mapping[str, str] = MappingProxyType(
    {
        "median": "Half of all occasions lie below it.",
        "p10": "A tenth of all occasions lies below it.",
        "p90": "A tenth of all occasions lies above it.",
        "least": "It is never less; not given: half as far again from the median as p10.",
        "most": "It is never more; not given: half as far again from the median as p90.",
    }
)
TIMING = """\
What is never the same twice can be written as it was measured: its median, p10 and p90, and, where
they are known, the bounds that it never leaves. Between those points all values are as likely:

```toml
stop_s = { median = 1.4, p10 = 0.9, p90 = 1.7 }
late_start_s = { median = 2.4, p10 = 1.1, p90 = 3.7, least = 0.6, most = 4.6 }
```

A plain number is that number, or, of the times, one that varies by the file's `spread`. A start in
steps says until when, in seconds after StartTransaction, there is how much at most:

```toml
ramp_steps = [[7, 0], [11, 8000], [{ median = 16, p10 = 15, p90 = 17 }, 10000], [21, 20000]]
```

"""
KEYS = """\
`NAME = "value"`, or `NAME = { value = "…" }` with more of these in the braces:

"""
VARIABLES = """\
`"Component.Variable" = "value"`, or a table with more of these. A component of every EVSE is named
without its number where all are meant; an instance stands in brackets:

```toml
[variables]
"OCPPCommCtrlr.HeartbeatInterval" = "60"
"EVSE.Power" = { high = 150000 }
"EVSE 2.Power" = { high = 50000 }
"OCPPCommCtrlr.MessageTimeout[Default]" = { value = "20", readonly = true }
"DisplayMessageCtrlr.Available" = "false"
"ExampleCtrlr.FanMode" = { value = "Auto", type = "OptionList", values = ["Auto", "Silent"] }
```

"""
QUIRKS = """\
`QUIRKS` (`--quirks`) turns them on: `all`, or names with commas between them. Each says what a CSMS
must survive, `NAME = "sentence"`; one that sets configuration keys at the first start has them too,
`NAME = { says = "sentence", keys = { KEY = "value" } }`. There are:

"""
FAULTS = f"""\
They are spoken of where the quirk `vendor_faults` is on. `CODE = "info"`, or
`CODE = {{ info = "…" }}` with more of these in the braces; a code has {VENDOR_CODE.least} to \
{VENDOR_CODE.most} characters:

"""
METERING = """\
A make whose sampled values differ from each other has a table for each, `[[metering.values]]`:

```toml
[[metering.values]]
measurand = "Voltage"
phase = "L1-N"
decimals = 1
format = ""             # left out

[[metering.values]]
measurand = "Energy.Active.Import.Register"
when = ["Sample.Clock", "Trigger"]
context = ""
```

"""
FRAMES = """\
OCPP leaves the order of fields free, and makes have texts of their own for some:

```toml
[frames.StatusNotification]
fields = ["connectorId", "status", "errorCode"]
without = ["timestamp"]
says = { info = { Charging = "C;400" }, vendorId = "{chargePointVendor}" }

[frames."GetConfiguration.conf"]
says = { unknownKey = [] }
```

"""
ANSWERS = """\
`ACTION = "status"`, or a table with one of `status`, `error` and `silent`, and more of these:

```toml
[answers]
ClearCache = "Rejected"
"TriggerMessage MeterValues" = { status = "Rejected", when = "idle" }
SetChargingProfile = { error = "NotSupported", description = "no smart charging" }
```

"""
TRANSFERS = """\
```toml
[[transfers]]
vendor_id = "Example"
message_id = "status"
data = "{connectorId},{status},{firmwareVersion}"
after = "StatusNotification"
```

"""

DETAILS: Mapping[str, Callable[[], Iterator[str]]] = {
    "identity": partial(_table, Identity),
    "ratings": partial(_table, Ratings),
    "timing": _timing,
    "behaviour": partial(_table, Behaviour),
    "equipment": partial(_table, Equipment),
    "metering": _metering,
    "keys": _keys,
    "variables": _variables,
    "quirks": _quirks,
    "faults": _faults,
    "wire": partial(_table, WireText),
    "frames": _frames,
    "answers": _answers,
    "transfers": _transfers,
}
"""What the page says of a section behind its first sentence."""
