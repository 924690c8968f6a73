"""What every test of the project runs under."""

from __future__ import annotations

import os


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: some tests wait for a real terminal, and work little."""
    return (os.cpu_count() or 1) + 1
