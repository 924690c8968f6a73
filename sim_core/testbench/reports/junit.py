"""For a CI that shows tests: JUnit XML, a scenario a test case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from sim_core.errors import UserError
from sim_core.testbench.reports.lines import frames
from sim_core.testbench.verdicts import Result, Verdict

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say (§2.2)."""
ELEMENTS = {Verdict.FAILED: Failure, Verdict.BROKEN: Error, Verdict.SKIPPED: Skipped}


def write(path: Path, results: Sequence[Result]) -> None:
    """Write the file. Raises UserError where that is not possible."""
    xml = JUnitXml("chargeforge test")
    suites: dict[str, TestSuite] = {}
    for result in results:
        name = f"OCPP {result.scenario.ocpp}"
        suite = suites.setdefault(name, TestSuite(name))
        suite.add_testcase(_case(result))
    for suite in suites.values():
        xml.add_testsuite(suite)
    try:
        xml.write(str(path), pretty=True)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from None


def _case(result: Result) -> TestCase:
    scenario = result.scenario
    case = TestCase(_plain(f"{scenario.name}: {scenario.title}"), classname=_plain(scenario.name))
    case.time = round(result.took_s, 3)
    kind = ELEMENTS.get(result.verdict)
    if kind is not None:
        element = kind(_plain(result.why), result.verdict.value)
        if result.around:
            told = [line for spoken in result.around for line in frames(spoken)]
            element.text = _plain("\n".join([result.why, *told]))
        case.result = [element]
    said = [f"{'ok' if step.passed else 'FAILED'} {step.line}" for step in result.steps]
    if said:
        case.system_out = _plain("\n".join(said))
    return case


def _plain(text: str) -> str:
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
