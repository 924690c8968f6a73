"""Faults on the wire in scenarios: the same seed gives the same ones, at the same times."""

from __future__ import annotations

import json
from pathlib import Path

from sim_core.settings.options import Settings
from sim_core.testbench.own_csms import OwnHouse
from sim_core.testbench.playing import play
from sim_core.testbench.reading import read
from sim_core.testbench.reports import traces
from sim_core.testbench.stage import VirtualStage
from sim_core.testbench.verdicts import Result, Verdict

SCENARIO = """\
scenario: A session on a bad line
faults:
  - {fault: drop, action: MeterValues, chance: 0.3}
  - {fault: delay, direction: from_csms, chance: 0.3, seconds: 3 s}
  - {fault: duplicate, kind: request, chance: 0.3, new_id: true}
  - {fault: slow, chance: 0.1, bytes_per_s: 50}
  - {fault: bad_json, action: StatusNotification, chance: 0.2}
  - {fault: half_open, action: MeterValues, chance: 0.1, seconds: 17 s}
  - {fault: close, action: MeterValues, chance: 0.1, close_code: 1006}
steps:
  - plug: 1
  - swipe: {id_tag: CARD1}
  - wait: 8 min
  - local_stop
  - wait: 4 min
"""


async def played(seed: int) -> Result:
    scenario = read(SCENARIO, Path("line.yaml"))
    return await play(scenario, VirtualStage(scenario, Settings(), seed, OwnHouse()), seed)


def told(result: Result) -> list[tuple[object, ...]]:
    """What was said, when, and what was done to it."""
    return [
        (seen.requested_at, seen.latency_s, seen.action, seen.injected, seen.state)
        for seen in (one.exchange for one in result.spoken)
    ]


async def test_the_same_seed_gives_the_same_faults_at_the_same_times() -> None:
    first, again, other = [await played(seed) for seed in (5, 5, 6)]
    assert (first.verdict, first.why) == (Verdict.PASSED, "")
    assert told(first) == told(again)
    assert told(first) != told(other)


async def test_a_trace_says_what_was_done_to_a_frame() -> None:
    result = await played(5)
    lines = [json.loads(line) for line in traces.lines_of(result)]
    marks = [line["fault"] for line in lines if "fault" in line]
    assert marks == [one.exchange.injected for one in result.spoken if one.exchange.injected]
    assert any("dropped" in mark for mark in marks)
