"""What the station shows to get in: its password and its security profile (A01, A05, B09)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sim_core.ocpp201.device_model import DeviceModel
from sim_core.wire.access import Access

PASSWORD = ("SecurityCtrlr", "BasicAuthPassword")


class Credentials:
    """What the next dial uses."""

    __slots__ = ("_access", "_model", "_reconnect")

    def __init__(self, model: DeviceModel, access: Access, reconnect: Callable[[], None]) -> None:
        """`access` is what the options say; a password that the CSMS has set goes before it."""
        self._model = model
        self._access = access
        self._reconnect = reconnect

    @property
    def profile(self) -> int:
        """The security profile that is in use (SecurityProfile)."""
        return self._access.profile

    def dialling(self, trouble: str) -> Access:
        """What the attempt to connect that begins now is to use; `trouble` is why the last one
        failed."""
        return self.access()

    def access(self) -> Access:
        """What there is to get in with."""
        password = self._model.text(*PASSWORD)
        return replace(self._access, key=password.encode()) if password else self._access

    def password_changed(self) -> None:
        """It was set, and the answer is on the wire: the station comes back with it (A01.FR.02)."""
        self._reconnect()
