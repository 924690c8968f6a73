"""Files to and from wherever a CSMS says: http, https, ftp and ftps, each in a thread of its own.

A location is hostile text. Only these four schemes are known, so none leads to a file of this
computer; a redirect stays within http and https, never falls from https to http, never takes the
password to another host, and ends after a few. Sizes and times are bounded, and whatever goes wrong
is a `TransferError` with a sentence that shows no password.

The standard library's clients block, and a server may stall for ever: hence the threads. They are
daemons, and a transfer that is given up has its socket shut down under it, so neither the charge
point nor the end of the program ever waits for a file.
"""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import hashlib
import http.client
import logging
import re
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar
from urllib.parse import quote, unquote, urljoin, urlsplit

from sim_core.runtime.clock import Clock

LOG = logging.getLogger(__name__)
T = TypeVar("T")


class Flaw(Enum):
    """What kind of trouble a transfer has come to, for whoever has a word for it."""

    OTHER = "other"
    FORBIDDEN = "forbidden"
    """Whoever asks may not."""
    UNREADABLE = "unreadable"
    """One of both does not keep to the protocol."""
    NO_WAY = "no way"
    """There is no such scheme here, or nothing of the kind is done there."""


PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 21}
"""The schemes that are known, with their ports."""
LARGEST = 256 * 1024 * 1024
"""Bytes of a file that is fetched."""
HEAD = 64 * 1024
"""Of a file so many bytes are kept; of the rest only the hash."""
CHUNK = 64 * 1024
PATIENCE_S = 30.0
"""How long a server may say nothing."""
LIMIT_S = 1_800.0
"""How long one transfer may take."""
MOST_REDIRECTS = 5
LONGEST_LOCATION = 2_000
MOST_FTP_LINES = 1_000

FETCH_REDIRECTS = frozenset({301, 302, 303, 307, 308})
SEND_REDIRECTS = frozenset({301, 302, 307, 308})
"""Those that send the same request to another place (RFC 9110 §15.4)."""
NOT_BY_PUT = frozenset({405, 501})

HTTP_ADVICE = {
    401: "the file server asks for another password: check the user in the location",
    403: "the file server forbids it",
    404: "there is no such file",
    405: "the file server takes no file there",
    413: "the file server finds the file too large",
}
FTP_ADVICE = {
    "530": "the file server refuses the login: check user and password in the location",
    "550": "there is no such file or folder, or the file server forbids it",
    "553": "the file server forbids the file's name",
}

HTTP_FLAWS = {
    400: Flaw.UNREADABLE,
    401: Flaw.FORBIDDEN,
    403: Flaw.FORBIDDEN,
    405: Flaw.NO_WAY,
    501: Flaw.NO_WAY,
}
FTP_FLAWS = {"530": Flaw.FORBIDDEN, "550": Flaw.FORBIDDEN, "553": Flaw.FORBIDDEN}
"""What an answer means that is no yes; of any other nobody knows more than that."""

Chunks = Generator[tuple[bytes, "int | None"], None, None]
"""The pieces of a file, each with the size of the whole if that is known."""
Progress = Callable[[int, "int | None"], None]
"""Called on the loop with the bytes that have passed, and how many there are if that is known."""


class TransferError(Exception):
    """A file that did not pass; the text is a sentence without full stop."""

    def __init__(self, text: str, flaw: Flaw = Flaw.OTHER) -> None:
        super().__init__(text)
        self.flaw = flaw


