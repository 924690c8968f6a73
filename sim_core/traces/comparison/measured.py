"""What flows, how full and how warm it is: ranges of what is measured.

A sample of the twin is judged by when it was taken, counted from the start of its transaction: the
timer of the samples runs freely, so no two sessions have theirs at the same age. Early in a session
the yardstick is the ramp of all real sessions that nothing has bounded; later it is the same real
session, between its sample before that age and the one after.

A range is judged only where the real sample lies in it itself: else something has happened that the
other sessions know nothing of. What the twin counts and what it says flows must fit each other in
any case: that needs no yardstick.

What a connector may take hangs on the others. Where one of these begins or ends, the twin's does so
some seconds earlier or later, and that is judged there; here what flowed before and after it are
both right until it has happened on both sides.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sim_core.traces.causes.sessions import Session, sessions
from sim_core.traces.causes.vehicles import SETTLED_S, power_w
from sim_core.traces.causes.vehicles import is_alone as is_unbounded
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.traces.moments import S

SLACK_S = 3.5
"""The pace of a ramp is not the same twice: its steps come so much earlier or later."""
RAMP_SHARE, RAMP_W = 0.03, 300.0
AMPLE = 0.9
"""Who takes this part of the most that was seen is not what bounds the power."""
STEADY_SHARE, STEADY_W = 0.025, 250.0
VOLTAGE_V, RISING_V = 12.0, 40.0
"""A battery's voltage is no straight line of the current; while that rises, it lags behind."""
SOC_PERCENT = 1.0
WARMTH_C, DRIFT_C, DRIFT_WITHIN_S, DRIFT_FEW = 2.0, 0.8, 20.0, 3
ENERGY_SHARE, ENERGY_WH, PACE_WH = 0.03, 25.0, 80.0
"""A register moves in steps of some 20 Wh; a ramp that is some seconds off leaves 50 Wh behind."""
BALANCE_SHARE, BALANCE_WH = 0.05, 30.0
PRODUCT_SHARE, PRODUCT_W = 0.004, 40.0
"""What flows is voltage times current, each with one decimal."""
LEVEL_SHARE, LEVEL_W = 0.025, 250.0
RAMP_S = 45.0
BOUNDED_RAMP_S = 20.0
ENDING_S = 2.5
"""So long before its end a session may have stopped flowing."""
SHARES_S = 20.0
"""So long after another connector has begun or ended the power is on its way to its new share."""
Edge = tuple[float, float]
"""When another connector has begun or ended: the age of the real session, and the twin's."""


@dataclass(frozen=True)
class Point:
    """A sample of a session."""

    age_s: float
    at: datetime
    power_w: float | None
    energy_wh: float | None
    """Since the session began."""
    voltage_v: float | None
    soc: float | None
    warmth_c: float | None
    drift_c: float | None
    """How much warmer than at the begin."""
    at_rest: bool
    """It is of the begin or the end: nothing flows."""
    sample: Exchange


def curve(run: Session) -> list[Point]:
    """The samples of a session, as far as they say when they were taken."""
    register = run.start.register_wh
    begin = next((s for s in run.samples if s.context == "Transaction.Begin"), None)
    warm = begin.number("Temperature") if begin is not None else None
    return [point for s in run.samples if (point := _point(run, s, register, warm)) is not None]


def _point(
    run: Session, sample: Exchange, register: float | None, warm: float | None
) -> Point | None:
    if sample.stamp is None:
        return None
    now_wh, warmth = sample.register_wh, sample.number("Temperature")
    return Point(
        run.age_s(sample.stamp),
        sample.stamp,
        power_w(sample),
        now_wh - register if now_wh is not None and register is not None else None,
        sample.number("Voltage"),
        sample.number("SoC"),
        warmth,
        warmth - warm if warmth is not None and warm is not None else None,
        sample.context in ("Transaction.Begin", "Transaction.End"),
        sample,
    )


