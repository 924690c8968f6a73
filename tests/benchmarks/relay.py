"""What the relay of `chargeforge bedside` adds to the way of a frame, at 200 frames a second.

The relay is a process of its own, once without a screen and once with the dashboard on a terminal,
and it looks at, draws and records what passes. Each frame says when it was sent, and its other end
says when it came; the same is measured without the relay. Both ends are in this process, so what
they cost themselves is in both.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from websockets.frames import Frame, Opcode

from tests.benchmarks.codec import meter_values
from tests.benchmarks.measure import ROOT, Row, Size
from tests.network import free_port

RATE = 200
GOAL_MS = 5.0
REQUEST = (
    b"GET /CP01 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
)
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
)


def measure(size: Size) -> list[Row]:
    """The rows of the relay."""
    count = size.of(6_000, 60)
    direct = asyncio.run(_direct(count))
    rows = []
    for screen in (False, True):
        through = asyncio.run(_through(count, screen))
        where = "dashboard on a terminal" if screen else "no screen"
        for share, goal in ((0.5, None), (0.99, GOAL_MS)):
            added = _at(through, share) - _at(direct, share)
            rows.append(
                Row(
                    f"relay.{'screen' if screen else 'plain'}.p{share * 100:.0f}",
                    f"latency that the relay adds at {RATE} frames/s, p{share * 100:.0f}, {where}",
                    "ms",
                    max(0.0, added * 1000),
                    goal=goal,
                    goal_is_ratio=False,
                    note=f"worst {(max(through) - max(direct)) * 1000:.1f} ms" if goal else "",
                )
            )
    return rows


async def _direct(count: int) -> list[float]:
    async with _csms() as (port, arrivals):
        return await _send(port, arrivals, count)


async def _through(count: int, screen: bool) -> list[float]:
    listen = free_port()
    async with _csms() as (port, arrivals):
        with _relay(listen, port, screen):
            return await _send(listen, arrivals, count)


async def _send(port: int, arrivals: list[float], count: int) -> list[float]:
    """Send frames at the rate; how long each was on its way, in seconds."""
    reader, writer = await _opened(port)
    writer.write(REQUEST)
    await reader.readuntil(b"\r\n\r\n")
    sent = []
    begin = time.perf_counter()
    for number in range(count):
        text = json.dumps([2, str(number), "MeterValues", meter_values()], separators=(",", ":"))
        data = Frame(Opcode.TEXT, text.encode()).serialize(mask=True)
        due = begin + number / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        sent.append(time.perf_counter())
        writer.write(data)
    for _ in range(1_000):
        if len(arrivals) == count:
            break
        await asyncio.sleep(0.01)
    writer.close()
    return [came - went for went, came in zip(sent, arrivals, strict=True)]


async def _opened(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to a process that is about to listen."""
    for _ in range(200):
        with contextlib.suppress(ConnectionRefusedError):
            return await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.1)
    raise TimeoutError("the relay does not listen")


@asynccontextmanager
async def _csms() -> AsyncIterator[tuple[int, list[float]]]:
    """A CSMS that notes when each frame has come whole, and answers it."""
    arrivals: list[float] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SWITCHED)
        ends = (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError)
        with contextlib.suppress(*ends):
            while True:
                head = await reader.readexactly(4)
                length = int.from_bytes(head[2:], "big")
                await reader.readexactly(4 + length)
                answer = json.dumps([3, str(len(arrivals)), {}]).encode()
                arrivals.append(time.perf_counter())
                writer.write(Frame(Opcode.TEXT, answer).serialize(mask=False))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], arrivals


@contextmanager
def _relay(listen: int, port: int, screen: bool) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            sys.executable,
            "-m",
            "tui" if screen else "sim_core.bedside",
            *(["bedside"] if screen else []),
            f"--listen=127.0.0.1:{listen}",
            f"--csms-url=ws://127.0.0.1:{port}",
            f"--state-dir={folder}",
            "--http-port=0",
        ]
        master, slave = pty.openpty()
        where = slave if screen else subprocess.DEVNULL
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
        process = subprocess.Popen(
            arguments, cwd=ROOT, env=environment, stdin=where, stdout=where, stderr=where
        )
        os.close(slave)
        threading.Thread(target=_read_away, args=(master,), daemon=True).start()
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def _read_away(master: int) -> None:
    """What a terminal does that somebody looks at."""
    with contextlib.suppress(OSError):
        while os.read(master, 65_536):
            pass
    os.close(master)


def _at(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
