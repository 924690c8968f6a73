"""The charge point of a chaos run: a process of its own, so that it can be killed.

Everything it does follows from its seed. What its meters count is also kept where a kill cannot
reach it (`Witness`): the oracle for what the messages say.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import struct
import sys
from pathlib import Path

from sim_core.charging.config import ChargePointConfig
from sim_core.commands import (
    ClearFault,
    Command,
    EVGiveUp,
    EVStop,
    InjectFault,
    LinkDown,
    LinkUp,
    Plug,
    Restart,
    Resume,
    Start,
    Stop,
    SuspendEV,
    Swipe,
    Unplug,
)
from sim_core.events import Event, Ring
from sim_core.hardware.meter import Meter
from sim_core.runtime.clock import ScaledClock
from sim_core.settings.garage_file import load_garage
from sim_core.settings.model_file import load_model
from sim_core.snapshot import LinkState
from sim_core.station import Station
from sim_core.store.makers import store_in
from sim_core.wire.message_log import MessageLog

SCALE = 60.0
CONNECTORS = 2
KEYS = {
    "MeterValueSampleInterval": "2",
    "TransactionMessageAttempts": "12",  # each row fails by chance that often in 10^10
    "TransactionMessageRetryInterval": "1",
    "StopTxnSampledData": "Energy.Active.Import.Register",
    "LocalAuthorizeOffline": "true",
    "AllowOfflineTxForUnknownId": "true",
    "HeartbeatInterval": "20",
}


class Witness:
    """Energy in Wh by connector, in a file that the test has made: it outlives the process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR)

    def add(self, index: int, energy_wh: float) -> None:
        (before,) = struct.unpack("d", os.pread(self._file, 8, 8 * index))
        os.pwrite(self._file, struct.pack("d", before + energy_wh), 8 * index)


class WitnessedMeter(Meter):
    """A meter that tells the witness what it counts."""

    def __init__(self, register_wh: float, witness: Witness, index: int) -> None:
        super().__init__(register_wh)
        self._witness = witness
        self._index = index

    def count(self, power_w: float, seconds: float) -> float:
        energy_wh = super().count(power_w, seconds)
        self._witness.add(self._index, energy_wh)
        return energy_wh

    def reach(self, register_wh: float) -> None:
        before_wh = self.register_wh
        super().reach(register_wh)
        self._witness.add(self._index, self.register_wh - before_wh)


def make_station(folder: Path, url: str, seed: int, version: str) -> Station:
    clock = ScaledClock(SCALE)
    model = load_model("generic")
    station = Station(
        ChargePointConfig(
            charge_point_id="CHAOS",
            model=model,
            timing=model.timing["swift"],
            connectors=CONNECTORS,
            initial_keys=KEYS,
            garage=load_garage(),
        ),
        url=url,
        clock=clock,
        store=store_in(folder, "CHAOS", clock.now()),
        messages=MessageLog(1000),
        events=Ring[Event](1000),
        call_timeout_s=10.0,
        longest_pause_s=2.0,
        seed=seed,
        version=version,
    )
    witness = Witness(folder / "witness")
    for index, connector in enumerate(station.charger.connectors.values()):
        connector.metal.meter = WitnessedMeter(connector.metal.meter.register_wh, witness, index)
    return station


def any_command(rng: random.Random) -> Command:
    number = rng.randint(1, CONNECTORS)
    tag = rng.choice(("TAG_A", "TAG_B", "TAG_C"))
    likely: list[tuple[float, Command]] = [
        (5, Plug(number)),
        (6, Start(number, tag)),
        (2, Swipe(number, tag)),
        (3, Stop(number)),
        (1, EVStop(number)),
        (0.5, EVGiveUp(number)),
        (3, Unplug(number)),
        (1, SuspendEV(number)),
        (1, Resume(number)),
        (0.5, InjectFault(number)),
        (1, ClearFault(number)),
        (0.7, LinkDown()),
        (1.5, LinkUp()),
        (0.1, Restart()),
    ]
    return rng.choices([c for _, c in likely], [w for w, _ in likely])[0]


async def live(folder: Path, url: str, seed: int, version: str) -> None:
    """Random acts until somebody kills us."""
    rng = random.Random(seed)
    station = make_station(folder, url, seed, version)
    station.open()
    acting: set[asyncio.Task[object]] = set()
    while True:
        task: asyncio.Task[object] = asyncio.ensure_future(station.submit(any_command(rng)))
        acting.add(task)
        task.add_done_callback(acting.discard)
        await asyncio.sleep(rng.expovariate(1 / 0.01))


async def calm_down(folder: Path, url: str, seed: int, version: str) -> None:
    """End every session, let the journal empty, say what the meters show, and end."""
    station = make_station(folder, url, seed, version)
    station.open()
    for number in range(1, CONNECTORS + 1):
        await station.submit(Stop(number))
        await station.submit(Unplug(number))
    await station.until(
        lambda seen: seen.link.state is LinkState.CONNECTED and seen.link.queued == 0
    )
    registers = [c.register_wh for c in station.snapshot.connectors]
    await station.close()
    print(*registers, flush=True)


def run(mode: str, folder: str, url: str, seed: int, version: str) -> None:
    work = {"live": live, "calm": calm_down}[mode]
    asyncio.run(work(Path(folder), url, seed, version))


def serve() -> None:
    """Fork a child for each line `mode folder url seed version output`: one import is enough."""
    print("ready", flush=True)
    for line in sys.stdin:
        mode, folder, url, seed, version, output = line.split()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(target, 1)
            os.dup2(target, 2)
            status = 0
            try:
                run(mode, folder, url, int(seed), version)
            except BaseException:  # noqa: BLE001 - the end of a fork: it must be told, not raised
                import traceback

                traceback.print_exc()
                status = 1
            finally:
                sys.stdout.flush()
                os._exit(status)
        print(pid, flush=True)
        if mode == "calm":
            _, code = os.waitpid(pid, 0)
            print(os.waitstatus_to_exitcode(code), flush=True)
        else:
            if not sys.stdin.readline():  # "reap" says that it has been killed; nobody says so
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            print("reaped", flush=True)


if __name__ == "__main__":
    serve()
