"""How the charge point gets in: TLS and the authorization key (OCPP-J §6, the security whitepaper).

What is configured comes as a frozen `Access`; what one dial needs of it is made anew for each, so
that a renewed certificate file counts at the next attempt. Secrets are in here and nowhere else:
no `repr` shows them.
"""

from __future__ import annotations

import re
import ssl
import stat
import tempfile
from base64 import b64encode
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from urllib.parse import unquote_to_bytes

from sim_core.errors import UserError

VERIFY_ADVICE = {
    10: "the CSMS's certificate has expired: it must be renewed there",
    9: "the CSMS's certificate is not valid yet: check the clocks",
    18: "the CSMS's certificate is self-signed: name it with CA_CERT",
    19: "the CSMS's certificate comes from a CA that is not known here: name it with CA_CERT",
    20: "the CSMS's certificate comes from a CA that is not known here: name it with CA_CERT",
    21: "the CSMS's certificate comes from a CA that is not known here: name it with CA_CERT",
    62: "the CSMS's certificate is for another host: check the host in CSMS_URL",
    64: "the CSMS's certificate is for another address: check the host in CSMS_URL",
}
"""X509_V_ERR_… of OpenSSL -> what to do."""

ALERT_ADVICE = (
    ("CERTIFICATE_REQUIRED", "the CSMS wants a client certificate: set CLIENT_CERT and CLIENT_KEY"),
    ("UNKNOWN_CA", "the CSMS does not know the CA of our client certificate (CLIENT_CERT)"),
    ("BAD_CERTIFICATE", "the CSMS does not accept our client certificate (CLIENT_CERT)"),
    ("CERTIFICATE_UNKNOWN", "the CSMS does not accept our client certificate (CLIENT_CERT)"),
    ("CERTIFICATE_EXPIRED", "our client certificate (CLIENT_CERT) has expired"),
    ("HANDSHAKE_FAILURE", "the CSMS and we have no TLS cipher in common, or it wants CLIENT_CERT"),
    ("PROTOCOL_VERSION", "the CSMS has no TLS 1.2 or newer"),
    ("UNSUPPORTED_PROTOCOL", "the CSMS has no TLS 1.2 or newer"),
    ("WRONG_VERSION_NUMBER", "the CSMS does not speak TLS on this port: use ws:// or another port"),
    ("RECORD_LAYER_FAILURE", "the CSMS does not speak TLS on this port: use ws:// or another port"),
)
"""Part of an OpenSSL reason -> what to do."""

RSA_SUITES = ("AES128-GCM-SHA256", "AES256-GCM-SHA384")
"""Suites that the security profiles want to be known (A00.FR.319), and Python leaves out."""


class TlsFlaw(Enum):
    """What about the CSMS's TLS is not accepted; the value is the OCA's word for the event."""

    CERTIFICATE = "InvalidCentralSystemCertificate"
    VERSION = "InvalidTLSVersion"
    CIPHERS = "InvalidTLSCipherSuite"


FLAWS = (
    ("PROTOCOL_VERSION", TlsFlaw.VERSION),
    ("UNSUPPORTED_PROTOCOL", TlsFlaw.VERSION),
    ("HANDSHAKE_FAILURE", TlsFlaw.CIPHERS),
    ("NO_CIPHERS", TlsFlaw.CIPHERS),
)
"""Part of an OpenSSL reason -> what is not accepted."""

PLACE = re.compile(r"[^/?#]*")
"""Of a URL behind its `://`: name, password, host and port."""


@dataclass(frozen=True)
class Tls:
    """What is set about TLS."""

    verify: bool = True
    ca_cert: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    passphrase: str | None = field(default=None, repr=False)
    roots: tuple[str, ...] = ()
    """Certificates (PEM) of CAs that the CSMS has installed: they are trusted, too."""
    only_roots: bool = False
    """Nobody else is trusted where there are some."""
    own: tuple[str, str] | None = field(default=None, repr=False)
    """A chain of certificates and its key (PEM) that the CSMS has signed: they go before the
    files."""


@dataclass(frozen=True)
class Access:
    """What is configured."""

    profile: int = 0
    """Security profile 0 to 3 of the whitepaper."""
    tls: Tls = Tls()
    key: bytes | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)
    """URL of the proxy that the CSMS is reached through; None: none, whatever the environment
    says."""

    def file_tls(self) -> ssl.SSLContext:
        """What a file server is met with: the CSMS's CA counts for its files too; who we are is not
        shown to it. Raises UserError as `tls_context` does."""
        return tls_context(replace(self.tls, client_cert=None, client_key=None, own=None))


