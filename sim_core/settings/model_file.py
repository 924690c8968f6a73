"""Reads a make of charger from TOML: one that comes along, or a user's own file.

The option MODEL says which: a name or a path. `[identity] model` in the file is another thing: what
the vendor calls it, which the CSMS is told.

A mistake in a file is a sentence that names the file and the key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sim_core.errors import UserError
from sim_core.hardware.distribution import Distribution
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
    Quirks,
    QuirkText,
    Ratings,
    SaidTable,
    SampledLine,
    StepList,
    Text,
    TextList,
    Timing,
    TransferText,
    VariableText,
    Varying,
    VendorFault,
    WireText,
)
from sim_core.settings.toml_text import meant, read_toml, shown

T = TypeVar("T")

PACES = ("swift", "real")

FOLDER = Path(__file__).parent.parent / "hardware" / "models"
KEY_VALUE = Text(500)
"""The value of a configuration key (KeyValue, OCPP 1.6 §7)."""
VENDOR_CODE = Text(50, least=1)
"""vendorErrorCode (OCPP 1.6 §6.47)."""
DISTRIBUTION = ("median", "p10", "p90", "least", "most")
"""How a number that varies is written; bounds may be left out."""
SECTIONS = (
    "identity",
    "ratings",
    "timing",
    "behaviour",
    "equipment",
    "metering",
    "keys",
    "variables",
    "quirks",
    "faults",
    "wire",
    "frames",
    "answers",
    "transfers",
)
SAID_ON_CONNECT = (
    "BootNotification",
    "StatusNotification",
    "Heartbeat",
    "SecurityEventNotification",
    "DataTransfer",
)


class ModelError(UserError):
    """A model that cannot be used."""


@cache
def shipped() -> tuple[str, ...]:
    """Names of the models that come along."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_model(name: str) -> Model:
    """The model of that name, or of that TOML file.

    Raises ModelError with a sentence for the user.
    """
    if name in shipped():
        return _shipped_model(name)
    path = Path(name)
    if not path.is_file():
        raise ModelError(
            f"MODEL (--model) is {name!r}: there is no such model or file; "
            f"allowed is {', '.join(shipped())}, or a path to a TOML file.{meant(name, shipped())}"
        )
    return _in_file(path)


@cache
def _shipped_model(name: str) -> Model:
    """Read once: a process may have hundreds of charge points of one model."""
    return _in_file(FOLDER / f"{name}.toml")


def _in_file(path: Path) -> Model:
    return _model(read_toml(path, ModelError), str(path), path.stem)


def _not_known(name: str, known: Iterable[str]) -> str:
    names = list(known)
    last = name.rpartition(".")[2]
    return f"{name} is not known; allowed is {', '.join(names)}.{meant(last, names)}"


def _model(document: dict[str, Any], where: str, name: str) -> Model:
    timing = _table(document, "timing", where)
    unknown = set(document) - set(SECTIONS)
    if unknown:
        raise ModelError(
            f"{where}: [{min(unknown)}] is not a section of a model; allowed is "
            f"{', '.join(SECTIONS)}.{meant(min(unknown), SECTIONS)}"
        )
    for section in ("identity", "ratings"):
        if section not in document:
            raise ModelError(f"{where}: section [{section}] is missing.")
    for pace in timing:
        if pace not in PACES:
            raise ModelError(f"{where}: {_not_known(f'timing.{pace}', PACES)}")
    ratings = _section(Ratings, document, "ratings", where)
    for less, more in (
        ("cabinet_reserve_w", "cabinet_power_w"),
        ("minimum_power_w", "connector_power_w"),
    ):
        if getattr(ratings, less) > getattr(ratings, more):
            raise ModelError(
                f"{where}: ratings.{less} is {getattr(ratings, less)!r}: allowed is at most "
                f"{more} ({getattr(ratings, more)!r})."
            )
    metering = _metering(document, where)
    behaviour = _section(Behaviour, document, "behaviour", where)
    transfers = tuple(_tables(TransferText, document, "transfers", where))
    _check_connect(behaviour, transfers, where)
    return Model(
        name=name,
        identity=_section(Identity, document, "identity", where),
        ratings=ratings,
        timing={pace: _section(Timing, timing, pace, where, prefix="timing.") for pace in PACES},
        behaviour=behaviour,
        equipment=_section(Equipment, document, "equipment", where),
        metering=metering,
        keys={
            key: _entry(KeyText, "value", value, f"keys.{key}", where)
            for key, value in _table(document, "keys", where).items()
        },
        variables={
            name: _entry(VariableText, "value", entry, f"variables.{shown_key(name)}", where)
            for name, entry in _table(document, "variables", where).items()
        },
        quirks=_quirks(_table(document, "quirks", where), where),
        faults=_faults(_table(document, "faults", where), where),
        wire=_section(WireText, document, "wire", where),
        frames={
            name: _fields(
                FrameText, _table(frames, name, where), f"frames.{shown_key(name)}", where
            )
            for frames in (_table(document, "frames", where),)
            for name in frames
        },
        answers={
            name: _answer(entry, f"answers.{shown_key(name)}", where)
            for name, entry in _table(document, "answers", where).items()
        },
        transfers=transfers,
    )


