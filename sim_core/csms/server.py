"""The CSMS as one object: it listens, knows who is connected, and carries out commands.

Observers get frozen events and look at the ledger; nothing they do can hold up a connection.
Waiting for something is built on those events, so a test never has to sleep.
"""

from __future__ import annotations

import asyncio
import logging
import ssl as tls
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from sim_core.csms import events
from sim_core.csms.errors import NotConnectedError
from sim_core.csms.ledger import Ledger
from sim_core.csms.peer import Peer
from sim_core.csms.rules import Rules
from sim_core.csms.verbs import Ask, TransactionId
from sim_core.csms.waiting_room import Visitor, WaitingRoom

LOGGER = logging.getLogger(__name__)

SUBPROTOCOLS = (Subprotocol("ocpp2.0.1"), Subprotocol("ocpp1.6"))
"""The best first: of several that a charge point offers, the first of these is spoken."""
LARGEST_FRAME = 4 * 1024 * 1024
EVENTS_KEPT = 10_000

E = TypeVar("E", bound=events.Event)

# Port scanners and browsers fail the handshake all day; a traceback each helps nobody.
_SOCKET_LOG = logging.getLogger(f"{__name__}.websocket")
_SOCKET_LOG.setLevel(logging.CRITICAL)


def charge_point_id(target: str) -> str:
    """Return the charge point id of a request target: its last path segment, decoded."""
    segments = [part for part in urlsplit(target).path.split("/") if part]
    if not segments or segments == ["ocpp"]:
        return ""
    return unquote(segments[-1])


def _inform(observer: Callable[[events.Event], None], event: events.Event) -> None:
    try:
        observer(event)
    except Exception:
        LOGGER.exception("an observer failed")


def _maker(subprotocol: str | None) -> type[Peer]:
    """Who speaks a sub-protocol. A version is imported when its first charge point comes."""
    if subprotocol == SUBPROTOCOLS[0]:
        from sim_core.csms.peer201 import Peer201

        return Peer201
    from sim_core.csms.peer16 import Peer16

    return Peer16


