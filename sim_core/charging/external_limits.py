"""What others than the CSMS allow: an energy manager in the building, the grid operator.

Each of them has one limit for all connectors together, and one for each connector. It stands until
it is lifted: like a contact in the meter cabinet it knows nothing of reboots and power cuts, so it
is kept on disk and found again. What it does to the metal is in `limits`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sim_core.snapshot import ExternalLimit
from sim_core.store.interface import Documents

NAME = "external limits"
"""Under which name they are in the store."""


class ExternalLimits:
    """What stands now. A viewer sees it in `all`."""

    __slots__ = ("_documents", "_lowest", "all")

    def __init__(self, documents: Documents, connectors: Collection[int]) -> None:
        """What was kept of connectors that are no more is left aside."""
        self._documents = documents
        kept = (documents.get(NAME) or {}).get("limits", ())
        limits = (_limit_of(document) for document in kept)
        self.all: tuple[ExternalLimit, ...] = tuple(
            limit for limit in limits if limit.connector_id in (0, *connectors)
        )
        self._lowest = _lowest(self.all)

    def lowest(self, connector_id: int) -> ExternalLimit | None:
        """The lowest for a connector alone (0: for all together); None: nobody says anything."""
        return self._lowest.get(connector_id)

    def lowest_of(self, connector_id: int) -> ExternalLimit | None:
        """The same, of those for the connector and of those for all together."""
        own, whole = self._lowest.get(connector_id), self._lowest.get(0)
        if own is None or whole is None:
            return own or whole
        return min(own, whole, key=lambda limit: limit.limit_w)

    def within(self, connector_id: int, power_w: float) -> float:
        """What is left of a power at a connector (0: of that of all together)."""
        limit = self.lowest(connector_id)
        return power_w if limit is None else min(power_w, limit.limit_w)

    def keep(self, limits: Iterable[ExternalLimit]) -> None:
        """These stand from now on, and no others. They are on disk before they count."""
        limits = tuple(limits)
        kept = [{**vars(limit), "since": limit.since.isoformat()} for limit in limits]
        self._documents.put(NAME, {"limits": kept} if kept else None)
        self.all, self._lowest = limits, _lowest(limits)


def _lowest(limits: Iterable[ExternalLimit]) -> dict[int, ExternalLimit]:
    found: dict[int, ExternalLimit] = {}
    for limit in limits:
        other = found.get(limit.connector_id)
        if other is None or limit.limit_w < other.limit_w:
            found[limit.connector_id] = limit
    return found


def _limit_of(document: dict[str, Any]) -> ExternalLimit:
    return ExternalLimit(**{**document, "since": datetime.fromisoformat(document["since"])})
