"""Roots that are installed: InstallCertificate, DeleteCertificate, GetInstalledCertificateIds (M03
to M05).

Those of the CSMS count for the next TLS handshake, beside the file that the operator names; those
of the manufacturer for signed firmware. Roots of ISO 15118 have no use here and are refused. The
station's own certificate is elsewhere (`own_certificate`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.environment import Environment
from sim_core.files import signatures
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.variables import Component
from sim_core.store.interface import Documents
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on

NAME = "ocpp201 certificates"
CSMS, MANUFACTURER = "CSMSRootCertificate", "ManufacturerRootCertificate"
KNOWN = (CSMS, MANUFACTURER)
MOST = 10
"""Certificates that are kept (SecurityCtrlr.CertificateEntries)."""
USUAL_HASH = "SHA256"


class Certificates:
    """The roots of one station."""

    __slots__ = ("_documents", "_environment", "_kept", "_model", "_tries", "own")

    def __init__(self, environment: Environment, documents: Documents, model: DeviceModel) -> None:
        self._environment = environment
        self._documents = documents
        self._model = model
        self.own: Callable[[], str] = lambda: ""
        """The chain of the station's own certificate (PEM), where it has one of the CSMS's; the
        station sets it."""
        self._tries = 0
        """How often it was dialled since there are two roots."""
        self._kept: list[tuple[str, str]] = [
            (use, pem) for use, pem in (documents.get(NAME) or {}).get("certificates", [])
        ]
        model.live(Component("SecurityCtrlr"), "CertificateEntries", lambda: str(len(self._kept)))

    def of(self, use: str) -> list[str]:
        """The certificates (PEM) of a use."""
        return [pem for kind, pem in self._kept if kind == use]

    # -- how the CSMS is known ---------------------------------------

    @property
    def only_one(self) -> bool:
        """A root of the CSMS replaces the one before, which has to have signed it, and nobody else
        is trusted (SecurityCtrlr.AdditionalRootCertificateCheck)."""
        return self._model.flag("SecurityCtrlr", "AdditionalRootCertificateCheck")

    def dialling(self) -> None:
        """An attempt to connect begins."""
        self._tries += 1

    def roots(self) -> tuple[str, ...]:
        """The CSMS's roots for this attempt: of two in turn, the new one first (M05.FR.12)."""
        roots = self.of(CSMS)
        if self.only_one and len(roots) > 1:
            return (roots[-1 if self._tries % 2 else 0],)
        return tuple(roots)

    def connected(self) -> None:
        """The CSMS was met over TLS: where that was by the new root, the old one is gone."""
        if self.only_one and len(self.of(CSMS)) > 1 and self._tries % 2:
            new = self.of(CSMS)[-1]
            self._keep([(use, pem) for use, pem in self._kept if use != CSMS or pem == new])
            self._environment.note(
                "security", "the new root of the CSMS counts, the old one is gone"
            )
        self._tries = 0

    # -- what a CSMS asks --------------------------------------------

    @on(Action.install_certificate)
    def install_certificate(self, certificate_type: str, certificate: str, **_: Any) -> Reply:
        """M05: one that is there already is replaced."""
        if certificate_type not in KNOWN:
            why = f"a {certificate_type} has no use here: there is no ISO 15118"
            return reply("Rejected", code="UnsupportedParam", why=why)
        if why := signatures.why_not_valid(certificate, self._environment.now()):
            return reply("Rejected", code="InvalidCertificate", why=why)
        kept = [(use, pem) for use, pem in self._kept if not same(pem, certificate)]
        if len(kept) >= MOST:
            why = f"{MOST} certificates are installed already: delete one first"
            return reply("Rejected", code="OutOfStorage", why=why)
        if certificate_type == CSMS and self.only_one and (old := self.of(CSMS)[-1:]):
            if not signatures.is_issued_by(certificate, old[0]):
                why = "the root that it replaces has not signed it (AdditionalRootCertificateCheck)"
                return reply("Rejected", code="InvalidCertificate", why=why)
            kept = [(use, pem) for use, pem in kept if use != CSMS or pem == old[0]]
            self._tries = 0
        self._keep([*kept, (certificate_type, certificate)])
        self._environment.note("security", f"a {certificate_type} was installed")
        return reply("Accepted")

    @on(Action.delete_certificate)
    def delete_certificate(self, certificate_hash_data: Payload, **_: Any) -> Reply:
        """M04. What lets the station in, it does not delete (M04.FR.03)."""
        algorithm = certificate_hash_data["hashAlgorithm"]
        own = self.own()
        if own and _fits(hash_data(own, algorithm), certificate_hash_data, BY_ISSUER):
            return reply("Failed", code="InUse", why="it is the station's own certificate")
        left = [
            (use, pem)
            for use, pem in self._kept
            if not _fits(hash_data(pem, algorithm), certificate_hash_data)
        ]
        if len(left) == len(self._kept):
            return reply("NotFound")
        self._keep(left)
        self._environment.note("security", "a certificate was deleted")
        return reply("Accepted")

    @on(Action.get_installed_certificate_ids)
    def get_installed_certificate_ids(
        self, certificate_type: Sequence[str] | None = None, **_: Any
    ) -> Reply:
        """M03: without a type all of them."""
        found = [
            {"certificateType": use, "certificateHashData": hash_data(pem, USUAL_HASH)}
            for use, pem in self._kept
            if certificate_type is None or use in certificate_type
        ]
        if not found:
            return reply("NotFound")
        return reply("Accepted", certificateHashDataChain=found)

    def _keep(self, certificates: list[tuple[str, str]]) -> None:
        self._documents.put(NAME, {"certificates": certificates} if certificates else None)
        self._kept = certificates


