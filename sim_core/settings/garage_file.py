"""Reads the vehicles that arrive from TOML: those that come along, or a user's own file.

A mistake in a file is a sentence that names the file and the key.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from sim_core.errors import UserError
from sim_core.hardware.model import MOST_W
from sim_core.hardware.vehicle import Garage, Pause, VehicleType
from sim_core.settings.toml_text import meant, read_toml, shown

GARAGE = Path(__file__).parent.parent / "hardware" / "garage.toml"


class GarageError(UserError):
    """A garage that cannot be used."""


def load_garage(path: Path | None = None) -> Garage:
    """The vehicles of that TOML file; without one, those that come along.

    Raises GarageError with a sentence for the user.
    """
    if path is not None and not path.is_file():
        raise GarageError(
            f"GARAGE (--garage) is {str(path)!r}: there is no such file; "
            "allowed is a path to a TOML file."
        )
    return _shipped() if path is None else _in_file(path)


@cache
def _shipped() -> Garage:
    """Read once: a process may have hundreds of charge points."""
    return _in_file(GARAGE)


def _in_file(path: Path) -> Garage:
    return _garage(read_toml(path, GarageError), str(path))


def _garage(document: dict[str, Any], where: str) -> Garage:
    if unknown := set(document) - {"vehicle"}:
        raise GarageError(
            f"{where}: {min(unknown)} is not known; allowed is [[vehicle]]."
            f"{meant(min(unknown), ('vehicle',))}"
        )
    tables = document.get("vehicle")
    if not isinstance(tables, list) or not tables:
        raise GarageError(f"{where}: there is no [[vehicle]].")
    garage: dict[str, VehicleType] = {}
    for number, table in enumerate(tables, start=1):
        if not isinstance(table, dict):
            raise GarageError(f"{where}: vehicle {number} is {table!r}: allowed is a [[vehicle]].")
        kind = _vehicle(table, f"{where}: vehicle {number}")
        if garage.setdefault(kind.name.casefold(), kind) is not kind:
            raise GarageError(f"{where}: vehicle {number}.name is {kind.name!r}: it is taken.")
    return tuple(garage.values())


VEHICLE: dict[str, tuple[float, float, str]] = {
    "battery_wh": (1, 1e12, "a number of Wh, 1 or more"),
    "max_current_a": (0.1, 1e5, "a number of A, 0.1 or more"),
    "empty_v": (1, 1e5, "a number of V, 1 or more"),
    "full_v": (1, 1e5, "a number of V, 1 or more"),
    "resistance_ohm": (0, 1e3, "a number of ohm, 0 or more"),
    "polarisation_ohm": (0, 1e3, "a number of ohm, 0 or more"),
    "polarisation_s": (0.1, 1e5, "a number of seconds, 0.1 or more"),
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
            raise GarageError(
                f"{where}.{key} is not known; allowed is {', '.join(known)}.{meant(key, known)}"
            )
        allowed = _wrong_value(key, known[key], value)
        if allowed is not None:
            raise GarageError(f"{where}.{key} is {shown(value)}: allowed is {allowed}.")
    if "curve" in table:
        values["curve"] = tuple((float(soc), float(power_w)) for soc, power_w in table["curve"])
    if "pauses" in table:
        values["pauses"] = tuple(Pause(**pause) for pause in table["pauses"])
    try:
        kind = VehicleType(**values)
    except TypeError as error:
        missing = str(error).partition("argument")[2].partition("'")[2].partition("'")[0]
        raise GarageError(f"{where}.{missing} is missing.") from None
    if kind.full_v < kind.empty_v:
        raise GarageError(
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
