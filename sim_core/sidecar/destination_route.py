"""PUT /destination: another CSMS from now on, as the sheet "Connection" of the dashboard does it.

What is not said stays as it is. The id is no part of it: under another one it would be another
charge point, and this port would end with the one that was asked. A password comes in the body,
never in the path that others write down, and nothing that is answered has it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from sim_core.commands import Outcome, Refused
from sim_core.http_door.answers import answer, refusal
from sim_core.http_door.bodies import BodyError, json_object
from sim_core.redaction import public_url
from sim_core.settings.destination import Destination, destination_of
from sim_core.settings.options import Settings
from sim_core.sidecar.command_routes import PLAIN_TEXT, Handler, Query, parse_body, parse_query


class WhereTo(Protocol):
    """Who dials, and may be told to dial elsewhere."""

    @property
    def settings(self) -> Settings:
        """What counts now, with where it dials."""

    def connect_to(self, where: Destination) -> concurrent.futures.Future[Outcome]:
        """Dial there from now on; the future never raises."""


@dataclass(frozen=True)
class WriteRoute:
    """A path to change something under that is no command: nobody records or plays it."""

    name: str
    method: str
    path: str
    help: str
    schema: str
    """Name of the schema of what is answered where it was done."""
    queries: tuple[Query, ...]
    """What the body may say."""


DESTINATION = WriteRoute(
    "destination",
    "PUT",
    "/destination",
    "Dial another CSMS from now on, until the process ends; what is left out stays as it is",
    "Destination",
    (
        Query(
            "url",
            "ws:// or wss:// address of the CSMS; the charge point's id is appended",
            {"type": "string", "minLength": 1, "pattern": PLAIN_TEXT},
            example="ws://127.0.0.1:9000/ocpp",
        ),
        Query(
            "security_profile",
            "0 nothing, 1 a password, 2 TLS and a password, 3 TLS and a client certificate",
            {"type": "integer", "minimum": 0, "maximum": 3},
            example="1",
        ),
        Query(
            "password",
            "What it shows to get in (AuthorizationKey); it is never told again",
            {"type": "string", "minLength": 1},
        ),
    ),
)


def shown(where: Destination) -> dict[str, Any]:
    """A destination as it may be told: who looks gets no password, nor what a URL has in its
    query."""
    told = where.without_secrets
    return {
        "url": public_url(told.url),
        "charge_point_id": told.charge_point_id,
        "security_profile": told.security_profile,
    }


def destination_handler(where: Callable[[], WhereTo]) -> Handler:
    """The handler; `where` is asked with each request."""

    async def handle(request: Request) -> Response:
        parsed = parse_query((), request.query_params)
        if not parsed.trouble:
            try:
                parsed = parse_body(DESTINATION.queries, await json_object(request))
            except BodyError as error:
                return refusal(error.status, str(error))
        if parsed.trouble:
            return refusal(422, parsed.trouble)
        said: dict[str, Any] = {
            query.name: query.read(parsed.said[query.name])
            for query in DESTINATION.queries
            if query.name in parsed.said
        }
        host = where()
        wanted = replace(destination_of(host.settings), **said)
        try:
            outcome = await asyncio.wrap_future(host.connect_to(wanted))
        except asyncio.CancelledError:  # as with a command: only uvicorn cancels, at its end
            return refusal(503, "the charge point is ending")
        if isinstance(outcome, Refused):
            return answer({"ok": False, "error": outcome.reason}, 409)
        return answer({"ok": True, **shown(wanted)})

    return handle
