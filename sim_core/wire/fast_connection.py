"""A `websockets` connection with a quick way for what a charge point mostly hears and says.

The ordinary way of a message goes through a parser and a queue and wakes a reading task, which
wakes the task that waits for the answer; a charge point mostly hears answers, and a thousand charge
points hear little else. So whoever sets `take` is offered each whole text message first, in the
turn of the loop in which it arrived, and what it does not take goes the ordinary way. Nothing
overtakes: while a message is still in the queue, none is offered. A frame that comes alone and
whole, as an answer does, is offered before it is parsed (`frame_ends` says where frames begin).
Likewise `send_at_once` writes what needs no waiting, and leaves the rest to `send`; `ping_at_once`
is the same for a ping, and its pong is heard where all frames pass.

`process_event` is what `websockets` itself overrides in its connections, but does not promise to
keep. Should a later release not call it any more, fewer answers go the quick way, and a fleet costs
more, and no pong would be heard; should it be given something other than whole `Frame`s, likewise.
Should `recv` take its messages from elsewhere than from what passed `process_event`, the count of
what is queued would be wrong, and nothing would be offered again or an answer overtake a request.
The tests of this module notice each: the first of them says that it is this.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State

from sim_core.wire.frame_ends import UNKNOWN, after_handshake, left_behind, text_in

SHAKEN = Response(101, "Switching Protocols", Headers())
MESSAGE_ENDS = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
AT_ONCE = 16 * 1024
"""Characters of a message that a socket with nothing to write takes without waiting: as bytes it
is below the limit from which `websockets` waits (`write_limit`)."""
PING_BYTES = 4
"""Drawn by chance for each ping, as `websockets` does: its pong has the same."""


class FastConnection(ClientConnection):
    """See the module."""

    take: Callable[[str], bool] | None = None
    """Deals with a message and returns True, or returns False. Must not raise."""
    _queued = 0
    """Whole messages that `recv` has not handed out yet."""
    _fragments = False
    """The message that arrives is not whole yet."""
    _left = UNKNOWN
    """Bytes that are yet to come of the frame that arrives, as `frame_ends` counts them."""

    _pinged = b""
    """What the ping had in it that was written at once."""
    _ponged: Callable[[], None] | None = None

    def data_received(self, data: bytes) -> None:
        if self.response is None:
            super().data_received(data)
            self._left = UNKNOWN if self.response is None else after_handshake(data)
            return
        if self._left == 0 and self.protocol.state is State.OPEN:
            text = text_in(data)
            if text is not None and self._is_taken(text):
                return
        self._left = left_behind(data, self._left)
        super().data_received(data)

    def process_event(self, event: Any) -> None:
        if type(event) is Frame and event.opcode in MESSAGE_ENDS and self.response is not None:
            whole = event.fin and not self._fragments
            self._fragments = not event.fin
            if whole and event.opcode is Opcode.TEXT and self._is_taken(event.data):
                return
            self._queued += event.fin
        super().process_event(event)
        if self._ponged is not None and type(event) is Frame and event.opcode is Opcode.PONG:
            self._hear_pong(event.data, self._ponged)

    def _hear_pong(self, data: bytes | bytearray | memoryview, ponged: Callable[[], None]) -> None:
        if data == self._pinged:
            self._ponged = None
            ponged()

    def _is_taken(self, text: bytes | bytearray | memoryview) -> bool:
        """Whether a whole text message was dealt with."""
        if self._queued or self._fragments or self.take is None:
            return False
        try:
            return self.take(str(text, "utf-8"))
        except UnicodeDecodeError:  # the ordinary way closes the connection for it
            return False

    def send_at_once(self, message: str) -> bool:
        """Send a message, where that needs no waiting: the connection is open, and what was said
        before has left. False: it was not sent, and `send` is to do it."""
        protocol, transport = self.protocol, self.transport
        if (
            len(message) > AT_ONCE
            or protocol.state is not State.OPEN
            or transport.is_closing()
            or transport.get_write_buffer_size()
        ):
            return False
        self._write(Frame(Opcode.TEXT, message.encode()))
        return True

    def forget_handshake(self) -> None:
        """The headers of both sides have said what they had to: they need not stay in memory."""
        for said in (self.request, self.response):
            if said is not None:
                said.headers.clear()  # the parser holds on to them
        self.request, self.response = None, SHAKEN

    def ping_at_once(self, ponged: Callable[[], None]) -> bool:
        """Send a ping, where the connection is open, and call `ponged` when it is answered, if none
        was sent since. False: it was not sent, and `ping` is to do it."""
        protocol, transport = self.protocol, self.transport
        if protocol.state is not State.OPEN or transport.is_closing():
            return False
        self._pinged, self._ponged = os.urandom(PING_BYTES), ponged
        self._write(Frame(Opcode.PING, self._pinged))
        return True

    def _write(self, frame: Frame) -> None:
        extensions = self.protocol.extensions
        self.transport.write(frame.serialize(mask=True, extensions=extensions))

    async def recv(self, decode: bool | None = None) -> Any:
        message = await super().recv(decode)
        self._queued -= 1
        return message
