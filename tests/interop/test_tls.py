"""TLS and passwords against a real server, with certificates made for the test."""

from __future__ import annotations

import asyncio
import base64
import gc
import ssl
import stat
import sys
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from sim_core.doctor import Finding, examine
from sim_core.engine import Engine
from sim_core.snapshot import LinkState, StationSnapshot
from sim_core.store.interface import MEMORY
from tests.harness import settings
from tests.interop.test_real_peers import registered, until
from tests.scripted_csms import ScriptedCsms

KEY = "0123456789abcdef"

if sys.version_info < (3, 11):
    # asyncio of Python 3.10 forgets transports whose TLS handshake has failed, and says so whenever
    # garbage is collected: here, then, and not in whatever test comes later.
    pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

    @pytest.fixture(autouse=True)
    def what_asyncio_forgets() -> Iterator[None]:
        yield
        gc.collect()


@dataclass(frozen=True)
class Authority:
    """A CA with its files."""

    ca: trustme.CA
    folder: Path

    @property
    def file(self) -> Path:
        path = self.folder / "ca.pem"
        self.ca.cert_pem.write_to_path(path)
        return path

    def server(self, host: str = "localhost", **options: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(host, **options).configure_cert(context)
        return context

    def client(self, name: str = "CP01") -> tuple[Path, Path]:
        issued = self.ca.issue_cert(f"{name.lower()}.example", common_name=name)
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        issued.cert_chain_pems[0].write_to_path(cert)
        issued.private_key_pem.write_to_path(key)
        key.chmod(0o600)
        return cert, key


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(trustme.CA(), tmp_path)


class TlsCsms(ScriptedCsms):
    """The scripted CSMS behind TLS, with or without a password."""

    def __init__(self, context: ssl.SSLContext | None, key: bytes | None = None) -> None:
        super().__init__()
        self.context = context
        self.key = key
        self.turned_away = 0

    @property
    def url(self) -> str:
        return f"{'wss' if self.context else 'ws'}://localhost:{self.port}/ocpp"

    async def start(self, port: int = 0) -> None:
        def admit(connection: ServerConnection, request: Request) -> Response | None:
            if self.key is None:
                return None
            given = request.headers.get("Authorization", "").partition(" ")[2]
            if base64.b64decode(given) == b"TestCP01:" + self.key:
                return None
            self.turned_away += 1
            return connection.respond(HTTPStatus.UNAUTHORIZED, "who are you?\n")

        self._server: Server | None = await serve(
            self._serve,
            "localhost",
            port or self.port,
            ssl=self.context,
            subprotocols=[self.version.subprotocol],
            process_request=admit,
            ping_interval=None,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]


@asynccontextmanager
async def charge_point(csms: ScriptedCsms, **options: Any) -> AsyncIterator[Engine]:
    merged: dict[str, Any] = {
        "csms_url": csms.url,
        "state_dir": MEMORY,
        "http_port": 0,
        "reconnect_max_sec": 1.0,
        **options,
    }
    engine = Engine(settings(**merged))
    engine.start()
    try:
        yield engine
    finally:
        assert await asyncio.to_thread(engine.stop, 5.0)


def in_trouble(words: str) -> Any:
    def holds(seen: StationSnapshot) -> bool:
        return seen.link.state is not LinkState.CONNECTED and words in seen.link.trouble

    return holds


async def test_a_private_ca_is_trusted_when_it_is_named(authority: Authority) -> None:
    async with TlsCsms(authority.server()) as csms:
        async with charge_point(csms) as engine:
            await until(engine, in_trouble("CA that is not known here: name it with CA_CERT"))
        async with charge_point(csms, ca_cert=authority.file) as engine:
            seen = await until(engine, registered)
            assert seen.warnings == ()


async def test_wss_may_be_asked_for_apart_from_the_url(authority: Authority) -> None:
    async with TlsCsms(authority.server()) as csms:
        url = csms.url.replace("wss://", "ws://")
        async with charge_point(
            csms, csms_url=url, ocpp_wss=True, ca_cert=authority.file
        ) as engine:
            await until(engine, registered)


async def test_without_checking_it_connects_and_says_so_all_the_time(authority: Authority) -> None:
    async with (
        TlsCsms(authority.server("elsewhere.example")) as csms,
        charge_point(csms, ssl_verify=False) as engine,
    ):
        seen = await until(engine, registered)
        assert seen.warnings == ("the CSMS's certificate is not checked (SSL_VERIFY=false)",)


async def test_a_cause_that_goes_away_is_noticed_by_itself(authority: Authority) -> None:
    """Wrong host, then expired, then as it should be: on one port, without a key pressed."""
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    csms = TlsCsms(authority.server("elsewhere.example"))
    await csms.start()
    async with charge_point(csms, ca_cert=authority.file) as engine:
        await until(engine, in_trouble("for another host: check the host in CSMS_URL"))
        await csms.stop()
        csms.context = authority.server(not_after=yesterday)
        await csms.start()
        await until(engine, in_trouble("certificate has expired"))
        await csms.stop()
        csms.context = authority.server()
        await csms.start()
        await until(engine, registered)
    await csms.stop()


async def test_a_client_certificate_demanded_and_given(authority: Authority) -> None:
    context = authority.server()
    context.verify_mode = ssl.CERT_REQUIRED
    authority.ca.configure_trust(context)
    async with TlsCsms(context) as csms:
        async with charge_point(csms, ca_cert=authority.file) as engine:
            await until(engine, in_trouble("if it wants a client certificate, set CLIENT_CERT"))
        cert, key = authority.client()
        async with charge_point(
            csms, ca_cert=authority.file, client_cert=cert, client_key=key, security_profile=3
        ) as engine:
            seen = await until(engine, registered)
            assert seen.warnings == ()


async def test_a_key_that_others_can_read_is_a_warning(authority: Authority) -> None:
    cert, key = authority.client()
    key.chmod(0o644)
    assert key.stat().st_mode & stat.S_IROTH
    async with (
        TlsCsms(authority.server()) as csms,
        charge_point(csms, ca_cert=authority.file, client_cert=cert, client_key=key) as engine,
    ):
        seen = await until(engine, registered)
        assert seen.warnings == (
            "others can read the key file CP01.key: take their right away (chmod 600)",
        )


async def test_a_key_of_another_certificate_is_a_sentence_at_the_start(
    authority: Authority,
) -> None:
    cert, _ = authority.client("CP01")
    _, key = authority.client("CP02")
    engine = Engine(settings(state_dir=MEMORY, http_port=0, client_cert=cert, client_key=key))
    engine.start()
    assert await asyncio.to_thread(engine.wait, 10)
    assert "the key does not belong to the certificate" in engine.failure
    assert engine.exit_code == 2


async def test_plain_text_where_tls_is_spoken_and_the_other_way_round(
    authority: Authority,
) -> None:
    async with TlsCsms(authority.server()) as csms:
        url = csms.url.replace("wss://", "ws://")
        async with charge_point(csms, csms_url=url) as engine:
            await until(engine, in_trouble("does not speak HTTP: check host and port"))
    async with TlsCsms(None) as csms:
        url = csms.url.replace("ws://", "wss://")
        async with charge_point(csms, csms_url=url) as engine:
            await until(
                engine, in_trouble("check that the CSMS speaks TLS 1.2 or newer on this port")
            )


@pytest.mark.row(121, "TC_085_CS")
async def test_the_password_is_shown_as_basic_authentication() -> None:
    async with TlsCsms(None, key=KEY.encode()) as csms:
        async with charge_point(csms) as engine:
            await until(engine, in_trouble("HTTP 401: the CSMS asks for a password"))
        async with charge_point(
            csms, authorization_key=SecretStr(KEY), security_profile=1
        ) as engine:
            await until(engine, registered)


@pytest.mark.row(122, "TC_073_CS")
async def test_a_new_authorization_key_counts_by_a_new_connection() -> None:
    first, second = b"0123456789abcdef", bytes.fromhex("4F43415F4F4354545F61646D696E5F74657374")
    async with (
        TlsCsms(None, key=first) as csms,
        charge_point(csms, model="generic", authorization_key=SecretStr(first.decode())) as engine,
    ):
        await until(engine, registered)
        for wrong in ("short", "0" * 31, "zz" * 16):
            told = await csms.ask("ChangeConfiguration", key="AuthorizationKey", value=wrong)
            assert told == {"status": "Rejected"}
        csms.key = second
        told = await csms.ask(
            "ChangeConfiguration", key="AuthorizationKey", value=second.hex().upper()
        )
        assert told == {"status": "Accepted"}
        await csms.until(lambda: csms.connections == 2 and csms.connected)
        await until(engine, registered)
        answer = await csms.ask("GetConfiguration", key=["AuthorizationKey"])
        assert answer == {"configurationKey": [{"key": "AuthorizationKey", "readonly": False}]}
        log = " ".join(e.request + e.answer for e in engine.messages.since(0)[1])
        assert second.hex().upper() not in log
        assert "(secret)" in log


@pytest.mark.row(123, "TC_083_CS")
@pytest.mark.row(124, "TC_084_CS")
async def test_the_security_profile_rises_and_never_falls(authority: Authority) -> None:
    async def ask(value: str) -> str:
        told = await csms.ask("ChangeConfiguration", key="SecurityProfile", value=value)
        return str(told["status"])

    async with (
        TlsCsms(None, key=KEY.encode()) as csms,
        charge_point(
            csms, model="generic", ca_cert=authority.file, authorization_key=SecretStr(KEY)
        ) as engine,
    ):
        await until(engine, registered)
        assert await ask("4") == "Rejected"
        assert await ask("3") == "Rejected"  # there is no client certificate
        assert await ask("1") == "Accepted"
        await csms.until(lambda: csms.connections == 2 and csms.connected)
        await until(engine, registered)
        assert await ask("0") == "Rejected"
        assert await ask("2") == "Accepted"
        await csms.stop()
        connections = csms.connections
        csms.context = authority.server()
        await csms.start()
        # by TLS now, although the URL says ws://
        await csms.until(lambda: csms.connections > connections and csms.connected)
        assert await ask("1") == "Rejected"
        assert await ask("2") == "Rejected"


@pytest.mark.row(125, "TC_086_CS")
async def test_nothing_older_than_tls_1_2_is_spoken(authority: Authority) -> None:
    old = authority.server()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old on purpose
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.minimum_version = ssl.TLSVersion.TLSv1
    async with (
        TlsCsms(old) as csms,
        charge_point(csms, ca_cert=authority.file) as engine,
    ):
        await until(engine, in_trouble("TLS"))


# -- the doctor ------------------------------------------------------------------------------------


async def findings(csms: ScriptedCsms | str, **options: Any) -> list[Finding]:
    url = csms if isinstance(csms, str) else csms.url
    told: list[Finding] = []
    await examine(settings(csms_url=url, **options), may_boot=lambda: True, tell=told.append)
    return told


async def test_the_doctor_finds_nothing_where_all_is_well(authority: Authority) -> None:
    async with TlsCsms(authority.server(), key=KEY.encode()) as csms:
        told = await findings(csms, ca_cert=authority.file, authorization_key=SecretStr(KEY))
        assert [(f.step, f.ok) for f in told] == [
            ("name", True),
            ("port", True),
            ("TLS", True),
            ("WebSocket", True),
            ("BootNotification", True),
            ("answers", True),
        ]
        assert "more days" in told[2].found
        assert "Accepted, interval 3600 s, clock" in told[4].found
        assert [call.action for call in csms.calls] == ["BootNotification"] + ["Heartbeat"] * 5


async def test_the_doctor_says_what_is_wrong(authority: Authority) -> None:
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    async with TlsCsms(authority.server(not_after=yesterday)) as csms:
        told = await findings(csms, ca_cert=authority.file)
        assert (told[-1].step, told[-1].ok) == ("TLS", False)
        assert "expired" in told[-1].found
        port = csms.port
    told = await findings(f"ws://localhost:{port}/ocpp")
    assert (told[-1].step, told[-1].found) == ("port", "connection refused")
    assert told[-1].advice == "check that the CSMS runs, and host and port in CSMS_URL"
    async with TlsCsms(None, key=b"another key entirely") as csms:
        told = await findings(csms)
        assert told[-1].step == "WebSocket"
        assert "HTTP 401" in told[-1].found
    told = await findings("ws://no-such-host.invalid/ocpp")
    assert (told[-1].step, told[-1].ok) == ("name", False)