@dataclass
class Ranges:
    """What real sessions have shown."""

    ramp: list[Point] = field(default_factory=list)
    """Early samples of the sessions that nothing has bounded."""
    drifts: list[Point] = field(default_factory=list)
    warmth_c: list[float] = field(default_factory=list)
    ample: set[tuple[str, object]] = field(default_factory=set)
    """Those sessions, by the name of their conversation and their transaction."""
    most_w: float = 0.0

    @classmethod
    def of(cls, all_told: Iterable[Conversation]) -> Ranges:
        """The ranges of all these conversations."""
        ranges, runs = cls(), []
        for told in all_told:
            runs += [(told, run, curve(run)) for run in sessions(told)]
            for sample in told.of("MeterValues"):
                warmth = sample.number("Temperature")
                if warmth is not None:
                    ranges.warmth_c.append(warmth)
        settled = [_settled_w(told, run, points) for told, run, points in runs]
        ranges.most_w = max((power for power in settled if power is not None), default=0.0)
        for (told, run, points), power in zip(runs, settled, strict=True):
            if run.failed:
                continue
            ranges.drifts += [p for p in points if p.drift_c is not None and not p.at_rest]
            if power is not None and power < AMPLE * ranges.most_w:
                continue
            ranges.ample.add((told.name, run.transaction))
            early = [p for p in points if p.age_s <= min(RAMP_S + SLACK_S, _until(run))]
            ranges.ramp += [p for p in early if is_unbounded(told, run, p.at)]
        return ranges

    def flows(self, age_s: float, but: Exchange | None = None) -> tuple[float, float] | None:
        """What may flow at an age while the power rises, in W; None where nobody knows."""
        flowing = [p for p in self.ramp if not p.at_rest and p.sample is not but]
        before = [
            p.power_w for p in flowing if p.age_s <= age_s - SLACK_S and p.power_w is not None
        ]
        after = [p.power_w for p in flowing if p.age_s >= age_s + SLACK_S and p.power_w is not None]
        if not after:
            return None
        low, high = max(before, default=0.0), min(after)
        low, high = min(low, high), max(low, high)
        return low * (1 - RAMP_SHARE) - RAMP_W, high * (1 + RAMP_SHARE) + RAMP_W

    def counted(self, age_s: float, but: Exchange | None = None) -> tuple[float, float] | None:
        """What may have been counted at an age while the power rises, in Wh."""
        points = [p for p in self.ramp if p.energy_wh is not None and p.sample is not but]
        before = [
            p.energy_wh for p in points if p.age_s <= age_s - SLACK_S and p.energy_wh is not None
        ]
        after = [
            p.energy_wh for p in points if p.age_s >= age_s + SLACK_S and p.energy_wh is not None
        ]
        if not after or not before:
            return None
        low, high = max(before), min(after)
        low, high = min(low, high), max(low, high)
        return low * (1 - ENERGY_SHARE) - PACE_WH, high * (1 + ENERGY_SHARE) + PACE_WH

    def is_level(self, power: float, but: Exchange | None = None) -> bool:
        """Whether some real session has stood at this power during its ramp."""
        return any(
            p.power_w is not None
            and p.sample is not but
            and not p.at_rest
            and abs(p.power_w - power) <= LEVEL_W + LEVEL_SHARE * power
            for p in self.ramp
        )


def _until(run: Session) -> float:
    """To which age a session flows as usual."""
    return run.age_s(run.ended) - ENDING_S if run.ended is not None else RAMP_S + SLACK_S


def _settled_w(told: Conversation, run: Session, points: Sequence[Point]) -> float | None:
    powers = [
        p.power_w
        for p in points
        if p.power_w is not None
        and not p.at_rest
        and p.age_s >= SETTLED_S
        and is_unbounded(told, run, p.at)
    ]
    return max(powers, default=None)


def run_faults(
    told: Conversation,
    real: Session,
    twin: Session,
    samples: dict[int, Exchange],
    ranges: Ranges,
    edges: Sequence[Edge] = (),
) -> dict[int, list[str]]:
    """What is out of range in a session of the twin, by the `id` of its sample. `samples` gives to
    a sample of the twin the real one; `edges` are of the other connectors."""
    own, theirs = curve(real), curve(twin)
    faults: dict[int, list[str]] = {}
    for point in theirs:
        one = samples.get(id(point.sample))
        met = next((p for p in own if p.sample is one), None)
        if met is not None:
            alone = is_unbounded(told, real, real.began + point.age_s * S)
            faults[id(point.sample)] = [
                f"{point.sample.context}: {fault}"
                for fault in _faults(point, met, own, ranges, alone, edges)
            ]
    _balance(theirs, faults)
    return faults


