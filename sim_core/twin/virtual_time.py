"""Virtual time for a charge point and its CSMS on a real socket.

An hour takes as long as its frames. A `ManualClock` fires what falls due and lets the loop run;
what it cannot know is that a frame is on its way through the computer. Here the time stands still
until nothing is.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from datetime import datetime
from typing import Protocol

from sim_core.errors import UserError
from sim_core.runtime.clock import ManualClock, SystemClock
from sim_core.snapshot import LinkState
from sim_core.station import Station

PATIENCE_S = 20.0
"""Real seconds after which something has got stuck, where nobody says otherwise."""
SOCKETS_S = 0.0002
"""Real seconds between two looks at whether a frame has come through the computer."""


class StuckError(UserError):
    """Something is under way that never comes to an end, in a sentence."""


class VirtualTime(ManualClock):
    """See the module."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self.pending: Callable[[], str] = str
        """What is under way though no time passes, in a few words; empty when nothing is."""
        self.patience_s = PATIENCE_S
        """Real seconds after which something has got stuck."""

    async def settle(self) -> None:
        """Let happen all that can happen without time passing. Raises StuckError."""
        await super().settle()
        what = self.pending()
        if not what:
            return
        real = SystemClock()  # sockets live in real time
        deadline = real.monotonic() + self.patience_s
        while what:
            if real.monotonic() > deadline:
                raise StuckError(f"The play is stuck: {what} for {self.patience_s:g} s.")
            await real.sleep(SOCKETS_S)
            await super().settle()
            what = self.pending()


class FarEnd(Protocol):
    """What a CSMS of our own knows of what is on its way."""

    @property
    def connected(self) -> bool:
        """Whether the charge point is connected."""

    @property
    def sending(self) -> bool:
        """Whether a frame is on its way to the socket."""

    @property
    def withheld(self) -> Set[str]:
        """Message ids of requests whose answer is not due, or will never come."""


class UnderWay:
    """What is on its way between a station and its CSMS."""

    def __init__(self, station: Station, csms: FarEnd) -> None:
        self._station = station
        self._csms = csms
        self._files_ended = 0
        self._frames = 0
        self.opened = False
        """The station dials."""

    def __call__(self) -> str:
        """In a few words; empty when nothing is."""
        if not self.opened:
            return ""
        station, csms = self._station, self._csms
        files, link = station.charger.transfers, station.link
        if files.ended != self._files_ended:
            self._files_ended = files.ended
            return "a file has come or gone"
        if files.open:
            return "a file is on its way"
        if (frames := station.messages.revision) != self._frames:
            # Where it came in last thing, nobody has dealt with it yet.
            self._frames = frames
            return "a frame has come or gone"
        line = link.line
        if csms.sending and not (line is not None and line.still):
            return "a frame is being sent"
        if link.turning:
            return f"the link is {link.turning}"
        if link.state is not LinkState.CONNECTED:
            return "the CSMS is to see the end of the link" if csms.connected else ""
        if not csms.connected:
            return "the CSMS is to see the link"
        if line is not None and line.still:
            return ""
        open_calls, kept = link.open_ids, frozenset[str]()
        if line is not None:
            open_calls, kept = open_calls | line.awaited, line.withheld
        if open_calls - csms.withheld - kept:
            return "calls are open"
        outbox = station.charge_point.outbox
        if open_calls and not outbox.pipelining:
            return ""
        return "" if outbox.idle else "the outbox has something to send"
