"""Processes that die, a terminal that goes, a day in a minute: what passes is what was sent.

The charger, the CSMS and the relay are processes of their own; between them stand taps that keep
every byte, so that what one side has sent can be held against what the other has got.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from sim_core.bedside.host import Bedside
from sim_core.csms import Csms
from tests.bedside.test_bedside import bedside, csms, is_open, until
from tests.network import free_port
from tests.patience import PATIENCE_S
from tests.tui.pty_terminal import PtyTerminal

ROOT = Path(__file__).parent.parent.parent
END_OF_HEAD = b"\r\n\r\n"


@dataclass
class Stream:
    """One connection's bytes, each way."""

    up: bytearray = field(default_factory=bytearray)
    down: bytearray = field(default_factory=bytearray)

    def frames(self) -> tuple[bytes, bytes]:
        """Without the heads, which name another address."""
        return (
            bytes(self.up).partition(END_OF_HEAD)[2],
            bytes(self.down).partition(END_OF_HEAD)[2],
        )


class Tap:
    """Lets through to a port, and keeps every byte of each connection."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.streams: list[Stream] = []
        self._target = target
        self._writers: list[asyncio.StreamWriter] = []

    async def _let_through(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        stream = Stream()
        self.streams.append(stream)
        try:
            other_reader, other = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers += [writer, other]
        await asyncio.gather(
            _copy(reader, other, stream.up), _copy(other_reader, writer, stream.down)
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Tap]:
        server = await asyncio.start_server(self._let_through, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(0.05)


async def _copy(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray
) -> None:
    try:
        while data := await reader.read(65_536):
            kept += data
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except (ConnectionError, RuntimeError):
        writer.transport.abort()


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A module of ours as a process; killed at the end."""
    started = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "HTTP_PORT": "0", "STATE_DIR": ":memory:", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def metal(port: int, *more: str) -> list[str]:
    """The twin as a charger: with all its habits."""
    url = f"ws://127.0.0.1:{port}/ocpp"
    return ["-m", "sim_core", f"--csms-url={url}", "--cpid=METAL", "--quirks=all", *more]


async def test_a_charger_and_its_csms_have_the_same_bytes_with_the_relay_between() -> None:
    async with Csms() as behind, Tap(behind.port or 0).open() as after:
        url = f"--csms-url=ws://127.0.0.1:{after.port}/ocpp"
        async with bedside(url) as made, Tap(port_of(made)).open() as before:
            scaled = ("--time-scale=20", "--timing=real", "--seed=1")
            with process(*metal(before.port, *scaled)) as twin:
                await behind.until(lambda _: "METAL" in behind.connected, timeout_s=PATIENCE_S)
                await until(lambda: made.hosts[0].messages.count > 4, 30)
                for action in ("GetConfiguration", "ClearCache"):
                    await behind.call("METAL", action, {})
                await behind.trigger("METAL", "StatusNotification", 1)
                twin.send_signal(signal.SIGTERM)
                await asyncio.to_thread(twin.wait, 30)
            await until(lambda: made.hosts[0].charger.snapshot.link.trouble)
            (first,), (second,) = before.streams, after.streams
            assert first.frames() == second.frames()
            assert made.hosts[0].messages.count > 7
            assert len(first.frames()[0]) > 500


def port_of(made: Bedside) -> int:
    """Where a relay listens."""
    return int(made.address.rpartition(":")[2])


NUMBERED = """
import asyncio, json, sys
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
async def main():
    async with connect(sys.argv[1], subprotocols=["ocpp1.6"], compression=None) as link:
        number = 0
        while True:
            number += 1
            await link.send(json.dumps([2, f"{sys.argv[2]}-{number}", "Heartbeat", {}]))
            if number % 20 == 0:
                await asyncio.sleep(0)
asyncio.run(main())
"""


@pytest.mark.parametrize("turn", range(3))
async def test_what_a_charger_sent_before_it_was_killed_has_no_gap_and_no_double(turn: int) -> None:
    async with csms() as behind, bedside(f"--csms-url=ws://127.0.0.1:{behind.port}") as made:
        url = f"{made.address}/CP01"
        with process("-c", NUMBERED, url, str(turn)) as charger:
            await until(lambda: len(behind.heard) > 300 + 200 * turn, 30)
            os.kill(charger.pid, signal.SIGKILL)
            await asyncio.to_thread(charger.wait, 10)
        await until(lambda: behind.links[0].state.value != 1, 10)
        ids = [json.loads(text)[1] for text in behind.heard]
        assert ids == [f"{turn}-{number}" for number in range(1, len(ids) + 1)]
        host = made.hosts[0]
        await until(lambda: host.charger.snapshot.link.trouble)
        trouble = host.charger.snapshot.link.trouble
        assert trouble in (
            "the charger ended the connection without a close frame",
            "the charger cut the connection off",
        )


