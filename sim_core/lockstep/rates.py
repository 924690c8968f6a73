"""Which habit a charger does not share with its twin, read off how often something happens.

Where chance decides, no single frame can tell: a charger without the habit does what one that has
it might have done as well. So its throws are counted, over all sessions, and two makes are held
against each other: the twin's, and the same with that one habit the other way. A habit is named
once what was seen is `SURE` times as likely with it the other way.

That is a likelihood ratio, looked at after every throw, for as long as it takes. A charger that is
its twin's equal ever reaches such a ratio with a chance of 1 in `SURE` at the most, however long it
is watched (Ville's inequality): of all six habits, one such charger in 1600 is ever told one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sim_core.lockstep.dice import DICE, Throw
from sim_core.lockstep.habits import switched
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.twin.play import Make

SURE = 10_000.0
MISREAD = 0.001
"""So seldom something is read off the frames that was otherwise: nothing is less likely."""


@dataclass(frozen=True)
class Rate:
    """How often what a habit brings was seen, and how often the twin would have shown it."""

    seen: int = 0
    of: int = 0
    expected: float = 0.0
    ratio: float = 0.0
    """The logarithm of how many times likelier it is with that habit the other way."""
    last: Exchange | None = None
    """The frame of the last throw."""

    @property
    def sure(self) -> bool:
        """Whether the habit is otherwise."""
        return self.ratio >= math.log(SURE)

    def and_then(self, later: Rate) -> Rate:
        """Both together."""
        return Rate(
            self.seen + later.seen,
            self.of + later.of,
            self.expected + later.expected,
            self.ratio + later.ratio,
            later.last or self.last,
        )


Rates = Mapping[str, Rate]
"""By habit."""


def rates(told: Conversation, make: Make) -> Rates:
    """The throws of a conversation, for each habit of the make."""
    return {
        habit: counted(dice.throws(told), dice.outcome, make, switched(make, [habit]))
        for habit, dice in DICE.items()
        if habit in make.model.quirks
    }


def together(before: Rates, then: Rates) -> Rates:
    """The throws of one conversation and of the next."""
    return {habit: before.get(habit, Rate()).and_then(rate) for habit, rate in then.items()}


def counted(throws: Iterable[Throw], outcome: str, make: Make, other: Make) -> Rate:
    """Throws of which one outcome is that of a habit, which one of both makes has."""
    rate = Rate()
    for throw in throws:
        usual, otherwise = throw.odds(make), throw.odds(other)
        if usual != otherwise:  # else it says nothing of this habit
            seen = int(throw.shown == outcome)
            ratio = _ratio(usual[throw.shown], otherwise[throw.shown])
            rate = rate.and_then(Rate(seen, 1, usual[outcome], ratio, throw.of))
    return rate


def _ratio(usual: float, otherwise: float) -> float:
    """The logarithm of how many times likelier something is otherwise. The twin's odds are taken
    as no smaller than they are, and the others mixed with them are still odds: so the ratio keeps
    its promise."""
    mixed = (1 - MISREAD) * otherwise + MISREAD * usual
    return math.log(mixed / max(usual, MISREAD)) if mixed else 0.0
