"""The two HTTP heads before a WebSocket, as they came: what is asked for, and what was answered.

Heads are passed on byte for byte. Two things of a request must change, because the charger has
named us and not the CSMS: the target and `Host`. All else (the id, the sub-protocol, Authorization,
the key that the answer is derived from, extensions) stays as the charger has written it, so that
the answer of the CSMS holds for the charger without a change.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from sim_core.settings.csms_url import PLACE_OF_ID

LONGEST_HEAD = 64 * 1024
"""Bytes; who sends more without an end to it speaks no HTTP."""
END_OF_HEAD = b"\r\n\r\n"
TLS_HANDSHAKE = b"\x16\x03"
"""How the first record of a TLS connection begins (RFC 8446 §5.1)."""
SWITCHING = 101


class NoUpgradeError(Exception):
    """What came asks for no WebSocket. The message is a sentence without full stop."""


@dataclass(frozen=True)
class Request:
    """What a charger asks for."""

    target: str
    """Path and query as they came."""
    lines: tuple[bytes, ...] = field(repr=False)
    """The head's lines without their ends. Authorization is among them: never to be shown."""

    @property
    def identity(self) -> str:
        """The charge point's id: the last segment of the path, decoded; it may be empty."""
        return unquote(self.raw_identity, errors="replace")

    @property
    def raw_identity(self) -> str:
        """The same as it came, with its escapes."""
        return urlsplit(self.target, allow_fragments=False).path.rstrip("/").rpartition("/")[2]

    @property
    def subprotocols(self) -> tuple[str, ...]:
        """What it offers to speak, best first (RFC 6455 §4.1)."""
        offers = ",".join(_values(self.lines, "sec-websocket-protocol"))
        return tuple(offer.strip() for offer in offers.split(",") if offer.strip())

    @property
    def has_password(self) -> bool:
        """Whether it shows who it is (HTTP basic authentication, OCPP-J §6.2)."""
        return bool(_values(self.lines, "authorization"))

    def addressed_to(self, target: str, host: str, authorization: str = "") -> bytes:
        """The same request to another address. `authorization` is shown where the charger shows
        none."""
        first = self.lines[0].split(b" ", 2)
        lines = [b" ".join((first[0], target.encode("latin-1"), first[2]))]
        told = False
        for line in self.lines[1:]:
            if _name(line) == "host":
                line, told = line.split(b":", 1)[0] + b": " + host.encode("latin-1"), True
            lines.append(line)
        if not told:
            lines.insert(1, b"Host: " + host.encode("latin-1"))
        if authorization and not self.has_password:
            lines.append(b"Authorization: " + authorization.encode("latin-1"))
        return b"\r\n".join(lines) + END_OF_HEAD


@dataclass(frozen=True)
class Deflate:
    """How both sides compress their messages (permessage-deflate, RFC 7692)."""

    charger_keeps_context: bool = True
    """A message of the charger may refer to those before it."""
    csms_keeps_context: bool = True


@dataclass(frozen=True)
class Response:
    """What the CSMS answers."""

    status: int
    reason: str
    subprotocol: str = ""
    deflate: Deflate | None = None
    """None: nothing is compressed."""

    @property
    def opens(self) -> bool:
        """Whether frames may follow."""
        return self.status == SWITCHING


def read_request(head: bytes) -> Request:
    """A request head without its empty line. Raises NoUpgradeError."""
    lines = tuple(head.split(b"\r\n"))
    words = lines[0].split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/"):
        raise NoUpgradeError("it sends what is no HTTP request, and OCPP-J begins with one")
    if words[0] != b"GET" or not words[1].isascii() or not words[1].startswith(b"/"):
        raise NoUpgradeError(f"it asks {_shown(lines[0])}, and OCPP-J begins with GET /path")
    upgrades = ",".join(_values(lines, "upgrade")).lower()
    if "websocket" not in (one.strip() for one in upgrades.split(",")):
        raise NoUpgradeError("it asks over plain HTTP for a page, not for a WebSocket")
    return Request(words[1].decode("ascii"), lines)


