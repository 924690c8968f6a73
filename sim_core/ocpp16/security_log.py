"""The security log, its events, and GetLog ("Improved security for OCPP 1.6-J", §4 and appendix).

What concerns security is a row in the store before anything else is done with it. Under a security
profile from 1 on the CSMS is told of each critical event, in order and as often as it takes: unlike
other notifications these wait for a CSMS that is offline. An answer of any kind ends that, for a
CSMS that knows no such message will not know it the next time either. Without a profile the CSMS is
not one that has asked for any of this, and only the log is kept.

GetLog hands in that log, or the diagnostics.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, Log, LogStatus, UploadLogStatus

from sim_core.files.archive import archive, file_name
from sim_core.ocpp16.diagnostics import evidence
from sim_core.ocpp16.routing import on
from sim_core.ocpp16.timestamps import moment, stamp
from sim_core.ocpp16.uploads import (
    FAILED,
    UPLOADED,
    UPLOADING,
    Upload,
    Uploads,
    pause_of,
    shown,
    tries_of,
)
from sim_core.wire.answers import NoAnswer
from sim_core.wire.routes import Reply

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint
    from sim_core.store.records import SecurityEvent

STARTUP, REBOOT = "StartupOfTheDevice", "ResetOrReboot"
FIRMWARE_UPDATED, CLOCK_SET = "FirmwareUpdated", "SettingSystemTime"
INVALID_CSMS_CERTIFICATE = "InvalidCentralSystemCertificate"
LONGEST_INFO = 255
AGAIN_S = 60.0
"""How long after a silence the CSMS is told again."""

WORDS = {
    UPLOADING: UploadLogStatus.uploading.value,
    UPLOADED: UploadLogStatus.uploaded.value,
    FAILED: UploadLogStatus.upload_failure.value,
}
"""What an upload comes to, in the words of LogStatusNotification."""


class SecurityLog:
    """Keeps the events, tells the CSMS of them, and is the handler of GetLog."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        self._telling = False
        self.uploads = Uploads(charge_point, "log", self._say)
        self.uploads.recover()

    @property
    def notifies(self) -> bool:
        """Whether the CSMS is told of events."""
        cp = self._cp
        return cp.security.access().profile >= 1

    def note(self, kind: str, info: str = "") -> None:
        """Something has happened that concerns security, and is critical."""
        cp = self._cp
        if cp.behaviour.security_extension:
            cp.store.add_security_event(kind, cp.now(), info[:LONGEST_INFO], waits=self.notifies)
            self.tell()

    def bad_certificate(self, why: str) -> None:
        """The CSMS has shown a certificate that is not accepted."""
        self.note(INVALID_CSMS_CERTIFICATE, why)

    def registered(self) -> None:
        """The CSMS hears again."""
        self.uploads.registered()
        self.tell()

    def tell(self) -> None:
        """Tell the CSMS what it does not know, one event after the other."""
        cp = self._cp
        if not self._telling and cp.outbox.registered and not cp.store.refusal:
            self._telling = True
            cp.spawn(self._tell())

    @on(Action.get_log)
    def get_log(
        self,
        log: dict[str, Any],
        log_type: str,
        request_id: int,
        retries: int | None = None,
        retry_interval: int | None = None,
    ) -> Reply:
        """GetLog: a newer request takes the place of an upload that is under way."""
        cp = self._cp
        since = moment(log.get("oldestTimestamp"))
        until = moment(log.get("latestTimestamp"))
        if log_type == Log.security_log:
            name = file_name(f"{cp.build.charge_point_id}_security", cp.now(), "jsonl")
            content = partial(lines, cp.store.security_events(), since, until)
        else:
            name = file_name(cp.build.charge_point_id, cp.now())
            content = partial(archive, evidence(cp, since, until))
        location = str(log["remoteLocation"])
        upload = Upload(
            name, content, location, tries_of(retries), pause_of(retry_interval), request_id
        )
        status = LogStatus.accepted_canceled if self.uploads.active else LogStatus.accepted

        def begin() -> None:
            cp.note("upload", f"the CSMS wants the {log_type} at {shown(location)}")
            self.uploads.begin(upload)

        return Reply(call_result.GetLog(status, name), then=begin)

    def trigger(self) -> None:
        """A triggered LogStatusNotification: Idle, without a requestId, when nothing is sent."""
        payload: dict[str, Any] = {"status": UploadLogStatus.idle.value}
        if self.uploads.active:
            status = WORDS.get(self.uploads.picture().status, payload["status"])
            payload = {"status": status, "requestId": self.uploads.request_id}
        self._cp.say("LogStatusNotification", payload, triggered=True)

    def _say(self, status: str, request_id: int | None) -> None:
        payload = {"status": WORDS[status], "requestId": request_id}
        self._cp.say("LogStatusNotification", payload)

    async def _tell(self) -> None:
        cp = self._cp
        try:
            while (
                self.notifies
                and not cp.store.refusal  # then it is told once it is on disk
                and (event := cp.store.waiting_security_event()) is not None
            ):
                answer = await cp.outbox.call("SecurityEventNotification", _payload(event))
                if not isinstance(answer, NoAnswer):
                    cp.store.told_security_event(event.number)
                elif answer.link_lost:
                    break
                else:
                    if answer.late is not None:
                        answer.late.add_done_callback(partial(self._told_late, event.number))
                    await cp.clock.sleep(AGAIN_S)
        finally:
            self._telling = False

    def _told_late(self, number: int, _: object) -> None:
        """The CSMS has answered after all: it is not told again."""
        self._cp.store.told_security_event(number)


def _payload(event: SecurityEvent) -> dict[str, Any]:
    info = {"techInfo": event.info} if event.info else {}
    return {"type": event.kind, "timestamp": stamp(event.at), **info}


def lines(events: list[SecurityEvent], since: datetime | None, until: datetime | None) -> bytes:
    """The log as one JSON object a line, oldest first."""
    rows = (
        json.dumps(_payload(event)) + "\n"
        for event in events
        if not (since and event.at < since) and not (until and event.at > until)
    )
    return "".join(rows).encode()
