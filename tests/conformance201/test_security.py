"""Security profiles, TLS and passwords (block A), and how it comes back to the CSMS (Part 4)."""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import trustme

from sim_core.store.makers import store_in
from sim_core.wire.access import Access, Tls
from tests.certificates import Holder, issued, root, server
from tests.conformance201.acts import get_variable, said, set_variables
from tests.harness import Harness
from tests.scripted_csms import Payload, ScriptedCsms

KEY = b"0123456789abcdef"
SECURITY = "SecurityEventNotification"


class Authority:
    """A CA, in a file, and servers of it."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(self.file)
        self.pem = self._ca.cert_pem.bytes().decode()
        self._issued = self._ca.issue_cert("127.0.0.1")
        client = self._ca.issue_cert("cp01.example", common_name="CP01")
        self.client_file = folder / "client.pem"
        client.private_key_and_cert_chain_pem.write_to_path(self.client_file)
        self.client_file.chmod(0o600)

    def server(self, *, wants_client: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._issued.configure_cert(context)
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            self._ca.configure_trust(context)
        return context

    def client(self) -> Tls:
        return Tls(ca_cert=self.file, client_cert=self.client_file)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


async def begin(h: Harness, tls: ssl.SSLContext) -> None:
    """Let the CSMS have this TLS, and a harness that was made without a connection dial."""
    await h.csms.stop()
    h.csms.tls = tls
    await h.csms.start()
    await dial(h)


async def dial(h: Harness) -> None:
    h.station.dial(h.csms.url)
    h._connect = True
    h.station.open()
    await h.settle()


def basic(password: bytes) -> str:
    return "Basic " + base64.b64encode(b"CP01:" + password).decode()


def profile_data(url: str, profile: int = 0, **more: Any) -> Payload:
    """connectionData of SetNetworkProfile."""
    return {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": url,
        "messageTimeout": 30,
        "securityProfile": profile,
        "ocppInterface": "Wired0",
        **more,
    }


async def set_profile(h: Harness, slot: int, url: str, profile: int = 0, **more: Any) -> list[str]:
    """Set a network profile; returns the status, and the reason where it is no."""
    data = profile_data(url, profile, **more)
    answer = await h.ask("SetNetworkProfile", configurationSlot=slot, connectionData=data)
    return [answer["status"], *answer.get("statusInfo", {"": ""}).values()][:2]


async def set_order(h: Harness, order: str) -> str:
    return (await set_variables(h, OCPPCommCtrlr__NetworkConfigurationPriority=order))[0]


async def value(h: Harness, name: str) -> str:
    return str((await get_variable(h, name))["attributeValue"])


async def reset(h: Harness) -> None:
    await h.ask("Reset", type="Immediate")
    await h.advance(h.timing.reboot_s + 1)


def notes(h: Harness) -> list[str]:
    return [event.text for event in h.events.since(0)[1]]


# -- profiles --------------------------------------------------------------------------------------


@pytest.mark.row(4, "A00.FR.001")
async def test_without_what_its_profile_needs_it_does_not_dial() -> None:
    async with harness(connect=False, access=Access(profile=1)) as h:
        h.station.open()
        await h.clock.advance(60)
        assert h.csms.authorizations == []
        why = "security profile 1 needs a password: set AUTHORIZATION_KEY"
        assert h.station.snapshot.link.trouble == why
    async with harness(
        connect=False, charge_point_id="CP:1", access=Access(profile=1, key=KEY)
    ) as h:
        h.station.open()
        await h.clock.advance(5)
        assert h.csms.authorizations == []
        assert "CPID has a colon" in h.station.snapshot.link.trouble


@pytest.mark.row(6, "A00.FR.202")
async def test_each_dial_shows_name_and_password() -> None:
    async with harness(access=Access(profile=1, key=KEY)) as h:
        await h.csms.cut()
        await h.advance(5)
        assert h.csms.authorizations == [basic(KEY)] * 2
        assert await value(h, "SecurityCtrlr.SecurityProfile") == "1"
        new = "änother password, with 40 and more signs: §"
        assert await set_variables(h, SecurityCtrlr__BasicAuthPassword=new) == ["Accepted"]
        await h.advance(5)
        assert h.csms.authorizations[-1] == basic(new.encode())
        again = ["BootNotification", "SN 1 Available", "SN 2 Available", SECURITY]
        assert said(h)[-4:] == again


@pytest.mark.row(10, "A00.FR.401")
@pytest.mark.row(6, "A00.FR.302")
@pytest.mark.parametrize("profile", [2, 3])
async def test_over_tls_with_a_password_or_with_a_certificate(
    authority: Authority, profile: int
) -> None:
    access = Access(profile=profile, key=KEY, tls=authority.client())
    if profile == 2:
        access = replace(access, tls=replace(access.tls, client_cert=None))
    async with harness(connect=False, access=access) as h:
        await begin(h, authority.server(wants_client=profile == 3))
        assert said(h)[0] == "BootNotification"
        assert h.csms.authorizations == [basic(KEY) if profile == 2 else ""]
        assert await value(h, "SecurityCtrlr.SecurityProfile") == str(profile)


# -- TLS that is not accepted ----------------------------------------------------------------------


async def refusing(port: int, alert: int) -> asyncio.Server:
    """A TLS server that answers whatever it hears with a fatal alert (RFC 8446, §6.2)."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5)
        writer.write(bytes([21, 3, 3, 0, 2, 2, alert]))
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port)