@dataclass(frozen=True)
class Location:
    """An address that was understood."""

    scheme: str
    host: str
    port: int
    path: str
    """Percent-encoded as it was given; begins with a slash."""
    query: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """The address for people: without user, password and query."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    @property
    def name(self) -> str:
        """The last part of the path, decoded: what a file from here is called."""
        return unquote(self.path.rpartition("/")[2])


PERCENT_ADVICE = ": in a name or password write / ? # @ and % as the codes %2F %3F %23 %40 and %25"


@dataclass(frozen=True)
class Received:
    """A file that was fetched."""

    name: str
    """As the location that was asked for calls it; hostile text."""
    size: int
    sha256: str
    head: bytes
    """Its first `HEAD` bytes."""


def read_location(text: str) -> Location:
    """Understand where a file is to come from or go to.

    Raises TransferError with a sentence when it cannot be used.
    """
    if not text.isprintable() or " " in text or not 0 < len(text) <= LONGEST_LOCATION:
        raise TransferError("the location is no URL")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
        if host is not None:
            host.encode("idna")
    except (ValueError, UnicodeError):
        raise TransferError(f"the location is no URL{PERCENT_ADVICE * ('@' in text)}") from None
    if parts.scheme not in PORTS:
        raise TransferError(f"the location is no URL of {', '.join(PORTS)}", Flaw.NO_WAY)
    if not host:
        raise TransferError("the location names no host")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if re.search(r"[\x00-\x1f\x7f]", unquote(path) + user + password):
        raise TransferError("the location has control characters in it")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    port = PORTS[parts.scheme] if port is None else port
    return Location(parts.scheme, host, port, path, query, user, password)


def within(place: Location, name: str) -> Location:
    """Where a file of that name is in the directory `place`.

    A location with a query names the file itself: so do addresses that are signed beforehand.
    """
    if place.query:
        return place
    path = f"{place.path.rstrip('/')}/{quote(name)}"
    return Location(
        place.scheme, place.host, place.port, path, user=place.user, password=place.password
    )


class Transfers:
    """Fetches and sends files. Lives on the loop that it is used on."""

    def __init__(
        self,
        clock: Clock,
        *,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        largest: int = LARGEST,
        patience_s: float = PATIENCE_S,
        limit_s: float = LIMIT_S,
    ) -> None:
        """`patience_s` is in real seconds, `limit_s` in the clock's."""
        self.open = 0
        """How many are under way."""
        self.ended = 0
        """How many are over, however."""
        self._clock = clock
        self._tls = tls
        self._largest = largest
        self._patience_s = patience_s
        self._limit_s = limit_s

    async def fetch(self, location: str, progress: Progress) -> Received:
        """Get a file: its size, its hash and how it begins.

        Raises TransferError.
        """
        place = read_location(location)
        return await self._beside(lambda job: _fetch(job, place), progress)

    async def send(
        self, location: str, name: str, content: Callable[[], bytes], progress: Progress
    ) -> None:
        """Put a file of that name into the directory `location`; `content` makes it there.

        ftp: STOR. http: PUT to the directory plus the name; where the server takes no PUT (405,
        501) POST to the directory, with the name in Content-Disposition.

        Raises TransferError.
        """
        place = read_location(location)
        await self._beside(lambda job: _send(job, place, name, content()), progress)

    async def _beside(self, work: Callable[[_Job], T], progress: Progress) -> T:
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        job = _Job(self._tls, self._largest, self._patience_s)

        def tell(done: int, total: int | None) -> None:
            if not outcome.done():
                progress(done, total)

        def settle(result: T | None, error: TransferError | None) -> None:
            if outcome.done():
                return
            if error is None:
                outcome.set_result(result)  # type: ignore[arg-type]
            else:
                outcome.set_exception(error)

        def hand_over(call: Callable[..., None], *values: object) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(call, *values)

        def run() -> None:
            try:
                result = work(job)
            except Exception as error:  # noqa: BLE001 - whatever a hostile server can cause
                hand_over(settle, None, _explained(error))
            else:
                hand_over(settle, result, None)

        job.progress = lambda done, total: hand_over(tell, done, total)
        too_long = TransferError(f"it took longer than {self._limit_s:g} s")
        timer = self._clock.call_later(self._limit_s, lambda: settle(None, too_long))
        self.open += 1
        try:
            threading.Thread(target=run, name="transfer", daemon=True).start()
            return await outcome
        finally:
            self.open -= 1
            self.ended += 1
            timer.cancel()
            job.abandon()


# -- in the thread ---------------------------------------------------


class _Job:
    """What a transfer and whoever waits for it have in common."""

    def __init__(self, tls: Callable[[], ssl.SSLContext], largest: int, patience_s: float) -> None:
        self.tls = tls
        self.largest = largest
        self.patience_s = patience_s
        self.progress: Progress = lambda done, total: None
        self._lock = threading.Lock()
        self._abandoned = False
        self._sockets: list[socket.socket] = []
        self._told = -1

    def hold(self, connection: socket.socket | None) -> None:
        """Take note of a socket, so that it can be shut down; at once if nobody waits any more."""
        if connection is None:
            return
        with self._lock:
            self._sockets.append(connection)
            if self._abandoned:
                _shut(connection)

    def abandon(self) -> None:
        """Nobody waits any more: whatever it waits for itself ends now."""
        with self._lock:
            self._abandoned = True
            for connection in self._sockets:
                _shut(connection)

    def tell(self, done: int, total: int | None) -> None:
        """Say how far it is: once a percent, or once a MiB."""
        mark = done * 100 // total if total else done >> 20
        if mark != self._told:
            self._told = mark
            self.progress(done, total)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # The base class's: that of a TLS socket would pull its state away under the reader.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _fetch(job: _Job, place: Location) -> Received:
    source = _fetch_ftp if place.scheme.startswith("ftp") else _fetch_http
    digest, head, size = hashlib.sha256(), bytearray(), 0
    with contextlib.closing(source(job, place)) as chunks:
        for chunk, total in chunks:
            size += len(chunk)
            if size > job.largest or (total or 0) > job.largest:
                raise TransferError(f"the file is larger than {job.largest} bytes")
            digest.update(chunk)
            head += chunk[: HEAD - len(head)]
            job.tell(size, total)
    return Received(place.name, size, digest.hexdigest(), bytes(head))