def _faults(
    point: Point,
    met: Point,
    own: Sequence[Point],
    ranges: Ranges,
    alone: bool,
    edges: Sequence[Edge],
) -> Iterable[str]:
    yield from _battery(point, met, own)
    yield from _warmth(point, ranges)
    if point.energy_wh is not None and met.energy_wh is not None:
        yield from _energy(point, met, own, ranges)
    if point.at_rest or point.power_w is None or met.power_w is None:
        return
    yield from _product(point)
    if point.age_s < RAMP_S:
        usual = ranges.flows(met.age_s, but=met.sample)
        expected = ranges.flows(point.age_s)
        if usual and expected and usual[0] <= met.power_w <= usual[1]:
            expected = expected if alone else (0.0, expected[1])
            yield from _outside("power", point.power_w / 1000, _scaled(expected), "kW", point.age_s)
    else:
        low, high = _between(own, _around(point.age_s, edges), lambda p: p.power_w)
        expected = (
            low * (1 - STEADY_SHARE) - STEADY_W,
            high * (1 + STEADY_SHARE) + STEADY_W,
        )
        yield from _outside("power", point.power_w / 1000, _scaled(expected), "kW", point.age_s)
    if point.voltage_v is not None and met.voltage_v is not None:
        flows, flowed = point.power_w > 0, met.power_w > 0
        if flows == flowed or (point.voltage_v > 0) != (met.voltage_v > 0):
            low, high = _between(own, _around(point.age_s, edges), lambda p: p.voltage_v)
            slack = VOLTAGE_V
            if not flows or point.age_s < RAMP_S:
                low -= RISING_V
            yield from _outside(
                "voltage", point.voltage_v, (low - slack, high + slack), "V", point.age_s
            )


def _scaled(span: tuple[float, float]) -> tuple[float, float]:
    return span[0] / 1000, span[1] / 1000


def _outside(
    what: str, value: float, span: tuple[float, float], unit: str, age_s: float
) -> Iterable[str]:
    low, high = span
    if not low <= value <= high:
        yield (
            f"{what} is {value:.4g} {unit} {age_s:.0f} s after the start, "
            f"not {max(0.0, low):.4g} to {high:.4g}"
        )


def _around(age_s: float, edges: Iterable[Edge]) -> tuple[float, float]:
    """From which age to which the metal may have shown what the twin shows at one."""
    first = last = age_s
    for real_s, twin_s in edges:
        if min(real_s, twin_s) <= age_s <= max(real_s, twin_s) + SHARES_S:
            first, last = min(first, real_s), max(last, real_s + SHARES_S)
    return first, last


def _between(
    own: Sequence[Point], ages_s: tuple[float, float], of: Callable[[Point], float | None]
) -> tuple[float, float]:
    """The range of a value in the real session around these ages."""
    first, last = ages_s
    values = [(p.age_s, of(p)) for p in own if not p.at_rest]
    known = [(age, value) for age, value in values if value is not None]
    before = [value for age, value in known if age <= first + 0.5]
    within = [value for age, value in known if first + 0.5 < age < last - 0.5]
    after = [value for age, value in known if age >= last - 0.5]
    near = [*before[-1:], *within, *after[:1]] or [0.0]
    return min(near), max(near)


def _battery(point: Point, met: Point, own: Sequence[Point]) -> Iterable[str]:
    if point.soc is None or met.soc is None or point.soc == met.soc:
        return
    if (point.soc == 0) != (met.soc == 0):
        yield f"SoC is {point.soc:g}, not {met.soc:g}"
        return
    known = [p.soc for p in own if p.soc]
    around = [
        p.soc
        for p in own
        if p.soc and abs(p.age_s - point.age_s) <= abs(met.age_s - point.age_s) + 1
    ] or known
    if around and not min(around) - SOC_PERCENT <= point.soc <= max(around) + SOC_PERCENT:
        yield f"SoC is {point.soc:g}, not {min(around):g} to {max(around):g}"


def _warmth(point: Point, ranges: Ranges) -> Iterable[str]:
    if point.warmth_c is None or not ranges.warmth_c:
        return
    low, high = min(ranges.warmth_c) - WARMTH_C, max(ranges.warmth_c) + WARMTH_C
    if not low <= point.warmth_c <= high:
        yield f"temperature is {point.warmth_c:g} °C, not {low:.4g} to {high:.4g}"
    near = [
        p.drift_c
        for p in ranges.drifts
        if p.drift_c is not None and abs(p.age_s - point.age_s) <= DRIFT_WITHIN_S
    ]
    if point.drift_c is None or point.at_rest or len(near) < DRIFT_FEW:
        return
    low, high = min(near) - DRIFT_C, max(near) + DRIFT_C
    if not low <= point.drift_c <= high:
        yield (
            f"temperature is {point.drift_c:+.1f} °C {point.age_s:.0f} s after the start, "
            f"not {low:+.1f} to {high:+.1f}"
        )


