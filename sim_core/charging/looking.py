"""What follows from a change: the whole is looked at, and the protocol hears what is true now.

Whoever changes a fact comes here. Nothing is remembered of what was true before, but for what the
protocol has heard: so it hears of every new state of a transaction, of every fault and its end,
whichever way they came about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import (
    ChargingStateChanged,
    FaultCleared,
    FaultRaised,
    Looked,
    LookedAtWhole,
)
from sim_core.charging.facts import charging_state
from sim_core.charging.power import Power
from sim_core.charging.presence import Presence
from sim_core.charging.reservations import Reservations
from sim_core.charging.token_list import TokenList
from sim_core.charging.vocabulary import Cause


class Waiting(Protocol):
    """Something that waits until connectors are free."""

    def look(self) -> None: ...


class Looking:
    """Looks at one connector, or at the whole."""

    __slots__ = (
        "_condition",
        "_connectors",
        "_csms",
        "_on_change",
        "power",
        "presence",
        "reservations",
        "token_list",
        "updates",
    )

    def __init__(
        self,
        connectors: Mapping[int, Connector],
        condition: Condition,
        csms: Csms,
        on_change: Callable[[], None],
    ) -> None:
        """`on_change`: a picture of the charger would look different. Everybody who changes facts
        is given this first; what is looked at is set once it is there."""
        self._connectors = connectors
        self._condition = condition
        self._csms = csms
        self._on_change = on_change
        self.power: Power
        self.reservations: Reservations
        self.token_list: TokenList
        self.presence: Presence | None
        self.updates: Waiting

    def changed(self, connector: Connector, cause: Cause = Cause.CSMS) -> None:
        """A fact of this connector has changed."""
        connector.apply_availability(self._condition.open)
        self.reservations.settle()
        self.power.share()
        self.look(connector, cause)
        for other in self.reservations.moved():
            self.look(other, cause)
        self.look_at_whole(cause)
        if self.presence is not None:
            self.presence.keep()
        self.power.tick_while_needed()
        self.updates.look()
        self._on_change()

    def limits_changed(self) -> None:
        """Charging profiles allow something else: the metal obeys. What is told of it follows in
        `powers_changed`."""
        self.power.share()
        self.power.tick_while_needed()
        self._on_change()

    def powers_changed(self) -> None:
        """What flows may have changed in every connector, and nothing else: told in one go."""
        self.power.share()
        for connector in self._connectors.values():
            self.look(connector, Cause.LIMIT)
        self.power.tick_while_needed()
        self._on_change()

    def reservations_changed(self) -> None:
        """A reservation was made or has ended."""
        self.reservations.settle()
        for connector in self.reservations.moved():
            self.look(connector, Cause.CSMS)
        self._on_change()

    def whole_changed(self) -> None:
        """What is true of the charger as a whole has changed."""
        self.look_at_whole(Cause.CSMS)
        self._on_change()

    def look_at_all(self) -> None:
        """At the start: what is true of everything."""
        for connector in self._connectors.values():
            self.look(connector, Cause.POWER)
        self.look_at_whole(Cause.POWER)

    def look(self, connector: Connector, cause: Cause) -> None:
        """Let the protocol know what is true of a connector."""
        facts, fault = connector.facts(self._condition), connector.metal.fault
        self._csms.hear(Looked(facts, fault, connector.reservation is not None, cause))
        state = charging_state(facts)
        if state is not connector.charging_state:
            connector.charging_state = state
            self._csms.hear(ChargingStateChanged(connector.number, state, cause))
        before = connector.fault_told
        if fault is not before:
            connector.fault_told = fault
            if before is not None:
                self._csms.hear(FaultCleared(connector.number, before, cause))
            if fault is not None:
                self._csms.hear(FaultRaised(connector.number, fault, cause))

    def look_at_whole(self, cause: Cause) -> None:
        """Let the protocol know what is true of the charger as a whole."""
        condition = self._condition
        contradiction = self.token_list.contradiction
        self._csms.hear(LookedAtWhole(condition.usable, condition.fault, contradiction, cause))
