"""What every test of the project runs under."""

from __future__ import annotations

import os

import pytest

from tests import harness


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/conformance --model gresgying-f3-eu180`: the same demands on another make."""
    parser.addoption("--model", default=harness.MODEL, help="the make of charger that is tried")


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is collected: tests ask which make it is."""
    harness.MODEL = config.getoption("--model")


def pytest_xdist_auto_num_workers() -> int:
    """Two workers more than cores: many tests wait for a real terminal, and work little."""
    return (os.cpu_count() or 1) + 2
