"""Many charge points: bare stations beside raw sockets, and `chargeforge fleet` as it is started."""

from __future__ import annotations

from tests.benchmarks import crowd, fleet
from tests.benchmarks.measure import Row, Size


def measure(size: Size) -> list[Row]:
    seen = crowd.measure(size)
    return [*seen.rows, *fleet.measure(size, seen.raw_ms)]
