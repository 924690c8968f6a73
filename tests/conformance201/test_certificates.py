"""Roots that are installed (block M)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import ocsp

from sim_core.runtime.clock import ManualClock
from tests.certificates import Holder, root
from tests.conformance201.acts import get_variable
from tests.harness import Harness
from tests.sim_core.test_storage_trouble import full
from tests.versions import Payload

CSMS, MANUFACTURER = "CSMSRootCertificate", "ManufacturerRootCertificate"
NOW = ManualClock().now()


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


async def install(h: Harness, pem: str, use: str = CSMS) -> str:
    answer = await h.ask("InstallCertificate", certificateType=use, certificate=pem)
    return str(answer["status"])


async def installed(h: Harness, *uses: str) -> list[tuple[str, str]]:
    """The uses and serial numbers of what GetInstalledCertificateIds tells."""
    asked = {"certificateType": list(uses)} if uses else {}
    answer = await h.ask("GetInstalledCertificateIds", **asked)
    chain = answer.get("certificateHashDataChain", [])
    assert (answer["status"] == "Accepted") is bool(chain)
    assert chain or answer == {"status": "NotFound"}
    return [(one["certificateType"], one["certificateHashData"]["serialNumber"]) for one in chain]


def serial(holder: Holder) -> str:
    return f"{holder.certificate.serial_number:x}"


def hash_data(holder: Holder) -> Payload:
    """CertificateHashDataType as an OCSP request has it (RFC 6960), which no code of ours made."""
    builder = ocsp.OCSPRequestBuilder()
    asked = builder.add_certificate(holder.certificate, holder.certificate, SHA256()).build()
    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": asked.issuer_name_hash.hex(),
        "issuerKeyHash": asked.issuer_key_hash.hex(),
        "serialNumber": serial(holder),
    }


@pytest.mark.row(257, "M03.FR.01")
@pytest.mark.row(258, "M04.FR.02")
@pytest.mark.row(260, "M05.FR.01")
async def test_roots_are_installed_told_and_deleted(tmp_path: Path) -> None:
    one, other = root("one", NOW), root("other", NOW)
    async with harness(state=tmp_path) as h:
        assert await installed(h) == []
        assert await install(h, one.pem) == "Accepted"
        assert await install(h, other.pem, MANUFACTURER) == "Accepted"
        assert await install(h, one.pem) == "Accepted", "the same again takes its own place"
        both = [(MANUFACTURER, serial(other)), (CSMS, serial(one))]
        assert await installed(h) == both
        assert await installed(h, CSMS) == both[1:]
        assert await installed(h, CSMS, MANUFACTURER) == both
        assert await installed(h, "V2GRootCertificate") == []
        count = await get_variable(h, "SecurityCtrlr.CertificateEntries")
        assert count["attributeValue"] == "2"
        answer = await h.ask("GetInstalledCertificateIds", certificateType=[CSMS])
        (told,) = answer["certificateHashDataChain"]
        assert told["certificateHashData"] == hash_data(one)
    async with harness(state=tmp_path) as h:
        assert await installed(h) == both, "they survive a boot"
        for status in ("Accepted", "NotFound"):
            answer = await h.ask("DeleteCertificate", certificateHashData=hash_data(one))
            assert answer["status"] == status
        assert await installed(h) == both[:1]


@pytest.mark.row(261, "M05.FR.03")
async def test_what_cannot_be_installed(tmp_path: Path) -> None:
    async with harness(state=tmp_path) as h:
        old = root("old", NOW - timedelta(days=400))
        early = root("early", NOW + timedelta(days=2))
        for pem in ("garbage", old.pem, early.pem, root("x", NOW).key_pem):
            assert await install(h, pem) == "Rejected"
        with full(h):
            assert await install(h, root("x", NOW).pem) == "Failed", "the disk does not take it"
        assert await installed(h) == []
        for number in range(10):
            assert await install(h, root(str(number), NOW).pem) == "Accepted"
        assert await install(h, root("one more", NOW).pem) == "Rejected"
        assert len(await installed(h)) == 10