class Csms:
    """A CSMS for OCPP 1.6J and 2.0.1."""

    def __init__(
        self, *, first_transaction_id: int | None = None, rules: Rules | None = None
    ) -> None:
        self.ledger = Ledger(first_transaction_id)
        self.rules = rules or Rules()
        self.port: int | None = None
        self.events: deque[events.Event] = deque(maxlen=EVENTS_KEPT)
        self.event_count = 0
        self._peers: dict[str, Peer] = {}
        self._taken = 0
        """Frames of connections that have ended."""
        self._server: Server | None = None
        self._observers: list[Callable[[events.Event], None]] = []
        self._closing: set[asyncio.Task[None]] = set()

    # Life

    async def start(
        self, host: str = "127.0.0.1", port: int = 0, *, ssl: tls.SSLContext | None = None
    ) -> None:
        """Listen; port 0 lets the system choose, `.port` tells which one. Raises OSError."""
        self._server = await serve(
            self._welcome,
            host,
            port,
            ssl=ssl,
            process_request=self._screen,
            subprotocols=SUBPROTOCOLS,
            max_size=LARGEST_FRAME,
            open_timeout=5,
            close_timeout=1,
            logger=_SOCKET_LOG,
            create_connection=WaitingRoom().visitor,  # type: ignore[arg-type]  # it is only called
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Close every connection and stop listening, within two seconds or so."""
        if self._server is None:
            return
        server, self._server, self.port = self._server, None, None
        server.close()
        try:
            await asyncio.wait_for(server.wait_closed(), 2)
        except asyncio.TimeoutError:
            LOGGER.info("a connection did not close in time")

    async def __aenter__(self) -> Csms:
        if self._server is None:
            await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def connected(self) -> tuple[str, ...]:
        """The ids of the charge points that are connected now."""
        return tuple(self._peers)

    @property
    def taken(self) -> int:
        """How many messages of charge points have been taken, answers included."""
        return self._taken + sum(peer.taken for peer in self._peers.values())

    def disconnect(self, cpid: str, code: int = 1000) -> None:
        """Close the connection of a charge point, as a network or an operator may do."""
        self._close(self._peer(cpid), code, "closed by the CSMS")

    # Connections

    def _screen(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse, before the WebSocket opens, who cannot be a charge point."""
        offers = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        if not set(SUBPROTOCOLS).intersection(offer.strip() for offer in offers.split(",")):
            known = " or ".join(SUBPROTOCOLS)
            sentence = f"Connect with WebSocket sub-protocol {known}; this server has no other.\n"
            return connection.respond(HTTPStatus.BAD_REQUEST, sentence)
        if not charge_point_id(request.path):
            sentence = "The path must end in the charge point id, as in /ocpp/<id>.\n"
            return connection.respond(HTTPStatus.NOT_FOUND, sentence)
        return None

    async def _welcome(self, connection: ServerConnection) -> None:
        assert isinstance(connection, Visitor)
        assert connection.request is not None
        connection.come_in()
        cpid = charge_point_id(connection.request.path)
        make = _maker(connection.subprotocol)
        peer = make(cpid, connection, self.ledger, self.rules, self._tell)
        older = self._peers.get(cpid)
        self._peers[cpid] = peer
        if older:
            self._close(older, 1000, "replaced by a newer connection")
        self.ledger.connect(cpid)
        spoken = peer.language.version
        self._tell(
            events.Connected(self.rules.now(), cpid, replaced=older is not None, version=spoken)
        )
        try:
            await peer.serve()
        finally:
            self._taken += peer.taken
            if self._peers.get(cpid) is peer:
                del self._peers[cpid]
                self.ledger.disconnect(cpid)
                self._tell(
                    events.Disconnected(self.rules.now(), cpid, connection.protocol.close_code)
                )

    def _close(self, peer: Peer, code: int, reason: str) -> None:
        peer.retire()
        closing = asyncio.get_running_loop().create_task(peer.close(code, reason))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _peer(self, cpid: str) -> Peer:
        if cpid not in self._peers:
            raise NotConnectedError(f"ChargePoint '{cpid}' not connected")
        return self._peers[cpid]

    # Observing

    def on_event(self, observer: Callable[[events.Event], None]) -> Callable[[], None]:
        """Call `observer` with every event from now on; the result takes it off again."""
        self._observers.append(observer)

        def leave() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return leave

    async def wait_for(
        self,
        kind: type[E],
        predicate: Callable[[E], bool] = lambda _: True,
        *,
        timeout_s: float = 5.0,
        since: int = 0,
    ) -> E:
        """Return the first event of this kind that fits, looking back to event number `since`.

        `event_count`, read before an action, is the `since` that sees only what followed it.
        """
        found: asyncio.Future[E] = asyncio.get_running_loop().create_future()

        def look(event: events.Event) -> None:
            if isinstance(event, kind) and not found.done() and predicate(event):
                found.set_result(event)

        oldest = self.event_count - len(self.events)
        for number, event in enumerate(self.events, oldest):
            if number >= since:
                look(event)
        leave = self.on_event(look)
        try:
            return await asyncio.wait_for(found, timeout_s)
        except asyncio.TimeoutError:
            last = self.events[-1].text if self.events else "nothing happened"
            raise TimeoutError(
                f"no fitting {kind.__name__} within {timeout_s:g} s; the last event: {last}"
            ) from None
        finally:
            leave()

    async def until(self, condition: Callable[[Ledger], object], *, timeout_s: float = 5.0) -> None:
        """Return once `condition(ledger)` holds; it is asked now and after every event."""
        holds: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def look(_: events.Event | None = None) -> None:
            if not holds.done() and condition(self.ledger):
                holds.set_result(None)

        look()
        leave = self.on_event(look)
        try:
            await asyncio.wait_for(holds, timeout_s)
        except asyncio.TimeoutError:
            last = self.events[-1].text if self.events else "nothing happened"
            raise TimeoutError(
                f"the condition did not come true within {timeout_s:g} s; the last event: {last}"
            ) from None
        finally:
            leave()

    def _tell(self, event: events.Event) -> None:
        self.events.append(event)
        self.event_count += 1
        for observer in tuple(self._observers):
            _inform(observer, event)

    # Commands

    async def call(
        self,
        cpid: str,
        action: str,
        payload: dict[str, Any] | None = None,
        *,
        timeout_s: float | None = None,
        validate: bool = True,
    ) -> dict[str, Any]:
        """Send any CALL and return the answer's payload; `validate=False` sends it unchecked."""
        return await self._peer(cpid).request(
            action, payload or {}, timeout_s=timeout_s, validate=validate
        )

    async def _ask(self, cpid: str, ask: Ask) -> str:
        word = ask.word(await self.call(cpid, ask.action, ask.payload))
        return word if isinstance(word, str) else "no status"

    def spoken(self, cpid: str) -> str:
        """The OCPP version that a charge point speaks now, as 1.6. Raises NotConnectedError."""
        return self._peer(cpid).language.version

    async def remote_start(self, cpid: str, connector_id: int | None, id_tag: str) -> str:
        """Ask to start a transaction; returns the status word."""
        return await self._ask(cpid, self._peer(cpid).verbs.remote_start(connector_id, id_tag))

    async def remote_stop(self, cpid: str, transaction_id: TransactionId) -> str:
        """Ask to stop a transaction; returns the status word."""
        return await self._ask(cpid, self._peer(cpid).verbs.remote_stop(transaction_id))

    async def unlock(self, cpid: str, connector_id: int) -> str:
        """Ask to release the cable; returns the status word."""
        return await self._ask(cpid, self._peer(cpid).verbs.unlock(connector_id))

    async def reset(self, cpid: str, kind: str = "Soft") -> str:
        """Ask for a reset, Soft or Hard; returns the status word."""
        return await self._ask(cpid, self._peer(cpid).verbs.reset(kind))

    async def change_availability(self, cpid: str, connector_id: int, operative: bool) -> str:
        """Take a connector (0: all of them) into or out of service; returns the status word."""
        verbs = self._peer(cpid).verbs
        return await self._ask(cpid, verbs.change_availability(connector_id, operative))

    async def change_configuration(self, cpid: str, key: str, value: str) -> str:
        """Set a configuration key, or a `Component.Variable`; returns the status word."""
        return await self._ask(cpid, self._peer(cpid).verbs.change_configuration(key, value))

    async def get_configuration(self, cpid: str, *keys: str) -> dict[str, str | None]:
        """Return the configuration keys or variables asked for (all of them if none is named)."""
        return await self._peer(cpid).configuration(*keys)

    async def trigger(self, cpid: str, message: str, connector_id: int | None = None) -> str:
        """Ask for a message (TriggerMessage); returns the status word."""
        return await self._ask(cpid, self._peer(cpid).verbs.trigger(message, connector_id))

    async def data_transfer(
        self, cpid: str, vendor_id: str, message_id: str | None = None, data: str | None = None
    ) -> dict[str, Any]:
        """Send vendor data; returns the answer's payload."""
        payload = {"vendorId": vendor_id, "messageId": message_id, "data": data}
        return await self.call(
            cpid, "DataTransfer", {key: word for key, word in payload.items() if word is not None}
        )
