"""One attempt to open the WebSocket, and what its failure or its end means to an operator.

The link and the doctor dial in the same way and say the same of it. Whatever a library raises
becomes one sentence here, with what to do in it; nothing of it may carry a secret, and what the
other side chose in it is cut short.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Sequence
from urllib.parse import quote, urljoin

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    InvalidHandshake,
    InvalidHeader,
    InvalidMessage,
    InvalidProxy,
    InvalidProxyMessage,
    InvalidProxyStatus,
    InvalidStatus,
    InvalidURI,
    NegotiationError,
    ProxyError,
    SecurityError,
    WebSocketException,
)
from websockets.typing import Subprotocol

from sim_core.errors import UserError
from sim_core.redaction import one_line, public_url, without_users
from sim_core.settings.csms_url import PLACE_OF_ID, with_identity
from sim_core.wire.access import Dial, explain_tls
from sim_core.wire.dialect import Dialect
from sim_core.wire.fast_connection import FastConnection
from sim_core.wire.link_ends import LinkEnd

LOG = logging.getLogger(__name__)

MAX_FRAME = 8 * 1024 * 1024
"""Bytes of one message; a local list of 1 MiB must pass, memory must stay bounded."""
OPEN_TIMEOUT_S = 10.0
CLOSE_PATIENCE_S = 1.0
QUOTED_LIMIT = 200
"""Characters of what the other side chose that a sentence quotes."""
ABNORMAL = 1006
"""Close code of a connection that ended without a close frame (RFC 6455 §7.4.1)."""

STATUS_ADVICE = {
    200: "what answers there is no WebSocket: check the path in CSMS_URL",
    400: "the CSMS refuses the request: check the URL, and that it speaks {offered}",
    401: "the CSMS asks for a password: set AUTHORIZATION_KEY",
    403: "the CSMS forbids this charge point: check that it is registered there",
    404: "the CSMS knows no such path or charge point: check CSMS_URL and CPID",
    426: "the CSMS wants another protocol: check that the URL is its WebSocket address",
    429: "the CSMS wants fewer attempts: raise RECONNECT_MAX_SEC",
    502: "a proxy before the CSMS does not reach it: it must be mended there",
    503: "the CSMS is not ready: wait, or look at its log",
    504: "a proxy before the CSMS does not reach it: it must be mended there",
}
OWN_CLOSES = {
    1002: "the CSMS broke the WebSocket protocol",
    1007: "the CSMS sent text that is not UTF-8",
    1009: f"the CSMS sent a message of more than {MAX_FRAME // 1024**2} MiB",
}
"""Close codes that are ours, because of what the CSMS has sent."""
CLOSE_ADVICE = {
    1000: "the CSMS does not want the link: check that no other charge point has this CPID",
    1001: "the CSMS ends, or goes elsewhere: wait, or look at its log",
    1002: "the CSMS does not understand our WebSocket: check that the URL leads to a CSMS",
    1003: "the CSMS takes no text: check that the URL leads to a CSMS for OCPP-J",
    1007: "the CSMS cannot read what we send: look at its log",
    1008: "the CSMS does not let this charge point stay: check that CPID is registered there, and "
    "the password (AUTHORIZATION_KEY)",
    1009: "a message of ours is too long for the CSMS: raise its limit, or ask for fewer "
    "measurands in one sample",
    1011: "the CSMS has failed inside: look at its log",
    1012: "the CSMS restarts: wait",
    1013: "the CSMS is too busy: wait, or look at its log",
    1014: "a proxy before the CSMS does not reach it: it must be mended there",
    3000: "the CSMS does not know this charge point's password: check CPID and AUTHORIZATION_KEY",
    3003: "the CSMS forbids this charge point: check that it is registered there",
    3008: "the CSMS has waited too long for something: look at its log",
}
"""Code of the CSMS's close frame (RFC 6455 §7.4.1, and its registry) -> what to do."""
NO_HTTP_PROXY = "what answers at PROXY is no HTTP proxy: check host and port in it"
UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)


