"""What every test of the project runs under."""

from __future__ import annotations

import os

import hypothesis
import pytest

from tests import harness

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
)
"""Files that take long: begun first, they do not keep one worker busy when the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file is one worker's. The others keep their order."""
    items.sort(key=lambda item: item.path.name not in LONG)


def pytest_xdist_auto_num_workers() -> int:
    """Two workers more than cores: many tests wait for a real terminal, and work little."""
    return (os.cpu_count() or 1) + 2