def shown_key(name: str) -> str:
    """A key as a sentence has it."""
    return name if name.isidentifier() else shown(name)


def _metering(document: dict[str, Any], where: str) -> Metering:
    table = dict(_table(document, "metering", where))
    lines = tuple(_tables(SampledLine, table, "values", where, prefix="metering."))
    table.pop("values", None)
    metering = replace(_fields(Metering, table, "metering", where), values=lines)
    asked = [("also_measures", name) for name in metering.further_measurands()]
    for place, name in [*asked, *(("values", line.measurand) for line in lines)]:
        if name not in MEASURANDS:
            raise ModelError(
                f"{where}: metering.{place} has {name!r}: allowed is "
                f"{', '.join(MEASURANDS)}.{meant(name, MEASURANDS)}"
            )
    return metering


def _tables(
    kind: type[T], document: dict[str, Any], name: str, where: str, prefix: str = ""
) -> list[T]:
    """The tables of a list `[[NAME]]`."""
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise ModelError(
            f"{where}: {prefix}{name} is {shown(tables)}: allowed is tables [[{prefix}{name}]]."
        )
    return [
        _fields(kind, one, f"{prefix}{name}.{place}", where)
        for place, one in enumerate(tables, start=1)
    ]


def _answer(entry: object, name: str, where: str) -> AnswerText:
    answer = _entry(AnswerText, "status", entry, name, where)
    if [bool(answer.status), bool(answer.error), answer.silent].count(True) != 1:
        raise ModelError(
            f"{where}: {name} is {shown(entry)}: allowed is one of status, error and silent = true."
        )
    return answer


def _check_connect(behaviour: Behaviour, transfers: tuple[TransferText, ...], where: str) -> None:
    known = [transfer.message_id for transfer in transfers]
    for place in ("on_connect", "on_reconnect"):
        for words in getattr(behaviour, place):
            action, _, message_id = words.partition(" ")
            if action not in SAID_ON_CONNECT or (action == "DataTransfer") != bool(message_id):
                raise ModelError(
                    f"{where}: behaviour.{place} has {words!r}: allowed is "
                    f"{', '.join(SAID_ON_CONNECT)} MESSAGE_ID.{meant(action, SAID_ON_CONNECT)}"
                )
            if message_id and message_id not in known:
                raise ModelError(
                    f"{where}: behaviour.{place} has {words!r}: no [[transfers]] has this "
                    f"message_id.{meant(message_id, known)}"
                )


def _faults(table: dict[str, Any], where: str) -> dict[str, VendorFault]:
    for code in table:
        if not VENDOR_CODE.takes(code):
            raise ModelError(
                f"{where}: faults.{shown(code)} is no code: allowed is {VENDOR_CODE.allowed}."
            )
    return {
        code: _entry(VendorFault, "info", value, f"faults.{code}", where)
        for code, value in table.items()
    }


def chosen_quirks(words: str, model: Model) -> tuple[Quirks, dict[str, str]]:
    """What `none`, `all` or names with commas between them turn on, and the keys that it sets.

    Raises ModelError with a sentence that names the quirks that the model has.
    """
    word = words.strip().lower()
    if word == "none":
        names: list[str] = []
    elif word == "all":
        names = list(model.quirks)
    else:
        names = [name.strip() for name in words.split(",")]
    for name in names:
        if name not in model.quirks:
            raise ModelError(
                f"QUIRKS (--quirks) is {words!r}: the model {model.name} has no quirk {name!r}; "
                f"allowed is none, all, or names from {', '.join(model.quirks) or '(it has none)'}."
                f"{meant(name, model.quirks)}"
            )
    keys = {key: value for name in names for key, value in model.quirks[name].keys.items()}
    return Quirks(**dict.fromkeys(names, True)), keys


def chosen_equipment(words: str, model: Model) -> Equipment:
    """What a model has with what `model` (its own), `all`, or names with commas between them add.

    Raises ModelError with a sentence that names what there may be.
    """
    known = [field.name for field in fields(Equipment)]
    word = words.strip().lower()
    if word == "model":
        return model.equipment
    names = known if word == "all" else [name.strip() for name in words.split(",")]
    for name in names:
        if name not in known:
            raise ModelError(
                f"EQUIPMENT (--equipment) is {words!r}: {name!r} is not known; allowed is model, "
                f"all, or names from {', '.join(known)}.{meant(name, known)}"
            )
    return replace(model.equipment, **dict.fromkeys(names, True))


