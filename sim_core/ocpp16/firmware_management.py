"""The Firmware Management profile: UpdateFirmware, GetDiagnostics, and what is said of both (OCPP
1.6 §5.19, §5.9, §4.4, §4.5). What becomes of an order is the charger's (`charging.updates`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ocpp.charge_point import snake_to_camel_case
from ocpp.v16 import call_result
from ocpp.v16.enums import Action

from sim_core.charging.domain_events import UpdateStepped, UploadStepped
from sim_core.charging.environment import Environment
from sim_core.charging.update_record import IDLE, Update
from sim_core.charging.updates import Updates
from sim_core.charging.uploads import Upload, Uploads, pause_of, shown, tries_of
from sim_core.evidence import Witness
from sim_core.files.archive import archive, file_name
from sim_core.ocpp16.dialect import OCPP_16
from sim_core.ocpp16.points import Speech
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Refusal, Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import moment, stamp

PROFILE = "FirmwareManagement"
DIAGNOSTICS = "diagnostics"
WORDS = frozenset(
    {
        "Downloaded",
        "DownloadFailed",
        "Downloading",
        "Idle",
        "InstallationFailed",
        "Installing",
        "Installed",
    }
)
"""FirmwareStatus (§7.25): the stages between these have no word in 1.6. The `ocpp` package has more
of them, for signed updates."""

Say = Callable[[str, Payload], None]
"""Sends something whose answer changes nothing."""


class FirmwareManagement:
    """Handlers of the Firmware Management profile."""

    __slots__ = (
        "_environment",
        "_say",
        "_say_triggered",
        "_speech",
        "_updates",
        "_uploads",
        "_witness",
    )

    def __init__(
        self,
        environment: Environment,
        updates: Updates,
        uploads: Uploads,
        witness: Witness,
        speech: Speech,
        *,
        say: Say,
        say_triggered: Say,
    ) -> None:
        """`say_triggered` sends what the CSMS has asked for, so it may go while registration is
        Pending (§4.2)."""
        self._environment = environment
        self._updates = updates
        self._uploads = uploads
        self._witness = witness
        self._speech = speech
        self._say = say
        self._say_triggered = say_triggered

    # -- updates -----------------------------------------------------

    @on(Action.update_firmware, skip_schema_validation=True)
    def update_firmware(self, /, **said: Any) -> Reply | Refusal:
        """§5.19. A newer order takes the place of one that is not being installed yet."""
        order: Payload = snake_to_camel_case(said)
        if self._speech.mute_transfers and order.get("retrieveDate") is None:
            # Such a make takes one without a date.
            order["retrieveDate"] = stamp(self._environment.now())
        if fault := OCPP_16.schemas.request_fault("UpdateFirmware", order):
            return Refusal(fault.code, fault.description)
        at = moment(order["retrieveDate"])
        if at is None:
            return Refusal("PropertyConstraintViolation", "retrieveDate is no date and time")
        if self._updates.installing:
            return Refusal("GenericError", "an installation is running: ask when it is over")
        update = Update(
            order["location"],
            at,
            tries_of(order.get("retries")),
            pause_of(order.get("retryInterval")),
        )
        return Reply(call_result.UpdateFirmware(), then=lambda: self._updates.order(update))

    def update_stepped(self, event: UpdateStepped) -> None:
        """FirmwareStatusNotification (§4.5)."""
        if not self._speech.mute_transfers and event.status in WORDS:
            self._say("FirmwareStatusNotification", {"status": event.status})

    def trigger_firmware(self, _: int | None = None) -> None:
        """A triggered FirmwareStatusNotification (§5.17): Idle when nothing is under way."""
        seen = self._updates.snapshot()
        status = seen.status if seen.active else IDLE
        self._say_triggered("FirmwareStatusNotification", {"status": status})

    # -- diagnostics -------------------------------------------------

    @on(Action.get_diagnostics)
    def get_diagnostics(
        self,
        location: str,
        retries: int | None = None,
        retry_interval: int | None = None,
        start_time: str | None = None,
        stop_time: str | None = None,
    ) -> Reply:
        """§5.9. Nothing in that time: an answer without fileName, and that is all."""
        found = self._witness.evidence(moment(start_time), moment(stop_time))
        if found.empty and not self._speech.mute_transfers:
            return Reply(call_result.GetDiagnostics())
        name = file_name(found.charge_point_id, self._environment.now())
        upload = Upload(
            name, partial(archive, found), location, tries_of(retries), pause_of(retry_interval)
        )

        def begin() -> None:
            self._environment.note("upload", f"the CSMS wants diagnostics at {shown(location)}")
            self._uploads.begin(upload)

        return Reply(call_result.GetDiagnostics(file_name=name), then=begin)

    def upload_stepped(self, event: UploadStepped) -> None:
        """DiagnosticsStatusNotification (§4.4)."""
        if event.what == DIAGNOSTICS and not self._speech.mute_transfers:
            self._say("DiagnosticsStatusNotification", {"status": event.status})

    def trigger_diagnostics(self, _: int | None = None) -> None:
        """A triggered DiagnosticsStatusNotification (§5.17): Idle when nothing is on its way."""
        status = self._uploads.snapshot().status if self._uploads.active else IDLE
        self._say_triggered("DiagnosticsStatusNotification", {"status": status})