def _send(job: _Job, place: Location, name: str, content: bytes) -> None:
    if place.scheme.startswith("ftp"):
        _send_ftp(job, within(place, name), content)
    elif _send_http(job, "PUT", within(place, name), name, content) in NOT_BY_PUT:
        status = _send_http(job, "POST", place, name, content)
        if status in NOT_BY_PUT:
            raise _http_error(status)


def _pieces(job: _Job, content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), CHUNK):
        yield content[start : start + CHUNK]
        job.tell(min(start + CHUNK, len(content)), len(content))


# http


@contextlib.contextmanager
def _http(job: _Job, place: Location) -> Iterator[http.client.HTTPConnection]:
    if place.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            place.host, place.port, timeout=job.patience_s, context=job.tls()
        )
    else:
        connection = http.client.HTTPConnection(place.host, place.port, timeout=job.patience_s)
    try:
        connection.connect()
        job.hold(connection.sock)
        yield connection
    finally:
        connection.close()


def _begin(connection: http.client.HTTPConnection, verb: str, place: Location) -> None:
    connection.putrequest(verb, place.path + (f"?{place.query}" if place.query else ""))
    connection.putheader("User-Agent", "ChargeForge")
    connection.putheader("Connection", "close")
    if place.user or place.password:
        word = b64encode(f"{place.user}:{place.password}".encode()).decode("ascii")
        connection.putheader("Authorization", f"Basic {word}")


def _fetch_http(job: _Job, place: Location) -> Chunks:
    for _ in range(MOST_REDIRECTS + 1):
        with _http(job, place) as connection, contextlib.ExitStack() as held:
            _begin(connection, "GET", place)
            connection.endheaders()
            answer = held.enter_context(connection.getresponse())
            if answer.status in FETCH_REDIRECTS:
                place = _elsewhere(place, answer)
                continue
            if answer.status != 200:
                raise _http_error(answer.status)
            total = answer.length
            received = 0
            yield b"", total
            while chunk := answer.read1(CHUNK):
                received += len(chunk)
                yield chunk, total
            if total is not None and received < total:
                raise TransferError(f"the file broke off after {received} of {total} bytes")
            return
    raise TransferError("the file server sends from one address to the next without end")


def _send_http(job: _Job, verb: str, place: Location, name: str, content: bytes) -> int:
    """The status of the answer, if the file has arrived or `verb` is not taken there."""
    for _ in range(MOST_REDIRECTS + 1):
        with _http(job, place) as connection:
            _begin(connection, verb, place)
            connection.putheader("Content-Type", "application/octet-stream")
            connection.putheader("Content-Length", str(len(content)))
            connection.putheader("Content-Disposition", f'attachment; filename="{name}"')
            connection.endheaders()
            # A server that refuses may answer, and close, before it has read everything.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for piece in _pieces(job, content):
                    connection.send(piece)
            with connection.getresponse() as answer:
                pass  # its words are for nobody
            if answer.status in SEND_REDIRECTS:
                place = _elsewhere(place, answer)
                continue
            if not 200 <= answer.status < 300 and answer.status not in NOT_BY_PUT:
                raise _http_error(answer.status)
            return answer.status
    raise TransferError("the file server sends from one address to the next without end")


def _elsewhere(place: Location, answer: http.client.HTTPResponse) -> Location:
    """Where a redirect leads."""
    try:
        there = urljoin(place.shown, answer.headers.get("Location", ""))
    except ValueError:
        raise TransferError("the file server sends to what is no URL") from None
    target = read_location(there)
    allowed = ("https",) if place.scheme == "https" else ("http", "https")
    if target.scheme not in allowed:
        raise TransferError(f"the file server sends from {place.scheme} to {target.scheme}")
    if (target.host, target.port) == (place.host, place.port) and not target.user:
        return Location(
            target.scheme,
            target.host,
            target.port,
            target.path,
            target.query,
            place.user,
            place.password,
        )
    return target