def _energy(point: Point, met: Point, own: Sequence[Point], ranges: Ranges) -> Iterable[str]:
    assert point.energy_wh is not None
    assert met.energy_wh is not None
    if point.age_s < RAMP_S:
        usual = ranges.counted(met.age_s, but=met.sample)
        expected = ranges.counted(point.age_s)
        if not usual or not expected or not usual[0] <= met.energy_wh <= usual[1]:
            return
    else:
        low, high = _least_energy(own, point.age_s - 1), _energy_at(own, point.age_s + 1)
        pace = PACE_WH
        flowed = max((p.power_w for p in own if p.power_w is not None), default=0.0)
        if flowed < AMPLE * ranges.most_w:  # its ramp is its vehicle's
            pace = max(pace, flowed * BOUNDED_RAMP_S / 3600)
        expected = (
            low * (1 - ENERGY_SHARE) - ENERGY_WH - pace,
            high * (1 + ENERGY_SHARE) + ENERGY_WH + pace,
        )
    if not expected[0] <= point.energy_wh <= expected[1]:
        yield (
            f"{point.energy_wh:.0f} Wh are counted {point.age_s:.0f} s after the start, "
            f"not {max(0.0, expected[0]):.0f} to {expected[1]:.0f}"
        )


def _energy_at(own: Sequence[Point], age_s: float) -> float:
    """What the real session had counted at an age, between its samples."""
    known = [(p.age_s, p.energy_wh) for p in own if p.energy_wh is not None]
    before = [(age, wh) for age, wh in known if age <= age_s] or known[:1]
    after = [(age, wh) for age, wh in known if age >= age_s]
    (age0, wh0) = before[-1]
    if not after:
        if len(before) < 2:
            return wh0
        (age_, wh_) = before[-2]
        return wh0 + (wh0 - wh_) / max(1.0, age0 - age_) * (age_s - age0)
    (age1, wh1) = after[0]
    return wh0 if age1 <= age0 else wh0 + (wh1 - wh0) * (age_s - age0) / (age1 - age0)


def _least_energy(own: Sequence[Point], age_s: float) -> float:
    """What the real session had counted at least at an age: while its power rises, less than on a
    straight line between two samples."""
    known = [(p.age_s, p.energy_wh) for p in own if p.energy_wh is not None]
    before = [wh for age, wh in known if age <= age_s] or [0.0]
    after = [(age, wh) for age, wh in known if age >= age_s]
    most_w = max((p.power_w for p in own if p.power_w is not None), default=0.0)
    if not after:
        return _energy_at(own, age_s)
    age1, wh1 = after[0]
    return min(_energy_at(own, age_s), max(before[-1], wh1 - most_w * (age1 - age_s) / 3600))


def _product(point: Point) -> Iterable[str]:
    volt, ampere = point.voltage_v, point.sample.number("Current.Import")
    if volt is None or ampere is None or point.power_w is None:
        return
    if abs(volt * ampere - point.power_w) > PRODUCT_W + PRODUCT_SHARE * point.power_w:
        yield f"power is {point.power_w / 1000:.4g} kW at {volt:g} V and {ampere:g} A"


def _balance(theirs: Sequence[Point], faults: dict[int, list[str]]) -> None:
    """What is counted between two samples is what flows there, where that does not change."""
    flowing = [p for p in theirs if not p.at_rest and p.power_w and p.energy_wh is not None]
    for a, b in itertools.pairwise(flowing):
        assert a.power_w is not None
        assert b.power_w is not None
        assert a.energy_wh is not None
        assert b.energy_wh is not None
        same = abs(a.power_w - b.power_w) <= STEADY_SHARE * max(a.power_w, b.power_w)
        frozen = a.power_w == b.power_w and a.voltage_v == b.voltage_v
        if not same or frozen or a.age_s < RAMP_S:
            continue
        flowed = (a.power_w + b.power_w) / 2 * (b.age_s - a.age_s) / 3600
        counted = b.energy_wh - a.energy_wh
        if abs(counted - flowed) > BALANCE_SHARE * flowed + BALANCE_WH:
            faults.setdefault(id(b.sample), []).append(
                f"{b.sample.context}: {counted:.0f} Wh are counted where {flowed:.0f} have flowed"
            )
