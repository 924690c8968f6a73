"""Before somebody's CSMS, as fast as it answers: time stands still while it thinks, and jumps.

A foreign CSMS does not say what is on its way from it. What can be known from outside is enough: a
request is on its way until it is answered, and so long no time passes at the charge points; where
the CSMS has had its time by the computer's clock, that goes on without it. The charge points' clock
begins with the computer's, so that what is said twice is never the same by chance; it is set by the
CSMS once and then runs ahead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from sim_core.runtime.clock import SystemClock
from sim_core.settings.options import Settings
from sim_core.snapshot import LinkState
from sim_core.station import Station
from sim_core.testbench.scenario import Scenario
from sim_core.testbench.sessions import Sessions
from sim_core.testbench.stage import Asking, InVirtualTime
from sim_core.twin.virtual_time import PATIENCE_S, VirtualTime

AHEAD = 1_000.0
"""How many times as fast the charge points' time is said to pass: then nobody sets their clocks by
the CSMS more than once."""


class _Beyond:
    """What is on its way at the other end of one link, as far as it is seen from here."""

    def __init__(self, station: Station, patience_s: float, late: set[str]) -> None:
        self._link = station.link
        self._patience_s = patience_s
        self._late = late
        self._clock = SystemClock()
        self._since: dict[str, float] = {}
        self._lost: set[str] = set()
        """Message ids of requests that were open while the charge point was silent."""
        self.asked = _Asked(patience_s)

    @property
    def connected(self) -> bool:
        """See `virtual_time.FarEnd`: a foreign CSMS sees what the charge point sees."""
        return self._link.state is LinkState.CONNECTED

    @property
    def sending(self) -> bool:
        """Whether the CSMS has been told to ask something, and has not come back."""
        return self.asked.on_its_way()

    @property
    def withheld(self) -> Set[str]:
        """Message ids of requests that nobody need wait for: their time is up, or the charge point
        was silent."""
        now, open_ids = self._clock.monotonic(), self._link.open_ids
        self._since = {one: self._since.get(one, now) for one in open_ids}
        if not self._link.online:
            self._lost |= open_ids
        over = {one for one, since in self._since.items() if now - since > self._patience_s}
        self._late |= over - self._lost
        return over | self._lost


class _Asked:
    """What the CSMS was told to ask a charge point."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._clock = SystemClock()
        self._since: list[float] = []

    def on_its_way(self) -> bool:
        """Whether something is that may still come back in time."""
        now = self._clock.monotonic()
        return any(now - since < self._patience_s for since in self._since)

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Around a question."""
        since = self._clock.monotonic()
        self._since.append(since)
        try:
            yield
        finally:
            self._since.remove(since)


class _Asking:
    """Tells the CSMS to ask, and has time stand still until it has."""

    def __init__(self, asking: Asking, ends: Mapping[str, _Beyond]) -> None:
        self._asking = asking
        self._ends = ends

    async def ask(
        self, charge_point: str, action: str, payload: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See `stage.Asking`."""
        with self._ends[charge_point].asked.asking():
            return await self._asking.ask(charge_point, action, payload)


class HastyStage(InVirtualTime):
    """See the module."""

    def __init__(
        self,
        scenario: Scenario,
        base: Settings,
        seed: int,
        asking: Asking | None = None,
        sessions: Sessions | None = None,
    ) -> None:
        """The CSMS has as long for an answer as the scenario says, by the computer's clock."""
        time = VirtualTime(SystemClock().now())
        time.patience_s = scenario.answers_within_s + PATIENCE_S
        super().__init__(scenario, replace(base, time_scale=AHEAD), seed, time)
        self._ends: dict[str, _Beyond] = {}
        self._patience_s = scenario.answers_within_s
        self._late_ids: set[str] = set()
        self.late = self._late_ids
        self.sessions = sessions
        if asking is not None:
            self.asking = _Asking(asking, self._ends)

    async def __aenter__(self) -> HastyStage:
        self._make("")
        await self._open(self._end_of)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._time.pending = str
        await self._end()

    def _end_of(self, charge_point: str, station: Station) -> _Beyond:
        self._ends[charge_point] = end = _Beyond(station, self._patience_s, self._late_ids)
        return end
