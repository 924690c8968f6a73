"""Captures of packets: pcap and pcapng, of tcpdump or Wireshark.

dpkt reads the packets (an extra, `pcap`), `websockets` the frames of WebSocket, with masks,
fragments and permessage-deflate. Who has dialled is the charge point; its id is the end of the path
it has asked for. What begins before the capture does is read from the first frame on that can be
told, unless it is compressed: that needs all that came before.
"""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sim_core.traces import stamps
from sim_core.traces.entries import Entry, Notes, Source
from sim_core.traces.formats.form import CannotRead, Form
from sim_core.traces.formats.tcp import Piece, Stream
from sim_core.traces.frames import Side
from sim_core.traces.messages import MAX_CHARACTERS, NotAMessage, read_whole

if TYPE_CHECKING:
    from websockets.extensions import Extension
    from websockets.frames import Frame

MAGIC = (
    b"\x0a\x0d\x0d\x0a",
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
)
ETHERNET, NULL, RAW, RAW_TOO, LOOP, SLL, SLL2 = 1, 0, 12, 101, 108, 113, 276
SYN, ACK = 0x02, 0x10
HEAD_LIMIT = 64 * 1024
REQUEST = re.compile(rb"GET (\S{1,2000}) HTTP/1\.1\r\n")
FIELD = r"(?im)^{name}:[ \t]*(.*?)[ \t]*$"
FIRST_BYTES = frozenset({0x01, 0x81, 0x41, 0xC1, 0x02, 0x82, 0x88, 0x89, 0x8A})
"""How a frame of WebSocket may begin: a text, compressed or not, its first part, a ping."""
ENCRYPTED = (
    "a connection is encrypted (TLS): capture it where it is not, at the CSMS behind its proxy"
)
COMPRESSED = "a frame is compressed, and what it builds on is not in the capture"
LOST = "packets are missing in the capture, and a frame with them"


