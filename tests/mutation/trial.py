"""One break, and whether a test notices it.

The tests run in a fork of a process that has loaded pytest and the libraries, but nothing of the
project: there the broken module is what its import gives. A break that makes tests hang is
noticed: the fork is ended after a time.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.metadata
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

import hypothesis
import pytest

from tests.mutation.mutants import Mutant
from tests.mutation.reach import KEPT, ROOT

WITHOUT = ("textual-snapshot", "syrupy", "schemathesis", "cacheprovider")
"""Plugins that have no part in this."""
LIBRARIES = (
    "filelock",
    "jsonschema_rs",
    "ocpp.v16.enums",
    "pydantic_settings",
    "python_socks.async_.asyncio",
    "sqlite3",
    "starlette",
    "uvicorn",
    "websockets.asyncio.client",
    "websockets.asyncio.server",
)
TEST_S = 20
"""Of one test."""
LOOK_S = 0.02


class Broken(importlib.abc.MetaPathFinder, SourceFileLoader):
    """What importing the module gives."""

    def __init__(self, mutant: Mutant) -> None:
        name = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        super().__init__(name, str(ROOT / mutant.path))
        self._code = mutant.code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._code, self.path, "exec", dont_inherit=True)


class Chosen:
    """The plugin: only these tests, in this order."""

    def __init__(self, names: list[str]) -> None:
        self._order = {name: place for place, name in enumerate(names)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self._order]
        items[:] = sorted(chosen, key=lambda item: self._order[item.nodeid])


def prepare() -> None:
    """Load what every fork needs."""
    for plugin in importlib.metadata.entry_points(group="pytest11"):
        if plugin.name not in WITHOUT:
            plugin.load()
    for library in LIBRARIES:
        importlib.import_module(library)
    hypothesis.settings.register_profile("mutation", database=None, derandomize=True)
    loaded = [name for name in sys.modules if name.partition(".")[0] == "sim_core"]
    assert not loaded, f"too early to break anything: {loaded}"


def notices(mutant: Mutant, tests: list[str], within_s: float) -> bool:
    """Whether one of the tests fails, or does not end."""
    KEPT.mkdir(exist_ok=True)
    child = os.fork()
    if not child:
        _run(mutant, tests)
    until = time.monotonic() + within_s
    try:
        while time.monotonic() < until:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                child = 0
                return os.waitstatus_to_exitcode(status) != pytest.ExitCode.OK
            time.sleep(LOOK_S)
        return True
    finally:
        if child:  # too late, or the whole run is being ended
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)  # it is the first of its own group, or will be
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _run(mutant: Mutant, tests: list[str]) -> None:
    """The child: never returns."""
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with (KEPT / "trial.log").open("w", encoding="utf-8") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        os.chdir(ROOT)
        hypothesis.settings.load_profile("mutation")
        sys.meta_path.insert(0, Broken(mutant))
        files = sorted({name.partition("::")[0] for name in tests})
        options = [
            "-x",
            "-q",
            "-n",
            "0",
            "-o",
            "addopts=",
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
        ]
        options += ["--timeout", str(TEST_S), "--timeout-method", "signal"]
        options += [f"-pno:{name}" for name in WITHOUT]
        code = int(pytest.main([*options, *files], plugins=[Chosen(tests)]))
    finally:
        os._exit(code)


def passes_unbroken(path: Path, tests: list[str]) -> bool:
    """Whether the same way of running them lets the tests pass where nothing is broken."""
    code = path.read_text("utf-8")
    return not notices(Mutant(path.relative_to(ROOT).as_posix(), 1, "", "", code), tests, 600)
