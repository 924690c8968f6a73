"""The relay: lets chargers in, over TLS where it has a certificate, and knows who is inside.

What happens to one of them is in `passage`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from sim_core.bedside.handshake import Place
from sim_core.bedside.happenings import Happening, TurnedAway
from sim_core.bedside.passage import (
    DIAL_WITHIN_S,
    HEAD_WITHIN_S,
    MOST_PASSAGES,
    CannotInsertError,
    ChargerSide,
    Passage,
    address_of,
)
from sim_core.runtime.clock import Clock

LOG = logging.getLogger(__name__)

LEAVE_WITHIN_S = 1.0
"""How long the end of the relay waits for what is left to send."""
PLAIN_HTTP = "HTTP_REQUEST"
"""What OpenSSL calls it where somebody speaks HTTP to TLS."""


@dataclass(frozen=True)
class Way:
    """How the CSMS is reached."""

    place: Place
    tls: ssl.SSLContext | None = None
    proxy: str | None = field(default=None, repr=False)


class Relay:
    """Lets chargers through to their CSMS. Lives on the loop that it is made on."""

    def __init__(
        self,
        way: Way,
        clock: Clock,
        tell: Callable[[Happening], None],
        explain: Callable[[BaseException], str],
    ) -> None:
        """`tell` hears what happens, on this loop; it must return at once and not raise. `explain`
        says in a sentence why the CSMS could not be dialled."""
        self.way = way
        self.port = 0
        """Where it listens; 0 before it does."""
        self._clock = clock
        self._tell = tell
        self._explain = explain
        self._count = 0
        self._passages: dict[int, Passage] = {}
        self._server: asyncio.Server | None = None
        self._empty = asyncio.Event()

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        """Let chargers in. Raises OSError."""
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
        self._server = await loop.create_server(
            lambda: self._gate(tls) if tls is not None else ChargerSide(self._passage(False)),
            sock=listener,
        )
        self.port = listener.getsockname()[1]

    async def stop(self) -> None:
        """Let nobody in any more, and end what is open: both sides hear that we go away."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for passage in tuple(self._passages.values()):
            passage.leave()
        if self._passages:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._empty.wait(), LEAVE_WITHIN_S)
        for passage in tuple(self._passages.values()):
            passage.cut()

    def ask(self, passage: int, message_id: str, frame: str) -> None:
        """Put a command of ours into what the CSMS says to a charger; its answer will be ours.

        Raises CannotInsertError.
        """
        open_ = self._passages.get(passage)
        if open_ is None:
            raise CannotInsertError("the charger is not connected")
        open_.ask(message_id, frame)

    def _gate(self, tls: ssl.SSLContext) -> _TlsGate:
        def turn_away(address: str, why: str) -> None:
            self._tell(TurnedAway(self._clock.now(), address, why))

        return _TlsGate(tls, lambda: ChargerSide(self._passage(True)), turn_away)

    def _passage(self, tls: bool) -> Passage:
        self._count += 1
        return Passage(self._count, tls, self._clock, self, self._tell)

    # -- for the passages --------------------------------------------------------------------------

    @property
    def place(self) -> Place:
        """Where the CSMS is."""
        return self.way.place

    def entered(self, passage: Passage) -> bool:
        """Somebody has come; False where there is no room."""
        if len(self._passages) >= MOST_PASSAGES:
            return False
        self._passages[passage.number] = passage
        self._empty.clear()
        return True

    def left(self, passage: Passage) -> None:
        """Its sockets have gone."""
        self._passages.pop(passage.number, None)
        if not self._passages:
            self._empty.set()

    def explain(self, error: BaseException) -> str:
        """Why the CSMS could not be dialled."""
        return self._explain(error)

    async def dial(self, side: asyncio.Protocol) -> None:
        """Connect a side to the CSMS. Raises whatever `explain` explains."""
        place, loop = self.way.place, asyncio.get_running_loop()
        name = place.host if self.way.tls else None
        if self.way.proxy:
            through = await _through_proxy(self.way.proxy, place)
            await loop.create_connection(
                lambda: side, sock=through, ssl=self.way.tls, server_hostname=name
            )
            return
        await loop.create_connection(
            lambda: side, place.host, place.port, ssl=self.way.tls, server_hostname=name
        )


async def _through_proxy(url: str, place: Place) -> socket.socket:
    """A connection to the CSMS by way of a proxy. Raises OSError, ProxyError."""
    from python_socks import ProxyError as RefusedError
    from python_socks.async_.asyncio import Proxy
    from websockets.exceptions import ProxyError

    try:
        made: socket.socket = await Proxy.from_url(url).connect(
            place.host, place.port, timeout=DIAL_WITHIN_S
        )
    except RefusedError as error:  # a word of its own, which may have an address in it
        raise ProxyError("the proxy does not let us through") from error
    return made


class _TlsGate(asyncio.Protocol):
    """Where a charger shakes hands by TLS before it may ask. asyncio would do it by itself, and
    say to nobody why it failed."""

    def __init__(
        self,
        tls: ssl.SSLContext,
        make: Callable[[], ChargerSide],
        turn_away: Callable[[str, str], None],
    ) -> None:
        self._tls = tls
        self._make = make
        self._turn_away = turn_away
        self._shaking: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._shaking = asyncio.ensure_future(self._shake(cast(asyncio.Transport, transport)))

    async def _shake(self, transport: asyncio.Transport) -> None:
        side, address = self._make(), address_of(transport)
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport,
                side,
                self._tls,
                server_side=True,
                ssl_handshake_timeout=HEAD_WITHIN_S,
            )
        except (OSError, EOFError, asyncio.TimeoutError) as error:
            self._turn_away(address, _no_tls(error))
            transport.abort()
            return
        if secured is not None:
            side.connection_made(secured)


def _no_tls(error: BaseException) -> str:
    """Why a TLS handshake has failed."""
    reason = getattr(error, "reason", None)
    if reason == PLAIN_HTTP:
        return "it speaks plain ws://, and this port wants wss://: set wss:// in the charger"
    said = str(reason or "it broke off").replace("_", " ").lower()
    return f"no TLS handshake ({said}): check that the charger trusts our certificate"
