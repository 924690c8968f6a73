"""Settings by script: the rows of the configuration sheet in a picture."""

from __future__ import annotations

from datetime import timedelta

from sim_core.snapshot import ChangedBy, SettingChange, SettingSnapshot
from tui.pictures.fake_station import NOW

NUMBER = "a whole number from 0 to 86400"
FLAG = ("true", "false")


def setting(name: str, value: str | None, meaning: str, **changes: object) -> SettingSnapshot:
    """A setting that is as it was at the start, but for `changes`."""
    flag = value in FLAG
    told: dict[str, object] = {
        "group": "Core",
        "readonly": False,
        "takes": "true or false" if flag else NUMBER,
        "default": value,
        "choices": FLAG if flag else (),
    }
    return SettingSnapshot(name=name, value=value, meaning=meaning, **{**told, **changes})  # type: ignore[arg-type]


SETTINGS: tuple[SettingSnapshot, ...] = (
    setting("AuthorizationCacheEnabled", "true", "Cards that the CSMS has accepted are remembered"),
    setting(
        "AuthorizationKey",
        None,
        "The password of the charge point at the CSMS; never shown",
        takes="16 to 20 characters, or 32 to 40 hexadecimal digits",
        default=None,
    ),
    setting("ConnectionTimeOut", "60", "Seconds that a card waits for its cable"),
    setting(
        "HeartbeatInterval",
        "300",
        "Seconds of silence after which a Heartbeat is sent",
        default="3600",
        takes="a whole number, 1 or more",
        change=SettingChange("3600", ChangedBy.CSMS, NOW - timedelta(seconds=176)),
    ),
    setting(
        "LocalAuthListMaxLength",
        "100",
        "How many cards the local list may have",
        group="LocalAuthListManagement",
        readonly=True,
        takes="can only be read",
    ),
    setting(
        "MeterValueSampleInterval",
        "10",
        "Seconds between meter values of a transaction; 0: none",
        default="60",
        change=SettingChange("60", ChangedBy.OPERATOR, NOW - timedelta(seconds=31)),
    ),
    setting(
        "MeterValuesSampledData",
        "Energy.Active.Import.Register,Current.Import,Voltage,Power.Active.Import,SoC",
        "What the meter values of a transaction tell",
        takes="up to 8 items with commas and no spaces: Energy.Active.Import.Register, SoC, …",
    ),
    setting(
        "NumberOfConnectors",
        "2",
        "How many connectors there are",
        readonly=True,
        takes="can only be read",
    ),
    setting("StopTxnSampledData", "", "What StopTransaction tells of the values in between"),
    setting("VendorMode", "eco", "", after_reboot="full", takes="a text of at most 500 characters"),
)
