"""`chargeforge fleet` as it is started: what a message costs, and what a second worker adds.

The CSMS is `peer.py` on uvloop where that is installed, in a process of its own: on a computer of
few cores it takes a part of what the workers would need, and the note says how much.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import ROOT, Row, Size, load_note, peer


@dataclass(frozen=True)
class Run:
    """One run of a fleet."""

    messages: int
    messages_per_s: float
    cpu_s: float
    p99_s: float
    late_s: float

    @property
    def ms_each(self) -> float:
        """CPU of one message."""
        return self.cpu_s / self.messages * 1000 if self.messages else 0.0


def measure(size: Size) -> list[Row]:
    many, few = size.of(1000, 4), size.of(300, 4)
    with peer() as url:
        real = _run(url, size, many, 1, session=60, pause=30, seconds=size.seconds(60, 2))
        # Everybody is always at it: sessions as short as they may be.
        one = _run(url, size, few, 1, session=5, pause=1, seconds=size.seconds(30, 2))
        two = _run(url, size, few, 2, session=5, pause=1, seconds=size.seconds(30, 2))
        idle = _run(url, size, size.of(5000, 4), 1, session=0, pause=1,
                    seconds=size.seconds(60, 2))  # fmt: skip
    load = load_note()
    return [
        Row("fleet.message", f"{many:,} charge points, sessions of 60 s: CPU of a message", "ms",
            real.ms_each, note=f"{real.messages_per_s:.0f} messages/s, {load}"),
        Row("fleet.workers", f"{few:,} charge points at full speed: messages/s of one worker as a "
            "share of two", "1/s", one.messages_per_s, two.messages_per_s, 1 / 1.8, note=load),
        Row("fleet.idle", f"{size.of(5000, 4):,} idle charge points: lag of the loop at the most",
            "ms", idle.late_s * 1000, goal=20.0, goal_is_ratio=False,
            note=f"answers p99 {idle.p99_s * 1000:.0f} ms"),
    ]  # fmt: skip


def _run(
    url: str, size: Size, count: int, workers: int, *, session: int, pause: int, seconds: float
) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "run.json"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [
                sys.executable, "-m", "sim_core.fleet", f"--count={count}", f"--workers={workers}",
                f"--csms-url={url}", f"--session-sec={session}", f"--pause-sec={pause}",
                f"--boots-per-sec={size.of(200, 100)}", f"--duration-sec={seconds:.1f}",
                "--http-port=0", '--ocpp-keys={"MeterValueSampleInterval": 10}', f"--json={report}",
            ],
            cwd=ROOT, check=True, capture_output=True, timeout=seconds + 120,
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        told: dict[str, Any] = json.loads(report.read_text())
    span = told["steady"] or told["whole"]
    return Run(
        told["whole"]["messages"],
        span["messages_per_s"],
        after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime,
        span["answers"]["p99_s"],
        told["most_late_s"],
    )
