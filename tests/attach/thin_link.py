"""A slow link between a viewer and a sidecar: so many bytes a second, so late, and cut at will."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PIECE = 512


class ThinLink:
    """Passes bytes on, in both directions of each connection alike."""

    def __init__(self, port: int, bytes_per_s: float, late_s: float) -> None:
        """Half of `late_s` passes each way: it is the time to an answer."""
        self.port = 0
        self.passed = 0
        """Bytes that have come from the sidecar."""
        self._to = port
        self._bytes_per_s = bytes_per_s
        self._late_s = late_s
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Every connection ends in the middle of whatever passes."""
        for writer in self._writers:
            writer.transport.abort()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody dials."""
        try:
            there, to_there = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, to_there}
        self._writers |= ends
        try:
            await asyncio.gather(
                self._pass(reader, to_there, counts=False), self._pass(there, writer, counts=True)
            )
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        underway: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                at, piece = await underway.get()
                await asyncio.sleep(max(0.0, at - loop.time()))
                if not piece or writer.is_closing():
                    writer.transport.abort()
                    return
                writer.write(piece)

        arriving = asyncio.ensure_future(arrive())
        free_at = loop.time()
        try:
            while True:
                try:
                    piece = await reader.read(PIECE)
                except ConnectionError:
                    piece = b""
                free_at = max(free_at, loop.time()) + len(piece) / self._bytes_per_s
                await asyncio.sleep(free_at - loop.time())
                self.passed += len(piece) * counts
                await underway.put((free_at + self._late_s / 2, piece))
                if not piece:
                    await arriving
                    return
        finally:
            arriving.cancel()


@asynccontextmanager
async def thin_link(
    port: int, *, bytes_per_s: float = 20 * 1024, late_s: float = 0.3
) -> AsyncIterator[ThinLink]:
    """A link to a port of this computer."""
    link = ThinLink(port, bytes_per_s, late_s)
    server = await asyncio.start_server(link.connect, "127.0.0.1", 0, limit=PIECE)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        link.cut()
        server.close()
        await asyncio.sleep(0)
