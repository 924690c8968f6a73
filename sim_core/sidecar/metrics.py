"""`GET /metrics`: the picture of now and the counts of a `StationCounts`, in Prometheus's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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

from sim_core.ocpp_versions import statuses_of
from sim_core.sidecar.counters import ERROR_KINDS, StationCounts, WireCounts
from sim_core.sidecar.viewed import Viewed
from sim_core.snapshot import ConnectorSnapshot, LinkState, Registration, StationSnapshot


class Scraped(Collector):
    """A collector with a registry of its own, which writes it down."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The text and its media type, in the format that the scraper prefers."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type


class Metrics(Scraped):
    """What a scrape gets."""

    def __init__(self, station: Viewed, counts: StationCounts, version: str) -> None:
        super().__init__()
        self._station = station
        self._counts = counts
        self._version = version

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        self._counts.look()
        seen = self._station.snapshot
        yield from self._charge_point(seen)
        yield from self._link(seen)
        yield from self._connectors(seen)
        yield from exchange_metrics(self._counts.exchanges)

    def _charge_point(self, seen: StationSnapshot) -> Iterator[Metric]:
        info = {
            "cpid": seen.charge_point_id,
            "vendor": seen.vendor,
            "model": seen.model,
            "firmware": seen.firmware_version,
            "version": self._version,
        }
        yield InfoMetricFamily("chargeforge_charge_point", "Which charge point this is", info)
        yield gauge("chargeforge_powered", "1 while the mains are there", seen.powered)

    def _link(self, seen: StationSnapshot) -> Iterator[Metric]:
        link, counts = seen.link, self._counts
        yield gauge(
            "chargeforge_link_up",
            "1 while the WebSocket to the CSMS is open",
            link.state is LinkState.CONNECTED,
        )
        yield gauge(
            "chargeforge_registered",
            "1 while the link is up and BootNotification was answered Accepted",
            link.registration is Registration.ACCEPTED,
        )
        yield counter(
            "chargeforge_link_reconnects",
            "How often the WebSocket was opened again after the first time",
            max(0, counts.connections - 1),
        )
        if link.queued is not None:
            yield gauge(
                "chargeforge_journal_messages",
                "Transaction messages that the CSMS has not answered yet",
                link.queued,
            )
        waiting = seen.journal.waiting
        age = (self._station.now() - waiting[0].written_at).total_seconds() if waiting else 0.0
        yield gauge(
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
        statuses = statuses_of(seen.subprotocol)
        words = {0: seen.status} | {one.connector_id: one.status for one in seen.connectors}
        for number, word in words.items():
            status.add_metric([str(number)], {name: name == word for name in statuses})
        yield status
        counts, connectors = self._counts, seen.connectors
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
            ((one, counts.started[one.connector_id]) for one in connectors),
        )
        yield _per_connector(
            CounterMetricFamily,
            "chargeforge_sessions_ended",
            "Transactions that have ended since the program was started",
            ((one, counts.ended[one.connector_id]) for one in connectors),
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


def exchange_metrics(counts: WireCounts) -> Iterator[Metric]:
    """What has gone over the wire."""
    errors = CounterMetricFamily(
        "chargeforge_errors", "What has gone wrong, by kind", labels=["kind"]
    )
    for kind in ERROR_KINDS:
        errors.add_metric([kind], counts.errors[kind])
    yield errors
    messages = CounterMetricFamily(
        "chargeforge_messages",
        "OCPP requests by action and direction; `noise` is no request",
        labels=["action", "direction"],
    )
    for labels, count in sorted(counts.messages.items()):
        messages.add_metric(labels, count)
    yield messages
    latency = HistogramMetricFamily(
        "chargeforge_call_latency_seconds",
        "How long the CSMS took to answer a request",
        labels=["action"],
    )
    for action, seen in sorted(counts.latency.items()):
        latency.add_metric([action], seen.buckets(), seen.sum_s)
    yield latency


def gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))


def counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value=float(value))


def _per_connector(
    kind: type[CounterMetricFamily] | type[GaugeMetricFamily],
    name: str,
    text: str,
    rows: Iterable[tuple[ConnectorSnapshot, float | None]],
) -> Metric:
    """What is not known (None) is left out: a figure would be a lie."""
    family = kind(name, text, labels=["connector"])
    for connector, value in rows:
        if value is None:
            continue
        family.add_metric([str(connector.connector_id)], float(value))
    return family
