"""Eight hours of a busy charge point in minutes: `python -m tests.benchmarks.soak [--hours 8]`.

A station and a CSMS over a real socket, in a time that this moves: vehicles come and go on both
connectors, MeterValues every 10 s, the link is lost once in a while, and a viewer looks all along.
Once an hour it prints what the process holds: resident memory, what Python has allocated, objects,
tasks, rows of the journal. The curve must be flat once the rings are full.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tracemalloc
from dataclasses import dataclass

from sim_core.commands import GoOnline, GoSilent, LinkDown, LinkUp, Plug, Start, Stop, Unplug
from sim_core.events import Ring
from sim_core.wire.message_log import MessageLog
from tests.benchmarks.measure import load_note, resident_kib
from tests.harness import Harness

HOUR_S = 3600.0
ROUND_S = 600.0
RING = 500
"""Small rings: they are full within the first hour."""


@dataclass(frozen=True)
class Moment:
    """What the process held after so many hours."""

    hour: int
    resident_mib: float
    allocated_kib: float
    objects: int
    tasks: int
    queued: int
    exchanges: int

    def line(self) -> str:
        return (
            f"{self.hour:>4} {self.resident_mib:>10.1f} {self.allocated_kib:>13,.0f} "
            f"{self.objects:>9,} {self.tasks:>6} {self.queued:>7} {self.exchanges:>10,}"
        )


HEAD = "hour    RSS MiB     Python KiB   objects  tasks  queued  exchanges"


async def soak(hours: int, round_s: float = ROUND_S, hour_s: float = HOUR_S) -> list[Moment]:
    """Live for so many hours; returns what was held at the start and after each."""
    seen: list[Moment] = []
    harness = Harness(keys={"MeterValueSampleInterval": "10", "HeartbeatInterval": "60"})
    harness.messages, harness.events = MessageLog(RING), Ring(RING)
    tracemalloc.start()
    try:
        async with harness:
            cursor = 0
            rounds = int(hour_s / round_s)
            for hour in range(hours + 1):
                for number in range(rounds if hour else 1):
                    await _round(harness, number, round_s)
                    cursor, _ = harness.messages.since(cursor)
                    harness.csms.clear()
                seen.append(_moment(hour, harness))
                print(seen[-1].line(), flush=True)
    finally:
        tracemalloc.stop()
    return seen


async def _round(harness: Harness, number: int, seconds: float) -> None:
    """A visit at each connector; every third round without the link, every fifth in silence."""
    away = {0: (LinkDown(), LinkUp()), 1: (GoSilent(), GoOnline())}.get(number % 3)
    for connector_id in (1, 2):
        await harness.submit(Plug(connector_id))
        await harness.submit(Start(connector_id, f"TAG-{connector_id}"))
    await harness.advance(seconds / 3)
    if away:
        await harness.submit(away[0])
    await harness.advance(seconds / 6)
    if away:
        await harness.submit(away[1])
    await harness.advance(seconds / 3)
    for connector_id in (1, 2):
        await harness.submit(Stop(connector_id))
        await harness.submit(Unplug(connector_id))
    await harness.advance(seconds / 6)


def _moment(hour: int, harness: Harness) -> Moment:
    gc.collect()
    return Moment(
        hour,
        resident_kib() / 1024,
        tracemalloc.get_traced_memory()[0] / 1024,
        len(gc.get_objects()),
        len(asyncio.all_tasks()),
        harness.station.snapshot.link.queued,
        harness.messages.count,
    )


def growth_kib_per_hour(seen: list[Moment]) -> float:
    """What Python's allocations grow by in an hour, over the second half of the run."""
    half = seen[len(seen) // 2 :]
    return (half[-1].allocated_kib - half[0].allocated_kib) / max(1, len(half) - 1)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak", description=__doc__)
    parser.add_argument("--hours", type=int, default=8)
    given = parser.parse_args(argv)
    print(f"{given.hours} simulated hours, {load_note()}\n{HEAD}")
    seen = asyncio.run(soak(given.hours))
    print(f"Python's allocations grow by {growth_kib_per_hour(seen):+.1f} KiB an hour at the end.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