def _http_error(status: int) -> TransferError:
    known = HTTP_ADVICE.get(status)
    if known is None:
        known = "the file server is in trouble" if status >= 500 else "the file server refuses it"
    return TransferError(f"HTTP {status}: {known}", HTTP_FLAWS.get(status, Flaw.OTHER))


# ftp


class _Bounded:
    """A server's endless answer is an error."""

    _lines = 0

    def getline(self) -> str:
        self._lines += 1
        if self._lines > MOST_FTP_LINES:
            raise ftplib.Error("the answer has no end")
        line: str = super().getline()  # type: ignore[misc]
        return line


class _Ftp(_Bounded, ftplib.FTP):
    """The plain one."""


class _FtpTls(_Bounded, ftplib.FTP_TLS):
    """TLS from the login on, for the files too (RFC 4217)."""


@contextlib.contextmanager
def _ftp(job: _Job, place: Location) -> Iterator[ftplib.FTP]:
    session: ftplib.FTP
    if place.scheme == "ftps":
        session = _FtpTls(context=job.tls(), timeout=job.patience_s)
    else:
        session = _Ftp(timeout=job.patience_s)
    session.encoding = "utf-8"
    try:
        session.connect(place.host, place.port)
        job.hold(session.sock)
        session.login(place.user, place.password)
        if isinstance(session, ftplib.FTP_TLS):
            session.prot_p()
            job.hold(session.sock)
        session.voidcmd("TYPE I")
        yield session
        with contextlib.suppress(OSError, EOFError, ftplib.Error):
            session.quit()
    finally:
        session.close()


def _ftp_path(place: Location) -> str:
    """The path from where the login leads to; `%2F` at its begin makes it absolute (RFC 1738)."""
    return unquote(place.path[1:])


def _fetch_ftp(job: _Job, place: Location) -> Chunks:
    with _ftp(job, place) as session:
        path = _ftp_path(place)
        try:
            total = session.size(path)
        except ftplib.Error:
            total = None  # not every server knows SIZE
        data, said = session.ntransfercmd(f"RETR {path}")
        job.hold(data)
        with data:
            total = said if said is not None else total
            yield b"", total
            while chunk := data.recv(CHUNK):
                yield chunk, total
        session.voidresp()


def _send_ftp(job: _Job, place: Location, content: bytes) -> None:
    with _ftp(job, place) as session:
        data, _ = session.ntransfercmd(f"STOR {_ftp_path(place)}")
        job.hold(data)
        with data:
            for piece in _pieces(job, content):
                data.sendall(piece)
            if isinstance(data, ssl.SSLSocket):
                data.unwrap()
        session.voidresp()


# what went wrong


def _explained(error: Exception) -> TransferError:
    """The trouble as a sentence, and its kind."""
    if isinstance(error, TransferError):
        return error
    flaw = Flaw.OTHER
    if isinstance(error, ftplib.Error):
        code = str(error)[:3]
        flaw = FTP_FLAWS.get(code, Flaw.OTHER) if code.isdigit() else Flaw.UNREADABLE
    elif isinstance(error, http.client.HTTPException):
        flaw = Flaw.UNREADABLE
    return TransferError(_explain(error), flaw)


def _explain(error: BaseException) -> str:
    """Why a transfer failed, as a sentence without full stop that no server has written."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the file server's certificate is not valid here: name its CA with CA_CERT"
    if isinstance(error, ssl.SSLError):
        return "TLS with the file server failed"
    if isinstance(error, socket.gaierror):
        return "the host name of the location is not known"
    if isinstance(error, ConnectionRefusedError):
        return "the file server refuses the connection"
    if isinstance(error, TimeoutError):
        return "the file server says nothing any more"
    if isinstance(error, ftplib.Error):
        code = str(error)[:3]
        if not (code.isascii() and code.isdigit()):
            return "the file server does not speak FTP"
        return f"FTP {code}: {FTP_ADVICE.get(code, 'the file server refuses it')}"
    if isinstance(error, (http.client.HTTPException, EOFError)):
        return "the file server does not keep to the protocol, or closed the connection"
    if isinstance(error, OSError):
        return f"the connection failed: {error.strerror or type(error).__name__}"
    LOG.error("a transfer failed", exc_info=error)
    return f"the transfer failed: {type(error).__name__}"
