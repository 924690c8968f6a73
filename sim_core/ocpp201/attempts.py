"""How often a TransactionEvent is tried, and with which pauses: MessageAttempts (Part 2, E13)."""

from __future__ import annotations

from sim_core.ocpp201.device_model import DeviceModel
from sim_core.wire.trial import RetryPolicy

COMPONENT, MESSAGE = "OCPPCommCtrlr", "TransactionEvent"


def retry_policy(model: DeviceModel) -> RetryPolicy:
    """What counts now. Silence counts as any other failure."""
    return RetryPolicy(
        attempts=model.number(COMPONENT, "MessageAttempts", MESSAGE),
        interval_s=model.number(COMPONENT, "MessageAttemptInterval", MESSAGE),
        counts_silence=True,
        samples_yield=False,
    )
