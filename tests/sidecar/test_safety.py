"""Strangers, foreign web pages, and clients that stall, flood or never finish."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from sim_core.commands import ACTIONS, Plug
from sim_core.http_door import server
from sim_core.http_door.guard import LARGEST_BODY, LONGEST_QUERY
from sim_core.http_door.server import is_loopback, listen
from sim_core.sidecar import event_stream
from sim_core.sidecar import server_sent_events as streams
from sim_core.sidecar.read_routes import READ_ROUTES
from sim_core.sidecar.server import companion, serve, why_closed
from tests.harness import Harness, settings
from tests.patience import PATIENCE_S, PROMPT_S
from tests.scripted_csms import Hold
from tests.sidecar.beside import beside, client, in_process

KEY: dict[str, Any] = {"http_api_key": SecretStr("s3crét")}
RIGHT = {"X-API-Key": "s3crét".encode()}

# -- the key ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
@pytest.mark.parametrize("key", [None, b"", b"wrong", b"s3cr\xe9t", b"S3CR\xc3\x89T"])
async def test_what_changes_something_wants_the_key(action: Any, key: bytes | None) -> None:
    headers = {} if key is None else {"X-API-Key": key}
    async with Harness() as harness, in_process(harness, **KEY) as http:
        before = harness.station.snapshot
        answer = await http.post(action.path.format(cid=1), headers=headers)
        assert answer.status_code == 401
        assert answer.json() == {"detail": "the header X-API-Key is missing or wrong"}
        assert harness.station.snapshot == before


async def test_the_right_key_opens_and_looking_needs_none() -> None:
    async with beside(**KEY) as here:
        assert (await here.http.post("/plug/1", headers=RIGHT)).status_code == 200
        for look in READ_ROUTES:
            if look.media_type != "text/event-stream":
                answer = await here.http.get(look.path)
                assert answer.status_code == 200
                assert "s3cr" not in answer.text


# -- foreign pages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1", 200),
        ("HTTP://127.0.0.1", 200),
        ("http://evil.example", 403),
        ("http://127.0.0.1:8000", 403),
        ("http://127.0.0.1.evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
async def test_a_page_of_another_site_is_refused(origin: str, status: int) -> None:
    async with Harness() as harness, in_process(harness) as http:
        for method, path in (("POST", "/plug/1"), ("GET", "/info")):
            answer = await http.request(method, path, headers={"Origin": origin})
            assert answer.status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:7071", 200),
        ("localhost", 200),
        ("LOCALHOST:80", 200),
        ("[::1]:7071", 200),
        ("192.168.7.20:7071", 200),
        ("charge-point:7071", 200),
        ("host.docker.internal:7071", 200),
        ("chosen.example", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:7071", 403),
        ("localhost.evil.example", 403),
        ("1.2.3.4.5", 403),
        ("", 403),
        (":7071", 403),
        ("\x1b[2J.example", 403),
    ],
)
async def test_a_host_that_anybody_can_register_is_refused(host: str, status: int) -> None:
    async with Harness() as harness, in_process(harness, http_host="chosen.example") as http:
        answer = await http.get("/info", headers={"Host": host})
        assert answer.status_code == status
        assert "\x1b" not in answer.text


async def test_who_has_the_key_may_come_by_any_name() -> None:
    async with Harness() as harness, in_process(harness, **KEY) as http:
        headers = {"Host": "charger.example", **RIGHT}
        assert (await http.get("/info", headers=headers)).status_code == 200


async def test_no_answer_lets_another_site_read_it() -> None:
    async with Harness() as harness, in_process(harness) as http:
        headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
        answer = await http.options("/plug/1", headers=headers)
        assert answer.status_code == 403
        assert not any(name.startswith("access-control") for name in answer.headers)


# -- limits ----------------------------------------------------------------------------------------


async def test_a_query_has_a_limit() -> None:
    async with beside() as here:
        answer = await here.http.post("/plug/1?vehicle=" + "x" * LONGEST_QUERY)
        assert answer.status_code == 414


async def test_a_body_has_a_limit() -> None:
    async with beside() as here:
        answer = await here.http.post("/plug/1", content=b"x" * (LARGEST_BODY + 1))
        assert answer.status_code == 413
        assert (await here.http.post("/plug/1", content=b"x" * 100)).status_code == 200


async def test_a_head_has_a_limit() -> None:
    async with beside() as here:
        answer = await here.http.get("/health", headers={"X-Long": "x" * 100_000})
        assert answer.status_code in (400, 431)
        assert (await here.http.get("/health")).status_code == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"POST /plug/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"POST /plug/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /%00%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /fault/1?info=%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
async def test_what_is_hardly_http_is_no_harm(raw: bytes) -> None:
    async with beside() as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(raw)
        answer = await asyncio.wait_for(reader.read(20), PATIENCE_S)
        assert answer[9:10] in (b"", b"2", b"4"), answer
        writer.close()
        await writer.wait_closed()
        assert (await here.http.get("/health")).status_code == 200


# -- clients that stall ----------------------------------------------------------------------------


async def test_two_hundred_listeners_and_a_hundred_that_never_finish_do_not_hurt() -> None:
    async with beside() as here, contextlib.AsyncExitStack() as stack:
        for number in range(300):
            reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
            stack.callback(writer.close)
            if number % 3:
                writer.write(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            else:
                writer.write(b"GET /health HTTP/1.1\r\nHost: loc")
        assert (await asyncio.wait_for(here.http.get("/health"), PATIENCE_S)).status_code == 200
        assert (await asyncio.wait_for(here.http.post("/plug/1"), PATIENCE_S)).status_code == 200
        assert (await asyncio.wait_for(here.http.get("/metrics"), PATIENCE_S)).status_code == 200
        await asyncio.wait_for(here.harness.submit(Plug(2)), PROMPT_S)


async def test_streams_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_STREAMS", 2)
    async with (
        beside() as here,
        here.http.stream("GET", "/events"),
        here.http.stream("GET", "/events"),
    ):
        answer = await here.http.get("/events")
        assert answer.status_code == 503
        assert answer.json()["detail"].startswith("2 streams are open already")


async def test_who_does_not_read_his_stream_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "STALL_S", 0.1)
    monkeypatch.setattr(streams, "MOST_STREAMS", 1)
    monkeypatch.setattr(server, "REQUEST_WITHIN_S", 0.1)
    async with beside() as here:
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        with deaf:
            deaf.connect(("127.0.0.1", here.port))
            deaf.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while (await here.http.get("/events?limit=0")).status_code != 422:
                pass  # the stream of the deaf one is the only one that may be open
            until = asyncio.get_running_loop().time() + 20
            note = here.harness.station.charge_point.environment.note
            while True:
                assert asyncio.get_running_loop().time() < until, "the deaf one is still there"
                for _ in range(100):
                    note("vehicle", "x" * 5_000)
                async with here.http.stream("GET", "/events") as answer:
                    if answer.status_code == 200:
                        break
                await asyncio.sleep(0.02)  # the buffers of the socket fill in real time


async def test_a_connection_without_a_request_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_WITHIN_S", 0.1)
    async with beside() as here:
        for begun in (b"", b"GET /health HTTP/1.1\r\n", b"GET /health HTTP/1.1\r\nA: "):
            reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
            writer.write(begun)
            assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
            writer.close()
            await writer.wait_closed()


async def test_drops_of_a_request_do_not_keep_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_WITHIN_S", 0.2)
    async with beside() as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)

        async def drip() -> None:
            with contextlib.suppress(ConnectionError):
                for number in range(1_000):
                    writer.write(b"GET /health HTTP/1.1\r\nA: 1\r\n"[number : number + 1] or b"x")
                    await writer.drain()
                    await asyncio.sleep(0.01)  # the time between two drops

        dripping = asyncio.ensure_future(drip())
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
        dripping.cancel()
        writer.close()


async def test_the_longest_waiting_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 5)
    async with beside() as here, contextlib.AsyncExitStack() as stack:
        first, *_ = opened = [
            await asyncio.open_connection("127.0.0.1", here.port) for _ in range(5)
        ]
        for _, writer in opened:
            stack.callback(writer.close)
        async with client(here.port) as http:
            assert (await http.get("/health")).status_code == 200
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(first[0].read(), PATIENCE_S) == b""


# -- where it binds, and its end -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "served"),
    [
        ({}, True),
        ({"http_host": "::1"}, True),
        ({"http_host": "localhost"}, True),
        ({"http_host": "0.0.0.0"}, False),
        ({"http_host": "192.168.1.1"}, False),
        ({"http_host": ""}, False),
        ({"http_host": "example.org"}, False),
        ({"http_host": "0.0.0.0", "http_api_key": SecretStr("k")}, True),
        ({"http_host": "0.0.0.0", "http_open": True}, True),
    ],
)
def test_beyond_loopback_only_with_a_key_or_said_out_loud(
    options: dict[str, Any], served: bool
) -> None:
    assert (why_closed(settings(**options)) is None) is served


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_what_is_loopback(host: str) -> None:
    assert is_loopback(host)


async def test_a_closed_sidecar_says_so_in_one_sentence() -> None:
    async with Harness() as harness:
        stop = await companion(settings(http_host="0.0.0.0"))(harness.station)
        await stop()
        assert harness.station.warnings == (
            "the HTTP sidecar is off: 0.0.0.0 is reachable from outside, so set HTTP_API_KEY, "
            "or HTTP_OPEN=true to do without",
        )


async def test_a_port_in_use_is_a_warning() -> None:
    async with Harness() as harness:
        with listen("127.0.0.1", 0) as taken:
            port = taken.getsockname()[1]
            stop = await companion(settings(http_port=port))(harness.station)
            await stop()
        (sentence,) = harness.station.warnings
        assert sentence.startswith(f"the HTTP sidecar is off: 127.0.0.1:{port} cannot be used (")
        assert sentence.endswith("; choose another HTTP_PORT")
        await harness.submit(Plug(1))
        assert harness.status() == "Preparing"


async def test_it_takes_no_signals() -> None:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    async with beside() as here:
        await here.http.get("/health")
        assert [signal.getsignal(number) for number in numbers] == before
        assert threading.current_thread() is threading.main_thread()


async def test_it_stops_at_once_whoever_is_there(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with Harness() as harness, contextlib.AsyncExitStack() as stack:
        listener = listen("127.0.0.1", 0)
        port = listener.getsockname()[1]
        stop = await serve(settings(), harness.station, listener)
        async with client(port) as http:
            opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
            for number, (reader, writer) in enumerate(opened):
                stack.callback(writer.close)
                if number % 2:
                    writer.write(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    await reader.readline()
            await http.post("/plug/1")
            hold = Hold(asyncio.Event(), {"idTagInfo": {"status": "Accepted"}})
            harness.csms.script["Authorize"].append(hold)
            asked = asyncio.ensure_future(http.post("/local_start/1"))
            await harness.csms.next_call("Authorize")
            await asyncio.wait_for(stop(), PROMPT_S)  # the listeners would stay for ever
            with contextlib.suppress(httpx.HTTPError):
                assert (await asked).status_code == 503
            hold.release.set()
            for reader, _ in opened[1::2]:
                with contextlib.suppress(ConnectionError):
                    assert b"retry" in await asyncio.wait_for(reader.read(), PATIENCE_S)
            with pytest.raises(httpx.ConnectError):
                await http.get("/health")
        await harness.settle()
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR and one.exc_info]