def read_response(head: bytes) -> Response:
    """A response head without its empty line. Raises ValueError where it is none."""
    lines = tuple(head.split(b"\r\n"))
    words = lines[0].decode("latin-1").split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
        raise ValueError("no HTTP")
    subprotocol = next(iter(_values(lines, "sec-websocket-protocol")), "")
    deflate = _deflate(",".join(_values(lines, "sec-websocket-extensions")))
    return Response(int(words[1]), words[2] if len(words) > 2 else "", subprotocol, deflate)


def refusal(status: int, reason: str, sentence: str) -> bytes:
    """An answer of ours to who cannot be passed on."""
    body = f"{sentence}\n".encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


@dataclass(frozen=True)
class Place:
    """Where the CSMS is."""

    host: str
    port: int
    tls: bool
    path: str = ""
    """Without a slash at its end; empty: the charger's own path is asked for."""
    query: str = ""
    authorization: str = field(default="", repr=False)
    """What stands in the URL as name and password."""

    @property
    def authority(self) -> str:
        """What `Host` says (RFC 9112 §3.2): the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"

    def target_of(self, request: Request) -> str:
        """What to ask the CSMS for: the charger's own target, or its id under the path of the URL.

        The id is put where {cpid} stands in the URL, else behind its path, as it came.
        """
        if not self.path and not self.query:
            return request.target
        came = urlsplit(request.target, allow_fragments=False)
        if PLACE_OF_ID in self.path or PLACE_OF_ID in self.query:
            path = self.path.replace(PLACE_OF_ID, request.raw_identity)
            query = self.query.replace(PLACE_OF_ID, request.raw_identity)
        else:
            path = f"{self.path}/{request.raw_identity}" if request.raw_identity else self.path
            query = self.query
        asked = "&".join(part for part in (query, came.query) if part)
        return f"{path or '/'}?{asked}" if asked else path or "/"


def place_of(url: str) -> Place:
    """Where a URL leads that `settings.csms_url` has no objection to.

    The password in it may have any character: what stands before the last `@` is no host.
    """
    scheme, _, rest = url.partition("://")
    authority, slash, target = rest.partition("/")
    if "?" in authority:
        authority, _, query = authority.partition("?")
        target, slash = f"?{query}", "/"
    user, _, place = authority.rpartition("@")
    parts = urlsplit(f"ws://{place}")
    path, _, query = f"{slash}{target}".partition("?")
    name, _, password = user.partition(":")
    credentials = unquote_to_bytes(name) + b":" + unquote_to_bytes(password)
    tls = scheme == "wss"
    return Place(
        host=parts.hostname or "",
        port=parts.port or (443 if tls else 80),
        tls=tls,
        path=quote(path.rstrip("/"), safe="%/{}:@!$&'()*+,;=~"),
        query=quote(query, safe="%/{}:@!$&'()*+,;=?~"),
        authorization="Basic " + b64encode(credentials).decode("ascii") if user else "",
    )


def _name(line: bytes) -> str:
    return line.split(b":", 1)[0].strip().lower().decode("latin-1")


def _values(lines: tuple[bytes, ...], name: str) -> list[str]:
    return [
        line.split(b":", 1)[1].strip().decode("latin-1")
        for line in lines[1:]
        if b":" in line and _name(line) == name
    ]


def _deflate(extensions: str) -> Deflate | None:
    for extension in extensions.split(","):
        name, *parameters = (part.strip().lower() for part in extension.split(";"))
        if name == "permessage-deflate":
            names = {one.partition("=")[0].strip() for one in parameters}
            return Deflate(
                charger_keeps_context="client_no_context_takeover" not in names,
                csms_keeps_context="server_no_context_takeover" not in names,
            )
    return None


def _shown(line: bytes) -> str:
    return repr(line[:60].decode("latin-1"))
