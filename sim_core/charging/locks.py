"""The lock of a connector: opened for whoever asks, and sticking where it is."""

from __future__ import annotations

from collections.abc import Callable

from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.environment import Environment
from sim_core.charging.facts import why_not
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import Cause, StopReason
from sim_core.commands import Accepted, JamLock, Outcome, Refused, Unlock


class Locks:
    """The locks of all connectors."""

    __slots__ = ("_changed", "_condition", "_environment", "_transactions")

    def __init__(
        self,
        environment: Environment,
        condition: Condition,
        transactions: Transactions,
        changed: Callable[[Connector, Cause], None],
    ) -> None:
        self._environment = environment
        self._condition = condition
        self._transactions = transactions
        self._changed = changed

    def unlock(self, connector: Connector, command: Unlock) -> Outcome:
        """The lock opens; a running transaction ends (OCPP 1.6 §5.18)."""
        if reason := why_not("unlock", connector.facts(self._condition)):
            return Refused(reason)
        self.open(connector)
        return Accepted("unlocked")

    def open(self, connector: Connector) -> None:
        """Open the lock, for whoever asked."""
        if connector.transaction is not None:
            self._transactions.stop(connector, StopReason.UNLOCKED)
        connector.release_cable(self._environment.now())
        self._environment.note_at("lock", connector.number, "unlocked")
        self._changed(connector, Cause.LOCK)

    def jam(self, connector: Connector, command: JamLock) -> Outcome:
        """The lock sticks where it is; nothing shows until it is to move."""
        if reason := why_not("jam_lock", connector.facts(self._condition)):
            return Refused(reason)
        connector.metal.lock_jammed = True
        self._changed(connector, Cause.LOCK)
        return Accepted()
