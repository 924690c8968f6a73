"""A password for the CSMS as people write it: the one rule for options and configuration keys.

OCPP 1.6 has a key of bytes (AuthorizationKey), 2.0.1 a text (BasicAuthPassword).
"""

from __future__ import annotations

KEY_BYTES = range(16, 21)
"""Lengths of an AuthorizationKey (security whitepaper, §4)."""


def key_bytes(text: str) -> bytes | None:
    """An AuthorizationKey as it is written: 32 to 40 hexadecimal digits, or 16 to 20 characters."""
    if len(text) in (2 * length for length in KEY_BYTES):
        try:
            return bytes.fromhex(text)
        except ValueError:
            return None
    if len(text) in KEY_BYTES and text.isascii() and text.isprintable():
        return text.encode()
    return None


PASSWORD_CHARACTERS = range(16, 65)
"""Lengths of a BasicAuthPassword (OCPP 2.0.1 A00.FR.205, with the errata of 2025)."""
ALLOWED = {
    "1.6": "16 to 20 characters, or 32 to 40 hexadecimal digits",
    "2.0.1": "16 to 64 characters",
}
"""By version: what is allowed, as people read it."""


def password_bytes(text: str, version: str) -> bytes | None:
    """What is shown to get in, by a word of the option `ocpp_version`; None: it cannot be that."""
    if version == "1.6":
        return key_bytes(text)
    return text.encode() if len(text) in PASSWORD_CHARACTERS and text.isprintable() else None
