"""Answers on the quick way and on the ordinary one: the calls end alike, and in the same order."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import pytest
from ocpp.v16 import call_result
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from sim_core.ocpp16.dialect import OCPP_16
from sim_core.runtime.clock import ManualClock, SystemClock
from sim_core.wire.answers import Answer, NoAnswer, Result
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.fast_connection import AT_ONCE, FastConnection
from sim_core.wire.message_log import ExchangeState, MessageLog
from sim_core.wire.routes import Reply, Route

Say = Callable[[str], Iterable[Any]]
"""What the peer sends when it has got the request with this message id."""
NOW = {"currentTime": "2026-01-01T12:00:00Z"}


class Talk:
    """An endpoint on a line, and what has happened on it."""

    def __init__(self, endpoint: Endpoint, line: FastConnection, log: MessageLog) -> None:
        self.endpoint, self.line, self.log = endpoint, line, log
        self.taken: list[bool] = []
        """Of each message that was offered, whether it went the quick way."""
        self.order: list[str] = []

    async def heartbeat(self) -> Answer:
        answer = await self.endpoint.call("Heartbeat", {})
        self.order.append("answer")
        return answer


@contextlib.asynccontextmanager
async def talk(say: Say, clock: SystemClock | ManualClock | None = None) -> AsyncIterator[Talk]:
    async def peer(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in connection:
                kind, message_id, *_ = json.loads(frame)
                for message in say(message_id) if kind == 2 else ():
                    await connection.send(message)

    async with serve(peer, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect(
            f"ws://127.0.0.1:{port}", create_connection=FastConnection, proxy=None
        ) as line:
            log = MessageLog()

            def asked(**_: object) -> Reply:
                talking.order.append("request")
                return Reply(call_result.ClearCache("Accepted"))

            endpoint = Endpoint(
                line,
                {"ClearCache": Route(asked)},
                OCPP_16,
                clock=clock or SystemClock(),
                log=log,
                call_timeout_s=30.0,
            )
            talking = Talk(endpoint, line, log)

            def take(text: str) -> bool:
                talking.taken.append(endpoint.take(text))
                return talking.taken[-1]

            line.take = take
            serving = asyncio.ensure_future(endpoint.serve())
            yield talking
            await line.close()
            await asyncio.gather(serving, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(5000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("waited in vain")


def result(message_id: str) -> str:
    return json.dumps([3, message_id, NOW], separators=(",", ":"))


async def test_websockets_still_shows_each_frame_to_the_connection_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The private part of `websockets` that the quick way stands on: fails first when it changes.
    shown: list[Event] = []
    original = ClientConnection.process_event

    def spy(self: ClientConnection, event: Event) -> None:
        shown.append(event)
        original(self, event)

    monkeypatch.setattr(ClientConnection, "process_event", spy)
    async with talk(lambda mid: [[result(mid)[:9], result(mid)[9:]]]) as talking:
        assert await talking.heartbeat() == Result(NOW)
        answer = [one for one in shown if isinstance(one, Frame)]
        assert [(one.opcode, one.fin) for one in answer] == [
            (Opcode.TEXT, False),
            (Opcode.CONT, False),
            (Opcode.CONT, True),
        ]
        assert json.loads(b"".join(bytes(one.data) for one in answer))[2] == NOW
        assert not talking.line._queued  # all that was shown was read by `recv`, and only that


@pytest.mark.parametrize(
    ("say", "taken"),
    [
        (lambda mid: [result(mid)], [True]),
        (lambda mid: [json.dumps([3, mid, NOW], indent=1)], [False]),
        (lambda mid: [result(mid).encode()], []),
        (lambda mid: [[result(mid)[:9], result(mid)[9:]]], []),
        (lambda mid: ['[3,["?"],{}]', result(mid)], [False]),
        (lambda mid: ["[3,", "[3,1", "[3,1,2,3]", result(mid)], [False]),
    ],
    ids=["plain", "spread out", "binary", "fragments", "an id that is a list", "no JSON before it"],
)
async def test_an_answer_in_every_shape(say: Say, taken: list[bool]) -> None:
    async with talk(say) as talking:
        assert await talking.heartbeat() == Result(NOW)
        assert talking.taken[: len(taken)] == taken
        heartbeat = next(one for one in talking.log.since(0)[1] if one.action == "Heartbeat")
        assert heartbeat.state is ExchangeState.ANSWERED


async def test_nothing_overtakes_a_request_that_came_before_the_answer() -> None:
    request = '[2,"theirs","ClearCache",{}]'
    async with talk(lambda mid: [request, result(mid)]) as talking:
        await talking.heartbeat()
        assert talking.order == ["request", "answer"]
    async with talk(lambda mid: [result(mid), request]) as talking:
        await talking.heartbeat()
        await until(lambda: len(talking.order) == 2)
        assert talking.order == ["answer", "request"]


async def test_a_second_answer_is_noise_and_ends_nothing() -> None:
    async with talk(lambda mid: [result(mid), result(mid)]) as talking:
        assert await talking.heartbeat() == Result(NOW)
        assert await talking.heartbeat() == Result(NOW)


async def test_what_an_answer_has_against_its_schema_is_told_and_it_is_read() -> None:
    async with talk(lambda mid: [f'[3,"{mid}",{{"currentTime":1}}]']) as talking:
        answer = await talking.heartbeat()
        assert isinstance(answer, Result)
        assert answer.payload == {"currentTime": 1}
        assert "currentTime" in answer.fault
        exchange = talking.log.since(0)[1][0]
        assert exchange.state is ExchangeState.ANSWERED
        assert "currentTime" in exchange.trouble


async def test_each_call_has_its_own_time_though_there_is_one_timer() -> None:
    clock = ManualClock()
    async with talk(lambda mid: [], clock) as talking:
        first = asyncio.ensure_future(talking.endpoint.call("Heartbeat", {}))
        await clock.advance(20.0)
        second = asyncio.ensure_future(talking.endpoint.call("Heartbeat", {}))
        await clock.advance(9.9)
        assert not first.done()
        await clock.advance(0.1)
        assert first.result() == NoAnswer("no answer within 30 s", link_lost=False)
        await clock.advance(19.9)
        assert not second.done()
        await clock.advance(0.1)
        assert isinstance(second.result(), NoAnswer)
        third = asyncio.ensure_future(talking.endpoint.call("Heartbeat", {}))
        await clock.advance(30.0)
        assert isinstance(third.result(), NoAnswer)


async def test_a_silent_line_takes_answers_to_nobody() -> None:
    clock = ManualClock()
    async with talk(lambda mid: [result(mid)], clock) as talking:
        waiting = asyncio.ensure_future(talking.endpoint.call("Heartbeat", {}))
        await asyncio.sleep(0)
        talking.endpoint.silent = True
        await until(lambda: bool(talking.taken))
        assert talking.taken == [True]
        assert not waiting.done()
        await clock.advance(30.0)
        assert isinstance(waiting.result(), NoAnswer)


async def test_a_frame_that_comes_alone_is_not_parsed_and_one_in_pieces_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[Event] = []
    original = FastConnection.process_event

    def spy(self: FastConnection, event: Event) -> None:
        if isinstance(event, Frame):
            parsed.append(event)
        original(self, event)

    monkeypatch.setattr(FastConnection, "process_event", spy)
    async with talk(lambda mid: [result(mid)]) as talking:
        assert await talking.heartbeat() == Result(NOW)
        assert parsed == []
        assert talking.taken == [True]
        # The same answer as a slow network brings it: in two reads.
        received = talking.line.data_received

        def in_pieces(data: bytes) -> None:
            for piece in (data[:5], data[5:]):
                received(piece)

        monkeypatch.setattr(talking.line, "data_received", in_pieces)
        assert await talking.heartbeat() == Result(NOW)
        assert len(parsed) == 1
        assert talking.taken == [True, True]
        monkeypatch.setattr(talking.line, "data_received", received)
        assert await talking.heartbeat() == Result(NOW)
        assert len(parsed) == 1, "where the frame ended was known again"


async def test_what_need_not_wait_leaves_at_once_and_nothing_else() -> None:
    async with talk(lambda mid: [result(mid)]) as talking:
        line = talking.line
        assert not line.send_at_once("x" * (AT_ONCE + 1)), "it might have to wait"
        talking.endpoint.send_at_once(line.send_at_once)
        assert await talking.heartbeat() == Result(NOW)
        await line.close()
        assert not line.send_at_once("[2]"), "the connection is closed"


async def test_behind_what_waits_in_the_socket_nothing_leaves_at_once() -> None:
    async def deaf(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    async with serve(deaf, "127.0.0.1", 0, compression=None, close_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        line = await connect(
            f"ws://127.0.0.1:{port}",
            create_connection=FastConnection,
            proxy=None,
            close_timeout=0.1,
        )
        assert isinstance(line, FastConnection)
        sent = 0
        while line.send_at_once("x" * AT_ONCE):
            sent += 1
            assert sent < 100_000, "a socket takes all of it, though nobody reads"
        assert line.transport.get_write_buffer_size()
        line.transport.abort()


async def test_a_text_that_is_no_utf_8_closes_the_connection_as_ever() -> None:
    async with talk(lambda mid: []) as talking:
        line = talking.line
        line.data_received(b"\x81\x02\xff\xff")
        await line.wait_closed()
        close = line.protocol.close_sent
        assert close is not None
        assert close.code == 1007
        assert talking.taken == []
