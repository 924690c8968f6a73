"""Small real servers for files: HTTP and FTP on loopback, on ports that the system picks.

They do what they are told, also what no honest server does (break off, stall, send in a circle),
and write down what they were asked. They share no code with the charge point.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """A request that has arrived."""

    verb: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Says:
    """What to answer: `length` may lie about the body, `stalls` never ends it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    chunked: bool = False
    stalls: bool = False


class _Server:
    """Listens, and ends with everything that it has begun."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def _begin(
        self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
    ) -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                with contextlib.suppress(
                    ConnectionError, asyncio.IncompleteReadError, ssl.SSLError
                ):
                    await serve(reader, writer)
            except asyncio.CancelledError:
                pass
            finally:
                self._tasks.discard(task)
                writer.close()
                with contextlib.suppress(Exception):
                    await writer.wait_closed()

        self._server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class HttpFiles(_Server):
    """`async with HttpFiles() as files`: `files.says[path]` is what a request is answered."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.says: dict[str, list[Says]] = {}
        """Answers by path, one after the other; the last one stays."""
        self.otherwise = Says(404)
        self.asked: list[Asked] = []
        self.arrived = asyncio.Event()
        """The first request is there."""

    async def __aenter__(self) -> HttpFiles:
        await self._begin(self._serve)
        return self

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def put(self, path: str, body: bytes) -> str:
        """Offer a file; returns its URL."""
        self.says[path] = [Says(200, body)]
        return self.url + path

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        verb, path, _ = first.split(" ")
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append(Asked(verb, path, headers, body))
        self.arrived.set()
        script = self.says.get(path.partition("?")[0], [self.otherwise])
        says = script.pop(0) if len(script) > 1 else script[0]
        length = len(says.body) if says.length is None else says.length
        sent = {"Connection": "close", **says.headers}
        sent |= (
            {"Transfer-Encoding": "chunked"} if says.chunked else {"Content-Length": str(length)}
        )
        lines = [f"HTTP/1.1 {says.status} Word", *(f"{name}: {sent[name]}" for name in sent)]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if says.chunked:
            writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(says.body), says.body))
        else:
            writer.write(says.body)
        await writer.drain()
        if says.stalls:
            await asyncio.Event().wait()


class FtpFiles(_Server):
    """An FTP server with one user and a flat folder (RFC 959, EPSV of RFC 2428)."""

    def __init__(self, user: str = "", password: str = "") -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.refuses: dict[str, str] = {}
        """Commands that are answered with this line instead of being done."""
        self.breaks_off = False
        """A file's connection ends half way, and 426 says so."""
        self.commands: list[str] = []
        self._login = (user, password)

    async def __aenter__(self) -> FtpFiles:
        await self._begin(self._serve)
        return self

    @property
    def url(self) -> str:
        user, password = self._login
        return f"ftp://{f'{user}:{password}@' if user else ''}127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        say("220 here")
        user, ways = "", Ways()
        try:
            while line := (await reader.readline()).decode().strip():
                self.commands.append(line)
                command, _, rest = line.partition(" ")
                command = command.upper()
                if command in self.refuses:
                    say(self.refuses[command])
                elif command == "USER":
                    user = rest
                    say("331 and the password")
                elif command == "PASS":
                    right = not self._login[0] or (user, rest) == self._login
                    say("230 in" if right else "530 no")
                elif command == "TYPE":
                    say("200 so be it")
                elif command == "SIZE":
                    known = rest in self.files
                    say(f"213 {len(self.files[rest])}" if known else "550 no such file")
                elif command in ("PASV", "EPSV"):
                    port = await ways.open()
                    high, low = divmod(port, 256)
                    say(
                        f"227 Entering Passive Mode (127,0,0,1,{high},{low})"
                        if command == "PASV"
                        else f"229 Entering Extended Passive Mode (|||{port}|)"
                    )
                elif command == "RETR" and rest not in self.files:
                    say("550 no such file")
                elif command == "RETR":
                    say("150 here it comes")
                    content = self.files[rest]
                    await ways.send(content[: len(content) // 2] if self.breaks_off else content)
                    say("426 broken off" if self.breaks_off else "226 that is all")
                elif command == "STOR":
                    say("150 go on")
                    self.files[rest] = await ways.receive()
                    say("226 thank you")
                elif command == "QUIT":
                    say("221 bye")
                    break
                else:
                    say("502 not known")
                await writer.drain()
        finally:
            await ways.close()


class Ways:
    """The second connection of FTP, on which a file goes."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._come: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]

    async def open(self) -> int:
        self._come = come = asyncio.Queue()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.append(writer)
            await come.put((reader, writer))

        await self.close()
        self._server = await asyncio.start_server(connected, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def send(self, content: bytes) -> None:
        _, writer = await self._come.get()
        writer.write(content)
        await writer.drain()
        await self.close()

    async def receive(self) -> bytes:
        reader, _ = await self._come.get()
        content = await reader.read()
        await self.close()
        return content

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
