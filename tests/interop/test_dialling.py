"""What stands between a charge point and its CSMS: each trouble has its sentence."""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.utils import accept_key

from sim_core.ocpp16.dialect import OCPP_16
from sim_core.redaction import public_url
from sim_core.runtime.clock import ManualClock
from sim_core.snapshot import LinkState, Registration
from sim_core.wire import connecting
from sim_core.wire import link as link_module
from sim_core.wire.access import Access, Tls, dial, warnings
from sim_core.wire.connecting import QUOTED_LIMIT, explain, open_socket
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.link import NO_PONG, Link
from sim_core.wire.message_log import MessageLog
from sim_core.wire.speaker import Speaker
from tests.conformance.test_wire import Door
from tests.harness import Harness
from tests.interop.test_tls import Authority, TlsCsms
from tests.network import (
    Greeting,
    Network,
    connect_proxy,
    drips,
    free_port,
    hangs_up,
    says,
    socks5_proxy,
    status,
)
from tests.patience import PATIENCE_S
from tests.scripted_csms import ScriptedCsms

KEY = b"0123456789abcdef"
PROXY_VARIABLES = ("http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "all_proxy", "socks_proxy")


async def trouble(url: str, **access: Any) -> str:
    """The sentence that dialling this URL comes to."""
    way = None
    try:
        way = dial(f"{url}/CP01", "CP01", Access(**access))
        connection, _ = await open_socket(way, [OCPP_16])
    except Exception as error:  # noqa: BLE001 - whatever it is, it must have a sentence
        return explain(error, way, [OCPP_16])
    await connection.close()
    return ""


async def met(greeting: Greeting, **access: Any) -> str:
    """The sentence for a CSMS that greets like this."""
    async with Network(greeting=greeting) as network:
        return await trouble(f"ws://127.0.0.1:{network.port}/ocpp", **access)


# -- sentences -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("200 OK", "what answers there is no WebSocket: check the path in CSMS_URL"),
        ("400 Bad Request", "the CSMS refuses the request: check the URL, and that it speaks"),
        ("401 Unauthorized", "the CSMS asks for a password: set AUTHORIZATION_KEY"),
        ("403 Forbidden", "the CSMS forbids this charge point: check that it is registered"),
        ("404 Not Found", "the CSMS knows no such path or charge point: check CSMS_URL and CPID"),
        ("418 I'm a teapot", "the CSMS refuses the request: look at its log"),
        ("429 Too Many Requests", "the CSMS wants fewer attempts: raise RECONNECT_MAX_SEC"),
        ("500 Internal Server Error", "the CSMS is in trouble: wait, or look at its log"),
        ("502 Bad Gateway", "a proxy before the CSMS does not reach it"),
        ("503 Service Unavailable", "the CSMS is not ready: wait, or look at its log"),
        ("599 Whatever", "the CSMS is in trouble: wait, or look at its log"),
    ],
)
async def test_an_http_status_has_a_sentence(line: str, sentence: str) -> None:
    assert (await met(status(line))).startswith(f"HTTP {line[:3]}: {sentence}")


async def test_a_password_that_is_not_accepted_is_another_sentence_than_none() -> None:
    assert await met(status("401 Unauthorized"), key=KEY) == (
        "HTTP 401: the CSMS does not accept our password: check AUTHORIZATION_KEY and CPID"
    )


@pytest.mark.parametrize("code", [300, 301, 302, 303, 307, 308])
async def test_a_redirect_says_where_it_points_and_is_not_followed(code: int) -> None:
    async with Network(greeting=status("500 No")) as elsewhere:
        there = f"http://127.0.0.1:{elsewhere.port}/new/CP01"
        told = await met(status(f"{code} Moved", f"Location: {there}"), key=KEY)
        assert told == (
            f"HTTP {code}: the CSMS has moved: set CSMS_URL to "
            f"ws://127.0.0.1:{elsewhere.port}/new, if you trust that"
        )
        assert elsewhere.visitors == 0, "the password went where nobody has sent it"


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("wss://csms.example/ocpp/CP01", "wss://csms.example/ocpp"),
        ("https://csms.example/CP01/", "wss://csms.example/{cpid}/"),
        ("https://a:secret@csms.example/x/CP01?t=secret", "wss://(hidden)@csms.example/x?(hidden)"),
        ("//csms.example/CP01", "ws://csms.example"),
        ("ftp://csms.example/", "ftp://csms.example/"),
        ("http://[::1", "(hidden)"),
    ],
)
async def test_where_a_redirect_points(location: str, where: str) -> None:
    told = await met(status("301 Moved", f"Location: {location}"))
    assert told == f"HTTP 301: the CSMS has moved: set CSMS_URL to {where}, if you trust that"


