"""Counts of what has been, for whoever writes figures down: sessions, errors, messages, latency.

A picture shows what is; a counter needs what was. What is new is looked at once, in passing, so
that the cost does not depend on who asks, nor on how long the charge point runs. Labels are
bounded: a name from the wire that OCPP does not know is counted as `other`.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sim_core.ocpp_versions import known_actions
from sim_core.redaction import one_line
from sim_core.sidecar.viewed import Viewed
from sim_core.snapshot import ConnectorSnapshot, LinkState, StationSnapshot
from sim_core.wire.message_log import Direction, ExchangeState, MessageLog, Told

KNOWN_ACTIONS = known_actions()
OTHER = "other"
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

FAULT, LINK_LOST, GIVEN_UP = "fault", "link_lost", "message_given_up"
NOT_UNDERSTOOD, UNANSWERED = "frame_not_understood", "call_unanswered"
ERROR_RECEIVED, ERROR_SENT = "call_error_received", "call_error_sent"
ERROR_KINDS = (
    FAULT,
    LINK_LOST,
    GIVEN_UP,
    NOT_UNDERSTOOD,
    UNANSWERED,
    ERROR_RECEIVED,
    ERROR_SENT,
)
ERROR_OF: dict[tuple[Direction, ExchangeState], str] = {
    (Direction.SENT, ExchangeState.ERROR): ERROR_RECEIVED,
    (Direction.RECEIVED, ExchangeState.ERROR): ERROR_SENT,
    (Direction.SENT, ExchangeState.UNANSWERED): UNANSWERED,
    (Direction.NOISE, ExchangeState.ERROR): NOT_UNDERSTOOD,
}
"""What became of an exchange -> the kind of error that it is; what is not here is none."""
LEAST_S = 1e-5
STEP_LOG = math.log(1.05)
"""A step of the fine histogram is 5 % long."""
EXAMPLE_CHARACTERS = 300
OPEN_KEPT = 1_000
"""So many open exchanges are watched; one that left the log without an answer is forgotten."""


@dataclass
class Latency:
    """A histogram in the making: coarse for Prometheus, fine for percentiles."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    sum_s: float = 0.0
    slowest_s: float = 0.0
    fine: Counter[int] = field(default_factory=Counter)
    """How many are within each step, from `STEP ** n` to `STEP ** (n + 1)` seconds."""

    def add(self, seconds: float) -> None:
        """Take note of one more."""
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        self.sum_s += seconds
        if seconds > self.slowest_s:
            self.slowest_s = seconds
        self.fine[math.floor(math.log(max(seconds, LEAST_S)) / STEP_LOG)] += 1

    def __add__(self, other: Latency) -> Latency:
        return Latency(
            [a + b for a, b in zip(self.counts, other.counts, strict=True)],
            self.sum_s + other.sum_s,
            max(self.slowest_s, other.slowest_s),
            self.fine + other.fine,
        )

    def copy(self) -> Latency:
        """As it is now."""
        return Latency(self.counts.copy(), self.sum_s, self.slowest_s, self.fine.copy())

    def since(self, before: Latency) -> Latency:
        """Those that have come after `before` was all that there were."""
        fine = self.fine - before.fine
        return Latency(
            [a - b for a, b in zip(self.counts, before.counts, strict=True)],
            self.sum_s - before.sum_s,
            min(self.slowest_s, math.exp((max(fine) + 1) * STEP_LOG)) if fine else 0.0,
            fine,
        )

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.counts)

    def within_s(self, share: float) -> float:
        """So long did this share of them take at the most, to 5 %; 0 where there are none."""
        left = share * self.count
        for step, count in sorted(self.fine.items()):
            left -= count
            if left <= 0:
                return min(math.exp((step + 1) * STEP_LOG), self.slowest_s)
        return self.slowest_s

    def buckets(self) -> list[tuple[str, float]]:
        """(upper bound, how many are not above it)."""
        total, rows = 0, []
        for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), self.counts, strict=True):
            total += count
            rows.append((bound, float(total)))
        return rows


