"""Which variables a station has, whatever they hold: one for all stations that are built alike.

A fleet has a thousand of them, and a hundred variables with their names and limits are most of what
a station would take. What a station was set to stands in its own `DeviceModel`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from sim_core.hardware.model import Model, SameModel
from sim_core.ocpp201.make_variables import of_make
from sim_core.ocpp201.standard_variables import variables_of
from sim_core.ocpp201.variables import Access, Address, Component, Variable

ALIKE_KEPT = 8
"""Ways to build a station that are remembered."""
Words = tuple[str, str, "str | None"]
"""Component, variable and its instance, spelt as the variable's own row spells them."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Addresses are compared without case: here all of them are folded."""

    variables: Mapping[Address, Variable]
    by_key: Mapping[str, Address]
    """By `Component.Variable`, and by the key of OCPP 1.6 that means the same, both folded."""
    components: frozenset[Component]
    """Those that a CSMS may find."""
    addresses: Mapping[Address, Address]
    """Each of `variables` as the object that is its key there, for tables of a station's own."""
    of_station: Mapping[Words, Address]
    """The same for those of the station as a whole, by the words that its own parts ask with."""


def catalogue_of(model: Model, evses: int, initial: Mapping[str, str]) -> Catalogue:
    """The variables of a station of this make.

    `initial` changes what they are at the first start: by `Component.Variable`, or by the key of
    OCPP 1.6 that means the same. Raises ValueError with a sentence when such a value is not
    allowed, UserError when the model's file says what cannot be.
    """
    return _kept(SameModel(model), evses, tuple(initial.items()))


@lru_cache(maxsize=ALIKE_KEPT)
def _kept(same: SameModel, evses: int, initial: tuple[tuple[str, str], ...]) -> Catalogue:
    return catalogue(of_make(same.model, variables_of(same.model, evses)), dict(initial))


def catalogue(variables: Iterable[Variable], initial: Mapping[str, str]) -> Catalogue:
    """The same of variables that are given."""
    found = {variable.address.folded: variable for variable in variables}
    by_key: dict[str, Address] = {}
    for address, variable in found.items():
        by_key.setdefault(str(variable.address).casefold(), address)
        if variable.key:
            by_key.setdefault(variable.key.casefold(), address)
    for name, value in initial.items():
        named = by_key.get(name.casefold())
        if named is not None:
            found[named] = _beginning_with(found[named], name, value)
        elif "." in name:
            raise ValueError(f"there is no variable {name} here: look at its spelling.")
        # else a key of OCPP 1.6 that nothing here means
    shown = frozenset(address.component for address, one in found.items() if not one.hidden)
    of_station = {
        (one.address.component.name, one.address.variable.name, one.address.variable.instance): key
        for key, one in found.items()
        if one.address.component == Component(one.address.component.name)
    }
    return Catalogue(found, by_key, shown, {address: address for address in found}, of_station)


def _beginning_with(variable: Variable, name: str, value: str) -> Variable:
    if why := variable.why_not(value):
        shown = "what it is set to" if variable.access is Access.WRITE_ONLY else repr(value)
        raise ValueError(f"{name} cannot be {shown}: {why}.")
    return replace(variable, value=variable.normal(value))
