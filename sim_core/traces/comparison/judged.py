"""What can be told only of many frames: kinds of delay as distributions, chances as rates.

What is too much or too little is charged to frames, as few as will do; see `distributions`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sim_core.traces.causes.sessions import sessions
from sim_core.traces.comparison.chances import CHANCES, PARTS, Answers, Chance
from sim_core.traces.comparison.distributions import (
    SURE,
    Figure,
    can_tell,
    charged_hits,
    same_rate,
    two_samples,
)
from sim_core.traces.comparison.measured import RAMP_S, Ranges, curve
from sim_core.traces.comparison.verdicts import Length, Result
from sim_core.traces.comparison.yardstick import Yardstick
from sim_core.traces.exchanges import Conversation

FEWEST = 4
"""Of fewer real delays no distribution is made."""


@dataclass(frozen=True)
class DelayRow:
    """A kind of delay on both sides."""

    what: str
    real: tuple[float, ...]
    twin: tuple[float, ...]
    figure: Figure | None
    """None: there are too few real ones."""
    charged: int = 0


@dataclass(frozen=True)
class ChanceRow:
    """A chance on both sides: how often it was so, of how many."""

    what: str
    real: tuple[int, int]
    twin: tuple[int, int]
    p: float
    can_tell: bool
    charged: int = 0

    @property
    def differs(self) -> bool:
        """Whether both have different chances."""
        return self.p < SURE


def judge(
    real: Sequence[Conversation], results: Sequence[Result], yardstick: Yardstick
) -> tuple[list[DelayRow], list[ChanceRow]]:
    """Judge what can be told of all results together, and charge it to their frames."""
    return _delays(results), _chances(real, results, yardstick)


def _delays(results: Sequence[Result]) -> list[DelayRow]:
    kinds: dict[str, list[tuple[Result, Length]]] = defaultdict(list)
    for result in results:
        for length in result.lengths:
            kinds[length.what].append((result, length))
    rows = []
    for what in sorted(kinds):
        lengths = kinds[what]
        real = [length.real_s for result, length in lengths if result.seed == results[0].seed]
        twin = [length.twin_s for _, length in lengths]
        if len(real) < FEWEST:
            rows.append(DelayRow(what, tuple(real), tuple(twin), None))
            continue
        figure = two_samples(real, twin)
        count = figure.charged(len(twin))
        lower = figure.other_is_lower
        side = [
            (result, length)
            for result, length in lengths
            if (length.twin_s <= figure.where) == lower
        ]
        side.sort(key=lambda both: both[1].twin_s, reverse=not lower)
        why = f"{what}: its distribution is another one"
        for result, length in side[:count]:
            if not result.is_charged(length.of):
                result.charge(length.of, why)
        rows.append(DelayRow(what, tuple(real), tuple(twin), figure, count))
    return rows


def _chances(
    real: Sequence[Conversation], results: Sequence[Result], yardstick: Yardstick
) -> list[ChanceRow]:
    rows = []
    stepped = Chance("a sample of the ramp is at a level", _on_a_level(yardstick.ranges))
    for chance in (*CHANCES, PARTS, stepped):
        timed = {told.name for told in real if told.timed or not chance.needs_clock}
        own = [answer for told in real if told.name in timed for answer in chance.answers(told)]
        theirs = [
            (result, exchange, hit)
            for result in results
            if result.twin is not None and result.name in timed
            for exchange, hit in chance.answers(result.twin)
        ]
        if not own or not theirs:
            continue
        hits, other_hits = sum(hit for _, hit in own), sum(hit for *_, hit in theirs)
        p = same_rate(hits, len(own), other_hits, len(theirs))
        excess = charged_hits(hits, len(own), other_hits, len(theirs))
        wrong = [(result, exchange) for result, exchange, hit in theirs if hit == (excess > 0)]
        why = f"{chance.what}: {'too' if excess > 0 else 'not'} often" + " enough" * (excess < 0)
        for result, exchange in wrong[: abs(excess)]:
            result.charge(exchange, why)
        rows.append(
            ChanceRow(
                chance.what,
                (hits, len(own)),
                (other_hits, len(theirs)),
                p,
                can_tell(hits, len(own), len(theirs)),
                abs(excess),
            )
        )
    return rows


def _on_a_level(ranges: Ranges) -> Callable[[Conversation], Answers]:
    """Whether a power in the ramp is one at which a real session has stood: a staircase has few
    levels, a straight line all of them. A real sample is compared with the other real ones."""

    def answers(told: Conversation) -> Answers:
        for run in sessions(told):
            if (told.name, run.transaction) not in ranges.ample:
                continue
            for point in curve(run):
                if not point.at_rest and point.age_s < RAMP_S and point.power_w:
                    yield point.sample, ranges.is_level(point.power_w, but=point.sample)

    return answers