async def test_a_csms_that_is_killed_is_gone_for_the_charger_at_once() -> None:
    port = free_port()
    async with bedside(f"--csms-url=ws://127.0.0.1:{port}/ocpp") as made:
        serving = ("-m", "sim_core.csms", f"--port={port}", "--http-port=0", "--host=127.0.0.1")
        listen = port_of(made)
        with process(*metal(listen, "--reconnect-max-sec=1")):
            for _ in range(2):  # the charger comes back when the CSMS does
                with process(*serving) as server:
                    await is_open(made, "METAL")
                    os.kill(server.pid, signal.SIGKILL)
                    await asyncio.to_thread(server.wait, 10)
                host = made.hosts[0].charger
                await until(lambda: made.hosts[0].charger.passage == 0)
                assert "the CSMS" in host.snapshot.link.trouble


FRAMES_OF_A_DAY = 8_640


async def _read_all(link: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await link.recv()


async def test_a_day_of_frames_loses_none_and_doubles_none() -> None:
    """A frame for each ten seconds of a day, over connections that end in every way there is."""
    generator = random.Random(4711)
    sent = 0
    async with csms() as behind, bedside(f"--csms-url=ws://127.0.0.1:{behind.port}") as made:
        expected: list[str] = []
        while sent < FRAMES_OF_A_DAY:
            link = await connect(f"{made.address}/CP01", subprotocols=["ocpp1.6"])
            answers = asyncio.create_task(_read_all(link))
            count = min(generator.randint(1, 300), FRAMES_OF_A_DAY - sent)
            for _ in range(count):
                sent += 1
                text = f'[2,"{sent}","Heartbeat",{{}}]'
                expected.append(text)
                await link.send(text)
            await until(lambda: len(behind.heard) == sent)  # noqa: B023
            if generator.random() < 0.5:
                await link.close()
            elif generator.random() < 0.5:
                link.transport.abort()
            else:
                behind.links[-1].transport.abort()
                await link.wait_closed()
            await answers
            await until(lambda: made.hosts[0].charger.passage == 0)
        assert behind.heard == expected
        assert made.hosts[0].messages.count == FRAMES_OF_A_DAY


def test_a_relay_outlives_its_terminal(tmp_path: Path) -> None:
    asyncio.run(_outlives(tmp_path))


async def _outlives(folder: Path) -> None:
    listen = free_port()
    async with csms() as behind:
        arguments = ("bedside", f"--listen={listen}", f"--csms-url=ws://127.0.0.1:{behind.port}")
        terminal = PtyTerminal("-m", "tui", *arguments, STATE_DIR=str(folder))
        await asyncio.to_thread(terminal.until, lambda: "may dial" in terminal.text)
        async with connect(f"ws://127.0.0.1:{listen}/CP01", subprotocols=["ocpp1.6"]) as link:
            await link.send('[2,"1","Heartbeat",{}]')
            await link.recv()
            for number in range(40, 140):  # nobody reads the terminal, which is full at once
                status = "Charging" if number % 2 else "Available"
                payload = {"connectorId": 1, "status": status, "errorCode": "NoError"}
                await link.send(json.dumps([2, str(number), "StatusNotification", payload]))
                await asyncio.wait_for(link.recv(), PATIENCE_S)
                await asyncio.sleep(0.02)
            terminal.hang_up()
            for number in range(2, 40):
                await link.send(f'[2,"{number}","Heartbeat",{{}}]')
                await link.recv()
                await asyncio.sleep(0.03)
            assert len(behind.heard) == 139
        os.kill(terminal.pid, signal.SIGTERM)
        _, status = await asyncio.to_thread(os.waitpid, terminal.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
    (kept,) = (folder / "recordings" / "CP01").glob("*.jsonl")
    assert len(kept.read_text().splitlines()) == 1 + 2 * 139
