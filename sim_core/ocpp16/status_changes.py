"""From the facts of a connector to what is said of it: the ways that OCPP 1.6 §4.9 knows.

The word follows from the facts (`status`); between two words that §4.9 has no way between there is
a third one. After a boot everything is said, in the order of the make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from sim_core.charging.connector import Authorization, Connector
from sim_core.charging.domain_events import Authorised, Looked, LookedAtWhole
from sim_core.charging.environment import Environment
from sim_core.charging.facts import Facts
from sim_core.hardware.faults import ChargerFault
from sim_core.ocpp16.points import Speech
from sim_core.ocpp16.status import Status, connector_status, whole_status
from sim_core.ocpp16.status_reports import NO_ERROR, Report, StatusReports
from sim_core.wire.outbox import Outbox

NOT_TO_RESERVED = frozenset(Status) - {Status.AVAILABLE, Status.RESERVED, Status.FAULTED}
"""Statuses from which §4.9 knows no way to Reserved but the one through Available."""
LEFT_BEHIND = frozenset({Status.PREPARING, Status.FINISHING})
"""What a connector with a vehicle is when nothing else is true of it."""
LIST_CONFLICT = "LocalListConflict"


class StatusChanges:
    """Says of each connector, 0 included, what has become of it."""

    __slots__ = (
        "_charge_point_first",
        "_connectors",
        "_environment",
        "_outbox",
        "_reports",
        "_speech",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        reports: StatusReports,
        outbox: Outbox,
        speech: Speech,
        *,
        charge_point_first: bool,
    ) -> None:
        """`charge_point_first`: connector 0 reports before the others."""
        self._environment = environment
        self._connectors = connectors
        self._reports = reports
        self._outbox = outbox
        self._speech = speech
        self._charge_point_first = charge_point_first

    # -- what is true now --------------------------------------------

    def look(self, event: Looked) -> None:
        """Facts of a connector may have changed."""
        self._look(event.facts, event.fault, held=event.held)

    def _look(self, facts: Facts, fault: ChargerFault | None, *, held: bool) -> None:
        number = facts.connector_id
        status = self._speech.status(connector_status(facts))
        said = self._said(number)
        if said is Status.PREPARING and status is Status.UNAVAILABLE:
            # §4.9 knows no way from Preparing to Unavailable but the one through Available.
            self._look(replace(facts, operative=True), fault, held=held)
            said = self._said(number)
        comes = status is Status.RESERVED and said in NOT_TO_RESERVED
        # G1: a reservation ends in Available, whoever's vehicle stands there.
        goes = said is Status.RESERVED and status in LEFT_BEHIND and not held
        if comes or (goes and not facts.authorized):
            self._tell(number, Report(Status.AVAILABLE))
        self._tell(number, _report(status, fault))

    def look_at_whole(self, event: LookedAtWhole) -> None:
        """The same of connector 0."""
        status = whole_status(usable=event.usable, broken=event.fault is not None)
        report = _report(status, event.fault)
        if event.contradiction and event.fault is None:  # §3.5.2
            report = replace(report, error_code=LIST_CONFLICT, info=event.contradiction)
        before = self._reports.current(0)
        if self._reports.note(0, report) and before is not None:
            self._environment.note("status", f"the charge point is {report.status.value}", 0)

    def _said(self, number: int) -> Status | None:
        report = self._reports.current(number)
        return None if report is None else report.status

    def _tell(self, number: int, report: Report) -> None:
        before = self._reports.current(number)
        if self._reports.note(number, report) and before is not None:
            detail = f" ({report.error_code})" if report.error_code != NO_ERROR else ""
            text = f"connector {number} is {report.status.value}{detail}"
            self._environment.note("status", text, number)

    # -- a card that waits for the plug ------------------------------

    def authorised(self, event: Authorised) -> None:
        """A make may say Preparing again and again while a card waits for the plug."""
        connector = self._connectors[event.connector_id]
        card = connector.authorization
        if self._speech.preparing_again_s is not None and not connector.metal.plugged and card:
            self._say_again_later(connector, card, self._speech.preparing_again_s)

    def _say_again_later(self, connector: Connector, card: Authorization, every_s: float) -> None:
        def say_again() -> None:
            if connector.authorization is card and not connector.metal.plugged:
                if self._outbox.registered:
                    self._reports.say(connector.number)
                self._say_again_later(connector, card, every_s)

        self._environment.clock.call_later(every_s, say_again)

    # -- a new connection --------------------------------------------

    def order(self) -> list[int]:
        """All connectors in the order in which this make reports them."""
        numbers = list(self._connectors)
        return [0, *numbers] if self._charge_point_first else [*numbers, 0]

    def say_after_boot(self) -> None:
        """After a boot everything is said (§4.2), before the journal's backlog."""
        speech, clock = self._speech, self._environment.clock
        running = any(connector.transaction for connector in self._connectors.values())
        if running and speech.connectors_late_s is not None:
            self._reports.say(0)
            clock.call_later(speech.connectors_late_s, self._if_registered(self._say_connectors))
            return
        self._outbox.status_first()
        late = speech.connector_0_late
        if late is None:
            self._reports.say_all(self.order())
            return
        self._say_connectors()
        stamped = clock.now() - timedelta(seconds=late.stamped_before_s)
        clock.call_later(late.late_s, self._if_registered(lambda: self._reports.say(0, at=stamped)))

    def say_changes(self) -> None:
        """Messages pass again: say what differs from what the CSMS was last told."""
        self._reports.say_changes(self.order())

    def say_now(self, connector_id: int | None) -> None:
        """A triggered StatusNotification: of one connector, or of all (§5.17)."""
        for number in self.order() if connector_id is None else [connector_id]:
            self._reports.say(number)

    def _say_connectors(self) -> None:
        self._reports.say_all(self._connectors)

    def _if_registered(self, act: Callable[[], None]) -> Callable[[], None]:
        return lambda: act() if self._outbox.registered else None


def _report(status: Status, fault: ChargerFault | None) -> Report:
    if fault is None:
        return Report(status)
    return Report(status, fault.error_code, fault.vendor_error_code, fault.info)
