"""What shows only beside several plays: what a charger always does or never, and what it offers.

A frame alone is well-formed either way. The twin's plays say whether it may be so: where all of
them agree, the real charger is not to be otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim_core.lockstep.dice import AS_IT_IS, OFFERED, way_of
from sim_core.traces.causes.sessions import Session, sessions
from sim_core.traces.causes.vehicles import is_alone
from sim_core.traces.comparison.chances import CHANCES
from sim_core.traces.comparison.words import token_of
from sim_core.traces.exchanges import Conversation, Exchange, as_number
from sim_core.twin.play import Make

NEAR_S = 14.0
"""What is offered so long before and after may be offered now."""
FEWEST = 6
"""Of fewer samples of the twin's nobody can say what it may offer."""
SLACK_SHARE, SLACK = 0.03, 0.5
Oddity = tuple[Exchange, str]
"""A frame of the real charger, and how it is otherwise."""


def oddities(told: Conversation, plays: Sequence[Conversation], make: Make) -> Iterator[Oddity]:
    """What the real charger does that no play of the twin, which is of this make, does."""
    yield from _always(told, plays)
    yield from _offers(told, plays, make)


def _always(told: Conversation, plays: Sequence[Conversation]) -> Iterator[Oddity]:
    for chance in CHANCES:
        if not chance.certain:
            continue
        theirs = [{hit for _, hit in chance.answers(said)} for said in plays]
        if any(len(hits) != 1 for hits in theirs) or len(set().union(*theirs)) != 1:
            continue
        (usual,) = theirs[0]
        for exchange, hit in chance.answers(told):
            if hit != usual:
                words = ("no", "yes")
                yield exchange, f"{chance.what}: {words[hit]}, not {words[usual]}"


def _offers(told: Conversation, plays: Sequence[Conversation], make: Make) -> Iterator[Oddity]:
    """What is offered, beside all that is offered about then in the same session of the plays. Of
    several ways in which a make says it, few plays need have drawn the one that was drawn here; one
    that it never draws is odd beside any."""
    theirs = [_by_place(said) for said in plays]
    for place, run in _by_place(told).items():
        way = way_of(run)
        plain = way is None or way.shown == AS_IT_IS
        if way is not None and not plain and way.odds(make)[way.shown]:
            continue
        same = [runs[place] for runs in theirs if place in runs]
        known = [offer for other in same if _is_plain(other) for offer in _offered(other)]
        for sample, age_s, value in _offered(run):
            near = [other for _, other_s, other in known if abs(other_s - age_s) <= NEAR_S]
            if len(near) < (FEWEST if plain else 1):
                continue
            if not is_alone(told, run, sample.stamp or sample.at):
                continue
            low, high = min(near), max(near)
            if not low * (1 - SLACK_SHARE) - SLACK <= value <= high * (1 + SLACK_SHARE) + SLACK:
                token = token_of(sample)
                yield sample, f"{token}: {OFFERED} is {value:g}, not {low:g} to {high:g}"


def _is_plain(run: Session) -> bool:
    way = way_of(run)
    return way is None or way.shown == AS_IT_IS


def _by_place(told: Conversation) -> dict[tuple[int, int], Session]:
    """The sessions by connector, and the how manyth there."""
    found: dict[tuple[int, int], Session] = {}
    for run in sessions(told):
        place = sum(number == run.connector for number, _ in found)
        found[run.connector, place] = run
    return found


def _offered(run: Session) -> Iterator[tuple[Exchange, float, float]]:
    """Each sample, its age in s, and what it says is offered, as it is printed."""
    for sample in run.samples:
        value = as_number(sample.values.get(OFFERED))
        if sample.context == "Sample.Periodic" and sample.stamp and value is not None:
            yield sample, run.age_s(sample.stamp), value
