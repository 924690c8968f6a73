"""What can be wrong with the text of an option beyond its length, one function each.

Each returns None for a text that will do, else why not, in our own words, for a library's may quote
what is secret in it. It is empty where the sentence about what is allowed says as much.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from sim_core.settings.authorization_key import ALLOWED, password_bytes
from sim_core.settings.csms_url import NO_SCHEME, PERCENT_ADVICE, trouble

LONGEST_ID = 48
PROXY_SCHEMES = ("http", "https", "socks5", "socks5h", "socks4", "socks4a")


def websocket_url(value: str) -> str | None:
    """A URL of a CSMS that can be dialled."""
    why = trouble(value)
    return "" if why == NO_SCHEME else why or None


def utf8(value: str) -> str | None:
    """A byte of the command line that is no UTF-8 is half a character."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return ""
    return None


def ids(value: str) -> str | None:
    """Ids of charge points with commas between them."""
    fit = all(1 <= len(part.strip()) <= LONGEST_ID for part in value.split(","))
    return utf8(value) if fit else ""


def printable(value: str) -> str | None:
    """The CSMS reads it as it is."""
    return None if value.isprintable() else ""


def authorization_key(value: str) -> str | None:
    """A password for the CSMS, of whichever version: which one is spoken, another option says."""
    fits = any(password_bytes(value, version) is not None for version in ALLOWED)
    return None if fits else ""


def proxy_url(value: str) -> str | None:
    """A URL of a proxy."""
    try:
        parts = urlsplit(value)
        known = parts.scheme in PROXY_SCHEMES and parts.hostname and parts.port != 0
    except ValueError:  # its text may have the password in it
        known = None
    if not known or parts.path.strip("/") or parts.query or parts.fragment:
        return PERCENT_ADVICE if "@" in value else ""
    if parts.username is not None and parts.password is None:
        return "there is a name without a password"
    return None
