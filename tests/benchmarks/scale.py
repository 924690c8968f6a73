"""Many charge points: as bare stations beside raw sockets, and as `chargeforge fleet` runs."""

from __future__ import annotations

from tests.benchmarks import crowd, fleet
from tests.benchmarks.measure import Row, Size


def measure(size: Size) -> list[Row]:
    seen = crowd.measure(size)
    return [*seen.rows, *fleet.measure(size, seen.raw_ms)]
