"""Each benchmark runs: with hardly any rounds, so that nothing is measured and nothing asserted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks import soak
from tests.benchmarks.__main__ import NAMES, main
from tests.benchmarks.measure import Row
from tests.documents import ROOT


def test_the_commands_that_contributing_prints_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert "python -m tests.benchmarks" in text
    assert "python -m tests.benchmarks.soak" in text


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_runs(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "results.json"
    assert main([name, "--tiny", "--json", str(kept)]) == 0
    rows = json.loads(kept.read_text("utf-8"))["rows"]
    assert rows
    assert all(row["ours"] >= 0 for row in rows)
    assert all(row["what"] in capsys.readouterr().out for row in rows[:1])


def test_a_goal_is_one_of_the_ratio_or_of_the_figure() -> None:
    assert Row("a", "a", "us", 13.0, 10.0, 1.3).met
    assert not Row("a", "a", "us", 14.0, 10.0, 1.3).met
    assert Row("a", "a", "ms", 14.0, 10.0, 20.0, goal_is_ratio=False).met
    assert Row("a", "a", "ms", 14.0).met is None


async def test_a_soak_of_three_short_hours_leaves_nothing_behind() -> None:
    seen = await soak.soak(3, round_s=60.0, hour_s=180.0)
    assert [moment.hour for moment in seen] == [0, 1, 2, 3]
    assert seen[-1].tasks == seen[1].tasks
    assert seen[-1].queued == 0
