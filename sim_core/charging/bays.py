"""Parking bays with a sensor: a car drives in, and drives off.

The bay is before the cable and after it: whoever is plugged in stands there, and unplugging takes
nobody away. Where there is no sensor nobody sees who stands where, so there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable

from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import BayEntered, BayLeft
from sim_core.charging.environment import Environment
from sim_core.charging.facts import why_not
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import Cause, StopReason
from sim_core.commands import Accepted, DriveIn, DriveOff, Outcome, Refused


class Bays:
    """The bays before all connectors."""

    __slots__ = ("_changed", "_condition", "_csms", "_environment", "_transactions")

    def __init__(
        self,
        environment: Environment,
        condition: Condition,
        csms: Csms,
        transactions: Transactions,
        changed: Callable[[Connector, Cause], None],
    ) -> None:
        self._environment = environment
        self._condition = condition
        self._csms = csms
        self._transactions = transactions
        self._changed = changed

    def drive_in(self, connector: Connector, command: DriveIn) -> Outcome:
        """A car drives into the bay."""
        if reason := why_not("drive_in", connector.facts(self._condition)):
            return Refused(reason)
        self.enter(connector)
        self._changed(connector, Cause.VEHICLE)
        return Accepted()

    def enter(self, connector: Connector) -> None:
        """Somebody stands in the bay, if nobody did before."""
        if connector.bay_sensor and not connector.in_bay:
            connector.in_bay = True
            self._note(connector, "a car is in the bay")
            self._csms.hear(BayEntered(connector.number))

    def drive_off(self, connector: Connector, command: DriveOff) -> Outcome:
        """The car leaves the bay. What has outlived its cable ends: nobody will plug in again."""
        if reason := why_not("drive_off", connector.facts(self._condition)):
            return Refused(reason)
        self._transactions.stop(connector, StopReason.UNPLUGGED)
        connector.in_bay = False
        self._note(connector, "the car has left the bay")
        self._csms.hear(BayLeft(connector.number))
        self._changed(connector, Cause.VEHICLE)
        return Accepted()

    def _note(self, connector: Connector, sentence: str) -> None:
        self._environment.note_at("vehicle", connector.number, sentence)
