"""`python -m tests.conformance.table`: runs the conformance tests and writes docs/conformance.md.

The table is made from what ran: the row and id that a test carries, what it says of itself, and
whether it held. Nothing in it is written by hand.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

TARGET = Path(__file__).parents[2] / "docs" / "conformance.md"
SOURCES = (Path(__file__).parent, Path(__file__).parents[1] / "interop")
"""Where tests carry rows: what needs certificates or a whole engine stands among the real peers."""
HEAD = """# Conformance

What an OCPP 1.6J charge point owes, as test cases: the row, its id (TC_… of the OCA's compliancy
test cases, S§ a section of the OCPP 1.6 text, W a rule of the JSON wire), what the tests show, and
whether it holds. Made by `python -m tests.conformance.table` from a run of the tests.

| row | id | what is shown | state |
|---|---|---|---|
"""


class Rows:
    """Collects, while pytest runs, what each row is shown by."""

    def __init__(self) -> None:
        self._marks: dict[str, tuple[tuple[Any, str], ...]] = {}
        self._says: dict[str, str] = {}
        self.shown: dict[tuple[Any, str], dict[str, bool]] = defaultdict(dict)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            self._marks[item.nodeid] = tuple(
                (mark.args[0], mark.args[1]) for mark in item.iter_markers("row")
            )
            name = getattr(item, "originalname", item.name).removeprefix("test_")
            self._says[item.nodeid] = name.replace("_", " ")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed:
            for row in self._marks.get(report.nodeid, ()):
                says = self._says[report.nodeid]
                held = self.shown[row].get(says, True)
                self.shown[row][says] = held and report.passed

    def lines(self) -> list[str]:
        """The rows of the table, in order."""
        return [
            f"| {number} | {name} | {'; '.join(tests)} | "
            f"{'holds' if all(tests.values()) else 'does not hold'} |"
            for (number, name), tests in sorted(self.shown.items(), key=_order)
        ]


def _order(entry: tuple[tuple[Any, str], Any]) -> tuple[int, int, str]:
    (number, name), _ = entry
    if isinstance(number, int):
        return 0, number, name
    digits = "".join(c for c in str(number) if c.isdigit())
    return 1, int(digits or 0), str(number)


def main() -> int:
    """Run the tests, write the table; returns pytest's exit code."""
    rows = Rows()
    # In one process: the plugin must see every item and every report.
    # What is left behind is for the tests to judge, not for the table.
    options = ["-q", "-n", "0", "-p", "no:unraisableexception"]
    code = pytest.main([*map(str, SOURCES), *options], plugins=[rows])
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(HEAD + "\n".join(rows.lines()) + "\n", encoding="utf-8")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
