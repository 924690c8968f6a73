"""GetLog and LogStatusNotification (OCPP 2.0.1 Part 2, N01).

How a file gets away is `charging.uploads`. A failure is told each time that it is tried (TC_N_26).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.domain_events import UploadStepped
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
from sim_core.files.transfer import Flaw
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.security_events import payload_of
from sim_core.store.interface import SecurityLog
from sim_core.store.records import SecurityEvent
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Refusal, Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import moment

LOG = "log"
SECURITY = "SecurityLog"
WORDS = {UPLOADING: "Uploading", UPLOADED: "Uploaded", FAILED: "UploadFailure"}
FAILURES = {
    Flaw.FORBIDDEN: "PermissionDenied",
    Flaw.UNREADABLE: "BadMessage",
    Flaw.NO_WAY: "NotSupportedOperation",
}
"""UploadLogStatusEnumType: how it goes, and where it has failed, in which way if that has a word.
"""
ACTION = "LogStatusNotification"


class Logs:
    """Handler of GetLog."""

    __slots__ = ("_environment", "_log", "_say", "_say_triggered", "_uploads", "_witness")

    def __init__(
        self,
        environment: Environment,
        log: SecurityLog,
        uploads: Uploads,
        witness: Witness,
        *,
        say: Callable[[str, Payload], None],
        say_triggered: Callable[[str, Payload], None],
    ) -> None:
        self._environment = environment
        self._log = log
        self._uploads = uploads
        self._witness = witness
        self._say = say
        self._say_triggered = say_triggered

    @on(Action.get_log)
    def get_log(
        self,
        log: Payload,
        log_type: str,
        request_id: int,
        retries: int | None = None,
        retry_interval: int | None = None,
        **_: Any,
    ) -> Reply | Refusal:
        """N01: a newer request takes the place of an upload that is under way (N01.FR.12)."""
        for bound in ("oldestTimestamp", "latestTimestamp"):
            if bound in log and moment(log[bound]) is None:
                return Refusal("PropertyConstraintViolation", f"{bound} is no date and time")
        since, until = moment(log.get("oldestTimestamp")), moment(log.get("latestTimestamp"))
        now, identity = self._environment.now(), self._witness.charge_point_id
        if log_type == SECURITY:
            events = within(self._log.all(), since, until)
            name = file_name(f"{identity}_security", now, "jsonl")
            empty, content = not events, partial(lines, events)
        else:
            evidence = self._witness.evidence(since, until)
            name = file_name(identity, now)
            empty, content = evidence.empty, partial(archive, evidence)
        if empty:  # N01.FR.05
            why = "nothing was logged in that time: ask for another"
            return reply("Rejected", code="NotFound", why=why)
        location = str(log["remoteLocation"])
        upload = Upload(
            name, content, location, tries_of(retries), pause_of(retry_interval), request_id
        )
        before = self._uploads.request_id if self._uploads.active else None

        def begin() -> None:
            if before is not None:
                self._say(ACTION, {"status": "AcceptedCanceled", "requestId": before})
            text = f"the CSMS wants the {log_type} at {shown(location)}"
            self._environment.note("upload", text)
            self._uploads.begin(upload)

        status = "Accepted" if before is None else "AcceptedCanceled"
        return reply(status, then=begin, filename=name)

    def stepped(self, event: UploadStepped) -> None:
        """LogStatusNotification."""
        if event.what == LOG:
            status = FAILURES.get(event.flaw) or WORDS[event.status]
            self._say(ACTION, {"status": status, "requestId": event.request_id})

    def trigger(self, _: int | None = None) -> None:
        """A triggered one: Idle, without a requestId, while nothing is sent (F06.FR.15)."""
        payload: Payload = {"status": "Idle"}
        if self._uploads.active:
            status = WORDS.get(self._uploads.snapshot().status, "Uploading")
            payload = {"status": status, "requestId": self._uploads.request_id}
        self._say_triggered(ACTION, payload)


def within(
    events: list[SecurityEvent], since: datetime | None, until: datetime | None
) -> list[SecurityEvent]:
    """Those of the time that is asked for; None: without that bound."""
    return [
        event
        for event in events
        if not (since and event.at < since) and not (until and event.at > until)
    ]


def lines(events: list[SecurityEvent]) -> bytes:
    """The security log as one JSON object a line, oldest first."""
    return "".join(json.dumps(payload_of(event)) + "\n" for event in events).encode()
