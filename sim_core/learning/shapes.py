"""How power rises at a start, how much of it is drawn, and how warm the cabinet is.

A start in steps shows when samples of many starts are laid over each other: until some moment no
start has more than so much. The moment lies between the last sample at that power and the first
above it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from sim_core.hardware.distribution import Distribution
from sim_core.hardware.model import Timing
from sim_core.learning.counting import spread_of
from sim_core.learning.draft import Draft, Evidence, Table
from sim_core.learning.heard import Log
from sim_core.learning.identity import power_of
from sim_core.traces.exchanges import Exchange

PERIODIC, CLOCK, BEGIN = "Sample.Periodic", "Sample.Clock", "Transaction.Begin"
RISES_S = 60.0
"""A start is over after so long."""
ALIKE = 0.06
"""By so much two samples of one step may differ."""
AT_A_LEVEL = 0.02
FULL = 0.97
FEWEST_STEPS, FEWEST_SAMPLES = 3, 8
SURE_S = 1.5
"""A step of a single sample is one when nothing else comes for so long behind it."""
HOUR_S = 3600.0
LONG_S = 600.0

Point = tuple[float, float, str]
"""(seconds after StartTransaction, W, log)."""


def learn_shapes(logs: Sequence[Log], draft: Draft) -> None:
    """The ramp, the share that is drawn, the temperatures, into [timing.real]."""
    table = draft.table("timing.real")
    points = [point for log in logs for point in _points(log)]
    _ramp(points, table)
    _share(points, table)
    _warmth(logs, table)


def sessions_of(log: Log) -> Iterator[tuple[Exchange, list[Exchange]]]:
    """Each StartTransaction with the samples of its transaction."""
    samples: dict[object, list[Exchange]] = defaultdict(list)
    for one in log.told.of("MeterValues"):
        if one.stamp is not None:
            samples[one.transaction].append(one)
    starts = [one for one in log.told.of("StartTransaction") if one.stamp is not None]
    given = [start.given for start in starts]
    for start in starts:
        # An id that is given twice, as in logs that were joined, tells no session from another.
        if start.given is not None and given.count(start.given) == 1:
            yield start, [one for one in samples[start.given] if one.at >= start.at]


def _age_s(start: Exchange, sample: Exchange) -> float:
    assert start.stamp is not None, "only such are sessions here"
    assert sample.stamp is not None, "and only such samples"
    return (sample.stamp - start.stamp).total_seconds()


def _points(log: Log) -> Iterator[Point]:
    for start, samples in sessions_of(log):
        for one in samples:
            watts = power_of(one)
            if watts is not None and one.context in (PERIODIC, CLOCK):
                yield _age_s(start, one), watts, log.name


# -- power -----------------------------------------------------------------------------------------


def _ramp(points: Sequence[Point], table: Table) -> None:
    most = max((watts for _, watts, _ in points), default=0.0)
    rising = sorted(point for point in points if point[0] <= RISES_S)
    levels = _levels([watts for _, watts, _ in rising if watts < most * FULL])
    steps: list[list[object]] = []
    logs: list[str] = []
    for level in levels:
        above = [age for age, watts, _ in rising if watts > level * (1 + ALIKE) + 50]
        if not above:
            break
        first = min(above)
        at = [
            (age, name)
            for age, watts, name in rising
            if abs(watts - level) <= level * ALIKE + 50 and age < first
        ]
        if not at:
            continue
        last = max(age for age, _ in at)
        if len(at) < 2 and first - last < SURE_S:
            continue
        middle = (last + first) / 2
        steps.append([_until(last, middle, first), round(level)])
        logs += [name for _, name in at]
    rises = all(
        float(one[0]) < float(other[0])  # type: ignore[arg-type]
        for one, other in pairwise(steps)
    )
    if len(steps) >= FEWEST_STEPS and len(logs) >= FEWEST_SAMPLES and rises:
        evidence = Evidence(len(logs), len(rising), tuple(logs), "samples of the first minute")
        read = tuple((until, watts) for until, watts in steps)
        table.learn(Timing, "ramp_steps", read, evidence)
        _between(rising, read, most, table)


def _between(rising: Sequence[Point], steps: Sequence[Any], most: float, table: Table) -> None:
    """How fast it goes from one step to the next, by how many samples lie between them."""
    begins, ends = float(steps[0][0]), float(steps[-1][0])
    levels = [watts for _, watts in steps] + [most]
    window = [(watts, name) for age, watts, name in rising if begins < age < ends and watts]
    between = [
        (watts, name)
        for watts, name in window
        if not any(abs(watts - level) <= level * AT_A_LEVEL + 50 for level in levels)
    ]
    if between:
        rate = most / ((ends - begins) * len(between) / len(window))
        evidence = Evidence(len(between), len(window), tuple(n for _, n in between), "between")
        table.learn(Timing, "ramp_w_per_s", round(rate / 100) * 100.0, evidence)


def _until(last: float, middle: float, first: float) -> float | Distribution:
    """A moment between two samples."""
    half = (first - last) / 2
    if half < 0.05:
        return round(middle, 2)
    ends = (round(middle - 0.8 * half, 2), round(middle + 0.8 * half, 2))
    return Distribution(round(middle, 2), *ends, round(last, 2), round(first, 2))


def _levels(powers: Sequence[float]) -> list[float]:
    """The powers at which samples gather, rising; each is the most of its own."""
    groups: list[list[float]] = []
    for watts in sorted(powers):
        if groups and watts <= groups[-1][0] * (1 + ALIKE) + 50:
            groups[-1].append(watts)
        else:
            groups.append([watts])
    return [max(group) for group in groups]


def _share(points: Sequence[Point], table: Table) -> None:
    """Of samples at the limit of the whole, the part of it that was drawn."""
    most = max((watts for _, watts, _ in points), default=0.0)
    rated = round(most / 1000) * 1000.0
    full = [(watts / rated, name) for _, watts, name in points if rated and watts > rated * FULL]
    if len(full) >= FEWEST_SAMPLES and abs(most - rated) < rated * 0.01:
        value = spread_of(share for share, _ in full)
        evidence = Evidence(len(full), len(points), tuple(n for _, n in full), "samples at full")
        table.learn(Timing, "drawn_share", value, evidence)


# -- warmth ----------------------------------------------------------------------------------------


def _warmth(logs: Sequence[Log], table: Table) -> None:
    begins: list[tuple[float, str]] = []
    falls: list[tuple[float, str]] = []
    rises: list[tuple[float, str]] = []
    for log in logs:
        for start, samples in sessions_of(log):
            told = [
                (_age_s(start, one), celsius)
                for one in samples
                if (celsius := one.number("Temperature")) is not None
            ]
            if not told or told[0][0] > 5:
                continue
            begins.append((told[0][1], log.name))
            early = [celsius for age, celsius in told if 10 < age <= RISES_S]
            if early:
                falls.append((max(0.0, told[0][1] - min(early)), log.name))
            late = [(age, celsius) for age, celsius in told if age > RISES_S]
            if late and late[-1][0] - late[0][0] > LONG_S:
                hours = (late[-1][0] - late[0][0]) / HOUR_S
                rises.append(((late[-1][1] - late[0][1]) / hours, log.name))
    if len(begins) < 3 or len({celsius for celsius, _ in begins}) < 2:
        return
    for name, seen in (("cabinet_c", begins), ("fan_fall_c", falls)):
        if seen:
            value = spread_of(number for number, _ in seen)
            table.learn(Timing, name, value, _evidence(seen, "sessions"))
    if rises:
        slope = max(0.0, round(median(number for number, _ in rises), 1))
        table.learn(Timing, "warming_c_per_h", slope, _evidence(rises, "long sessions"))
    table.learn(Timing, "jitter_c", 0.1, "the last digit of the sensor")


def _evidence(seen: Sequence[tuple[float, str]], note: str) -> Evidence:
    return Evidence(len(seen), len(seen), tuple(name for _, name in seen), note)
