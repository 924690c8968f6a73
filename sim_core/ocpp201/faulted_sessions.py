"""What is broken gives no energy: the session there ends.

Not at once: a fault is told while whoever broke it is at work, so the session ends when that is
done, if it is still the same one.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim_core.charging.connector import Connector
from sim_core.charging.domain_events import FaultRaised
from sim_core.charging.environment import Environment
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import Cause, StopReason


class FaultedSessions:
    """Hears of faults."""

    __slots__ = ("_connectors", "_environment", "_transactions")

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        transactions: Transactions,
    ) -> None:
        self._environment = environment
        self._connectors = connectors
        self._transactions = transactions

    def raised(self, event: FaultRaised) -> None:
        """Something is broken: let what runs there end."""
        connector = self._connectors.get(event.connector_id)
        session = connector.transaction if connector is not None else None
        if connector is None or session is None:
            return

        async def end() -> None:
            if connector.transaction is session:
                self._transactions.stop(connector, StopReason.OTHER, cause=Cause.FAULT)

        self._environment.spawn(end())
