"""`python -m tests.mutation [--seed N] [--sample N] [--of GROUP…] [--again]`."""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.mutation.mutants import Mutant, Place, places
from tests.mutation.reach import KEPT, ROOT, Reach, reach
from tests.mutation.trial import notices, passes_unbroken, prepare

GROUPS = {
    "hardware": ("sim_core/hardware/**/*.py",),
    "charging": ("sim_core/charging/**/*.py",),
    "ocpp16": ("sim_core/ocpp16/**/*.py",),
    "wire": ("sim_core/wire/**/*.py",),
    "store": ("sim_core/store/**/*.py",),
    "files": ("sim_core/files/**/*.py",),
}
EQUIVALENT = Path(__file__).with_name("equivalent.txt")
SURVIVORS = KEPT / "survivors.json"
BUDGET_S = 60.0
"""Tests that take longer than this together are not all asked; the quickest are."""
FEW_FILES = 2
"""So many are asked first."""
MOVED_LINES = 30
"""So far a survivor of the last run is looked for."""
START_S = 20.0
SLOWER = 4
"""A fork is ended when it takes so many times as long as its tests took, and `START_S`."""


def files(groups: Iterable[str]) -> list[Path]:
    """The modules of these groups."""
    found = {path for group in groups for glob in GROUPS[group] for path in ROOT.glob(glob)}
    return sorted(found)


def equivalent() -> set[tuple[str, str, str]]:
    """Breaks that somebody has looked at and found to change nothing that matters."""
    entries = EQUIVALENT.read_text("utf-8").split("\n\n")
    keys = set()
    for entry in entries:
        lines = [line for line in entry.splitlines() if line and not line.startswith("#")]
        if lines:
            path, before, after = lines
            keys.add((path, before.removeprefix("- "), after.removeprefix("+ ")))
    return keys


def within_budget(known: Reach, names: list[str]) -> list[str]:
    """As many of the tests as the budget allows."""
    took, chosen = dict(known.tests), []
    left_s = BUDGET_S
    for name in names:
        left_s -= took[name]
        if left_s < 0:
            break
        chosen.append(name)
    return chosen


def nearest(known: Reach, names: list[str]) -> list[str]:
    """The tests of the few files that are most about what these tests all reach: loading many
    files takes longer than most breaks need to be noticed."""
    reached = Counter(name.partition("::")[0] for name in names)
    every = Counter(name.partition("::")[0] for name, _ in known.tests)
    about = sorted(reached, key=lambda file: (-reached[file] / every[file], -reached[file], file))
    return [name for name in names if name.partition("::")[0] in about[:FEW_FILES]]


def is_noticed(known: Reach, mutant: Mutant) -> bool:
    """Whether the tests that run the line notice that it is broken."""
    tests = within_budget(known, known.tests_of(mutant.path, mutant.line))
    first = nearest(known, tests)
    rest = [name for name in tests if name not in set(first)]
    return any(
        notices(mutant, some, START_S + SLOWER * known.seconds(some))
        for some in (first, rest)
        if some
    )


def check_unbroken(known: Reach, chosen: list[Place]) -> None:
    """Where nothing is broken nothing is noticed, run in the same way; else no score means a thing.

    Asked of the tests nearest to the line of the sample that most tests run.
    """
    place = max(chosen, key=lambda place: len(known.tests_of(place.path, place.line)))
    tests = nearest(known, within_budget(known, known.tests_of(place.path, place.line)))
    if tests and not passes_unbroken(ROOT / place.path, tests):
        raise SystemExit(f"The tests fail without any break: see {KEPT / 'trial.log'}")


def drawn(groups: list[str], seed: int, sample: int) -> list[Place]:
    """The sample: the same for the same seed and the same code."""
    every = [place for path in files(groups) for place in places(path, ROOT)]
    chosen = random.Random(seed).sample(every, min(sample, len(every)))
    print(f"{len(every)} breaks are possible in {', '.join(groups)}; {len(chosen)} are tried.")
    return sorted(chosen, key=lambda place: (place.path, place.line))


def last_survivors(groups: list[str]) -> list[Place]:
    """What survived the last run, as far as it can still be broken in that way, not too far from
    where it was."""
    found = []
    left = [(line, tuple(key)) for line, key in json.loads(SURVIVORS.read_text("utf-8"))]
    for path in files(groups):
        name = path.relative_to(ROOT).as_posix()
        of_module = [(line, key) for line, key in left if key[0] == name]
        every = places(path, ROOT) if of_module else []
        for lines in (0, MOVED_LINES):
            for place in every:
                keys = {key for line, key in of_module if abs(line - place.line) <= lines}
                if keys and place.mutant().key in keys:
                    found.append(place)
                    of_module = [
                        (line, key) for line, key in of_module if key != place.mutant().key
                    ]
    return found


def main() -> int:
    """Draw, try, print; 0 when at least 95 % were noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--of", nargs="+", choices=GROUPS, default=list(GROUPS), metavar="GROUP")
    parser.add_argument("--again", action="store_true", help="only what survived the last run")
    parser.add_argument("--least", type=float, default=95.0, help="percent for exit code 0")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no fork is left behind
    prepare()
    known = reach()
    judged = equivalent()
    chosen = (
        last_survivors(options.of)
        if options.again
        else drawn(options.of, options.seed, options.sample)
    )
    if chosen:
        check_unbroken(known, chosen)
    tried = noticed = skipped = 0
    survivors: list[Mutant] = []
    for place in chosen:
        mutant = place.mutant()
        if mutant.key in judged:
            skipped += 1
            continue
        tried += 1
        if is_noticed(known, mutant):
            noticed += 1
        else:
            survivors.append(mutant)
            print(f"survived: {mutant}", flush=True)
        if sys.stderr.isatty():
            print(f"\r{tried} of {len(chosen)} ", end="", file=sys.stderr, flush=True)
    SURVIVORS.write_text(json.dumps([(mutant.line, mutant.key) for mutant in survivors]), "utf-8")
    score = 100 * noticed / tried if tried else 100.0
    print(f"{noticed} of {tried} noticed, {score:.1f} %", end="")
    print(f"; {skipped} change nothing (equivalent.txt)" if skipped else "")
    return 0 if score >= options.least else 1


if __name__ == "__main__":
    raise SystemExit(main())
