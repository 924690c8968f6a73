"""`GET /metrics`: the picture of now in Prometheus's words, and counts of what has been.

A picture shows what is; a counter needs what was. `Tally` looks at every picture and at every
exchange once, in passing, so a scrape only writes down what is there already: its cost does not
depend on who else asks, nor on how long the charge point runs. Labels are bounded: a name from the
wire that OCPP does not know is counted as `other`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ocpp.v16.enums import Action
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.registry import Collector

from sim_core.snapshot import ConnectorSnapshot, LinkState, Registration, StationSnapshot
from sim_core.station import Station
from sim_core.wire.message_log import Direction, Exchange, ExchangeState

KNOWN_ACTIONS = frozenset(action.value for action in Action)
OTHER = "other"
STATUSES = (
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEV",
    "SuspendedEVSE",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
)
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
OPEN_KEPT = 1_000
"""So many open exchanges are watched; one that left the log without an answer is forgotten."""


@dataclass
class Latency:
    """A histogram in the making."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    sum_s: float = 0.0

    def add(self, seconds: float) -> None:
        """Take note of one more."""
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        self.sum_s += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """(upper bound, how many are not above it)."""
        total, rows = 0, []
        for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), self.counts, strict=True):
            total += count
            rows.append((bound, float(total)))
        return rows


class Tally:
    """Counts what happens to one station, from now on."""

    def __init__(self, station: Station) -> None:
        self.started: Counter[int] = Counter()
        self.ended: Counter[int] = Counter()
        self.errors: Counter[str] = Counter()
        self.messages: Counter[tuple[str, str]] = Counter()
        """(action, direction) -> how many."""
        self.latency: dict[str, Latency] = {}
        self.connections = 0
        self._station = station
        self._running: dict[int, datetime | None] = {}
        self._faults: dict[int, datetime | None] = {}
        self._connected = False
        self._last_event = 0
        self._last_number = 0
        self._revision = 0
        self._open: set[int] = set()
        seen = station.snapshot
        for connector in seen.connectors:  # what runs already was begun by somebody else
            self._running[connector.connector_id] = _begun(connector)
        self._look(seen)
        self.stop: Callable[[], None] = station.watch(self._look)
        """Takes the tally off the station."""

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
        self._revision, exchanges = self._station.messages.since(self._revision)
        for exchange in exchanges:
            self._look_at_exchange(exchange)

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

    def _look_at_exchange(self, exchange: Exchange) -> None:
        new = exchange.number > self._last_number
        if new:
            self._last_number = exchange.number
            self.messages[_label(exchange), exchange.direction.value] += 1
        elif exchange.number not in self._open:
            return  # it was settled before, as by an answer that came too late
        if exchange.state is ExchangeState.WAITING:
            self._open.add(exchange.number)
            self._forget_the_oldest()
            return
        self._open.discard(exchange.number)
        if kind := ERROR_OF.get((exchange.direction, exchange.state)):
            self.errors[kind] += 1
        if exchange.direction is Direction.SENT and exchange.latency_s is not None:
            self.latency.setdefault(_label(exchange), Latency()).add(exchange.latency_s)

    def _forget_the_oldest(self) -> None:
        if len(self._open) > OPEN_KEPT:
            self._open.remove(min(self._open))


def _begun(connector: ConnectorSnapshot) -> datetime | None:
    return connector.transaction.started_at if connector.transaction else None


def _label(exchange: Exchange) -> str:
    if exchange.direction is Direction.NOISE:
        return OTHER
    return exchange.action if exchange.action in KNOWN_ACTIONS else OTHER


