"""A hundred charge points lose their CSMS in one instant: they do not come back in one.

Real charge points, a real server, real sockets, and one clock that the test moves: when an attempt
arrives is exact, and the same in every run.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from websockets.asyncio.server import ServerConnection

from sim_core.charging.config import ChargePointConfig
from sim_core.events import Event, Ring
from sim_core.settings.garage_file import load_garage
from sim_core.settings.model_file import load_model
from sim_core.snapshot import LinkState, Registration
from sim_core.station import Station
from sim_core.store.interface import MEMORY
from sim_core.store.makers import store_in
from sim_core.wire.message_log import MessageLog
from tests.harness import HarnessClock
from tests.network import Network, Reader, Writer
from tests.scripted_csms import ScriptedCsms

HOW_MANY = 100
SEED = 7
"""Of all of them: a setting that many charge points share must not bring them into step."""
LONGEST_PAUSE_S = 30.0


class BusyCsms(ScriptedCsms):
    """It knows how many charge points are connected."""

    def __init__(self) -> None:
        super().__init__()
        self.open_now = 0

    async def _serve(self, connection: ServerConnection) -> None:
        self.open_now += 1
        try:
            await super()._serve(connection)
        finally:
            self.open_now -= 1


class Fleet:
    """The charge points before one CSMS, and when each of them knocks at its door."""

    def __init__(self, csms: BusyCsms, clock: HarnessClock) -> None:
        self.csms = csms
        self.clock = clock
        self.network = Network(csms.port, self._let_in)
        self.stations: list[Station] = []
        self.knocks: list[float] = []
        """Moments, since `begin`."""
        self.began = 0.0

    async def _let_in(self, network: Network, reader: Reader, writer: Writer) -> tuple[str, int]:
        self.knocks.append(self.clock.monotonic() - self.began)
        return "127.0.0.1", network.target

    def begin(self) -> None:
        """Count the time, and the knocks, from now."""
        self.began = self.clock.monotonic()
        self.knocks.clear()

    def raise_faults(self) -> None:
        """Raise what has gone wrong inside one of them; see `Harness`."""
        for station in self.stations:
            failed = station.charge_point.environment.tasks._failed
            if failed.done() and not failed.cancelled():
                failed.result()

    def pending(self) -> str:
        """What goes on without time passing; see `HarnessClock`."""
        up = 0
        for station in self.stations:
            if station.link.state is LinkState.CONNECTING:
                return "dialling"
            if station.link.state is LinkState.CONNECTED:
                up += 1
                registered = station.charge_point.registrar.registration is Registration.ACCEPTED
                if not registered or not station.charge_point.outbox.idle:
                    return "talking"
        return "" if up == self.csms.open_now else "some are being cut"


@contextlib.asynccontextmanager
async def a_crowd() -> AsyncIterator[Fleet]:
    clock = HarnessClock()
    async with BusyCsms() as csms:
        crowd = Fleet(csms, clock)
        async with crowd.network:
            clock.harness = crowd  # type: ignore[assignment]
            try:
                for number in range(1, HOW_MANY + 1):
                    crowd.stations.append(charge_point(f"CP{number:03}", crowd))
                    crowd.stations[-1].open()
                    if number % 20 == 0:  # a harness may take only so long to settle
                        await clock.settle()
                yield crowd
            finally:
                await asyncio.gather(*(station.close() for station in crowd.stations))


def charge_point(name: str, crowd: Fleet) -> Station:
    model = load_model("generic")
    build = ChargePointConfig(
        charge_point_id=name,
        model=model,
        timing=model.timing["swift"],
        connectors=1,
        initial_keys={"WebSocketPingInterval": "0"},
        garage=load_garage(),
    )
    return Station(
        build,
        url=f"ws://127.0.0.1:{crowd.network.port}/ocpp",
        clock=crowd.clock,
        store=store_in(MEMORY, name, crowd.clock.now()),
        messages=MessageLog(100),
        events=Ring[Event](100),
        longest_pause_s=LONGEST_PAUSE_S,
        seed=SEED,
    )


def histogram(knocks: list[float], width_s: float) -> tuple[int, str]:
    """(the most that came within one bin, the picture)."""
    bins = Counter(int(knock / width_s) for knock in knocks)
    rows = [
        f"{number * width_s:5.1f} s {bins[number]:3} {'#' * bins[number]}"
        for number in range(min(bins), max(bins) + 1)
    ]
    return max(bins.values()), "\n" + "\n".join(rows)


async def test_a_crowd_does_not_come_back_in_one_instant() -> None:
    async with a_crowd() as crowd:
        assert crowd.csms.open_now == HOW_MANY

        crowd.begin()
        crowd.network.cut()  # as a load balancer does that is restarted: it is there at once
        await crowd.clock.advance(1)
        assert crowd.csms.open_now == HOW_MANY
        assert len(crowd.knocks) == HOW_MANY, "each of them knocks once"
        most, picture = histogram(crowd.knocks, 0.1)
        assert most <= HOW_MANY / 5, picture

        await crowd.network.close()  # as a CSMS that is restarted: it is away for a while
        await crowd.clock.advance(25)
        crowd.begin()
        await crowd.network.open()
        await crowd.clock.advance(LONGEST_PAUSE_S)
        assert crowd.csms.open_now == HOW_MANY, "nobody stays away longer than the longest pause"
        assert len(crowd.knocks) == HOW_MANY, "each of them knocks once"
        most, picture = histogram(crowd.knocks, 1.0)
        assert most <= HOW_MANY / 8, picture
        early, late = sorted(crowd.knocks)[HOW_MANY // 10], sorted(crowd.knocks)[-HOW_MANY // 10]
        assert late - early >= LONGEST_PAUSE_S / 3, picture
