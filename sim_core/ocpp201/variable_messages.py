"""GetVariables and SetVariables (OCPP 2.0.1 Part 2, B05 and B06)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.environment import Note
from sim_core.ocpp201.answers import status_info
from sim_core.ocpp201.device_model import ACTUAL, DeviceModel, Found
from sim_core.ocpp201.promises import CODE, WHY
from sim_core.ocpp201.variables import Access, Address, Component, Name
from sim_core.store.interface import DiskRefusesError, Store
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Refusal, Reply
from sim_core.wire.routing import on

Objection = Callable[[Address, str], tuple[str, str]]
"""What else speaks against a value: a reason code and a sentence, both empty where nothing does."""


def address_of(said: Payload) -> Address:
    """The variable that a request names (ComponentType and VariableType)."""
    return Address(component_of(said["component"]), name_of(said["variable"]))


def component_of(said: Payload) -> Component:
    evse = said.get("evse") or {}
    return Component(said["name"], said.get("instance"), evse.get("id"), evse.get("connectorId"))


def name_of(said: Payload) -> Name:
    return Name(said["name"], said.get("instance"))


class VariableMessages:
    """Handlers of what a CSMS reads and sets, one variable after the other."""

    __slots__ = ("_changed", "_model", "_note", "_objection", "_store")

    def __init__(
        self,
        model: DeviceModel,
        store: Store,
        note: Note,
        *,
        objection: Objection,
        changed: Callable[[Address], None],
    ) -> None:
        """`objection` is asked about what depends on more than the variable itself; `changed` is
        told of each that was set, once the answer is on the wire."""
        self._model = model
        self._store = store
        self._note = note
        self._objection = objection
        self._changed = changed

    @on(Action.get_variables)
    def get_variables(self, get_variable_data: list[Payload], **_: Any) -> Reply | Refusal:
        """B06: a result for each, whatever the others are."""
        if refusal := self._too_many(len(get_variable_data), "GetVariables"):
            return refusal
        return Reply({"getVariableResult": [self._read(asked) for asked in get_variable_data]})

    def _read(self, asked: Payload) -> Payload:
        address, attribute = address_of(asked), asked.get("attributeType", ACTUAL)
        result: Payload = {
            "attributeType": attribute,
            "component": asked["component"],
            "variable": asked["variable"],
        }
        found = self._model.find(address)
        variable = self._model.variable(address)
        if variable is None:
            return {"attributeStatus": found.value, **result}
        if attribute != ACTUAL:
            return {"attributeStatus": "NotSupportedAttributeType", **result}
        if variable.access is Access.WRITE_ONLY:
            said = status_info("WriteOnly", f"{variable.address} can only be set")
            return {"attributeStatus": "Rejected", "attributeStatusInfo": said, **result}
        return {
            "attributeStatus": found.value,
            "attributeValue": self._model.value(address)[:2500],
            **result,
        }

    @on(Action.set_variables)
    def set_variables(self, set_variable_data: list[Payload], **_: Any) -> Reply | Refusal:
        """B05: what is accepted is kept, and counts at once or from the next boot on."""
        if refusal := self._too_many(len(set_variable_data), "SetVariables"):
            return refusal
        changed: list[Address] = []
        results = [self._set(wanted, changed) for wanted in set_variable_data]

        def told() -> None:
            for address in changed:
                self._changed(address)

        return Reply({"setVariableResult": results}, then=told)

    def _set(self, wanted: Payload, changed: list[Address]) -> Payload:
        address, attribute = address_of(wanted), wanted.get("attributeType", ACTUAL)
        status, code, why = self._verdict(address, attribute, wanted["attributeValue"], changed)
        result: Payload = {
            "attributeType": attribute,
            "attributeStatus": status,
            "component": wanted["component"],
            "variable": wanted["variable"],
        }
        if code:
            result["attributeStatusInfo"] = status_info(code, why)
            self._note("configuration", f"SetVariables: {status}, {why}")
        return result

    def _verdict(
        self, address: Address, attribute: str, value: str, changed: list[Address]
    ) -> tuple[str, str, str]:
        found, variable = self._model.find(address), self._model.variable(address)
        if found is not Found.YES or variable is None:
            return found.value, "", ""
        if attribute != ACTUAL:
            return "NotSupportedAttributeType", "", ""
        if variable.access is Access.READ_ONLY:
            return "Rejected", "ReadOnly", f"{variable.address} can only be read"
        if why := self._model.why_not(address, value):
            return "Rejected", "InvalidValue", why
        code, why = self._objection(variable.address, value)
        if code:
            return "Rejected", code, why
        try:
            with self._store.strictly():
                at_once = self._model.set(address, value)
        except DiskRefusesError:
            return "Rejected", CODE, WHY
        changed.append(variable.address)
        shown = "***" if variable.access is Access.WRITE_ONLY else repr(value)
        self._note("configuration", f"the CSMS has set {variable.address} to {shown}")
        return ("Accepted" if at_once else "RebootRequired"), "", ""

    def _too_many(self, count: int, message: str) -> Refusal | None:
        """B05.FR.11, B06.FR.16: more than one message may have."""
        most = self._model.number("DeviceDataCtrlr", "ItemsPerMessage", message)
        if count <= most:
            return None
        text = f"{message} may have {most} items (ItemsPerMessage), not {count}"
        return Refusal("OccurrenceConstraintViolation", text)
