"""Which change of a limit, or of a rate, is worth telling (SmartChargingCtrlr, block K)."""

from __future__ import annotations

from sim_core.ocpp201.device_model import DeviceModel


def is_significant(model: DeviceModel, before_w: float, now_w: float) -> bool:
    """Whether a power has changed by more than LimitChangeSignificance, in percent of what it
    was."""
    percent = float(model.text("SmartChargingCtrlr", "LimitChangeSignificance") or 0)
    return abs(now_w - before_w) > before_w * percent / 100
