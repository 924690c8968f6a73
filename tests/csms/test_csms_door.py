"""Both ports against strangers: foreign web pages, and crowds that never finish a request."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from sim_core.csms import ApiServer, Csms, waiting_room
from sim_core.csms.api import DEFAULT_API_KEY
from sim_core.http_door import server as door
from sim_core.http_door.guard import LONGEST_QUERY
from tests.patience import PATIENCE_S

OWN_KEY = "a key of one's own"
CROWD = 1_100
HALF_A_REQUEST = b"POST /api/v1/start HTTP/1.1\r\nHost: loc"
HALF_A_BODY = (
    b"POST /api/v1/start HTTP/1.1\r\nHost: localhost\r\nX-API-Key: "
    + DEFAULT_API_KEY.encode()
    + b'\r\nContent-Length: 60000\r\n\r\n{"cpid":'
)


@contextlib.asynccontextmanager
async def serving(csms: Csms, key: str = DEFAULT_API_KEY) -> AsyncIterator[httpx.AsyncClient]:
    api = ApiServer(csms, key)
    await api.start("127.0.0.1", 0)
    base = f"http://127.0.0.1:{api.port}"
    headers = {"X-API-Key": key}
    try:
        async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False) as client:
            yield client
    finally:
        await api.stop()


def port_of(http: httpx.AsyncClient) -> int:
    port = http.base_url.port
    assert port is not None
    return port


# -- foreign pages ---------------------------------------------------------------------------------

OURS = ("localhost:8080", "127.0.0.1", "[::1]:8080", "192.168.1.7:8080", "csms:8080", "pc.local")
"""The HowToUse, other computers, the service of a compose file, a name of the local network."""


@pytest.mark.parametrize("host", OURS)
async def test_it_is_asked_by_any_name_that_is_ours(csms: Csms, host: str) -> None:
    async with serving(csms) as http:
        answer = await http.get("/api/v1/status", headers={"Host": host})
        assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/status"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"])
async def test_a_name_that_anybody_can_register_is_refused_with_the_public_key(
    csms: Csms, path: str, host: str
) -> None:
    async with serving(csms) as http:
        answer = await http.get(path, headers={"Host": host})
        assert answer.status_code == 403
        assert "set an API key of your own" in answer.json()["detail"]


async def test_with_a_key_of_ones_own_it_may_have_any_name(csms: Csms) -> None:
    async with serving(csms, OWN_KEY) as http:
        host = {"Host": "csms.example.org"}
        assert (await http.get("/api/v1/status", headers=host)).status_code == 200
        answer = await http.get("/api/v1/status", headers={**host, "X-API-Key": "wrong"})
        assert answer.status_code == 403
        assert "bring the header X-API-Key" in answer.json()["detail"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_page_of_another_site_is_refused(csms: Csms, origin: str) -> None:
    async with serving(csms) as http:
        answer = await http.post("/api/v1/reset", headers={"Origin": origin}, json={})
        assert answer.status_code == 403


async def test_one_good_origin_does_not_excuse_another(csms: Csms) -> None:
    async with serving(csms) as http:
        own = f"http://127.0.0.1:{port_of(http)}"
        pairs = [("Origin", own), ("Origin", "http://evil.example")]
        answer = await http.post("/api/v1/reset", headers=pairs, json={})
        assert answer.status_code == 403


async def test_a_charge_point_at_the_port_of_the_api_is_told(
    csms: Csms, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    async with serving(csms) as http:
        answer = await http.get("/ocpp/CP01", headers=upgrade)
    assert answer.status_code == 400
    assert "this port speaks HTTP only" in answer.json()["detail"]
    assert "pip install" not in caplog.text
    assert not [record for record in caplog.records if record.name != "httpx"]


# -- limits ----------------------------------------------------------------------------------------


async def test_head_and_query_have_limits(csms: Csms) -> None:
    async with serving(csms) as http:
        answer = await http.get("/api/v1/status", headers={"X-Long": "x" * 100_000})
        assert answer.status_code in (400, 431)
        assert (await http.get("/api/v1/status?" + "x" * LONGEST_QUERY)).status_code == 200
        assert (await http.get("/api/v1/status?x" + "x" * LONGEST_QUERY)).status_code == 414


@pytest.mark.parametrize("begun", [b"", HALF_A_REQUEST, HALF_A_BODY], ids=["", "head", "body"])
async def test_what_is_not_sent_in_full_is_closed(
    csms: Csms, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "REQUEST_WITHIN_S", 0.1)
    async with serving(csms) as http:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(http))
        writer.write(begun)
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
        assert b" 200 " not in answer
        writer.close()


@pytest.fixture
def files() -> int:
    """How many sockets a test may hold on both ends; skips where that is too few."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CROWD + 300
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("this system has no more file descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    return wanted


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("begun", [HALF_A_REQUEST, HALF_A_BODY], ids=["head", "body"])
async def test_a_crowd_that_never_finishes_is_bounded(csms: Csms, begun: bytes) -> None:
    async with serving(csms) as http, contextlib.AsyncExitStack() as stack:
        opened = []
        for _ in range(CROWD):
            reader, writer = await asyncio.open_connection("127.0.0.1", port_of(http))
            stack.callback(writer.close)
            writer.write(begun)
            opened.append(reader)
        assert (await asyncio.wait_for(http.get("/api/v1/health"), PATIENCE_S)).status_code == 200
        ended = sum(reader.at_eof() or reader.exception() is not None for reader in opened)
        assert ended >= CROWD - door.MOST_CONNECTIONS


async def test_charge_points_that_never_introduce_themselves_make_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting_room, "SEATS", 5)
    async with Csms() as csms:
        assert csms.port is not None
        with contextlib.ExitStack() as stack:
            first, *others = [
                stack.enter_context(socket.create_connection(("127.0.0.1", csms.port)))
                for _ in range(6)
            ]
            for one in others:
                one.sendall(b"GET /ocpp/CP01 HTTP/1.1\r\nHost: loc")
            first.setblocking(False)
            loop = asyncio.get_running_loop()
            with contextlib.suppress(ConnectionError):
                # Sooner than the five seconds after which it would go in any case.
                assert await asyncio.wait_for(loop.sock_recv(first, 10), 4) == b""
