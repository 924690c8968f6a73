"""What came of holding two logs against each other: as text, for a machine, as test cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from statistics import median
from typing import Any

from sim_core.redaction import one_line
from sim_core.traces.comparison.between import ANYWHERE, Between, Finding, Step
from sim_core.twin.cases import Case

CELL = 60
STEPS = "how long it takes"


def whole(found: Between) -> str:
    """All of it; the last line is the sum."""
    return "\n".join(_lines(found))


def _lines(found: Between) -> Iterator[str]:
    by_name: dict[str, list[str]] = {name: [] for name in (*found.counts, ANYWHERE)}
    for one in found.findings:
        by_name[one.situation].append(_finding(one))
    yield "in both logs (how often in the first, in the second)"
    for name, (before, after) in found.counts.items():
        if before and after:
            same = "" if by_name[name] else "  the same"
            yield f"  {_cell(name)} ({before}, {after}){same}"
            yield from by_name[name]
    if by_name[ANYWHERE]:
        yield ""
        yield f"how frames are written, {ANYWHERE}"
        yield from by_name[ANYWHERE]
    for which, place in (("first", 0), ("second", 1)):
        only = [name for name, both in found.counts.items() if not both[1 - place]]
        if only:
            yield ""
            yield f"only in the {which} log, so nothing can be told of it"
            yield from (f"  {_cell(name)} ({found.counts[name][place]})" for name in only)
    changed = [step for step in found.steps if step.change is not None]
    yield ""
    yield f"{STEPS}: {len(found.steps)} steps are in both, {len(changed)} take another time"
    yield from (f"    {_step(step)}" for step in changed)
    yield ""
    yield summary(found)


def summary(found: Between) -> str:
    """One sentence."""
    counted = Counter(one.change.value for one in found.findings)
    counted += Counter(step.change.value for step in found.steps if step.change)
    what = ", ".join(f"{count} {change}" for change, count in counted.items())
    kinds = f"{found.common} kind{'' if found.common == 1 else 's'} of situation in both logs"
    return f"{kinds}: {what or 'nothing differs'}."


def _finding(one: Finding) -> str:
    what, before, after = (_cell(text) for text in (one.what, one.before, one.after))
    return f"    {one.change.value:<9} {what}: {before} -> {after}"


def _step(step: Step) -> str:
    assert step.change is not None
    return (
        f"{step.change.value:<9} {_cell(step.what)}: median {median(step.before):.2f} s "
        f"(n {len(step.before)}) -> {median(step.after):.2f} s (n {len(step.after)})"
    )


def _cell(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"


def as_json(found: Between) -> dict[str, Any]:
    """The same for a machine."""
    return {
        "differs": found.differs,
        "situations": [
            {"name": name, "before": before, "after": after}
            for name, (before, after) in found.counts.items()
        ],
        "findings": [
            {
                "situation": one.situation,
                "change": one.change.value,
                "what": one.what,
                "before": one.before,
                "after": one.after,
            }
            for one in found.findings
        ],
        "steps": [
            {
                "what": step.what,
                "before_s": [round(value, 3) for value in step.before],
                "after_s": [round(value, 3) for value in step.after],
                "change": step.change.value if step.change else None,
            }
            for step in found.steps
        ],
    }


def cases(found: Between, name: str) -> Iterator[Case]:
    """A test case for each kind of situation that both logs have, and one for each step."""
    for situation, (before, after) in {**found.counts, ANYWHERE: (1, 1)}.items():
        if before and after:
            whys = Counter(
                f"{one.change.value} {one.what}: {one.before} -> {one.after}"
                for one in found.findings
                if one.situation == situation
            )
            yield Case(name, situation, whys)
    for step in found.steps:
        whys = Counter([_step(step)] if step.change else [])
        yield Case(f"{name}: {STEPS}", step.what, whys)
