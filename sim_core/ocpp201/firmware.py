"""UpdateFirmware and FirmwareStatusNotification (OCPP 2.0.1 Part 2, L01).

What becomes of an order is `charging.updates`. A file has to be signed (TC_L_18); publishing
firmware is a local controller's (L03, L04), and NotSupported here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.domain_events import UpdateStepped
from sim_core.charging.environment import Environment
from sim_core.charging.security_events import INVALID_SIGNING_CERTIFICATE, SecurityEvents
from sim_core.charging.update_record import (
    DOWNLOAD_FAILED,
    IDLE,
    INSTALL_REBOOTING,
    INSTALLATION_FAILED,
    INSTALLED,
    Update,
)
from sim_core.charging.updates import Updates
from sim_core.charging.uploads import pause_of, tries_of
from sim_core.files import signatures
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.certificates import MANUFACTURER, Certificates
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Refusal, Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import moment

ACTION = "FirmwareStatusNotification"
FIRMWARE_UPDATE = "FirmwareUpdate"
"""BootReasonEnumType of what follows an installation."""
REBOOT_FOLLOWS = frozenset({INSTALL_REBOOTING, INSTALLATION_FAILED})


class Firmware:
    """Handler of UpdateFirmware."""

    __slots__ = (
        "_boot_because",
        "_certificates",
        "_environment",
        "_last",
        "_model",
        "_say",
        "_say_triggered",
        "_security",
        "_updates",
    )

    def __init__(
        self,
        environment: Environment,
        updates: Updates,
        security: SecurityEvents,
        certificates: Certificates,
        model: DeviceModel,
        *,
        say: Callable[[str, Payload], None],
        say_triggered: Callable[[str, Payload], None],
        boot_because: Callable[[str], None],
    ) -> None:
        """`boot_because` is told why the next boot comes."""
        self._environment = environment
        self._updates = updates
        self._security = security
        self._certificates = certificates
        self._model = model
        self._say = say
        self._say_triggered = say_triggered
        self._boot_because = boot_because
        self._last: Payload | None = None
        """What was told last."""

    @on(Action.update_firmware)
    def update_firmware(
        self,
        request_id: int,
        firmware: Payload,
        retries: int | None = None,
        retry_interval: int | None = None,
        **_: Any,
    ) -> Reply | Refusal:
        """L01: a newer order takes the place of one that is not being installed yet."""
        retrieve_at = moment(firmware["retrieveDateTime"])
        install_at = moment(firmware.get("installDateTime"))
        if retrieve_at is None:
            return Refusal("PropertyConstraintViolation", "retrieveDateTime is no date and time")
        if "installDateTime" in firmware and install_at is None:
            return Refusal("PropertyConstraintViolation", "installDateTime is no date and time")
        certificate, signature = firmware.get("signingCertificate"), firmware.get("signature")
        if not certificate or not signature:
            why = "firmware has to be signed here: send signingCertificate and signature"
            return self._no_certificate(why)
        if why := self._why_not_signer(certificate):
            return self._no_certificate(why)
        if self._updates.installing:
            why = "an installation is running: ask when it is over"
            return reply("Rejected", code="FwUpdateInProgress", why=why)
        update = Update(
            firmware["location"],
            retrieve_at,
            tries_of(retries),
            pause_of(retry_interval),
            install_at=install_at,
            request_id=request_id,
            certificate=certificate,
            signature=signature,
            sessions_go_on=self._model.flag(
                "ChargingStation", "AllowNewSessionsPendingFirmwareUpdate"
            ),
        )
        before = self._updates.request_id if self._updates.under_way else None
        ends = INSTALLATION_FAILED if self._updates.ready else DOWNLOAD_FAILED

        def begin() -> None:
            if before is not None:
                self._tell(ends, before)
            self._updates.order(update)

        return reply("Accepted" if before is None else "AcceptedCanceled", then=begin)

    def _why_not_signer(self, certificate: str) -> str:
        if why := signatures.why_not_valid(certificate, self._environment.now()):
            return why
        roots = self._certificates.of(MANUFACTURER)
        if roots and not any(signatures.is_issued_by(certificate, root) for root in roots):
            return "no manufacturer's root that is installed here has issued the certificate"
        return ""

    def _no_certificate(self, why: str) -> Reply:
        self._environment.note("firmware", f"the CSMS's firmware is refused: {why}")
        return reply(
            "InvalidCertificate",
            code="InvalidCertificate",
            why=why,
            then=lambda: self._security.note(INVALID_SIGNING_CERTIFICATE, why),
        )

    # -- telling -----------------------------------------------------

    def stepped(self, event: UpdateStepped) -> None:
        """FirmwareStatusNotification, with the requestId of its order (L01.FR.20)."""
        if event.status in REBOOT_FOLLOWS:
            self._boot_because(FIRMWARE_UPDATE)
        self._tell(event.status, self._updates.request_id)

    def _tell(self, status: str, request_id: int | None) -> None:
        payload: Payload = {"status": status}
        if request_id is not None:
            payload["requestId"] = request_id
        self._last = payload
        self._say(ACTION, payload)

    def trigger(self, _: int | None = None) -> None:
        """A triggered one: Idle after Installed, or where there was none (L01.FR.25, .26)."""
        last = self._last
        if last is None or last["status"] in (INSTALLED, IDLE):
            last = {"status": IDLE}
        self._say_triggered(ACTION, last)
