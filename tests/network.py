"""The network between a charge point and its CSMS, in the hand of a test: it can break in any way.

A `Network` listens on a port of loopback, which stays the same whatever happens, and lets through
to the CSMS, directly or as a proxy does (HTTP CONNECT, SOCKS5). What is open can be reset, frozen
or made to trickle; whoever comes can be turned away, answered something else, or kept waiting.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import socket
import struct
from collections.abc import Awaitable, Callable

from sim_core.runtime.clock import Clock, SystemClock

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Greeting = Callable[["Network", Reader, Writer], Awaitable["tuple[str, int] | None"]]
"""What is said to whoever comes; where to go on to, or None when that was all."""


def free_port() -> int:
    """A port of this computer that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


class Network:
    """See the module. `async with Network(port_of_the_csms) as network`."""

    def __init__(self, target: int = 0, greeting: Greeting | None = None) -> None:
        self.target = target
        self.greeting = greeting or straight_on
        self.port = 0
        self.visitors = 0
        self.clock: Clock = SystemClock()
        """What it trickles by."""
        self._server: asyncio.Server | None = None
        self._writers: set[Writer] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._passing = asyncio.Event()
        self._passing.set()
        self._trickling = False
        self._broken: set[Writer] = set()

    async def __aenter__(self) -> Network:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # sockets are closed in the turn after

    @property
    def stuck(self) -> bool:
        """Whether what is open does not get through, and nobody says so."""
        return not self._passing.is_set() or self._trickling

    async def open(self) -> None:
        """Listen (again)."""
        if self._server is None:
            self._server = await asyncio.start_server(self._visit, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, and cut what is open without a word."""
        if self._server is not None:
            server, self._server = self._server, None
            server.close()
            self.cut()
            await asyncio.sleep(0)

    def cut(self) -> None:
        """Cut what is open without a word (TCP FIN)."""
        for writer in list(self._writers):
            writer.transport.abort()

    def reset(self) -> None:
        """Cut what is open with TCP RST."""
        for writer in list(self._writers):
            peer = writer.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def freeze(self) -> None:
        """From now on nothing that is sent arrives, and nobody is told."""
        self._passing.clear()

    def trickle(self) -> None:
        """From now on one byte in ten seconds arrives."""
        self._trickling = True

    def heal(self) -> None:
        """Whoever comes gets through again; what was stuck is cut."""
        if self.stuck:
            self.cut()
        self._passing.set()
        self._trickling = False

    async def _visit(self, reader: Reader, writer: Writer) -> None:
        self.visitors += 1
        self._tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        self._writers.add(writer)
        try:
            target = await self.greeting(self, reader, writer)
            if target is not None:
                onward, beyond = await asyncio.open_connection(*target)
                self._writers.add(beyond)
                there = self._carry(reader, beyond)
                await asyncio.gather(there, self._carry(onward, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # cancelled at the end of the test: nobody waits for it
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            self._tasks.discard(asyncio.current_task())  # type: ignore[arg-type]

    async def _carry(self, reader: Reader, writer: Writer) -> None:
        try:
            while data := await reader.read(65536):
                await self._passing.wait()
                while self._trickling and data:
                    await self.clock.sleep(10)
                    writer.write(data[:1])
                    data = data[1:]
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()
            self._writers.discard(writer)


# -- what may be said to whoever comes -------------------------------------------------------------


async def straight_on(network: Network, reader: Reader, writer: Writer) -> tuple[str, int]:
    """Nothing: the CSMS is right behind."""
    return "127.0.0.1", network.target


def says(answer: bytes, *, after_request: bool = True) -> Greeting:
    """These bytes, and no more."""

    async def greet(network: Network, reader: Reader, writer: Writer) -> None:
        if after_request:
            await reader.read(65536)
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    return greet


def status(line: str, *headers: str) -> Greeting:
    """An HTTP answer."""
    head = "\r\n".join([f"HTTP/1.1 {line}", *headers, "Content-Length: 0", "", ""])
    return says(head.encode())


async def drips(network: Network, reader: Reader, writer: Writer) -> None:
    """The beginning of an answer, a byte at a time, without end."""
    for byte in b"HTTP/1.1 101 Switching Protocols\r\nX: " + b"x" * 10_000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.01)  # so slowly that it never comes to an end


async def hangs_up(network: Network, reader: Reader, writer: Writer) -> None:
    """Nothing: the connection is closed at once."""


def connect_proxy(password: str = "") -> Greeting:
    """An HTTP proxy; with a password it wants `Basic` of that."""

    async def greet(network: Network, reader: Reader, writer: Writer) -> tuple[str, int] | None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        method, place, _ = head.split(" ", 2)
        wanted = "Basic " + base64.b64encode(password.encode()).decode()
        if password and f"Proxy-Authorization: {wanted}\r\n" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return None
        assert method == "CONNECT"
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        host, _, port = place.rpartition(":")
        return host, int(port)

    return greet


async def socks5_proxy(network: Network, reader: Reader, writer: Writer) -> tuple[str, int] | None:
    """A SOCKS5 proxy without a password (RFC 1928)."""
    version, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    writer.write(bytes([version, 0]))
    _, _, _, kind = await reader.readexactly(4)
    if kind == 1:
        host = str(ipaddress.IPv4Address(await reader.readexactly(4)))
    else:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    port = int.from_bytes(await reader.readexactly(2), "big")
    try:
        _, probe = await asyncio.open_connection(host, port)
        probe.transport.abort()
    except OSError:
        writer.write(bytes([version, 5, 0, 1]) + bytes(6))  # connection refused
        return None
    writer.write(bytes([version, 0, 0, 1]) + bytes(6))
    return host, port
