"""The address of a CSMS: whether it can be dialled at all, and where the charge point's id stands.

A URL that can never work is refused before anything is dialled, with what to do about it. It is
read here without a parser, for a parser finds a host in almost anything: a `/` that belongs to a
password ends the host for it. No sentence quotes what it is about, because that may be a secret.

The id is the last part of the path (OCPP-J §3.1.1), whichever version is spoken. A CSMS that wants
it elsewhere, or something behind it, gets it where `{cpid}` stands.
"""

from __future__ import annotations

import re

PLACE_OF_ID = "{cpid}"
HIGHEST_PORT = 65_535
LONGEST_HOST, LONGEST_LABEL = 253, 63  # RFC 1035 §2.3.4
PERCENT_ADVICE = "in a name or password, write / ? # @ and % as the codes %2F %3F %23 %40 and %25"
NO_SCHEME = "it begins with neither ws:// nor wss://"

_URL = re.compile(r"(?P<scheme>[^:/?#]*)://(?P<authority>[^/?#]*)(?P<target>.*)", re.DOTALL)
_HOST = re.compile(r"[\w.-]+")
_FOUR_NUMBERS = re.compile(r"[0-9]+(\.[0-9]+){3}")


def trouble(url: str) -> str:
    """Why this can never be dialled, as a sentence without full stop; empty when it may be."""
    found = _URL.fullmatch(url)
    if found is None or found["scheme"] not in ("ws", "wss"):
        return NO_SCHEME
    if not url.isprintable() or " " in url:
        return "there is a blank in it, or a character that does not print: a blank is written %20"
    why = _host_trouble(found["authority"].rpartition("@")[2])
    if why:
        return f"{why}; {PERCENT_ADVICE}" if "@" in url else why
    if "#" in found["target"]:
        return "a # ends a URL, and nothing behind it is sent: where it belongs, write it as %23"
    others = found["target"].replace(PLACE_OF_ID, "")
    if "{" in others or "}" in others:
        return (
            f"only {PLACE_OF_ID} may stand in braces, for the charge point's id: other braces are "
            "written as %7B and %7D"
        )
    return ""


def with_identity(base: str, charge_point_id: str) -> str:
    """The URL to dial: the percent-encoded id where `{cpid}` stands, else as the last segment."""
    from urllib.parse import quote  # whoever only asks for `trouble` does not wait for it

    own = quote(charge_point_id, safe="")
    found = _URL.fullmatch(base)
    if found is not None and PLACE_OF_ID in found["target"]:
        target = found["target"].replace(PLACE_OF_ID, own)
        return f"{found['scheme']}://{found['authority']}{target}"
    path, mark, query = base.partition("?")
    return f"{path.rstrip('/')}/{own}{mark}{query}"


def twice(base: str, charge_point_id: str) -> str:
    """What to do where the id ends the URL already and is appended once more; else empty."""
    from urllib.parse import unquote

    path = base.partition("?")[0].rstrip("/")
    if PLACE_OF_ID in base or unquote(path.rpartition("/")[2]) != charge_point_id:
        return ""
    return (
        "the id stands twice at the end of the URL: take it off CSMS_URL, or write "
        f"{PLACE_OF_ID} in its place"
    )


def _host_trouble(place: str) -> str:
    """What is wrong with `host:port`."""
    host, port = place, ""
    if place.startswith("["):
        host, closed, rest = place[1:].partition("]")
        if not closed or not _is_ipv6(host) or (rest and not rest.startswith(":")):
            return "there is no IPv6 address in its brackets: write one as in ws://[::1]:9000"
        port = rest[1:]
    else:
        host, _, port = place.partition(":")
        if ":" in port:
            return "an IPv6 address stands in brackets, as in ws://[::1]:9000"
        if why := _name_trouble(host):
            return why
    if port and not (port.isascii() and port.isdecimal() and 1 <= _number(port) <= HIGHEST_PORT):
        return f"the port is a whole number from 1 to {HIGHEST_PORT}"
    return ""


def _name_trouble(host: str) -> str:
    if not host:
        return "it names no host"
    if "{" in host or "}" in host:
        return f"{PLACE_OF_ID} may stand in the path and in the query, not in the host"
    if not _HOST.fullmatch(host):
        return "there are characters in the host that no host name has"
    try:
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return "the host is no host name"
    labels = name.removesuffix(".").split(".")
    if len(name) > LONGEST_HOST or not all(1 <= len(label) <= LONGEST_LABEL for label in labels):
        return "the host is no host name"
    if _FOUR_NUMBERS.fullmatch(name) and any(_number(label) > 255 for label in labels):
        return "the host is no IPv4 address"
    return ""


def _number(digits: str) -> int:
    return int(digits[:10])


def _is_ipv6(text: str) -> bool:
    from ipaddress import IPv6Address

    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
