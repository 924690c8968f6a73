"""What a CSMS may count on once it is Accepted is on disk before the answer leaves.

A disk may refuse for a while (`database`). What happens by itself then goes on in memory; what a
CSMS asks to be kept is refused instead, with the word that its message has for that, and can be
asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sim_core.store.interface import MEMORY, DiskRefusesError, Store
from sim_core.wire.routes import Handled, Reply, Route, Routes


class KeptFirst:
    """The same routes, where nothing is promised that the disk does not take; `note` tells why.

    `refused` is by action the answer that says no; those of `kept_after` write what they change
    behind the answer, so they are refused before it.
    """

    __slots__ = ("_kept_after", "_note", "_refused", "_routes", "_store")

    def __init__(
        self,
        routes: Routes,
        store: Store,
        note: Callable[[str, str], None],
        *,
        refused: Mapping[str, object],
        kept_after: Collection[str] = (),
    ) -> None:
        self._routes = routes
        self._store = store
        self._note = note
        self._refused = refused
        self._kept_after = kept_after

    def get(self, action: str, /) -> Route | None:
        """Where a message goes; None for what is no action."""
        route = self._routes.get(action)
        if route is None or action not in self._refused or self._store.path == MEMORY:
            return route
        return replace(route, handler=partial(self._handle, action, route))

    def _handle(self, action: str, route: Route, /, **fields: Any) -> Handled:
        store = self._store
        try:
            if action in self._kept_after and store.refusal:
                raise DiskRefusesError(store.refusal)
            with store.strictly():
                return route.handler(**fields)
        except DiskRefusesError as error:
            self._note("storage", f"{action} was refused, for it could not be kept: {error}")
            return Reply(self._refused[action])