def _quirks(table: dict[str, Any], where: str) -> dict[str, QuirkText]:
    known = [field.name for field in fields(Quirks)]
    quirks: dict[str, QuirkText] = {}
    for name, entry in table.items():
        if name not in known:
            raise ModelError(f"{where}: {_not_known(f'quirks.{name}', known)}")
        detail = dict(entry) if isinstance(entry, dict) else {"says": entry}
        keys = detail.pop("keys", {})
        for key, value in keys.items() if isinstance(keys, dict) else [("keys", keys)]:
            if not KEY_VALUE.takes(value):
                raise ModelError(
                    f"{where}: quirks.{name}.keys.{key} is {shown(value)}: "
                    f"allowed is {KEY_VALUE.allowed}."
                )
        if set(detail) != {"says"} or not isinstance(detail["says"], str):
            raise ModelError(
                f"{where}: quirks.{name} is {entry!r}: allowed is a text in quotes, "
                "or {says = a text, keys = {…}}."
            )
        quirks[name] = QuirkText(detail["says"], keys)
    return quirks


def is_whole(field: Field[Any]) -> bool:
    """Whether a number there has no fraction."""
    return str(field.type).startswith("int")


def takes(field: Field[Any], value: object) -> bool:
    """Whether a field of a model may be this value."""
    limit = field.metadata.get("limit")
    if limit is None:
        return isinstance(value, bool)
    return bool(limit.takes(value)) and (isinstance(value, int) or not is_whole(field))


def allowed(field: Field[Any]) -> str:
    """What a field of a model may be, as people read it."""
    limit = field.metadata.get("limit")
    if limit is None:
        return "true or false"
    number = "a whole number" if is_whole(field) else "a number"
    return str(limit.allowed).replace("a number", number)


def _entry(kind: type[T], plain: str, entry: object, name: str, where: str) -> T:
    """One entry of a table: a text for its field `plain`, or a table of its own."""
    if isinstance(entry, str):
        return _fields(kind, {plain: entry}, name, where)
    if not isinstance(entry, dict):
        raise ModelError(
            f"{where}: {name} is {entry!r}: allowed is a text in quotes, or a table with {plain}."
        )
    return _fields(kind, entry, name, where)


def _table(document: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise ModelError(f"{where}: {name} is {table!r}: allowed is a section [{name}].")
    return table


def _section(kind: type[T], document: dict[str, Any], name: str, where: str, prefix: str = "") -> T:
    return _fields(kind, _table(document, name, where), prefix + name, where)


def _fields(kind: type[T], table: dict[str, Any], name: str, where: str) -> T:
    known: dict[str, Field[Any]] = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    read: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise ModelError(f"{where}: {_not_known(f'{name}.{key}', known)}")
        read[key] = _read(known[key].metadata.get("limit"), value, f"{where}: {name}.{key}")
        if not takes(known[key], read[key]):
            raise ModelError(
                f"{where}: {name}.{key} is {shown(value)}: allowed is {allowed(known[key])}."
            )
    try:
        return kind(**read)
    except TypeError as error:
        missing = str(error).partition("argument")[2].strip(": s'")
        raise ModelError(f"{where}: {name}.{missing} is missing.") from None


# -- what is more than one number ------------------------------------------------------------------


def _read(limit: object, value: object, place: str) -> object:
    """What a value of a file means, where its field may be more than one number; else itself."""
    if isinstance(limit, Varying) and isinstance(value, dict) and value:
        return _distribution(limit, value, place)
    if isinstance(limit, TextList) and isinstance(value, list):
        return tuple(value)
    if isinstance(limit, SaidTable) and isinstance(value, dict):
        return {key: () if said == [] else said for key, said in value.items()}
    if isinstance(limit, StepList) and isinstance(value, list):
        steps = [step for step in value if isinstance(step, list) and len(step) == 2]
        if len(steps) == len(value):
            return tuple((_read(limit.until, until, place), most_w) for until, most_w in steps)
    return value


def _distribution(limit: Varying, table: dict[str, Any], place: str) -> Distribution:
    """Raises ModelError with a sentence for the user."""
    for point, value in table.items():
        if point not in DISTRIBUTION:
            raise ModelError(f"{place}: {_not_known(point, DISTRIBUTION)}")
        if not limit.takes(value):
            raise ModelError(f"{place}: {point} is {shown(value)}: allowed is {limit.one.allowed}.")
    for point in DISTRIBUTION[:3]:
        if point not in table:
            raise ModelError(f"{place}: {point} is missing beside {', '.join(table)}.")
    try:
        drawn = Distribution(**table)
    except ValueError as error:
        raise ModelError(f"{place} is {shown(table)}: {error}.") from None
    bounds = {"least": max(limit.low, drawn.least), "most": min(limit.high, drawn.most)}
    return Distribution(**{**bounds, **table})
