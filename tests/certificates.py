"""Certificates that tests make: roots, what they have issued, and signatures over files.

The keys are of the curve P-256, which are made in no time. It shares no code with the charge point.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Holder:
    """Somebody with a key, and a certificate that says whose it is."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """The key, for nobody but its holder."""
        form = PrivateFormat.PKCS8
        return self.key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()

    def sign(self, content: bytes) -> str:
        """The signature over a file, in Base64."""
        return b64encode(self.key.sign(content, ec.ECDSA(SHA256()))).decode()


def root(name: str, now: datetime, *, lasts: timedelta = YEAR) -> Holder:
    """Somebody who vouches for himself, since yesterday."""
    return _made(name, now, lasts, None)


def issued(by: Holder, name: str, now: datetime, *, lasts: timedelta = YEAR) -> Holder:
    """Somebody whom another vouches for."""
    return _made(name, now, lasts, by)


def server(by: Holder, address: str, now: datetime) -> Holder:
    """A server at an IP address, whom another vouches for."""
    return _made(address, now, YEAR, by, x509.IPAddress(ip_address(address)))


def _made(
    name: str,
    now: datetime,
    lasts: timedelta,
    by: Holder | None,
    at: x509.GeneralName | None = None,
) -> Holder:
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, vouches = key if by is None else by.key, at is None
    authority = x509.BasicConstraints(ca=vouches, path_length=None)
    own_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    signer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    begins = now - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(own if by is None else by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + lasts)
        .add_extension(authority, critical=True)
        .add_extension(_usage(vouches), critical=True)
        .add_extension(own_id, critical=False)
        .add_extension(signer_id, critical=False)
    )
    if at is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([at]), critical=False)
    return Holder(key, builder.sign(signer, SHA256()))


def _usage(vouches: bool) -> x509.KeyUsage:
    """Whoever vouches signs certificates, anybody else handshakes (Python 3.13 looks at it)."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=vouches,
        crl_sign=vouches,
        encipher_only=False,
        decipher_only=False,
    )
