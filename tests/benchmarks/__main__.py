"""The table of what it costs: `python -m tests.benchmarks [NAME...]`.

`--json` keeps the results, `--compare` shows them beside those of another run: the way to see what
a change has done is to run it on both commits on the same machine.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import Row, Size, load_note

NAMES = ("codec", "scale", "screen", "start", "log", "journal", "relay")
"""One module each, in the order of the table. `soak` takes long and is a command of its own."""


def rows_of(name: str, size: Size) -> Iterable[Row]:
    """Run one benchmark; its rows as they come."""
    rows: Iterable[Row] = importlib.import_module(f"tests.benchmarks.{name}").measure(size)
    return rows


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--compare", type=Path, help="show them beside those in this file")
    parser.add_argument("--tiny", action="store_true", help="only see whether it runs")
    given = parser.parse_args(argv)
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"there is no {', '.join(sorted(unknown))}: choose of {', '.join(NAMES)}")
    before = _before(given.compare)
    print(f"{platform.python_implementation()} {platform.python_version()}, {load_note()}")
    print(_line("what", "unit", "baseline", "ours", "ratio", "goal", "", "before"))
    rows: list[Row] = []
    for name in given.names or NAMES:
        for row in rows_of(name, Size(given.tiny)):
            rows.append(row)
            print(shown(row, before.get(row.id)), flush=True)
    if given.json:
        document = {
            "python": platform.python_version(),
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "rows": [row.as_json() for row in rows],
        }
        given.json.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    return 0


def shown(row: Row, before: dict[str, Any] | None = None) -> str:
    """One line of the table, and its note under it."""
    goal = ""
    if row.goal is not None:
        goal = f"<= {row.goal:g}x" if row.goal_is_ratio else f"<= {row.goal:g}"
    verdict = {True: "met", False: "MISSED", None: ""}[row.met]
    then = ""
    if before:
        value = before["ratio"] if row.goal_is_ratio and before["ratio"] else before["ours"]
        then = f"{value:.2f}x" if value == before["ratio"] else _figure(value)
    line = _line(
        row.what,
        row.unit,
        "" if row.baseline is None else _figure(row.baseline),
        _figure(row.ours),
        "" if row.ratio is None else f"{row.ratio:.2f}x",
        goal,
        verdict,
        then,
    )
    return f"{line}\n{'':4}{row.note}" if row.note else line


def _before(path: Path | None) -> dict[str, dict[str, Any]]:
    if path is None:
        return {}
    return {row["id"]: row for row in json.loads(path.read_text("utf-8"))["rows"]}


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _line(what: str, unit: str, *cells: str) -> str:
    return f"{what:<58} {unit:<7}" + "".join(f"{cell:>10}" for cell in cells)


if __name__ == "__main__":
    sys.exit(main())