@dataclass
class Half:
    """What one side of a connection has sent."""

    side: Side
    stream: Stream = field(default_factory=Stream)
    buffer: bytearray = field(default_factory=bytearray)
    head: str | None = None
    """Of HTTP; None before it is whole, empty where the capture begins later."""
    closed: bool = False
    """Nothing of it is looked at: it is no WebSocket."""
    frames: Frames | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the head is over, or there is none."""
        return self.head is not None


@dataclass
class Connection:
    """A TCP connection: the half that has dialled, and the other."""

    charger: Half = field(default_factory=lambda: Half(Side.CHARGER))
    csms: Half = field(default_factory=lambda: Half(Side.CSMS))
    charge_point: str = ""


class Frames:
    """The messages of one direction of a WebSocket connection."""

    def __init__(self, *, masked: bool, extensions: list[Extension]) -> None:
        from websockets.streams import StreamReader

        self._masked = masked
        self._extensions = extensions
        self._reader = StreamReader()
        self._parser: Generator[None, None, Frame] | None = None
        self._parts: list[bytes] = []
        self._is_text = True

    def feed(self, data: bytes) -> Iterator[str]:
        """The texts that are whole now. Raises NotAMessage where this is no WebSocket."""
        from websockets.exceptions import PayloadTooBig, ProtocolError
        from websockets.frames import Frame, Opcode

        self._reader.feed_data(data)
        while True:
            if self._parser is None:
                self._parser = Frame.parse(
                    self._reader.read_exact,
                    mask=self._masked,
                    max_size=MAX_CHARACTERS,
                    extensions=self._extensions,
                )
            try:
                next(self._parser)
            except StopIteration as done:
                frame: Frame = done.value
            except (ProtocolError, PayloadTooBig, EOFError):
                compressed = not self._extensions and data[:1] in (b"\xc1", b"\x41")
                raise NotAMessage(COMPRESSED if compressed else LOST) from None
            else:
                return
            self._parser = None
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
                self._parts = [bytes(frame.data)]
            elif frame.opcode is Opcode.CONT:
                self._parts.append(bytes(frame.data))
            else:
                continue
            if frame.fin:
                yield b"".join(self._parts).decode("utf-8", "replace")


def _told_by(source: Source) -> bool:
    return source.data[:4] in MAGIC


def _read(source: Source, notes: Notes) -> Iterator[Entry]:
    notes.sorts = notes.keeps_copies = True
    connections: dict[frozenset[Any], Connection] = {}
    ends: dict[tuple[Any, Any], Half] = {}
    for number, at, link, packet in _packets(source, notes):
        notes.packets = number
        found = _segment(link, packet)
        if found is None:
            continue
        sender, receiver, tcp = found
        if tcp.flags & SYN and not tcp.flags & ACK:
            connections.pop(frozenset((sender, receiver)), None)
            ends.pop((sender, receiver), None)
            ends.pop((receiver, sender), None)
        half = ends.get((sender, receiver))
        if half is None:
            pair = frozenset((sender, receiver))
            if pair not in connections:
                if not tcp.flags & SYN and not tcp.data:
                    continue
                connection = connections[pair] = Connection()
                dials = _dials(tcp)
                first = connection.charger if dials else connection.csms
                second = connection.csms if dials else connection.charger
                ends[sender, receiver], ends[receiver, sender] = first, second
            half = ends[sender, receiver]
        connection = connections[frozenset((sender, receiver))]
        if tcp.flags & SYN:
            half.stream.begin(tcp.seq)
        for piece in half.stream.add(tcp.seq, bytes(tcp.data), at, number):
            yield from _piece(connection, half, piece, notes)
    for connection in connections.values():
        for half in (connection.charger, connection.csms):
            for piece in half.stream.end():
                yield from _piece(connection, half, piece, notes)


def _packets(source: Source, notes: Notes) -> Iterator[tuple[int, float, int, bytes]]:
    try:
        import dpkt
    except ImportError:
        raise CannotRead(
            f"{source.name or 'this'} is a capture of packets, and the package that reads it is "
            "not there: pip install 'chargeforge[pcap]'."
        ) from None
    try:
        reader = dpkt.pcap.UniversalReader(io.BytesIO(source.data))
        link = reader.datalink()
        for number, (at, packet) in enumerate(reader, 1):
            yield number, at, link, packet
    except (ValueError, dpkt.Error, IndexError, KeyError, OverflowError, ArithmeticError):
        notes.leave_out("the capture is cut off, or no capture that can be read", 0)
    except Exception as error:  # noqa: BLE001 - dpkt lets struct.error and others through
        notes.leave_out(f"the capture cannot be read on ({type(error).__name__})", 0)


def _segment(link: int, packet: bytes) -> tuple[Any, Any, Any] | None:
    """(who has sent it, to whom, the TCP segment); None for everything else."""
    import dpkt

    try:
        if link == ETHERNET:
            inner = dpkt.ethernet.Ethernet(packet).data
        elif link == SLL:
            inner = dpkt.sll.SLL(packet).data
        elif link == SLL2:
            inner = dpkt.sll2.SLL2(packet).data
        elif link in (NULL, LOOP):
            inner = _ip(packet[4:])
        elif link in (RAW, RAW_TOO):
            inner = _ip(packet)
        else:
            return None
        tcp = inner.data
        if not isinstance(tcp, dpkt.tcp.TCP):
            return None
        return (inner.src, tcp.sport), (inner.dst, tcp.dport), tcp
    except (dpkt.Error, AttributeError, ValueError, IndexError, TypeError):
        return None


def _ip(packet: bytes) -> Any:
    import dpkt

    return dpkt.ip6.IP6(packet) if packet[:1] and packet[0] >> 4 == 6 else dpkt.ip.IP(packet)


def _dials(tcp: Any) -> bool:
    """Whether the first packet of a connection is of the one that has dialled."""
    if tcp.flags & SYN:
        return not tcp.flags & ACK
    data = bytes(tcp.data)
    if data.startswith(b"GET "):
        return True
    if data.startswith(b"HTTP/"):
        return False
    return len(data) > 1 and bool(data[1] & 0x80)  # only who has dialled masks what it sends


def _piece(connection: Connection, half: Half, piece: Piece, notes: Notes) -> Iterator[Entry]:
    """What comes in order, as frames."""
    if half.closed:
        return
    if piece.gap:
        half.buffer.clear()
        if half.head is not None:
            half.frames = None
    half.buffer += piece.data
    if not half.has_begun:
        follows = _head(connection, half, notes)
        if half.head and half.side is Side.CSMS:  # now it is known what was agreed
            waiting = Piece(b"", piece.at, piece.packet)
            yield from _piece(connection, connection.charger, waiting, notes)
        if not follows:
            return
    if half.side is Side.CHARGER and half.head and not connection.csms.has_begun:
        half.closed = len(half.buffer) > MAX_CHARACTERS
        return
    if half.frames is None:
        if half.buffer[:1] and half.buffer[0] not in FIRST_BYTES:
            notes.leave_out(LOST, piece.packet)
            half.buffer.clear()
            return
        half.frames = Frames(
            masked=half.side is Side.CHARGER, extensions=_extensions(connection, half)
        )
    data = bytes(half.buffer)
    half.buffer.clear()
    try:
        for text in half.frames.feed(data):
            yield from _message(connection, half, text, piece, notes)
    except NotAMessage as error:
        notes.leave_out(str(error), piece.packet)
        half.frames = None


def _message(
    connection: Connection, half: Half, text: str, piece: Piece, notes: Notes
) -> Iterator[Entry]:
    try:
        message = read_whole(text)
    except NotAMessage as error:
        notes.leave_out(str(error), piece.packet)
        return
    notes.heads["pcap"] += 1
    yield Entry(
        message,
        text,
        piece.packet,
        stamps.of_seconds(piece.at),
        half.side,
        connection.charge_point,
    )


def _head(connection: Connection, half: Half, notes: Notes) -> bool:
    """Read the head of HTTP; returns whether frames follow in what there is."""
    data = bytes(half.buffer)
    if data[:1] == b"\x16":
        notes.leave_out(ENCRYPTED, 0)
        half.closed = True
        return False
    begins = b"GET " if half.side is Side.CHARGER else b"HTTP/"
    if not data.startswith(begins[: len(data)]):
        half.head = ""
        half.closed = data[0] not in FIRST_BYTES
        return not half.closed
    end = data.find(b"\r\n\r\n")
    if end < 0:
        half.closed = len(data) > HEAD_LIMIT
        return False
    half.head = data[:end].decode("latin-1").replace("\r\n", "\n")
    del half.buffer[: end + 4]
    half.closed = _field(half.head, "Upgrade").casefold() != "websocket"
    if half.side is Side.CHARGER and (found := REQUEST.match(data)):
        path = found[1].decode("latin-1").partition("?")[0]
        connection.charge_point = unquote(path.rstrip("/").rpartition("/")[2])
    if half.side is Side.CSMS and not half.closed:
        spoken = re.fullmatch(r"ocpp([\d.]+)", _field(half.head, "Sec-WebSocket-Protocol"))
        notes.ocpp_version = notes.ocpp_version or (spoken[1] if spoken else "")
    return not half.closed and bool(half.buffer)


def _field(head: str, name: str) -> str:
    found = re.search(FIELD.format(name=re.escape(name)), head)
    return found[1] if found else ""


def _extensions(connection: Connection, half: Half) -> list[Extension]:
    """permessage-deflate as the CSMS has agreed to it."""
    from websockets.extensions.permessage_deflate import PerMessageDeflate

    agreed = _field(connection.csms.head or "", "Sec-WebSocket-Extensions").casefold()
    if "permessage-deflate" not in agreed:
        return []
    sender = "client" if half.side is Side.CHARGER else "server"
    bits = re.search(rf"{sender}_max_window_bits=\"?(\d+)", agreed)
    return [
        PerMessageDeflate(
            remote_no_context_takeover=f"{sender}_no_context_takeover" in agreed,
            local_no_context_takeover=False,
            remote_max_window_bits=min(15, max(8, int(bits[1]))) if bits else 15,
            local_max_window_bits=15,
        )
    ]


FORM = Form(
    "pcap",
    "a capture of packets, pcap or pcapng, of tcpdump or Wireshark",
    "tcpdump -w FILE port 9000",
    _told_by,
    _read,
    "Needs `pip install 'chargeforge[pcap]'`. Not where the connection is encrypted. Lines are "
    "packets.",
)
