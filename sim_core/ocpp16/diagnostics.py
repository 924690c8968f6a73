"""GetDiagnostics: hand in what happened (OCPP 1.6 §5.9, DiagnosticsStatusNotification §4.4)."""

from __future__ import annotations

import platform
from datetime import datetime
from functools import lru_cache, partial
from importlib import metadata
from typing import TYPE_CHECKING, Any

from ocpp.v16 import call_result
from ocpp.v16.enums import Action

from sim_core.files.archive import Evidence, archive, file_name
from sim_core.ocpp16.routing import on
from sim_core.ocpp16.timestamps import moment
from sim_core.ocpp16.uploads import Upload, Uploads, pause_of, shown, tries_of
from sim_core.snapshot import JOURNAL_SHOWN
from sim_core.wire.routes import Reply

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint

PACKAGES = ("chargeforge", "ocpp", "websockets")
IDLE = "Idle"


class Diagnostics:
    """Handler of GetDiagnostics."""

    profile = "FirmwareManagement"

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        self.uploads = Uploads(charge_point, "diagnostics", self._say)
        self.uploads.recover()

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
        cp = self._cp
        found = evidence(cp, moment(start_time), moment(stop_time))
        if found.empty and not cp.quirks.mute_transfers:
            return Reply(call_result.GetDiagnostics())
        name = file_name(cp.build.charge_point_id, cp.now())
        upload = Upload(
            name, partial(archive, found), location, tries_of(retries), pause_of(retry_interval)
        )

        def begin() -> None:
            cp.note("upload", f"the CSMS wants diagnostics at {shown(location)}")
            self.uploads.begin(upload)

        return Reply(call_result.GetDiagnostics(file_name=name), then=begin)

    def trigger(self) -> None:
        """A triggered DiagnosticsStatusNotification (§5.17): Idle when nothing is on its way."""
        status = self.uploads.picture().status if self.uploads.active else IDLE
        self._cp.say("DiagnosticsStatusNotification", {"status": status}, triggered=True)

    def _say(self, status: str, _: int | None) -> None:
        if not self._cp.quirks.mute_transfers:
            self._cp.say("DiagnosticsStatusNotification", {"status": status})


def evidence(cp: ChargePoint, since: datetime | None, until: datetime | None) -> Evidence:
    """What there is to hand in of the time from `since` to `until`."""

    def within(at: datetime | None) -> bool:
        return at is not None and not (since and at < since) and not (until and at > until)

    exchanges = (
        (cp.environment.own_time(exchange.requested_at), exchange) for exchange in cp.exchanges()
    )
    return Evidence(
        charge_point_id=cp.build.charge_point_id,
        made_at=cp.now(),
        since=since,
        until=until,
        exchanges=tuple((at, exchange) for at, exchange in exchanges if at and within(at)),
        events=tuple(event for event in cp.history() if within(event.at)),
        configuration=tuple(cp.configuration.report([])[0]),
        state=_state(cp),
        versions=versions(),
    )


def _state(cp: ChargePoint) -> dict[str, Any]:
    """Connectors and journal as they are."""
    identity = cp.model.identity
    return {
        "vendor": identity.vendor,
        "model": identity.model,
        "serialNumber": identity.serial_number,
        "firmwareVersion": identity.firmware_version,
        "registration": cp.registration.value,
        "connectors": [
            {
                "connectorId": connector.number,
                "status": connector.status().value,
                "errorCode": connector.metal.fault.error_code if connector.metal.fault else None,
                "registerWh": connector.metal.meter.register_wh,
                "transactionId": connector.transaction.transaction_id
                if connector.transaction
                else None,
            }
            for connector in cp.connectors.values()
        ],
        "journal": {
            "waiting": cp.store.depth,
            "first": [
                {
                    "number": row.number,
                    "action": cp.spelling.name(row.kind),
                    "connectorId": row.connector_id,
                    "transactionId": row.transaction_id,
                    "writtenAt": (row.written_at + cp.environment.ahead).isoformat(),
                    "attempts": row.attempts,
                }
                for row in cp.store.journal(JOURNAL_SHOWN)
            ],
            "givenUp": [
                {
                    "action": cp.spelling.name(gone.kind),
                    "connectorId": gone.connector_id,
                    "transactionId": gone.transaction_id,
                    "at": (gone.given_up_at + cp.environment.ahead).isoformat(),
                    "why": gone.why,
                }
                for gone in cp.store.given_up(JOURNAL_SHOWN)
            ],
        },
    }


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """What runs here."""
    found = {"python": platform.python_version(), "system": platform.system()}
    return found | {package: _version_of(package) for package in PACKAGES}


def _version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""  # it lies in a folder only