NOTHING_SET = Access()


@dataclass(frozen=True)
class Way:
    """What one attempt to connect is to use."""

    access: Access
    url: str = field(default="", repr=False)
    """The CSMS's, without the identity; empty: the one that was dialled before."""
    call_timeout_s: float | None = None
    """How long an answer is awaited on it; None: as long as the option says."""


@dataclass(frozen=True)
class Dial:
    """What one attempt to connect needs."""

    url: str
    tls: ssl.SSLContext | None = None
    authorization: str | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)
    identity: str = ""
    """The id of the charge point that dials."""


def dial(url: str, identity: str, access: Access) -> Dial:
    """What to dial. From profile 2 on it is TLS, whatever the URL says.

    A name and password in the URL go into the header, unless there is an authorization key: what
    is dialled has no secret in it. Raises UserError when a certificate or key cannot be used.
    """
    scheme, _, rest = url.partition("://")
    place = PLACE.match(rest)[0]  # type: ignore[index]  # it matches nothing as well
    user, _, host = place.rpartition("@")
    rest = f"{host}{rest[len(place) :]}"
    if access.profile >= 2:
        scheme = "wss"
    context = tls_context(access.tls) if scheme == "wss" else None
    authorization = None
    if access.key:
        authorization = basic_authorization(identity, access.key)
    elif user:
        name, _, password = user.partition(":")
        credentials = unquote_to_bytes(name) + b":" + unquote_to_bytes(password)
        authorization = _basic(credentials)
    return Dial(f"{scheme}://{rest}", context, authorization, access.proxy, identity)


def basic_authorization(identity: str, key: bytes) -> str:
    """The HTTP header that shows an authorization key (OCPP-J §6.2): its bytes as they are.

    A password in the URL could only be text; a key may be any bytes.
    """
    return _basic(identity.encode() + b":" + key)


def _basic(credentials: bytes) -> str:
    return "Basic " + b64encode(credentials).decode("ascii")


