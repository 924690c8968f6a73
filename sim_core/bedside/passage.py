"""One charger on one side, its CSMS on the other, and every byte as it came.

What comes in on one socket goes out on the other in the same turn of the loop, before anybody has
looked at it: so nothing that reads can delay or change it, whatever it is. Only then a copy is read
(`frame_reader`) and told (`happenings`). There are two exceptions, and both begin with a command of
ours: it is put in between two messages of the CSMS, and its answer is taken out (`sieve`).

An end travels as bytes do: a close frame is a frame, the end of a stream is passed on as an end, a
reset as a reset, and who gets no answer from the CSMS is cut off without one. A side that does not
read lets the other wait, as it would without us: what is held between them is bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
import struct
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, cast

from websockets.frames import Close, Frame, Opcode

from sim_core.bedside.frame_reader import FrameReader, Message
from sim_core.bedside.handshake import (
    END_OF_HEAD,
    LONGEST_HEAD,
    TLS_HANDSHAKE,
    NoUpgradeError,
    Place,
    Request,
    read_request,
    read_response,
    refusal,
)
from sim_core.bedside.happenings import (
    Ended,
    Happening,
    Knocked,
    Opened,
    Passed,
    TurnedAway,
    Unreadable,
)
from sim_core.bedside.sieve import Insertions, Sieve
from sim_core.redaction import one_line, without_users
from sim_core.runtime.clock import Clock
from sim_core.traces.frames import Side

LOG = logging.getLogger(__name__)

HEAD_WITHIN_S = 30.0
"""How long a charger may take for its request."""
DIAL_WITHIN_S = 10.0
MOST_PASSAGES = 256
"""Connections at once; each takes two file descriptors."""
FULL = f"there are {MOST_PASSAGES} connections already"
KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
"""A side that has vanished without a word is noticed after two minutes, as far as the system has
these."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes the end of a socket a reset."""
CLOSE_WORDS = {
    1000: "in good order",
    1001: "going away",
    1002: "over a protocol error",
    1003: "over data that it does not take",
    1007: "over text that is no UTF-8",
    1008: "over its policy",
    1009: "over a message that is too long",
    1011: "after a failure inside",
    1012: "to restart",
    1013: "too busy",
}


class CannotInsertError(Exception):
    """A command cannot be put in. The message is a sentence without full stop."""


class House(Protocol):
    """What a passage needs of the relay that it is in."""

    @property
    def place(self) -> Place:
        """Where the CSMS is."""

    def entered(self, passage: Passage) -> bool:
        """Somebody has come; False where there is no room."""

    def left(self, passage: Passage) -> None:
        """Its sockets have gone."""

    def explain(self, error: BaseException) -> str:
        """Why the CSMS could not be dialled."""

    async def dial(self, side: asyncio.Protocol) -> None:
        """Connect a side to the CSMS. Raises whatever `explain` explains."""


