"""What a CSMS may count on once it is Accepted is on disk before the answer leaves.

A disk may refuse for a while (`database`). What happens by itself then goes on in memory; what a
CSMS asks to be kept is refused instead, with the word that its message has for that, and can be
asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ocpp.v16 import call_result

from sim_core.store.sqlite import MEMORY, DiskRefusesError, Store
from sim_core.wire.endpoint import Refusal, Reply, Route

REFUSED = {
    "CancelReservation": "Rejected",
    "ChangeAvailability": "Rejected",
    "ChangeConfiguration": "Rejected",
    "ClearCache": "Rejected",
    "ReserveNow": "Rejected",
    "SendLocalList": "Failed",
    "SetChargingProfile": "Rejected",
}
"""The status of each answer that says no."""
KEPT_AFTER_THE_ANSWER = frozenset({"ChangeAvailability"})
"""What it changes is written behind the answer, so it is refused before it."""


def kept_first(
    routes: dict[str, Route], store: Store, note: Callable[[str, str], None]
) -> dict[str, Route]:
    """The same routes, where nothing is promised that the disk does not take; `note` tells why."""
    if store.path == MEMORY:
        return routes

    def guarded(action: str, route: Route) -> Route:
        def handle(**fields: Any) -> Reply | Refusal:
            try:
                if action in KEPT_AFTER_THE_ANSWER and store.refusal:
                    raise DiskRefusesError(store.refusal)
                with store.strictly():
                    return route.handler(**fields)
            except DiskRefusesError as error:
                note("storage", f"{action} was refused, for it could not be kept: {error}")
                return Reply(getattr(call_result, action)(REFUSED[action]))

        return replace(route, handler=handle)

    return {
        action: guarded(action, route) if action in REFUSED else route
        for action, route in routes.items()
    }
