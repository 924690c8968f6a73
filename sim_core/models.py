"""Reads a make of charger from TOML: the ones that come along, or a user's own file.

A mistake in a file is a sentence that names the file and the key.
"""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from sim_core.errors import UserError
from sim_core.hardware.model import (
    Behaviour,
    Identity,
    KeyText,
    Metering,
    Model,
    Quirks,
    QuirkText,
    Ratings,
    Timing,
    VendorFault,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")

PACES = ("swift", "real")

FOLDER = Path(__file__).parent / "hardware" / "models"
KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str,),
    "float": (int, float),
    "float | None": (int, float),
    "int | None": (int,),
    "bool": (bool,),
    "bool | None": (bool,),
}
SECTIONS = ("identity", "ratings", "timing", "behaviour", "metering", "keys", "quirks", "faults")


class ModelError(UserError):
    """A model that cannot be used."""


def shipped() -> tuple[str, ...]:
    """Names of the models that come along."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_model(name: str) -> Model:
    """The model of that name, or of that TOML file.

    Raises ModelError with a sentence for the user.
    """
    path = FOLDER / f"{name}.toml" if name in shipped() else Path(name)
    if not path.is_file():
        raise ModelError(
            f"MODEL (--model) is {name!r}: there is no such model or file; "
            f"allowed is {', '.join(shipped())}, or a path to a TOML file."
        )
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path}: {error}") from None
    return _model(document, str(path), path.stem)


def _model(document: dict[str, Any], where: str, name: str) -> Model:
    timing = _table(document, "timing", where)
    unknown = set(document) - set(SECTIONS)
    if unknown:
        raise ModelError(
            f"{where}: [{min(unknown)}] is not a section of a model; allowed is "
            f"{', '.join(SECTIONS)}."
        )
    for section in ("identity", "ratings"):
        if section not in document:
            raise ModelError(f"{where}: section [{section}] is missing.")
    for pace in timing:
        if pace not in PACES:
            raise ModelError(
                f"{where}: timing.{pace} is not known; allowed is {', '.join(PACES)}."
            )
    return Model(
        name=name,
        identity=_section(Identity, document, "identity", where),
        ratings=_section(Ratings, document, "ratings", where),
        timing={
            pace: _section(Timing, timing, pace, where, prefix="timing.")
            for pace in PACES
        },
        behaviour=_section(Behaviour, document, "behaviour", where),
        metering=_section(Metering, document, "metering", where),
        keys={
            key: _entry(KeyText, "value", value, f"keys.{key}", where)
            for key, value in _table(document, "keys", where).items()
        },
        quirks=_quirks(_table(document, "quirks", where), where),
        faults={
            code: _entry(VendorFault, "info", value, f"faults.{code}", where)
            for code, value in _table(document, "faults", where).items()
        },
    )


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
            )
    keys = {key: value for name in names for key, value in model.quirks[name].keys.items()}
    return Quirks(**dict.fromkeys(names, True)), keys


def _quirks(table: dict[str, Any], where: str) -> dict[str, QuirkText]:
    known = [field.name for field in fields(Quirks)]
    quirks: dict[str, QuirkText] = {}
    for name, entry in table.items():
        if name not in known:
            raise ModelError(
                f"{where}: quirks.{name} is not known; allowed is {', '.join(known)}."
            )
        detail = dict(entry) if isinstance(entry, dict) else {"says": entry}
        keys = detail.pop("keys", {})
        for key, value in keys.items() if isinstance(keys, dict) else [("keys", keys)]:
            if not isinstance(value, str):
                raise ModelError(
                    f"{where}: quirks.{name}.keys.{key} is {value!r}: allowed is a text in quotes."
                )
        if set(detail) != {"says"} or not isinstance(detail["says"], str):
            raise ModelError(
                f"{where}: quirks.{name} is {entry!r}: allowed is a text in quotes, "
                "or {says = a text, keys = {…}}."
            )
        quirks[name] = QuirkText(detail["says"], keys)
    return quirks


def _entry(kind: type[T], plain: str, entry: object, name: str, where: str) -> T:
    """One entry of a table: a text for its field `plain`, or a table of its own."""
    if isinstance(entry, str):
        return kind(**{plain: entry})
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
    known = {field.name: str(field.type) for field in fields(kind)}  # type: ignore[arg-type]
    for key, value in table.items():
        if key not in known:
            raise ModelError(f"{where}: {name}.{key} is not known; allowed is {', '.join(known)}.")
        allowed = KINDS[known[key]]
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            wanted = {"str": "a text in quotes", "bool": "true or false"}.get(
                allowed[0].__name__, "a number"
            )
            raise ModelError(f"{where}: {name}.{key} is {value!r}: allowed is {wanted}.")
        if isinstance(value, (int, float)) and not value >= 0:
            raise ModelError(f"{where}: {name}.{key} is {value!r}: it cannot be negative.")
    try:
        return kind(**table)
    except TypeError as error:
        missing = str(error).partition("argument")[2].strip(": s'")
        raise ModelError(f"{where}: {name}.{missing} is missing.") from None
