"""Where a scenario plays: the charge points, the CSMS before them, and whose time passes.

Two stages. On one our own CSMS answers and time is virtual: an hour takes as long as its frames,
and the same seed gives the same frames. On the other it is somebody's CSMS, and time is the
computer's (`hasty_stage` has a third: somebody's CSMS, as fast as that answers).
Who plays asks all the same: open, wait until something holds, let the CSMS ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timezone
from functools import cache
from typing import Any, Protocol

from sim_core.events import Event, Ring
from sim_core.from_settings import config_of
from sim_core.runtime.clock import Clock, SystemClock, clock_of
from sim_core.settings.loading import load
from sim_core.settings.options import TO_THE_CSMS, Settings, option_names, options_of
from sim_core.snapshot import LinkState, Registration, StationSnapshot
from sim_core.station import Station
from sim_core.store.interface import MEMORY
from sim_core.testbench.scenario import ChargePointOptions, Scenario
from sim_core.testbench.sessions import Sessions
from sim_core.twin.virtual_time import FarEnd, UnderWay, VirtualTime
from sim_core.wire.link_ends import LinkEnd
from sim_core.wire.message_log import MessageLog

BEGINS = datetime(2026, 1, 5, 8, 0, tzinfo=timezone.utc)
"""When virtual time begins: a Monday morning."""
LOOK_S = 0.02
"""Real seconds between two looks at whether something holds."""
STRIDE_S = 5.0
"""Virtual seconds between two looks where no timer is due before."""
EVENTS = 2_000
PLAIN: Mapping[str, str] = {
    "model": "generic",
    "id_tag": "CARD1",
    "noise_w_percent": "0",
}
"""What a charge point of a scenario is unless the scenario says otherwise."""
OF_THE_LINK = TO_THE_CSMS | {"security_profile", "authorization_key", "reconnect_max_sec"}
"""Options that are whoever's who runs the scenarios: how to get into the CSMS."""


