"""What concerns security: a row in the store before anything else is done with it.

Which of it the CSMS is told, and when, is the protocol's; it hears of each new row. The names of
the events are those of the OCA's list, which OCPP 1.6 (by its security whitepaper) and 2.0.1 share.
"""

from __future__ import annotations

from collections.abc import Callable

from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import SecurityNoted
from sim_core.charging.environment import Environment
from sim_core.store.interface import SecurityLog

STARTUP, REBOOT = "StartupOfTheDevice", "ResetOrReboot"
FIRMWARE_UPDATED, CLOCK_SET = "FirmwareUpdated", "SettingSystemTime"
INVALID_FIRMWARE_SIGNATURE = "InvalidFirmwareSignature"
INVALID_SIGNING_CERTIFICATE = "InvalidFirmwareSigningCertificate"
LONGEST_INFO = 255


class SecurityEvents:
    """Writes down what concerns security."""

    __slots__ = ("_csms", "_environment", "_log", "_speaks", "tells")

    def __init__(
        self, environment: Environment, log: SecurityLog, csms: Csms, *, speaks: bool
    ) -> None:
        """`speaks`: this make has a security log at all."""
        self._environment = environment
        self._log = log
        self._csms = csms
        self._speaks = speaks
        self.tells: Callable[[], bool] = lambda: False
        """Whether the CSMS is told of what comes from now on; the protocol sets it."""

    def note(self, kind: str, info: str = "") -> None:
        """Something has happened that concerns security, and is critical."""
        if self._speaks:
            at = self._environment.now()
            self._log.add(kind, at, info[:LONGEST_INFO], waits=self.tells())
            self._csms.hear(SecurityNoted(kind))
