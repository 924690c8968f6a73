"""TriggerMessage and ExtendedTriggerMessage: say it now. The answer first, then the message.

OCPP 1.6 §5.17, and "Improved security for OCPP 1.6-J", §5.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, MessageTrigger, TriggerMessageStatus

from sim_core.wire.routes import Reply
from sim_core.wire.routing import on

Messages = Mapping[str, Callable[["int | None"], None]]
"""Name of a message -> what sends it, for a connector or for all."""


class RemoteTrigger:
    """Handler of the Remote Trigger profile."""

    __slots__ = ("_connectors", "_messages")

    def __init__(self, messages: Messages, connectors: Container[int]) -> None:
        self._messages = messages
        self._connectors = connectors

    @on(Action.trigger_message)
    def trigger_message(self, requested_message: str, connector_id: int | None = None) -> Reply:
        """§5.17: Rejected for an unknown connector, NotImplemented for what cannot be said."""
        answer = call_result.TriggerMessage
        return _triggered(self._messages, self._connectors, answer, requested_message, connector_id)


class ExtendedTrigger:
    """Handler of ExtendedTriggerMessage."""

    __slots__ = ("_connectors", "_messages")

    def __init__(self, messages: Messages, connectors: Container[int]) -> None:
        self._messages = messages
        self._connectors = connectors

    @on(Action.extended_trigger_message)
    def extended_trigger_message(
        self, requested_message: str, connector_id: int | None = None
    ) -> Reply:
        """As TriggerMessage; signed firmware and certificates are not built: NotImplemented."""
        answer = call_result.ExtendedTriggerMessage
        return _triggered(self._messages, self._connectors, answer, requested_message, connector_id)


def _triggered(
    messages: Messages,
    connectors: Container[int],
    answer: Callable[[TriggerMessageStatus], object],
    message: str,
    connector_id: int | None,
) -> Reply:
    """The answer to a trigger, and what follows from it."""
    send = messages.get(message)
    if send is None:
        not_implemented = answer(TriggerMessageStatus.not_implemented)
        return Reply(not_implemented, why=f"nobody here sends {message} when asked")
    lowest = 0 if message == MessageTrigger.status_notification else 1
    known = connector_id is None or connector_id in connectors or connector_id == lowest == 0
    if not known:
        rejected = answer(TriggerMessageStatus.rejected)
        return Reply(rejected, why=f"there is no connector {connector_id} for it")
    return Reply(answer(TriggerMessageStatus.accepted), then=lambda: send(connector_id))
