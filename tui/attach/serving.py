"""The options of `chargeforge serve`, and the dashboard in a browser with textual-serve.

Each tab of a browser is a dashboard of its own, attached to the same charge point: closing one
stops nothing. textual-serve lets in whoever comes, so a door stands before it: only this computer
unless told otherwise, no page of another site, and no name that a stranger could have registered.
Its page would fetch a font from elsewhere: the policy that is sent along forbids that.

`Server._make_app` is textual-serve's own affair: where it is called otherwise, the door is missing,
and tests/attach/test_serving.py fails.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

from sim_core.attach.options import AttachSettings
from sim_core.errors import UserError
from sim_core.http_door.guard import NOBODYS_ENDINGS, host_name, is_address
from sim_core.http_door.server import is_loopback
from sim_core.settings.options import option, options_of

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; "
    "frame-ancestors 'none'"
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class ServeSettings(AttachSettings):
    """Show the dashboard of a charge point in a browser: serve http://HOST:7071.

    Without an address it is the charge point on this computer. Each tab is attached to it; closing
    one stops nothing. Whoever may open the page may press every key.
    """

    serve_host: str = option(
        "127.0.0.1",
        "a host name or address of this computer",
        "Where browsers come in: 127.0.0.1 is this computer only, 0.0.0.0 the network",
        short_flag="host",
    )
    serve_port: int = option(
        8071, "a port from 1 to 65535", "The port for browsers", ge=1, le=65_535, short_flag="port"
    )
    serve_url: str = option(
        "",
        "an http:// or https:// URL",
        "How browsers reach it, where that is not its host and port, as behind a proxy",
        short_flag="url",
    )
    serve_open: bool = option(
        False,
        "true or false",
        "Let browsers in from beyond this computer: there is no password",
        short_flag="open",
    )


def page_of(settings: ServeSettings) -> str:
    """The URL of the page. Raises UserError where nobody may be let in like that."""
    host = settings.serve_host
    if not is_loopback(host) and not settings.serve_open:
        raise UserError(
            f"SERVE_HOST (--host) is {host}: that is reachable from outside, and the page has no "
            "password. Add --open to let everybody in, or reach it through SSH: "
            f"ssh -L {settings.serve_port}:127.0.0.1:{settings.serve_port} HOST."
        )
    if settings.serve_url:
        parts = urlsplit(settings.serve_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(
                "SERVE_URL (--url) is no http:// or https:// URL: it is how browsers get here."
            )
        return settings.serve_url.rstrip("/")
    if host in ("0.0.0.0", "::"):
        import socket

        host = socket.gethostname()
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.serve_port}"


def command_of(urls: list[str]) -> str:
    """What runs for each tab, as a shell reads it."""
    return "exec " + shlex.join([sys.executable, "-m", "tui", "attach", *urls])


def environment_of(settings: ServeSettings) -> dict[str, str]:
    """What the dashboards of the tabs are told: what was said here, the key included, which no
    list of processes shows."""
    told = {"ASCII": "false"}
    for name in options_of(AttachSettings):
        value: Any = getattr(settings, name)
        if name in AttachSettings.NOT_OFFERED or value in (None, ""):
            continue
        secret = getattr(value, "get_secret_value", None)
        word = secret() if secret else json.dumps(value) if isinstance(value, dict) else str(value)
        told[name.upper()] = word
    return told


class Door:
    """Who may come in."""

    def __init__(self, page: str, host: str) -> None:
        parts = urlsplit(page.lower())
        self._names = {parts.hostname or "", host.lower()}
        self._page = parts.netloc

    def why_not(self, host: str, origin: str | None) -> str:
        """Why a request with these headers is turned away; empty where it is not."""
        name = host_name(host.lower())
        known = (
            name in self._names
            or is_address(name)
            or (bool(name) and "." not in name)
            or name.endswith(NOBODYS_ENDINGS)
        )
        if not known:
            return "this host name may be anybody's: ask by address or as localhost"
        own = (host.lower(), self._page)
        if origin is not None and origin.lower().partition("://")[2] not in own:
            return "requests from another web page are refused"
        return ""

    def middleware(self) -> Any:
        """The door before every path."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            headers = request.headers
            if why := self.why_not(headers.get("Host", ""), headers.get("Origin")):
                return web.Response(status=403, text=f"{why}\n")
            answer = await handler(request)
            if not answer.prepared:
                answer.headers["Content-Security-Policy"] = POLICY
                answer.headers["X-Content-Type-Options"] = "nosniff"
            return answer

        return guard


class DashboardServer(Server):
    """textual-serve behind the door."""

    def __init__(self, command: str, settings: ServeSettings, page: str) -> None:
        super().__init__(
            command,
            host=settings.serve_host,
            port=settings.serve_port,
            title="ChargeForge",
            public_url=page,
        )
        self._door = Door(page, settings.serve_host)
        self._fixed = bool(settings.serve_url)

    def initialize_logging(self) -> None:
        """Nothing: the log would tell every tab."""

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._door.middleware())
        return app

    async def handle_index(self, request: web.Request) -> Any:
        """The page; what it refers to is where it was asked for, be that localhost or 127.0.0.1."""
        if not self._fixed:
            self.public_url = f"{request.scheme}://{request.host}"
        return await super().handle_index(request)

    async def on_startup(self, app: web.Application) -> None:
        print(f"The dashboard is at {self.public_url}. Ctrl-C ends it.", flush=True)


def serve(urls: list[str], settings: ServeSettings) -> int:
    """Serve the page until a signal. Raises UserError."""
    page = page_of(settings)
    os.environ.update(environment_of(settings))
    try:
        DashboardServer(command_of(urls), settings, page).serve()
    except OSError as error:
        raise UserError(
            f"SERVE_PORT (--port): {settings.serve_host}:{settings.serve_port} cannot be used "
            f"({error.strerror or error}); choose another."
        ) from None
    return 0
