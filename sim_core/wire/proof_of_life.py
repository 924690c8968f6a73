"""Whether the CSMS answers at all: what waits to know it, and how it is found out.

A link that is up proves nothing. What has gone down with one link is sent on the next only after
something else was answered there; and a sample that met silence may be the only thing that a CSMS
does not hear. Where nothing else is to be said, a call is sent that may always be sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sim_core.wire.answers import Answer


class ProofOfLife:
    """See the module."""

    __slots__ = ("_ask", "_found", "needed", "sought")

    def __init__(
        self, ask: Callable[[], asyncio.Future[Answer]], found: Callable[[Answer], None]
    ) -> None:
        """`ask` posts the call that shows it; `found` is called with what came of that."""
        self._ask = ask
        self._found = found
        self.needed = False
        """The first row has gone down with a link: it waits until this one has proved itself."""
        self.sought = False
        """The call that is to show it waits or is open."""

    def seek(self) -> None:
        """Ask, if that is not under way already."""
        if not self.sought:
            self.sought = True
            self._ask().add_done_callback(self._told)

    def _told(self, asked: asyncio.Future[Answer]) -> None:
        self.sought = False
        self._found(asked.result())
