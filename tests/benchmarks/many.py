"""Many charge points in this process, with the same traffic from `Station`s or from raw sockets.

`python -m tests.benchmarks.many KIND URL COUNT SECONDS`: a child of `crowd.py`. It says how
much memory each has taken once all charge on both connectors and so many seconds have passed; then,
for every line that it reads, what has happened since the last one, as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from sim_core.runtime import event_loops, garbage
from sim_core.runtime.event_loops import ASYNCIO, AUTO
from sim_core.store.makers import store_in
from tests.benchmarks.codec import MEASURANDS, meter_values
from tests.benchmarks.measure import Stopwatch, resident_kib

SAMPLE_S, HEARTBEAT_S = 10.0, 60.0
CONNECTORS = (1, 2)
AT_ONCE = 50
"""How many dial at the same time."""
LAG_STEP_S = 0.02

sent = 0
"""Requests that were answered."""


class Raw:
    """A charge point of raw `websockets` and `json`: it sends, and reads the answers."""

    def __init__(self, url: str, name: str) -> None:
        self._url = f"{url}/{name}"
        self._socket: ClientConnection
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        self._socket = await connect(
            self._url, subprotocols=[Subprotocol("ocpp1.6")], ping_interval=None, proxy=None
        )
        self._turn = asyncio.Lock()
        self._tasks = [
            asyncio.ensure_future(self._every(HEARTBEAT_S, "Heartbeat", dict)),
            *(
                asyncio.ensure_future(self._every(SAMPLE_S, "MeterValues", meter_values))
                for _ in CONNECTORS
            ),
        ]

    async def _every(self, seconds: float, action: str, payload: Callable[[], Any]) -> None:
        global sent
        await asyncio.sleep(random.uniform(0, seconds))
        while True:
            async with self._turn:  # one call at a time
                message = [2, str(uuid.uuid4()), action, payload()]
                await self._socket.send(json.dumps(message))
                assert json.loads(await self._socket.recv())[1] == message[1]
            sent += 1
            await asyncio.sleep(seconds)


KEYS = {
    "1.6": {
        "MeterValueSampleInterval": str(int(SAMPLE_S)),
        "MeterValuesSampledData": ",".join(name for name, *_ in MEASURANDS),
        "WebSocketPingInterval": "0",
        "HeartbeatInterval": str(int(HEARTBEAT_S)),
    },
    "2.0.1": {
        "SampledDataCtrlr.TxUpdatedInterval": str(int(SAMPLE_S)),
        "SampledDataCtrlr.TxUpdatedMeasurands": ",".join(name for name, *_ in MEASURANDS[:-1]),
        "OCPPCommCtrlr.WebSocketPingInterval": "0",
        "OCPPCommCtrlr.HeartbeatInterval": str(int(HEARTBEAT_S)),
    },
}


def ours(url: str, version: str = "1.6") -> Callable[[str], Callable[[], Awaitable[None]]]:
    """What makes a charge point of ours, charging on both connectors."""
    from dataclasses import replace

    from sim_core.charging.config import ChargePointConfig
    from sim_core.commands import Plug, Start
    from sim_core.events import Event, Ring
    from sim_core.fleet.options import TIMER_SLACK_MS
    from sim_core.runtime.clock import SystemClock
    from sim_core.settings.garage_file import load_garage
    from sim_core.settings.model_file import load_model
    from sim_core.station import Station
    from sim_core.store.interface import MEMORY
    from sim_core.wire.message_log import MessageLog

    model = load_model("generic")
    clock = SystemClock(TIMER_SLACK_MS / 1000)  # as in a fleet
    messages = CountingLog(MessageLog(1000))
    events: Ring[Event] = Ring(100)
    build = ChargePointConfig(
        charge_point_id="",
        model=model,
        timing=model.timing["swift"],
        connectors=len(CONNECTORS),
        initial_keys=KEYS[version],
        garage=load_garage(),
        # 1 kW: no battery is full while this is measured.
        constant_power_w=1000.0,
    )
    stations = []

    def make(name: str) -> Callable[[], Awaitable[None]]:
        async def begin() -> None:
            station = Station(
                replace(build, charge_point_id=name),
                url=url,
                clock=clock,
                store=store_in(MEMORY, name, clock.now()),
                messages=messages,  # type: ignore[arg-type]
                events=events,
                seed=1,
                version=version,
                seen_afar=False,
            )
            stations.append(station)
            station.open()
            await station.accepted()
            await asyncio.sleep(random.uniform(0, 1))
            for connector_id in CONNECTORS:
                assert (await station.submit(Plug(connector_id))).ok
                assert (await station.submit(Start(connector_id, "TAG"))).ok

        return begin

    return make


class CountingLog:
    """A message log that counts the answers."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.open = log.open

    def close(self, *given: Any, **named: Any) -> None:
        global sent
        sent += 1
        self._log.close(*given, **named)


def raw(url: str) -> Callable[[str], Callable[[], Awaitable[None]]]:
    """What makes a charge point of raw sockets."""
    return lambda name: Raw(url, name).begin


async def main(kind: str, url: str, count: int, settle_s: float) -> None:
    make = KINDS[kind](url)
    await make(f"{kind}-0")()  # what the first one loads is not what each one takes
    await asyncio.sleep(settle_s / 2)
    gc.collect()
    empty_kib = resident_kib()
    gate = asyncio.Semaphore(AT_ONCE)

    async def begin(number: int) -> None:
        async with gate:
            await make(f"{kind}-{number}")()

    await asyncio.gather(*(begin(number) for number in range(1, count + 1)))
    await asyncio.sleep(settle_s)
    garbage.leave_out()  # as a fleet does with what it has built
    say({"kib_each": (resident_kib() - empty_kib) / count})
    lags: list[float] = []
    asyncio.get_running_loop().create_task(_watch_lag(lags))
    watch, counted = Stopwatch(), sent
    while await asyncio.to_thread(sys.stdin.readline):
        cpu_s, done, seen = watch.lap(), sent - counted, sorted(lags)
        counted = sent
        lags.clear()
        p99_s = seen[int(len(seen) * 0.99)] if seen else 0.0
        say({"cpu_s": cpu_s, "exchanges": done, "lag_p99_s": p99_s})


async def _watch_lag(lags: list[float]) -> None:
    while True:
        due = time.monotonic() + LAG_STEP_S
        await asyncio.sleep(LAG_STEP_S)
        lags.append(time.monotonic() - due)


def say(what: dict[str, float]) -> None:
    print(json.dumps(what), flush=True)


KINDS = {
    "raw": raw,
    "ours": ours,
    "fast": ours,
    "ours201": partial(ours, version="2.0.1"),
}
"""`fast` is `ours` on uvloop, where that is installed."""

if __name__ == "__main__":
    event_loops.run(
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])),
        AUTO if sys.argv[1] == "fast" else ASYNCIO,
    )
