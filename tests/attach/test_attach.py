"""A dashboard's host over the sidecar: real sockets, several at once, cut and restarted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from sim_core.attach.host import RemoteHost
from sim_core.attach.options import AttachSettings, addresses_in
from sim_core.commands import Accepted, AddRule, Plug, Refused, Send, Start, Unplug
from sim_core.errors import UserError
from sim_core.http_door.server import listen
from sim_core.settings.destination import Destination
from sim_core.sidecar.server import serve
from sim_core.wire.message_log import Direction
from tests.attach.thin_link import thin_link
from tests.harness import Harness, settings
from tests.patience import PATIENCE_S
from tests.sidecar.beside import Beside, beside
from tests.sidecar.test_destination_route import BEFORE, PASSWORD, Where

KEY: dict[str, Any] = {"http_api_key": SecretStr("s3crét")}


@asynccontextmanager
async def attached(port: int, wait: bool = True, **options: Any) -> AsyncIterator[RemoteHost]:
    host = RemoteHost(f"http://127.0.0.1:{port}", AttachSettings(**options))
    host.start()
    try:
        if wait:
            await soon(lambda: host.snapshot is not None)
        yield host
    finally:
        await asyncio.to_thread(host.stop, PATIENCE_S)


async def soon(holds: Callable[[], object]) -> None:
    """Return once it holds, in real time."""

    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_S
    while not holds():
        assert loop.time() < deadline, "it does not come true"
        await asyncio.sleep(0.01)  # another thread makes it so


async def agrees(host: RemoteHost, here: Beside) -> None:
    """Return once the host has the picture and the messages of the charge point."""
    station = here.harness.station
    await soon(
        lambda: (
            host.snapshot == station.snapshot
            and host.messages.since(0)[1] == station.messages.since(0)[1]
        )
    )


async def test_it_has_the_picture_the_messages_and_the_events() -> None:
    async with beside() as here, attached(here.port) as host:
        await agrees(host, here)
        await here.harness.submit(Plug(1))
        await here.harness.submit(Start(1, "TAG"))
        await here.harness.advance(90)
        await agrees(host, here)
        assert abs(host.now() - here.harness.station.now()) < timedelta(seconds=1)
        told = [event.text for event in host.events.since(0)[1]]
        assert told == [event.text for event in here.harness.events.since(0)[1]]


async def test_commands_go_out_and_their_outcome_comes_back() -> None:
    async with beside() as here, attached(here.port) as host:

        async def ask(command: Any) -> Any:
            return await asyncio.wrap_future(host.submit(command))

        assert await ask(Plug(1, "City 40")) == Accepted()
        refused = await here.harness.submit(Plug(1))
        assert await ask(Plug(1)) == refused
        asked = asyncio.ensure_future(ask(Send("Heartbeat", "{}")))
        outcome = await asked
        assert outcome.ok
        assert "currentTime" in outcome.answer
        wrong = await ask(Send("Heartbeat", '{"x": 1}'))
        assert isinstance(wrong, Refused)
        assert wrong.may_insist
        assert await ask(AddRule("Reset", "refuse")) == Accepted("rule 1")
        await soon(lambda: bool(host.snapshot and host.snapshot.rules))


async def test_another_csms_is_dialled_from_afar_and_only_what_is_changed_is_said() -> None:
    where = Where()
    async with beside(where=lambda: where, **KEY) as here:
        async with attached(here.port) as looks:
            found = await asyncio.wrap_future(looks.look_up())
            assert found == BEFORE.without_secrets
            refused = await asyncio.wrap_future(looks.connect_to(found))
            assert isinstance(refused, Refused)
            assert "--http-api-key" in refused.reason
        async with attached(here.port, **KEY) as host:
            found = await asyncio.wrap_future(host.look_up())
            assert isinstance(found, Destination)

            async def connect(**changed: Any) -> Any:
                return await asyncio.wrap_future(host.connect_to(replace(found, **changed)))

            assert await connect(security_profile=1, password=PASSWORD) == Accepted()
            assert where.asked[-1] == replace(BEFORE, security_profile=1, password=PASSWORD)
            assert "the URL has to be" in (await connect(url="ftp://x")).reason
            asked = len(where.asked)
            assert (await connect(charge_point_id="OTHER")).reason == host.keeps_id
            assert len(where.asked) == asked


async def test_one_that_cannot_be_told_where_to_dial_says_so() -> None:
    async with beside() as here, attached(here.port) as host:
        found = await asyncio.wrap_future(host.look_up())
        assert isinstance(found, Destination)
        assert not (await asyncio.wrap_future(host.connect_to(found))).ok


async def test_several_look_at_once_and_none_stops_it() -> None:
    async with beside() as here:
        await here.harness.submit(Plug(1))
        await here.harness.submit(Start(1, "TAG"))
        async with attached(here.port) as one, attached(here.port) as other:
            await agrees(one, here)
            await agrees(other, here)
        for _ in range(10):  # cut in the middle of whatever they do
            host = RemoteHost(f"http://127.0.0.1:{here.port}", AttachSettings())
            host.start()
            await asyncio.sleep(0.02)
            assert await asyncio.to_thread(host.stop, PATIENCE_S)
        transaction = here.harness.connector(1).transaction
        assert transaction is not None
        await here.harness.advance(60)
        assert here.harness.connector(1).transaction is not None


async def test_a_wrong_key_is_refused_with_a_sentence() -> None:
    async with beside(**KEY) as here:
        wrong = AttachSettings(http_api_key=SecretStr("wrong"))
        host = RemoteHost(f"http://127.0.0.1:{here.port}", wrong)
        host.start()
        await soon(lambda: bool(host.failure))
        assert host.exit_code == 2
        assert "the key is wrong" in host.failure
        assert "wrong" not in host.failure.replace("the key is wrong", "")


async def test_without_the_key_it_only_looks_and_with_it_it_acts() -> None:
    async with beside(**KEY) as here:
        async with attached(here.port) as host:
            outcome = await asyncio.wrap_future(host.submit(Plug(1)))
            assert isinstance(outcome, Refused)
            assert "--http-api-key" in outcome.reason
        async with attached(here.port, **KEY) as host:
            assert await asyncio.wrap_future(host.submit(Plug(1))) == Accepted()


async def test_it_comes_back_by_itself_and_says_so() -> None:
    async with Harness() as harness:
        listener = listen("127.0.0.1", 0)
        port = listener.getsockname()[1]
        stop = await serve(settings(), harness.station, listener)
        async with attached(port) as host:
            await soon(lambda: host.messages.count == harness.messages.count)
            kept = host.messages
            await stop()
            await soon(lambda: "again in" in host.failure)
            assert f"http://127.0.0.1:{port}" in host.failure
            outcome = await asyncio.wrap_future(host.submit(Plug(1)))
            assert isinstance(outcome, Refused)
            await harness.submit(Plug(1))
            stop = await serve(settings(), harness.station, listen("127.0.0.1", port))
            try:
                host.start()  # dials at once
                await soon(lambda: not host.failure)
                await soon(lambda: host.snapshot == harness.station.snapshot)
                assert any("attached again" in event.text for event in host.events.since(0)[1])
                await soon(lambda: host.messages.count == harness.messages.count)
                assert host.messages is not kept, "another sidecar counts anew"
            finally:
                await stop()


async def test_a_stream_that_is_cut_goes_on_where_it_was() -> None:
    async with (
        beside() as here,
        thin_link(here.port, bytes_per_s=1e6, late_s=0) as link,
        attached(link.port) as host,
    ):
        await agrees(host, here)
        kept, known = host.messages, host.messages.revision
        for _ in range(3):
            link.cut()
            await here.harness.submit(Plug(1))
            await here.harness.submit(Unplug(1))
            await soon(lambda: bool(host.failure))
            host.start()
            await agrees(host, here)
        assert host.messages is kept
        assert host.messages.revision - known < 40, "nothing is told twice"


async def test_over_a_thin_link_it_is_of_use() -> None:
    """20 KiB/s and 300 ms: the first picture within seconds, then figures that are a second old."""
    async with beside() as here, thin_link(here.port) as link, attached(link.port) as host:
        await agrees(host, here)
        begun = link.passed
        assert begun < 20 * 1024, "a second of the link"
        await asyncio.wrap_future(host.submit(Plug(1)))
        await here.harness.submit(Start(1, "TAG"))
        await agrees(host, here)
        begun = link.passed
        for _ in range(20):
            await here.harness.advance(1)
            await agrees(host, here)
        assert link.passed - begun < 20 * 2 * 1024, "a tenth of the link, for 20 s of charging"


async def test_of_a_long_log_its_end_comes_in_parts() -> None:
    async with beside() as here:
        log = here.harness.messages
        for number in range(700):
            frame = f'[2,"m{number}","Heartbeat",{{}}]'
            log.open(Direction.SENT, "Heartbeat", f"m{number}", frame, here.harness.clock.now())
        async with attached(here.port) as host:
            await soon(lambda: host.messages.count == log.count)
            assert host.messages.since(0)[1] == log.since(0)[1][-300:]


async def test_what_is_no_sidecar_is_said() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, attached(port, wait=False) as host:
        await soon(lambda: bool(host.failure))
        assert host.exit_code == 2
        assert "no charge point to attach to" in host.failure


@pytest.mark.parametrize(
    "said",
    [
        b"data: {}\n\n",
        b"data: nonsense\n\n",
        b"data: []\n\n",
        b'data: {"now": "2026-01-01T00:00:00+00:00", "life": "a", "wants_key": 0, "commands": 1, '
        b'"picture": {"charge_point_id": 5}}\n\n',
        b'data: {"now": "2026-01-01T00:00:00Z", "patch": [{"op": "remove", "path": "/x"}]}\n\n',
        b'data: {"now": 7}\n\n',
        b'data: {"now": "2026-01-01T00:00:00+00:00", "exchanges": [{"number": "x"}]}\n\n',
        b"",
    ],
)
async def test_a_stranger_that_talks_nonsense_is_a_sentence(said: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, attached(port, wait=False) as host:
        await soon(lambda: "again in" in host.failure)
        assert host.exit_code == 0
        assert host.snapshot is None


@pytest.mark.parametrize(
    ("words", "urls", "rest"),
    [
        ([], ["http://127.0.0.1:7071"], []),
        (["box"], ["http://box:7071"], []),
        (["http://box:8000/", "--theme", "x"], ["http://box:8000"], ["--theme", "x"]),
        (["--fps", "2", "http://box"], ["http://box:7071"], ["--fps", "2"]),
        (["https://box/cp"], ["https://box/cp"], []),
        (["[::1]:7071", "box"], ["http://[::1]:7071", "http://box:7071"], []),
    ],
)
def test_addresses_are_found_among_the_words(
    words: list[str], urls: list[str], rest: list[str]
) -> None:
    assert addresses_in(words) == (urls, rest)


@pytest.mark.parametrize("word", ["ftp://box", "http://", "http://u:p4ss@box", "box:x", "a b"])
def test_what_is_no_address_is_a_sentence(word: str) -> None:
    with pytest.raises(UserError, match="is no address of a charge point") as raised:
        addresses_in([word])
    assert "p4ss" not in str(raised.value)
