"""The routes: one for each action of the table, and what there is to see.

An accepted command answers 200 with `"ok": true`, a refused one 409 with the sentence that the
screen would show. Nothing here decides anything: the station does.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sim_core.commands import (
    ACTIONS,
    ERROR_CODES,
    Accepted,
    Action,
    Command,
    InjectFault,
    Outcome,
    Plug,
    Start,
    Swipe,
)
from sim_core.snapshot import ConnectorSnapshot
from sim_core.station import Station

API_KEY_HEADER = "x-api-key"
AUTO_TAG = "AUTO_TAG"
"""The card of `/plug/{cid}?auto_start=true` where none is named."""
LONGEST_QUERY = 2_000
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

ALIASES = {"error_code": ("code",), "id_tag": ("idTag",)}
"""Field of a command -> other names that a query may give it."""


def create_app(station: Station, *, api_key: str | None, open_to_all: bool) -> Starlette:
    """The application over one station. `open_to_all` admits any Host (bound beyond loopback)."""
    return Starlette(
        routes=[
            Route("/health", _health(station), methods=["GET"]),
            *(Route(a.path, _act(station, a), methods=["POST"]) for a in ACTIONS),
        ],
        middleware=[Middleware(Guard, api_key=api_key, open_to_all=open_to_all)],
    )


class Guard:
    """Keeps foreign web pages and strangers out.

    A page in the user's browser could post to loopback: what comes with the Origin of another
    site, or under a host name that is not ours (DNS rebinding), is refused.
    """

    def __init__(self, app: ASGIApp, *, api_key: str | None, open_to_all: bool) -> None:
        self._app = app
        self._api_key = api_key
        self._open_to_all = open_to_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := self._refusal(Request(scope))):
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        origin = request.headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            return _detail(403, "requests from another web page are refused")
        if not self._open_to_all and name.lower() not in LOOPBACK_NAMES:
            return _detail(403, f"the host {name[:100]!r} is not this charge point's")
        if len(request.url.query) > LONGEST_QUERY:
            return _detail(414, "the query is too long")
        if self._api_key is not None and request.method not in ("GET", "HEAD", "OPTIONS"):
            given = request.headers.get(API_KEY_HEADER, "")
            if not secrets.compare_digest(given.encode(), self._api_key.encode()):
                return _detail(401, "the header X-API-Key is missing or wrong")
        return None


Handler = Callable[[Request], Awaitable[Response]]


def _health(station: Station) -> Handler:
    async def health(request: Request) -> Response:
        link = station.snapshot.link
        return JSONResponse(
            {
                "ok": True,
                "cpid": station.snapshot.charge_point_id,
                "link": link.state.value,
                "registration": link.registration.value,
                "queued": link.queued,
            }
        )

    return health


def _act(station: Station, action: Action) -> Handler:
    async def act(request: Request) -> Response:
        connector = None
        if action.on_connector:
            connector = _connector(station, request.path_params["cid"])
            if connector is None:
                return _detail(404, "unknown connector")
        query = request.query_params
        if problem := _problem(action, query):
            return _detail(422, problem)
        number = connector.connector_id if connector else 0
        outcome = await station.submit(_command(action, number, query))
        if isinstance(outcome, Accepted) and action.command is Plug:
            outcome = await _auto_start(station, number, query) or outcome
        return _answer(station, outcome, number, query, action)

    return act


async def _auto_start(station: Station, number: int, query: QueryParams) -> Outcome | None:
    """`/plug/{cid}?auto_start=true&id_tag=TAG`: plug in and start in one."""
    if query.get("auto_start", "").lower() not in ("true", "1", "yes"):
        return None
    return await station.submit(Start(number, _given(query, "id_tag") or AUTO_TAG))


def _connector(station: Station, text: str) -> ConnectorSnapshot | None:
    for connector in station.snapshot.connectors:
        if text == str(connector.connector_id):
            return connector
    return None


def _given(query: QueryParams, field: str) -> str | None:
    for name in (field, *ALIASES.get(field, ())):
        if value := query.get(name):
            return value
    return None


def _problem(action: Action, query: QueryParams) -> str | None:
    if action.command is Swipe and _given(query, "id_tag") is None:
        return "a card is missing: add ?id_tag=TAG"
    code = _given(query, "error_code")
    if action.command is InjectFault and code is not None and code not in ERROR_CODES:
        return f"{code[:50]!r} is no error code; there are: {', '.join(ERROR_CODES)}"
    return None


def _command(action: Action, number: int, query: QueryParams) -> Command:
    values: dict[str, Any] = {}
    for field in fields(action.command):
        if field.name == "connector_id":
            values[field.name] = number
        elif (value := _given(query, field.name)) is not None:
            values[field.name] = value
    return action.command(**values)


def _answer(
    station: Station, outcome: Outcome, number: int, query: QueryParams, action: Action
) -> Response:
    if not isinstance(outcome, Accepted):
        return JSONResponse({"ok": False, "error": outcome.reason}, status_code=409)
    body: dict[str, Any] = {"ok": True}
    if action.on_connector:
        body["connector"] = number
        # The picture is made once a turn of the loop; the facts are those of now.
        outlet = station.charge_point.outlets[number]
        body["state"] = outlet.status().value
        body["plugged"] = outlet.metal.plugged
        if outlet.metal.fault is not None:
            body["error_code"] = outlet.metal.fault.error_code
    else:
        body["link"] = station.snapshot.link.state.value
    if outcome.detail:
        body["detail"] = outcome.detail
    return JSONResponse(body)


def _detail(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"detail": sentence}, status_code=status)
