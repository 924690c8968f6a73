"""ChangeAvailability: on three levels, each of which remembers what it was told (G03, G04).

A connector is in service when its own level, its EVSE's and the station's are. The charger knows
two of them (the station, and a connector); the third, the EVSE, is kept here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.availability import WHOLE, Availability
from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.ocpp201.answers import is_known, reply
from sim_core.store.interface import Documents
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on

LEVELS = "ocpp201 availability"
OPERATIVE, INOPERATIVE = "Operative", "Inoperative"


class AvailabilityMessages:
    """Handler of ChangeAvailability."""

    __slots__ = ("_availability", "_condition", "_connectors", "_documents", "_say")

    def __init__(
        self,
        connectors: Mapping[int, Connector],
        condition: Condition,
        availability: Availability,
        documents: Documents,
        say: Callable[[int], None],
    ) -> None:
        """`say` tells the status of an EVSE though it has not changed."""
        self._connectors = connectors
        self._condition = condition
        self._availability = availability
        self._documents = documents
        self._say = say

    @on(Action.change_availability)
    def change_availability(
        self, operational_status: str, evse: Payload | None = None, **_: Any
    ) -> Reply:
        """Accepted, or Scheduled where a transaction is in the way of going out of service."""
        if not is_known(evse, self._connectors):
            return reply("Rejected", code="UnknownEvse", why="there is no such EVSE or connector")
        operative = operational_status == OPERATIVE
        concerned = [
            one for one in self._connectors.values() if evse is None or one.number == evse["id"]
        ]
        waits = not operative and any(one.transaction is not None for one in concerned)
        return reply(
            "Scheduled" if waits else "Accepted", then=lambda: self._change(evse, operative)
        )

    def _change(self, evse: Payload | None, operative: bool) -> None:
        if evse is None:
            self._station(operative)
            return
        number = evse["id"]
        levels = self._levels()
        level = "connector" if "connectorId" in evse else "evse"
        levels[f"{level} {number}"] = operative
        self._documents.put(LEVELS, levels)
        in_service = levels.get(f"evse {number}", True) and levels.get(f"connector {number}", True)
        connector = self._connectors[number]
        if connector.in_service is in_service:
            return
        self._availability.change(number, operative=in_service)

    def _station(self, operative: bool) -> None:
        """The levels below keep what they were told (G04.FR.08): taken back into service, the
        station takes nobody along who was taken out by himself."""
        if self._condition.operative is not operative:
            self._availability.change(WHOLE, operative=operative, takes_along=False)

    def _levels(self) -> dict[str, bool]:
        return dict(self._documents.get(LEVELS) or {})