class Passage:
    """One connection of a charger, and the one to the CSMS that belongs to it."""

    def __init__(
        self, number: int, tls: bool, clock: Clock, relay: House, tell: Callable[[Happening], None]
    ) -> None:
        self.number = number
        self.charger: asyncio.Transport | None = None
        self.csms: asyncio.Transport | None = None
        self._charger_tls = tls
        self._csms_tls = relay.place.tls
        self._clock = clock
        self._relay = relay
        self._tell = tell
        self._address = ""
        self._head = bytearray()
        """What has come of a head: the charger's first, then the CSMS's."""
        self._early = b""
        """What the charger has sent behind its request."""
        self._knocked = self._answered = self._open = False
        self._because = ""
        """Why frames never pass."""
        self._ended: set[Side] = set()
        """Who will send nothing more."""
        self._over = False
        self._sockets = 0
        self._patience: asyncio.TimerHandle | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._reader = {Side.CHARGER: FrameReader(), Side.CSMS: FrameReader()}
        self._told_broken: set[Side] = set()
        self._closed_by: dict[Side, str] = {}
        """Who has sent a close frame, and what it said."""
        self._ours: set[str] = set()
        """Ids of our commands; an answer may come as late as it likes."""
        self._sieve: Sieve | None = None
        self._insertions = Insertions(self._reader[Side.CSMS])

    # -- the charger comes -------------------------------------------------------------------------

    def charger_made(self, transport: asyncio.Transport) -> None:
        """Somebody has connected."""
        self.charger = transport
        self._sockets += 1
        self._address = address_of(transport)
        _keep_alive(transport)
        if not self._relay.entered(self):
            self._over = True
            transport.abort()
            self._tell(TurnedAway(self._clock.now(), self._address, FULL))
            return
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(HEAD_WITHIN_S, self._too_slow)

    def charger_sent(self, data: bytes) -> None:
        """Bytes of the charger."""
        if self._open:
            self._from_charger(data)
        elif self._knocked and not self._answered:
            self._early += data
            if len(self._early) > LONGEST_HEAD and self.charger is not None:
                self.charger.pause_reading()
        elif self._answered:  # the CSMS has refused, and this is for whatever it wants to hear yet
            self._write(Side.CSMS, data)
        else:
            self._head += data
            self._look_for_request()

    def _look_for_request(self) -> None:
        if self._head.startswith(TLS_HANDSHAKE):
            return self._turn_away(
                "it speaks TLS (wss://), and this port does not: give the relay a certificate "
                "(--listen-cert), or set ws:// in the charger"
            )
        head, end, rest = bytes(self._head).partition(END_OF_HEAD)
        if not end:
            if len(self._head) > LONGEST_HEAD:
                self._turn_away("its request is longer than any charger's")
            elif b"\n" in self._head and not _may_be_http(self._head):
                self._turn_away("it sends what is no HTTP request, and OCPP-J begins with one")
            return None
        try:
            request = read_request(head)
        except NoUpgradeError as error:
            return self._turn_away(str(error))
        self._head.clear()
        self._early, self._knocked = rest, True
        self._stop_waiting()
        self._tell(
            Knocked(
                self.number,
                self._clock.now(),
                request.identity,
                self._address,
                request.target,
                request.subprotocols,
            )
        )
        self._dialling = asyncio.ensure_future(self._dial(request))
        return None

    def _turn_away(self, why: str) -> None:
        self._tell(TurnedAway(self._clock.now(), self._address, why))
        charger = self.charger
        self._finish()
        if charger is not None and not self._head.startswith(TLS_HANDSHAKE):
            sentence = f"ChargeForge relays OCPP-J (WebSocket) here: {why}."
            charger.write(refusal(400, "Bad Request", sentence))
            charger.close()
        elif charger is not None:
            charger.abort()

    def _too_slow(self) -> None:
        self._turn_away(f"it has sent no whole request within {HEAD_WITHIN_S:g} s")

    # -- to the CSMS -------------------------------------------------------------------------------

    async def _dial(self, request: Request) -> None:
        side = _CsmsSide(self)
        try:
            await asyncio.wait_for(self._relay.dial(side), DIAL_WITHIN_S)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  `explain` has words for each, and a log
            if not self._over:
                self._end(f"the CSMS is not reached: {self._relay.explain(error)}", Side.CSMS)
                _abort(self.charger)
            return
        if self._over or self.csms is None:  # the charger has gone meanwhile
            _abort(self.csms)
            return
        place = self._relay.place
        asked = request.addressed_to(place.target_of(request), place.authority, place.authorization)
        self.csms.write(asked)

    def csms_made(self, transport: asyncio.Transport) -> None:
        """The CSMS is there."""
        self.csms = transport
        self._sockets += 1
        _keep_alive(transport)

    def csms_sent(self, data: bytes) -> None:
        """Bytes of the CSMS."""
        if self._open:
            self._from_csms(data)
            return
        self._write(Side.CHARGER, data)
        if self._answered:
            return
        self._head += data
        head, end, rest = bytes(self._head).partition(END_OF_HEAD)
        if not end and len(self._head) <= LONGEST_HEAD:
            return
        self._head.clear()
        try:
            response = read_response(head)
        except ValueError:
            self._answered = True
            self._because = "what answers in the CSMS's place does not speak HTTP"
            return
        if 100 <= response.status < 200 and not response.opens:  # an interim answer, RFC 9110 §15.2
            self._head += rest
            return
        self._answered = True
        if not response.opens:
            reason = one_line(without_users(response.reason[:60]))
            self._because = f"the CSMS refuses it: HTTP {response.status} {reason}".rstrip()
            self._pass_early()
            return
        self._open = True
        if response.deflate is not None:
            keeps = response.deflate
            self._reader[Side.CHARGER].expect_deflated(keeps.charger_keeps_context)
            self._reader[Side.CSMS].expect_deflated(keeps.csms_keeps_context)
        self._tell(Opened(self.number, self._clock.now(), response.subprotocol))
        if rest:
            self._read(Side.CSMS, rest)
        self._pass_early()

    def _pass_early(self) -> None:
        early, self._early = self._early, b""
        if self.charger is not None:
            self.charger.resume_reading()
        if early:
            self.charger_sent(early)

    # -- through -----------------------------------------------------------------------------------

    def _from_charger(self, data: bytes) -> None:
        if self._sieve is None:
            self._write(Side.CSMS, data)
            self._read(Side.CHARGER, data)
            return
        passes, messages = self._sieve.strain(data)
        if passes:
            self._write(Side.CSMS, passes)
        at = self._clock.now()
        for message, ours in messages:
            self._passed(Side.CHARGER, message, at, ours)
        self._look_for_break(Side.CHARGER)

    def _from_csms(self, data: bytes) -> None:
        if not self._insertions.waiting:
            self._write(Side.CHARGER, data)
            self._read(Side.CSMS, data)
            return
        both, messages = self._insertions.into(data)
        self._write(Side.CHARGER, both)
        at = self._clock.now()
        for message in messages:
            self._passed(Side.CSMS, message, at)
        self._look_for_break(Side.CSMS)

    def _read(self, sent_by: Side, data: bytes) -> None:
        """Look at what has passed. Nothing that happens here can matter to it."""
        reader = self._reader[sent_by]
        if reader.broken:
            return
        at = self._clock.now()
        try:
            for message in reader.messages(data):
                self._passed(sent_by, message, at)
        except Exception:
            LOG.exception("a fault of the relay's reader: frames pass unread")
            reader.broken = "a fault of ChargeForge's own (it stands in the log: report it)"
        self._look_for_break(sent_by)

    def _passed(self, sent_by: Side, message: Message, at: datetime, ours: bool = False) -> None:
        if message.opcode is Opcode.CLOSE:
            self._closed_by.setdefault(sent_by, _close_words(message))
        self._tell(Passed(self.number, at, sent_by, message, ours))

    def _look_for_break(self, sent_by: Side) -> None:
        broken = self._reader[sent_by].broken
        if broken and sent_by not in self._told_broken:
            self._told_broken.add(sent_by)
            self._tell(Unreadable(self.number, self._clock.now(), sent_by, broken))

    def _write(self, to: Side, data: bytes) -> None:
        transport = self.charger if to is Side.CHARGER else self.csms
        if transport is not None and not transport.is_closing():
            transport.write(data)

    # -- commands of ours --------------------------------------------------------------------------

    def ask(self, message_id: str, frame: str) -> None:
        """See `Relay.ask`."""
        if not self._open or self._over or self._closed_by or self._ended:
            raise CannotInsertError("the charger is not connected")
        for side, reader in self._reader.items():
            if reader.broken:
                raise CannotInsertError(
                    f"what {_who(side)} sends cannot be read on this connection "
                    f"({reader.broken}), so nothing can be put in between: wait for the next one"
                )
        if self._sieve is None:
            self._sieve = Sieve(self._reader[Side.CHARGER], self._ours)
        self._ours.add(message_id)
        now = self._insertions.put(frame)
        if now:
            self._write(Side.CHARGER, now)
        content = frame.encode()
        command = Message(Opcode.TEXT, content, len(content))
        self._passed(Side.CSMS, command, self._clock.now(), ours=True)

    # -- ends --------------------------------------------------------------------------------------

    def stream_ended(self, sent_by: Side) -> bool:
        """A side sends nothing more; returns whether its socket stays open for what it is sent."""
        self._ended.add(sent_by)
        to = self.csms if sent_by is Side.CHARGER else self.charger
        ended_tls = self._charger_tls if sent_by is Side.CHARGER else self._csms_tls
        if to is None:  # the charger goes before the CSMS is there
            return False
        if len(self._ended) == 2:
            to.close()
            return False
        if to.can_write_eof():
            to.write_eof()
            return not ended_tls
        to.close()
        return False

    def side_lost(self, side: Side, error: Exception | None) -> None:
        """A socket has gone."""
        self._sockets -= 1
        other = self.csms if side is Side.CHARGER else self.charger
        self._end(*self._why(side, error))
        if other is not None:
            if error is not None and not isinstance(error, ssl.SSLError):
                _abort(other)
            else:
                other.close()
        if not self._sockets:
            self._relay.left(self)

    def _why(self, side: Side, error: Exception | None) -> tuple[str, Side]:
        """Why it ends, and who went first."""
        for closer, words in self._closed_by.items():
            return f"{_who(closer)} {words}", closer
        who = _who(side)
        if self._because:
            return self._because, Side.CSMS
        if not self._open and side is Side.CSMS:
            return "the CSMS ended the connection without an answer", side
        if isinstance(error, OSError) and error.errno == errno.ETIMEDOUT:
            return f"{who} has vanished", side
        if isinstance(error, ConnectionError):
            return f"{who} cut the connection off", side
        return f"{who} ended the connection without a close frame", side

    def _end(self, why: str, by: Side | None) -> None:
        if not self._over:
            self._finish()
            if self._knocked:
                self._tell(Ended(self.number, self._clock.now(), why, by, self._open))

    def _finish(self) -> None:
        self._over = True
        self._stop_waiting()
        if self._dialling is not None and self._dialling is not _current_task():
            self._dialling.cancel()

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def leave(self) -> None:
        """The relay ends: say so to both sides, in the words of WebSocket."""
        if self._open:
            frame = Frame(Opcode.CLOSE, Close(1001, "the relay ends").serialize())
            for to, mask in ((Side.CHARGER, False), (Side.CSMS, True)):
                sender = Side.CSMS if to is Side.CHARGER else Side.CHARGER
                silent = self._closed_by or sender in self._ended
                if self._reader[sender].between_frames and not silent:
                    self._write(to, frame.serialize(mask=mask))
        self._end("the relay ends", None)
        for transport in (self.charger, self.csms):
            if transport is not None:
                transport.close()

    def cut(self) -> None:
        """End it whatever is left to send."""
        for transport in (self.charger, self.csms):
            if transport is not None:
                transport.abort()

    # -- pressure ----------------------------------------------------------------------------------

    def let_wait(self, reader: Side, wait: bool) -> None:
        """A side does not keep up with what it is sent: the other is read no further until then."""
        sender = self.csms if reader is Side.CHARGER else self.charger
        if sender is None or sender.is_closing():
            return
        if wait:
            sender.pause_reading()
        else:
            sender.resume_reading()


