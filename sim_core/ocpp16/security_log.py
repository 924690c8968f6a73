"""What the CSMS is told of security, and GetLog ("Improved security for OCPP 1.6-J", §4, appendix).

Under a security profile from 1 on the CSMS is told of each critical event, in order and as often as
it takes (`security_mail`). Without a profile the CSMS is not one that has asked for any of this,
and only the log is kept.

GetLog hands in that log, or the diagnostics.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, Log, LogStatus, UploadLogStatus

from sim_core.charging.domain_events import SecurityNoted, UploadStepped
from sim_core.charging.environment import Environment
from sim_core.charging.uploads import (
    FAILED,
    UPLOADED,
    UPLOADING,
    Upload,
    Uploads,
    pause_of,
    shown,
    tries_of,
)
from sim_core.evidence import Witness
from sim_core.files.archive import archive, file_name
from sim_core.security_mail import SecurityMail
from sim_core.store.interface import Store
from sim_core.store.records import SecurityEvent
from sim_core.wire.answers import Payload
from sim_core.wire.outbox import Outbox
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import moment, stamp

LOG = "log"

WORDS = {
    UPLOADING: UploadLogStatus.uploading.value,
    UPLOADED: UploadLogStatus.uploaded.value,
    FAILED: UploadLogStatus.upload_failure.value,
}
"""What an upload comes to, in the words of LogStatusNotification."""


class SecurityMessages:
    """Tells the CSMS of security events, and is the handler of GetLog."""

    __slots__ = (
        "_environment",
        "_mail",
        "_say",
        "_say_triggered",
        "_store",
        "_uploads",
        "_witness",
    )

    def __init__(
        self,
        environment: Environment,
        store: Store,
        outbox: Outbox,
        uploads: Uploads,
        witness: Witness,
        *,
        notifies: Callable[[], bool],
        say: Callable[[str, Payload], None],
        say_triggered: Callable[[str, Payload], None],
    ) -> None:
        """`notifies`: whether the CSMS is told of events."""
        self._environment = environment
        self._store = store
        self._mail = SecurityMail(environment, store, outbox, _payload, notifies=notifies)
        self._uploads = uploads
        self._witness = witness
        self._say = say
        self._say_triggered = say_triggered

    # -- SecurityEventNotification -----------------------------------

    def noted(self, _: SecurityNoted) -> None:
        """There is something to tell."""
        self.tell()

    def tell(self) -> None:
        """Tell the CSMS what it does not know, one event after the other."""
        self._mail.tell()

    # -- GetLog ------------------------------------------------------

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
        since = moment(log.get("oldestTimestamp"))
        until = moment(log.get("latestTimestamp"))
        now, identity = self._environment.now(), self._witness.charge_point_id
        if log_type == Log.security_log:
            name = file_name(f"{identity}_security", now, "jsonl")
            content = partial(lines, self._store.security_log.all(), since, until)
        else:
            name = file_name(identity, now)
            content = partial(archive, self._witness.evidence(since, until))
        location = str(log["remoteLocation"])
        upload = Upload(
            name, content, location, tries_of(retries), pause_of(retry_interval), request_id
        )
        status = LogStatus.accepted_canceled if self._uploads.active else LogStatus.accepted

        def begin() -> None:
            text = f"the CSMS wants the {log_type} at {shown(location)}"
            self._environment.note("upload", text)
            self._uploads.begin(upload)

        return Reply(call_result.GetLog(status, name), then=begin)

    def upload_stepped(self, event: UploadStepped) -> None:
        """LogStatusNotification."""
        if event.what == LOG:
            payload = {"status": WORDS[event.status], "requestId": event.request_id}
            self._say("LogStatusNotification", payload)

    def trigger_log(self, _: int | None = None) -> None:
        """A triggered LogStatusNotification: Idle, without a requestId, when nothing is sent."""
        payload: Payload = {"status": UploadLogStatus.idle.value}
        if self._uploads.active:
            status = WORDS.get(self._uploads.snapshot().status, payload["status"])
            payload = {"status": status, "requestId": self._uploads.request_id}
        self._say_triggered("LogStatusNotification", payload)


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
