"""What a make says that its meter shows.

The metal has one truth (`hardware.outlet`); some makes tell it with habits of their own: an
offered power that lags, or is the rating, or is in another unit, and values that stand still. They
are kept here, behind one question, so that nobody else has to know of them.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from sim_core.charging.connector import Connector
from sim_core.hardware.meter import Reading

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint

OFFER_LAG_TICKS, OFFER_STEP_W, NEARLY_ALL = 12, 10_000, 0.9
FROZEN_S = 300.0
"""How long values stand still after a reconnect."""
HABITS = {"erratic_power_offered": 8, "rated_power_offered": 3, "watts_power_offered": 1}
"""Habits with Power.Offered, and how often each is met where a make has several."""


class Readings:
    """The meters of all connectors, as this make reads them."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        quirks = charge_point.quirks
        self._habits = {name: often for name, often in HABITS.items() if getattr(quirks, name)}
        self._habit: dict[int, tuple[int, str]] = {}
        """By connector: our key of the transaction, and which habit it has."""
        self._frozen: dict[int, tuple[int, float, Reading]] = {}
        """By connector: our key of the transaction, until when, and what is shown meanwhile."""

    def of(self, connector: Connector) -> Reading:
        """What the meter of a connector shows."""
        reading = connector.reading()
        if (stale := self._stale(connector)) is not None:
            reading = replace(reading, voltage_v=stale.voltage_v, current_a=stale.current_a)
        if self._habits:
            reading = replace(reading, offered_w=self._offered_w(connector, reading))
        return reading

    def freeze(self) -> None:
        """A new connection: what flows stands still from now on, where a make has that habit."""
        if not self._cp.quirks.frozen_samples:
            return
        until_s = self._cp.clock.monotonic() + FROZEN_S
        for connector in self._cp.connectors.values():
            if connector.transaction is not None and connector.metal.flowing:
                self._frozen[connector.number] = (
                    connector.transaction.key,
                    until_s,
                    connector.reading(),
                )

    def _stale(self, connector: Connector) -> Reading | None:
        key, until_s, reading = self._frozen.get(connector.number, (0, 0.0, None))
        running = connector.transaction is not None and connector.transaction.key == key
        if running and connector.metal.flowing and self._cp.clock.monotonic() < until_s:
            return reading
        self._frozen.pop(connector.number, None)
        return None

    def _offered_w(self, connector: Connector, reading: Reading) -> float:
        if connector.transaction is None or not connector.metal.contactor_closed:
            return 0.0
        habit = self._habit_of(connector, connector.transaction.key)
        if habit == "rated_power_offered":
            return connector.metal.ratings.connector_power_w
        if habit == "watts_power_offered":
            return round(reading.power_w) * 1000.0
        before = (
            connector.trace_w[-OFFER_LAG_TICKS]
            if len(connector.trace_w) >= OFFER_LAG_TICKS
            else 0.0
        )
        profile_w = connector.metal.profile_w
        most_w = min(connector.metal.allowed_w, math.inf if profile_w is None else profile_w)
        steps = round(before / OFFER_STEP_W) * OFFER_STEP_W
        return round(most_w if before >= NEARLY_ALL * most_w else min(steps, most_w), -3)

    def _habit_of(self, connector: Connector, key: int) -> str:
        known, habit = self._habit.get(connector.number, (0, ""))
        if known != key:
            names, often = list(self._habits), list(self._habits.values())
            habit = names[0] if len(names) == 1 else self._cp.rng.choices(names, often)[0]
            self._habit[connector.number] = (key, habit)
        return habit
