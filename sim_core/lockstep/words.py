"""What differs, in words for whoever stands beside the charger.

The comparison says what the charger's frame is and what it is not; here that becomes a sentence of
the charger and its twin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sim_core.lockstep.dice import DICE
from sim_core.lockstep.habits import has
from sim_core.lockstep.judging import NUMBER, Finding
from sim_core.lockstep.rates import Rate
from sim_core.traces.comparison.verdicts import Kind
from sim_core.traces.comparison.words import token_of
from sim_core.traces.exchanges import Exchange
from sim_core.twin.play import Make

Sentence = Callable[[re.Match[str]], str]
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^(.*): fields with \['(.*)'\]$"), r"\1 has \2, the twin's has not"),
    (re.compile(r"^(.*): fields without \['(.*)'\]$"), r"\1 lacks \2, the twin's has it"),
    (re.compile(r"^(.*): (\S+) with \['(.*)'\]$"), r"\1: \2 has \3, the twin's has not"),
    (re.compile(r"^(.*): (\S+) without \['(.*)'\]$"), r"\1: \2 lacks \3, the twin's has it"),
    (re.compile(r"^(.*): fields order$"), r"\1 has its fields in another order than the twin's"),
    (re.compile(r"^(.*): (\S+) order$"), r"\1: \2 has another order than with the twin"),
    (
        re.compile(r"^(.*): after a boot before (.*)$"),
        r"\1 comes before \2, with the twin after it",
    ),
    (re.compile(r"^(.*): before (.*)$"), r"\1 comes before \2, with the twin after it"),
    (re.compile(r"^(.*): at another place.*$"), r"\1 comes in another order than with the twin"),
    (re.compile(r"^(.*): no answer$"), r"\1 is not answered, the twin answers it"),
    (re.compile(r"^(.*) (takes .*), not (.*)$"), r"\1 \2, with the twin \3"),
    (re.compile(r"^(.*), not (.*)$"), r"\1, with the twin \2"),
)
"""How the comparison puts it, and how a person does."""
HEALTHY = " NoError"
"""The vendor's code of a connector without a fault: it says nothing to anybody."""
END_OF_WORDS = re.compile(r"[:;.](?:\s|$)")
"""What a habit is stands before that in its text; behind it, what it means for a CSMS."""


def sentence_of(finding: Finding) -> str:
    """The first thing that differs, as a sentence without full stop; empty where nothing does."""
    said = finding.metal or finding.twin
    if not finding.whys or said is None:
        return ""
    if finding.kind is Kind.ONLY_REAL:
        return f"{name_of(said)}{_place(said)}: the twin does not say it"
    if finding.kind is Kind.ONLY_TWIN:
        return f"{name_of(said)}{_place(said)} is missing: the twin says it"
    return in_words(finding.whys[0]) if finding.kind is Kind.DIFFERS else ""


def of_habits(habits: Sequence[str], make: Make) -> str:
    """What of a make's habits is otherwise, as a sentence without full stop: of one what it is, of
    several that one of them is meant; empty where there is none."""
    if len(habits) != 1:
        names = ", ".join(habits)
        return f"the charger and its twin do not share one of these habits: {names}" * bool(habits)
    (habit,) = habits
    text = make.model.quirks.get(habit)
    means = f" ({END_OF_WORDS.split(text.says)[0]})" if text else ""
    if text and has(make, habit):
        return f"the charger has not the twin's habit {habit}{means}"
    return f"the charger has a habit that the twin has not: {habit}{means}"


def of_rate(habit: str, rate: Rate, make: Make) -> str:
    """That a habit is otherwise, and how often what it brings was seen."""
    share = rate.expected / rate.of if rate.of else 0.0
    return (
        f"{of_habits((habit,), make)}: {DICE[habit].what} {rate.seen} of {rate.of} times, "
        f"with the twin {share:.0%} of them"
    )


def in_words(why: str) -> str:
    """A reason of the comparison as a sentence."""
    why = why.replace(HEALTHY, "").replace(".conf:", " answer:").replace("', '", ", ")
    for pattern, written in PATTERNS:
        if pattern.match(why):
            return pattern.sub(written, why)
    return why


def name_of(said: Exchange) -> str:
    """A frame in a word or two."""
    return token_of(said).replace(HEALTHY, "")


def kind_of(sentence: str) -> str:
    """What a sentence has in common with others that say the same of other numbers."""
    return NUMBER.sub("#", sentence)


def _place(said: Exchange) -> str:
    return f" on connector {said.connector}" if said.connector is not None else ""
