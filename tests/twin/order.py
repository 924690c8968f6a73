"""In which order things are said on different lanes, where the real charger always keeps to it.

Statuses, cards and transaction messages go side by side, and mostly anything may overtake
anything. Some things never do. They are not written down here: they are read off the traces, as
pairs of words that were met in one order several times, and never in the other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import combinations

from tests.twin.trace import Frame, Trace

NEAR = timedelta(seconds=6)
"""What is further apart has another cause."""
SEVERAL = 3
"""How often an order must have been met to be one."""
ONE_INSTANT = timedelta(milliseconds=3)
"""What is said at once has no order."""

Orders = frozenset[tuple[str, str]]
NO_ORDERS: Orders = frozenset()


def token_of(frame: Frame) -> str:
    """What a frame is, in a word."""
    payload = frame.payload
    if frame.action == "StatusNotification":
        return f"{payload['status']} {payload['vendorErrorCode']}"
    if frame.action == "MeterValues":
        return f"MeterValues {frame.context}"
    if frame.action == "StopTransaction":
        return f"StopTransaction {payload['reason']}"
    return frame.action


def agreed(traces: list[Trace]) -> Orders:
    """Pairs of words on one connector that all traces have in this order."""
    met: Counter[tuple[str, str]] = Counter()
    for trace in traces:
        for first, then in _near(trace.said, trace.connectors()):
            met[token_of(first), token_of(then)] += 1
    return frozenset(
        (first, then)
        for (first, then), often in met.items()
        if first != then and often >= SEVERAL and not met[then, first]
    )


def broken(trace: Trace, pairs: list[tuple[Frame, Frame]], orders: Orders) -> dict[int, list[str]]:
    """Where the twin has said it the other way round, by the frame that came too early."""
    here = {id(real): twin for real, twin in pairs}
    faults: dict[int, list[str]] = defaultdict(list)
    said = [frame for frame in trace.said if id(frame) in here]
    for first, then in _near(said, trace.connectors()):
        if (token_of(first), token_of(then)) not in orders:
            continue
        if here[id(then)].at < here[id(first)].at:
            faults[id(here[id(then)])].append(f"{token_of(then)}: before {token_of(first)}")
    return faults


def _near(said: list[Frame], connectors: dict[int, int | None]) -> list[tuple[Frame, Frame]]:
    """What was said of one connector within a short time, each with what came after it."""
    found: list[tuple[Frame, Frame]] = []
    lanes: dict[int | None, list[Frame]] = defaultdict(list)
    for frame in said:
        lanes[connectors.get(id(frame))].append(frame)
    for number, frames in lanes.items():
        if number is None:
            continue
        found += [
            (first, then)
            for first, then in combinations(frames, 2)
            if ONE_INSTANT < then.at - first.at < NEAR
        ]
    return found
