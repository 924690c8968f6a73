"""In service or out of it: as a CSMS wants it, lastingly, and as far as it may come true now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.vocabulary import Cause
from sim_core.store.interface import Store

WHOLE = 0
"""The charger as a whole."""


class Availability:
    """The availability of all connectors, and of the charger as a whole."""

    __slots__ = ("_changed", "_condition", "_connectors", "_store")

    def __init__(
        self,
        connectors: Mapping[int, Connector],
        condition: Condition,
        store: Store,
        changed: Callable[[Connector, Cause], None],
    ) -> None:
        self._connectors = connectors
        self._condition = condition
        self._store = store
        self._changed = changed

    def waits(self, concerned: Iterable[Connector], *, operative: bool) -> bool:
        """Whether a change comes true only when a busy one of these is free."""
        return not operative and any(one.operative and one.busy for one in concerned)

    def change(self, connector_id: int, *, operative: bool, takes_along: bool = True) -> None:
        """Take a connector into service or out of it: at once, or when it is free.

        Connector 0 takes the whole charger out of service; back in service, it takes every
        connector along (OCPP 1.6 §5.2), or with `takes_along` False those that were not taken out
        of it by themselves (OCPP 2.0.1 G04.FR.08).
        """
        whole = connector_id == WHOLE
        if whole:
            self._condition.operative = operative
        with self._store.together():
            if whole:
                self._store.availability.save(WHOLE, operative)
            for connector in self._connectors.values():
                if connector.number == connector_id or (whole and operative and takes_along):
                    connector.in_service = operative
                    self._store.availability.save(connector.number, operative)
        for connector in self._connectors.values():
            if operative and connector.in_service:
                connector.begin_anew()
            self._changed(connector, Cause.CSMS)
