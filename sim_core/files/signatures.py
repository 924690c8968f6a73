"""Whether a file is what somebody has signed, and whether a certificate may vouch for anything.

Signed firmware of OCPP: the signature is over the SHA-256 of the file, by RSA (PSS or PKCS #1 v1.5)
or ECDSA (OCPP 2.0.1 L01.FR.11 to .13; the security whitepaper of 1.6 says the same). `cryptography`
does the arithmetic; it is loaded when the first file comes that is signed.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def why_not_signed(certificate: str, signature: str, sha256: str) -> str:
    """Why a file with this SHA-256 (in hexadecimal) is not what the owner of a certificate (PEM)
    has signed, as a sentence without full stop; empty: it is."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import SHA256

    read = read_certificate(certificate)
    if isinstance(read, str):
        return read
    try:
        told = b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return "the signature is no Base64"
    key, digest, hashed = read.public_key(), bytes.fromhex(sha256), Prehashed(SHA256())
    if isinstance(key, ec.EllipticCurvePublicKey):
        try:
            key.verify(told, digest, ec.ECDSA(hashed))
        except InvalidSignature:
            return "the signature does not fit the file"
        return ""
    if not isinstance(key, rsa.RSAPublicKey):
        return "the signing certificate has a key that is neither RSA nor ECDSA"
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO)
    for scheme in (pss, padding.PKCS1v15()):
        try:
            key.verify(told, digest, scheme, hashed)
        except InvalidSignature:
            continue
        return ""
    return "the signature does not fit the file"


def read_certificate(pem: str) -> Certificate | str:
    """The first certificate of a PEM text, or why there is none, as a sentence."""
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return "it is no certificate in PEM form"
    return found[0] if found else "it is no certificate in PEM form"


def why_not_valid(pem: str, now: datetime) -> str:
    """Why a certificate (PEM) may vouch for nothing now, as a sentence without full stop; empty: it
    may."""
    read = read_certificate(pem)
    if isinstance(read, str):
        return read
    if now < read.not_valid_before_utc:
        return "the certificate is not valid yet"
    if now > read.not_valid_after_utc:
        return "the certificate has expired"
    return ""


def ends_at(pem: str) -> datetime:
    """When a certificate (PEM) ends that was read before."""
    read = read_certificate(pem)
    assert not isinstance(read, str), "what is kept was read before"
    return read.not_valid_after_utc


def is_issued_by(pem: str, root: str) -> bool:
    """Whether the holder of `root` (PEM) has issued a certificate; a root has issued itself."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    child, parent = read_certificate(pem), read_certificate(root)
    if isinstance(child, str) or isinstance(parent, str):
        return False
    try:
        child.verify_directly_issued_by(parent)
    except (InvalidSignature, TypeError, UnsupportedAlgorithm, ValueError):
        return False
    return True
