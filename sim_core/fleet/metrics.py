"""The fleet over HTTP: figures for Prometheus, the snapshot as JSON, and whether it lives.

Each process of a fleet that is spread over machines serves its own; Prometheus adds them up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sim_core.fleet.snapshot import FleetSnapshot
from sim_core.http_door.guard import Guard
from sim_core.http_door.server import serve_app
from sim_core.sidecar.metrics import Scraped, exchange_metrics
from sim_core.sidecar.server import ClosedError, nothing, open_door

if TYPE_CHECKING:
    from sim_core.fleet.options import FleetSettings
    from sim_core.sidecar.counters import WireCounts

GAUGES: tuple[tuple[str, str, str], ...] = (
    ("total", "charge_points", "Charge points of this process"),
    ("booted", "booted", "Charge points that are switched on"),
    ("connected", "connected", "Charge points whose WebSocket is open"),
    ("registered", "registered", "Charge points whose BootNotification was Accepted"),
    ("connectors", "connectors", "Connectors of the charge points that are switched on"),
    ("transactions", "transactions", "Transactions that run"),
    ("charging", "charging", "Connectors to which energy flows"),
    ("faulted", "faulted", "Connectors that are Faulted"),
    ("power_w", "power_watts", "Power to all vehicles"),
    ("queued", "journal_messages", "Transaction messages that the CSMS has not answered yet"),
    ("lag_s", "lag_seconds", "How much later than due this process has come to look"),
)
"""Field of the snapshot, name of the metric after `chargeforge_fleet_`, what it says."""
COUNTERS: tuple[tuple[str, str, str], ...] = (
    ("visits_begun", "visits_begun", "Visits of drivers that charge or have charged"),
    ("visits_ended", "visits_ended", "Visits of drivers that have ended"),
    ("crashed", "crashed", "Charge points that ended by a fault of the program"),
)


class Served(Protocol):
    """What of a fleet is told over HTTP."""

    @property
    def settings(self) -> FleetSettings: ...

    @property
    def snapshot(self) -> FleetSnapshot: ...

    @property
    def counts(self) -> WireCounts: ...

    def warn(self, sentence: str) -> None: ...


class FleetMetrics(Scraped):
    """What a scrape gets."""

    def __init__(self, fleet: Served) -> None:
        super().__init__()
        self._fleet = fleet

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        seen = self._fleet.snapshot
        for field, name, text in GAUGES:
            value = float(getattr(seen, field))
            yield GaugeMetricFamily(f"chargeforge_fleet_{name}", text, value=value)
        for field, name, text in COUNTERS:
            value = float(getattr(seen, field))
            yield CounterMetricFamily(f"chargeforge_fleet_{name}", text, value=value)
        yield from exchange_metrics(self._fleet.counts)


def shown(seen: FleetSnapshot) -> dict[str, object]:
    """The snapshot in words that JSON has."""
    return dataclasses.asdict(seen) | {"phase": seen.phase.value}


def app_of(fleet: Served) -> Starlette:
    """The application."""
    metrics = FleetMetrics(fleet)
    key = fleet.settings.http_api_key

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def figures(request: Request) -> Response:
        text, media_type = metrics.exposition(request.headers.get("accept", ""))
        return Response(text, headers={"Content-Type": media_type})

    async def snapshot(request: Request) -> Response:
        return JSONResponse(shown(fleet.snapshot))

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/metrics", figures),
            Route("/fleet", snapshot),
        ],
        middleware=[
            Middleware(
                Guard,
                api_key=key.get_secret_value() if key else None,
                own_name=fleet.settings.http_host,
            )
        ],
    )


async def serve(fleet: Served) -> Callable[[], Awaitable[None]]:
    """Serve where the settings say; where that cannot be, it is an event and the fleet goes on."""
    try:
        door = open_door(fleet.settings)
    except ClosedError as closed:
        fleet.warn(f"/metrics is not served: {closed}")
        return nothing
    return await serve_app(app_of(fleet), door)
