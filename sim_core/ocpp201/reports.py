"""GetBaseReport, GetReport and NotifyReport: the device model as a whole, in parts (B07, B08)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.environment import Environment
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.device_model import ACTUAL, DeviceModel
from sim_core.ocpp201.variable_messages import component_of, name_of
from sim_core.ocpp201.variables import Access, Component, Name, Variable
from sim_core.wire.answers import Payload
from sim_core.wire.outbox import Outbox
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import stamp

PART_BYTES = 8_000
"""How much of a report goes into one message."""
CONFIGURATION, FULL, SUMMARY = "ConfigurationInventory", "FullInventory", "SummaryInventory"
TROUBLE = frozenset({"Problem", "Tripped", "Overload", "Fallback"})
CRITERIA = {
    "Active": "Active",
    "Available": "Available",
    "Enabled": "Enabled",
    "Problem": "Problem",
}
"""Criterion -> the variable of a component that it asks of (B08.FR.07 to .10)."""
DONE = Callable[[], None]


class Reports:
    """Handlers of reports. One goes out at a time."""

    __slots__ = ("_busy", "_environment", "_model", "_outbox")

    def __init__(self, environment: Environment, model: DeviceModel, outbox: Outbox) -> None:
        self._environment = environment
        self._model = model
        self._outbox = outbox
        self._busy = False

    @on(Action.get_base_report)
    def get_base_report(self, request_id: int, report_base: str, **_: Any) -> Reply:
        """B07."""
        if self._busy:
            return reply(
                "Rejected", code="InvalidMessageSeq", why="another report is on its way: ask again"
            )
        return self._report(request_id, [one for one in self._model if self._in(one, report_base)])

    @on(Action.get_report)
    def get_report(
        self,
        request_id: int,
        component_variable: Sequence[Payload] = (),
        component_criteria: Sequence[str] = (),
        **_: Any,
    ) -> Reply:
        """B08: criteria are joined by or, and with the list by and; what is left out means all."""
        if self._busy:
            return reply(
                "Rejected", code="InvalidMessageSeq", why="another report is on its way: ask again"
            )
        wanted = [
            one
            for one in self._model
            if _is_named(one, component_variable) and self._meets(one, component_criteria)
        ]
        return self._report(request_id, wanted)

    def _report(self, request_id: int, variables: list[Variable]) -> Reply:
        if not variables:
            return reply("EmptyResultSet")
        self._busy = True
        return reply(
            "Accepted", then=lambda: self._environment.spawn(self._tell(request_id, variables))
        )

    async def _tell(self, request_id: int, variables: list[Variable]) -> None:
        made_at = stamp(self._environment.now())
        parts = list(_parts(self._entry(variable) for variable in variables))
        try:
            for number, entries in enumerate(parts):
                payload = {
                    "requestId": request_id,
                    "generatedAt": made_at,
                    "seqNo": number,
                    "tbc": number < len(parts) - 1,
                    "reportData": entries,
                }
                await self._outbox.call("NotifyReport", payload, while_pending=True)
        finally:
            self._busy = False

    def _entry(self, variable: Variable) -> Payload:
        """ReportDataType; what can only be written has no value (B07, errata)."""
        attribute: Payload = {"type": ACTUAL, "mutability": variable.access.value}
        if variable.access is not Access.WRITE_ONLY:
            attribute["value"] = self._model.value(variable.address)[:2500]
        attribute |= {"persistent": not variable.operational, "constant": False}
        return {
            **variable.address.wire(),
            "variableAttribute": [attribute],
            "variableCharacteristics": variable.characteristics(),
        }

    def _in(self, variable: Variable, base: str) -> bool:
        if base == FULL:
            return True
        if base == CONFIGURATION:
            return variable.access is not Access.READ_ONLY
        name = variable.address.variable.name
        if name == "AvailabilityState":
            return True
        return name in TROUBLE and self._model.value(variable.address) == "true"

    def _meets(self, variable: Variable, criteria: Sequence[str]) -> bool:
        return not criteria or any(
            self._is(variable.address.component, criterion) for criterion in criteria
        )

    def _is(self, component: Component, criterion: str) -> bool:
        """Whether a component meets a criterion: a variable that it does not have counts as true,
        but for Problem."""
        asked = Name(CRITERIA[criterion])
        for variable in self._model:
            address = variable.address
            if address.component == component and address.variable.name == asked.name:
                return self._model.value(address) == "true"
        return criterion != "Problem"


def _is_named(variable: Variable, wanted: Sequence[Payload]) -> bool:
    """Whether one of these names it; what they leave out means all (B08.FR.20 to .25)."""
    return not wanted or any(
        _matches(variable, component_of(one["component"]), one.get("variable")) for one in wanted
    )


def _matches(variable: Variable, component: Component, named: Payload | None) -> bool:
    own, asked = variable.address.component.folded, component.folded
    if own.name != asked.name:
        return False
    for mine, theirs in (
        (own.instance, asked.instance),
        (own.evse, asked.evse),
        (own.connector, asked.connector),
    ):
        if theirs is not None and mine != theirs:
            return False
    if named is None:
        return True
    name, wanted = variable.address.variable.folded, name_of(named).folded
    return name.name == wanted.name and wanted.instance in (None, name.instance)


def _parts(entries: Iterable[Payload]) -> Iterable[list[Payload]]:
    """A report in messages of a size that any CSMS can take."""
    part: list[Payload] = []
    size = 0
    for entry in entries:
        part.append(entry)
        size += len(json.dumps(entry, separators=(",", ":")))
        if size >= PART_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part
