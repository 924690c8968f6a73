"""One connection as both halves of an endpoint use it: what is written to it, and what is logged.

On a channel that is silent no frame passes, in either direction: the peer only sees an open socket.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from sim_core.redaction import public_frame
from sim_core.runtime.clock import Clock
from sim_core.wire.dialect import Dialect
from sim_core.wire.message_log import MessageLog
from sim_core.wire.wire_format import WireFormat

LOG = logging.getLogger(__name__)

LOGGED_LIMIT = 64 * 1024
"""Characters of a frame that the message log keeps."""
NAME_LIMIT = 50
"""Characters of an action, a code or a field name that are looked at; OCPP has none that is longer.
"""
DESCRIPTION_LIMIT = 255
"""Characters of errorDescription (OCPP-J §4.2.3)."""


class Socket(Protocol):
    """What is needed of a WebSocket connection."""

    async def send(self, message: str) -> None: ...

    def __aiter__(self) -> Any: ...


class Way(Protocol):
    """Where something may happen to frames before they are written, see `wire.line`."""

    async def send(self, text: str, number: int) -> None: ...


def never(_: str) -> bool:
    """No frame leaves at once."""
    return False


class Channel:
    """See the module."""

    __slots__ = (
        "_socket",
        "at_once",
        "clock",
        "closed",
        "dialect",
        "line",
        "log",
        "silent",
        "style",
    )

    def __init__(
        self, socket: Socket, dialect: Dialect, clock: Clock, log: MessageLog, style: WireFormat
    ) -> None:
        self._socket = socket
        self.dialect = dialect
        self.clock = clock
        self.log = log
        self.style = style
        self.closed = False
        """The connection has ended."""
        self.silent = False
        self.line: Way | None = None
        """The way of the frames; None: straight to the socket."""
        self.at_once: Callable[[str], bool] = never
        """Writes a frame that needs no waiting; False: it has not."""

    def passes(self, text: str) -> bool:
        """Write a frame, where nothing is in its way; False: it has not left, `send` it."""
        if self.line is not None or self.silent:
            return False
        try:
            return self.at_once(text)
        except Exception:  # noqa: BLE001 - as in `write`, which meets it again
            return False

    async def send(self, text: str, number: int) -> None:
        """Send a frame of the exchange with this number in the log."""
        if self.line is None:
            await self.write(text)
        elif not self.silent:
            await self.line.send(text, number)

    async def write(self, text: str) -> None:
        """Write a frame; whatever goes wrong with that, whoever reads learns of it."""
        if self.silent:
            return
        try:
            await self._socket.send(text)
        except Exception as error:  # noqa: BLE001 - websockets and TLS raise many; reading ends too
            LOG.debug("a frame could not be sent: %s", error)

    def shown(self, text: str) -> str:
        """A frame of the CSMS's as the log keeps it."""
        return public_frame(text, self.dialect.secret_keys, LOGGED_LIMIT)

    def own_shown(self, text: str) -> str:
        """A frame of ours as the log keeps it."""
        return public_frame(text, limit=LOGGED_LIMIT)
