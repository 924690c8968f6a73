"""The station's own certificate (A02): asked for, signed, tried, thrown away."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sim_core.wire.access import Access, Tls
from tests.harness import Harness
from tests.scripted_csms import ScriptedCsms

SIGN, SIGNED = "SignCertificate", "CertificateSigned"
ACCEPTED = {"status": "Accepted"}
NOW = datetime.now(timezone.utc)


def signed(
    csr: str,
    ca: trustme.CA,
    *,
    begins: datetime = datetime(2025, 1, 1, tzinfo=timezone.utc),
    ends: datetime = NOW + timedelta(days=900),
) -> str:
    """The certificate that a CA makes of a request."""
    asked = x509.load_pem_x509_csr(csr.encode())
    made = (
        x509.CertificateBuilder()
        .subject_name(asked.subject)
        .issuer_name(ca._certificate.subject)
        .public_key(asked.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    return made.sign(ca._private_key, SHA256()).public_bytes(Encoding.PEM).decode()


@asynccontextmanager
async def station(folder: Path, ca: trustme.CA) -> AsyncIterator[Harness]:
    """A station with security profile 3 before a CSMS that wants its certificate."""
    ca_file, own_file = folder / "ca.pem", folder / "own.pem"
    ca.cert_pem.write_to_path(ca_file)
    first = ca.issue_cert("cp01.example", common_name="the first one")
    first.private_key_and_cert_chain_pem.write_to_path(own_file)
    own_file.chmod(0o600)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(server)
    server.verify_mode = ssl.CERT_REQUIRED
    server.maximum_version = ssl.TLSVersion.TLSv1_2  # a no comes in the handshake
    ca.configure_trust(server)
    csms = ScriptedCsms(version="2.0.1")
    csms.tls = server
    access = Access(profile=3, tls=Tls(ca_cert=ca_file, client_cert=own_file))
    async with (
        csms,
        Harness(version="2.0.1", access=access, state=folder / "state", csms=csms) as h,
    ):
        yield h


async def request(h: Harness) -> str:
    """Let the station ask for a certificate; returns the request (PEM)."""
    h.csms.clear()
    h.csms.script[SIGN].append(ACCEPTED)
    asked = await h.ask("TriggerMessage", requestedMessage="SignChargingStationCertificate")
    assert asked == ACCEPTED
    (call,) = h.csms.of(SIGN)
    assert call.payload["certificateType"] == "ChargingStationCertificate"
    return str(call.payload["csr"])


async def hand_in(h: Harness, chain: str) -> dict[str, Any]:
    answer = await h.csms.ask(SIGNED, certificateChain=chain)
    await h.advance(5)
    return answer


def kinds(h: Harness) -> list[str]:
    told = [call.payload["type"] for call in h.csms.of("SecurityEventNotification")]
    return [kind for kind in told if "Certificate" in kind]


@pytest.mark.row(10, "A00.FR.401")
@pytest.mark.row(14, "A02.FR.02")
@pytest.mark.row(259, "M04.FR.03")
async def test_a_certificate_that_the_csms_signs_lets_the_station_in(tmp_path: Path) -> None:
    """Its key never leaves the station, and it counts after a power cut, too."""
    ca = trustme.CA()
    async with station(tmp_path, ca) as h:
        assert h.csms.shown == ["the first one"]
        assert h.csms.authorizations == [""]
        csr = await request(h)
        subject = x509.load_pem_x509_csr(csr.encode()).subject
        serial = h.model.identity.serial_number
        assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == serial
        assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "ChargeForge"
        chain = signed(csr, ca)
        assert await hand_in(h, chain) == ACCEPTED
        assert h.csms.shown == ["the first one", serial]
        own = x509.load_pem_x509_certificate(chain.encode())
        issuer = Hash(SHA256())
        issuer.update(own.issuer.public_bytes())
        data = {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": issuer.finalize().hex(),
            "issuerKeyHash": "00",
            "serialNumber": f"{own.serial_number:x}",
        }
        deleted = await h.ask("DeleteCertificate", certificateHashData=data)
        assert deleted["status"] == "Failed"
        await h.power_cut()
        await h.power_on()
        await h.settle()
        assert h.csms.shown[2:] == [serial]
        frames = [f"{one.request} {one.answer}" for one in h.messages.since(0)[1]]
        assert not [frame for frame in frames if "PRIVATE KEY" in frame]
        again = await request(h)
        assert x509.load_pem_x509_csr(again.encode()).public_key() != (
            x509.load_pem_x509_csr(csr.encode()).public_key()
        )


@pytest.mark.row(18, "A03.FR.02")
async def test_one_that_ends_within_a_month_is_renewed_unasked(tmp_path: Path) -> None:
    ca, ends = trustme.CA(), NOW + timedelta(days=100)
    async with station(tmp_path, ca) as h:
        await hand_in(h, signed(await request(h), ca, ends=ends))
        for left, asks in ((40, 0), (20, 1)):
            later = (ends - timedelta(days=left)).isoformat()
            h.csms.script["Heartbeat"].append({"currentTime": later})
            await h.ask("TriggerMessage", requestedMessage="Heartbeat")
            h.csms.clear()
            h.csms.script[SIGN].append(ACCEPTED)
            await h.csms.cut()
            await h.advance(50)
            assert h.csms.connected
            assert len(h.csms.of(SIGN)) == asks


@pytest.mark.row(15, "A02.FR.07")
async def test_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    ca = trustme.CA()
    async with station(tmp_path, ca) as h:
        csr = await request(h)
        other = trustme.CA()
        past, future = NOW - timedelta(days=400), NOW + timedelta(days=400)
        somebody_elses = ca.issue_cert("x.example").cert_chain_pems[0].bytes().decode()
        for chain in (
            "nonsense",
            signed(csr, ca, ends=past),
            signed(csr, ca, begins=future),
            somebody_elses,
            signed(csr, ca) + other.cert_pem.bytes().decode(),
            signed(csr, ca) * 15,
        ):
            assert (await hand_in(h, chain))["status"] == "Rejected"
        assert kinds(h) == ["InvalidChargingStationCertificate"] * 6
        assert h.csms.shown == ["the first one"]
        await h.advance(1000)
        h.csms.clear()
        h.csms.script[SIGN].append({"status": "Rejected"})
        await h.ask("TriggerMessage", requestedMessage="SignChargingStationCertificate")
        await h.advance(1000)
        assert len(h.csms.of(SIGN)) == 1, "who has said no is not asked again"


@pytest.mark.row(16, "A02.FR.17")
async def test_what_is_not_signed_is_asked_for_again_later_each_time() -> None:
    async with Harness(version="2.0.1") as h:
        h.csms.script[SIGN] += [ACCEPTED] * 9
        await request(h)
        waits: list[float] = []
        began = h.clock.monotonic()
        for _ in range(100):
            before = len(h.csms.of(SIGN))
            await h.advance(10)
            if len(h.csms.of(SIGN)) > before:
                waits.append(h.clock.monotonic() - began)
        assert waits == [60, 180, 420]
        assert len({call.payload["csr"] for call in h.csms.of(SIGN)}) == 4


@pytest.mark.row(17, "A02.FR.28")
async def test_a_certificate_that_lets_nobody_in_is_thrown_away(tmp_path: Path) -> None:
    ca = trustme.CA()
    async with station(tmp_path, ca) as h:
        csr = await request(h)
        assert await hand_in(h, signed(csr, trustme.CA())) == ACCEPTED
        await h.advance(60)
        assert h.csms.shown == ["the first one", "the first one"]
        assert kinds(h) == ["DiscardedRenewedClientCertificate"]
