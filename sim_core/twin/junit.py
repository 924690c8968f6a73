"""What came of a comparison as JUnit XML, so that a CI shows it as it shows tests.

A scene under a seed is a test case; it fails with the reasons of the frames that differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from junitparser import Failure, TestCase

from sim_core import junit_file
from sim_core.junit_file import plain
from sim_core.twin.cases import Case


def write(path: Path, cases: Iterable[Case]) -> None:
    """Write the file. Raises UserError where that is not possible."""
    junit_file.write(path, "chargeforge compare", ((case.suite, _case(case)) for case in cases))


def _case(case: Case) -> TestCase:
    made = TestCase(plain(case.name), classname=plain(case.suite))
    if case.whys:
        lines = [f"{count}× {why}" for why, count in case.whys.items()]
        failure = Failure(plain(lines[0]), "differs")
        failure.text = plain("\n".join(lines))
        made.result = [failure]
    if case.said:
        made.system_out = plain(case.said)
    return made