class Metrics(Collector):
    """What a scrape gets."""

    def __init__(self, station: Station, tally: Tally, version: str) -> None:
        self._station = station
        self._tally = tally
        self._version = version
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The text and its media type, in the format that the scraper prefers."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        self._tally.look()
        seen = self._station.snapshot
        yield from self._charge_point(seen)
        yield from self._link(seen)
        yield from self._connectors(seen)
        yield from self._exchanges()

    def _charge_point(self, seen: StationSnapshot) -> Iterator[Metric]:
        info = {
            "cpid": seen.charge_point_id,
            "vendor": seen.vendor,
            "model": seen.model,
            "firmware": seen.firmware_version,
            "version": self._version,
        }
        yield InfoMetricFamily("chargeforge_charge_point", "Which charge point this is", info)
        yield _gauge("chargeforge_powered", "1 while the mains are there", seen.powered)

    def _link(self, seen: StationSnapshot) -> Iterator[Metric]:
        link, tally = seen.link, self._tally
        yield _gauge(
            "chargeforge_link_up",
            "1 while the WebSocket to the CSMS is open",
            link.state is LinkState.CONNECTED,
        )
        yield _gauge(
            "chargeforge_registered",
            "1 while the last BootNotification was answered Accepted",
            link.registration is Registration.ACCEPTED,
        )
        yield _counter(
            "chargeforge_link_reconnects",
            "How often the WebSocket was opened again after the first time",
            max(0, tally.connections - 1),
        )
        yield _gauge(
            "chargeforge_journal_messages",
            "Transaction messages that the CSMS has not answered yet",
            link.queued,
        )
        waiting = seen.journal.waiting
        age = (self._station.now() - waiting[0].written_at).total_seconds() if waiting else 0.0
        yield _gauge(
            "chargeforge_journal_oldest_age_seconds",
            "How long ago the oldest message in the journal was written; 0 when it is empty",
            max(0.0, age),
        )

    def _connectors(self, seen: StationSnapshot) -> Iterator[Metric]:
        status = StateSetMetricFamily(
            "chargeforge_connector_status",
            "ChargePointStatus of OCPP 1.6; connector 0 is the charge point itself",
            labels=["connector"],
        )
        words = {0: seen.status} | {one.connector_id: one.status for one in seen.connectors}
        for number, word in words.items():
            status.add_metric([str(number)], {name: name == word for name in STATUSES})
        yield status
        tally, connectors = self._tally, seen.connectors
        charging = [(one, one.soc_percent) for one in connectors]
        yield _per_connector(
            CounterMetricFamily,
            "chargeforge_energy_watthours",
            "The energy register in Wh, as it stands at the meter",
            ((one, one.register_wh) for one in connectors),
        )
        yield _per_connector(
            CounterMetricFamily,
            "chargeforge_sessions_started",
            "Transactions that were started since the program was",
            ((one, tally.started[one.connector_id]) for one in connectors),
        )
        yield _per_connector(
            CounterMetricFamily,
            "chargeforge_sessions_ended",
            "Transactions that have ended since the program was started",
            ((one, tally.ended[one.connector_id]) for one in connectors),
        )
        yield _per_connector(
            GaugeMetricFamily,
            "chargeforge_session_active",
            "1 while a transaction runs",
            ((one, one.transaction is not None) for one in connectors),
        )
        yield _per_connector(
            GaugeMetricFamily,
            "chargeforge_power_watts",
            "Power to the vehicle",
            ((one, one.power_w) for one in connectors),
        )
        yield _per_connector(
            GaugeMetricFamily,
            "chargeforge_voltage_volts",
            "Voltage at the connector",
            ((one, one.voltage_v) for one in connectors),
        )
        yield _per_connector(
            GaugeMetricFamily,
            "chargeforge_current_amperes",
            "Current to the vehicle",
            ((one, one.current_a) for one in connectors),
        )
        yield _per_connector(
            GaugeMetricFamily,
            "chargeforge_state_of_charge_ratio",
            "State of charge of the vehicle from 0 to 1; absent where there is none",
            ((one, soc / 100) for one, soc in charging if soc is not None),
        )

    def _exchanges(self) -> Iterator[Metric]:
        tally = self._tally
        errors = CounterMetricFamily(
            "chargeforge_errors", "What has gone wrong, by kind", labels=["kind"]
        )
        for kind in ERROR_KINDS:
            errors.add_metric([kind], tally.errors[kind])
        yield errors
        messages = CounterMetricFamily(
            "chargeforge_messages",
            "OCPP requests by action and direction; `noise` is no request",
            labels=["action", "direction"],
        )
        for labels, count in sorted(tally.messages.items()):
            messages.add_metric(labels, count)
        yield messages
        latency = HistogramMetricFamily(
            "chargeforge_call_latency_seconds",
            "How long the CSMS took to answer a request",
            labels=["action"],
        )
        for action, seen in sorted(tally.latency.items()):
            latency.add_metric([action], seen.buckets(), seen.sum_s)
        yield latency


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value=float(value))


def _per_connector(
    kind: type[CounterMetricFamily] | type[GaugeMetricFamily],
    name: str,
    text: str,
    rows: Iterable[tuple[ConnectorSnapshot, float]],
) -> Metric:
    family = kind(name, text, labels=["connector"])
    for connector, value in rows:
        family.add_metric([str(connector.connector_id)], float(value))
    return family
