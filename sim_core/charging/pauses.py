"""Pauses: of the vehicle, of the charger, and their end."""

from __future__ import annotations

from collections.abc import Callable

from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.facts import why_not
from sim_core.charging.faults import Faults
from sim_core.charging.power import Power
from sim_core.charging.vocabulary import Cause
from sim_core.commands import Accepted, Outcome, Refused, Resume, SuspendEV, SuspendEVSE


class Pauses:
    """The pauses of all connectors."""

    __slots__ = ("_changed", "_condition", "_faults", "_power")

    def __init__(
        self,
        condition: Condition,
        power: Power,
        faults: Faults,
        changed: Callable[[Connector, Cause], None],
    ) -> None:
        self._condition = condition
        self._power = power
        self._faults = faults
        self._changed = changed

    def suspend_ev(self, connector: Connector, command: SuspendEV) -> Outcome:
        """The vehicle pauses."""
        if reason := why_not("suspend_ev", connector.facts(self._condition)):
            return Refused(reason)
        self._power.advance()
        connector.metal.ev_paused = True
        self._changed(connector, Cause.VEHICLE)
        return Accepted()

    def suspend_evse(self, connector: Connector, command: SuspendEVSE) -> Outcome:
        """The charger pauses."""
        if reason := why_not("suspend_evse", connector.facts(self._condition)):
            return Refused(reason)
        self._power.advance()
        connector.metal.evse_paused = True
        self._changed(connector, Cause.BUTTON)
        return Accepted()

    def resume(self, connector: Connector, command: Resume) -> Outcome:
        """Every pause ends, and a fault is cleared."""
        if reason := why_not("resume", connector.facts(self._condition)):
            return Refused(reason)
        self._power.advance()
        connector.metal.ev_paused = connector.metal.evse_paused = False
        self._faults.mend(connector)
        self._changed(connector, Cause.BUTTON)
        return Accepted()
