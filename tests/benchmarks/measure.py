"""How the benchmarks measure, and what a result is.

A machine has other things to do, so nothing here trusts a clock on the wall where it can count CPU
time, nor one run where it can compare two: what is compared runs in turns in the same run, and the
median of the rounds counts. The ratios are the result; microseconds differ from machine to machine.
"""

from __future__ import annotations

import gc
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, in `unit`, and what it should be at most."""

    id: str
    """Stays the same from commit to commit."""
    what: str
    unit: str
    ours: float
    baseline: float | None = None
    goal: float | None = None
    """At most so much: of the baseline where there is one, else in `unit`. None: no goal."""
    goal_is_ratio: bool = True
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.baseline if self.baseline else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        measured = self.ratio if self.goal_is_ratio else self.ours
        return measured is not None and measured <= self.goal

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


@dataclass(frozen=True)
class Size:
    """How much is done. The tiny one proves that a benchmark works and measures nothing."""

    tiny: bool = False

    def of(self, full: int, tiny: int) -> int:
        return tiny if self.tiny else full

    def seconds(self, full: float, tiny: float) -> float:
        return tiny if self.tiny else full


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def in_turns(rounds: int, *works: Callable[[], float]) -> list[float]:
    """Run each of `works` in turn, A B A B, `rounds` times; the median of what each returned."""
    results: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, result in zip(works, results, strict=True):
            gc.collect()
            result.append(work())
    return [median(result) for result in results]


async def in_turns_async(rounds: int, *works: Callable[[], Awaitable[float]]) -> list[float]:
    """`in_turns` for coroutines."""
    results: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, result in zip(works, results, strict=True):
            gc.collect()
            result.append(await work())
    return [median(result) for result in results]


def resident_kib(pid: int | str = "self") -> float:
    """Memory that a process holds, in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    return 0.0


def cpu_s_of_run(*arguments: str, **environment: str) -> float:
    """CPU seconds of one run of this Python from start to end, its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=120,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def cpu_s_of_process(pid: int) -> float:
    """CPU seconds that another process has taken so far."""
    of_process = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(of_process[11]) + int(of_process[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Peer:
    """The CSMS of a benchmark."""

    url: str
    pid: int


@contextmanager
def peer() -> Iterator[Peer]:
    """A CSMS of a few lines in a process of its own. See `peer.py`."""
    with child("tests.benchmarks.peer") as process:
        assert process.stdout is not None
        yield Peer(f"ws://127.0.0.1:{int(process.stdout.readline())}/ocpp", process.pid)


@contextmanager
def child(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A module of ours in a process of its own, with pipes; ended at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def load_note() -> str:
    """What else the machine has to do, for figures that depend on it."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


class Stopwatch:
    """CPU seconds of this process between two looks."""

    def __init__(self) -> None:
        self._began = time.process_time()

    def lap(self) -> float:
        now = time.process_time()
        took, self._began = now - self._began, now
        return took
