"""The WebSocket to the CSMS: dial, notice the loss, wait, dial again, for ever.

Two switches. *Connected*: the operator may take the link down and up, as if pulling the network
cable. *Online*: on an open socket frames may be kept from passing. Between two attempts the pause
doubles up to a limit and is drawn at random below it, so that many charge points that lose their
CSMS at once do not come back at once (OCPP-J §5.3).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
    NegotiationError,
    WebSocketException,
)
from websockets.typing import Subprotocol

from sim_core.clock import Clock
from sim_core.errors import UserError
from sim_core.race import first_of
from sim_core.snapshot import LinkState
from sim_core.wire.access import Dial, explain_tls
from sim_core.wire.endpoint import Endpoint, Route
from sim_core.wire.message_log import MessageLog
from sim_core.wire.style import CLEAN, WireStyle

LOG = logging.getLogger(__name__)

SUBPROTOCOL = Subprotocol("ocpp1.6")
MAX_FRAME = 8 * 1024 * 1024
"""Bytes of one message; a SendLocalList of 1 MiB must pass, memory must stay bounded."""
OPEN_TIMEOUT_S = 10.0
FIRST_PAUSE_S = 1.0
CLOSE_PATIENCE_S = 1.0
ABNORMAL = 1006
"""Close code of a connection that ended without a close frame (RFC 6455 §7.4.1)."""

STATUS_ADVICE = {
    400: "the CSMS refuses the request: check the URL, and that it speaks ocpp1.6",
    401: "the CSMS asks for a password: check the authorization key",
    403: "the CSMS forbids this charge point: check that it is registered there",
    404: "the CSMS knows no such path or charge point: check CSMS_URL and CPID",
    426: "the CSMS wants another protocol: check that the URL is its WebSocket address",
}


def charge_point_url(base: str, charge_point_id: str) -> str:
    """The URL to dial: the base with the percent-encoded identity appended (OCPP-J §3.1.1)."""
    path, mark, query = base.partition("?")
    return f"{path.rstrip('/')}/{quote(charge_point_id, safe='')}{mark}{query}"


def without_password(url: str) -> str:
    """A URL as it may be shown: without the name and password that it may carry."""
    scheme, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{mark}{place.rpartition('@')[2]}{slash}{path}"


def explain(error: BaseException, *, tls: bool = False) -> str:
    """Why an attempt to connect failed, as a sentence without full stop. `tls`: over TLS."""
    if isinstance(error, UserError):
        return str(error).rstrip(".")
    if advice := explain_tls(error):
        return advice
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        advice = STATUS_ADVICE.get(status)
        if advice is None:
            advice = "the CSMS is in trouble" if status >= 500 else "the CSMS refuses the request"
        return f"HTTP {status}: {advice}"
    if isinstance(error, NegotiationError):
        return "the CSMS does not speak ocpp1.6: check the URL"
    if isinstance(error, InvalidURI):
        return "CSMS_URL is not a WebSocket URL"
    if tls and isinstance(error, (InvalidMessage, EOFError)):
        # A server that misses our certificate says so after the handshake, and then to nobody.
        return (
            "the CSMS closed the link after the TLS handshake: if it wants a client certificate, "
            "set CLIENT_CERT and CLIENT_KEY"
        )
    if tls and isinstance(error, ConnectionResetError):
        return (
            "the link was cut during the TLS handshake: check that the CSMS speaks TLS 1.2 or "
            "newer on this port"
        )
    if isinstance(error, InvalidMessage):
        return "what answers there does not speak HTTP: check host and port"
    if isinstance(error, InvalidHandshake):
        return f"the CSMS did not accept the WebSocket: {error}"
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
        return f"no answer within {OPEN_TIMEOUT_S:g} s"
    if isinstance(error, socket.gaierror):
        return "the host name of CSMS_URL is not known"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, OSError):
        # asyncio folds the attempts at several addresses into one error without an errno.
        refused = "Connect call failed" in str(error)
        return "connection refused" if refused else (error.strerror or str(error))
    return f"{type(error).__name__}: {error}"


def explain_close(connection: ClientConnection) -> str:
    """Why an open connection ended, as a sentence without full stop."""
    protocol = connection.protocol
    code = protocol.close_code
    if code is None or code == ABNORMAL:
        return "the connection was lost"
    reason = f" ({protocol.close_reason})" if protocol.close_reason else ""
    return f"the CSMS closed the link with {code}{reason}"


class Link:
    """Keeps a connection to one URL."""

    def __init__(
        self,
        url: str,
        routes: Mapping[str, Route],
        *,
        clock: Clock,
        log: MessageLog,
        session: Callable[[Endpoint], Coroutine[Any, Any, None]],
        on_change: Callable[[], None],
        note: Callable[[str], None],
        may_answer: Callable[[], bool],
        ping_interval_s: Callable[[], float],
        call_timeout_s: float,
        longest_pause_s: float,
        rng: random.Random,
        dial: Callable[[str], Dial] = Dial,
        secret_keys: frozenset[str] = frozenset(),
        style: WireStyle = CLEAN,
        proxy: str | None = None,
    ) -> None:
        """`session` runs beside the read loop for as long as the connection lasts.

        `dial` says what the next attempt needs to get in; `secret_keys` are configuration keys
        (in lower case) whose values the message log does not keep.
        """
        self.url = url
        self.state = LinkState.CONNECTING
        self.attempt = 0
        self.retry_at: datetime | None = None
        self.heard_at: datetime | None = None
        self.trouble = ""
        self.online = True
        self._routes = routes
        self._clock = clock
        self._log = log
        self._session = session
        self._on_change = on_change
        self._note = note
        self._told = ""
        """The trouble that was last told of: the same one again is no news."""
        self._may_answer = may_answer
        self._ping_interval_s = ping_interval_s
        self._call_timeout_s = call_timeout_s
        self._longest_pause_s = longest_pause_s
        self._rng = rng
        self._style = style
        self._dial = dial
        self._secret_keys = secret_keys
        self._proxy = proxy
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._cut = asyncio.Event()
        self._pause_s = FIRST_PAUSE_S
        self._endpoint: Endpoint | None = None
        self._quiet_for_s = 0.0

    @property
    def wanted(self) -> bool:
        """Whether the operator wants the link up."""
        return self._wanted.is_set()

    @property
    def waiting_since(self) -> datetime | None:
        """When the call of ours that is still open was sent; None when none is."""
        return self._endpoint.waiting_since if self._endpoint else None

    def take_down(self) -> None:
        """Close the socket and stay closed until `bring_up`."""
        self._wanted.clear()
        self._cut.set()

    def bring_up(self) -> None:
        """Dial again, at once."""
        self._pause_s = FIRST_PAUSE_S
        self._wanted.set()
        if self.state is LinkState.WAITING:
            self._cut.set()

    def cut(self, quiet_for_s: float = 0.0) -> None:
        """Close the socket and dial again after `quiet_for_s`: a reboot."""
        self._quiet_for_s = quiet_for_s
        self._cut.set()

    def set_online(self, online: bool) -> None:
        """Let frames pass, or keep them from passing on an open socket."""
        self.online = online
        if self._endpoint is not None:
            self._endpoint.silent = not online
        self._on_change()

    def settled(self) -> None:
        """The charge point is registered: the next loss starts with a short pause again."""
        self._pause_s = FIRST_PAUSE_S

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        while True:
            if not self._wanted.is_set():
                self._show(LinkState.DOWN, trouble="")
                await self._wanted.wait()
            self._cut.clear()
            if self._quiet_for_s:
                quiet_for_s, self._quiet_for_s = self._quiet_for_s, 0.0
                await self._pause(quiet_for_s, "rebooting")
                continue
            self.attempt += 1
            self._show(LinkState.CONNECTING)
            if await first_of(self._connect_and_serve(), self._cut.wait()) == 0:
                await self._pause(self._draw_pause(), self.trouble)

    async def _connect_and_serve(self) -> None:
        """Dial once and stay while it lasts; `trouble` says why it ended."""
        self.trouble = await self._dial_once()

    async def _dial_once(self) -> str:
        interval = self._ping_interval_s() or None  # 0 turns pings off (OCPP-J §5.4)
        tls = False
        try:
            way = self._dial(self.url)
            tls = way.tls is not None
            connection = await connect(
                way.url,
                ssl=way.tls,
                subprotocols=[SUBPROTOCOL],
                additional_headers={"Authorization": way.authorization}
                if way.authorization
                else None,
                open_timeout=OPEN_TIMEOUT_S,
                ping_interval=interval,
                ping_timeout=interval,
                close_timeout=CLOSE_PATIENCE_S,
                max_size=MAX_FRAME,
                proxy=self._proxy,
            )
        except (OSError, WebSocketException, asyncio.TimeoutError, ValueError, UserError) as error:
            why = explain(error, tls=tls)
            if why != self._told:
                self._told = why
                self._note(f"the CSMS cannot be reached: {why}; it is tried again and again")
            return why
        try:
            if connection.subprotocol != SUBPROTOCOL:  # OCPP-J §3.1.2; websockets does not insist
                return "the CSMS does not speak ocpp1.6: check the URL"
            return await self._serve(connection)
        finally:
            await connection.close()

    async def _serve(self, connection: ClientConnection) -> str:
        endpoint = Endpoint(
            connection,
            self._routes,
            clock=self._clock,
            log=self._log,
            call_timeout_s=self._call_timeout_s,
            may_answer=self._may_answer,
            style=self._style,
            rng=self._rng,
            secret_keys=self._secret_keys,
        )
        endpoint.silent = not self.online
        endpoint.on_frame = self._heard
        self._endpoint = endpoint
        self.attempt = 0
        self.heard_at = None
        self._show(LinkState.CONNECTED, trouble="")
        self._told = ""
        self._note(f"connected to {without_password(self.url)}")
        why = "closed by the charge point"
        try:
            await first_of(self._read(endpoint), self._session(endpoint))
            why = explain_close(connection)
            return why
        finally:
            self._endpoint = None
            self._note(f"the link to the CSMS was lost: {why}")

    async def _read(self, endpoint: Endpoint) -> None:
        with contextlib.suppress(ConnectionClosed):
            await endpoint.serve()

    def _heard(self) -> None:
        self.heard_at = self._clock.now()

    def _draw_pause(self) -> float:
        pause = self._pause_s * self._rng.uniform(0.5, 1.0)
        self._pause_s = min(self._longest_pause_s, self._pause_s * 2)
        return pause

    async def _pause(self, seconds: float, trouble: str) -> None:
        self.retry_at = self._clock.now() + timedelta(seconds=seconds)
        self._show(LinkState.WAITING, trouble=trouble)
        try:
            await first_of(self._clock.sleep(seconds), self._cut.wait())
        finally:
            self.retry_at = None

    def _show(self, state: LinkState, trouble: str | None = None) -> None:
        self.state = state
        if trouble is not None:
            self.trouble = trouble
        self._on_change()
