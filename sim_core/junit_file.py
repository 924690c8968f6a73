"""A file of JUnit XML, so that a CI shows what has come of something as it shows tests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from junitparser import JUnitXml, TestCase, TestSuite

from sim_core.errors import UserError

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say (§2.2); a peer's words may have it."""


def plain(text: str) -> str:
    """The text as XML can say it."""
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def write(path: Path, title: str, cases: Iterable[tuple[str, TestCase]]) -> None:
    """Write the cases, each in the suite of its name. Raises UserError where it cannot be done."""
    suites: dict[str, TestSuite] = {}
    for name, case in cases:
        suites.setdefault(name, TestSuite(plain(name))).add_testcase(case)
    xml = JUnitXml(title)
    for suite in suites.values():
        xml.add_testsuite(suite)
    try:
        xml.write(str(path), pretty=True)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from None
