"""What a run tells of the CSMS: percentiles by action, the steady state, errors, files."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.errors import UserError
from sim_core.fleet.drivers import NONE_FREE
from sim_core.fleet.load_report import WINDOW_S, LoadReport, Watcher, check_files, keep
from sim_core.fleet.snapshot import FleetSnapshot, Phase
from sim_core.runtime.clock import SystemClock
from sim_core.sidecar.counters import ERROR_SENT, ExchangeCounts, Latency, WireCounts
from sim_core.wire.message_log import Direction, ExchangeState, MessageLog
from tests.fleet.test_fleet import a_fleet, csms, settings, until

TIMES = st.lists(st.floats(1e-5, 100), max_size=40)


def latency_of(times: list[float]) -> Latency:
    seen = Latency()
    for seconds in times:
        seen.add(seconds)
    return seen


@given(TIMES.filter(bool), st.floats(0.01, 1))
def test_a_percentile_is_true_to_five_percent(times: list[float], share: float) -> None:
    true = sorted(times)[max(0, math.ceil(share * len(times)) - 1)]
    told = latency_of(times).within_s(share)
    assert true * 0.999 <= told <= true * 1.051


@given(TIMES, TIMES)
def test_spans_add_up(first: list[float], then: list[float]) -> None:
    before, after = latency_of(first), latency_of(then)
    whole = latency_of(first + then)
    assert (before + after).fine == whole.fine
    later = whole.since(before)
    assert (later.count, later.counts, later.fine) == (after.count, after.counts, after.fine)
    assert later.slowest_s == pytest.approx(after.slowest_s, rel=0.051)


def watched(rates: list[int]) -> LoadReport:
    """The report of a run with so many messages in each second."""
    watcher, total, counts = Watcher(), 0, Counter[str]()
    for second, rate in enumerate(rates, 1):
        total += rate
        counts["Heartbeat"] += rate
        seen = FleetSnapshot(phase=Phase.RUNNING, messages=total)
        wire = WireCounts(latency={"Heartbeat": latency_of([0.01 * min(second, 40)] * total)})
        watcher.look(seen, wire, float(second))
    watcher.look(replace(seen, phase=Phase.STOPPING, messages=total + 99), wire, second + 5.0)
    return watcher.report("ws://csms", 1)


def test_the_steady_state_begins_once_the_rate_stays_what_it_is() -> None:
    rising = [min(40, second) for second in range(1, 101)]
    report = watched(rising)
    assert report.steady is not None
    assert 40 < report.steady.after_s <= 40 + 2 * WINDOW_S + 1
    assert report.steady.messages_per_s == 40
    assert report.steady.seconds == 100 - report.steady.after_s
    assert report.whole.messages == sum(rising) + 99
    assert watched([round(2 * 1.1**second) for second in range(90)]).steady is None
    assert watched([0] * 100).steady is None, "of nothing, nothing can be said"


def test_of_each_kind_of_error_the_first_is_told_and_nothing_in_it_is_obeyed() -> None:
    log = MessageLog()
    counts = ExchangeCounts(log)
    for answer in ('[4,"1","InternalError","\x1b[31mfirst",{}]', "second"):
        number = log.open(Direction.RECEIVED, "Reset", "1", "[]", SystemClock().now())
        log.close(number, ExchangeState.ERROR, answer=answer, trouble="InternalError")
    counts.look()
    assert counts.errors == {ERROR_SENT: 2}
    example = counts.examples[ERROR_SENT]
    assert example.startswith("Reset: InternalError, ")
    assert "first" in example
    assert example.isprintable()


def test_files_hold_the_report_and_a_table_that_grows(tmp_path: Path) -> None:
    told = settings(json=tmp_path / "run.json", markdown=tmp_path / "runs.md")
    report = watched([50] * 60)
    for _ in range(2):
        assert len(keep(report, told)) == 2
    assert json.loads((tmp_path / "run.json").read_text())["whole"]["messages_per_s"] > 40
    head, rule, *rows = (tmp_path / "runs.md").read_text().splitlines()
    assert (len(rows), {row.count("|") for row in (head, rule, *rows)}) == (2, {11})
    nowhere = settings(json=tmp_path / "no" / "run.json")
    with pytest.raises(UserError, match="there is no folder"):
        check_files(nowhere)
    with pytest.raises(UserError, match="could not be written"):
        keep(report, settings(json=tmp_path))


async def test_drivers_come_whatever_the_answers_take_and_go_on_where_all_is_taken() -> None:
    async with csms() as server:
        options = {"count": 2, "sessions_per_hour": 36_000, "ramp_sec": 1, "session_sec": 60}
        async with a_fleet(server, **options) as fleet:
            seen = await until(fleet, lambda now: dict(now.refused).get(NONE_FREE, 0) > 3)
            assert seen.visits_begun >= 4
            assert seen.transactions <= 4
    assert fleet.snapshot.transactions == 0
    assert fleet.load_report().whole.by_action["StartTransaction"].count >= 4
