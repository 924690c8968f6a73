"""The device model as people look at it: rows of no protocol, a variable each.

What only tells how the station is (`operational`) is left out: nobody can set it, and it changes by
itself.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.variables import LISTS, LONGEST, NUMBERS, Access, Kind, Variable
from sim_core.setting_changes import SettingChanges
from sim_core.snapshot import SettingSnapshot

NO_BOUND = 2**31 - 1
"""No bound that anybody would reach."""
FLAG = ("true", "false")
FEW = 4
"""So many values can be chosen from in turn."""


def setting_rows(model: DeviceModel, changes: SettingChanges) -> tuple[SettingSnapshot, ...]:
    """Every variable that is a setting, in the order in which they are reported."""
    return tuple(_row(model, changes, one) for one in model if not one.operational)


def told_variables(model: DeviceModel) -> list[dict[str, object]]:
    """Every variable that may be read, as a log file for the CSMS has it."""
    return [
        {
            "key": str(variable.address),
            "readonly": variable.readonly,
            "value": model.value(variable.address),
        }
        for variable in model
        if variable.access is not Access.WRITE_ONLY
    ]


def takes(variable: Variable) -> str:
    """What a variable may be set to, in words."""
    if variable.readonly:
        return "can only be read"
    if variable.kind is Kind.BOOLEAN:
        return "true or false"
    if variable.kind in NUMBERS:
        return _takes_number(variable)
    if variable.kind is Kind.OPTION and variable.values:
        return f"one of {', '.join(variable.values)}"
    if variable.kind in LISTS:
        items = f"a list with commas: {', '.join(variable.values)}" if variable.values else "a list"
        return f"{items}, at most {variable.high:g} items" if variable.high is not None else items
    if variable.kind is Kind.DATE_TIME:
        return "a date and time"
    most = LONGEST if variable.high is None else variable.high
    least = f"{variable.low:g} to " if variable.low else "at most "
    return f"a text of {least}{most:g} characters"


def _takes_number(variable: Variable) -> str:
    noun = "a whole number" if variable.kind is Kind.INTEGER else "a number"
    low, high = variable.low, variable.high
    unit = f" {variable.unit}" if variable.unit else ""
    if high is None or high >= NO_BOUND:
        return f"{noun}, {low:g}{unit} or more" if low is not None else f"{noun}{unit}"
    return f"{noun} from {low or 0:g} to {high:g}{unit}"


def _row(model: DeviceModel, changes: SettingChanges, variable: Variable) -> SettingSnapshot:
    words = _words(variable)
    hidden = variable.access is Access.WRITE_ONLY
    return SettingSnapshot(
        name=words.name,
        group=words.group,
        value=None if hidden else model.value(variable.address),
        readonly=variable.readonly,
        meaning=words.meaning,
        takes=words.takes,
        default=None if hidden else variable.value,
        choices=words.choices,
        change=changes.last(words.name),
        after_reboot=None if hidden else model.after_reboot(variable.address),
    )


class _Words(NamedTuple):
    """What a row says whatever its variable holds."""

    name: str
    group: str
    meaning: str
    takes: str
    choices: tuple[str, ...]


@lru_cache(maxsize=1024)
def _words(variable: Variable) -> _Words:
    """One for all stations that have this variable."""
    choices = variable.values if variable.kind is Kind.OPTION else ()
    return _Words(
        str(variable.address),
        str(variable.address.component),
        variable.meaning + (f" ({variable.unit})" if variable.unit else ""),
        takes(variable),
        FLAG if variable.kind is Kind.BOOLEAN else choices[:FEW],
    )
