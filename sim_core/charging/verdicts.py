"""What the CSMS thinks of a card that charges already, and what follows from it (OCPP 1.6 §4.8).

It knows better than whoever let the card start: the transaction ends, or goes on with no more
energy than is allowed. That outlives a power loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim_core.charging.connector import Connector, Transaction
from sim_core.charging.environment import Environment
from sim_core.charging.policy import Policy, Setting
from sim_core.charging.power import Power
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import Cause, StopReason, Verdict
from sim_core.store.interface import Documents

REFUSED = "refused/{}"
"""Name in the store of the last card that was refused afterwards at a connector."""


class Verdicts:
    """The verdicts on the cards of running transactions."""

    __slots__ = (
        "_changed",
        "_connectors",
        "_documents",
        "_environment",
        "_policy",
        "_power",
        "_transactions",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        documents: Documents,
        policy: Policy,
        power: Power,
        transactions: Transactions,
        changed: Callable[[Connector, Cause], None],
    ) -> None:
        self._environment = environment
        self._connectors = connectors
        self._documents = documents
        self._policy = policy
        self._power = power
        self._transactions = transactions
        self._changed = changed

    def judged(self, connector_id: int, key: int, verdict: Verdict) -> None:
        """The CSMS knows better than whoever let the card start (OCPP 1.6 §4.8), or agrees."""
        transaction = self._transactions.running(connector_id, key)
        if transaction is None:
            return
        transaction.group = verdict.group or transaction.group
        if not verdict.accepted:
            self._refuse(self._connectors[connector_id], transaction, verdict.status)

    def look(self, connector: Connector) -> None:
        """Some time has passed: the energy that was allowed may be used up."""
        transaction = connector.transaction
        if transaction is not None and not transaction.deauthorized and connector.metal.spent:
            self._withhold(connector, transaction, Cause.LIMIT)

    def _refuse(self, connector: Connector, transaction: Transaction, status: str) -> None:
        if transaction.refused:
            return
        transaction.refused = True
        said = f"the CSMS answered {status} for {transaction.token}"
        self._environment.note_at("authorization", connector.number, said)
        if self._policy.flag(Setting.ENDS_WHEN_REFUSED):
            self._transactions.stop(connector, StopReason.REFUSED)
            return
        allowance_wh = self._policy.number(Setting.REFUSED_ENERGY_WH)
        metal = connector.metal
        if allowance_wh > 0:
            self._power.advance()
            metal.cap_wh = metal.meter.register_wh + allowance_wh
        refusal = {"transaction": transaction.key, "cap_wh": metal.cap_wh}
        self._documents.put(REFUSED.format(connector.number), refusal)
        if metal.cap_wh is None:
            self._withhold(connector, transaction, Cause.VERDICT)

    def recall(self, connector: Connector, transaction: Transaction) -> None:
        """A transaction that goes on after a power loss has no more energy than it had before."""
        refusal = self._documents.get(REFUSED.format(connector.number))
        if refusal is not None and refusal["transaction"] == transaction.key:
            connector.metal.cap_wh = refusal["cap_wh"]
            transaction.deauthorized = connector.metal.cap_wh is None
            connector.metal.permitted = not transaction.deauthorized

    def _withhold(self, connector: Connector, transaction: Transaction, cause: Cause) -> None:
        self._power.advance()
        transaction.deauthorized = True
        connector.metal.permitted = False
        self._changed(connector, cause)