def tls_context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.2 or newer with the host name checked, unless `verify` is off.

    Raises UserError with a sentence that names the option.
    """
    alone = tls.only_roots and bool(tls.roots)
    context = ssl.create_default_context(cadata="".join(tls.roots) if alone else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    usual = [suite["name"] for suite in context.get_ciphers()]
    context.set_ciphers(":".join([*(n for n in usual if not n.startswith("TLS_")), *RSA_SUITES]))
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.ca_cert is not None and not alone:
        try:
            context.load_verify_locations(cafile=tls.ca_cert)
        except (OSError, ssl.SSLError) as error:
            raise UserError(f"CA_CERT: {tls.ca_cert} cannot be used: {_why(error)}.") from None
    if tls.roots:  # one that another has signed is the end of the chain, too
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata="".join(tls.roots))
    if tls.own is not None:
        _show(context, *tls.own)
    elif tls.client_cert is not None:
        password = tls.passphrase or ""
        try:
            context.load_cert_chain(tls.client_cert, tls.client_key, lambda: password)
        except (OSError, ssl.SSLError) as error:
            raise UserError(
                f"CLIENT_CERT, CLIENT_KEY: {tls.client_cert} and {tls.client_key or 'its key'} "
                f"cannot be used: {_why_no_chain(tls.client_cert, tls, error)}."
            ) from None
    elif tls.client_key is not None:
        raise UserError("CLIENT_KEY is set without CLIENT_CERT: set both.")
    return context


def _show(context: ssl.SSLContext, chain: str, key: str) -> None:
    """Show a certificate that is in no file: the library takes files only."""
    with tempfile.TemporaryDirectory() as folder:  # nobody else may look into it
        file = Path(folder) / "own.pem"
        file.write_text(f"{chain}\n{key}", "ascii")
        context.load_cert_chain(file)


def why_no_tls(tls: Tls) -> str | None:
    """What keeps every TLS connection from being made, as a sentence without full stop.

    None where nothing does: the certificates can be used, and some CA is trusted, by CA_CERT or by
    this computer.
    """
    try:
        context = tls_context(tls)
    except UserError as error:
        return str(error).rstrip(".")
    folder = ssl.get_default_verify_paths().capath
    if context.get_ca_certs() or (folder and any(Path(folder).iterdir())):
        return None
    return "no CA is trusted here: name that of the CSMS with CA_CERT"


def why_not_profile(profile: int, access: Access, *, password: str) -> str | None:
    """What a security profile needs and is not there, as a sentence without full stop (A05.FR.02,
    .03); None: nothing. `password` is what the CSMS sets a password by."""
    if profile in (1, 2) and access.key is None:
        return f"this profile needs a password: set {password} first"
    if profile >= 2 and not access.tls.verify:
        return "this profile needs the CSMS's certificate to be checked (SSL_VERIFY is false)"
    if profile == 3 and access.tls.client_cert is None and access.tls.own is None:
        return "this profile needs a client certificate: set CLIENT_CERT and CLIENT_KEY"
    return why_no_tls(access.tls) if profile >= 2 else None


def warnings(access: Access) -> list[str]:
    """What an operator should know for as long as it is so, as sentences."""
    found = []
    if not access.tls.verify:
        found.append("the CSMS's certificate is not checked (SSL_VERIFY=false)")
    key = access.tls.client_key or access.tls.client_cert  # one file may have both in it
    if key is not None and key.exists() and key.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        found.append(f"others can read the key file {key.name}: take their right away (chmod 600)")
    return found


def tls_flaw(error: BaseException | None) -> TlsFlaw | None:
    """What of the CSMS's TLS an attempt has failed by, if by anything that concerns security.

    A server with TLS 1.2 that misses our certificate says the same as one without a common suite:
    `explain_tls` names both.
    """
    seen = 0
    while error is not None and seen < 5:
        if isinstance(error, ssl.SSLCertVerificationError):
            return TlsFlaw.CERTIFICATE
        if isinstance(error, ssl.SSLError):
            reason = _reason(error)
            return next((flaw for part, flaw in FLAWS if part in reason), None)
        error, seen = error.__cause__ or error.__context__, seen + 1
    return None


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).upper().replace(" ", "_")


def explain_tls(error: BaseException | None) -> str | None:
    """What a failure has to do with TLS, as a sentence without full stop; None if nothing.

    A server that refuses our certificate says so after the handshake, inside another error.
    """
    seen = 0
    while error is not None and seen < 5:
        if isinstance(error, ssl.SSLCertVerificationError):
            advice = VERIFY_ADVICE.get(error.verify_code)
            return advice or f"the CSMS's certificate is not valid: {error.verify_message}"
        if isinstance(error, ssl.SSLError):
            reason = _reason(error)
            for part, advice in ALERT_ADVICE:
                if part in reason:
                    return advice
            return f"TLS failed: {error.reason or error}"
        error, seen = error.__cause__ or error.__context__, seen + 1
    return None


def _why_no_chain(cert: Path, tls: Tls, error: Exception) -> str:
    """What is wrong with certificate and key. OpenSSL 3 often gives no reason: the files do."""
    if not isinstance(error, ssl.SSLError) or error.reason:
        return _why(error)
    key = (tls.client_key or cert).read_text("latin-1")
    if "CERTIFICATE-----" not in cert.read_text("latin-1"):
        return f"there is no certificate in {cert.name}"
    if "PRIVATE KEY-----" not in key:
        return f"there is no private key in {(tls.client_key or cert).name}"
    if "ENCRYPTED" not in key:
        return _why(error)
    if tls.passphrase:
        return "the passphrase (CLIENT_KEY_PASSPHRASE) is wrong"
    return "the key wants a passphrase (CLIENT_KEY_PASSPHRASE)"


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        reason = error.reason or "it is no PEM file"
        return {
            "KEY_VALUES_MISMATCH": "the key does not belong to the certificate",
            "BAD_DECRYPT": "the passphrase (CLIENT_KEY_PASSPHRASE) is wrong",
            "BAD_PASSWORD_READ": "the key wants a passphrase (CLIENT_KEY_PASSPHRASE)",
            "NO_START_LINE": "it is no PEM file",
            "NO_CERTIFICATE_OR_CRL_FOUND": "there is no certificate in it",
        }.get(reason, reason.replace("_", " ").lower())
    return str(getattr(error, "strerror", None) or error)
