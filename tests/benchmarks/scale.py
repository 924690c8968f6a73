"""Many charge points: as bare stations beside raw sockets, and as `chargeforge fleet` runs."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks import crowd, fleet
from tests.benchmarks.measure import Row, Size


def measure(size: Size) -> Iterator[Row]:
    seen = crowd.measure(size)
    yield from seen.rows
    yield from fleet.measure(size, seen.raw_ms)
