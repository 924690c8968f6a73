"""Reads a make of charger, and the garage, from TOML: what comes along, or a user's own file.

A mistake in a file is a sentence that names the file and the key.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from sim_core.errors import UserError
from sim_core.hardware.measurands import MEASURANDS
from sim_core.hardware.model import (
    MOST_W,
    Behaviour,
    Identity,
    KeyText,
    Metering,
    Model,
    Quirks,
    QuirkText,
    Ratings,
    Text,
    Timing,
    VendorFault,
)
from sim_core.hardware.vehicle import Garage, Pause, VehicleType
from sim_core.settings.spelling import did_you_mean

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")

PACES = ("swift", "real")
SHOWN = 80
"""Characters of a wrong value that a sentence shows."""

HARDWARE = Path(__file__).parent.parent / "hardware"
FOLDER = HARDWARE / "models"
GARAGE = HARDWARE / "garage.toml"
KEY_VALUE = Text(500)
"""The value of a configuration key (KeyValue, OCPP 1.6 §7)."""
VENDOR_CODE = Text(50, least=1)
"""vendorErrorCode (OCPP 1.6 §6.47)."""
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
            f"allowed is {', '.join(shipped())}, or a path to a TOML file.{meant(name, shipped())}"
        )
    return _model(_read(path), str(path), path.stem)


def _read(path: Path) -> dict[str, Any]:
    """What a TOML file says. Raises ModelError with a sentence for the user."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise ModelError(f"{path} is not UTF-8: save it as UTF-8 and start again.") from None
    except RecursionError:
        raise ModelError(f"{path} is nested too deep to be read.") from None
    except (OSError, ValueError) as error:  # ValueError: no TOML, or a number without end
        raise ModelError(f"{path}: {error}") from None


def meant(name: str, known: Iterable[str]) -> str:
    """ " Did you mean …?" where one of the known names is nearly this one; else nothing."""
    names = {one.casefold(): one for one in known}
    near = did_you_mean(name.casefold(), names)
    return f" Did you mean {names[near]}?" if near else ""


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
    metering = _section(Metering, document, "metering", where)
    for measurand in metering.further_measurands():
        if measurand not in MEASURANDS:
            raise ModelError(
                f"{where}: metering.also_measures has {measurand!r}: allowed is "
                f"{', '.join(MEASURANDS)}.{meant(measurand, MEASURANDS)}"
            )
    return Model(
        name=name,
        identity=_section(Identity, document, "identity", where),
        ratings=ratings,
        timing={pace: _section(Timing, timing, pace, where, prefix="timing.") for pace in PACES},
        behaviour=_section(Behaviour, document, "behaviour", where),
        metering=metering,
        keys={
            key: _entry(KeyText, "value", value, f"keys.{key}", where)
            for key, value in _table(document, "keys", where).items()
        },
        quirks=_quirks(_table(document, "quirks", where), where),
        faults=_faults(_table(document, "faults", where), where),
    )


