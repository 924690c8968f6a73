"""A `websockets` connection that hands an answer over in the turn of the loop in which it arrived.

The ordinary way of a message goes through a queue and wakes a reading task, which wakes the task
that waits for the answer; a charge point mostly hears answers, and a thousand charge points hear
little else. So whoever sets `take` is offered each whole text message first, and what it does not
take goes the ordinary way. Nothing overtakes: while a message is still in the queue, none is
offered.

`process_event` is what `websockets` itself overrides in its connections, but does not promise to
keep. Should a later release not call it any more, everything goes the ordinary way, and a fleet
costs more; should it be given something other than whole `Frame`s, likewise. Should `recv` take
its messages from elsewhere than from what passed `process_event`, the count of what is queued
would be wrong, and nothing would be offered again or an answer overtake a request. The tests of
this module notice each: the first of them says that it is this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Response

SHAKEN = Response(101, "Switching Protocols", Headers())
MESSAGE_ENDS = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class FastConnection(ClientConnection):
    """See the module."""

    take: Callable[[str], bool] | None = None
    """Deals with a message and returns True, or returns False. Must not raise."""
    _queued = 0
    """Whole messages that `recv` has not handed out yet."""
    _fragments = False
    """The message that arrives is not whole yet."""

    def process_event(self, event: Any) -> None:
        if type(event) is Frame and event.opcode in MESSAGE_ENDS and self.response is not None:
            whole = event.fin and not self._fragments
            self._fragments = not event.fin
            if whole and event.opcode is Opcode.TEXT and not self._queued and self.take:
                try:
                    taken = self.take(str(event.data, "utf-8"))
                except UnicodeDecodeError:  # the ordinary way closes the connection for it
                    taken = False
                if taken:
                    return
            self._queued += event.fin
        super().process_event(event)

    def forget_handshake(self) -> None:
        """The headers of both sides have said what they had to: they need not stay in memory."""
        self.request, self.response = None, SHAKEN

    async def recv(self, decode: bool | None = None) -> Any:
        message = await super().recv(decode)
        self._queued -= 1
        return message
