"""What a CSMS may count on once it is Accepted is on disk before the answer leaves.

A disk may refuse for a while (`database`). What happens by itself then goes on in memory; what a
CSMS asks to be kept is refused instead, with the word that its message has for that, and can be
asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from ocpp.v16 import call_result

from sim_core.store.interface import MEMORY, DiskRefusesError, Store
from sim_core.wire.routes import Refusal, Reply, Route, Routes

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


class KeptFirst:
    """The same routes, where nothing is promised that the disk does not take; `note` tells why."""

    __slots__ = ("_note", "_routes", "_store")

    def __init__(self, routes: Routes, store: Store, note: Callable[[str, str], None]) -> None:
        self._routes = routes
        self._store = store
        self._note = note

    def get(self, action: str, /) -> Route | None:
        """Where a message goes; None for what is no action."""
        route = self._routes.get(action)
        if route is None or action not in REFUSED or self._store.path == MEMORY:
            return route
        return replace(route, handler=partial(self._handle, action, route))

    def _handle(self, action: str, route: Route, /, **fields: Any) -> Reply | Refusal:
        store = self._store
        try:
            if action in KEPT_AFTER_THE_ANSWER and store.refusal:
                raise DiskRefusesError(store.refusal)
            with store.strictly():
                return route.handler(**fields)
        except DiskRefusesError as error:
            self._note("storage", f"{action} was refused, for it could not be kept: {error}")
            return Reply(getattr(call_result, action)(REFUSED[action]))
