"""One transactionId for two transactions that run: what a CSMS that counts badly gives away.

The text of OCPP 1.6 §4.8 lets the CSMS choose the id, and everything that is said of a transaction
afterwards has no other name for it. Who gives the same one twice cannot tell the two apart any
more, so it is told; and what it asks by that id concerns the one that began last: that is what it
has written down under it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sim_core.charging.connector import Connector

ABOUT = "transactionId"


def running_with(connectors: Iterable[Connector], transaction_id: int | str) -> list[Connector]:
    """The connectors whose running transaction has this id, in the order in which they began."""
    found = [
        connector
        for connector in connectors
        if connector.transaction is not None
        and connector.transaction.transaction_id == transaction_id
    ]
    return sorted(
        found, key=lambda connector: connector.transaction.key if connector.transaction else 0
    )


def sentence(connectors: Iterable[Connector]) -> str:
    """What is to be said of running transactions that share an id; empty: none do.

    A transaction that the CSMS has refused does not count: for such ones many give no id of its
    own (0, −1).
    """
    by_id: dict[int | str, list[Connector]] = {}
    for connector in connectors:
        transaction = connector.transaction
        if transaction is None or transaction.transaction_id is None or transaction.deauthorized:
            continue
        by_id.setdefault(transaction.transaction_id, []).append(connector)
    for transaction_id, sharing in by_id.items():
        if len(sharing) > 1:
            *others, last = (str(connector.number) for connector in sharing)
            newest = running_with(sharing, transaction_id)[-1].number
            return (
                f"the CSMS gave the transactions of connectors {', '.join(others)} and {last} one "
                f"transactionId, {transaction_id}: their messages cannot be told apart, and "
                f"RemoteStopTransaction {transaction_id} ends the one that began last (connector "
                f"{newest}); give each StartTransaction an id of its own"
            )
    return ""
