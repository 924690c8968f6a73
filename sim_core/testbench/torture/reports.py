"""What came of torture: lines for people, one JSON object, JUnit, a scenario for each finding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sim_core.errors import UserError
from sim_core.redaction import one_line
from sim_core.testbench.invariants.table import INVARIANT_BY_NAME
from sim_core.testbench.reports.lines import frames
from sim_core.testbench.torture.trial import Finding, Trial
from sim_core.testbench.writing import as_yaml


def of_finding(finding: Finding, file: Path) -> Iterator[str]:
    """The lines about a finding, whose scenario is in the file."""
    scenario = finding.result.scenario
    yield f"FAILED {finding.name}: {finding.sentence}"
    yield f"       {finding.result.why}"
    if finding.clause:
        yield f"       It rests on: {finding.clause}"
    steps = "1 step" if len(scenario.steps) == 1 else f"{len(scenario.steps)} steps"
    yield f"       Life {finding.life}, made small to {steps} in {finding.plays} plays: {file}"
    for step in scenario.steps:
        yield f"         - {one_line(step.line())}"
    yield from (f"       {line}" for spoken in finding.result.around for line in frames(spoken))


def progress(trial: Trial, doing: str) -> str:
    """How far it is, on one line."""
    held = len(trial.held)
    return (
        f"{doing} · {trial.messages} messages · {trial.lasted_s / 3600:.0f} h of charging · "
        f"{held} of {len(trial.plan.invariants)} invariants hold"
    )


def summary(trial: Trial) -> str:
    """The last line."""
    found = len(trial.findings)
    verdict = f"{found} FAILED" if found else "all hold" if trial.lives else "nothing was seen"
    if trial.trouble and trial.lives:
        verdict += " as far as it went"
    lives = "1 life" if trial.lives == 1 else f"{trial.lives} lives"
    return (
        f"{lives} of {trial.plan.stations} charge points, {trial.messages} messages, "
        f"{trial.lasted_s / 3600:.0f} h of charging in {trial.took_s:.1f} s with seed "
        f"{trial.plan.seed}; {len(trial.plan.invariants)} invariants: {verdict}"
    )


def as_json(trial: Trial, files: dict[str, Path]) -> dict[str, Any]:
    """All of it, for programs. `files` are the scenarios by the names of the invariants."""
    broken = {one.name: one for one in trial.findings}
    return {
        "seed": trial.plan.seed,
        "stations": trial.plan.stations,
        "lives": trial.lives,
        "messages": trial.messages,
        "lasted_s": round(trial.lasted_s, 3),
        "took_s": round(trial.took_s, 3),
        "trouble": trial.trouble,
        "invariants": [
            {
                "name": row.name,
                "sentence": row.sentence,
                "clause": row.clause,
                "holds": row.name not in broken,
            }
            for row in (INVARIANT_BY_NAME[name] for name in trial.plan.invariants)
        ],
        "findings": [
            {
                "invariant": one.name,
                "sentence": one.sentence,
                "why": one.result.why,
                "life": one.life,
                "seed": one.result.seed,
                "plays": one.plays,
                "steps": [step.line() for step in one.result.scenario.steps],
                "frames": [
                    {
                        "charge_point": spoken.charge_point,
                        "at": spoken.exchange.requested_at.isoformat(),
                        "request": spoken.request,
                        "answer": spoken.answer,
                    }
                    for spoken in one.result.around
                ],
                "scenario": str(files[one.name]),
            }
            for one in trial.findings
        ],
    }


def write_junit(path: Path, trial: Trial) -> None:
    """JUnit XML, an invariant a test case. Raises UserError where it cannot be written."""
    from junitparser import Failure, TestCase

    from sim_core import junit_file
    from sim_core.junit_file import plain

    broken = {one.name: one for one in trial.findings}

    def case(name: str, sentence: str) -> tuple[str, TestCase]:
        made = TestCase(plain(f"{name}: {sentence}"), classname=plain(name))
        if finding := broken.get(name):
            failure = Failure(plain(finding.result.why), "failed")
            told = [line for spoken in finding.result.around for line in frames(spoken)]
            steps = [step.line() for step in finding.result.scenario.steps]
            failure.text = plain("\n".join([finding.result.why, *steps, *told]))
            made.result = [failure]
        return "invariants", made

    rows = {name: INVARIANT_BY_NAME[name].sentence for name in trial.plan.invariants}
    rows |= {one.name: one.sentence for one in trial.findings}
    junit_file.write(path, "chargeforge torture", (case(*row) for row in rows.items()))


def write_scenario(folder: Path, finding: Finding, seed: int) -> Path:
    """The smallest scenario as a file of the test bench. Raises UserError."""
    path = folder / f"torture-{finding.name}.yaml"
    about = (
        f"Found by chargeforge torture --seed {seed}, in life {finding.life}.",
        finding.result.why,
        f"chargeforge test {path.name} --csms-url … plays it again.",
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(as_yaml(finding.result.scenario, about), "utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from None
    return path
