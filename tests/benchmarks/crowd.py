"""A thousand charge points in one process, against a thousand raw sockets with the same traffic.

Two connectors each, both charging; MeterValues every 10 s (in OCPP 2.0.1 TransactionEvents),
heartbeats every 60 s. Each side is a process of its own (`many.py`), and the CSMS is another.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.measure import Row, Size, child, load_note, median, peer


@dataclass(frozen=True)
class Crowd:
    """What was seen of one process."""

    kib_each: float
    cpu_each: float
    """Percent of one core."""
    exchanges_per_s: float
    lag_p99_ms: float


@dataclass(frozen=True)
class Seen:
    """What the crowds have shown."""

    rows: list[Row]
    raw_ms: float
    """CPU of one exchange over a raw socket."""


def measure(size: Size) -> Seen:
    """Raw sockets, ours, ours on uvloop and ours of OCPP 2.0.1, one after the other, twice."""
    count = size.of(1000, 3)
    seen: dict[str, list[Crowd]] = {"raw": [], "ours": [], "fast": [], "ours201": []}
    with peer() as csms:
        for _ in range(size.of(2, 1)):
            for kind, results in seen.items():
                results.append(_look_at(kind, csms.url, count, size))
    raw, ours, fast, new = (_middle(results) for results in seen.values())
    traffic = f"{ours.exchanges_per_s:.0f} exchanges/s against {raw.exchanges_per_s:.0f}"
    name = f"{count:,} charge points"
    rows = [
        Row("scale.memory", f"{name}: memory of each", "KiB", ours.kib_each, raw.kib_each, 60.0,
            goal_is_ratio=False),
        Row("scale.cpu", f"{name}: CPU of each", "%", ours.cpu_each, raw.cpu_each, 1.25,
            note=traffic),
        Row("scale.cpu_fast", f"{name} on uvloop: CPU of each", "%", fast.cpu_each, raw.cpu_each,
            1.0, note=f"{fast.exchanges_per_s:.0f} exchanges/s; the raw ones are on asyncio"),
        Row("scale.lag", f"{name}: lag of the loop, p99", "ms", ours.lag_p99_ms, raw.lag_p99_ms,
            20.0, goal_is_ratio=False, note=load_note()),
        Row("scale.memory201", f"{name} of OCPP 2.0.1: memory of each", "KiB", new.kib_each,
            raw.kib_each, 90.0, goal_is_ratio=False, note=f"CPU of each {new.cpu_each:.3f} %"),
    ]  # fmt: skip
    raw_s = raw.cpu_each / 100 * count
    return Seen(rows, raw_s / raw.exchanges_per_s * 1000 if raw.exchanges_per_s else 0.0)


def _look_at(kind: str, url: str, count: int, size: Size) -> Crowd:
    seconds, settle_s = size.seconds(20.0, 0.5), size.seconds(3.0, 0.2)
    with child("tests.benchmarks.many", kind, url, str(count), str(settle_s)) as process:

        def ask() -> dict[str, Any]:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
            return hear()

        def hear() -> dict[str, Any]:
            assert process.stdout is not None
            heard: dict[str, Any] = json.loads(process.stdout.readline())
            return heard

        kib_each = hear()["kib_each"]
        ask()
        time.sleep(seconds)
        after = ask()
        return Crowd(
            kib_each,
            after["cpu_s"] / seconds / count * 100,
            after["exchanges"] / seconds,
            after["lag_p99_s"] * 1000,
        )


def _middle(results: list[Crowd]) -> Crowd:
    return Crowd(
        *(
            median([getattr(one, name) for one in results])
            for name in ("kib_each", "cpu_each", "exchanges_per_s", "lag_p99_ms")
        )
    )
