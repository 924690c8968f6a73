"""The HTTP API beside the WebSocket port: start and stop sessions with curl.

Every answer is JSON, every refusal `{"detail": sentence}`. The routes are one table; a handler
takes the body and returns an answer or raises a refusal, and one place turns both into HTTP.
Starlette and uvicorn are imported by this module only, so a CSMS without HTTP doesn't pay for
them. Who may ask, how much and how slowly is the door's business, which stands before every HTTP
port of the program; here it is only asked for the key.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sim_core.csms.errors import (
    CallRefusedError,
    CallTimeoutError,
    CsmsError,
    InvalidCallError,
    NotConnectedError,
)
from sim_core.csms.ledger import Session, format_time
from sim_core.csms.rules import DEFAULT_API_KEY
from sim_core.csms.server import Csms
from sim_core.csms.verbs import TransactionId
from sim_core.http_door import answers
from sim_core.http_door.bodies import BodyError, json_object
from sim_core.http_door.guard import Guard
from sim_core.http_door.server import Stop, listen, serve_app

DEFAULT_ID_TAG = "DEMO_IDTAG"
LARGEST_INTEGER = 2**31 - 1
LARGEST_TRANSACTION_ID = 2**127
"""A charge point that was another CSMS's before may bring any counter along."""
LONGEST_TRANSACTION_ID = 36
"""Characters, in OCPP 2.0.1."""
LONGEST_ID_TAG = {"1.6": 20, "2.0.1": 36}
RESETS = {
    "1.6": ("Soft", "Hard"),
    "2.0.1": ("Soft", "Hard", "OnIdle", "Immediate"),
}
STARTED_BY = {"1.6": "RemoteStartTransaction", "2.0.1": "RequestStartTransaction"}
STOPPED_BY = {"1.6": "RemoteStopTransaction", "2.0.1": "RequestStopTransaction"}

STATUS_OF: dict[type[CsmsError], int] = {
    NotConnectedError: 404,
    InvalidCallError: 422,
    CallRefusedError: 502,
    CallTimeoutError: 504,
}

Body = dict[str, Any]
Handler = Callable[[Csms, Body], Awaitable[dict[str, Any]]]


