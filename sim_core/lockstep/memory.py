"""What is known of a charger from before the frames that are looked at.

A look plays what has happened since the charger was last at rest. What it was told before, and what
its meters had counted, it still knows: so does the twin.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sim_core.traces.causes.derivation import scene_of
from sim_core.traces.causes.scene import Scene
from sim_core.traces.exchanges import Conversation, Exchange, as_number
from sim_core.traces.moments import S

LASTING = frozenset({"SetChargingProfile", "ClearChargingProfile", "SendLocalList"})
"""What a CSMS asks that outlasts the session in which it was asked."""
MOST_LASTING = 20
KEYS_LIMIT = 500
ALIGNED = "ClockAlignedDataInterval"
MOST_DIGITS = 10


@dataclass
class Memory:
    """See the module."""

    keys: dict[str, str] = field(default_factory=dict)
    registers_wh: dict[int, float] = field(default_factory=dict)
    connectors: int = 0
    asked: list[Exchange] = field(default_factory=list)
    beat_at: datetime | None = None
    """When it last said a heartbeat, or was told their interval."""

    def scene_of(self, told: Conversation) -> Scene:
        """What happened around these frames."""
        scene = scene_of(told)
        scene.keys = {**self.keys, **scene.keys, **self._aligned(scene)}
        scene.registers_wh = {**self.registers_wh, **scene.registers_wh}
        scene.connectors = max(scene.connectors, self.connectors)
        scene.standing = list(self.asked)
        interval_s = as_number(self.keys.get("HeartbeatInterval"))
        if scene.heartbeat_at is None and self.beat_at is not None and interval_s:
            # A heartbeat that nobody has heard yet has its rhythm all the same.
            missed = max(0, (scene.begins - self.beat_at) // (interval_s * S))
            scene.heartbeat_at = self.beat_at + (missed + 1) * interval_s * S
        return scene

    def _aligned(self, scene: Scene) -> dict[str, str]:
        """The interval of samples by the clock: a few of them fit a longer one as well."""
        known = [keys[ALIGNED] for keys in (self.keys, scene.keys) if ALIGNED in keys]
        whole = [int(text) for text in known if text.isdigit() and len(text) < MOST_DIGITS]
        return {ALIGNED: str(math.gcd(*whole))} if any(whole) else {}

    def keep(self, told: Conversation) -> None:
        """Remember what lasts of these frames."""
        scene = scene_of(told)
        self.connectors = max(self.connectors, scene.connectors)
        self.keys.update(scene.keys)
        for exchange in told.exchanges:
            number, register = exchange.connector, exchange.register_wh
            if exchange.from_charger and number and number > 0 and register is not None:
                self.registers_wh[number] = register
            if exchange.action == "StopTransaction" and register is not None:
                place = told.connector_of(exchange)
                if place:
                    self.registers_wh[place] = register
            if exchange.action == "Heartbeat" and exchange.answer is not None:
                self.beat_at = exchange.at
            self._keep_answer(exchange)

    def _keep_answer(self, exchange: Exchange) -> None:
        result = exchange.result
        if exchange.action == "BootNotification" and result.get("status") == "Accepted":
            interval = as_number(result.get("interval"))
            if interval and interval > 0:
                self.keys["HeartbeatInterval"] = str(int(interval))
            self.beat_at = exchange.answered_at or exchange.at
        elif exchange.action == "GetConfiguration":
            self._keep_keys(result.get("configurationKey"))
        elif result.get("status") != "Accepted":
            return
        elif exchange.action == "ChangeConfiguration":
            self.keys[exchange.text("key")] = exchange.text("value")
        elif exchange.action in LASTING:
            self.asked = [*self.asked, exchange][-MOST_LASTING:]

    def _keep_keys(self, entries: object) -> None:
        for entry in entries[:KEYS_LIMIT] if isinstance(entries, list) else ():
            if not isinstance(entry, dict) or entry.get("readonly"):
                continue
            key, value = entry.get("key"), entry.get("value")
            if isinstance(key, str) and isinstance(value, str) and key != "OcppUrl":
                self.keys[key] = value


def at_rest(exchanges: Iterable[Exchange], statuses: dict[int, str]) -> bool:
    """Whether nothing goes on: every connector is free, and nothing waits for its answer."""
    free = all(status == "Available" for number, status in statuses.items() if number > 0)
    return bool(statuses) and free and not any(e.answer is None for e in exchanges)
