"""For a CI that shows tests: JUnit XML, a scenario a test case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from junitparser import Error, Failure, Skipped, TestCase

from sim_core import junit_file
from sim_core.junit_file import plain
from sim_core.testbench.reports.lines import frames
from sim_core.testbench.verdicts import Result, Verdict

ELEMENTS = {Verdict.FAILED: Failure, Verdict.BROKEN: Error, Verdict.SKIPPED: Skipped}


def write(path: Path, results: Sequence[Result]) -> None:
    """Write the file. Raises UserError where that is not possible."""
    cases = ((f"OCPP {result.scenario.ocpp}", _case(result)) for result in results)
    junit_file.write(path, "chargeforge test", cases)


def _case(result: Result) -> TestCase:
    scenario = result.scenario
    case = TestCase(plain(f"{scenario.name}: {scenario.title}"), classname=plain(scenario.name))
    case.time = round(result.took_s, 3)
    kind = ELEMENTS.get(result.verdict)
    if kind is not None:
        element = kind(plain(result.why), result.verdict.value)
        if result.around:
            told = [line for spoken in result.around for line in frames(spoken)]
            element.text = plain("\n".join([result.why, *told]))
        case.result = [element]
    said = [f"{'ok' if step.passed else 'FAILED'} {step.line}" for step in result.steps]
    if said:
        case.system_out = plain("\n".join(said))
    return case
