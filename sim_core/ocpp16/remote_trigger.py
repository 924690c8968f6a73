"""TriggerMessage: say it now (OCPP 1.6 §5.17). The answer first, then the message."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, MessageTrigger, TriggerMessageStatus

from sim_core.ocpp16.routing import on
from sim_core.wire.routes import Reply

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint

Messages = dict[str, Callable[["int | None"], None]]
"""Name of a message -> what sends it, for a connector or for all."""

LOG_STATUS = "LogStatusNotification"


class RemoteTrigger:
    """Handler of the Remote Trigger profile."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point

    def _messages(self) -> Messages:
        cp = self._cp
        messages = _core_messages(cp)
        if cp.configuration.supports(cp.firmware.profile):
            messages |= {
                MessageTrigger.firmware_status_notification.value: lambda _: cp.firmware.trigger(),
                MessageTrigger.diagnostics_status_notification.value: (
                    lambda _: cp.diagnostics.trigger()
                ),
            }
        return messages

    @on(Action.trigger_message)
    def trigger_message(self, requested_message: str, connector_id: int | None = None) -> Reply:
        """§5.17: Rejected for an unknown connector, NotImplemented for what cannot be said."""
        return triggered(
            self._cp, self._messages(), call_result.TriggerMessage, requested_message, connector_id
        )


class ExtendedTrigger:
    """Handler of ExtendedTriggerMessage ("Improved security for OCPP 1.6-J", §5)."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point

    def _messages(self) -> Messages:
        cp = self._cp
        return _core_messages(cp) | {LOG_STATUS: lambda _: cp.security_log.trigger()}

    @on(Action.extended_trigger_message)
    def extended_trigger_message(
        self, requested_message: str, connector_id: int | None = None
    ) -> Reply:
        """As TriggerMessage; signed firmware and certificates are not built: NotImplemented."""
        answer = call_result.ExtendedTriggerMessage
        return triggered(self._cp, self._messages(), answer, requested_message, connector_id)


def triggered(
    cp: ChargePoint,
    messages: Messages,
    answer: Callable[[TriggerMessageStatus], object],
    message: str,
    connector_id: int | None,
) -> Reply:
    """The answer to a trigger, and what follows from it."""
    send = messages.get(message)
    if send is None:
        return Reply(answer(TriggerMessageStatus.not_implemented))
    lowest = 0 if message == MessageTrigger.status_notification else 1
    known = connector_id is None or connector_id in cp.connectors or connector_id == lowest == 0
    if not known:
        return Reply(answer(TriggerMessageStatus.rejected))
    return Reply(answer(TriggerMessageStatus.accepted), then=lambda: send(connector_id))


def _core_messages(cp: ChargePoint) -> Messages:
    return {
        MessageTrigger.boot_notification.value: lambda _: cp.registrar.boot_now(),
        MessageTrigger.heartbeat.value: lambda _: cp.registrar.heartbeat_now(),
        MessageTrigger.status_notification.value: cp.report_status,
        MessageTrigger.meter_values.value: cp.trigger_samples,
    }
