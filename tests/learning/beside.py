"""Where a learnt file differs from one that was written by people, and why each line may.

    python -m tests.learning.beside MODEL LOG…

Logs of a charger tell its model file again, but for what they do not show. So every field that is
another one needs a reason, and the file that was learnt has it: the field was not seen, its habit
had no occasion or did not show, or the logs say so, so many times. A field without one is a mistake
of what learns, and the exit code is 1.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sim_core.from_settings import why_no_key
from sim_core.hardware.model import KeyText, Model
from sim_core.learning.heard import Log, logs_of
from sim_core.learning.learner import learn
from sim_core.settings.model_file import load_model
from sim_core.traces.reading import read_file

Leaf = tuple[tuple[str, ...], object]
NO_LOG = {
    ("name",): "the name of the file",
    ("timing", "swift"): "a log has one timing, and that is [timing.real]",
}
"""What no log can tell."""
COUNTED = re.compile(r"\b\d+ of \d+\b|\bat most\b|\blast digit\b|\bwhole list\b")
"""What a comment that gives evidence has in it."""
ABSENT = "none"


@dataclass(frozen=True)
class Difference:
    """A field that is one thing in the file of people and another in the learnt one."""

    place: str
    written: str
    learnt: str
    why: str
    """Empty: nothing explains it."""


def differences(text: str, written: Model) -> list[Difference]:
    """Every field in which a learnt file differs from another model."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "learnt.toml"
        path.write_text(text, "utf-8")
        learnt = load_model(str(path))
    ours, theirs = dict(_leaves(learnt)), dict(_leaves(written))
    return [
        Difference(".".join(place), _shown(theirs, place), _shown(ours, place), _why(text, place))
        for place in dict.fromkeys([*theirs, *ours])
        if ours.get(place, ABSENT) != theirs.get(place, ABSENT)
    ]


def _leaves(value: object, place: tuple[str, ...] = ()) -> Iterator[Leaf]:
    if place and place[0] == "quirks" and len(place) == 2:
        yield place, "on"  # its words are for people
    elif isinstance(value, KeyText):
        yield place, value.value  # whether it may be written is as OCPP has it where nobody says so
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            # A distribution and the like is one value.
            yield from _leaves(getattr(value, one.name), (*place, one.name))
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, (*place, str(name)))
    elif value not in ((), None, ""):
        yield place, value


def _shown(leaves: Mapping[tuple[str, ...], object], place: tuple[str, ...]) -> str:
    return str(leaves.get(place, ABSENT))


def _why(text: str, place: tuple[str, ...]) -> str:
    """What the comments of a learnt file say of a field."""
    for known, why in NO_LOG.items():
        if place[: len(known)] == known:
            return why
    table, name = ".".join(place[:-1]), place[-1]
    if place[0] in ("faults", "frames", "quirks"):
        table, name = place[0], place[1]
    within = re.search(rf"^\[{re.escape(table)}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    lines = str(within[1]).splitlines() if within else []
    for before, line in zip(["", *lines], lines, strict=False):
        if line.startswith(f"# {name}") or (
            line.startswith("# without an occasion:") and re.search(rf"\b{name}\b", line)
        ):
            return line.removeprefix("# ")
        if re.match(rf'"?{re.escape(name)}"? = ', line):
            said = line.rpartition("  # ")[2] if "  # " in line else before.removeprefix("# ")
            return str(said) if COUNTED.search(said) else ""
    return "" if lines and table != place[0] else f"nothing in the logs tells of [{table}] {name}"


def logs_in(names: Sequence[str]) -> list[Log]:
    """The logs of these files and folders."""
    paths = [
        path
        for name in map(Path, names)
        for path in (sorted(name.glob("*.jsonl")) if name.is_dir() else [name])
    ]
    return [log for path in paths for log in logs_of(path.stem, read_file(path).trace)]


def main(model: str, *names: str) -> int:
    """Print the table."""
    found = differences(learn(logs_in(names), why_no_key).text(), load_model(model))
    for one in found:
        print(f"{one.place:48} {one.written[:34]:34} {one.learnt[:34]:34} {one.why or 'NO REASON'}")
    alone = sum(not one.why for one in found)
    print(f"{len(found)} fields are otherwise, {alone} of them without a reason")
    return 1 if alone else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
