"""How the charge point gets in: what is dialled, and what a failure of TLS is called.

Handshakes with real certificates are in `tests/interop/test_tls.py`; here is every word for what
can go wrong in them.
"""

from __future__ import annotations

import ssl
from base64 import b64decode
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from sim_core.errors import UserError
from sim_core.settings.authorization_key import password_bytes
from sim_core.wire.access import (
    Access,
    Tls,
    TlsFlaw,
    dial,
    explain_tls,
    tls_context,
    tls_flaw,
    warnings,
)


def not_verified(code: int, message: str = "odd") -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, message)
    error.verify_code, error.verify_message = code, message
    return error


def alert(reason: str | None, text: str = "broken") -> ssl.SSLError:
    error = ssl.SSLError(1, text)
    error.reason = reason  # type: ignore[assignment]
    return error


def inside(error: BaseException, depth: int) -> BaseException:
    """An error that came to nobody's knowledge but through so many others."""
    for number in range(depth):
        outer = OSError(number)
        if number % 2:
            outer.__context__ = error
        else:
            outer.__cause__ = error
        error = outer
    return error


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (9, "not valid yet"),
        (10, "expired"),
        (18, "self-signed"),
        (19, "a CA that is not known"),
        (20, "a CA that is not known"),
        (21, "a CA that is not known"),
        (62, "another host"),
        (64, "another address"),
        (99, "the CSMS's certificate is not valid: odd"),
    ],
)
def test_each_certificate_that_is_not_taken_has_its_sentence(code: int, says: str) -> None:
    assert says in str(explain_tls(not_verified(code)))
    assert tls_flaw(not_verified(code)) is TlsFlaw.CERTIFICATE


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "set CLIENT_CERT and CLIENT_KEY"),
        ("TLSV1_ALERT_UNKNOWN_CA", "does not know the CA of our client certificate"),
        ("SSLV3_ALERT_BAD_CERTIFICATE", "does not accept our client certificate"),
        ("SSLV3_ALERT_CERTIFICATE_UNKNOWN", "does not accept our client certificate"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "our client certificate (CLIENT_CERT) has expired"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "no TLS cipher in common"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "no TLS 1.2 or newer"),
        ("WRONG_VERSION_NUMBER", "does not speak TLS on this port"),
        ("RECORD_LAYER_FAILURE", "does not speak TLS on this port"),
        ("SOMETHING_ELSE", "TLS failed: SOMETHING_ELSE"),
    ],
)
def test_each_alert_has_its_sentence(reason: str, says: str) -> None:
    assert says in str(explain_tls(alert(reason)))
    assert tls_flaw(alert(reason)) is not TlsFlaw.CERTIFICATE


def test_an_alert_without_a_reason_is_read_from_its_text() -> None:
    assert "does not speak TLS" in str(explain_tls(alert(None, "wrong version number")))
    assert "TLS failed: " in str(explain_tls(alert(None, "odd")))


@pytest.mark.parametrize("depth", range(5))
def test_what_lies_inside_other_errors_is_found(depth: int) -> None:
    assert "expired" in str(explain_tls(inside(not_verified(10), depth)))
    assert tls_flaw(inside(not_verified(10), depth)) is TlsFlaw.CERTIFICATE


def test_what_has_nothing_to_do_with_tls_is_nothing_and_a_circle_ends() -> None:
    assert explain_tls(None) is None
    assert explain_tls(OSError()) is None
    assert tls_flaw(None) is None
    one, other = OSError(1), OSError(2)
    one.__cause__, other.__cause__ = other, one
    assert explain_tls(one) is None
    assert tls_flaw(one) is None


def decoded(authorization: str | None) -> bytes:
    assert authorization is not None
    kind, _, text = authorization.partition(" ")
    assert kind == "Basic"
    return b64decode(text)


@pytest.mark.parametrize("profile", [0, 1, 2, 3])
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_what_is_dialled(profile: int, scheme: str) -> None:
    proxy = "socks5://there:1"
    found = dial(f"{scheme}://host:9/ocpp/a", "CP", Access(profile=profile, proxy=proxy))
    secure = scheme == "wss" or profile >= 2
    assert found.url == f"{'wss' if secure else 'ws'}://host:9/ocpp/a"
    assert (found.tls is not None) is secure
    assert (found.authorization, found.proxy) == (None, proxy)


def test_who_we_are_goes_into_the_header_and_out_of_the_url() -> None:
    found = dial("ws://me:s3%20cret@host:9/ocpp", "CP", Access())
    assert found.url == "ws://host:9/ocpp"
    assert decoded(found.authorization) == b"me:s3 cret"
    found = dial("ws://me@host:9", "CP", Access())
    assert (found.url, decoded(found.authorization)) == ("ws://host:9", b"me:")
    found = dial("ws://me:other@host:9/", "CP", Access(key=b"\xff\x00:key"))
    assert (found.url, decoded(found.authorization)) == ("ws://host:9/", b"CP:\xff\x00:key")
    assert "key" not in repr(Access(key=b"key!", proxy="key@")).replace("client_key", "")
    assert "s3" not in repr(dial("ws://me:s3@host", "CP", Access()))