class _Connect(connect):
    """Without following redirects: the operator is to know where the charge point goes."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


def charge_point_url(base: str, charge_point_id: str) -> str:
    """The URL to dial for this identity; see `sim_core.settings.csms_url`."""
    return with_identity(base, charge_point_id)


async def open_socket(way: Dial, dialects: Sequence[Dialect]) -> tuple[FastConnection, Dialect]:
    """A WebSocket, and which of `dialects` (best first) the CSMS has chosen for it.

    Proxies of the environment do not count: only the one that is set. Raises whatever `explain`
    explains.
    """
    try:
        connection = await _Connect(
            way.url,
            ssl=way.tls,
            subprotocols=[Subprotocol(dialect.subprotocol) for dialect in dialects],
            additional_headers={"Authorization": way.authorization} if way.authorization else None,
            open_timeout=OPEN_TIMEOUT_S,
            ping_interval=None,  # the link sends its own
            close_timeout=CLOSE_PATIENCE_S,
            max_size=MAX_FRAME,
            proxy=way.proxy,
            create_connection=FastConnection,
        )
    except ImportError:
        raise UserError("PROXY: a SOCKS proxy needs the package python-socks: install it") from None
    assert isinstance(connection, FastConnection)
    chosen = [dialect for dialect in dialects if dialect.subprotocol == connection.subprotocol]
    if not chosen:  # OCPP-J §3.1.2; websockets does not insist
        await connection.close()
        raise UserError(_no_common_tongue("", dialects))
    return connection, chosen[0]


def explain(error: BaseException, way: Dial | None, dialects: Sequence[Dialect]) -> str:
    """Why an attempt to connect failed and what to do, as a sentence without full stop.

    `way`: how it was dialled, as far as it came to that; `dialects`: what was offered there.
    """
    if isinstance(error, UserError):
        return str(error).rstrip(".")
    if isinstance(error, (InvalidProxy, ProxyError)):
        return _explain_proxy(error)
    if advice := explain_tls(error):
        return advice
    if isinstance(error, InvalidStatus):
        return _explain_status(error, way, dialects)
    if isinstance(error, WebSocketException):
        return _explain_handshake(error, dialects, tls=way is not None and way.tls is not None)
    if isinstance(error, (OSError, EOFError, asyncio.TimeoutError)):
        return _explain_network(error, way)
    if isinstance(error, ValueError):
        name = "PROXY" if way is not None and way.proxy else "CSMS_URL"
        return f"{name} is not a URL that can be dialled: check host and port in it"
    LOG.error("an attempt to connect failed in an unknown way", exc_info=error)
    return f"{type(error).__name__}: {_quoted(str(error))}"


def _explain_status(error: InvalidStatus, way: Dial | None, dialects: Sequence[Dialect]) -> str:
    response = error.response
    status = response.status_code
    if 300 <= status < 400:
        return f"HTTP {status}: {_explain_redirect(response.headers.get_all('Location'), way)}"
    advice = STATUS_ADVICE.get(status, "").format(offered=_offered(dialects))
    if status == 401 and way is not None and way.authorization:
        advice = "the CSMS does not accept our password: check AUTHORIZATION_KEY and CPID"
    if way is not None and 400 <= status <= 404 and _stands_twice(way):
        advice = f"the id stands twice at the end of the URL: write {PLACE_OF_ID} once in CSMS_URL"
    if not advice:
        trouble = "the CSMS is in trouble: wait, or look at its log"
        advice = trouble if status >= 500 else "the CSMS refuses the request: look at its log"
    return f"HTTP {status}: {advice}"


def _stands_twice(way: Dial) -> bool:
    own = f"/{quote(way.identity, safe='')}"
    return len(own) > 1 and way.url.partition("?")[0].endswith(own * 2)


def _explain_redirect(locations: list[str], way: Dial | None) -> str:
    if len(locations) != 1 or not locations[0].strip():
        return "the CSMS has moved and does not say where: ask who runs it for the new CSMS_URL"
    dialled = way.url if way is not None else ""
    try:
        scheme, mark, rest = urljoin(dialled, locations[0].strip()).partition("://")
    except ValueError:
        scheme, mark, rest = "", "", locations[0]
    scheme = {"http": "ws", "https": "wss"}.get(scheme, scheme)
    own = quote(way.identity, safe="") if way is not None else ""
    path, question, query = rest.partition("?")
    if own and path.endswith(f"/{own}"):
        path = path[: -len(own) - 1]
    elif own:
        path = path.replace(f"/{own}/", f"/{PLACE_OF_ID}/")
    where = _quoted(public_url(f"{scheme}{mark}{path}{question}{query}"))
    return f"the CSMS has moved: set CSMS_URL to {where}, if you trust that"


def _explain_proxy(error: InvalidProxy | ProxyError) -> str:
    if isinstance(error, InvalidProxy):  # its text has the URL in it, with the password
        return "PROXY is not the URL of a proxy: write http://host:port or socks5://host:port"
    if isinstance(error, InvalidProxyStatus):
        status = error.response.status_code
        if status == 407:
            return "the proxy asks for a password: set PROXY to http://user:password@host:port"
        advice = "check that it allows the way to the host and port in CSMS_URL"
        return f"the proxy does not let us through (HTTP {status}): {advice}"
    if isinstance(error, InvalidProxyMessage):
        return NO_HTTP_PROXY
    why = error.__cause__
    words = f" ({_quoted(str(why))})" if why is not None and str(why) else ""
    return f"the proxy does not let us through{words}: check PROXY, and the host in CSMS_URL"


def _explain_handshake(error: WebSocketException, dialects: Sequence[Dialect], *, tls: bool) -> str:
    if isinstance(error, NegotiationError):
        what, _, chosen = str(error).partition(": ")
        if what != "unsupported subprotocol":
            return (
                "the CSMS chose WebSocket extensions that nobody asked for: it must be mended, or "
                "what stands before it"
            )
        return _no_common_tongue(chosen, dialects)
    if isinstance(error, InvalidHeader) and error.name == "Sec-WebSocket-Protocol":
        return _no_common_tongue((error.value or "").rpartition(": ")[2], dialects)
    if isinstance(error, InvalidURI):  # its text has the URL in it
        return "CSMS_URL is not a WebSocket URL: write ws://host:port/path"
    if isinstance(error, InvalidMessage) and tls:
        # A server that misses our certificate says so after the handshake, and then to nobody.
        return (
            "the CSMS closed the link after the TLS handshake: if it wants a client certificate, "
            "set CLIENT_CERT and CLIENT_KEY"
        )
    if isinstance(error, InvalidMessage):
        if _status_line(error).startswith("HTTP/1.0 "):
            return (
                f"what answers there speaks HTTP/1.0 ({_quoted(_status_line(error))}) and knows no "
                "WebSocket: check host, port and path, and a proxy before the CSMS"
            )
        closed = isinstance(error.__cause__, (EOFError, OSError))
        first = "the link was closed without an answer: " if closed else ""
        said = _quoted(one_line(_status_line(error)))
        instead = f" (it says {said!r})" if said else ""
        return (
            f"{first}what answers there does not speak HTTP{instead}: check host and port, and "
            "whether it wants wss://"
        )
    if isinstance(error, SecurityError):
        return "what answers there is longer than any CSMS's answer: check host and port"
    if isinstance(error, InvalidHandshake):
        return (
            "what answers there is not a WebSocket of a CSMS: check CSMS_URL "
            f"({_quoted(str(error))})"
        )
    return f"the WebSocket failed: {_quoted(str(error))}"


def _status_line(error: InvalidMessage) -> str:
    """The first line of an answer that is not HTTP/1.1; empty where there was none."""
    what, _, line = str(error.__cause__).partition(": ")
    return line if what.startswith(("unsupported protocol", "invalid HTTP status line")) else ""


def _no_common_tongue(chosen: str, dialects: Sequence[Dialect]) -> str:
    """The CSMS chose none of the sub-protocols that it may (OCPP-J §3.1.2)."""
    answered = f"answered {_quoted(chosen)}" if chosen else "named no sub-protocol"
    versions = " or ".join(dialect.version for dialect in dialects)
    return (
        f"the CSMS does not speak {_offered(dialects)} there (it {answered}): check the path in "
        f"CSMS_URL, and that the CSMS is set up for {versions}"
    )


def _offered(dialects: Sequence[Dialect]) -> str:
    """The sub-protocols that were offered, in words."""
    return " or ".join(dialect.subprotocol for dialect in dialects)


def _explain_network(error: BaseException, way: Dial | None) -> str:
    proxied = way is not None and way.proxy is not None
    check = "PROXY" if proxied else "CSMS_URL"
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)) and not _number(error):
        behind = ", the CSMS behind it," if proxied else ""
        return (
            f"no answer within {OPEN_TIMEOUT_S:g} s: check host and port in {check}{behind} "
            "and the firewalls between"
        )
    by_http_proxy = way is not None and not way.tls and (way.proxy or "").startswith("http")
    if by_http_proxy and isinstance(error, ConnectionResetError):
        return NO_HTTP_PROXY  # websockets before 17 tells it as what the socket met
    if isinstance(error, (ConnectionResetError, EOFError)) and way is not None and way.tls:
        return (
            "the link was cut during the TLS handshake: check that the CSMS speaks TLS 1.2 or "
            "newer on this port"
        )
    if isinstance(error, socket.gaierror) or isinstance(error.__cause__, socket.gaierror):
        why = f"the host name in {check} is not known: check it, and the DNS of this computer"
    elif _number(error) == errno.ECONNREFUSED:
        what = "the proxy" if proxied else "the CSMS"
        why = f"connection refused: check that {what} runs, and host and port in {check}"
    elif _number(error) in UNREACHABLE:
        why = f"there is no way to the host in {check}: check the network of this computer"
    else:
        said = _quoted(getattr(error, "strerror", None) or str(error))
        said = f"{said[:1].lower()}{said[1:]}" or f"the link failed ({type(error).__name__})"
        why = f"{said}: check the network and {check}"
    return f"the proxy cannot be reached: {why}" if proxied else why


def _number(error: BaseException) -> int | None:
    """The errno; asyncio folds the attempts at several addresses into one error without."""
    number = getattr(error, "errno", None)
    if number is None and "Connect call failed" in str(error):
        return errno.ECONNREFUSED
    return number


def explain_close(connection: ClientConnection) -> str:
    """Why an open connection ended, as a sentence without full stop."""
    protocol = connection.protocol
    sent, received = protocol.close_sent, protocol.close_rcvd
    if sent is not None and sent.code in OWN_CLOSES and not protocol.close_rcvd_then_sent:
        return f"{OWN_CLOSES[sent.code]}, so the link was closed ({sent.code:d})"
    if received is None or received.code == ABNORMAL:
        return "the connection was lost"
    reason = f" ({without_users(received.reason)})" if received.reason else ""
    return f"the CSMS closed the link with {received.code:d}{reason}"


def explain_end(connection: ClientConnection) -> str:
    """`explain_close`, with what to do where the CSMS has closed the connection itself."""
    why = explain_close(connection)
    end = end_of(connection)
    return why if end.code is None or end.ours else f"{why}: {close_advice(connection)}"


def close_advice(connection: ClientConnection) -> str:
    """What to do about the end of a connection, as a sentence without full stop."""
    received = connection.protocol.close_rcvd
    code = ABNORMAL if received is None else received.code
    if 4000 <= code <= 4999:
        return f"{code:d} is a code of this CSMS's own: look at its manual or its log"
    return CLOSE_ADVICE.get(code, "look at the log of the CSMS")


def end_of(connection: ClientConnection) -> LinkEnd:
    """How an open connection ended that nobody here has closed on purpose."""
    protocol = connection.protocol
    sent, received = protocol.close_sent, protocol.close_rcvd
    if sent is not None and sent.code in OWN_CLOSES and not protocol.close_rcvd_then_sent:
        return LinkEnd(int(sent.code), ours=True)
    if received is None or received.code == ABNORMAL:
        return LinkEnd(None)
    return LinkEnd(int(received.code), _quoted(without_users(received.reason)))


def _quoted(text: str) -> str:
    """What the other side chose, cut short."""
    return text if len(text) <= QUOTED_LIMIT else f"{text[: QUOTED_LIMIT - 1]}…"