def hash_data(pem: str, algorithm: str) -> Payload:
    """CertificateHashDataType of a root: it has issued itself (RFC 6960, CertID)."""
    from cryptography.hazmat.primitives.hashes import (
        SHA256,
        SHA384,
        SHA512,
        Hash,
        HashAlgorithm,
    )
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    certificate = signatures.read_certificate(pem)
    assert not isinstance(certificate, str), "what is kept was read before"
    kinds: dict[str, HashAlgorithm] = {"SHA256": SHA256(), "SHA384": SHA384(), "SHA512": SHA512()}

    def hashed(data: bytes) -> str:
        digest = Hash(kinds[algorithm])
        digest.update(data)
        return digest.finalize().hex()

    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": hashed(certificate.issuer.public_bytes()),
        "issuerKeyHash": hashed(bit_string_of(key)),
        "serialNumber": f"{certificate.serial_number:x}",
    }


def bit_string_of(spki: bytes) -> bytes:
    """The key's bits of a SubjectPublicKeyInfo in DER, without tag, length and count of unused bits
    (RFC 6960, §4.1.1: issuerKeyHash)."""
    _, body, _ = _element(spki)
    _, _, rest = _element(body)
    _, bits, _ = _element(rest)
    return bits[1:]


def _element(der: bytes) -> tuple[int, bytes, bytes]:
    """Tag, content, and what follows, of the first DER element."""
    tag, length, at = der[0], der[1], 2
    if length & 0x80:
        more = length & 0x7F
        length, at = int.from_bytes(der[2 : 2 + more], "big"), 2 + more
    return tag, der[at : at + length], der[at + length :]


def same(pem: str, other: str) -> bool:
    """Whether two PEM texts are of one certificate."""
    one, two = signatures.read_certificate(pem), signatures.read_certificate(other)
    return not isinstance(one, str) and one == two


BY_ISSUER = ("issuerNameHash", "serialNumber")
"""What tells a certificate that another has issued: whose key that was, its own does not say."""


def _fits(
    own: Payload,
    wanted: Payload,
    names: tuple[str, ...] = ("issuerNameHash", "issuerKeyHash", "serialNumber"),
) -> bool:
    return all(
        str(own[name]).casefold().lstrip("0") == str(wanted[name]).casefold().lstrip("0")
        for name in names
    )
