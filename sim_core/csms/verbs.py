"""What an operator asks of a charge point, in words that no OCPP version owns.

Whoever gives an order (the HTTP API, a demo, a test) says `remote_start` and a connector; how that
is asked on the wire, and where in the answer the word stands that says yes or no, each version
tells in a module of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Payload = dict[str, Any]
TransactionId = int | str
"""OCPP 1.6: a number of the CSMS; 2.0.1: a text of the charging station."""


def status(answer: Payload) -> object:
    """The word of most answers."""
    return answer.get("status")


@dataclass(frozen=True)
class Ask:
    """One request; `word` finds in its answer what became of it."""

    action: str
    payload: Payload
    word: Callable[[Payload], object] = status


class Verbs(Protocol):
    """The orders. A connector is counted over the whole charge point: in OCPP 2.0.1 it is an EVSE,
    0 being all of it."""

    def remote_start(self, connector_id: int | None, id_tag: str) -> Ask:
        """Start a transaction."""
        ...

    def remote_stop(self, transaction_id: TransactionId) -> Ask:
        """Stop a transaction."""
        ...

    def unlock(self, connector_id: int) -> Ask:
        """Release the cable."""
        ...

    def reset(self, kind: str) -> Ask:
        """Start anew: Soft or Hard."""
        ...

    def change_availability(self, connector_id: int, operative: bool) -> Ask:
        """Take into or out of service."""
        ...

    def change_configuration(self, key: str, value: str) -> Ask:
        """Set one configuration key, or one variable. Raises InvalidCallError where `key` names
        none."""
        ...

    def trigger(self, message: str, connector_id: int | None) -> Ask:
        """Send a message again."""
        ...
