"""Who may ask at all: keeps foreign web pages and strangers out.

A page in the user's browser can post to loopback, and with a name of its own that it lets point
here (DNS rebinding) it can even read the answers. So what carries the Origin of another site is
refused, and so is a Host that a stranger could have registered: an address cannot be, neither can
a name without a dot or under the endings that are nobody's. Whoever brings the right key is no
foreign page, unless it is a key that everybody knows.
"""

from __future__ import annotations

import ipaddress
import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sim_core.http_door.answers import refusal

API_KEY_HEADER = "x-api-key"
LONGEST_QUERY = 2_000
LONGEST_HEAD = 16 * 1024
LARGEST_BODY = 64 * 1024
"""More than any request here has to say."""
LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
NOBODYS_ENDINGS = (".localhost", ".local", ".internal", ".home.arpa")
"""Reserved for local use: nobody can register a name under them."""
CLOSE = {"Connection": "close"}


NO_WEBSOCKET = "this port speaks HTTP only: a WebSocket for OCPP is on the port of the CSMS"


class Guard:
    """Middleware in front of every route."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        api_key: str | None,
        own_name: str,
        asks_for_key: bool = True,
        known_key: bool = False,
    ) -> None:
        """`own_name` is the host name that the server was told to bind to. With `asks_for_key`
        whatever changes something wants the key, else the routes see to that. `known_key`: it is
        a default that can be read in the manual."""
        self._app = app
        self._asks_for_key = asks_for_key
        self._known_key = known_key
        self._api_key = api_key.encode() if api_key is not None else None
        self._own_name = own_name.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (no := self._why_not(Request(scope))):
            await no(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _why_not(self, request: Request) -> Response | None:
        has_key = self._has_key(request)
        host = request.headers.get("host", "").lower()
        if (self._known_key or not has_key) and not self._ours(host):
            key = "set an API key of your own" if self._known_key else "bring the header X-API-Key"
            return refusal(
                403,
                f"the host {host[:100]!r} may be anybody's: ask by address or as localhost, "
                f"or {key}",
            )
        origins = request.headers.getlist("origin")
        if any(origin.lower().partition("://")[2] != host for origin in origins):
            return refusal(403, "requests from another web page are refused")
        if request.headers.get("upgrade", "").lower() == "websocket":
            return refusal(400, NO_WEBSOCKET, CLOSE)
        if len(request.scope["query_string"]) > LONGEST_QUERY:
            return refusal(414, f"the query is longer than {LONGEST_QUERY} characters")
        if sum(len(name) + len(text) for name, text in request.scope["headers"]) > LONGEST_HEAD:
            return refusal(431, f"the headers are longer than {LONGEST_HEAD} bytes", CLOSE)
        if _number(request.headers.get("content-length", "0")) > LARGEST_BODY:
            sentence = f"the body is larger than {LARGEST_BODY} bytes"
            return refusal(413, sentence, CLOSE)
        closed = self._asks_for_key and self._api_key is not None and not has_key
        if closed and request.method not in LOOKING:
            return refusal(401, "the header X-API-Key is missing or wrong")
        if closed and API_KEY_HEADER in request.headers:
            # looking needs none, but whoever brings a wrong one would hear of it too late
            return refusal(401, "the header X-API-Key is wrong")
        return None

    def _has_key(self, request: Request) -> bool:
        # Header bytes arrive decoded as Latin-1; this gives them back as they were.
        given = request.headers.get(API_KEY_HEADER, "").encode("latin-1")
        return self._api_key is not None and secrets.compare_digest(given, self._api_key)

    def _ours(self, host: str) -> bool:
        name = host_name(host)
        return (
            (bool(name) and "." not in name)
            or name == self._own_name
            or name.endswith(NOBODYS_ENDINGS)
            or is_address(name)
        )


def host_name(host: str) -> str:
    """The Host header without its port; brackets of an IPv6 address are taken off."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host


def _number(text: str) -> int:
    """A length as a header gives it; what makes no sense counts as too long."""
    return int(text) if text.isdecimal() and len(text) < 10 else LARGEST_BODY + 1


def is_address(name: str) -> bool:
    """Whether this is an IP address and not a name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
