"""TriggerMessage: say it now (OCPP 1.6 §5.17). The answer first, then the message."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, MessageTrigger, TriggerMessageStatus

from sim_core.ocpp16.routing import on
from sim_core.wire.endpoint import Reply

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint


class RemoteTrigger:
    """Handler of the Remote Trigger profile."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        self._messages: dict[str, Callable[[int | None], None]] = {
            MessageTrigger.boot_notification.value: lambda _: charge_point.registrar.boot_now(),
            MessageTrigger.heartbeat.value: lambda _: charge_point.registrar.heartbeat_now(),
            MessageTrigger.status_notification.value: charge_point.report_status,
            MessageTrigger.meter_values.value: charge_point.trigger_samples,
        }
        if charge_point.configuration.supports(charge_point.firmware.profile):
            firmware, diagnostics = charge_point.firmware, charge_point.diagnostics
            self._messages |= {
                MessageTrigger.firmware_status_notification.value: lambda _: firmware.trigger(),
                MessageTrigger.diagnostics_status_notification.value: (
                    lambda _: diagnostics.trigger()
                ),
            }

    @on(Action.trigger_message)
    def trigger_message(self, requested_message: str, connector_id: int | None = None) -> Reply:
        """§5.17: Rejected for an unknown connector, NotImplemented for what cannot be said."""
        send = self._messages.get(requested_message)
        if send is None:
            return Reply(call_result.TriggerMessage(TriggerMessageStatus.not_implemented))
        lowest = 0 if requested_message == MessageTrigger.status_notification else 1
        if connector_id is not None and not (
            connector_id in self._cp.outlets or connector_id == lowest == 0
        ):
            return Reply(call_result.TriggerMessage(TriggerMessageStatus.rejected))
        return Reply(
            call_result.TriggerMessage(TriggerMessageStatus.accepted),
            then=lambda: send(connector_id),
        )