class ChargerSide(asyncio.Protocol):
    """The socket that a charger has opened."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage
        self._made = False
        self._early = b""
        """What came with the end of a TLS handshake, before anybody was told of its end."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._made = True
        self._passage.charger_made(cast(asyncio.Transport, transport))
        if self._early:
            self._passage.charger_sent(self._early)

    def data_received(self, data: bytes) -> None:
        if self._made:
            self._passage.charger_sent(data)
        else:
            self._early += data

    def eof_received(self) -> bool:
        return self._made and self._passage.stream_ended(Side.CHARGER)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._made:
            self._passage.side_lost(Side.CHARGER, exc)

    def pause_writing(self) -> None:
        self._passage.let_wait(Side.CHARGER, True)

    def resume_writing(self) -> None:
        self._passage.let_wait(Side.CHARGER, False)


class _CsmsSide(asyncio.Protocol):
    """The socket that was opened to the CSMS."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._passage.csms_made(cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        self._passage.csms_sent(data)

    def eof_received(self) -> bool:
        return self._passage.stream_ended(Side.CSMS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._passage.side_lost(Side.CSMS, exc)

    def pause_writing(self) -> None:
        self._passage.let_wait(Side.CSMS, True)

    def resume_writing(self) -> None:
        self._passage.let_wait(Side.CSMS, False)


def _who(side: Side) -> str:
    return "the charger" if side is Side.CHARGER else "the CSMS"


def _close_words(message: Message) -> str:
    """What a close frame says, as a sentence without full stop but for who has sent it."""
    if message.close is None:
        return "closed the WebSocket"
    code, reason = message.close
    words = CLOSE_WORDS.get(code, "")
    said = f" ({one_line(without_users(reason))[:120]})" if reason else ""
    return f"closed the WebSocket {words}".rstrip() + f" with {code}{said}"


def _abort(transport: asyncio.Transport | None) -> None:
    """End a socket as a reset does: who is on it knows that nothing was ended in order."""
    if transport is None:
        return
    own = transport.get_extra_info("socket")
    if own is not None:
        with contextlib.suppress(OSError):
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


def _keep_alive(transport: asyncio.Transport) -> None:
    own = transport.get_extra_info("socket")
    if own is None:
        return
    with contextlib.suppress(OSError):
        own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE:
            if hasattr(socket, name):
                own.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def address_of(transport: asyncio.Transport) -> str:
    peer = transport.get_extra_info("peername")
    return f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else "?"


def _may_be_http(head: bytearray) -> bool:
    return b" HTTP/" in head.split(b"\n", 1)[0]


def _current_task() -> asyncio.Task[None] | None:
    return cast("asyncio.Task[None] | None", asyncio.current_task())
