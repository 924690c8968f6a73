"""The application: the guard, the routes of both tables, and JSON for whatever is not there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sim_core.commands import ACTIONS
from sim_core.http_door.answers import refusal
from sim_core.http_door.guard import Guard
from sim_core.settings.options import Settings
from sim_core.sidecar.command_routes import command_handler
from sim_core.sidecar.counters import StationCounts
from sim_core.sidecar.destination_route import DESTINATION, WhereTo, destination_handler
from sim_core.sidecar.metrics import Metrics
from sim_core.sidecar.read_routes import READ_ROUTES, ReadHandlers, ReadRoute, version_of
from sim_core.sidecar.server_sent_events import Streams
from sim_core.sidecar.viewed import Viewed
from sim_core.sidecar.watching import Watching
from sim_core.station import Station


class Sidecar:
    """A second viewer of one charger, as an ASGI application with an end."""

    def __init__(
        self,
        station: Viewed,
        settings: Settings,
        acts: Station | None = None,
        where: Callable[[], WhereTo] | None = None,
    ) -> None:
        """`acts` is who carries out commands; None: there is only something to look at. `where` is
        who may be told to dial elsewhere, if anybody may."""
        key = settings.http_api_key
        version = version_of("chargeforge")
        self._counts = StationCounts(station)
        self._streams = Streams(station)
        actions = ACTIONS if acts is not None else ()
        metrics = Metrics(station, self._counts, version)
        self._watching = Watching(
            station, version, commands=acts is not None, wants_key=key is not None
        )
        handlers = ReadHandlers(
            station,
            (lambda: where().settings) if where is not None else (lambda: settings),
            self._streams,
            self._watching,
            metrics,
            version,
            actions,
            (DESTINATION,) if where is not None else (),
            recorded=acts.recorded if acts is not None else list,
        )
        self.app = Starlette(
            routes=[
                *(
                    Route(route.path, _handler(route, handlers), methods=["GET"])
                    for route in READ_ROUTES
                ),
                *(
                    Route(one.path, command_handler(acts, one), methods=[one.method])
                    for one in actions
                    if acts is not None
                ),
                *(
                    (Route(DESTINATION.path, destination_handler(where), methods=["PUT"]),)
                    if where is not None
                    else ()
                ),
            ],
            middleware=[
                Middleware(
                    Guard,
                    api_key=key.get_secret_value() if key else None,
                    own_name=settings.http_host,
                )
            ],
            exception_handlers={HTTPException: _not_there},
        )

    def stop(self) -> None:
        """End what would go on for ever, and look no more."""
        self._streams.stop()
        self._watching.stop()
        self._counts.stop()


def _handler(route: ReadRoute, handlers: ReadHandlers) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        return _Any(await route.handle(handlers, request))

    return handle


class _Any(Response):
    """Any ASGI application as an answer: Starlette asks no more of one than to be called."""

    def __init__(self, inner: ASGIApp) -> None:
        super().__init__()
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._inner(scope, receive, send)


async def _not_there(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, error.detail, dict(error.headers or {}))
