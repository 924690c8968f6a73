"""The status of each connector, and of nothing else (OCPP 2.0.1 Part 2, block G).

A station tells all of them in one of two styles: StatusNotification, or NotifyEvent of the variable
AvailabilityState (G01).

After a boot everything is told. After an outage that was longer than OfflineThreshold everything is
told anew, after a shorter one what has changed (B04). A status that does not last for
MinimumStatusDuration is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sim_core.charging.connector import Connector
from sim_core.charging.domain_events import Looked
from sim_core.charging.environment import Environment
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.status import Status, connector_status
from sim_core.ocpp201.variables import Address, Component, Name
from sim_core.runtime.clock import Timer
from sim_core.wire.answers import Answer, NoAnswer, Payload
from sim_core.wire.outbox import Outbox
from sim_core.wire.timestamps import stamp


@dataclass(slots=True)
class _Line:
    """What is known of one connector."""

    now: Status
    since: datetime
    acknowledged: Status | None = None
    """What the CSMS has answered."""
    sent: Status | None = None
    """What was last put on its way."""
    timer: Timer | None = None


class StatusReports:
    """Tells the CSMS of every connector."""

    __slots__ = ("_by_events", "_connectors", "_environment", "_lines", "_model", "_outbox",
                 "_since_s", "next_event_id", "on_status")  # fmt: skip

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        outbox: Outbox,
        model: DeviceModel,
        *,
        by_events: bool,
    ) -> None:
        """`by_events`: NotifyEvent is the style."""
        self._by_events = by_events
        self.next_event_id: Callable[[], int] = lambda: 0
        """Numbers an event; whoever numbers all of the station's sets it."""
        self._environment = environment
        self._connectors = connectors
        self._outbox = outbox
        self._model = model
        self._lines: dict[int, _Line] = {}
        self._since_s: float | None = None
        """Since when there is no link; None while there is one."""
        self.on_status: Callable[[int, Status], None] = lambda *_: None
        """Told of each new status of an EVSE."""

    def current(self, evse_id: int) -> Status:
        """The status of an EVSE; each has one connector."""
        line = self._lines.get(evse_id)
        return line.now if line else Status.AVAILABLE

    # -- what is true now --------------------------------------------

    def look(self, event: Looked) -> None:
        """Facts of a connector may have changed."""
        number, status = event.facts.connector_id, connector_status(event.facts)
        line, now = self._lines.get(number), self._environment.clock.now()
        if line is None:
            self._lines[number] = _Line(status, now)
            return
        if line.now is status:
            return
        line.now, line.since = status, now
        self._environment.note("status", f"EVSE {number} is {status.value}", number)
        if line.timer is not None:
            line.timer.cancel()
            line.timer = None
        self.on_status(number, status)
        if self._outbox.registered:
            self._say_when_it_lasts(number, line)

    # -- links -------------------------------------------------------

    def link_lost(self) -> None:
        """From now on nothing passes."""
        if self._since_s is None:
            self._since_s = self._environment.clock.monotonic()

    def say_after_boot(self) -> None:
        """Everything, before the journal's backlog (B01.FR.05)."""
        self._since_s = None
        self._outbox.status_first()
        self._say_all(self._lines)

    def say_after_outage(self) -> None:
        """B04: everything after a long outage, what has changed after a short one."""
        away_s = 0.0
        if self._since_s is not None:
            away_s = self._environment.clock.monotonic() - self._since_s
        self._since_s = None
        if away_s > self._model.number("OCPPCommCtrlr", "OfflineThreshold"):
            self._say_all(self._lines)
            return
        for number, line in self._lines.items():
            line.sent = line.acknowledged
            if line.now is not line.acknowledged:
                self.say(number)

    def _say_all(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.say(number)

    # -- saying ------------------------------------------------------

    def say(self, evse_id: int) -> None:
        """Tell the status of an EVSE's connector, as it is."""
        line = self._lines[evse_id]
        status = line.sent = line.now

        def answered(answer: Answer) -> None:
            if not isinstance(answer, NoAnswer):
                line.acknowledged = status
                return
            if answer.sent:
                line.acknowledged = None  # it may have arrived: only saying it again makes sure
            if line.sent is status:
                line.sent = line.acknowledged

        said = self._event if self._by_events else self._notification
        action, payload = said(evse_id, stamp(line.since + self._environment.ahead), status)
        # Its place in the queue is that of the change: what is said of its cause comes behind it.
        answer = self._outbox.post(action, payload, while_pending=True)

        async def wait() -> None:
            answered(await answer)

        self._environment.spawn(wait())

    def _notification(self, evse_id: int, at: str, status: Status) -> tuple[str, Payload]:
        return "StatusNotification", {
            "timestamp": at,
            "connectorStatus": status.value,
            "evseId": evse_id,
            "connectorId": 1,
        }

    def _event(self, evse_id: int, at: str, status: Status) -> tuple[str, Payload]:
        """G01.FR.03, §SN: the station tells it by itself, so it is hard-wired."""
        place = Component("Connector", evse=evse_id, connector=1)
        event = {
            "eventId": self.next_event_id(),
            "timestamp": at,
            "trigger": "Delta",
            "actualValue": status.value,
            "eventNotificationType": "HardWiredNotification",
            **Address(place, Name("AvailabilityState")).wire(),
        }
        made_at = stamp(self._environment.now())
        return "NotifyEvent", {
            "generatedAt": made_at,
            "tbc": False,
            "seqNo": 0,
            "eventData": [event],
        }

    def _say_when_it_lasts(self, evse_id: int, line: _Line) -> None:
        duration_s = self._model.number("OCPPCommCtrlr", "MinimumStatusDuration")
        if duration_s <= 0:
            self.say(evse_id)
            return

        def lasted() -> None:
            line.timer = None
            if self._outbox.registered and line.now is not line.sent:
                self.say(evse_id)

        line.timer = self._environment.clock.call_later(duration_s, lasted)
