"""From the facts of a connector to what is said of it: the ways that OCPP 1.6 §4.9 knows.

The word follows from the facts (`status`); between two words that §4.9 has no way between there is
a third one. After a boot everything is said, in the order of the make.

A charger is looked at whenever anything may have changed, and mostly nothing has: facts that are as
they were end here.
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
from sim_core.ocpp16.points import LateConnector0, Speech
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
        "_boots",
        "_charge_point_first",
        "_connectors",
        "_ending",
        "_environment",
        "_outbox",
        "_reports",
        "_seen",
        "_seen_whole",
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
        self._boots = 0
        """How often everything was said after a boot."""
        self._seen: dict[int, Facts] = {}
        """What was true of each connector when it was looked at last."""
        self._seen_whole: LookedAtWhole | None = None
        """The same of connector 0."""
        self._ending: dict[int, Looked] = {}
        """What is true of a connector whose transaction has ended, until that is found."""

    # -- what is true now --------------------------------------------

    def look(self, event: Looked) -> None:
        """Facts of a connector may have changed."""
        facts = event.facts
        number = facts.connector_id
        before = self._seen.get(number)
        if before == facts and event.fault is None:
            return
        self._seen[number] = facts
        ran = before is not None and before.transaction
        over = ran and not facts.transaction and event.fault is None
        if over and (late_s := self._speech.after_end_s(self._environment.rng)):
            self._ending[number] = event
            self._environment.clock.call_later(late_s, lambda: self._find_ended(number))
        elif number in self._ending and event.fault is None and not facts.transaction:
            self._ending[number] = event
        else:
            self._ending.pop(number, None)
            self._look(facts, event.fault, held=event.held)

    def _find_ended(self, number: int) -> None:
        """The firmware finds that a transaction has ended: what is said is what is true by now."""
        event = self._ending.pop(number, None)
        if event is not None:
            self._look(event.facts, event.fault, held=event.held)

    def _look(self, facts: Facts, fault: ChargerFault | None, *, held: bool) -> None:
        number = facts.connector_id
        status = self._speech.status(connector_status(facts))
        said = self._said(number)
        if said is Status.PREPARING and status is Status.UNAVAILABLE:
            # §4.9 knows no way from Preparing to Unavailable but the one through Available.
            self._look(facts._replace(operative=True), fault, held=held)
            said = self._said(number)
        comes = status is Status.RESERVED and said in NOT_TO_RESERVED
        # G1: a reservation ends in Available, whoever's vehicle stands there.
        goes = said is Status.RESERVED and status in LEFT_BEHIND and not held
        if comes or (goes and not facts.authorized):
            self._tell(number, Report(Status.AVAILABLE))
        self._tell(number, _report(status, fault))

    def look_at_whole(self, event: LookedAtWhole) -> None:
        """The same of connector 0."""
        if self._seen_whole is not None and self._seen_whole[:-1] == event[:-1]:
            return
        self._seen_whole = event
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
            # In the moment in which the card lapses there is nothing to wait for any more.
            lapses = connector.plug_by is not None and self._environment.now() >= connector.plug_by
            if connector.authorization is card and not connector.metal.plugged and not lapses:
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
        speech, environment = self._speech, self._environment
        self._boots += 1
        boot = self._boots
        self._outbox.booted()
        if speech.backlog_waits_s is not None:
            self._outbox.hold_rows()
        late_s = speech.first_stamp_s(environment.rng)
        environment.after(late_s, self._on_this_boot(boot, lambda: self._say_after_boot(boot)))

    def _say_after_boot(self, boot: int) -> None:
        speech, outbox = self._speech, self._outbox
        running = any(connector.transaction for connector in self._connectors.values())
        if running and speech.connectors_late_s is not None:
            self._reports.say(0, leaves=self._on_this_boot(boot, outbox.let_rows_go))
            self._walk(boot, list(self._connectors), speech.connectors_late_s)
            return
        outbox.status_first()
        late = speech.connector_0_late
        if late is None:
            self._reports.say_all(self.order(), leaves=self._backlog_behind_0(boot))
        else:
            self._say_connector_0_late(boot, late)

    def _walk(self, boot: int, numbers: list[int], at_each_s: float) -> None:
        """The firmware goes from connector to connector, and takes its time where one charges."""
        for index, number in enumerate(numbers):
            if self._connectors[number].transaction is not None:
                rest = numbers[index + 1 :]

                def go_on(number: int = number, rest: list[int] = rest) -> None:
                    self._reports.say(number)
                    self._walk(boot, rest, at_each_s)

                self._environment.clock.call_later(at_each_s, self._on_this_boot(boot, go_on))
                return
            self._reports.say(number)

    def _say_connector_0_late(self, boot: int, late: LateConnector0) -> None:
        environment = self._environment
        stamped = environment.clock.now() - timedelta(seconds=late.stamped_before_s)
        last, leaves = max(self._connectors), self._backlog_behind_0(boot)

        def say_0() -> None:
            self._outbox.skip_tick()  # it belongs to what has left
            self._reports.say(0, at=stamped, leaves=lambda: leaves(0))

        def left(number: int) -> None:
            if number == last:
                late_s = late.late_s(environment.rng)
                environment.clock.call_later(late_s, self._on_this_boot(boot, say_0))

        self._reports.say_all(self._connectors, leaves=left)

    def _backlog_behind_0(self, boot: int) -> Callable[[int], None]:
        """Lets the journal go once connector 0 has reported, where a make holds it back."""

        def left(number: int) -> None:
            waits_s = self._speech.backlog_waits_s
            if number == 0 and waits_s is not None and boot == self._boots:
                self._outbox.let_rows_go(waits_s(self._environment.rng))

        return left

    def say_changes(self) -> None:
        """Messages pass again: say what differs from what the CSMS was last told."""
        self._reports.say_changes(self.order())

    def greet(self, registered: bool) -> None:
        """A make says all connectors in its own turn: after a boot, or before it."""
        if registered:
            self.say_after_boot()
        else:
            self.say_now(None)

    def say_now(self, connector_id: int | None) -> None:
        """A triggered StatusNotification: of one connector, or of all (§5.17)."""
        for number in self.order() if connector_id is None else [connector_id]:
            self._reports.say(number)

    def _on_this_boot(self, boot: int, act: Callable[[], None]) -> Callable[[], None]:
        """To be done only while the connection lasts on which it was begun."""
        return lambda: act() if self._outbox.registered and boot == self._boots else None


def _report(status: Status, fault: ChargerFault | None) -> Report:
    if fault is None:
        return Report(status)
    return Report(status, fault.error_code, fault.vendor_error_code, fault.info)