class RefusedError(Exception):
    """An answer other than 200, with its sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


# Reading a body


def _text(body: Body, *names: str, limit: int, default: str | None = None) -> str:
    value = _first(body, names)
    if value is None:
        value = default
    if not isinstance(value, str) or not value or len(value) > limit:
        raise RefusedError(422, f"{names[0]} must be text of 1 to {limit} characters")
    return value


def _integer(body: Body, *names: str, lowest: int) -> int:
    value = _optional_integer(body, *names, lowest=lowest)
    if value is None:
        raise RefusedError(422, f"{names[0]} must be an integer from {lowest}")
    return value


def _optional_integer(
    body: Body, *names: str, lowest: int, highest: int = LARGEST_INTEGER
) -> int | None:
    value = _first(body, names)
    if value is None:
        return None
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not lowest <= value <= highest:
        raise RefusedError(422, f"{names[0]} must be an integer from {lowest}")
    return int(value)


def _first(body: Body, names: tuple[str, ...]) -> Any:
    return next((body[name] for name in names if body.get(name) is not None), None)


def _cpid(csms: Csms, body: Body) -> str:
    cpid = _text(body, "cpid", limit=255)
    if cpid not in csms.connected:
        raise RefusedError(404, f"ChargePoint '{cpid}' not connected")
    return cpid


CONNECTOR = ("connectorId", "connector_id", "evseId")
"""What an order calls the connector; a charging station of OCPP 2.0.1 reads it as its EVSE."""


def _connector(body: Body, lowest: int = 1) -> int:
    return _integer(body, *CONNECTOR, lowest=lowest)


def _transaction(csms: Csms, body: Body) -> TransactionId | None:
    """Its number, or in OCPP 2.0.1 its text."""
    names = ("transactionId", "transaction_id")
    if isinstance(_first(body, names), str) and _spoken(csms, body) != "1.6":
        return _text(body, *names, limit=LONGEST_TRANSACTION_ID)
    return _optional_integer(body, *names, lowest=-1, highest=LARGEST_TRANSACTION_ID)


def _spoken(csms: Csms, body: Body) -> str:
    """What the charge point speaks; where it is not connected, the order is refused later."""
    cpid = body.get("cpid")
    return csms.spoken(cpid) if isinstance(cpid, str) and cpid in csms.connected else "1.6"


def _accepted(command: str, status: str, *good: str) -> str:
    if status not in good:
        raise RefusedError(409, f"{command} rejected: {status}")
    return status


# The routes


async def health(csms: Csms, _body: Body) -> dict[str, Any]:
    return {"ok": True, "time": format_time(csms.rules.now())}


async def start(csms: Csms, body: Body) -> dict[str, Any]:
    spoken = _spoken(csms, body)
    limit = LONGEST_ID_TAG[spoken]
    id_tag = _text(body, "idTag", "id_tag", limit=limit, default=DEFAULT_ID_TAG)
    connector_id = _connector(body)
    status = await csms.remote_start(_cpid(csms, body), connector_id, id_tag)
    _accepted("RemoteStart", status, "Accepted")
    return {"ok": True, "message": f"{STARTED_BY[spoken]} sent"}


async def stop(csms: Csms, body: Body) -> dict[str, Any]:
    transaction_id = _transaction(csms, body)
    connector_id = _optional_integer(body, *CONNECTOR, lowest=1)
    if transaction_id is None and connector_id is None:
        raise RefusedError(422, "transactionId or connectorId must be given")
    cpid = _cpid(csms, body)
    session = csms.ledger.session(cpid, connector_id=connector_id, transaction_id=transaction_id)
    if session is None:
        raise RefusedError(404, "No matching active transaction")
    return await _stop_session(csms, session)


async def stop_connector(csms: Csms, body: Body) -> dict[str, Any]:
    connector_id = _connector(body)
    session = csms.ledger.session(_cpid(csms, body), connector_id=connector_id)
    if session is None:
        raise RefusedError(404, "No active transaction for this connector")
    return await _stop_session(csms, session)


async def _stop_session(csms: Csms, session: Session) -> dict[str, Any]:
    status = await csms.remote_stop(session.cpid, session.transaction_id)
    _accepted("RemoteStop", status, "Accepted")
    return {
        "ok": True,
        "transactionId": session.transaction_id,
        "message": f"{STOPPED_BY[csms.spoken(session.cpid)]} sent",
    }


async def release(csms: Csms, body: Body) -> dict[str, Any]:
    connector_id = _connector(body)
    cpid = _cpid(csms, body)
    if csms.ledger.session(cpid, connector_id=connector_id):
        raise RefusedError(400, "Connector has active transaction")
    _accepted("UnlockConnector", await csms.unlock(cpid, connector_id), "Unlocked")
    return {"ok": True, "message": "UnlockConnector sent"}


async def active(csms: Csms, _body: Body) -> dict[str, Any]:
    return {
        "sessions": [
            {
                "cpid": session.cpid,
                "connectorId": session.connector_id,
                "idTag": session.id_tag,
                "transactionId": session.transaction_id,
            }
            for session in csms.ledger.active
        ]
    }


async def history(csms: Csms, _body: Body) -> dict[str, Any]:
    return {
        "sessions": [
            {
                "cpid": session.cpid,
                "connectorId": session.connector_id,
                "idTag": session.id_tag,
                "transactionId": session.transaction_id,
                "meterStart": session.meter_start,
                "meterStop": session.meter_stop,
                "energy": session.energy_wh,
                "startTime": session.started_at and format_time(session.started_at),
                "stopTime": session.stopped_at and format_time(session.stopped_at),
                "durationSecs": session.duration_s,
            }
            for session in csms.ledger.history
        ]
    }


async def status(csms: Csms, _body: Body) -> dict[str, Any]:
    return {
        "connectors": [
            {
                "cpid": row.cpid,
                "connectorId": row.connector_id,
                "status": row.status,
                **({} if row.evse_id is None else {"evseId": row.evse_id}),
            }
            for row in csms.ledger.connectors
        ]
    }


async def reset(csms: Csms, body: Body) -> dict[str, Any]:
    kinds = RESETS[_spoken(csms, body)]
    kind = _text(body, "type", limit=9, default="Soft")
    if kind not in kinds:
        raise RefusedError(422, f"type must be {', '.join(kinds[:-1])} or {kinds[-1]}")
    answer = await csms.reset(_cpid(csms, body), kind)
    return {"ok": True, "status": _accepted("Reset", answer, "Accepted")}


async def availability(csms: Csms, body: Body) -> dict[str, Any]:
    connector_id, available = _connector(body, lowest=0), body.get("available")
    if not isinstance(available, bool):
        raise RefusedError(422, "available must be true or false")
    answer = await csms.change_availability(_cpid(csms, body), connector_id, available)
    return {"ok": True, "status": _accepted("ChangeAvailability", answer, "Accepted", "Scheduled")}


async def config(csms: Csms, body: Body) -> dict[str, Any]:
    old = _spoken(csms, body) == "1.6"
    key, value = _text(body, "key", limit=50 if old else 200), body.get("value")
    longest = 500 if old else 1000
    if not isinstance(value, str) or len(value) > longest:
        raise RefusedError(422, f"value must be text of at most {longest} characters")
    answer = await csms.change_configuration(_cpid(csms, body), key, value)
    command = "ChangeConfiguration" if old else "SetVariables"
    return {"ok": True, "status": _accepted(command, answer, "Accepted", "RebootRequired")}


async def call(csms: Csms, body: Body) -> dict[str, Any]:
    """Any request, as its payload is written in OCPP; checked before it is sent."""
    action, payload = _text(body, "action", limit=50), body.get("payload", {})
    if not (action.isascii() and action.isalpha()):
        raise RefusedError(422, "action must be the name of an OCPP action, such as ReserveNow")
    if not isinstance(payload, dict):
        raise RefusedError(422, "payload must be a JSON object")
    return {"ok": True, "answer": await csms.call(_cpid(csms, body), action, payload)}


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/v1/health", health),
    ("GET", "/api/v1/active", active),
    ("GET", "/api/v1/history", history),
    ("GET", "/api/v1/status", status),
    ("POST", "/api/v1/start", start),
    ("POST", "/api/v1/stop", stop),
    ("POST", "/api/v1/release", release),
    ("POST", "/api/v1/reset", reset),
    ("POST", "/api/v1/availability", availability),
    ("POST", "/api/v1/config", config),
    ("POST", "/api/v1/call", call),
    ("POST", "/charge/stop", stop_connector),
)
WITHOUT_KEY = frozenset({health})


# HTTP


async def _read(request: Request) -> Body:
    if request.method != "POST":
        return {}
    try:
        return await json_object(request)
    except BodyError as error:
        raise RefusedError(error.status, str(error)) from None


def create_app(csms: Csms, api_key: str = DEFAULT_API_KEY, host: str = "") -> Starlette:
    """Return the ASGI application over `csms`. `host` is the name that it is bound to."""
    if not api_key:
        raise ValueError("the API key must not be empty")
    expected = api_key.encode()

    def endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            # Header bytes arrive decoded as Latin-1; this gives them back as they were.
            given = request.headers.get("x-api-key", "").encode("latin-1")
            if handler not in WITHOUT_KEY and not hmac.compare_digest(given, expected):
                return answers.refusal(401, "invalid api key")
            try:
                return answers.answer(await handler(csms, await _read(request)))
            except RefusedError as refused:
                return answers.refusal(refused.status, str(refused))
            except CsmsError as error:
                return answers.refusal(STATUS_OF.get(type(error), 502), str(error))
            except asyncio.CancelledError:
                # Only uvicorn cancels, at its end; passed on, it would be logged as a failure.
                return answers.refusal(503, "the CSMS is ending")

        return respond

    async def not_found(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answers.refusal(error.status_code, error.detail, dict(error.headers or {}))

    routes = [Route(path, endpoint(handler), methods=[verb]) for verb, path, handler in ROUTES]
    guard = Middleware(
        Guard,
        api_key=api_key,
        own_name=host,
        asks_for_key=False,
        known_key=api_key == DEFAULT_API_KEY,
    )
    handlers = {HTTPException: not_found}
    return Starlette(routes=routes, middleware=[guard], exception_handlers=handlers)


class ApiServer:
    """The API on a TCP port."""

    def __init__(self, csms: Csms, api_key: str = DEFAULT_API_KEY) -> None:
        if not api_key:
            raise ValueError("the API key must not be empty")
        self._csms = csms
        self._api_key = api_key
        self._stop: Stop | None = None
        self.port: int | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 8080) -> None:
        """Listen; port 0 lets the system choose, `.port` tells which one. Raises OSError."""
        listening = listen(host, port)
        self.port = listening.getsockname()[1]
        self._stop = await serve_app(create_app(self._csms, self._api_key, host), listening)

    async def stop(self) -> None:
        """Finish requests in progress for a second, then close."""
        if self._stop is None:
            return
        stop, self._stop, self.port = self._stop, None, None
        await stop()
