"""Captures of packets: a conversation over a real WebSocket, cut into packets of our own making."""

from __future__ import annotations

import builtins
import contextlib
import io
import random
from collections.abc import Sequence
from typing import Any

import dpkt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from sim_core.traces.formats.form import CannotRead
from sim_core.traces.formats.tcp import Stream
from sim_core.traces.frames import Side
from sim_core.traces.reading import Reading, read
from sim_core.traces.report import summary
from tests.traces.made_logs import CP, TALK, UP, Said, texts

HERE, THERE = (b"\x0a\x00\x00\x01", 50_000), (b"\x0a\x00\x00\x02", 9000)
SYN, ACK, PSH = 0x02, 0x10, 0x08
Packet = tuple[float, tuple[bytes, int], tuple[bytes, int], int, int, bytes]
"""When, from whom, to whom, flags, sequence number, data."""


def chunks(
    talk: Sequence[Said], *, deflate: bool = False, parts: int = 1
) -> list[tuple[Side, bytes, float]]:
    """What goes over the wire, in order, handshake first."""
    client = ClientProtocol(
        parse_uri(f"ws://csms:9000/ocpp/{CP}?x=1"),
        extensions=[ClientPerMessageDeflateFactory()] if deflate else None,
        subprotocols=["ocpp1.6"],  # type: ignore[list-item]
    )
    server = ServerProtocol(
        extensions=[ServerPerMessageDeflateFactory()] if deflate else None,
        subprotocols=["ocpp1.6"],  # type: ignore[list-item]
    )
    begin = talk[0].at.timestamp() - 1
    found: list[tuple[Side, bytes, float]] = []

    def sent(side: Side, at: float) -> None:
        one, other = (client, server) if side is UP else (server, client)
        for data in one.data_to_send():
            if data:
                found.append((side, data, at))
                other.receive_data(data)

    client.send_request(client.connect())
    sent(UP, begin)
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    sent(Side.CSMS, begin + 0.1)
    client.events_received()
    client.send_ping(b"are you there")
    sent(UP, begin + 0.2)
    for one in talk:
        speaker: Any = client if one.side is UP else server
        data = one.text.encode()
        size = max(1, -(-len(data) // parts))
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        for number, piece in enumerate(pieces):
            last = number == len(pieces) - 1
            if number == 0:
                speaker.send_text(piece, fin=last)
            else:
                speaker.send_continuation(piece, fin=last)
        sent(one.side, one.at.timestamp())
    return found


def packets(
    wire: Sequence[tuple[Side, bytes, float]], *, size: int = 40, begin: int = 2**32 - 50
) -> list[Packet]:
    """The wire as TCP, whose numbers run over on the way."""
    at = wire[0][2] - 1
    found: list[Packet] = [
        (at, HERE, THERE, SYN, begin, b""),
        (at, THERE, HERE, SYN | ACK, begin, b""),
    ]
    numbers = {Side.CHARGER: begin + 1, Side.CSMS: begin + 1}
    for side, data, when in wire:
        ends = (HERE, THERE) if side is UP else (THERE, HERE)
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            found.append((when, *ends, ACK | PSH, numbers[side] % 2**32, piece))
            numbers[side] += len(piece)
    return found


def capture(known: Sequence[Packet], *, kind: str = "pcapng") -> bytes:
    """The packets as a file."""
    out = io.BytesIO()
    writer: Any = dpkt.pcapng.Writer(out) if kind == "pcapng" else dpkt.pcap.Writer(out)
    for at, (source, sport), (target, dport), flags, seq, data in known:
        tcp = dpkt.tcp.TCP(sport=sport, dport=dport, seq=seq, flags=flags, data=data)
        ip = dpkt.ip.IP(src=source, dst=target, p=dpkt.ip.IP_PROTO_TCP, data=tcp)
        ip.len = len(ip)
        frame = dpkt.ethernet.Ethernet(src=b"\x02" * 6, dst=b"\x04" * 6, data=ip)
        writer.writepkt(bytes(frame), ts=at)
    noise = dpkt.ethernet.Ethernet(src=b"\x02" * 6, dst=b"\x04" * 6, type=0x0806, data=b"arp?")
    writer.writepkt(bytes(noise), ts=known[-1][0])
    return out.getvalue()


def of(known: Sequence[Packet]) -> Reading:
    return read(capture(known), "wire.pcapng")


def messages(reading: Reading) -> list[tuple[Side, tuple[Any, ...]]]:
    return [(frame.sent_by, frame.message) for frame in reading.trace.frames]


@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
@pytest.mark.parametrize("deflate", [False, True], ids=["plain", "deflate"])
@pytest.mark.parametrize("parts", [1, 3])
def test_a_conversation_is_read_out_of_packets(kind: str, deflate: bool, parts: int) -> None:
    known = packets(chunks(TALK, deflate=deflate, parts=parts))
    reading = read(capture(known, kind=kind))
    assert messages(reading) == texts(TALK)
    assert not reading.left_out
    assert reading.trace.ocpp_version == "1.6"
    assert reading.trace.charge_points == (CP,)
    for frame, one in zip(reading.trace.frames, TALK, strict=True):
        assert frame.at is not None
        assert abs((frame.at - one.at).total_seconds()) < 0.001
        assert frame.text == one.text
    assert summary(reading).startswith(
        f"Form: pcap, guessed; OCPP 1.6. {len(known) + 1} packets: 12"
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 2**32 - 1), st.integers(7, 200))
def test_packets_may_come_twice_and_in_any_near_order(seed: int, begin: int, size: int) -> None:
    known = packets(chunks(TALK, deflate=True), size=size, begin=begin)
    chance = random.Random(seed)
    heard: list[tuple[float, Packet]] = []
    for place, packet in enumerate(known):
        late = chance.uniform(0, 6) if packet[-1] else 0
        heard.append((place + late, packet))
        if packet[-1] and chance.random() < 0.2:
            heard.append((place + late + chance.uniform(0, 9), packet))
    shuffled = [packet for _, packet in sorted(heard, key=lambda one: one[0])]
    # The handshake is over before the first frame, as it is on every wire.
    assert sorted(map(str, messages(of(shuffled)))) == sorted(map(str, texts(TALK)))


def test_what_begins_before_the_capture_is_read_from_there_on() -> None:
    known = packets(chunks(TALK), size=5000)[5:]
    assert messages(of(known)) == texts(TALK)


def test_what_is_compressed_and_begins_before_the_capture_is_said() -> None:
    known = packets(chunks(TALK, deflate=True), size=5000)[5:]
    with pytest.raises(CannotRead, match="is compressed, and what it builds on is not in"):
        of(known)


def test_a_packet_that_is_missing_costs_its_frame_only() -> None:
    known = packets(chunks(TALK), size=5000)
    lost = next(
        place
        for place, one in enumerate(known)
        if TALK[8].text[:9].encode() in one[-1] or one[0] == TALK[8].at.timestamp()
    )
    reading = of(known[:lost] + known[lost + 1 :])
    assert messages(reading) == [one for place, one in enumerate(texts(TALK)) if place != 8]


def test_what_is_encrypted_is_said() -> None:
    known = packets([(UP, b"\x16\x03\x01\x02\x00" + bytes(100), 5.0)])
    with pytest.raises(CannotRead, match=r"encrypted \(TLS\): capture it where it is not"):
        of(known)


def test_what_is_no_websocket_is_no_frame() -> None:
    http = [
        (UP, b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 5.0),
        (Side.CSMS, b'HTTP/1.1 200 OK\r\n\r\n[3,"1",{}]', 5.1),
    ]
    with pytest.raises(CannotRead, match="no OCPP-J frame"):
        of(packets(http))


def test_without_the_package_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "dpkt":
            raise ImportError(name)
        return imported(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CannotRead, match=r"pip install 'chargeforge\[pcap\]'"):
        read(b"\x0a\x0d\x0d\x0a" + bytes(40), "wire.pcapng")


WHOLE = capture(packets(chunks(TALK, deflate=True)))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.binary(max_size=6)), max_size=8),
    st.integers(0, len(WHOLE)),
)
def test_a_spoilt_capture_is_read_or_refused(changes: list[tuple[int, bytes]], end: int) -> None:
    data = bytearray(WHOLE)
    for at, new in changes:
        data[at : at + len(new)] = new
    for some in (bytes(data), bytes(data[:end])):
        with contextlib.suppress(CannotRead):
            assert read(some).trace.frames


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_stream_is_the_same_however_it_is_cut_and_repeated(
    data: bytes, draw: st.DataObject
) -> None:
    begin = draw.draw(st.integers(0, 2**32 - 1))
    pieces = []
    at = 0
    while at < len(data):
        size = draw.draw(st.integers(1, 9))
        back = draw.draw(st.integers(0, min(at, 5)))
        pieces.append(((begin + 1 + at - back) % 2**32, data[at - back : at + size]))
        at += size
    order = draw.draw(st.permutations(pieces))
    stream = Stream()
    stream.begin(begin)
    heard = [
        piece
        for place, (seq, one) in enumerate(order)
        for piece in stream.add(seq, one, 0.0, place)
    ]
    heard += stream.end()
    assert b"".join(piece.data for piece in heard) == data
    assert not any(piece.gap for piece in heard)


def test_a_packet_that_never_comes_does_not_hold_the_rest_for_ever() -> None:
    stream = Stream()
    stream.begin(0)
    big = bytes(300_000)
    heard = [piece for n in range(6) for piece in stream.add(100 + n * 300_000, big, 0.0, n)]
    assert heard
    assert heard[0].gap
