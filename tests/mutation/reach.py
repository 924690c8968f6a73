"""Which tests run which line, and how long each takes: found once, kept in `.mutation`.

Loaded with `-p tests.mutation.reach` this is the plugin that measures: each test is a context of
coverage. What a module does while it is imported belongs to no test.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".mutation"
FOLDERS = ("tests/sim_core", "tests/conformance", "tests/interop")
"""Whose tests are asked. The others are about screens, or run the project in other processes."""
MEASURES = "CHARGEFORGE_REACH"
"""Name of the variable that tells the plugin where to write."""
COMMON = "what all have in common"
SLOW_S = 10.0
"""A test that takes longer is not asked: there are too many breaks for it."""


@dataclass(frozen=True)
class Reach:
    """`lines` has, by module and line, numbers of tests."""

    tests: list[tuple[str, float]]
    """Name and seconds."""
    lines: dict[str, dict[str, list[int]]]

    def tests_of(self, path: str, line: int) -> list[str]:
        """Who may notice that this line is broken: first who imports the module by its name, for
        what runs while it is imported, or once for all (a cache), belongs to no test, and a budget
        must not leave out whoever is about the module; then who runs it, the quickest first. Of a
        line that nobody runs anybody may who uses the module.
        """
        of_module = self.lines.get(path, {})
        numbers = set(of_module.get(str(line), ()))
        if not numbers:
            numbers = set().union(*of_module.values())
        importing = importers(path)
        numbers.update(n for n, (name, _) in enumerate(self.tests) if _file(name) in importing)
        order = sorted(
            (_file(name) not in importing, seconds, name)
            for name, seconds in (self.tests[n] for n in numbers)
        )
        return [name for _, seconds, name in order if seconds <= SLOW_S]

    def seconds(self, names: list[str]) -> float:
        """How long these take together."""
        took = dict(self.tests)
        return sum(took[name] for name in names)


@cache
def importers(path: str) -> frozenset[str]:
    """Files of tests that name the module in an import."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    named = re.compile(rf"^from {re.escape(module)} import", re.MULTILINE)
    return frozenset(
        file.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("test_*.py")
        if named.search(file.read_text("utf-8"))
    )


def _file(test: str) -> str:
    return test.partition("::")[0]


def reach() -> Reach:
    """What was found before, as far as it still holds; the rest is found now.

    A changed file of tests is measured again by itself; when something else has changed, all are,
    which takes minutes.
    """
    kept = KEPT / "reach.json"
    stamps = _stamps()
    found: dict[str, Any] = {"stamps": {}, "tests": [], "lines": {}}
    if kept.exists():
        found = json.loads(kept.read_text("utf-8"))
    before = found["stamps"]
    if before.get(COMMON) != stamps[COMMON]:
        before = {}
    stale = [name for name in stamps if name != COMMON and before.get(name) != stamps[name]]
    gone = {name for name in before if name not in stamps}
    if stale or gone:
        found = _without(found, {*stale, *gone})
        if stale:
            found = _together(found, _measured(stale))
        found["stamps"] = stamps
        kept.write_text(json.dumps(found), "utf-8")
    return Reach([(name, seconds) for name, seconds in found["tests"]], found["lines"])


def _without(found: dict[str, Any], files: set[str]) -> dict[str, Any]:
    """The same without what the tests of these files have reached."""
    tests = [test if _file(test[0]) not in files else ["", 0.0] for test in found["tests"]]
    lines = {
        path: {line: [n for n in numbers if tests[n][0]] for line, numbers in of_module.items()}
        for path, of_module in found["lines"].items()
    }
    return {"tests": tests, "lines": lines}


def _together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What both have."""
    first = len(one["tests"])
    lines = one["lines"]
    for path, of_module in other["lines"].items():
        mine = lines.setdefault(path, {})
        for line, numbers in of_module.items():
            mine[line] = [*mine.get(line, ()), *(number + first for number in numbers)]
    return {"tests": [*one["tests"], *other["tests"]], "lines": lines}


def _measured(files: list[str]) -> dict[str, Any]:
    """Run the tests of these files and see what they reach."""
    KEPT.mkdir(exist_ok=True)
    print(f"Finding out which lines the tests of {len(files)} files run.", flush=True)
    told = KEPT / "measured.json"
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "tests.mutation.reach", *files]
    with (KEPT / "reach.log").open("w", encoding="utf-8") as log:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, MEASURES: str(told)},
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(f"The tests cannot be run: see {KEPT / 'reach.log'}")
    found = dict(json.loads(told.read_text("utf-8")))
    for name in found.pop("failed"):
        print(f"not asked, for it fails without any break: {name}", flush=True)
    return found


def _stamps() -> dict[str, str]:
    """What each file of tests is, and everything that they have in common."""
    common = hashlib.sha256()
    stamps = {}
    shared = [*(ROOT / "tests").glob("*.py"), *(ROOT / "sim_core").rglob("*.py")]
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.name.startswith("test_"):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                stamps[path.relative_to(ROOT).as_posix()] = digest
            else:
                shared.append(path)
    for path in sorted(shared):
        common.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return {**stamps, COMMON: common.hexdigest()}


class _Measure:
    """The plugin: one context of coverage a test."""

    def __init__(self, to: Path) -> None:
        from coverage import Coverage

        self._to = to
        self._took: dict[str, float] = {}
        self._failed: set[str] = set()
        self._coverage = Coverage(
            data_file=str(to.with_suffix(".coverage")), source=[str(ROOT / "sim_core")]
        )
        self._coverage.erase()
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._coverage.switch_context(item.nodeid)
        yield
        self._coverage.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        took = self._took.get(report.nodeid, 0.0) + report.duration
        self._took[report.nodeid] = took
        if report.failed:
            self._failed.add(report.nodeid)

    def pytest_unconfigure(self) -> None:
        self._coverage.stop()
        data = self._coverage.get_data()
        took = {name: s for name, s in self._took.items() if name not in self._failed}
        numbers = {name: number for number, name in enumerate(took)}
        lines: dict[str, dict[int, list[int]]] = {}
        for path in sorted(data.measured_files()):
            lines[Path(path).relative_to(ROOT).as_posix()] = {
                line: [numbers[name] for name in names if name in numbers]
                for line, names in data.contexts_by_lineno(path).items()
            }
        tests = [(name, round(seconds, 3)) for name, seconds in took.items()]
        found = {"tests": tests, "lines": lines, "failed": sorted(self._failed)}
        self._to.write_text(json.dumps(found), "utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Measure from here on, where that is what this run is for."""
    if to := os.environ.get(MEASURES):
        config.pluginmanager.register(_Measure(Path(to)))
