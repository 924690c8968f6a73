"""What breaks, how far it reaches, and what mends it.

A transaction goes on underneath a fault, without energy, unless the make has a code of its own for
it that ends transactions. Some of those strike every connector and the charger itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector, StartFault
from sim_core.charging.csms import Csms
from sim_core.charging.environment import Environment
from sim_core.charging.facts import why_not
from sim_core.charging.points import OwnFaults, Points
from sim_core.charging.policy import Policy
from sim_core.charging.power import Power
from sim_core.charging.starting import drop_authorization
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import Cause, StopReason
from sim_core.commands import Accepted, ClearFault, InjectFault, Outcome, Refused, unsayable
from sim_core.hardware.faults import ERROR_CODES, ChargerFault
from sim_core.hardware.model import VendorFault


class Faults:
    """The faults of all connectors, and of the charger as a whole."""

    __slots__ = (
        "_changed",
        "_condition",
        "_connectors",
        "_csms",
        "_environment",
        "_kinds",
        "_points",
        "_policy",
        "_power",
        "_transactions",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        condition: Condition,
        policy: Policy,
        csms: Csms,
        power: Power,
        transactions: Transactions,
        kinds: Mapping[str, VendorFault],
        points: Points,
        changed: Callable[[Connector, Cause], None],
    ) -> None:
        """`kinds` are the make's own faults, by their code."""
        self._environment = environment
        self._connectors = connectors
        self._condition = condition
        self._policy = policy
        self._csms = csms
        self._power = power
        self._transactions = transactions
        self._kinds = kinds
        self._points = points
        self._changed = changed

    def inject(self, connector: Connector, command: InjectFault) -> Outcome:
        """Something breaks."""
        if command.error_code not in ERROR_CODES:
            return Refused(
                f"{command.error_code!r} is no error code; there are: {', '.join(ERROR_CODES)}"
            )
        if reason := unsayable(command, self._policy.text_limits) or why_not(
            "fault", connector.facts(self._condition)
        ):
            return Refused(reason)
        self._power.advance()
        code = command.vendor_error_code or ""
        own = self._points.own_faults
        if own is not None and code in self._kinds:
            return self._strike(connector, code, self._kinds[code], own)
        fault = ChargerFault(command.error_code, code, command.info or "")
        connector.break_down(fault, self._environment.now())
        self._changed(connector, Cause.FAULT)
        return Accepted()

    def clear(self, connector: Connector, command: ClearFault) -> Outcome:
        """What broke is mended."""
        if reason := why_not("clear_fault", connector.facts(self._condition)):
            return Refused(reason)
        self._power.advance()
        self.mend(connector)
        self._changed(connector, Cause.BUTTON)
        return Accepted()

    def mend(self, connector: Connector) -> None:
        """End a connector's fault; one that is everywhere ends everywhere."""
        everywhere = self._condition.fault
        if everywhere is not None and connector.metal.fault is everywhere:
            self._condition.fault = None
            for other in self._connectors.values():
                if other.metal.fault is everywhere:
                    other.mend()
                    self._changed(other, Cause.BUTTON)
            return
        connector.mend()

    # -- the make's own ----------------------------------------------

    def _strike(
        self, connector: Connector, code: str, kind: VendorFault, own: OwnFaults
    ) -> Outcome:
        """A fault that the make has a code of its own for, with the scope that it has."""
        fault = ChargerFault("InternalError", code, kind.info)
        if kind.fails_start and connector.transaction is None and connector.metal.plugged:
            connector.start_fault = StartFault(fault, own.passes_s, own.start)
            return Accepted("it shows when the next transaction starts")
        if not kind.everywhere:
            connector.break_down(fault, self._environment.now())
            self._changed(connector, Cause.FAULT)
            if kind.fails_start:
                self.pass_soon(connector, fault, own.passes_s)
            return Accepted()
        struck = list(self._connectors.values())
        running = [other for other in struck if other.transaction is not None]
        for other in struck:
            if other.transaction is None:
                drop_authorization(other, Cause.FAULT, self._csms)
                other.break_down(fault, self._environment.now())
                self._changed(other, Cause.FAULT)
        if not running:
            self._break_whole(fault)
        timing = self._environment.timing
        delay_s = self._environment.vary(timing.emergency_s) if running else 0.0
        for other in running:
            self._environment.after(delay_s, partial(self._end_struck, other, fault, kind))
        return Accepted()

    def _end_struck(self, connector: Connector, fault: ChargerFault, kind: VendorFault) -> None:
        """A connector that was charging: its transaction ends, and no Finishing is seen."""
        connector.break_down(fault, self._environment.now())
        if kind.stops is not None:
            self._transactions.stop(connector, StopReason(kind.stops), cause=Cause.FAULT)
            connector.ended = False
        self._changed(connector, Cause.FAULT)
        self._break_whole(fault)

    def _break_whole(self, fault: ChargerFault) -> None:
        if self._condition.fault is None:
            self._condition.fault = fault
            self._changed(next(iter(self._connectors.values())), Cause.FAULT)

    def pass_soon(self, connector: Connector, fault: ChargerFault, after_s: float) -> None:
        """A fault that was found at a start passes by itself."""

        def passes() -> None:
            if connector.metal.fault is fault:
                self.mend(connector)
                self._changed(connector, Cause.TIMEOUT)

        self._environment.clock.call_later(after_s, passes)
