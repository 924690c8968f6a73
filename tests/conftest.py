"""What every test of the project runs under."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

from sim_core.csms import Csms
from tests import harness, open_databases
from tests.patience import PATIENCE_S

# A test asserts no times, and a loaded computer is no fault: hypothesis would end one at 0.2 s.
hypothesis.settings.register_profile("no times", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("no times")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/conformance --model gresgying-f3-eu180`: the same demands on another make."""
    parser.addoption("--model", default=harness.MODEL, help="the make of charger that is tried")


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is collected: tests ask which make it is."""
    harness.MODEL = config.getoption("--model")
    config.option.loadscopereorder = False  # by the number of tests: that says little of the time
    _files_in_memory()
    open_databases.watch()
    for wait in (Csms.wait_for, Csms.until):
        assert wait.__kwdefaults__ is not None
        wait.__kwdefaults__["timeout_s"] = PATIENCE_S


def _files_in_memory() -> None:
    """Temporary files, those of children too, where no disk has to be waited for: each transaction
    of a charge point is flushed to it. Only where there is room, and what lies there may be run."""
    memory = Path("/dev/shm")
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK):
        return
    space = os.statvfs(memory)
    if space.f_bavail * space.f_frsize >= ROOM_B and not space.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = str(memory)
        tempfile.tempdir = None  # whoever asks next looks anew


ROOM_B = 2**30


LONG = (
    "test_chaos.py",
    "test_any_behaviour.py",
    "test_tui_dashboard.py",
    "test_tui_log.py",
    "test_tui_traffic.py",
    "test_tui_unread_terminal.py",
    "test_tui_hostile.py",
    "test_benchmarks.py",
    "test_fuzz.py",
    "test_following.py",
    "test_same_outcome.py",
    "test_schema.py",
    "test_storage.py",
    "test_processes.py",
    "test_how_to_use.py",
    "test_tui_standard_streams.py",
    "test_tui_stalled_exit.py",
    "test_mutants.py",
    "test_demo.py",
    "test_twin.py",
    "test_tui_sheets.py",
    "test_tui_answers.py",
    "test_tui_replay.py",
    "test_attach.py",
    "test_power_loss.py",
    "test_rewriting.py",
    "test_late_answers.py",
    "test_day.py",
    "test_headless.py",
    "test_quirks.py",
)
"""Files that take long: begun first, they do not keep one worker busy when the others are done."""


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Ten thousand tests stay to the end: nobody looks through them for garbage, now or later."""
    config = session.config
    if worker := getattr(config, "workerinput", None):
        config.args = _begun_elsewhere(config.args, int(worker["workerid"].removeprefix("gw")))
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def _begun_elsewhere(args: list[str], nth: int) -> list[str]:
    """The same to collect, by each worker from another place on: what one has compiled by then, the
    others read."""
    if args != ["tests"]:
        return args
    parts = sorted(
        str(path)
        for path in Path("tests").iterdir()
        if path.match("test_*.py") or (path.is_dir() and path.name != "__pycache__")
    )
    at = nth * len(parts) // WORKERS
    return parts[at:] + parts[:at]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The same order in every worker. A file is one worker's; within it the order stays."""
    items.sort(key=lambda item: (item.path.name not in LONG, item.path))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Whoever leaves a state file open fails."""
    try:
        return (yield)
    finally:
        left = open_databases.left_open()
        assert not left, f"left open: {left}"


WORKERS = (os.cpu_count() or 1) + 2
"""Two more than cores: many tests wait for a real terminal, and work little."""


def pytest_xdist_auto_num_workers() -> int:
    return WORKERS
