"""Who gets how much power, and when the metal is looked at.

The metal is brought to a moment before anything is read from it or done to it. On the way it comes
past the edges of charging profiles, each at its own moment, however late anybody comes round to it:
so no sample and no watt-hour follows a limit that is over. What the connectors want then is shared
out by the cabinet. While a vehicle is connected the metal is looked at every second, or, where
nobody sees how the values move, when something happens by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from sim_core.charging.connector import Connector
from sim_core.charging.environment import Environment
from sim_core.hardware import cabinet
from sim_core.hardware.model import Ratings
from sim_core.runtime.clock import Timer
from sim_core.store.interface import Registers

TICK_S = 1.0
"""How often the metal is looked at while a vehicle is connected."""
LONGEST_TICK_S = 30.0
"""The same where nobody looks: else it is looked at when something happens by itself."""
SLOT_S = 0.02
"""A tick waits for the next multiple: a thousand charge points then wake fifty times a second."""


class Edges(Protocol):
    """The limits from outside, as they change over time."""

    @property
    def due_s(self) -> float | None:
        """When, on the clock that never goes back, something else may hold; None: never."""

    @property
    def cap_w(self) -> float | None:
        """What all connectors together are allowed; None: no limit."""

    @property
    def cap_by(self) -> str:
        """Who allows them that, a word as in `Outlet.limited_by`."""

    @property
    def least_w(self) -> float:
        """With less than that out of `cap_w` a connector cannot charge."""

    def cross(self) -> None:
        """The metal has come to the edge at `due_s`: lay on it what holds from there on."""


class Power:
    """The power of all connectors. `on_look` is told that one of them may have changed by itself,
    after each tick; `on_change` that a picture of it would look different."""

    __slots__ = (
        "_anew",
        "_connectors",
        "_due_s",
        "_environment",
        "_evenly",
        "_limits",
        "_on_change",
        "_on_look",
        "_ratings",
        "_registers",
        "_shared",
        "_timer",
        "watched",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        ratings: Ratings,
        limits: Edges,
        registers: Registers,
        *,
        evenly: bool,
        on_look: Callable[[Connector], None],
        on_change: Callable[[], None],
    ) -> None:
        """`evenly`: something else than a screen depends on every second (a file that a kill leaves
        behind, a make that tells of what was a few ticks ago)."""
        self._environment = environment
        self._connectors = connectors
        self._ratings = ratings
        self._limits = limits
        self._registers = registers
        self._evenly = evenly
        self._on_look = on_look
        self._on_change = on_change
        self.watched: Callable[[], bool] = lambda: True
        """Whether somebody sees how the values move, and not only what happens."""
        self._timer: Timer | None = None
        self._due_s = 0.0
        self._shared = [cabinet.Demand(0.0)] * len(connectors)
        """What everybody wanted when power was shared out last."""
        self._anew = True
        """It is to be shared out anew, whatever they want."""

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- sharing -----------------------------------------------------

    def advance(self) -> None:
        """Bring all connectors to the present moment, and share out what they want then."""
        now_s = self._environment.clock.monotonic()
        while (edge_s := self._limits.due_s) is not None and edge_s <= now_s:
            self._advance_to(edge_s)
            self._limits.cross()
            self._anew = True
        self._advance_to(now_s)

    def _advance_to(self, moment_s: float) -> None:
        """Mostly only time has passed: who wants the same gets the same."""
        moved = self._anew
        for connector, before in zip(self._connectors.values(), self._shared, strict=True):
            if connector.metal.advance(moment_s) or _connecting(connector) != before.connecting:
                moved = True
        if moved:
            demands = self._demands()
            if self._anew or demands != self._shared:
                self._share(demands)

    def share(self) -> None:
        """Share out the pool among those who want some of it."""
        self._share(self._demands())

    def _demands(self) -> list[cabinet.Demand]:
        most_w = self._ratings.cabinet_power_w
        return [_demand(connector, most_w) for connector in self._connectors.values()]

    def _share(self, demands: list[cabinet.Demand]) -> None:
        self._shared, self._anew = demands, False
        ratings, limits = self._ratings, self._limits
        connectors = list(self._connectors.values())
        cap_w = limits.cap_w
        served = cabinet.served(demands, cap_w, limits.least_w)
        if not all(served):
            demands = [
                demand if serves or not demand.charging else demand._replace(charging=False)
                for demand, serves in zip(demands, served, strict=True)
            ]
        pool_w, reserve_w = ratings.cabinet_power_w, ratings.cabinet_reserve_w
        capped = cap_w is not None and cap_w < cabinet.free_w(demands, pool_w, reserve_w)
        parts = cabinet.share(demands, pool_w, reserve_w, cap_w)
        for connector, part, serves in zip(connectors, parts, served, strict=True):
            metal = connector.metal
            metal.allowed_w, metal.starved = part, not serves
            metal.allowed_by = limits.cap_by if capped or not serves else "cabinet"
            metal.settle()

    # -- looking -----------------------------------------------------

    def tick_while_needed(self) -> None:
        """Look again in a moment, as long as a vehicle is connected."""
        if not any(connector.metal.plugged for connector in self._connectors.values()):
            return
        now_s = self._environment.clock.monotonic()
        due_s = self._next_tick_s(now_s)
        if self._timer is not None:
            if self._due_s <= due_s + SLOT_S:
                return
            self._timer.cancel()
        self._due_s = due_s + -due_s % SLOT_S
        self._timer = self._environment.clock.call_later(self._due_s - now_s, self._tick)

    def _next_tick_s(self, now_s: float) -> float:
        """When the metal is to be looked at again: each second, or when it does something."""
        if self._evenly or self.watched():
            return now_s + TICK_S
        turn_s = min([connector.metal.next_turn_s() for connector in self._connectors.values()])
        return max(now_s, min(now_s + LONGEST_TICK_S, turn_s)) + SLOT_S

    def _tick(self) -> None:
        self._timer = None
        try:
            self._look()
        finally:  # whatever one turn met, the meters go on counting
            self.tick_while_needed()
            self._on_change()

    def _look(self) -> None:
        traces = self._evenly or self.watched()
        self.advance()
        for connector in self._connectors.values():
            if connector.metal.plugged:
                if traces:
                    connector.trace()
                self._on_look(connector)
            else:
                connector.forget_trace()
        if any(connector.metal.flowing for connector in self._connectors.values()):
            self.save_registers()

    def save_registers(self) -> None:
        """Let the file know what the meters show."""
        self._registers.save_lightly(
            {
                number: connector.metal.meter.register_wh
                for number, connector in self._connectors.items()
            }
        )


def _demand(connector: Connector, most_w: float) -> cabinet.Demand:
    """What a connector asks for; what it wants beyond all that there is makes no difference."""
    demand_w = connector.metal.demand_w()
    if demand_w is None:
        return cabinet.Demand(0.0, charging=False, connecting=_connecting(connector))
    return cabinet.Demand(min(most_w, demand_w), charging=True, connecting=_connecting(connector))


def _connecting(connector: Connector) -> bool:
    """Whether it is about to charge."""
    metal = connector.metal
    begun = connector.transaction is not None and metal.vehicle is not None
    return connector.starting or (begun and not metal.contactor_closed)
