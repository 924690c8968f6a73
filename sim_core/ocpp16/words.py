"""OCPP 1.6's words for what the charger calls by its own (Reason, §7.36)."""

from __future__ import annotations

from ocpp.v16.enums import Reason

from sim_core.charging.vocabulary import StopReason

REASONS: dict[StopReason, Reason] = {
    StopReason.EMERGENCY_STOP: Reason.emergency_stop,
    StopReason.UNPLUGGED: Reason.ev_disconnected,
    StopReason.RESET_AT_ONCE: Reason.hard_reset,
    StopReason.RESET_IN_ORDER: Reason.soft_reset,
    StopReason.LOCAL: Reason.local,
    StopReason.MASTER_PASS: Reason.local,
    StopReason.OTHER: Reason.other,
    StopReason.POWER_LOSS: Reason.power_loss,
    StopReason.REBOOT: Reason.reboot,
    StopReason.REMOTE: Reason.remote,
    StopReason.UNLOCKED: Reason.unlock_command,
    StopReason.REFUSED: Reason.de_authorized,
}