class Asking(Protocol):
    """Whoever can tell the CSMS to ask a charge point something."""

    async def ask(
        self, charge_point: str, action: str, payload: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The answer's payload. Raises UserError with the reason where there is none."""


class Stage(Protocol):
    """See the module. `async with stage:` has the charge points up, and ends them in order."""

    clock: Clock

    @property
    def haste(self) -> float:
        """How many times as fast as the CSMS's their time passes; 0: the CSMS goes along with it,
        however fast that is."""

    @property
    def stations(self) -> Mapping[str, Station]:
        """The charge points by their ids."""

    @property
    def asking(self) -> Asking | None:
        """Who can tell the CSMS to ask something; None: nobody."""

    @property
    def sessions(self) -> Sessions | None:
        """Who can tell of the CSMS's sessions; None: nobody."""

    @property
    def late(self) -> Set[str]:
        """Message ids of requests for whose answer the time was up, by the computer's clock."""

    @property
    def hung_up(self) -> Sequence[tuple[str, LinkEnd]]:
        """The links that the CSMS has ended, with whose they were."""

    async def __aenter__(self) -> Stage: ...

    async def __aexit__(self, *_: object) -> None: ...

    async def until(self, holds: Callable[[], bool], within_s: float) -> bool:
        """Let time pass until it holds, `within_s` at the most; whether it does."""

    async def wait(self, seconds: float) -> None:
        """Let so much of the charge points' time pass."""


def settings_of(base: Settings, point: ChargePointOptions, ocpp: str, seed: int) -> Settings:
    """The settings of a charge point of a scenario: what the scenario says, and of the others'
    options only how to get into the CSMS.

    Raises ConfigError or ModelError.
    """
    said = {**PLAIN, **point.options}
    words = [f"{option_names(name)[1]}={value}" for name, value in said.items()]
    read = _read(tuple(words))
    usual = Settings()
    kept = {
        name: getattr(base if name in OF_THE_LINK else usual, name)
        for name in options_of(Settings)
        if name not in said
    }
    kept |= {"cpid": point.name, "ocpp_version": ocpp, "seed": seed, "http_port": 0}
    return replace(read, **kept)


@cache
def _read(words: tuple[str, ...]) -> Settings:
    """The settings that these words say. Many charge points are of one kind, and reading takes as
    long as a conversation."""
    return load(list(words), "chargeforge test")


class Stations:
    """What all stages do alike."""

    def __init__(self, scenario: Scenario, base: Settings, seed: int, clock: Clock) -> None:
        self.clock = clock
        self.stations: dict[str, Station] = {}
        self.asking: Asking | None = None
        self.sessions: Sessions | None = None
        self.late: Set[str] = frozenset()
        self.hung_up: list[tuple[str, LinkEnd]] = []
        self._scenario = scenario
        self._base = base
        self._seed = seed
        self._failing: list[asyncio.Future[None]] = []

    def _make(self, url: str) -> None:
        for place, point in enumerate(self._scenario.charge_points):
            own = settings_of(self._base, point, self._scenario.ocpp, self._seed + place)
            own = replace(own, csms_url=url or own.csms_url, state_dir=MEMORY)
            station = Station.built(
                config_of(own),
                own,
                clock=self.clock,
                messages=MessageLog(),
                events=Ring[Event](EVENTS),
                seen_afar=False,
            )
            station.tells_log = False
            station.link.on_end = self._hears_end(point.name, station.link.on_end)
            self.stations[point.name] = station
            for on, fault in self._scenario.faults:
                if on == point.name:
                    station.on_purpose.carry_out(fault)
        for station in self.stations.values():
            self._failing.append(asyncio.ensure_future(station.failed()))

    def _hears_end(self, name: str, on_end: Callable[[LinkEnd], str]) -> Callable[[LinkEnd], str]:
        """The same as `on_end`, and it is kept."""

        def ended(end: LinkEnd) -> str:
            self.hung_up.append((name, end))
            return on_end(end)

        return ended

    def _check(self) -> None:
        """Raises what has gone wrong inside a charge point."""
        for failing in self._failing:
            if failing.done():
                failing.result()

    async def _end(self) -> None:
        for failing in self._failing:
            failing.cancel()
        await asyncio.gather(*self._failing, return_exceptions=True)
        for station in self.stations.values():
            await station.close()


class RealStage(Stations):
    """Before somebody's CSMS."""

    def __init__(
        self,
        scenario: Scenario,
        base: Settings,
        seed: int,
        asking: Asking | None = None,
        sessions: Sessions | None = None,
    ) -> None:
        super().__init__(scenario, base, seed, clock_of(base.time_scale))
        self.haste = base.time_scale
        self.asking = asking
        self.sessions = sessions

    async def __aenter__(self) -> RealStage:
        self._make("")
        for station in self.stations.values():
            station.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def until(self, holds: Callable[[], bool], within_s: float) -> bool:
        """As the protocol says."""
        real = SystemClock()
        end = self.clock.monotonic() + within_s
        while not holds():
            self._check()
            if self.clock.monotonic() >= end:
                return False
            await real.sleep(LOOK_S)
        return True

    async def wait(self, seconds: float) -> None:
        """As the protocol says."""
        await self.until(lambda: False, seconds)


class InVirtualTime(Stations):
    """Time stands still while something is on its way, and jumps to what is due next."""

    haste = 0.0

    def __init__(self, scenario: Scenario, base: Settings, seed: int, time: VirtualTime) -> None:
        self._time = time
        super().__init__(scenario, base, seed, time)

    async def _open(self, far_end: Callable[[str, Station], FarEnd]) -> None:
        """Open the charge points, and let happen what can without time passing."""
        under_way = [
            UnderWay(station, far_end(name, station)) for name, station in self.stations.items()
        ]

        def pending() -> str:
            self._check()
            return next((what for one in under_way if (what := one())), "")

        self._time.pending = pending
        for one, station in zip(under_way, self.stations.values(), strict=True):
            station.open()
            one.opened = True
        await self._time.settle()

    async def until(self, holds: Callable[[], bool], within_s: float) -> bool:
        """As the protocol says."""
        time = self._time
        end = time.monotonic() + within_s
        await time.settle()
        while not holds():
            left = end - time.monotonic()
            if left <= 0:
                return False
            await time.stride(min(left, STRIDE_S))
        return True

    async def wait(self, seconds: float) -> None:
        """As the protocol says."""
        await self._time.advance(seconds)


class VirtualStage(InVirtualTime):
    """Before a CSMS of our own."""

    def __init__(self, scenario: Scenario, base: Settings, seed: int, house: House) -> None:
        super().__init__(scenario, replace(base, time_scale=1.0), seed, VirtualTime(BEGINS))
        self._house = house

    async def __aenter__(self) -> VirtualStage:
        self.asking = self.sessions = csms = await self._house.open(self._time, self._scenario.ocpp)
        self._csms = csms
        self._make(csms.url)
        await self._open(csms.far_end)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._time.pending = str
        await self._end()
        await self._csms.close()


class OpenCsms(Asking, Sessions, Protocol):
    """A CSMS of our own that is open."""

    @property
    def url(self) -> str:
        """Where it listens."""

    def far_end(self, charge_point: str, station: Station) -> FarEnd:
        """What is on its way at the other end of a charge point's link."""

    async def close(self) -> None:
        """End it."""


class House(Protocol):
    """Whoever opens a CSMS for a scenario: ours, or in a test one that is broken on purpose."""

    async def open(self, clock: Clock, ocpp: str) -> OpenCsms:
        """Open one that goes by this clock and speaks this version."""


def registered(snapshot: StationSnapshot) -> bool:
    """Whether a charge point has been let in."""
    link = snapshot.link
    return link.frames_pass and link.registration is Registration.ACCEPTED


def why_not_registered(snapshot: StationSnapshot) -> str:
    """What keeps a charge point out, as a sentence without full stop."""
    link = snapshot.link
    if not snapshot.powered:
        return "it has no power: power_on comes first"
    if link.state is LinkState.DOWN:
        return "its link is down: link_up comes first"
    if link.state is LinkState.CONNECTED and not link.online:
        return "it is silent: online comes first"
    return link.trouble or f"registration is {link.registration.value}"