@pytest.mark.parametrize("headers", [(), ("Location: ",), ("Location: /a", "Location: /b")])
async def test_a_redirect_to_nowhere_is_a_sentence(headers: tuple[str, ...]) -> None:
    assert await met(status("302 Found", *headers)) == (
        "HTTP 302: the CSMS has moved and does not say where: ask who runs it for the new CSMS_URL"
    )


async def test_a_redirect_is_quoted_only_so_far() -> None:
    told = await met(status("301 Moved", f"Location: ws://{'x' * 5000}/"))
    assert "ws://xxx" in told
    assert len(told) < QUOTED_LIMIT + 150


@pytest.mark.parametrize(
    ("greeting", "sentence"),
    [
        (says(b"SSH-2.0-OpenSSH_9.6\r\n"), "what answers there does not speak HTTP"),
        (hangs_up, "the link was closed without an answer: what answers there does not speak"),
        (says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000), "what answers there"),
        (says(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n"), "what answers there"),
        (says(b"\x00\xff" * 50_000), "what answers there"),
        (drips, "no answer within 0.2 s: check host and port in CSMS_URL and the firewalls"),
        (
            status("101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"),
            "what answers there is not a WebSocket of a CSMS: check CSMS_URL",
        ),
    ],
)
async def test_what_is_no_csms_has_a_sentence(
    greeting: Greeting, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if greeting is drips:
        monkeypatch.setattr(connecting, "OPEN_TIMEOUT_S", 0.2)
    told = await met(greeting)
    assert told.startswith(sentence)
    assert len(told) < QUOTED_LIMIT + 150


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ws://127.0.0.1:{closed}/ocpp", "connection refused: check that the CSMS runs, and host"),
        ("ws://no-such-host.invalid/ocpp", "the host name in CSMS_URL is not known: check it, and"),
        (f"ws://{'a' * 70}.example/ocpp", "CSMS_URL is not a URL that can be dialled"),
        ("ws://127.0.0.1:99999/ocpp", "CSMS_URL is not a URL that can be dialled"),
        ("ws://127.0.0.1:1/ocpp#x", "CSMS_URL is not a WebSocket URL: write ws://host:port/path"),
        ("ws://user:secret@/ocpp", "CSMS_URL is not a WebSocket URL: write ws://host:port/path"),
    ],
)
async def test_what_cannot_be_reached_has_a_sentence(url: str, sentence: str) -> None:
    told = await trouble(url.replace("{closed}", str(free_port())))
    assert told.startswith(sentence)
    assert "secret" not in told


async def test_whatever_is_raised_is_a_sentence_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    troubles = [RuntimeError("x" * 10_000), KeyError("a"), EOFError(), OSError(5, "Broken")]
    dialled: list[str] = []

    async def dials(way: Any, dialects: Any) -> Any:
        if troubles:
            raise troubles.pop(0)
        return await open_socket(way, dialects)

    monkeypatch.setattr(link_module, "open_socket", dials)
    async with Harness() as harness:
        while harness.registration is not Registration.ACCEPTED:
            dialled.append(harness.station.snapshot.link.trouble)
            assert harness.station.snapshot.link.retry_at is not None
            await harness.advance(0.4)
        assert dialled[0].startswith("RuntimeError: xxx")
        assert max(map(len, dialled)) < QUOTED_LIMIT + 50
        assert dialled[-1] == "broken: check the network and CSMS_URL"


# -- the password ----------------------------------------------------------------------------------


async def test_a_password_in_the_url_is_shown_to_the_csms_and_to_nobody_else() -> None:
    async with TlsCsms(None, key=b"pa ss/word") as csms:
        place = csms.url.removeprefix("ws://")
        csms_url = f"ws://TestCP01:pa%20ss%2Fword@{place}"
        csms.__class__ = type("Behind", (TlsCsms,), {"url": property(lambda _: csms_url)})
        async with Harness(
            model="gresgying-f3-eu180", csms=csms, charge_point_id="TestCP01", connect=False
        ) as harness:
            harness.station.open()
            await csms.until(lambda: csms.connected)
            await csms.until(lambda: bool(csms.of("BootNotification")))
            seen = harness.station.snapshot
            assert seen.link.url == f"ws://(hidden)@{place}/TestCP01"
            told = " ".join(event.text for event in harness.events.since(0)[1])
            assert f"connected to ws://(hidden)@{place}" in told
            told += str(await csms.ask("GetConfiguration"))
            assert f"(hidden)@{place}" in told  # a key of this make tells the address
            told += repr(seen) + repr(harness.messages.since(0))
            assert "pa%20ss" not in told
            assert "pa ss" not in told
        csms.__class__ = TlsCsms


