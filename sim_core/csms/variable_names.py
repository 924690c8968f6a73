"""How people write a variable of OCPP 2.0.1 in one line, and what it is on the wire.

`OCPPCommCtrlr.HeartbeatInterval`, `EVSE 1.Power`, `Connector 1/1.Available`,
`OCPPCommCtrlr.MessageTimeout[Default]`: a component with its instance, its EVSE and its connector,
a dot, a variable with its instance.
"""

from __future__ import annotations

import re
from typing import Any

SPELLING = re.compile(
    r"(?P<component>[^.\[\]]{1,50}?)(?:\[(?P<place>[^\]]{1,50})\])?"
    r"(?:\x20(?P<evse>\d{1,9})(?:/(?P<connector>\d{1,9}))?)?"
    r"\.(?P<variable>[^.\[\]]{1,50})(?:\[(?P<instance>[^\]]{1,50})\])?"
)


def read(text: str) -> dict[str, Any] | None:
    """Component and variable of this name as requests have them; None where it names none."""
    found = SPELLING.fullmatch(text)
    if found is None:
        return None
    component: dict[str, Any] = {"name": found["component"]}
    if found["place"] is not None:
        component["instance"] = found["place"]
    if found["evse"] is not None:
        evse = {"id": int(found["evse"])}
        if found["connector"] is not None:
            evse["connectorId"] = int(found["connector"])
        component["evse"] = evse
    variable: dict[str, Any] = {"name": found["variable"]}
    if found["instance"] is not None:
        variable["instance"] = found["instance"]
    return {"component": component, "variable": variable}


def written(row: dict[str, Any]) -> str:
    """The same of a row of an answer or a report, whose schema has been looked at."""
    component, variable = row["component"], row["variable"]
    evse = component.get("evse") or {}
    where = f" {evse['id']}" if "id" in evse else ""
    where += f"/{evse['connectorId']}" if "connectorId" in evse else ""
    return f"{_named(component)}{where}.{_named(variable)}"


def _named(part: dict[str, Any]) -> str:
    instance = part.get("instance")
    name: str = part["name"]
    return name if instance is None else f"{name}[{instance}]"
