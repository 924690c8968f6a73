"""Reads a make of charger from TOML: the ones that come along, or a user's own file.

A mistake in a file is a sentence that names the file and the key.
"""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from sim_core.errors import UserError
from sim_core.hardware.model import Behaviour, Identity, Metering, Model, Ratings, Timing

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")

FOLDER = Path(__file__).parent / "hardware" / "models"
KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str,),
    "float": (int, float),
    "bool": (bool,),
}


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
    unknown = set(document) - {"identity", "ratings", "timing", "behaviour", "metering", "keys"}
    if unknown:
        raise ModelError(f"{where}: [{min(unknown)}] is not a section of a model.")
    for section in ("identity", "ratings"):
        if section not in document:
            raise ModelError(f"{where}: section [{section}] is missing.")
    keys = _table(document, "keys", where)
    for key, value in keys.items():
        if not isinstance(value, str):
            raise ModelError(f"{where}: keys.{key} is {value!r}: allowed is a text in quotes.")
    return Model(
        name=name,
        identity=_section(Identity, document, "identity", where),
        ratings=_section(Ratings, document, "ratings", where),
        timing={
            pace: _section(Timing, timing, pace, where, prefix="timing.")
            for pace in ("swift", "real")
        },
        behaviour=_section(Behaviour, document, "behaviour", where),
        metering=_section(Metering, document, "metering", where),
        keys=keys,
    )


def _table(document: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise ModelError(f"{where}: {name} is {table!r}: allowed is a section [{name}].")
    return table


def _section(kind: type[T], document: dict[str, Any], name: str, where: str, prefix: str = "") -> T:
    table = _table(document, name, where)
    known = {field.name: str(field.type) for field in fields(kind)}  # type: ignore[arg-type]
    for key, value in table.items():
        if key not in known:
            raise ModelError(
                f"{where}: {prefix}{name}.{key} is not known; allowed is {', '.join(known)}."
            )
        allowed = KINDS[known[key]]
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            wanted = {"str": "a text in quotes", "bool": "true or false"}.get(
                allowed[0].__name__, "a number"
            )
            raise ModelError(f"{where}: {prefix}{name}.{key} is {value!r}: allowed is {wanted}.")
        if isinstance(value, (int, float)) and not value >= 0:
            raise ModelError(f"{where}: {prefix}{name}.{key} is {value!r}: it cannot be negative.")
    try:
        return kind(**table)
    except TypeError as error:
        missing = str(error).partition("argument")[2].strip(": s'")
        raise ModelError(f"{where}: {prefix}{name}.{missing} is missing.") from None
