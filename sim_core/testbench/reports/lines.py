"""For people at a terminal: a line a scenario, and around a failure what led to it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from sim_core.redaction import one_line
from sim_core.testbench.scenario import duration
from sim_core.testbench.verdicts import Result, Spoken, Verdict
from sim_core.wire.message_log import Direction

WORDS = {
    Verdict.PASSED: "ok",
    Verdict.FAILED: "FAILED",
    Verdict.SKIPPED: "left out",
    Verdict.BROKEN: "BROKEN",
}
FRAME = 160
"""Characters of a frame that are shown."""


def of_result(result: Result, place: str) -> list[str]:
    """The lines about one scenario; `place` is how many there have been of how many."""
    scenario = result.scenario
    lasted = duration(round(result.lasted_s))
    head = f"{place} {WORDS[result.verdict]:8} {scenario.name}: {scenario.title}"
    if result.verdict is Verdict.PASSED:
        return [f"{one_line(head)} ({lasted} in {result.took_s:.1f} s)"]
    lines = [one_line(head), f"        {result.why}"]
    if result.verdict is Verdict.SKIPPED:
        return lines
    passed = [step for step in result.steps if step.passed]
    if passed:
        lines.append(f"        after: {passed[-1].line}")
    if scenario.must_not:
        lines.append(f"        A CSMS must not: {one_line(scenario.must_not)}")
    if scenario.clause:
        lines.append(f"        It rests on: {one_line(scenario.clause)}")
    lines += [f"        {line}" for spoken in result.around for line in frames(spoken)]
    return lines


def frames(spoken: Spoken) -> list[str]:
    """An exchange: the request, what became of it, and what was done to it on purpose, if anything
    was."""
    exchange = spoken.exchange
    asked = exchange.direction is Direction.SENT
    mark = "!" if spoken.missed else " "
    at = f"{exchange.requested_at:%H:%M:%S}.{exchange.requested_at.microsecond // 1000:03}"
    way, back = ("->", "<-") if asked else ("<-", "->")
    done = [f"{mark} {' ' * len(at)} {one_line(exchange.injected)}"] if exchange.injected else []
    return [
        f"{mark} {at} {spoken.charge_point} {way} {_shown(spoken.request)}",
        f"{mark} {' ' * len(at)} {' ' * len(spoken.charge_point)} {back} {_shown(spoken.answer)}",
        *done,
    ]


def said(frame: str) -> str:
    """A frame without what only computers need: its type and its message id."""
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        return frame
    if not isinstance(message, list) or len(message) < 3:
        return frame
    words = [one if isinstance(one, str) else compact(one) for one in message[2:]]
    return " ".join(word for word in words if word)


def compact(value: object) -> str:
    """JSON with a blank behind each comma, and no others."""
    return json.dumps(value, separators=(", ", ":"), ensure_ascii=False)


def _shown(frame: str) -> str:
    text = one_line(said(frame))
    return text if len(text) <= FRAME else f"{text[: FRAME - 1]}…"


def summary(results: Sequence[Result]) -> str:
    """The last line."""
    counted = Counter(result.verdict for result in results)
    parts = [
        f"{counted[verdict]} {verdict.value.replace('skipped', 'left out')}"
        for verdict in Verdict
        if counted[verdict]
    ]
    charger_s = sum(result.lasted_s for result in results)
    real_s = sum(result.took_s for result in results)
    time = f"{charger_s / 60:.0f} minutes of charging in {real_s:.1f} s"
    return f"{len(results)} scenarios: {', '.join(parts) or 'none'}; {time}"
