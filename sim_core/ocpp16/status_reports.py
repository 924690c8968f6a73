"""StatusNotification: what the CSMS has been told, and what it must be told (OCPP 1.6 §4.9).

Status is not queued while the link is down: on return only what differs from what the CSMS was
last told is sent, as it is then (OCPP-J §5.3). After a boot everything is sent. A state that does
not last for MinimumStatusDuration is not reported at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sim_core.charging.environment import Environment
from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.status import Status
from sim_core.runtime.clock import Timer
from sim_core.wire.answers import Answer, NoAnswer, Payload
from sim_core.wire.outbox import Outbox
from sim_core.wire.timestamps import stamp

NO_ERROR = "NoError"


def nothing(_: int) -> None:
    """Nobody wants to know which connector's report leaves."""


def _nobody() -> None:
    """Nobody wants to know that a report leaves."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is said of one connector."""

    status: Status
    error_code: str = NO_ERROR
    vendor_error_code: str = ""
    info: str = ""


@dataclass(slots=True)
class _Line:
    """What is known of one connector: its state, and what was said of it on this connection."""

    now: Report
    since: datetime
    acknowledged: Report | None = None
    """What the CSMS has answered."""
    sent: Report | None = None
    """What was last put on its way."""
    timer: Timer | None = None


class StatusReports:
    """Tells the CSMS of every connector, 0 included."""

    __slots__ = (
        "_configuration",
        "_environment",
        "_lines",
        "_outbox",
        "_stamps_reports",
        "_vendor_id",
    )

    def __init__(
        self,
        environment: Environment,
        outbox: Outbox,
        configuration: Configuration,
        *,
        vendor_id: str | None,
        stamps_reports: bool = False,
    ) -> None:
        """`vendor_id` is given by makes that always fill in the vendor's fields;
        `stamps_reports` by makes that stamp the moment of the report, not that of the change."""
        self._stamps_reports = stamps_reports
        self._environment = environment
        self._outbox = outbox
        self._configuration = configuration
        self._vendor_id = vendor_id
        self._lines: dict[int, _Line] = {}

    def current(self, connector_id: int) -> Report | None:
        """What a connector's state is; None before the first look."""
        line = self._lines.get(connector_id)
        return line.now if line else None

    def note(self, connector_id: int, report: Report) -> bool:
        """Take note of a connector's state; returns whether it has changed."""
        line = self._lines.get(connector_id)
        if line is None:
            self._lines[connector_id] = _Line(report, self._environment.clock.now())
            return True
        if line.now == report:
            return False
        line.now, line.since = report, self._environment.clock.now()
        if line.timer is not None:
            line.timer.cancel()
            line.timer = None
        if self._outbox.registered:
            self._say_when_it_lasts(connector_id, line)
        return True

    def say_changes(self, connector_ids: Iterable[int]) -> None:
        """The link is back: say what differs from what the CSMS was last told."""
        for connector_id in connector_ids:
            line = self._lines[connector_id]
            line.sent = line.acknowledged
            if line.now != line.acknowledged:
                self.say(connector_id)

    def say_all(
        self, connector_ids: Iterable[int], *, leaves: Callable[[int], None] = nothing
    ) -> None:
        """After a boot: say everything, in this order; `leaves` is called with each connector as it
        leaves."""
        for connector_id in connector_ids:
            self.say(connector_id, leaves=partial(leaves, connector_id))

    def say(
        self,
        connector_id: int,
        at: datetime | None = None,
        *,
        behind_start: bool = False,
        leaves: Callable[[], None] | None = None,
    ) -> None:
        """Send a connector's state as it is; `at` is another stamp than its own.

        `behind_start`: not before the StartTransaction that it follows, where statuses overtake.
        `leaves` is called when it leaves, or it is clear that it never will.
        """
        line = self._lines[connector_id]
        report = line.sent = line.now

        def answered(answer: Answer) -> None:
            if not isinstance(answer, NoAnswer):
                line.acknowledged = report
                return
            if answer.sent:
                line.acknowledged = None  # it may have arrived: only saying it again makes sure
            if line.sent is report:
                line.sent = line.acknowledged

        payload = self._payload(connector_id, line)
        if at is not None:
            payload["timestamp"] = self._stamp(at)
        self._send(payload, answered, connector_id if behind_start else None, leaves or _nobody)

    def _say_when_it_lasts(self, connector_id: int, line: _Line) -> None:
        duration_s = self._configuration.number("MinimumStatusDuration")
        if duration_s <= 0:
            self.say(connector_id, behind_start=line.now.status is Status.CHARGING)
            return

        def lasted() -> None:
            line.timer = None
            if self._outbox.registered and line.now != line.sent:
                self.say(connector_id)

        line.timer = self._environment.clock.call_later(duration_s, lasted)

    def _payload(self, connector_id: int, line: _Line) -> Payload:
        report = line.now
        payload: Payload = {
            "errorCode": report.error_code,
            "connectorId": connector_id,
            "status": report.status.value,
            "timestamp": self._stamp(
                self._environment.clock.now() if self._stamps_reports else line.since
            ),
        }
        if self._vendor_id is not None:
            payload["vendorErrorCode"] = report.vendor_error_code or NO_ERROR
            payload["info"] = report.info
            payload["vendorId"] = self._vendor_id
        else:
            if report.vendor_error_code:
                payload["vendorErrorCode"] = report.vendor_error_code
            if report.info:
                payload["info"] = report.info
        return payload

    def _stamp(self, at: datetime) -> str:
        """A clock that was set since then tells it right."""
        return stamp(at + self._environment.ahead)

    def _send(
        self,
        payload: Payload,
        answered: Callable[[Answer], None],
        behind_start_of: int | None,
        leaves: Callable[[], None],
    ) -> None:
        async def send() -> None:
            answered(
                await self._outbox.call(
                    "StatusNotification",
                    payload,
                    while_pending=True,
                    behind_start_of=behind_start_of,
                    leaves=leaves,
                )
            )

        self._environment.spawn(send())
