"""`chargeforge fleet` as it is started: what a message costs, and what a second worker adds.

The CSMS is `peer.py` on uvloop where that is installed, in a process of its own: on a computer of
few cores it takes a part of what the workers would need. So there are two figures of what a second
worker adds: the messages a second of both together, with the share of the cores that the CSMS has
taken beside it; and what a message costs two workers as against one, which is what would be left of
the factor two if the CSMS were elsewhere.

`chargeforge csms` as a target is held against that peer, which checks and remembers nothing.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import (
    ROOT,
    Peer,
    Row,
    Size,
    child,
    cpu_s_of_process,
    load_note,
    peer,
)

FIRST_RELEASE = 2.0
"""A message of a realistic fleet cost the first release so much of a raw socket's exchange
(0.76 ms against 0.38 ms on one computer, 0.55 against 0.22 on another: the less of both counts);
half of it is the goal."""
URL = re.compile(r"ws://127\.0\.0\.1:\d+/ocpp")
LEAST_SPAN_S = 15.0
"""A shorter part of a run shows nothing."""
FACTOR = 1.8
"""So many times the messages of one worker two of them shall send."""


@dataclass(frozen=True)
class Pace:
    """How busy a charge point is, in seconds, and how fast they come."""

    boots_per_s: int
    session: int = 60
    """0: nobody charges."""
    pause: int = 30
    sample: int = 10


@dataclass(frozen=True)
class Run:
    """One run of a fleet."""

    messages: int
    messages_per_s: float
    cpu_s: float
    csms_s: float
    """CPU seconds of the CSMS."""
    csms_share: float
    """Of all cores, what the CSMS took, from 0 to 1."""
    slowest_s: float
    """Answer once all charge points are there."""
    late_s: float
    """Of the loop, p99 of a look a second."""

    @property
    def ms_each(self) -> float:
        """CPU of one message."""
        return self.cpu_s / self.messages * 1000 if self.messages else 0.0

    @property
    def csms_ms_each(self) -> float:
        """CPU that the CSMS takes for a message."""
        return self.csms_s / self.messages * 1000 if self.messages else 0.0


def measure(size: Size, raw_ms: float) -> Iterator[Row]:
    """One row after the other. `raw_ms`: CPU of one exchange over a raw socket."""
    many, few, most = size.of(1000, 4), size.of(3000, 4), size.of(5000, 4)
    name, crowd = f"{few:,} charge points at full speed", f"{most:,} idle charge points"
    minute, half = size.seconds(60, 0.5), size.seconds(30, 0.5)
    # Everybody is always at it: more than two cores can send.
    hurry = Pace(session=5, pause=1, sample=1, boots_per_s=size.of(500, 100))
    with peer() as csms:
        real = _run(csms, Pace(boots_per_s=size.of(200, 100)), many, 1, minute)
        yield Row(
            "fleet.message", f"{many:,} charge points, sessions of 60 s: CPU of a message", "ms",
            real.ms_each, raw_ms, FIRST_RELEASE / 2, note=f"{real.messages_per_s:.0f} messages/s",
        )  # fmt: skip
        one = _run(csms, hurry, few, 1, half)
        two = _run(csms, hurry, few, 2, half)
        yield Row(
            "fleet.workers", f"{name}: messages/s of one worker as a share of two", "1/s",
            one.messages_per_s, two.messages_per_s, 1 / FACTOR,
            note=f"the CSMS took {two.csms_share:.0%} of {os.cpu_count()} cores, {load_note()}",
        )  # fmt: skip
        yield Row(
            "fleet.workers_cpu", f"{name}: CPU of a message in two workers", "ms",
            two.ms_each, one.ms_each, 2 / FACTOR,
        )  # fmt: skip
        nobody = Pace(session=0, boots_per_s=size.of(200, 100))
        idle = _run(csms, nobody, most, 1, 3 * minute)
    yield Row(
        "fleet.idle", f"{crowd}: lag of the loop, p99", "ms", idle.late_s * 1000,
        goal=20.0, goal_is_ratio=False,
    )  # fmt: skip
    yield Row(
        "fleet.idle_answers", f"{crowd}: slowest answer", "ms", idle.slowest_s * 1000,
        goal=100.0, goal_is_ratio=False,
    )  # fmt: skip
    with _our_csms() as target:
        taken = _run(target, Pace(boots_per_s=size.of(200, 100)), many, 1, half)
    yield Row(
        "fleet.csms", "`chargeforge csms`: CPU of a message", "ms", taken.csms_ms_each,
        real.csms_ms_each, note=_a_core_takes(taken),
    )  # fmt: skip


def _a_core_takes(run: Run) -> str:
    if not run.csms_ms_each:
        return ""
    return f"one core takes {1000 / run.csms_ms_each:,.0f} messages/s"


@contextmanager
def _our_csms() -> Iterator[Peer]:
    """`chargeforge csms` on a port that the system chooses."""
    with child("sim_core.csms", "--host=127.0.0.1", "--port=0", "--http-port=0") as process:
        assert process.stdout is not None
        found = next(url for line in process.stdout if (url := URL.search(line)))
        threading.Thread(target=process.stdout.read, daemon=True).start()  # it has much to say
        yield Peer(found[0], process.pid)


def _run(csms: Peer, pace: Pace, count: int, workers: int, seconds: float) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "run.json"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        csms_before_s = cpu_s_of_process(csms.pid)
        subprocess.run(
            [
                sys.executable, "-m", "sim_core.fleet", f"--count={count}", f"--workers={workers}",
                f"--csms-url={csms.url}", f"--session-sec={pace.session}",
                f"--pause-sec={pace.pause}", f"--boots-per-sec={pace.boots_per_s}",
                f"--duration-sec={seconds:.1f}", "--http-port=0", f"--json={report}",
                f'--ocpp-keys={{"MeterValueSampleInterval": {pace.sample}}}',
            ],
            cwd=ROOT, check=True, capture_output=True, timeout=seconds + 180,
        )  # fmt: skip
        csms_s = cpu_s_of_process(csms.pid) - csms_before_s
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        told: dict[str, Any] = json.loads(report.read_text())
    whole, steady = told["whole"], told["steady"]
    span = steady if steady and steady["seconds"] >= LEAST_SPAN_S else whole
    return Run(
        whole["messages"],
        span["messages_per_s"],
        after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime,
        csms_s,
        csms_s / whole["seconds"] / (os.cpu_count() or 1) if whole["seconds"] else 0.0,
        span["answers"]["slowest_s"],
        told["late_p99_s"],
    )
