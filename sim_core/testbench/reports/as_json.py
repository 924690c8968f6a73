"""For programs: everything, as one JSON object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sim_core.testbench.verdicts import Result, Spoken, Verdict


def of_results(results: Sequence[Result]) -> dict[str, Any]:
    """The object."""
    counted = Counter(result.verdict for result in results)
    return {
        "scenarios": len(results),
        **{verdict.value: counted[verdict] for verdict in Verdict},
        "results": [of_result(result) for result in results],
    }


def of_result(result: Result) -> dict[str, Any]:
    """One scenario."""
    scenario = result.scenario
    return {
        "name": scenario.name,
        "title": scenario.title,
        "file": scenario.at.file,
        "proves": scenario.proves,
        "clause": scenario.clause,
        "must_not": scenario.must_not,
        "ocpp": scenario.ocpp,
        "verdict": result.verdict.value,
        "why": result.why,
        "seed": result.seed,
        "began": result.began.isoformat(),
        "lasted_s": round(result.lasted_s, 3),
        "took_s": round(result.took_s, 3),
        "steps": [
            {
                "line": step.line,
                "at_s": round(step.at_s, 3),
                "took_s": round(step.took_s, 3),
                "passed": step.passed,
                "why": step.why,
            }
            for step in result.steps
        ],
        "frames": [_frame(one) for one in result.spoken],
    }


def _frame(one: Spoken) -> dict[str, Any]:
    exchange = one.exchange
    return {
        "charge_point": one.charge_point,
        "against_csms": one.missed,
        "at": exchange.requested_at.isoformat(),
        "direction": exchange.direction.value,
        "action": exchange.action,
        "request": one.request,
        "answer": one.answer,
        "state": exchange.state.value,
        "latency_s": exchange.latency_s,
        "injected": exchange.injected,
    }