HANDSHAKE_FAILURE, PROTOCOL_VERSION = 40, 70


@pytest.mark.row(7, "A00.FR.308")
@pytest.mark.row(8, "A00.FR.313")
@pytest.mark.row(9, "A00.FR.321")
@pytest.mark.parametrize(
    ("alert", "kind"),
    [
        (None, "InvalidCsmsCertificate"),
        (PROTOCOL_VERSION, "InvalidTLSVersion"),
        (HANDSHAKE_FAILURE, "InvalidTLSCipherSuite"),
    ],
)
async def test_what_is_not_accepted_of_tls_is_told_once(
    authority: Authority, tmp_path: Path, alert: int | None, kind: str
) -> None:
    access = Access(profile=2, key=KEY, tls=Tls(ca_cert=authority.file))
    async with harness(connect=False, access=access) as h:
        h.csms.tls = Authority(tmp_path).server()
        await h.csms.stop()
        server = await refusing(h.csms.port, alert) if alert else None
        if server is None:
            await h.csms.start()
        await dial(h)
        await h.advance(10)
        assert h.csms.authorizations == [], "not a word to a stranger"
        assert h.station.link.attempt > 2
        await h.csms.stop()
        if server is not None:
            server.close()
            await server.wait_closed()
        h.csms.tls = authority.server()
        await h.csms.start()
        await h.advance(40)
        assert said(h)[0] == "BootNotification"
        kinds = [call.payload["type"] for call in h.csms.of(SECURITY)]
        assert kinds == ["StartupOfTheDevice", kind]


@pytest.mark.row(9, "A00.FR.319")
@pytest.mark.parametrize(
    "suite", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"]
)
async def test_the_suites_that_are_wanted(authority: Authority, suite: str) -> None:
    context = authority.server()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    access = Access(profile=2, key=KEY, tls=Tls(ca_cert=authority.file))
    async with harness(connect=False, access=access) as h:
        await begin(h, context)
        assert said(h)[0] == "BootNotification"


# -- a profile that rises --------------------------------------------------------------------------


@pytest.mark.row(5, "A00.FR.005")
async def test_the_security_profile_does_not_fall(authority: Authority) -> None:
    async with harness(access=Access(profile=1, key=KEY)) as h:
        low = await set_profile(h, 2, h.csms.url, 0)
        assert low == ["Rejected", "NoSecurityDowngrade"]
        assert await set_order(h, "2") == "Rejected"
        assert await set_profile(h, 2, h.csms.url, 1) == ["Accepted", ""]
        assert await set_order(h, "2,1") == "RebootRequired"


