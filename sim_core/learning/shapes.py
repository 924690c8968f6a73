"""How power rises at a start, how much of it is drawn, and how warm the cabinet is.

A start in steps shows when samples of many starts are laid over each other: until some moment they
have at most so much. The moment is where the fewest samples are on the wrong side of it, since no
start is as quick as another. What a step lets through is told as it is before the charger draws its
share of it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

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
EVEN = 0.02
"""So nearly as far as the steps above are apart a single sample is a step as well."""
ROUND = 0.007
"""A step so near to a round number is one."""
RISEN = 0.9
"""A session that shows this part of its own most is no longer at a step."""
HOUR_S = 3600.0
LONG_S = 600.0

Point = tuple[float, float, str]
"""(seconds after StartTransaction, W, log)."""
Step = tuple["float | Distribution", float]
"""(until so many seconds after StartTransaction, at most so many W)."""


def learn_shapes(logs: Sequence[Log], draft: Draft) -> None:
    """The ramp, the share that is drawn, the temperatures, into [timing.real]."""
    table = draft.table("timing.real")
    curves = [curve for log in logs for curve in _curves(log)]
    points = [point for curve in curves for point in curve]
    share = _share(points, table)
    _ramp(curves, share, table)
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


def _curves(log: Log) -> Iterator[list[Point]]:
    """The power of each session."""
    for start, samples in sessions_of(log):
        yield [
            (_age_s(start, one), watts, log.name)
            for one in samples
            if (watts := power_of(one)) is not None and one.context in (PERIODIC, CLOCK)
            # Without a voltage the contacts are open: the session is over, and not yet told.
            if watts or one.number("Voltage") != 0
        ]


# -- power -----------------------------------------------------------------------------------------


def _ramp(curves: Sequence[Sequence[Point]], share: float, table: Table) -> None:
    most = max((watts for curve in curves for _, watts, _ in curve), default=0.0)
    rising = sorted(point for curve in curves for point in _rising(curve, most))
    levels = _levels(rising, most)
    moments: list[tuple[float, float]] = []
    for level in levels:
        moment = _moment(rising, level)
        if moment is None or (moments and sum(moment) <= sum(moments[-1])):
            return
        moments.append(moment)
    halves = sorted((last - first) / 2 for first, last in moments)
    logs = [name for _, watts, name in rising if any(_is_at(watts, level) for level in levels)]
    if len(levels) >= FEWEST_STEPS and len(logs) >= FEWEST_SAMPLES:
        # One start is slow at each of its steps: none of them is surer than most.
        least = median(halves)
        steps = tuple(
            (_until((first + last) / 2, max(least, (last - first) / 2)), _round(level / share))
            for level, (first, last) in zip(levels, moments, strict=True)
        )
        evidence = Evidence(len(logs), len(rising), tuple(logs), "samples of the first minute")
        table.learn(Timing, "ramp_steps", steps, evidence)
        _between(rising, steps, most, table)


def _rising(curve: Sequence[Point], most: float) -> Iterator[Point]:
    """What tells of the ramp: a vehicle that takes little is at its own limit, not at a step."""
    own = max((watts for _, watts, _ in curve), default=0.0)
    for age, watts, name in curve:
        if age <= RISES_S and (own >= RISEN * most or watts < RISEN * own):
            yield age, watts, name


def _is_at(watts: float, level: float) -> bool:
    return abs(watts - level) <= level * ALIKE + 50


def _moment(rising: Sequence[Point], level: float) -> tuple[float, float] | None:
    """Between which two samples this power is left, so that the fewest are on the wrong side."""
    sides = [(age, watts > level * (1 + ALIKE) + 50) for age, watts, _ in rising]
    wrong = sum(not above for _, above in sides)
    best: list[tuple[int, float, float]] = []
    for (age, above), (after, _) in pairwise(sides):
        wrong += 1 if above else -1
        best.append((wrong, age, after))
    if not any(above for _, above in sides):
        return None
    fewest = min(wrong for wrong, _, _ in best)
    spans = [(age, after) for wrong, age, after in best if wrong == fewest]
    return spans[0][0], spans[-1][1]


def _round(watts: float) -> float:
    """A power as somebody has set it, where it is near to that."""
    if not watts:
        return 0.0
    size = math.floor(math.log10(watts))
    rounded = round(watts, 1 - size)
    return rounded if abs(rounded - watts) <= ROUND * watts else round(watts, 2 - size)


def _between(rising: Sequence[Point], steps: Sequence[Step], most: float, table: Table) -> None:
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
        # Of few samples the share is no surer than one more of each kind would leave it.
        share = (len(between) + 1) / (len(window) + 2)
        rate = most / ((ends - begins) * share)
        evidence = Evidence(len(between), len(window), tuple(n for _, n in between), "between")
        table.learn(Timing, "ramp_w_per_s", round(rate / 100) * 100.0, evidence)


def _until(middle: float, half: float) -> float | Distribution:
    """A moment that is known so well."""
    if half < 0.05:
        return round(middle, 2)
    low, high = max(0.0, middle - half), middle + half
    ends = (round(middle - 0.8 * (middle - low), 2), round(middle + 0.8 * half, 2))
    return Distribution(round(middle, 2), *ends, round(low, 2), round(high, 2))


def _levels(rising: Sequence[Point], most: float) -> list[float]:
    """The powers of steps, rising: where samples gather, or one stays alone for a while."""
    groups: list[list[Point]] = []
    for point in sorted(rising, key=lambda one: one[1]):
        if point[1] >= most * FULL:
            break
        if groups and point[1] <= groups[-1][0][1] * (1 + ALIKE) + 50:
            groups[-1].append(point)
        else:
            groups.append([point])
    found: list[float] = []
    for group in reversed(groups):
        level = median(watts for _, watts, _ in group)
        last = max(age for age, _, _ in group)
        later = [age for age, watts, _ in rising if watts > level * (1 + ALIKE) + 50]
        alone = bool(later) and min(later) - last >= SURE_S
        even = len(found) > 1 and abs((found[-1] - level) / (found[-2] - found[-1]) - 1) < EVEN
        if len(group) > 1 or alone or even:
            found.append(level)
    return found[::-1]


def _share(points: Sequence[Point], table: Table) -> float:
    """Of samples at the limit of the whole, the part of it that was drawn; returns its middle."""
    most = max((watts for _, watts, _ in points), default=0.0)
    rated = round(most / 1000) * 1000.0
    full = [(watts / rated, name) for _, watts, name in points if rated and watts > rated * FULL]
    if len(full) >= FEWEST_SAMPLES and abs(most - rated) < rated * 0.01:
        value = spread_of(share for share, _ in full)
        evidence = Evidence(len(full), len(points), tuple(n for _, n in full), "samples at full")
        table.learn(Timing, "drawn_share", value, evidence)
        return float(value)
    return 1.0


# -- warmth ----------------------------------------------------------------------------------------


def _warmth(logs: Sequence[Log], table: Table) -> None:
    begins: list[tuple[float, str]] = []
    falls: list[tuple[float, str]] = []
    rises: list[tuple[float, str]] = []
    shown: set[float] = set()
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
            shown |= {celsius for _, celsius in told}
            early = [celsius for age, celsius in told if 10 < age <= RISES_S]
            if early:
                falls.append((max(0.0, told[0][1] - min(early)), log.name))
            late = [(age, celsius) for age, celsius in told if age > RISES_S]
            if late and late[-1][0] - late[0][0] > LONG_S:
                hours = (late[-1][0] - late[0][0]) / HOUR_S
                rises.append(((late[-1][1] - late[0][1]) / hours, log.name))
    if len(shown) < 2:
        return  # a number that never moves tells of no cabinet
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
