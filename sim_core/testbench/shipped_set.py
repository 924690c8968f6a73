"""The scenarios that come with the program, and those that somebody names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from sim_core.errors import UserError
from sim_core.testbench.reading import read_file
from sim_core.testbench.scenario import Scenario

FOLDER = Path(__file__).parent / "shipped"
ENDS = (".yaml", ".yml")
ASIDE = "_"
"""Files whose names begin so are included by others, and are no scenarios."""


def files(named: Iterable[Path]) -> Iterator[Path]:
    """The files that are named, and those in the folders that are; the shipped ones where none is.

    Raises UserError where there is no such file.
    """
    chosen = list(named) or [FOLDER]
    for path in chosen:
        if path.is_dir():
            yield from sorted(
                one
                for one in path.rglob("*")
                if one.suffix in ENDS and not one.name.startswith(ASIDE)
            )
        elif path.exists():
            yield path
        else:
            raise UserError(f"{path}: there is no such file or folder.")


def scenarios(named: Iterable[Path], only: str = "", ocpp: str = "") -> list[Scenario]:
    """The scenarios in them, in the order of their files; `only` is a pattern of names like
    `*offline*`, `ocpp` a version.

    Raises ScenarioError for the first one that is wrong, UserError where there is none.
    """
    read = [read_file(path) for path in files(named)]
    found = [
        one
        for one in read
        if (not only or fnmatchcase(one.name, only)) and (not ocpp or one.ocpp == ocpp)
    ]
    if not found:
        which = f" that fits {only!r}" if only else ""
        raise UserError(f"There is no scenario{which}: chargeforge test --list names them all.")
    return found