@pytest.mark.row(21, "A05.FR.02")
async def test_without_a_root_there_is_no_tls(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    async with harness(access=Access(profile=1, key=KEY)) as h:
        await set_profile(h, 2, "wss://127.0.0.1:1/ocpp", 2)
        assert await set_order(h, "2") == "Rejected"
        assert "no CA is trusted here" in notes(h)[-1]
        assert await value(h, "OCPPCommCtrlr.NetworkConfigurationPriority") == "1"
        answer = await h.ask(
            "InstallCertificate", certificateType="CSMSRootCertificate", certificate=authority.pem
        )
        assert answer["status"] == "Accepted"
        assert await set_order(h, "2") == "RebootRequired"


@pytest.mark.row(22, "A05.FR.03")
async def test_without_a_certificate_of_its_own_there_is_no_profile_3(
    authority: Authority,
) -> None:
    access = Access(profile=1, key=KEY, tls=Tls(ca_cert=authority.file))
    async with harness(access=access) as h:
        await set_profile(h, 2, "wss://127.0.0.1:1/ocpp", 3)
        assert await set_order(h, "2") == "Rejected"
        assert "needs a client certificate: set CLIENT_CERT" in notes(h)[-1]


@pytest.mark.row(23, "A05.FR.04")
async def test_a_profile_that_rises_leaves_the_lower_ones_behind(
    authority: Authority, tmp_path: Path
) -> None:
    """The root is one that the CSMS has installed, and all of it is kept over a power cut."""
    async with harness(access=Access(profile=1, key=KEY), state=tmp_path) as h:
        url = await h.csms.also_over(authority.server())
        await h.ask(
            "InstallCertificate", certificateType="CSMSRootCertificate", certificate=authority.pem
        )
        assert await set_profile(h, 2, url, 2) == ["Accepted", ""]
        assert await set_order(h, "2,1") == "RebootRequired"
        h.csms.clear()
        await reset(h)
        assert h.csms.of("BootNotification")[0].payload["reason"] == "RemoteReset"
        assert h.station.link.url.startswith("wss://")
        for _ in range(2):
            assert await value(h, "SecurityCtrlr.SecurityProfile") == "2"
            assert await value(h, "OCPPCommCtrlr.NetworkConfigurationPriority") == "2"
            assert await value(h, "OCPPCommCtrlr.ActiveNetworkProfile") == "2"
            assert await set_order(h, "1") == "Rejected"
            await h.power_cut()
            await h.power_on()
            await h.settle()


@pytest.mark.row(262, "M05.FR.10")
async def test_one_root_replaces_the_other_that_has_signed_it(tmp_path: Path) -> None:
    """AdditionalRootCertificateCheck: the new one is tried first, the old one is there until the
    new one has been of use."""
    now = datetime.now(timezone.utc)
    old, stranger = root("old", now), root("a stranger", now)
    new = issued(old, "new", now)
    access = Access(profile=2, key=KEY)
    keys = {"SecurityCtrlr.AdditionalRootCertificateCheck": "true"}
    csms = ScriptedCsms(version="2.0.1")
    csms.tls = context_of(server(old, "127.0.0.1", now), tmp_path)
    documents = {"certificates": [("CSMSRootCertificate", old.pem)]}
    store = store_in(tmp_path / "state", "CP01", now)
    store.documents.put("ocpp201 certificates", documents)
    store.close()
    async with (
        csms,
        Harness(
            version="2.0.1", csms=csms, access=access, keys=keys, state=tmp_path / "state"
        ) as h,
    ):
        assert csms.connected

        async def install(holder: Holder) -> str:
            kind = "CSMSRootCertificate"
            answer = await h.ask("InstallCertificate", certificateType=kind, certificate=holder.pem)
            return str(answer["status"])

        assert await install(stranger) == "Rejected"
        assert await install(new) == "Accepted"
        await h.csms.cut()
        await h.advance(20)
        assert csms.connected, "by the old one, as the server is still one of it"
        entries = "SecurityCtrlr.CertificateEntries"
        assert await value(h, entries) == "2"
        await csms.stop()
        csms.tls = context_of(server(new, "127.0.0.1", now), tmp_path)
        await csms.start()
        await h.advance(60)
        assert csms.connected
        assert await value(h, entries) == "1"


def context_of(holder: Holder, folder: Path) -> ssl.SSLContext:
    """A TLS server with this certificate."""
    file = folder / "server.pem"
    file.write_text(holder.pem + holder.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


# -- network profiles ------------------------------------------------------------------------------


@pytest.mark.row(53, "B09.FR.01")
async def test_network_profiles_are_judged_and_kept(tmp_path: Path) -> None:
    good = "ws://127.0.0.1:1/other"
    async with harness(state=tmp_path) as h:
        for more, code in [
            ({"slot": 999}, "InvalidConfSlot"),
            ({"slot": 0}, "InvalidConfSlot"),
            ({"url": "http://host/"}, "InvalidNetworkConf"),
            ({"url": "ws://host/\x1b[2J"}, "InvalidNetworkConf"),
            ({"profile": 4}, "InvalidNetworkConf"),
            ({"profile": 2}, "InvalidNetworkConf"),
            ({"profile": -1}, "NoSecurityDowngrade"),
            ({"ocppVersion": "OCPP16"}, "InvalidNetworkConf"),
            ({"ocppTransport": "SOAP"}, "InvalidNetworkConf"),
            ({"messageTimeout": 0}, "InvalidNetworkConf"),
            ({"apn": {"apn": "x", "apnAuthentication": "AUTO", "apnPassword": "hush hush"}},
             "InvalidNetworkConf"),
        ]:  # fmt: skip
            wanted: dict[str, Any] = {"slot": 2, "url": good, **more}
            assert await set_profile(h, **wanted) == ["Rejected", code], more
        assert await set_order(h, "2,1") == "Rejected"
        assert await set_profile(h, 2, good, messageTimeout=7) == ["Accepted", ""]
        assert await value(h, "OCPPCommCtrlr.ActiveNetworkProfile") == "1"
        assert h.csms.connections == 1
        frames = [f"{one.request} {one.answer}" for one in h.messages.since(0)[1]]
        assert not [frame for frame in frames if "hush" in frame]
        await h.power_cut()
        await h.power_on()
        await h.settle()
        assert await set_order(h, "2,1") == "RebootRequired"


@pytest.mark.row(54, "B10.FR.01")
async def test_another_profile_counts_from_the_next_boot_on() -> None:
    async with harness() as h:
        await set_profile(h, 2, h.csms.url + "/other", messageTimeout=7)
        assert await set_order(h, "2,1") == "RebootRequired"
        await h.advance(5)
        assert h.csms.connections == 1
        h.csms.clear()
        await reset(h)
        assert h.csms.paths == ["/ocpp/CP01", "/ocpp/other/CP01"]
        assert h.csms.of("BootNotification")[0].payload["reason"] == "RemoteReset"
        assert await value(h, "OCPPCommCtrlr.ActiveNetworkProfile") == "2"
        assert h.station.snapshot.link.url.endswith("/ocpp/other/CP01")
        assert h.station.link.call_timeout_s == 7


@pytest.mark.row(55, "B10.FR.03")
@pytest.mark.row(56, "B10.FR.10")
async def test_a_profile_that_fails_gives_way_to_the_next_one() -> None:
    """After a boot, and after a link was lost; by another one it registers anew."""
    async with harness() as h:
        third = await h.csms.also_over(None)
        for slot, url in {2: "ws://127.0.0.1:1/ocpp", 3: third, 4: h.csms.url + "/4"}.items():
            await set_profile(h, slot, url)
        await set_variables(h, OCPPCommCtrlr__NetworkProfileConnectionAttempts="2")
        assert await set_order(h, "2,3,4") == "RebootRequired"
        await reset(h)
        await h.advance(20)
        assert await value(h, "OCPPCommCtrlr.ActiveNetworkProfile") == "3"
        h.csms.clear()
        await h.csms.end_others()
        await h.advance(20)
        assert await value(h, "OCPPCommCtrlr.ActiveNetworkProfile") == "4"
        assert said(h)[:3] == ["BootNotification", "SN 1 Available", "SN 2 Available"]
        assert h.csms.of("BootNotification")[0].payload["reason"] == "Unknown"
        await h.csms.stop()
        await h.advance(100)
        h.csms.clear()
        await h.csms.start()
        await h.advance(200)
        assert said(h) == ["SN 1 Available", "SN 2 Available"], "by the same one it does not"
        first = "network profile 2 (ws://127.0.0.1:1/ocpp) was tried 2 times: it is the turn of "
        turns = [text for text in notes(h) if "was tried" in text]
        assert turns[0] == f"{first}network profile 3 ({third})"
        order = [text.split()[2] for text in turns]
        assert order[:5] == ["2", "3", "4", "2", "3"]


@pytest.mark.row(55, "B10.FR.08")
async def test_where_none_connects_the_last_good_one_has_its_turn() -> None:
    async with harness() as h:
        await set_profile(h, 2, "ws://127.0.0.1:1/ocpp")
        assert await set_order(h, "2") == "RebootRequired"
        await reset(h)
        await h.advance(60)
        assert await value(h, "OCPPCommCtrlr.ActiveNetworkProfile") == "1"


@pytest.mark.row(57, "P4§5.3")
async def test_pauses_grow_by_the_variables_of_the_back_off() -> None:
    async with harness() as h:
        numbers = {"WaitMinimum": "10", "RandomRange": "4", "RepeatTimes": "2"}
        for name, text in numbers.items():
            assert await set_variables(h, **{f"OCPPCommCtrlr__RetryBackOff{name}": text}) == [
                "Accepted"
            ]
        for _ in range(2):
            await h.csms.stop()
            await h.settle()
            pauses: list[float] = []
            while len(pauses) < 5:
                again = h.station.link.retry_at
                assert again is not None
                pauses.append((again - h.clock.now()).total_seconds())
                await h.advance(pauses[-1] + 0.001)
            for pause, least in zip(pauses, (10, 20, 40, 40, 40), strict=True):
                assert least <= pause <= least + 4
            assert len({round(pause, 3) for pause in pauses}) == 3, (
                "no new chance once it does not grow"
            )
            await h.csms.start()
            await h.advance(50)
            assert h.csms.connected, "and a connection begins it anew"
