"""What a variable of the device model is: where it stands, what it may hold, who may change it.

OCPP 2.0.1, Part 1, chapter 4, and Part 2, block B. Names are compared without case; whatever is
said of a value travels as text.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from enum import Enum

from sim_core.wire.timestamps import moment


class Access(Enum):
    """Who may do what with a variable; the value is OCPP's word (mutability)."""

    READ_ONLY = "ReadOnly"
    READ_WRITE = "ReadWrite"
    WRITE_ONLY = "WriteOnly"


class Kind(Enum):
    """What its text means; the value is OCPP's word (dataType)."""

    STRING = "string"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    BOOLEAN = "boolean"
    OPTION = "OptionList"
    SEQUENCE = "SequenceList"
    MEMBERS = "MemberList"


LISTS = frozenset({Kind.SEQUENCE, Kind.MEMBERS})
NUMBERS = frozenset({Kind.DECIMAL, Kind.INTEGER})
INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
DECIMAL = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?", re.ASCII)
ADDRESS = re.compile(
    r"(?P<component>[^.\[\]/]{1,50}?)(\[(?P<of_component>[^\]]{1,50})\])?"
    r"(\x20(?P<evse>\d{1,4})(/(?P<connector>\d{1,4}))?)?"
    r"\.(?P<variable>[^.\[\]]{1,50})(\[(?P<of_variable>[^\]]{1,50})\])?",
    re.ASCII,
)
"""`EVSE 1.Power`, `OCPPCommCtrlr.MessageTimeout[Default]`."""
LONGEST = 1000
"""Characters that SetVariables has room for (ConfigurationValueSize)."""


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the station, or of an EVSE, or of a connector."""

    name: str
    instance: str | None = None
    evse: int | None = None
    connector: int | None = None

    def wire(self) -> dict[str, object]:
        """ComponentType."""
        said: dict[str, object] = {"name": self.name}
        if self.instance is not None:
            said["instance"] = self.instance
        if self.evse is not None:
            evse: dict[str, object] = {"id": self.evse}
            if self.connector is not None:
                evse["connectorId"] = self.connector
            said["evse"] = evse
        return said

    @property
    def folded(self) -> Component:
        """The same, as names are compared."""
        instance = None if self.instance is None else self.instance.casefold()
        return Component(self.name.casefold(), instance, self.evse, self.connector)

    def __str__(self) -> str:
        """As people write it: `EVSE 1`, `Connector 1/1`, `OCPPCommCtrlr`."""
        where = "" if self.evse is None else f" {self.evse}"
        where += "" if self.connector is None else f"/{self.connector}"
        return f"{self.name}{'' if self.instance is None else f'[{self.instance}]'}{where}"


@dataclass(frozen=True, slots=True)
class Name:
    """What a variable is called within its component."""

    name: str
    instance: str | None = None

    def wire(self) -> dict[str, object]:
        """VariableType."""
        return {"name": self.name, **({} if self.instance is None else {"instance": self.instance})}

    @property
    def folded(self) -> Name:
        """The same, as names are compared."""
        return Name(
            self.name.casefold(), None if self.instance is None else self.instance.casefold()
        )

    def __str__(self) -> str:
        return self.name if self.instance is None else f"{self.name}[{self.instance}]"


@dataclass(frozen=True, slots=True)
class Address:
    """One variable of one component."""

    component: Component
    variable: Name

    def __hash__(self) -> int:
        """What tells most of them apart: the sum of all parts takes thrice as long."""
        return hash((self.component.name, self.component.evse, self.variable.name))

    @property
    def folded(self) -> Address:
        """The same, as names are compared."""
        return Address(self.component.folded, self.variable.folded)

    def wire(self) -> dict[str, object]:
        """The two fields that name it in most messages."""
        return {"component": self.component.wire(), "variable": self.variable.wire()}

    def __str__(self) -> str:
        """As people write it: `AlignedDataCtrlr.Interval`."""
        return f"{self.component}.{self.variable}"

    @classmethod
    def read(cls, text: str) -> Address | None:
        """The address that people write so; None where it is none."""
        found = ADDRESS.fullmatch(text)
        if found is None:
            return None
        evse, connector = (int(found[n]) if found[n] else None for n in ("evse", "connector"))
        component = Component(found["component"], found["of_component"], evse, connector)
        return cls(component, Name(found["variable"], found["of_variable"]))


@dataclass(frozen=True, slots=True)
class Variable:
    """What is known of a variable whatever its value is."""

    address: Address
    kind: Kind
    value: str = ""
    """What it is at the first start."""
    access: Access = Access.READ_ONLY
    unit: str = ""
    low: float | None = None
    high: float | None = None
    """Limits of a number; of a text, `high` is the most characters; of a list, the most items."""
    values: tuple[str, ...] = ()
    """What is allowed in a list, where that is fixed."""
    meaning: str = ""
    """One line for people."""
    key: str = ""
    """The configuration key of OCPP 1.6 that means the same: one setting, one value."""
    reboot: bool = False
    """A new value counts from the next boot on."""
    monitored: bool = True
    """supportsMonitoring."""
    hidden: bool = False
    """This make does not have it: a CSMS never hears of it, and what it is set to counts."""
    operational: bool = field(default=False, compare=False)
    """It tells how the station is, not how it is set: no part of the configuration."""

    @property
    def readonly(self) -> bool:
        return self.access is Access.READ_ONLY

    @property
    def stored_as(self) -> str:
        """Under which name its value is kept."""
        return self.key or str(self.address)

    def characteristics(self) -> dict[str, object]:
        """VariableCharacteristicsType."""
        said: dict[str, object] = {
            "dataType": self.kind.value,
            "supportsMonitoring": self.monitored,
        }
        if self.unit:
            said["unit"] = self.unit
        if self.low is not None:
            said["minLimit"] = self.low
        if self.high is not None:
            said["maxLimit"] = self.high
        if self.values:
            said["valuesList"] = ",".join(self.values)
        return said

    def why_not(self, text: str) -> str:
        """What speaks against this value, as a sentence without full stop; empty: nothing does."""
        if len(text) > LONGEST:
            return f"{self.address} has at most {LONGEST} characters"
        if not text.isprintable():
            return f"{self.address} has no control characters"
        return JUDGES[self.kind](self, text)

    def normal(self, text: str) -> str:
        """A value that nothing speaks against, as it is kept."""
        text = text.strip()
        if self.kind is Kind.BOOLEAN:
            return text.lower()
        if self.kind in LISTS:
            return ",".join(self._spelt(item.strip()) for item in text.split(",") if item.strip())
        if self.kind is Kind.OPTION:
            return self._spelt(text)
        return str(int(text)) if self.kind is Kind.INTEGER else text

    def _spelt(self, item: str) -> str:
        """An item as the list of values spells it."""
        return next((one for one in self.values if one.casefold() == item.casefold()), item)

    # -- judging -----------------------------------------------------

    def _text(self, text: str) -> str:
        if self.high is not None and len(text) > self.high:
            return f"{self.address} has at most {self.high:g} characters"
        if self.low is not None and len(text) < self.low:
            return f"{self.address} has at least {self.low:g} characters"
        return ""

    def _number(self, text: str) -> str:
        whole = self.kind is Kind.INTEGER
        if not (INTEGER if whole else DECIMAL).fullmatch(text.strip()):
            return f"{self.address} is a {'whole ' if whole else ''}number"
        number = float(text)
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if low <= number <= high:
            return ""
        if high == math.inf:
            return f"{self.address} is at least {low:g}"
        return f"{self.address} is from {low:g} to {high:g}"

    def _flag(self, text: str) -> str:
        allowed = text.strip().lower() in ("true", "false")
        return "" if allowed else f"{self.address} is true or false"

    def _date(self, text: str) -> str:
        return "" if moment(text) else f"{self.address} is a date and time"

    def _option(self, text: str) -> str:
        known = {one.casefold() for one in self.values}
        if not known or text.strip().casefold() in known:
            return ""
        return f"{self.address} is one of {', '.join(self.values)}"

    def _list(self, text: str) -> str:
        items = [item.strip() for item in text.split(",")] if text.strip() else []
        known = {one.casefold() for one in self.values}
        if any(not item for item in items):
            return f"{self.address} has an empty item"
        if known and (odd := [item for item in items if item.casefold() not in known]):
            return f"{self.address} cannot have {odd[0]}: allowed is {', '.join(self.values)}"
        if len({item.casefold() for item in items}) < len(items):
            return f"{self.address} has an item twice"
        if self.high is not None and len(items) > self.high:
            return f"{self.address} has at most {self.high:g} items"
        if self.low is not None and len(items) < self.low:
            return f"{self.address} has at least {self.low:g} items"
        return ""


JUDGES = {
    Kind.STRING: Variable._text,
    Kind.DECIMAL: Variable._number,
    Kind.INTEGER: Variable._number,
    Kind.DATE_TIME: Variable._date,
    Kind.BOOLEAN: Variable._flag,
    Kind.OPTION: Variable._option,
    Kind.SEQUENCE: Variable._list,
    Kind.MEMBERS: Variable._list,
}
"""Who judges a value of each kind."""
