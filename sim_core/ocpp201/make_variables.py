"""The device model as a make has it: what a model's file says over the standard variables.

A component that is there once for each EVSE is named without its number (`EVSE.Power`) where all of
them are meant, or with it (`EVSE 1.Power`). The configuration keys of OCPP 1.6 in the same file
count where a variable means the same and can have that value: `[variables]` has the last word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sim_core.errors import UserError
from sim_core.hardware.model import Model, VariableText
from sim_core.ocpp201.variables import Access, Address, Kind, Variable

EXAMPLE = "OCPPCommCtrlr.HeartbeatInterval or EVSE 1.Power"


def of_make(model: Model, standard: tuple[Variable, ...]) -> tuple[Variable, ...]:
    """The variables of this make. Raises UserError with a sentence for whoever wrote its file."""
    found = {variable.address.folded: variable for variable in _with_keys(model, standard)}
    for name, text in model.variables.items():
        address = Address.read(name)
        if address is None:
            raise UserError(
                f"the model {model.name}: variables.{name} names no variable: write "
                f"Component.Variable, as in {EXAMPLE}."
            )
        known = [one for one in found.values() if _is_meant(address, one.address)]
        for variable in known or _own(model, name, address, text, standard):
            found[variable.address.folded] = _changed(model, name, variable, text)
    return tuple(found.values())


def _with_keys(model: Model, standard: tuple[Variable, ...]) -> Iterator[Variable]:
    keys = {name.casefold(): text.value for name, text in model.keys.items()}
    for variable in standard:
        value = keys.get(variable.key.casefold()) if variable.key else None
        if value is None or variable.why_not(value):
            yield variable
        else:
            yield replace(variable, value=variable.normal(value))


def _is_meant(named: Address, address: Address) -> bool:
    named, address = named.folded, address.folded
    everywhere = named.component.evse is None
    return named.variable == address.variable and named.component == (
        replace(address.component, evse=None, connector=None) if everywhere else address.component
    )


def _own(
    model: Model, name: str, address: Address, text: VariableText, standard: tuple[Variable, ...]
) -> tuple[Variable, ...]:
    """A variable that no other make has; none where its EVSE is not there this time."""
    if text.absent:
        raise UserError(f"the model {model.name}: variables.{name} is absent anyway: leave it out.")
    if text.type is None:
        raise UserError(
            f"the model {model.name}: variables.{name} is no standard variable: mend its spelling, "
            "or say its type to add it."
        )
    evse = address.component.evse
    there = {one.address.component.evse for one in standard}
    return (Variable(address, Kind(text.type)),) if evse in there else ()


def _changed(model: Model, name: str, variable: Variable, text: VariableText) -> Variable:
    access = variable.access
    if text.readonly is not None:
        access = Access.READ_ONLY if text.readonly else Access.READ_WRITE
    changed = replace(
        variable,
        kind=variable.kind if text.type is None else Kind(text.type),
        access=access,
        low=variable.low if text.low is None else text.low,
        high=variable.high if text.high is None else text.high,
        values=text.values or variable.values,
        unit=variable.unit if text.unit is None else text.unit,
        meaning=variable.meaning if text.meaning is None else text.meaning,
        reboot=variable.reboot if text.reboot is None else text.reboot,
        hidden=text.absent,
    )
    if text.value is None:
        return changed
    if why := changed.why_not(text.value):
        shown = "what it is set to" if access is Access.WRITE_ONLY else repr(text.value)
        raise UserError(f"the model {model.name}: variables.{name} cannot be {shown}: {why}.")
    return replace(changed, value=changed.normal(text.value))