@dataclass
class WireCounts:
    """What has gone over the wire."""

    errors: Counter[str] = field(default_factory=Counter)
    """By kind, see `ERROR_OF`."""
    examples: dict[str, str] = field(default_factory=dict)
    """By kind: the first one, in words."""
    messages: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(action, direction) -> how many."""
    latency: dict[str, Latency] = field(default_factory=dict)
    """By action: how long the CSMS took to answer."""

    def add(self, other: WireCounts) -> None:
        """Count what another has counted, too."""
        self.errors.update(other.errors)
        self.messages.update(other.messages)
        for kind, example in other.examples.items():
            self.examples.setdefault(kind, example)
        for action, seen in other.latency.items():
            known = self.latency.get(action)
            self.latency[action] = seen.copy() if known is None else known + seen


class ExchangeCounts(WireCounts):
    """Counts the exchanges of a message log, from its beginning."""

    def __init__(self, log: MessageLog) -> None:
        super().__init__()
        self._log = log
        self._last_number = 0
        self._revision = 0
        self._open: set[int] = set()

    def look(self) -> list[float]:
        """Count what is new; returns the latencies, in seconds, of the answers among it."""
        self._revision, exchanges = self._log.news(self._revision)
        seconds = (self._look_at(exchange) for exchange in exchanges)
        return [one for one in seconds if one is not None]

    def _look_at(self, exchange: Told) -> float | None:
        number, direction, state = exchange.number, exchange.direction, exchange.state
        new = number > self._last_number
        if not new and number not in self._open:
            return None  # it was settled before, as by an answer that came too late
        label = _label(exchange)
        if new:
            self._last_number = number
            self.messages[label, direction._value_] += 1
        if state is ExchangeState.WAITING:
            self._open.add(number)
            self._forget_the_oldest()
            return None
        self._open.discard(number)
        if kind := ERROR_OF.get((direction, state)):
            self.errors[kind] += 1
            if kind not in self.examples:
                self.examples[kind] = _example(exchange)
        seconds = exchange.latency_s
        if direction is not Direction.SENT or seconds is None:
            return None
        latency = self.latency.get(label)
        if latency is None:
            latency = self.latency[label] = Latency()
        latency.add(seconds)
        return seconds

    def _forget_the_oldest(self) -> None:
        if len(self._open) > OPEN_KEPT:
            self._open.remove(min(self._open))


class StationCounts:
    """Counts what happens to one station, from now on."""

    def __init__(self, station: Viewed) -> None:
        self.started: Counter[int] = Counter()
        self.ended: Counter[int] = Counter()
        self.exchanges = ExchangeCounts(station.messages)
        self.errors = self.exchanges.errors
        self.connections = 0
        self._station = station
        self._running: dict[int, datetime | None] = {}
        self._faults: dict[int, datetime | None] = {}
        self._connected = False
        self._last_event = 0
        seen = station.snapshot
        for connector in seen.connectors:  # what runs already was begun by somebody else
            self._running[connector.connector_id] = _begun(connector)
        self._look(seen)
        self.stop: Callable[[], None] = station.watch(self._look)
        """Takes the counts off the station."""

    def look(self) -> None:
        """Count what is new: an exchange alone makes no picture."""
        self._look(self._station.snapshot)

    def _look(self, seen: StationSnapshot) -> None:
        for connector in seen.connectors:
            if seen.powered:  # a power cut hides a transaction that may go on after it
                self._look_at_session(connector)
            self._look_at_fault(connector)
        self._look_at_link(seen)
        self._last_event, events = self._station.events.since(self._last_event)
        self.errors[GIVEN_UP] += sum(event.kind == "journal" for event in events)
        self.exchanges.look()

    def _look_at_session(self, connector: ConnectorSnapshot) -> None:
        number, begun = connector.connector_id, _begun(connector)
        before = self._running.get(number)
        if begun != before:
            self.ended[number] += before is not None
            self.started[number] += begun is not None
            self._running[number] = begun

    def _look_at_fault(self, connector: ConnectorSnapshot) -> None:
        since = connector.fault.since if connector.fault else None
        if since != self._faults.get(connector.connector_id):
            self.errors[FAULT] += since is not None
            self._faults[connector.connector_id] = since

    def _look_at_link(self, seen: StationSnapshot) -> None:
        connected = seen.link.state is LinkState.CONNECTED
        if connected != self._connected:
            self.connections += connected
            # The cable that the operator pulls is no error.
            self.errors[LINK_LOST] += not connected and seen.link.state is not LinkState.DOWN
            self._connected = connected


def _begun(connector: ConnectorSnapshot) -> datetime | None:
    return connector.transaction.started_at if connector.transaction else None


def _example(exchange: Told) -> str:
    """An error in words: which message, and what came of it."""
    said = exchange.answer or exchange.request
    words = f"{exchange.action}: {exchange.trouble}" if exchange.trouble else exchange.action
    return one_line(f"{words}, {said}")[:EXAMPLE_CHARACTERS]


def _label(exchange: Told) -> str:
    if exchange.direction is Direction.NOISE:
        return OTHER
    action = exchange.action
    return action if action in KNOWN_ACTIONS else OTHER