def _faults(table: dict[str, Any], where: str) -> dict[str, VendorFault]:
    for code in table:
        if not VENDOR_CODE.takes(code):
            raise ModelError(
                f"{where}: faults.{_shown(code)} is no code: allowed is {VENDOR_CODE.allowed}."
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
                    f"{where}: quirks.{name}.keys.{key} is {_shown(value)}: "
                    f"allowed is {KEY_VALUE.allowed}."
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
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key, value in table.items():
        if key not in known:
            raise ModelError(f"{where}: {_not_known(f'{name}.{key}', known)}")
        field = known[key]
        limit = field.metadata.get("limit")
        whole = str(field.type).startswith("int")
        if limit is None:
            wrong, allowed = not isinstance(value, bool), "true or false"
        else:
            wrong = not limit.takes(value) or (whole and not isinstance(value, int))
            allowed = limit.allowed.replace("a number", "a whole number" if whole else "a number")
        if wrong:
            raise ModelError(f"{where}: {name}.{key} is {_shown(value)}: allowed is {allowed}.")
    try:
        return kind(**table)
    except TypeError as error:
        missing = str(error).partition("argument")[2].strip(": s'")
        raise ModelError(f"{where}: {name}.{missing} is missing.") from None


def _shown(value: object) -> str:
    """A value as its file has it, of a length that can be read."""
    text = repr(value)
    size = f" ({len(value)} characters)" if isinstance(value, str) else ""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…{size}"


# -- the garage ------------------------------------------------------


def load_garage(path: Path | None = None) -> Garage:
    """The vehicles of that TOML file; without one, those that come along.

    Raises ModelError with a sentence for the user.
    """
    if path is not None and not path.is_file():
        raise ModelError(
            f"GARAGE (--garage) is {str(path)!r}: there is no such file; "
            "allowed is a path to a TOML file."
        )
    path = path or GARAGE
    return _garage(_read(path), str(path))


def _garage(document: dict[str, Any], where: str) -> Garage:
    if unknown := set(document) - {"vehicle"}:
        raise ModelError(
            f"{where}: {min(unknown)} is not known; allowed is [[vehicle]]."
            f"{meant(min(unknown), ('vehicle',))}"
        )
    tables = document.get("vehicle")
    if not isinstance(tables, list) or not tables:
        raise ModelError(f"{where}: there is no [[vehicle]].")
    garage: dict[str, VehicleType] = {}
    for number, table in enumerate(tables, start=1):
        if not isinstance(table, dict):
            raise ModelError(f"{where}: vehicle {number} is {table!r}: allowed is a [[vehicle]].")
        kind = _vehicle(table, f"{where}: vehicle {number}")
        if garage.setdefault(kind.name.casefold(), kind) is not kind:
            raise ModelError(f"{where}: vehicle {number}.name is {kind.name!r}: it is taken.")
    return tuple(garage.values())


VEHICLE: dict[str, tuple[float, float, str]] = {
    "battery_wh": (1, 1e12, "a number of Wh, 1 or more"),
    "max_current_a": (0.1, 1e5, "a number of A, 0.1 or more"),
    "empty_v": (1, 1e5, "a number of V, 1 or more"),
    "full_v": (1, 1e5, "a number of V, 1 or more"),
    "resistance_ohm": (0, 1e3, "a number of ohm, 0 or more"),
    "arrives_at_percent": (0, 100, "a number from 0 to 100"),
    "full_at_percent": (0, 100, "a number from 0 to 100"),
    "handshake_late_s": (0, 86_400, "a number of seconds from 0 to 86400"),
}
"""Numbers of a vehicle: least, most, and what is allowed in words."""
LONGEST_PAUSE_S = 86_400
CURVE = "a list such as [[0, 50000], [100, 5000]], rising in the first"
PAUSES = "a list such as [{from_percent = 50, seconds = 60}]"


def _vehicle(table: dict[str, Any], where: str) -> VehicleType:
    """One vehicle; whatever is wrong with it names its key."""
    known = {field.name: str(field.type) for field in fields(VehicleType)}
    values = dict(table)
    for key, value in table.items():
        if key not in known:
            raise ModelError(
                f"{where}.{key} is not known; allowed is {', '.join(known)}.{meant(key, known)}"
            )
        allowed = _wrong_value(key, known[key], value)
        if allowed is not None:
            raise ModelError(f"{where}.{key} is {_shown(value)}: allowed is {allowed}.")
    if "curve" in table:
        values["curve"] = tuple((float(soc), float(power_w)) for soc, power_w in table["curve"])
    if "pauses" in table:
        values["pauses"] = tuple(Pause(**pause) for pause in table["pauses"])
    try:
        kind = VehicleType(**values)
    except TypeError as error:
        missing = str(error).partition("argument")[2].partition("'")[2].partition("'")[0]
        raise ModelError(f"{where}.{missing} is missing.") from None
    if kind.full_v < kind.empty_v:
        raise ModelError(
            f"{where}.full_v is {kind.full_v!r}: allowed is empty_v ({kind.empty_v!r}) or more."
        )
    return kind


def _wrong_value(key: str, kind: str, value: object) -> str | None:
    """What would be allowed for this key of a vehicle, or None when the value is."""
    if key in VEHICLE:
        low, high, allowed = VEHICLE[key]
        return None if _is_number(value) and low <= value <= high else allowed  # type: ignore[operator]
    if key == "curve":
        return None if _is_curve(value) else CURVE
    if key == "pauses":
        return None if _are_pauses(value) else PAUSES
    if kind == "bool":
        return None if isinstance(value, bool) else "true or false"
    longest = 20 if key == "vid" else 40  # an idTag has at most 20 characters (OCPP 1.6 §7.28)
    if isinstance(value, str) and value.isprintable() and 1 <= len(value) <= longest:
        return None
    return f"a text in quotes of 1 to {longest} characters"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_curve(value: object) -> bool:
    if not isinstance(value, list) or not value:
        return False
    for point in value:
        if not isinstance(point, list) or len(point) != 2 or not all(map(_is_number, point)):
            return False
        if not (0 <= point[0] <= 100 and 0 <= point[1] <= MOST_W):
            return False
    return all(before[0] < after[0] for before, after in itertools.pairwise(value))


def _are_pauses(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(pause, dict)
        and set(pause) == {"from_percent", "seconds"}
        and all(map(_is_number, pause.values()))
        and 0 <= pause["from_percent"] <= 100
        and 0 < pause["seconds"] <= LONGEST_PAUSE_S
        for pause in value
    )