def test_tls_is_strict_unless_it_is_told_not_to_be() -> None:
    strict, lax = tls_context(Tls()), tls_context(Tls(verify=False))
    assert strict.minimum_version == lax.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (strict.check_hostname, strict.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert (lax.check_hostname, lax.verify_mode) == (False, ssl.CERT_NONE)


def test_files_that_are_none_are_told_by_the_option(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("nothing", "utf-8")
    for tls, named in (
        (Tls(ca_cert=tmp_path / "none.pem"), "CA_CERT: "),
        (Tls(ca_cert=tmp_path / "no.pem"), "CA_CERT: "),
        (Tls(client_cert=tmp_path / "none.pem"), "CLIENT_CERT, CLIENT_KEY: "),
        (Tls(client_cert=tmp_path / "no.pem", client_key=tmp_path / "no.pem"), "CLIENT_CERT"),
        (Tls(client_key=tmp_path / "no.pem"), "CLIENT_KEY is set without CLIENT_CERT"),
    ):
        with pytest.raises(UserError) as refused:
            tls_context(tls)
        assert str(refused.value).startswith(named)
        if not named.startswith("CLIENT_KEY is"):
            assert "cannot be used: " in str(refused.value)
            assert not str(refused.value).endswith(": .")


def encrypted(folder: Path, passphrase: bytes) -> tuple[Path, Path]:
    """A certificate, and its key that wants a passphrase."""
    made = trustme.CA().issue_cert("cp.example")
    key = serialization.load_pem_private_key(made.private_key_pem.bytes(), None)
    (folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.parametrize(
    ("passphrase", "says"),
    [
        ("open", "the passphrase (CLIENT_KEY_PASSPHRASE) is wrong"),
        (None, "the key wants a passphrase (CLIENT_KEY_PASSPHRASE)"),
    ],
)
def test_a_key_with_a_passphrase_is_opened_with_it_and_never_asked_for(
    passphrase: str | None, says: str, tmp_path: Path
) -> None:
    cert, key = encrypted(tmp_path, b"open sesame")
    tls_context(Tls(client_cert=cert, client_key=key, passphrase="open sesame"))
    with pytest.raises(UserError) as refused:
        tls_context(Tls(client_cert=cert, client_key=key, passphrase=passphrase))
    assert says in str(refused.value)
    assert "sesame" not in repr(Tls(passphrase="open sesame"))


def test_files_that_hold_something_else_are_said_to(tmp_path: Path) -> None:
    cert, key = encrypted(tmp_path, b"x")
    for tls, says in (
        (Tls(client_cert=cert), "there is no private key in cert.pem"),
        (Tls(client_cert=cert, client_key=cert), "there is no private key in cert.pem"),
        (Tls(client_cert=key, client_key=key), "there is no certificate in key.pem"),
    ):
        with pytest.raises(UserError, match=says):
            tls_context(tls)


def test_a_key_of_another_certificate_is_said_to_be_so(tmp_path: Path) -> None:
    cert, _ = encrypted(tmp_path, b"x")
    other = tmp_path / "other.pem"
    other.write_bytes(trustme.CA().issue_cert("cp.example").private_key_pem.bytes())
    with pytest.raises(UserError, match="the key does not belong to the certificate"):
        tls_context(Tls(client_cert=cert, client_key=other))


@pytest.mark.parametrize(
    ("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True), (0o400, False)]
)
def test_a_key_that_others_can_read_is_warned_of(mode: int, warned: bool, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("", "utf-8")
    key.chmod(mode)
    cert = tmp_path / "none.pem"
    found = warnings(Access(tls=Tls(client_cert=cert, client_key=key)))
    assert [("chmod 600" in text, "key.pem" in text) for text in found] == [(True, True)] * warned
    assert warnings(Access(tls=Tls(client_cert=key))) == found, "both may be in one file"
    assert warnings(Access(tls=Tls(client_cert=cert))) == []
    assert warnings(Access()) == []
    (unchecked,) = warnings(Access(tls=Tls(verify=False)))
    assert "SSL_VERIFY=false" in unchecked


@pytest.mark.parametrize(
    ("version", "text", "shown"),
    [
        ("1.6", "0123456789abcdef", b"0123456789abcdef"),
        ("1.6", "00" * 16, bytes(16)),
        ("1.6", "more than twenty characters", None),
        ("2.0.1", "00" * 16, b"00" * 16),
        ("2.0.1", "more than twenty characters: ö", "more than twenty characters: ö".encode()),
        ("2.0.1", "x" * 65, None),
        ("2.0.1", "too short", None),
    ],
)
def test_a_password_is_read_as_the_version_has_it(
    version: str, text: str, shown: bytes | None
) -> None:
    assert password_bytes(text, version) == shown
