"""`python -m tests.conformance201.table`: runs these tests and writes docs/conformance-2.0.1.md.

All rows are listed (`rows.tsv`: number, block, certification tier, requirement ids, test cases of
the OCA); what shows a row, and whether it held, is taken from the run. None is written by hand.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "docs" / "conformance-2.0.1.md"
HEAD = """# Conformance with OCPP 2.0.1

What an OCPP 2.0.1 charging station owes, as test cases: the row, the requirements of Part 2 and the
OCA's test cases (TC_…) that it is made of, its certification tier, what the tests show, and whether
it holds. In the tiers `c` is a case of an optional feature and `-` a demand of the text that no
case asks for. Made by `python -m tests.conformance201.table` from a run of the tests.

"""
NOT_YET = "not yet"


class Row(NamedTuple):
    """One row of the table."""

    number: int
    block: str
    tier: str
    ids: str


def rows() -> list[Row]:
    """Every row."""
    lines = (HERE / "rows.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [
        Row(int(number), block, tier, ids)
        for number, block, tier, ids in (line.split("\t") for line in lines)
    ]


class Run:
    """Collects, while pytest runs, what each row is shown by."""

    def __init__(self) -> None:
        self._marks: dict[str, list[tuple[int, str]]] = {}
        """By node: the rows that it shows, with the reason where it shows that one is refused."""
        self._says: dict[str, str] = {}
        self.shown: dict[int, dict[str, bool]] = defaultdict(dict)
        self.refused: dict[int, str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            marks = [(mark.args[0], "") for mark in item.iter_markers("row")]
            marks += [(mark.args[0], mark.args[1]) for mark in item.iter_markers("refused")]
            self._marks[item.nodeid] = marks
            name = getattr(item, "originalname", item.name).removeprefix("test_")
            self._says[item.nodeid] = name.replace("_", " ")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed:
            for number, because in self._marks.get(report.nodeid, ()):
                says = self._says[report.nodeid]
                held = self.shown[number].get(says, True)
                self.shown[number][says] = held and report.passed
                if because:
                    self.refused[number] = because

    def state(self, number: int) -> str:
        """What is said of a row."""
        tests = self.shown.get(number)
        if not tests:
            return NOT_YET
        if not all(tests.values()):
            return "does not hold"
        return f"refused: {self.refused[number]}" if number in self.refused else "holds"


def page(run: Run) -> str:
    """The whole page."""
    counted = Counter(
        (row.tier.split(" ")[0], run.state(row.number).split(":")[0]) for row in rows()
    )
    lines = [HEAD]
    for tier in dict.fromkeys(tier for tier, _ in counted):
        found = [f"{often} {state}" for (of, state), often in sorted(counted.items()) if of == tier]
        lines.append(f"- {tier}: {', '.join(found)}\n")
    lines.append("\n| row | ids | tier | what is shown | state |\n|---|---|---|---|---|\n")
    for row in rows():
        says = "; ".join(run.shown.get(row.number, {}))
        lines.append(
            f"| {row.number} | {row.ids} | {row.tier} | {says} | {run.state(row.number)} |\n"
        )
    return "".join(lines)


def main() -> int:
    """Run the tests, write the table; returns pytest's exit code."""
    run = Run()
    # In one process: the plugin must see every item and every report.
    options = ["-q", "-n", "0", "-p", "no:unraisableexception"]
    code = pytest.main([str(HERE), *options], plugins=[run])
    TARGET.write_text(page(run), encoding="utf-8")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
