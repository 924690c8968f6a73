"""The device model of one station: its variables with their values (OCPP 2.0.1 Part 2, block B).

What a variable is stands in its row; here is what it holds, and what is answered to whoever reads
or sets it. A value that OCPP 1.6 has a key for is kept under that key, so that both versions have
one setting. Values of what is (`operational`) are asked for when somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import lru_cache

from sim_core.ocpp201.catalogue import Catalogue
from sim_core.ocpp201.variables import Access, Address, Component, Name, Variable
from sim_core.setting_changes import SettingChanges
from sim_core.snapshot import ChangedBy

ACTUAL = "Actual"
"""The one attribute that this station has of each variable (AttributeEnumType)."""
SECRET = "BasicAuthPassword"


class Found(Enum):
    """Whether there is such a variable; the value is OCPP's word."""

    YES = "Accepted"
    NO_COMPONENT = "UnknownComponent"
    NO_VARIABLE = "UnknownVariable"


@lru_cache(maxsize=256)
def _listed(text: str) -> tuple[str, ...]:
    """The items of a list: read once, however many stations have it and samples ask for it."""
    return tuple(text.split(",")) if text else ()


def _nothing(_: Address) -> None:
    """Nobody knows how anything is."""


class DeviceModel:
    """The variables with their values. Addresses are compared without case."""

    __slots__ = ("_catalogue", "_changes", "_live", "_on_change", "_save", "_values",
                 "_variables", "_waiting", "told")  # fmt: skip

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        stored: Mapping[str, str],
        save: Callable[[str, str], None],
        on_change: Callable[[Address], None],
        changes: SettingChanges | None = None,
    ) -> None:
        """`stored` is what a CSMS has set."""
        self._catalogue = catalogue
        self._variables = catalogue.variables
        self._save = save
        self._on_change = on_change
        self._changes = changes or SettingChanges()
        self._live: dict[Address, Callable[[], str]] = {}
        self.told: Callable[[Address], str | None] = _nothing
        """What is so now, by folded address; None: that is not known here. Who knows it sets it."""
        self._values: dict[Address, str] = {}
        """Those that are not what they are at the first start."""
        self._waiting: dict[Address, str] = {}
        """Those that count from the next boot on."""
        for address, variable in self._variables.items() if stored else ():
            kept = stored.get(variable.stored_as)
            if kept is not None and not variable.why_not(kept):
                self._values[address] = variable.normal(kept)

    # -- what others here need ---------------------------------------

    def __iter__(self) -> Iterator[Variable]:
        """Every variable, in the order in which they are reported."""
        return (one for one in self._variables.values() if not one.hidden)

    def with_hidden(self) -> Iterator[Variable]:
        """The same, and those that this make does not show and that count all the same."""
        return iter(self._variables.values())

    def live(self, component: Component, name: str, value: Callable[[], str],
             instance: str | None = None) -> None:  # fmt: skip
        """Ask a part of the station for the value of a variable when somebody looks; nothing where
        there is no such one."""
        address = self._catalogue.addresses.get(Address(component, Name(name, instance)).folded)
        if address is not None:
            self._live[address] = value

    def variable(self, address: Address) -> Variable | None:
        """What is known of a variable; None where this make has none."""
        found = self._variables.get(address.folded)
        return None if found is None or found.hidden else found

    def held(self, address: Address) -> tuple[Variable, str] | None:
        """Both: what is known of a variable, and what it holds."""
        folded = address.folded
        found = self._variables.get(folded)
        return None if found is None or found.hidden else (found, self._value(folded))

    def value(self, address: Address) -> str:
        """What it holds, as it is."""
        return self._value(address.folded)

    def _value(self, folded: Address) -> str:
        variable = self._variables[folded]
        if variable.operational:
            live = self._live.get(folded)
            told = self.told(folded) if live is None else live()
            if told is not None:
                return told
        value = self._values.get(folded)
        return variable.value if value is None else value

    def text(self, component: str, name: str, instance: str | None = None) -> str:
        """What a variable of the station holds; empty where there is no such one."""
        known = self._catalogue.of_station.get((component, name, instance))
        if known is not None:
            return self._value(known)
        folded = Address(Component(component), Name(name, instance)).folded
        return self._value(folded) if folded in self._variables else ""

    def flag(self, component: str, name: str, instance: str | None = None) -> bool:
        """The same of a boolean one."""
        return self.text(component, name, instance) == "true"

    def number(self, component: str, name: str, instance: str | None = None) -> int:
        """The same of a whole number; 0 where there is none."""
        text = self.text(component, name, instance)
        return int(text) if text else 0

    def items(self, component: str, name: str, instance: str | None = None) -> tuple[str, ...]:
        """The same of a list."""
        return _listed(self.text(component, name, instance))

    def override(self, component: str, name: str, value: str) -> None:
        """Set a variable from within (the interval that BootNotification brings)."""
        folded = Address(Component(component), Name(name)).folded
        self._save(self._variables[folded].stored_as, value)
        self._note(folded, value, ChangedBy.CSMS)
        self._counts(folded, value)

    def rebooted(self) -> None:
        """What waited for a boot counts from now on."""
        waited, self._waiting = self._waiting, {}
        for address, value in waited.items():
            self._values[address] = value
            self._on_change(self._variables[address].address)
        self._changes.raise_revision()

    # -- what a CSMS asks --------------------------------------------

    def find(self, address: Address) -> Found:
        """Whether there is such a variable."""
        folded = address.folded
        if self.variable(address) is not None:
            return Found.YES
        if folded.component not in self._catalogue.components:
            return Found.NO_COMPONENT
        return Found.NO_VARIABLE

    def why_not(self, address: Address, text: str) -> str:
        """What speaks against setting a variable that is there, as a sentence without full stop."""
        variable = self._variables[address.folded]
        if variable.access is Access.READ_ONLY:
            return f"{variable.address} can only be read"
        return variable.why_not(text)

    def after_reboot(self, address: Address) -> str | None:
        """What will count from the next boot on; None: what counts now."""
        return self._waiting.get(address.folded)

    def named(self, name: str) -> Variable | None:
        """The variable that people call so: `Component.Variable`, or by its key of OCPP 1.6."""
        address = self._catalogue.by_key.get(name.casefold())
        return None if address is None else self.variable(address)

    def set(self, address: Address, text: str, by: ChangedBy = ChangedBy.CSMS) -> bool:
        """Set a variable that nothing speaks against; returns whether it counts at once. It is
        saved before anything has changed."""
        folded = address.folded
        variable = self._variables[folded]
        value = variable.normal(text) if variable.access is not Access.WRITE_ONLY else text
        self._save(variable.stored_as, value)
        self._note(folded, value, by)
        if variable.reboot:
            self._waiting[folded] = value
            return False
        self._counts(folded, value)
        return True

    def _note(self, folded: Address, value: str, by: ChangedBy) -> None:
        variable = self._variables[folded]
        secret = variable.access is Access.WRITE_ONLY
        before, after = ("", "") if secret else (self.value(folded), value)
        self._changes.note(str(variable.address), before, after, by)

    def _counts(self, folded: Address, value: str) -> None:
        self._values[folded] = value
        self._on_change(self._variables[folded].address)
