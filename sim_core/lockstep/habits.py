"""Which habit of a make a charger does not share with its twin, read off what differs.

One habit that is otherwise shows in many frames: a firmware that speaks at once is early with each.
So what differs is tried on twins that have one habit switched the other way: where that takes away
what differed and brings nothing new, it was that habit, and all that it took away is one finding.
What no habit explains stays what it is.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from sim_core.lockstep.dice import DICE
from sim_core.lockstep.judging import Case, Finding, differing, kinds
from sim_core.settings.model_file import chosen_quirks
from sim_core.twin.play import Make

Habits = tuple[str, ...]
MOST_AT_ONCE = 2
"""So many habits at most are looked for together: of more nobody could say which does what."""
MOST_SUSPECTS = 4
"""Of so many that explain the same each is tried again when more is known."""
FIRST_SEEDS = (1, 2)
"""Under one of these already a habit shows what it does."""
HARDLY = 2
"""A habit that brings no more that is new than this is asked about under more seeds."""
AS_LIKELY = 0.5
"""Of two habits that leave as little the one is meant whose plays are nearer to what was said by
more than so many frames; else nobody can say which."""
NOTHING_ELSE = "none"


@dataclass(frozen=True)
class Suspects:
    """Habits that explain what differs equally well, several of them together where one does not
    do; the first is as good as any."""

    all: tuple[Habits, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.all)


@dataclass(frozen=True)
class Explained:
    """Findings, those that follow from a habit with its name, and who is suspected."""

    findings: list[Finding]
    suspects: Suspects
    complete: bool
    """Nothing differs that no habit explains."""


@dataclass(frozen=True)
class _Trial:
    """What a twin of other habits leaves."""

    habits: Habits
    findings: list[Finding]
    unlikeness: float

    @property
    def left(self) -> set[Hashable]:
        return _keys(self.findings)


def switched(make: Make, habits: Iterable[str]) -> Make:
    """The same make with these habits the other way."""
    on, _ = chosen_quirks(make.quirks, make.model)
    other = set(habits)
    names = [name for name in make.model.quirks if getattr(on, name) != (name in other)]
    return replace(make, quirks=",".join(names) or NOTHING_ELSE)


def has(make: Make, habit: str) -> bool:
    """Whether a make has a habit."""
    on, _ = chosen_quirks(make.quirks, make.model)
    return bool(getattr(on, habit))


def tried(case: Case, make: Make, findings: list[Finding], suspects: Suspects) -> Explained:
    """Whether what differs is what those suspected so far explain."""
    differs = _keys(findings)
    trials = [_trial(case, make, habits, differs) for habits in suspects.all]
    return _explained(findings, [trial for trial in trials if trial is not None], make)


def searched(case: Case, make: Make, findings: list[Finding]) -> Explained:
    """Which of the make's habits explain what differs. It takes many plays."""
    differs = _keys(findings)
    best: list[_Trial] = []
    names = _showing(case, make, findings)
    for _ in range(MOST_AT_ONCE):
        known = best[0].habits if best else ()
        left = best[0].left if best else differs
        trials = [
            trial
            for name in names
            if name not in known and (trial := _trial(case, make, (*known, name), left)) is not None
        ]
        if not trials:
            break
        best = _best(trials)
        if not best[0].left:
            break
    return _explained(findings, best, make)


def _explained(findings: list[Finding], trials: Sequence[_Trial], make: Make) -> Explained:
    best = _best(trials)
    if not best:
        return Explained(findings, Suspects(), complete=not _keys(findings))
    left = {_key(finding): finding for finding in differing(best[0].findings)}
    habits = tuple(" and ".join(trial.habits) for trial in best)
    folded: list[Finding] = []
    for finding in findings:
        if _key(finding) not in _keys(findings):
            folded.append(finding)
        elif _key(finding) in left:
            folded.append(left[_key(finding)])
        else:
            folded.append(replace(finding, habits=habits))
    return Explained(folded, Suspects(tuple(trial.habits for trial in best)), complete=not left)


def _best(trials: Sequence[_Trial]) -> list[_Trial]:
    fewest = min((len(trial.left) for trial in trials), default=0)
    best = sorted(
        (trial for trial in trials if len(trial.left) == fewest),
        key=lambda trial: trial.unlikeness,
    )
    alike = [trial for trial in best if trial.unlikeness <= best[0].unlikeness + AS_LIKELY]
    return alike[:MOST_SUSPECTS]


def _trial(case: Case, make: Make, habits: Habits, differs: set[Hashable]) -> _Trial | None:
    """What is left of it with these habits the other way; None where that explains nothing, or
    brings something new."""
    other = switched(make, habits)
    few = case.judged(other)
    hardly_new = 0 < len(_keys(few) - differs) <= HARDLY
    findings = case.judged(other, sure=True) if hardly_new else few
    if not _keys(findings) < differs:
        return None
    return _Trial(habits, findings, case.unlikeness(other))


def _showing(case: Case, make: Make, findings: Sequence[Finding]) -> list[str]:
    """The habits of which any difference is of the kind that is found here, and those that throw
    what is found: they need not show under so few seeds."""
    found = kinds(findings)
    whys = [finding.whys[0] for finding in differing(findings) if finding.whys]
    thrown = {
        name
        for name, dice in DICE.items()
        if dice.measurand and any(dice.measurand in why for why in whys)
    }
    for seed in FIRST_SEEDS:
        names = [
            name
            for name in make.model.quirks
            if name in thrown or found & case.kinds_between(switched(make, [name]), make, seed)
        ]
        if names:
            return names
    return []


def _keys(findings: Iterable[Finding]) -> set[Hashable]:
    return {_key(finding) for finding in differing(findings)}


def _key(finding: Finding) -> Hashable:
    """By what the same difference is known again under other habits: the charger's frame, or the
    word for what it lacks."""
    return id(finding.metal) if finding.metal is not None else finding.whys[:1]
