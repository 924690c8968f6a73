"""An AuthorizationKey as people write it: the one rule for options and configuration keys."""

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
