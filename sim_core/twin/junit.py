"""What came of a comparison as JUnit XML, so that a CI shows it as it shows tests.

A scene under a seed is a test case; it fails with the reasons of the frames that differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from junitparser import Failure, JUnitXml, TestCase, TestSuite

from sim_core.errors import UserError
from sim_core.twin.cases import Case

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say (§2.2); a charger's words may have it."""


def write(path: Path, cases: Iterable[Case]) -> None:
    """Write the file. Raises UserError where that is not possible."""
    suites: dict[str, TestSuite] = {}
    for case in cases:
        suite = suites.get(case.suite)
        if suite is None:
            suite = suites[case.suite] = TestSuite(_plain(case.suite))
        made = TestCase(_plain(case.name), classname=_plain(case.suite))
        if case.whys:
            lines = [f"{count}× {why}" for why, count in case.whys.items()]
            failure = Failure(_plain(lines[0]), "differs")
            failure.text = _plain("\n".join(lines))
            made.result = [failure]
        if case.said:
            made.system_out = _plain(case.said)
        suite.add_testcase(made)
    xml = JUnitXml("chargeforge compare")
    for suite in suites.values():
        xml.add_testsuite(suite)
    try:
        xml.write(str(path), pretty=True)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from None


def _plain(text: str) -> str:
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
