"""Key pairs of the charger's own, and the certificates that belong to them.

`cryptography` does the arithmetic; it is loaded when the first key is made.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from sim_core.files.signatures import is_issued_by, read_certificate, why_not_valid

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

END = "-----END CERTIFICATE-----"


def new_key() -> str:
    """A private key in PEM form: on P-256, which every CSMS has to know (A00.FR.503)."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def signing_request(key: str, common_name: str, organization: str) -> str:
    """A request to sign the public half of a key, in PEM form (RFC 2986)."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    names = {NameOID.COMMON_NAME: common_name[:64], NameOID.ORGANIZATION_NAME: organization[:64]}
    subject = x509.Name([x509.NameAttribute(of, text) for of, text in names.items() if text])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return request.sign(_loaded(key), SHA256()).public_bytes(Encoding.PEM).decode()


def why_not_of_key(chain: str, key: str, now: datetime) -> str:
    """Why a chain of certificates (PEM, the leaf first) is not one for this key that counts now, as
    a sentence without full stop; empty: it is."""
    links = [f"{part}{END}\n" for part in chain.split(END)[:-1]]
    if not links:
        return "it is no certificate in PEM form"
    for link in links:
        if why := why_not_valid(link, now):
            return why
    leaf = read_certificate(links[0])
    assert not isinstance(leaf, str), "it was read just now"
    if leaf.public_key() != _loaded(key).public_key():
        return "the certificate is not for the key that was to be signed"
    if not all(is_issued_by(one, other) for one, other in pairwise(links)):
        return "a certificate of the chain was not issued by the next one"
    return ""


def _loaded(key: str) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    loaded = load_pem_private_key(key.encode(), None)
    assert isinstance(loaded, EllipticCurvePrivateKey), "it was made by `new_key`"
    return loaded