@pytest.mark.parametrize(
    ("url", "authorization"),
    [
        ("ws://h/CP", None),
        ("ws://a:b@h/CP", "Basic YTpi"),
        ("ws://a@h/CP", "Basic YTo="),
        ("ws://%C3%A4:%ff@h/CP", "Basic w6Q6/w=="),
    ],
)
def test_what_is_dialled_has_no_secret_in_it(url: str, authorization: str | None) -> None:
    way = dial(url, "CP", Access(proxy="http://p:secret@proxy:1"))
    assert way.url == "ws://h/CP"
    assert way.authorization == authorization
    assert "secret" not in repr(way) + repr(Access(key=b"secret", proxy="http://p:secret@x:1"))
    assert dial(url, "CP", Access(key=KEY)).authorization == dial("ws://h", "CP", Access(key=KEY)).authorization  # noqa: E501  # fmt: skip


def test_a_file_with_certificate_and_key_in_it_is_looked_at_too(tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("cp.example")
    both = tmp_path / "both.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(both)
    both.chmod(0o640)
    told = warnings(Access(tls=Tls(client_cert=both)))
    assert told == ["others can read the key file both.pem: take their right away (chmod 600)"]
    both.chmod(0o600)
    assert warnings(Access(tls=Tls(client_cert=both))) == []
    both.chmod(0o640)
    (tmp_path / "own.key").write_bytes(b"")
    (tmp_path / "own.key").chmod(0o600)
    assert warnings(Access(tls=Tls(client_cert=both, client_key=tmp_path / "own.key"))) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("u:p@host:1", "(hidden)@host:1"),
        ("http:/u:p@host", "(hidden)@host"),
        ("http://u:p@host", "http://(hidden)@host"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_what_is_not_even_a_url_shows_no_password_either(text: str, shown: str) -> None:
    assert public_url(text) == shown


# -- proxies ---------------------------------------------------------------------------------------


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        for spelled in (name, name.upper()):
            monkeypatch.setenv(spelled, f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert os.environ["ALL_PROXY"]
    async with Harness() as harness:
        assert harness.registration is Registration.ACCEPTED


@pytest.mark.parametrize(
    ("scheme", "greeting"),
    [
        ("http", connect_proxy()),
        ("http", connect_proxy("me:secret")),
        ("socks5", socks5_proxy),
        ("socks5h", socks5_proxy),
    ],
)
async def test_the_csms_is_reached_through_a_proxy_that_is_asked_for(
    scheme: str, greeting: Greeting
) -> None:
    async with ScriptedCsms() as csms, Network(greeting=greeting) as network:
        proxy = f"{scheme}://{'me:secret@' * (scheme == 'http')}127.0.0.1:{network.port}"
        async with Harness(csms=csms, access=Access(proxy=proxy)) as harness:
            assert harness.registration is Registration.ACCEPTED
            assert network.visitors == 1
            assert csms.paths == ["/ocpp/CP01"]


async def test_tls_goes_through_a_proxy_to_the_csms_itself(tmp_path: Path) -> None:
    authority = Authority(trustme.CA(), tmp_path)
    async with (
        TlsCsms(authority.server(), key=KEY) as csms,
        Network(greeting=connect_proxy()) as network,
        Harness(
            csms=csms,
            charge_point_id="TestCP01",
            access=Access(
                profile=2,
                key=KEY,
                tls=Tls(ca_cert=authority.file),
                proxy=f"http://127.0.0.1:{network.port}",
            ),
        ) as harness,
    ):
        await csms.until(lambda: harness.registration is Registration.ACCEPTED)
        assert network.visitors == 1


@pytest.mark.parametrize(
    ("scheme", "greeting", "sentence"),
    [
        ("http", connect_proxy("me:secret"), "the proxy asks for a password: set PROXY to http://"),
        ("http", status("403 Forbidden"), "the proxy does not let us through (HTTP 403): check"),
        ("http", status("502 Bad Gateway"), "the proxy does not let us through (HTTP 502): check"),
        ("http", says(b"SSH-2.0-x\r\n"), "what answers at PROXY is no HTTP proxy: check host"),
        ("http", hangs_up, "what answers at PROXY is no HTTP proxy: check host and port in it"),
        ("http", drips, "no answer within 0.2 s: check host and port in PROXY, the CSMS behind it"),
        ("socks5", socks5_proxy, "the proxy does not let us through ("),
        ("socks5", hangs_up, "the proxy "),
        ("socks5", says(b"HTTP/1.1 400 No\r\n\r\n"), "the proxy does not let us through"),
    ],
)
async def test_a_proxy_that_does_not_help_has_a_sentence(
    scheme: str, greeting: Greeting, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if greeting is drips:
        monkeypatch.setattr(connecting, "OPEN_TIMEOUT_S", 0.2)
    nobody = f"ws://127.0.0.1:{free_port()}/ocpp"
    async with Network(greeting=greeting) as network:
        told = await trouble(nobody, proxy=f"{scheme}://127.0.0.1:{network.port}")
    assert told.startswith(sentence)


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("127.0.0.1:{closed}", "the proxy cannot be reached: connection refused: check that"),
        ("no-such-host.invalid:1", "the proxy cannot be reached: the host name in PROXY is not"),
    ],
)
async def test_a_proxy_that_is_gone_has_a_sentence(scheme: str, place: str, sentence: str) -> None:
    at = place.replace("{closed}", str(free_port()))
    told = await trouble("ws://127.0.0.1:1/ocpp", proxy=f"{scheme}://me:secret@{at}")
    assert told.startswith(sentence), told
    assert "secret" not in told


async def test_what_is_no_proxy_url_does_not_show_its_password() -> None:
    told = await trouble("ws://127.0.0.1:1/ocpp", proxy="gopher://me:secret@host:1")
    assert told.startswith("PROXY is not the URL of a proxy")
    assert "secret" not in told


async def test_socks_without_its_package_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    async def missing(*_: Any, **__: Any) -> Any:
        raise ImportError("python-socks")

    monkeypatch.setattr("websockets.asyncio.client.connect_socks_proxy", missing)
    told = await trouble("ws://127.0.0.1:1/ocpp", proxy="socks5://127.0.0.1:1")
    assert told == "PROXY: a SOCKS proxy needs the package python-socks: install it"


# -- pings -----------------------------------------------------------------------------------------


class Lone:
    """A link with nothing behind it, which pings by a clock that the test moves."""

    def __init__(self, url: str, interval_s: float = 30) -> None:
        self.clock = ManualClock()
        self.log = MessageLog()
        self.say: asyncio.Queue[str] = asyncio.Queue()
        """What is to be sent as the data of a DataTransfer."""
        self.link = Link(
            f"{url}/CP01",
            [Speaker(OCPP_16, {}, lambda one: (self._session(one),), lambda: True)],
            clock=ManualClock(),
            log=self.log,
            on_change=lambda: None,
            note=lambda _: None,
            ping_interval_s=lambda: interval_s,
            call_timeout_s=30,
            rng=random.Random(1),
            ping_clock=self.clock,
        )

    async def _session(self, endpoint: Endpoint) -> None:
        while True:
            await endpoint.call("DataTransfer", {"vendorId": "v", "data": await self.say.get()})

    async def __aenter__(self) -> Lone:
        self._running = asyncio.ensure_future(self.link.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)


async def comes_true(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        await asyncio.sleep(0.001)  # sockets need real time


@pytest.mark.parametrize("says_much", [False, True], ids=["idle", "while its buffers are full"])
async def test_a_half_open_link_is_noticed_within_two_pings(says_much: bool) -> None:
    async with (
        Door() as csms,
        Network(csms.port) as network,
        Lone(f"ws://127.0.0.1:{network.port}/ocpp") as lone,
    ):
        link, clock = lone.link, lone.clock
        await comes_true(lambda: csms.connected and link.state is LinkState.CONNECTED)
        for number in range(1, 6):  # as long as pings are answered nothing happens
            await clock.advance(30)
            await comes_true(lambda number=number: csms.pings == number)
            await csms.send_text("after the pong")
            await comes_true(lambda number=number: len(lone.log.since(0)[1]) == number)
        network.freeze()
        if says_much:
            lone.say.put_nowait("x" * 30_000_000)  # more than any buffer on the way holds
        await clock.advance(59.9)
        assert link.state is LinkState.CONNECTED
        await clock.advance(0.2)
        await comes_true(lambda: link.state is LinkState.WAITING)
        assert link.trouble == NO_PONG
        assert csms.pings == 5


async def test_a_peer_that_closes_and_does_not_go_is_left_at_the_next_ping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connecting, "CLOSE_PATIENCE_S", 0.01)

    async def says_goodbye_and_stays(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        (key,) = re.findall(r"Sec-WebSocket-Key: (\S+)", request)
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: ocpp1.6\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept_key(key).encode()
        )
        writer.write(b"\x88\x02\x03\xe8")
        told.append(await reader.readexactly(8))  # our close frame
        await reader.read()
        writer.close()

    told: list[bytes] = []
    async with await asyncio.start_server(says_goodbye_and_stays, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Lone(f"ws://127.0.0.1:{port}/ocpp") as lone:
            await comes_true(lambda: bool(told))
            await lone.clock.advance(29.9)
            assert lone.link.state is LinkState.CONNECTED
            await lone.clock.advance(0.2)
            await comes_true(lambda: lone.link.state is LinkState.WAITING)
            assert lone.link.trouble.startswith("the CSMS closed the link with 1000: ")
