"""What was seen of a charge point, and what is new at the next look.

Nobody tells a screen of a change, so each look holds all that would be drawn against what was
drawn: where nothing differs nothing is done, and where only the time has gone on only what counts
with it is drawn. Messages and events are read from where the last look has ended. Their numbers
begin anew with another life of the charge point: that is another `Following`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sim_core.engine import Host
from sim_core.snapshot import StationSnapshot
from sim_core.story import Caption
from sim_core.wire.message_log import ExchangeState
from tui import text
from tui.dashboard import Dashboard, Observation


class Following:
    """See the module."""

    def __init__(self, host: Host, facts: Callable[[], tuple[object, ...]]) -> None:
        """`facts` is all that is drawn now, but for the time."""
        self.host = host
        self._facts_now = facts
        self._life = host.messages
        """What the rows were read from; another one is another life of the charge point."""
        self.station: StationSnapshot | None = None
        """The newest picture that was seen."""
        self._revision = 0
        self._events = 0
        self._last_event = ""
        self._facts: tuple[object, ...] = ()
        self._second: datetime | None = None
        """What was drawn, and as of which second: where neither changes, nothing is to be done."""
        self._waiting: set[int] = set()
        """The exchanges whose age counts up, in tenths of a second."""

    @property
    def over(self) -> bool:
        """Whether the charge point has begun another life."""
        return self.host.messages is not self._life

    def rests(self) -> bool:
        """Whether a look would show nothing new."""
        if self._waiting:
            return False
        same_second = self.host.now().replace(microsecond=0) == self._second
        return same_second and self._facts_now() == self._facts

    def show(self, dashboard: Dashboard, story: Caption | None, covered: bool, due: bool) -> None:
        """Look, and show what is new.

        While a dialog lies over the dashboard it is `covered`, and drawn only when that is `due`.
        """
        facts, now = self._facts_now(), self.host.now()
        station = self.host.snapshot
        settled = facts == self._facts
        second = now.replace(microsecond=0)
        if settled and second == self._second and not self._waiting:
            return
        if station is not None:
            self.station = station
        if settled and self._second and not self._waiting and not covered:
            self._second = second
            dashboard.tick(now)
            return
        self._revision, exchanges = self.host.messages.since(self._revision)
        self._events, happened = self.host.events.since(self._events)
        for exchange in exchanges:
            if exchange.state is ExchangeState.WAITING:
                self._waiting.add(exchange.number)
            else:
                self._waiting.discard(exchange.number)
        if story:
            happened = [event for event in happened if event.kind != "story"]
        if happened:
            self._last_event = f"{text.clock_time(happened[-1].at)} {happened[-1].text}"
        observed = Observation(self.station, self.host.failure, now, story)
        draw = not covered or due
        dashboard.show(observed, exchanges, self._last_event, draw)
        if draw:  # what is new may ask for another layout at the next look
            self._facts, self._second = facts, second if settled else None
