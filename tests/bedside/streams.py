"""Bytes as a peer of WebSocket writes them, made by `websockets` itself, and peers on sockets."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from sim_core.bedside.handshake import Place
from sim_core.bedside.happenings import Happening
from sim_core.bedside.passage import RESET
from sim_core.bedside.relay import Relay, Way
from sim_core.runtime.clock import SystemClock
from tests.patience import PATIENCE_S

REQUEST = (
    b"GET /some/where/CP%2001?a=1 HTTP/1.1\r\nHost: relay.example:9000\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: ocpp1.6, ocpp2.0.1\r\n"
    b"Authorization: Basic Q1AwMTpzZWNyZXQtcGFzc3dvcmQ=\r\nX-Odd:  two  blanks \r\n\r\n"
)
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: ocpp1.6\r\n"
)


class Writer:
    """One side's messages as bytes."""

    def __init__(self, *, masks: bool, deflates: bool = False, keeps_context: bool = True) -> None:
        self._masks = masks
        self._deflate = PerMessageDeflate(False, not keeps_context, 15, 15) if deflates else None

    def message(
        self,
        content: bytes,
        *,
        opcode: Opcode = Opcode.TEXT,
        fragments: int = 1,
        deflate: bool = True,
    ) -> bytes:
        """A message in so many frames."""
        size = max(1, -(-len(content) // fragments))
        parts = [content[at : at + size] for at in range(0, len(content), size)] or [b""]
        out = b""
        for place, part in enumerate(parts):
            kind = opcode if place == 0 else Opcode.CONT
            frame = Frame(kind, part, fin=place == len(parts) - 1)
            extensions = [self._deflate] if self._deflate and deflate else []
            out += frame.serialize(mask=self._masks, extensions=extensions)
        return out

    def control(self, opcode: Opcode, content: bytes = b"") -> bytes:
        """A ping, a pong or a close."""
        return Frame(opcode, content).serialize(mask=self._masks)


@dataclass
class Peer:
    """A socket and nothing else."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def exactly(self, count: int) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(count), PATIENCE_S)

    async def head(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE_S)

    async def rest(self) -> bytes:
        return await asyncio.wait_for(self.reader.read(), PATIENCE_S)

    def reset(self) -> None:
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.writer.transport.abort()


@dataclass
class Scene:
    """A relay, and a CSMS that is a socket."""

    relay: Relay
    told: list[Happening]
    news: asyncio.Event
    csms_port: int
    visitors: asyncio.Queue[Peer]
    peers: list[Peer] = field(default_factory=list)

    async def charger(self, request: bytes = REQUEST) -> Peer:
        """A charger that has sent its request."""
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.relay.port))
        self.peers.append(peer)
        peer.send(request)
        return peer

    async def csms(self) -> Peer:
        """The CSMS's end of the next connection."""
        return await asyncio.wait_for(self.visitors.get(), PATIENCE_S)

    async def both(self, extensions: bytes = b"") -> tuple[Peer, Peer]:
        """A charger and the CSMS, let in."""
        charger = await self.charger()
        csms = await self.csms()
        await csms.head()
        csms.send(SWITCHED + extensions + b"\r\n")
        await charger.head()
        return charger, csms

    async def told_of(self, kind: type, count: int = 1) -> list[Happening]:
        """What was told of this kind, as soon as there are so many."""

        async def look() -> list[Happening]:
            while len(found := [one for one in self.told if isinstance(one, kind)]) < count:
                self.news.clear()
                await self.news.wait()
            return found

        return await asyncio.wait_for(look(), PATIENCE_S)


@asynccontextmanager
async def scene(
    path: str = "", *, explain: Callable[[BaseException], str] = repr
) -> AsyncIterator[Scene]:
    """A relay before a CSMS that is a socket."""
    visitors: asyncio.Queue[Peer] = asyncio.Queue()
    peers: list[Peer] = []

    def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(Peer(reader, writer))
        visitors.put_nowait(peers[-1])

    server = await asyncio.start_server(came, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    told: list[Happening] = []
    news = asyncio.Event()

    def tell(happening: Happening) -> None:
        told.append(happening)
        news.set()

    relay = Relay(Way(Place("127.0.0.1", port, False, path)), SystemClock(), tell, explain)
    await relay.listen("127.0.0.1", 0)
    try:
        yield Scene(relay, told, news, port, visitors, peers)
    finally:
        await relay.stop()
        server.close()
        for peer in peers:
            peer.writer.transport.abort()
        await asyncio.gather(*(one.writer.wait_closed() for one in peers), return_exceptions=True)


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """The bytes in chunks that end at these places (modulo their length)."""
    marks = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(marks)]
